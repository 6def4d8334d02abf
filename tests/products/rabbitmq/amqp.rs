//! Just enough AMQP 0-9-1 to knock at RabbitMQ's door: who gets in, and who does not.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const START_OK: [u8; 4] = [0, 10, 0, 11];
const TUNE: [u8; 4] = [0, 10, 0, 30];
const TUNE_OK: [u8; 4] = [0, 10, 0, 31];
const OPEN: [u8; 4] = [0, 10, 0, 40];
const OPEN_OK: [u8; 4] = [0, 10, 0, 41];
const CLOSE: [u8; 4] = [0, 10, 0, 50];

/// What happens to who connects.
#[derive(Debug, PartialEq, Eq)]
pub enum Door {
    /// In.
    Open,
    /// Name or password is wrong.
    Stranger,
    /// Known, and sent away with these words.
    Closed(String),
}

/// Connects to virtual host `/`.
pub async fn knock(user: &str, password: &str) -> Door {
    let port = std::env::var("RABBITMQ_AMQP_PORT").unwrap_or_else(|_| "5673".to_owned());
    let address = format!("127.0.0.1:{port}");
    match converse(&address, user, password).await {
        Ok(door) => door,
        // RabbitMQ hangs up on strangers.
        Err(cause) if matches!(cause.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => Door::Stranger,
        Err(cause) => panic!("AMQP at {address}: {cause}"),
    }
}

async fn converse(address: &str, user: &str, password: &str) -> Result<Door> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"AMQP\0\0\x09\x01").await?;
    frame(&mut stream).await?;
    let response = format!("\0{user}\0{password}");
    let length = u32::try_from(response.len()).map_err(Error::other)?.to_be_bytes();
    let no_properties = [0; 4];
    let proof = [&START_OK[..], &no_properties, b"\x05PLAIN", &length, response.as_bytes(), b"\x05en_US"].concat();
    send(&mut stream, &proof).await?;
    let tune = frame(&mut stream).await?;
    if !tune.starts_with(&TUNE) {
        return Ok(Door::Stranger);
    }
    send(&mut stream, &[&TUNE_OK[..], &tune[4..]].concat()).await?;
    send(&mut stream, &[&OPEN[..], b"\x01/\0\0"].concat()).await?;
    let answer = frame(&mut stream).await?;
    if answer.starts_with(&OPEN_OK) {
        return Ok(Door::Open);
    }
    assert!(answer.starts_with(&CLOSE), "{answer:?}");
    Ok(Door::Closed(String::from_utf8_lossy(&answer[7..]).into_owned()))
}

/// The payload of the next frame.
async fn frame(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut head = [0; 7];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    let mut payload = vec![0; usize::try_from(length).map_err(Error::other)? + 1];
    stream.read_exact(&mut payload).await?;
    payload.pop();
    Ok(payload)
}

async fn send(stream: &mut TcpStream, method: &[u8]) -> Result<()> {
    let length = u32::try_from(method.len()).map_err(Error::other)?.to_be_bytes();
    stream.write_all(&[&[1, 0, 0], &length[..], method, &[0xce]].concat()).await
}
