//! The gateway as its users have it: the `transom` binary with a configuration file, a data folder and a token.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::oneshot;

const START: Duration = Duration::from_secs(30);
const ANNOUNCEMENT: &str = "listening on ";

/// One target in front of one product.
pub struct Settings<'a> {
    /// The target's name in URLs; its mapping is `mappings/<name>.yaml`.
    pub target: &'a str,
    pub base_url: &'a str,
    /// The instance's settings, name and value.
    pub settings: &'a [(&'a str, &'a str)],
}

/// A running gateway; killed when dropped.
pub struct Gateway {
    /// The target's SCIM base, `http://127.0.0.1:PORT/<target>/scim/v2`.
    pub base: String,
    pub token: String,
    process: Child,
    log: Log,
    _folder: TempDir,
}

type Log = Arc<Mutex<Vec<String>>>;

impl Gateway {
    /// Starts one, or panics with what it said.
    pub async fn start(settings: &Settings<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("transom.yaml");
        std::fs::write(&config, config_text(settings, folder.path())).expect("transom.yaml is written");
        let token = create_token(&config, settings);
        let mut process = transom(&["serve", "--config"], &config)
            .envs(variables(settings))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("transom starts");
        let (log, announced) = read_log(process.stderr.take().expect("its stderr"));
        let Ok(Ok(url)) = tokio::time::timeout(START, announced).await else {
            let _ = process.kill();
            panic!("transom serve never said where it listens:\n{}", said(&log));
        };
        Self { base: format!("{url}/{}/scim/v2", settings.target), token, process, log, _folder: folder }
    }

    /// Everything it wrote to stderr so far.
    pub fn said(&self) -> String {
        said(&self.log)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn config_text(settings: &Settings<'_>, data: &Path) -> String {
    let mapping = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("mappings/{}.yaml", settings.target));
    let given: Vec<String> =
        settings.settings.iter().map(|(name, _)| format!("{name}: {{ env: {} }}", variable(name))).collect();
    format!(
        "listen: ['127.0.0.1:0']\n\
         data: '{data}'\n\
         targets:\n  {target}:\n    mapping: '{mapping}'\n    base_url: {base_url}\n    \
         settings: {{ {given} }}\n    limits: {{ in_flight: 8, rate: 200, timeout: 10s }}\n    \
         patch_answer: {{ user: resource, group: none }}\n",
        data = data.join("data").display(),
        target = settings.target,
        mapping = mapping.display(),
        base_url = settings.base_url,
        given = given.join(", "),
    )
}

/// Settings reach the gateway through its environment, as secrets should.
fn variables(settings: &Settings<'_>) -> Vec<(String, String)> {
    settings.settings.iter().map(|(name, value)| (variable(name), (*value).to_owned())).collect()
}

fn variable(setting: &str) -> String {
    format!("TEST_{}", setting.to_uppercase())
}

fn create_token(config: &Path, settings: &Settings<'_>) -> String {
    let output = transom(&["token", "create", "--target", settings.target, "--name", "test", "--config"], config)
        .envs(variables(settings))
        .output()
        .expect("transom runs");
    assert!(output.status.success(), "token create: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    printed.lines().last().expect("a token on the last line").trim().to_owned()
}

fn transom(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transom"));
    command.args(arguments).arg(config).env("NO_COLOR", "1");
    command
}

/// Collects the log for as long as the process lives, or its pipe would fill; hands out the first bound address.
fn read_log(stderr: ChildStderr) -> (Log, oneshot::Receiver<String>) {
    let (log, (announce, announced)) = (Log::default(), oneshot::channel());
    let (lines, mut announce) = (Arc::clone(&log), Some(announce));
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once(ANNOUNCEMENT)
                && let Some(announce) = announce.take()
            {
                let url = rest.split(['"', ' ', '/']).find(|part| part.contains("127.0.0.1"));
                let _ = announce.send(format!("http://{}", url.unwrap_or_default()));
            }
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    (log, announced)
}

fn said(log: &Log) -> String {
    log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}
