//! `transom serve`: everything is opened and checked first; then requests are taken until told to stop.

use crate::cli::{Ended, Failure};
use crate::config::{Config, Listener, LogFormat, LogLevel};
use crate::gateway::Gateway;
use crate::observe;
use crate::server::{self, Bound, Listen, ServeLimits, Stopped, TlsFiles, pipeline};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

const TEACHES: &str = "\
As soon as requests are taken, `listening on ADDRESS` stands on standard error, one line for each
listener; the log follows there. Standard output stays empty. SIGTERM and Ctrl-C let running
requests end.";

/// Serve.
#[derive(Debug, clap::Args)]
#[command(after_help = TEACHES)]
pub struct Arguments {
    /// The configuration; `transom config --default` prints a commented one
    #[arg(long, value_name = "FILE", default_value = "transom.yaml", env = "TRANSOM_CONFIG")]
    config: PathBuf,
}

/// Serves until `stop`.
///
/// # Errors
/// One clear line: what is wrong and the way out. Mappings that do not compile print every diagnostic.
pub async fn run(arguments: &Arguments, stop: impl Future<Output = ()> + Send) -> Result<Ended, Failure> {
    let config = Config::load(&arguments.config)?;
    if config.targets.is_empty() {
        return Err(
            format!("{}: there is no target to serve; add one under `targets`", arguments.config.display()).into()
        );
    }
    observe::init(format(config.log.format), level(config.log.level))?;
    let gateway = Arc::new(Gateway::open(&config, &arguments.config).await?);
    let bound = server::bind(&listens(&config.listen)).await?;
    announce(&bound)?;
    serve(gateway, bound, limits(&config), stop).await;
    Ok(Ended::Well)
}

/// Serves an opened gateway until `stop`, then lets running requests end.
pub async fn serve(
    gateway: Arc<Gateway>,
    bound: Vec<Bound>,
    limits: ServeLimits,
    stop: impl Future<Output = ()> + Send,
) {
    let serving = gateway.clone();
    let service = move |request, peer| pipeline::answer(serving.clone(), request, peer);
    match server::serve(bound, service, limits, stop).await {
        Stopped::Drained => tracing::info!("stopped; every request got its answer"),
        Stopped::Cut(count) => tracing::warn!(count, "stopped; some connections were cut"),
    }
    gateway.close().await;
}

/// What a configuration says of connections.
pub fn limits(config: &Config) -> ServeLimits {
    let default = ServeLimits::default();
    ServeLimits {
        header_bytes: config.limits.header,
        connections: config.limits.connections,
        grace: default.grace.max(config.limits.request),
        ..default
    }
}

/// The addresses of a configuration.
pub fn listens(listeners: &[Listener]) -> Vec<Listen> {
    let tls = |listener: &Listener| {
        listener.tls.clone().map(|files| TlsFiles { certificate: files.certificate, key: files.key })
    };
    listeners.iter().map(|listener| Listen { address: listener.address, tls: tls(listener) }).collect()
}

fn announce(bound: &[Bound]) -> io::Result<()> {
    bound.iter().try_for_each(|one| writeln!(io::stderr(), "listening on {one}"))
}

fn format(format: LogFormat) -> observe::Format {
    match format {
        LogFormat::Human => observe::Format::Human,
        LogFormat::Json => observe::Format::Json,
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}
