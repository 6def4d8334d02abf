//! The `transom` binary: commands that end, and one that serves until it is told to stop.

use super::{PATIENCE, Product, Script};
use crate::client::Client;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// What a command that ended left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a command in this folder to its end.
pub async fn transom(folder: &Path, arguments: &[&str]) -> Ended {
    let child = command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("transom runs");
    let id = child.id();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    let Ok(ended) = tokio::time::timeout(PATIENCE, ended).await else {
        signal(id, "KILL");
        panic!("transom {arguments:?} did not end");
    };
    let ended = ended.expect("no panic").expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transom"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env_remove("TRANSOM_CONFIG");
    command
}

fn signal(process: u32, name: &str) {
    let kill = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
}

/// `transom serve`; killed when dropped.
pub struct Process {
    pub address: String,
    pub token: String,
    child: Child,
    log: Log,
}

type Log = Arc<Mutex<Vec<String>>>;

impl Process {
    /// Writes the files, makes a token, serves.
    pub async fn start(folder: &Path, script: &Script, product: &Product) -> Process {
        script.write(folder, product);
        let made = transom(folder, &["token", "create", "--target", script.targets[0], "--name", "test"]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        Process::serve(folder, made.out.trim()).await
    }

    /// Serves from what an earlier process left behind, with a token of its own.
    pub async fn start_again(folder: &Path) -> Process {
        let name = uuid::Uuid::new_v4().to_string();
        let made = transom(folder, &["token", "create", "--target", "moqups", "--name", &name]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        Process::serve(folder, made.out.trim()).await
    }

    async fn serve(folder: &Path, token: &str) -> Process {
        let mut child =
            command(folder, &["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("transom starts");
        let (log, announced) = read_log(child.stderr.take().expect("its stderr"));
        let Ok(Ok(address)) = tokio::time::timeout(PATIENCE, announced).await else {
            let _ = child.kill();
            panic!("transom serve never said where it listens:\n{}", text(&log));
        };
        Process { address, token: token.to_owned(), child, log }
    }

    pub fn client(&self, target: &str, token: &str) -> Client {
        let base = format!("http://{}/{target}/scim/v2", self.address);
        Client::new(&base, &[("Authorization", &format!("Bearer {token}")), ("Content-Type", "application/scim+json")])
    }

    /// Everything it wrote to stderr so far.
    pub fn said(&self) -> String {
        text(&self.log)
    }

    /// Tells it to stop, as service managers do.
    pub fn terminate(&self) {
        signal(self.child.id(), "TERM");
    }

    /// Waits for its end; the exit code.
    pub async fn ended(mut self) -> Option<i32> {
        let (log, id) = (self.log.clone(), self.child.id());
        let waiting = tokio::task::spawn_blocking(move || self.child.wait());
        let Ok(ended) = tokio::time::timeout(PATIENCE, waiting).await else {
            signal(id, "KILL");
            panic!("it did not stop:\n{}", text(&log));
        };
        ended.expect("no panic").expect("it was waited for").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects the log for as long as the process lives, or its pipe would fill; hands out the first bound address.
fn read_log(stderr: ChildStderr) -> (Log, oneshot::Receiver<String>) {
    let (log, (announce, announced)) = (Log::default(), oneshot::channel());
    let (lines, mut announce) = (Arc::clone(&log), Some(announce));
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let address = line.strip_prefix("listening on http://").map(str::to_owned);
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            if let (Some(address), Some(announce)) = (address, announce.take()) {
                let _ = announce.send(address);
            }
        }
    });
    (log, announced)
}

fn text(log: &Log) -> String {
    log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}
