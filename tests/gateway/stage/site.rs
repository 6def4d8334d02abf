//! A product that a test writes in a few lines: it answers by a function, and remembers what it heard.

use super::{Front, folder, write};
use crate::client::Client;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Heard {
    /// `GET /users/7?a=b`.
    pub line: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

type Play = dyn Fn(&Heard) -> http::Response<String> + Send + Sync;

pub struct Site {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// An answer with a JSON body, or none for null.
pub fn reply(status: u16, body: &Value) -> http::Response<String> {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    http::Response::builder().status(status).body(text).unwrap()
}

impl Site {
    pub async fn start(play: impl Fn(&Heard) -> http::Response<String> + Send + Sync + 'static) -> Site {
        Site::over(None, Arc::new(play)).await
    }

    pub async fn secure(
        tls: ServerConfig,
        play: impl Fn(&Heard) -> http::Response<String> + Send + Sync + 'static,
    ) -> Site {
        Site::over(Some(TlsAcceptor::from(Arc::new(tls))), Arc::new(play)).await
    }

    async fn over(tls: Option<TlsAcceptor>, play: Arc<Play>) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Heard>>>::default());
        let log = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, play, log) = (tls.clone(), play.clone(), log.clone());
                tokio::spawn(async move {
                    match tls {
                        None => talk(stream, play, log).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                talk(stream, play, log).await;
                            }
                        }
                    }
                });
            }
        });
        Site { address, heard }
    }

    /// What it heard so far, by method and path.
    pub fn lines(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|heard| heard.line.clone()).collect()
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|heard| *heard == line).count()
    }

    pub fn last(&self) -> Heard {
        self.heard.lock().unwrap().last().cloned().expect("it heard something")
    }

    pub fn all(&self, line: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.line == line).cloned().collect()
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    play: Arc<Play>,
    log: Arc<Mutex<Vec<Heard>>>,
) {
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (play, log) = (play.clone(), log.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let line = format!("{} {}", head.method, head.uri.path_and_query().map_or("/", |path| path.as_str()));
            let heard = Heard { line, headers: head.headers, body: String::from_utf8_lossy(&body).into_owned() };
            log.lock().unwrap().push(heard.clone());
            Ok::<_, Infallible>(play(&heard).map(|text| Full::new(Bytes::from(text))))
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A gateway in front of a site.
pub struct Behind {
    pub front: Front,
    pub client: Client,
    _folder: TempDir,
}

impl Behind {
    /// Opens it with this mapping; `more` is what the target's configuration says beside it. Settings are written into files.
    pub async fn open(base_url: &str, mapping: &str, settings: &[(&str, &str)], more: &str) -> Behind {
        Behind::within(folder(), base_url, mapping, settings, more).await
    }

    /// The same with a script beside the mapping.
    pub async fn scripted(base_url: &str, mapping: &str, script: &str) -> Behind {
        let folder = folder();
        write(folder.path(), "site.rhai", script);
        Behind::within(folder, base_url, mapping, &[], "").await
    }

    async fn within(folder: TempDir, base_url: &str, mapping: &str, settings: &[(&str, &str)], more: &str) -> Behind {
        write(folder.path(), "site.yaml", mapping);
        let mut told = String::new();
        for (name, value) in settings {
            write(folder.path(), &format!("{name}.setting"), value);
            told += &format!("      {name}: {{ file: {name}.setting }}\n");
        }
        let settings = if told.is_empty() { String::new() } else { format!("    settings:\n{told}") };
        let config = format!(
            "listen: ['127.0.0.1:0']\ndata: data\ntargets:\n  site:\n    mapping: site.yaml\n    base_url: {base_url}\n{settings}{more}"
        );
        write(folder.path(), "transom.yaml", &config);
        let front = Front::open_at(folder.path(), SystemTime::now).await;
        let client = front.client_of("site", &front.token);
        Behind { front, client, _folder: folder }
    }
}
