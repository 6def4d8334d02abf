//! An answer's body: whole, cut off in the middle, or far too long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// One piece sent a number of times, and how it ends.
pub struct Pieces {
    piece: Bytes,
    times: usize,
    promised: u64,
}

impl Pieces {
    pub fn whole(text: Bytes) -> Self {
        Self { times: usize::from(!text.is_empty()), promised: text.len() as u64, piece: text }
    }

    /// Promises all of `text` and breaks the connection after half of it.
    pub fn half(text: &Bytes) -> Self {
        Self { piece: text.slice(..text.len() / 2), times: 1, promised: text.len() as u64 }
    }

    /// At least `length` bytes of JSON text that never becomes a document.
    pub fn huge(length: usize) -> Self {
        const BLOCK: usize = 64 * 1024;
        let times = length.div_ceil(BLOCK);
        Self { piece: Bytes::from(vec![b'['; BLOCK]), times, promised: (times * BLOCK) as u64 }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.times > 0 {
            self.times -= 1;
            self.promised -= self.piece.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))));
        }
        if self.promised > 0 {
            self.promised = 0;
            return Poll::Ready(Some(Err(io::Error::other("cut off on purpose"))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.times == 0 && self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
