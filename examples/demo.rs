//! The demo: stand-in products and the gateway in one process; prints where to send SCIM calls, and with which token.

mod standin;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::Parser;
use standin::{Controls, Product};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use transom::cli::serve;
use transom::config::Config;
use transom::gateway::Gateway;
use transom::store::Token;
use transom::{auth, observe, server};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Existing products with proprietary APIs, and a SCIM endpoint in front of each.
#[derive(Parser)]
struct Options {
    /// Where the gateway listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The bearer token of every target; a random one if not given.
    #[arg(long)]
    token: Option<String>,
    /// Where databases are kept; a new temporary folder, removed at the end, if not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The first stand-in's port, the others follow; 0: any free ones.
    #[arg(long, default_value_t = 8091)]
    apps_port: u16,
}

/// One stand-in that runs, and what the gateway must know of it.
struct App {
    name: &'static str,
    address: SocketAddr,
    api_key: String,
    database: PathBuf,
    controls: Controls,
    task: tokio::task::JoinHandle<Result<(), standin::StandinError>>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let temporary = if options.data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (&options.data, &temporary) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(folder)) => folder.path(),
        (None, None) => return Err("no data folder".into()),
    };
    std::fs::create_dir_all(data)?;
    let token = options.token.clone().unwrap_or_else(|| format!("demo-{}", uuid::Uuid::new_v4().simple()));

    let apps = start_apps(data, options.apps_port).await?;
    let gateway = start_gateway(&gateway_config(&options, data, &apps)?, &token).await?;
    say(&introduction(gateway.address, &token, &apps))?;

    until_told_to_stop().await?;
    gateway.stop().await?;
    for app in apps {
        app.controls.stop();
        app.task.await??;
    }
    Ok(())
}

/// Every stand-in on a port of its own, from the first one on; 0: any free ones.
async fn start_apps(data: &Path, first: u16) -> Result<Vec<App>, Failure> {
    let mut apps = Vec::new();
    let products = [("moqups", Product::Moqups), ("mooncamp", Product::Mooncamp), ("intranet", Product::Intranet)];
    for (place, product) in (0..).zip(products) {
        let port = if first == 0 { 0 } else { first.checked_add(place).ok_or("no port is left for the stand-ins")? };
        apps.push(start_app(product, data, port).await?);
    }
    Ok(apps)
}

async fn start_app((name, product): (&'static str, Product), data: &Path, port: u16) -> Result<App, Failure> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|cause| format!("port {port}: {cause}"))?;
    let (address, database) = (listener.local_addr()?, data.join(format!("{name}.db")));
    let (controls, api_key) = (Controls::default(), format!("{name}-{}", uuid::Uuid::new_v4().simple()));
    let (file, key, handle) = (database.clone(), api_key.clone(), controls.clone());
    let task = tokio::spawn(async move { standin::serve(product, listener, (&file, &key), handle).await });
    Ok(App { name, address, api_key, database, controls, task })
}

/// The gateway that runs, for as long as the demo needs it.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Lets running requests end.
    async fn stop(self) -> Result<(), Failure> {
        // A gateway that is gone already has nothing left to stop.
        let _ = self.stop.send(());
        Ok(self.task.await?)
    }
}

/// Opens the gateway as `transom serve` does, makes `token` valid for every target, and serves in this process.
async fn start_gateway(config: &Config, token: &str) -> Result<Running, Failure> {
    observe::init(observe::Format::Human, "info")?;
    let gateway = Arc::new(Gateway::open(config, Path::new("transom.yaml")).await?);
    let targets: BTreeSet<String> = config.targets.keys().cloned().collect();
    let known = Token {
        name: "demo".to_owned(),
        targets,
        hash: auth::hash(token),
        created: SystemTime::now(),
        expires: None,
        revoked: None,
    };
    let tokens = gateway.store.tokens()?;
    // A data folder that is used again may know this very token already.
    let kept = tokens.by_hash(&known.hash)?.filter(|kept| kept.revoked.is_none() && kept.targets == known.targets);
    if kept.is_none() {
        tokens.revoke("demo", SystemTime::now())?;
        tokens.save(&known)?;
    }
    let bound = server::bind(&serve::listens(&config.listen)).await?;
    let address = bound.first().ok_or("no address to listen on")?.address();
    let (stop, told) = oneshot::channel::<()>();
    let until = async move { drop(told.await) };
    let task = tokio::spawn(serve::serve(gateway, bound, serve::limits(config), until));
    Ok(Running { address, stop, task })
}

/// The `transom.yaml` a real installation would have; the API keys stand in files beside the databases.
fn gateway_config(options: &Options, data: &Path, apps: &[App]) -> Result<Config, Failure> {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut config = format!("listen: ['{}']\ndata: '{}'\ntargets:\n", options.listen, data.join("gateway").display());
    for app in apps {
        std::fs::write(key_file(data, app), &app.api_key)?;
        config += &format!(
            "  {name}:\n    mapping: '{mapping}'\n    base_url: http://{address}\n    settings: {{ api_key: {{ file: '{key}' }} }}\n{more}",
            more = if app.name == "intranet" { "    patch_answer: { user: resource, group: resource }\n" } else { "" },
            name = app.name,
            mapping = mappings.join(format!("{}.yaml", app.name)).display(),
            address = app.address,
            key = key_file(data, app).display(),
        );
    }
    Ok(Config::parse(&config, Path::new("transom.yaml"))?)
}

fn key_file(data: &Path, app: &App) -> PathBuf {
    data.join(format!("{}.key", app.name))
}

fn introduction(gateway: SocketAddr, token: &str, apps: &[App]) -> String {
    let host = match gateway.ip() {
        address if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        address => address,
    };
    let mut text = format!("listening on http://{gateway}\n");
    for app in apps {
        let base = format!("http://{}/{}/scim/v2", SocketAddr::new(host, gateway.port()), app.name);
        text += &format!(
            "\n{name}: a stand-in on http://{address}, database {database}\n  SCIM base URL  {base}\n  token          {token}\n  \
             curl -H 'Authorization: Bearer {token}' '{base}/Users?filter=userName+eq+%22mo%40contoso.test%22'\n  \
             curl -H 'Authorization: Bearer {token}' -H 'Content-Type: application/scim+json' {base}/Users -d '{body}'\n",
            name = app.name,
            address = app.address,
            database = app.database.display(),
            body = r#"{"userName":"mo@contoso.test","displayName":"Mo Q","active":true}"#,
        );
    }
    text += "\nCtrl-C ends the demo.\n";
    text
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Ctrl-C or, as a test harness sends it, SIGTERM.
async fn until_told_to_stop() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
