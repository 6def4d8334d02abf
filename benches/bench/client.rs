//! A load generator that costs little: requests written as bytes, answers read by their length, a fixed number of both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Failure;

/// Connections at the same time.
const CONNECTIONS: usize = 32;

/// What is sent, and what is to come back.
pub trait Script: Send + Sync + 'static {
    /// The bytes of a request.
    fn request(&self, number: u64) -> Vec<u8>;
    /// Whether an answer is the expected one.
    fn fits(&self, status: u16, body: &[u8]) -> bool;
}

/// Sends requests `numbers` over 32 connections that stay open, and says how long all of it took.
///
/// # Errors
/// The first answer that does not fit.
pub async fn send(to: SocketAddr, script: Arc<dyn Script>, numbers: std::ops::Range<u64>) -> Result<Duration, Failure> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let began = Instant::now();
    let mut lanes = JoinSet::new();
    for stream in streams {
        lanes.spawn(lane(stream, Arc::clone(&script), Arc::clone(&next), numbers.end));
    }
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    Ok(began.elapsed())
}

async fn lane(mut stream: TcpStream, script: Arc<dyn Script>, next: Arc<AtomicU64>, end: u64) -> Result<(), Failure> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(());
        }
        stream.write_all(&script.request(number)).await?;
        let (status, body) = answer(&mut stream, &mut buffer).await?;
        if !script.fits(status, &buffer[body]) {
            return Err(format!("request {number}: {}", String::from_utf8_lossy(&buffer)).into());
        }
    }
}

/// The status, and where in the buffer the body stands.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(u16, std::ops::Range<usize>), Failure> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended before the answer".into());
        }
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?;
        let status = text.get(9..12).ok_or("no status")?.parse()?;
        let length = text.lines().find_map(length).ok_or("an answer without a length")?;
        while buffer.len() < head + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err("the connection ended within the answer".into());
            }
        }
        return Ok((status, head + 4..head + 4 + length));
    }
}

fn length(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
}
