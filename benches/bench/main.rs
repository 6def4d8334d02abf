//! The measuring program behind `benches/run`: a stand-in product, a bare relay to compare with, the load, and the translation alone.

mod client;
mod cpu;
mod load;
mod rehearsed;
mod relay;
mod report;
mod requests;
#[path = "../../examples/standin/mod.rs"]
mod standin;
mod translate;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use tokio::net::TcpListener;

/// The same allocator as the gateway's, so that no figure is the allocator's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What `benches/run` starts.
#[derive(Parser)]
enum Program {
    /// A stand-in, in a process of its own; prints its address
    Standin {
        /// Which product
        #[arg(long, value_enum, default_value_t = standin::Product::Moqups)]
        product: standin::Product,
        /// Its database file
        #[arg(long)]
        database: PathBuf,
        /// The key its callers send
        #[arg(long)]
        api_key: String,
    },
    /// A pass-through proxy of nothing but hyper; prints its address
    Relay {
        /// Where it sends everything
        #[arg(long)]
        to: SocketAddr,
    },
    /// Measures every process that is named, and prints the tables
    Load(Box<load::Arguments>),
    /// Runs one operation of the translation, for an instruction counter
    Translate {
        /// Which one
        operation: translate::Operation,
        /// How often, after a first time that is not counted
        times: u32,
        /// Rules that the mapping has besides, of attributes that no request names
        #[arg(long, default_value_t = 0)]
        more_rules: u32,
    },
    /// Sends one request to a gateway with a pretend product behind it, for an instruction counter
    Rehearse {
        /// Which one
        request: rehearsed::Request,
        /// How often
        times: u32,
        /// As for `translate`
        #[arg(long, default_value_t = 0)]
        more_rules: u32,
    },
}

fn main() -> Result<(), Failure> {
    match Program::parse() {
        Program::Standin { product, database, api_key } => workers()?.block_on(standin(product, database, api_key)),
        Program::Relay { to } => workers()?.block_on(relay::run(listener()?, to)),
        Program::Load(arguments) => load::run(&arguments),
        Program::Translate { operation, times, more_rules } => translate::run(operation, times, more_rules),
        Program::Rehearse { request, times, more_rules } => rehearsed::run(request, times, more_rules),
    }
}

async fn standin(product: standin::Product, database: PathBuf, api_key: String) -> Result<(), Failure> {
    let listener = TcpListener::from_std(listener()?)?;
    let controls = standin::Controls::default();
    let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stopping = controls.clone();
    tokio::spawn(async move {
        told.recv().await;
        stopping.stop();
    });
    Ok(standin::serve(product, listener, (&database, &api_key), controls).await?)
}

/// A runtime like the gateway's.
fn workers() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// A socket on any free port, whose address is told on standard output.
fn listener() -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    Ok(listener)
}
