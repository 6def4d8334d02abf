//! The gateway in this process, opened as `transom serve` opens it.

use super::{Product, Script};
use crate::client::Client;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use transom::cli::serve;
use transom::config::Config;
use transom::gateway::{Gateway, OpenError};
use transom::store::Token;
use transom::{auth, server};

const JSON: (&str, &str) = ("Content-Type", "application/scim+json");

pub struct Front {
    pub address: SocketAddr,
    /// Opens every target.
    pub token: String,
    pub gateway: Arc<Gateway>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Front {
    pub async fn open(folder: &Path, script: &Script, product: &Product) -> Result<Front, OpenError> {
        let path = script.write(folder, product);
        let config = Config::load(&path).expect("the configuration is right");
        let gateway = Gateway::open(&config, &path).await?;
        Ok(Front::serve(gateway, &config).await)
    }

    /// As if the wall clock showed another time.
    pub async fn open_at(folder: &Path, now: fn() -> SystemTime) -> Front {
        let path = folder.join("transom.yaml");
        let config = Config::load(&path).expect("the configuration is right");
        let mut gateway = Gateway::open(&config, &path).await.expect("the gateway opens");
        gateway.now = now;
        Front::serve(gateway, &config).await
    }

    async fn serve(gateway: Gateway, config: &Config) -> Front {
        let gateway = Arc::new(gateway);
        let token = uuid::Uuid::new_v4().simple().to_string();
        let targets: Vec<&str> = config.targets.keys().map(String::as_str).collect();
        save_token(&gateway, &token, &targets, None);
        let bound = server::bind(&serve::listens(&config.listen)).await.expect("it listens");
        let address = bound[0].address();
        let (stop, told) = oneshot::channel::<()>();
        let until = async move { drop(told.await) };
        let task = tokio::spawn(serve::serve(gateway.clone(), bound, serve::limits(config), until));
        Front { address, token, gateway, stop, task }
    }

    /// Lets running requests end, and lets go of the data folder.
    pub async fn stop(self) {
        let Front { gateway, stop, task, .. } = self;
        let _ = stop.send(());
        task.await.expect("it ends well");
        super::until("the data folder let go", || Arc::strong_count(&gateway) == 1).await;
    }

    pub fn client(&self) -> Client {
        self.client_of("moqups", &self.token)
    }

    pub fn client_of(&self, target: &str, token: &str) -> Client {
        self.client_with(target, &[("Authorization", &format!("Bearer {token}")), JSON])
    }

    pub fn client_with(&self, target: &str, headers: &[(&'static str, &str)]) -> Client {
        Client::new(&self.base(target), headers)
    }

    pub fn base(&self, target: &str) -> String {
        format!("http://{}/{target}/scim/v2", self.address)
    }

    /// A token that opens these targets, until the time given.
    pub fn token_for(&self, targets: &[&str], expires: Option<SystemTime>) -> String {
        let token = uuid::Uuid::new_v4().simple().to_string();
        save_token(&self.gateway, &token, targets, expires);
        token
    }
}

/// Named as its text.
fn save_token(gateway: &Gateway, token: &str, targets: &[&str], expires: Option<SystemTime>) {
    let targets = targets.iter().map(|target| (*target).to_owned()).collect();
    let known = Token {
        name: token.to_owned(),
        targets,
        hash: auth::hash(token),
        created: SystemTime::UNIX_EPOCH,
        expires,
        revoked: None,
    };
    gateway.store.tokens().expect("the tokens").save(&known).expect("a token is saved");
}
