//! The measurement: every process in turn, several rounds, so that a busy neighbour disturbs all of them alike.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::{self, Script};
use crate::report::{Sample, Samples, report};
use crate::requests::{Asking, Kind, Populating, Users, Words};
use crate::{Failure, cpu};

/// Rounds of which the median counts.
const ROUNDS: usize = 9;
/// Users that are read and changed.
const USERS: u64 = 500;

/// What runs already, each as `ADDRESS/PROCESS-ID`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The stand-in product
    #[arg(long)]
    standin: Process,
    /// The bare hyper relay
    #[arg(long)]
    relay: Process,
    /// nginx as a relay
    #[arg(long)]
    nginx: Option<Process>,
    /// The gateway, with the targets `moqups` and `kept`
    #[arg(long)]
    transom: Process,
    /// A gateway that writes no access lines
    #[arg(long)]
    quiet: Process,
    /// The stand-in's key
    #[arg(long)]
    api_key: String,
    /// The gateway's token
    #[arg(long)]
    token: String,
    /// The quiet gateway's token
    #[arg(long)]
    quiet_token: String,
}

/// A process and where it listens.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    address: SocketAddr,
    id: u32,
}

impl std::str::FromStr for Process {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, id) = text.split_once('/').ok_or("ADDRESS/PROCESS-ID is wanted")?;
        let address = address.parse().map_err(|cause| format!("{address}: {cause}"))?;
        Ok(Process { address, id: id.parse().map_err(|cause| format!("{id}: {cause}"))? })
    }
}

/// One column of the tables.
struct Subject {
    name: &'static str,
    process: Process,
    words: Words,
    users: Users,
    kinds: &'static [Kind],
}

/// Measures everything and prints the tables.
///
/// # Errors
/// An answer that is not the expected one: figures of failing requests would mean nothing.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let samples = runtime.block_on(measure(arguments))?;
    Ok(report(&samples, &mut std::io::stdout())?)
}

async fn measure(arguments: &Arguments) -> Result<Samples, Failure> {
    let subjects = subjects(arguments).await?;
    let mut samples = Samples::default();
    for round in 0..ROUNDS {
        for kind in [Kind::Get, Kind::Filter, Kind::Post, Kind::Patch, Kind::Frame] {
            for subject in subjects.iter().filter(|subject| subject.kinds.contains(&kind)) {
                let sample = subject
                    .sample(kind, round)
                    .await
                    .map_err(|cause| format!("{}, {}: {cause}", subject.name, kind.name()))?;
                samples.push((subject.name, kind, sample));
            }
        }
    }
    Ok(samples)
}

async fn subjects(arguments: &Arguments) -> Result<Vec<Subject>, Failure> {
    const FRAMED: &[Kind] = &[Kind::Get, Kind::Filter, Kind::Post, Kind::Patch, Kind::Frame];
    let product = Words::Product(arguments.api_key.clone());
    let scim = |target: &str, token: &str| Words::Scim { target: target.to_owned(), token: token.to_owned() };
    let (plain, kept) = (scim("moqups", &arguments.token), scim("kept", &arguments.token));
    let users = populate(arguments.standin.address, &product, "plain").await?;
    let kept_users = populate(arguments.transom.address, &kept, "kept").await?;
    let bare = |name, process, words: &Words| Subject {
        name,
        process,
        words: words.clone(),
        users: Arc::clone(&users),
        kinds: &Kind::SHARED,
    };
    let mut subjects = vec![bare("stand-in", arguments.standin, &product), bare("hyper", arguments.relay, &product)];
    subjects.extend(arguments.nginx.map(|nginx| bare("nginx", nginx, &product)));
    subjects.push(Subject { kinds: FRAMED, ..bare("Transom", arguments.transom, &plain) });
    subjects.push(Subject { users: kept_users, ..bare("kept", arguments.transom, &kept) });
    let silent = scim("moqups", &arguments.quiet_token);
    subjects.push(Subject { kinds: &[Kind::Get, Kind::Frame], ..bare("quiet", arguments.quiet, &silent) });
    Ok(subjects)
}

async fn populate(address: SocketAddr, words: &Words, run: &str) -> Result<Users, Failure> {
    let asking = Asking { kind: Kind::Post, words: words.clone(), users: Users::default(), run: run.to_owned() };
    let script = Arc::new(Populating { asking, made: Mutex::default() });
    client::send(address, script.clone(), 0..USERS).await?;
    Ok(Arc::new(std::mem::take(&mut *script.made.lock().unwrap_or_else(PoisonError::into_inner))))
}

impl Subject {
    /// Warms up, then counts.
    async fn sample(&self, kind: Kind, round: usize) -> Result<Sample, Failure> {
        let count = match kind {
            Kind::Post => 1000,
            Kind::Patch => 2000,
            Kind::Get | Kind::Filter | Kind::Frame => 4000,
        };
        let run = format!("{}{round}", self.name);
        let asking = Asking { kind, words: self.words.clone(), users: Arc::clone(&self.users), run };
        let script: Arc<dyn Script> = Arc::new(asking);
        // A whole number of rounds over the users, as PATCH goes to and fro.
        client::send(self.process.address, Arc::clone(&script), 0..USERS).await?;
        let before = cpu::used(self.process.id)?;
        let took = client::send(self.process.address, script, USERS..USERS + count).await?;
        let used = cpu::used(self.process.id)?.saturating_sub(before);
        let (used, took, requests) = (used.as_secs_f64(), took.as_secs_f64(), f64::from(u32::try_from(count)?));
        Ok(Sample { cpu: used * 1e6 / requests, rate: requests / took })
    }
}
