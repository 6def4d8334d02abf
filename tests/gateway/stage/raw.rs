//! Requests that no well-mannered client sends: written byte by byte, answered until the gateway closes.

use super::PATIENCE;
use crate::client::Answer;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends the text and reads until the other side closes.
pub async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = send(address, text).await;
    let mut read = Vec::new();
    let reading = async {
        // A reset counts as an end: what came before it is what matters.
        while stream.read_buf(&mut read).await.is_ok_and(|count| count > 0) {}
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the gateway closes");
    String::from_utf8(read).expect("UTF-8")
}

/// Sends the text and leaves the rest to the caller; dropping the stream hangs up.
pub async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("the request is sent");
    stream
}

/// Sends the head alone and reads one answer, while the connection stays open for the body.
pub async fn exchange_head(address: SocketAddr, text: &str) -> String {
    let mut stream = send(address, text).await;
    let mut read = Vec::new();
    let reading = async { while !is_whole(&read) && stream.read_buf(&mut read).await.is_ok_and(|count| count > 0) {} };
    tokio::time::timeout(PATIENCE, reading).await.expect("an answer");
    String::from_utf8(read).expect("UTF-8")
}

fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    length.is_some_and(|length| length.parse() == Ok(body.len()))
}

/// Takes the text of an answer apart.
pub fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a header's name");
        headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    Answer { status: status.unwrap_or_else(|| panic!("no status: {text}")), headers, body }
}
