//! Lets `"`, `<` and `>` stand raw in the address of an HTTP/1 request, as they do in filters that people type.
//!
//! The HTTP library answers these with a bare 400. They are percent-encoded here, on the way in, in request lines only.
//! Where the next request line begins is certain as long as messages have a plain `Content-Length` or no body; at the
//! first message of another kind, or at HTTP/2, this steps aside for the rest of the connection. So it never touches a
//! body, and what it takes for the end of a message is what the library takes for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose request lines are mended.
pub(super) struct Lenient<I> {
    io: I,
    lines: Lines,
    /// Mended bytes that did not fit where the raw ones were read to.
    left: BytesMut,
}

impl<I> Lenient<I> {
    pub(super) fn new(io: I) -> Self {
        Lenient { io, lines: Lines::default(), left: BytesMut::new() }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lenient<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.left.is_empty() {
            let begin = into.filled().len();
            ready!(Pin::new(&mut this.io).poll_read(context, into))?;
            let Some(mended) = this.lines.mend(&into.filled()[begin..]) else { return Poll::Ready(Ok(())) };
            into.set_filled(begin);
            this.left = mended;
        }
        let fits = this.left.len().min(into.remaining());
        into.put_slice(&this.left[..fits]);
        this.left.advance(fits);
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Lenient<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Long enough for the lines that are looked at; longer ones are other headers.
const KEPT: usize = 64;

/// Where in the stream of messages the next byte stands.
#[derive(Default)]
struct Lines {
    place: Place,
    /// The beginning of the line that is being read.
    line: Vec<u8>,
    /// What the head has said of its body.
    length: Option<u64>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    RequestLine,
    Header,
    Body(u64),
    /// For the rest of the connection.
    Aside,
}

impl Lines {
    /// Moves past the bytes; the bytes as they should be, if that is different.
    fn mend(&mut self, bytes: &[u8]) -> Option<BytesMut> {
        let mut mended: Option<BytesMut> = None;
        let (mut at, mut copied) = (0, 0);
        while at < bytes.len() {
            match self.place {
                Place::Aside => break,
                Place::Body(left) => at += self.skip(left, bytes.len() - at),
                Place::RequestLine | Place::Header => {
                    if let Some(code) = self.code(bytes[at]) {
                        let mended = mended.get_or_insert_default();
                        mended.extend_from_slice(&bytes[copied..at]);
                        mended.extend_from_slice(code);
                        copied = at + 1;
                    }
                    self.step(bytes[at]);
                    at += 1;
                }
            }
        }
        let mut mended = mended?;
        mended.extend_from_slice(&bytes[copied..]);
        Some(mended)
    }

    fn code(&self, byte: u8) -> Option<&'static [u8]> {
        match byte {
            _ if self.place != Place::RequestLine => None,
            b'"' => Some(b"%22"),
            b'<' => Some(b"%3C"),
            b'>' => Some(b"%3E"),
            _ => None,
        }
    }

    fn skip(&mut self, left: u64, here: usize) -> usize {
        let skipped = usize::try_from(left).map_or(here, |left| left.min(here));
        let left = left - skipped as u64;
        self.place = if left == 0 { Place::RequestLine } else { Place::Body(left) };
        skipped
    }

    fn step(&mut self, byte: u8) {
        if byte == b'\n' {
            let mut line = std::mem::take(&mut self.line);
            self.place = self.after(line.strip_suffix(b"\r").unwrap_or(&line));
            line.clear();
            self.line = line;
        } else if self.line.len() < KEPT {
            self.line.push(byte);
        }
    }

    fn after(&mut self, line: &[u8]) -> Place {
        match self.place {
            // Empty lines may stand before a request (RFC 9112 §2.2).
            Place::RequestLine if line.is_empty() => Place::RequestLine,
            Place::RequestLine if line.starts_with(b"PRI ") || line.starts_with(b"CONNECT ") => Place::Aside,
            Place::RequestLine => Place::Header,
            Place::Header if line.is_empty() => match self.length.take() {
                None | Some(0) => Place::RequestLine,
                Some(length) => Place::Body(length),
            },
            Place::Header => self.header(line).map_or(Place::Aside, |()| Place::Header),
            other => other,
        }
    }

    /// `None` for what makes the end of the message less than certain.
    fn header(&mut self, line: &[u8]) -> Option<()> {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        if [&b"transfer-encoding"[..], b"upgrade", b"expect"].iter().any(|other| name.eq_ignore_ascii_case(other)) {
            return None;
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let whole = line.len() < KEPT && value.iter().all(u8::is_ascii_digit) && self.length.is_none();
            self.length = Some(std::str::from_utf8(value).ok().filter(|_| whole)?.parse().ok()?);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mended(parts: &[&[u8]]) -> String {
        let mut lines = Lines::default();
        let mended = parts.iter().flat_map(|part| lines.mend(part).map_or_else(|| part.to_vec(), |new| new.to_vec()));
        String::from_utf8(mended.collect()).unwrap()
    }

    #[test]
    fn quotes_are_encoded_in_request_lines_and_nowhere_else() {
        let post = "POST /a?x=\"<>\" HTTP/1.1\r\nx-\"a\": \"b\"\r\nContent-Length: 12\r\n\r\nGET \"<>\" \r\n\"";
        let get = "\r\nGET /b?\"c\" HTTP/1.1\r\nhost: x\r\n\r\n";
        let expected = "POST /a?x=%22%3C%3E%22 HTTP/1.1\r\nx-\"a\": \"b\"\r\nContent-Length: 12\r\n\r\nGET \"<>\" \r\n\"\
                        \r\nGET /b?%22c%22 HTTP/1.1\r\nhost: x\r\n\r\n";
        assert_eq!(mended(&[post.as_bytes(), get.as_bytes()]), expected);
    }

    #[test]
    fn where_the_end_of_a_message_is_not_plain_nothing_after_it_is_touched() {
        for header in [
            "transfer-encoding: chunked",
            "Expect: 100-continue",
            "content-length: 1\r\ncontent-length: 1",
            "content-length: +1",
            "content-length: 99999999999999999999999",
            "content-length : 0",
            " folded: x",
            "nonsense",
        ] {
            let text = format!("GET / HTTP/1.1\r\n{header}\r\n\r\nGET /\"\" HTTP/1.1\r\n\r\n");
            assert_eq!(mended(&[text.as_bytes()]), text);
        }
        let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\"\"";
        assert_eq!(mended(&[http2.as_bytes()]), http2);
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(text in "(GET /[\"a]{0,3}|\r\n|[a:\"]|content-length: 3){0,20}", cut in 0..60usize) {
            let cut = cut.min(text.len());
            let (one, other) = text.as_bytes().split_at(cut);
            prop_assert_eq!(mended(&[one, other]), mended(&[text.as_bytes()]));
        }
    }
}
