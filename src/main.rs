//! Arguments in, exit code out; the only place that reads signals.

use clap::Parser;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use transom::cli::{self, Program};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let program = Program::parse();
    ExitCode::from(cli::run(program, told_to_stop()).await.code())
}

/// Ctrl-C, or SIGTERM as service managers send it.
async fn told_to_stop() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
