//! `transom token`: the bearer tokens by which identity providers are known. Works beside a running server.

use crate::auth;
use crate::cli::{Ended, Failure};
use crate::config::Config;
use crate::store::{StoreError, Token, Tokens};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Make, list and revoke tokens.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a token and print it, once: only its hash is stored
    Create {
        #[command(flatten)]
        place: Place,
        /// The target in transom.yaml that it opens; may be given several times
        #[arg(long, required = true, value_name = "NAME")]
        target: Vec<String>,
        /// What it is called, in lists and in the log: who will use it. Live tokens have different names, also those of
        /// different targets
        #[arg(long)]
        name: String,
        /// When it ends: a date (2027-05-31) or a span from now (90d); never if not given
        #[arg(long, value_name = "WHEN", value_parser = expiry)]
        expires: Option<SystemTime>,
    },
    /// List the tokens, without their secrets
    List {
        #[command(flatten)]
        place: Place,
    },
    /// End a token; a running server refuses it within a second
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The name it was created with
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The configuration that names the data folder
    #[arg(long, value_name = "FILE", default_value = "transom.yaml", env = "TRANSOM_CONFIG")]
    config: PathBuf,
}

impl Place {
    fn open(&self) -> Result<(Config, Tokens), Failure> {
        let config = Config::load(&self.config)?;
        let tokens = Tokens::open(&config.data)?;
        Ok((config, tokens))
    }
}

/// Runs the command, printing to `out`.
///
/// # Errors
/// One line.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let now = SystemTime::now();
    match &arguments.command {
        Command::Create { place, target, name, expires } => {
            let (config, tokens) = place.open()?;
            if let Some(unknown) = target.iter().find(|target| !config.targets.contains_key(*target)) {
                let known = config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
                let known = if known.is_empty() { "none; add it under `targets`".to_owned() } else { known };
                return Err(
                    format!("there is no target `{unknown}` in {}; it has: {known}", place.config.display()).into()
                );
            }
            let (secret, hash) = auth::generate()?;
            let targets: BTreeSet<String> = target.iter().cloned().collect();
            let token = Token { name: name.clone(), targets, hash, created: now, expires: *expires, revoked: None };
            match tokens.save(&token) {
                Err(StoreError::TokenTaken) => return Err(taken(&tokens, &token)?.into()),
                saved => saved?,
            }
            writeln!(out, "{}", secret.expose())?;
        }
        Command::List { place } => {
            for token in place.open()?.1.all()? {
                let targets = token.targets.iter().cloned().collect::<Vec<_>>().join(",");
                writeln!(
                    out,
                    "{:<20} {:<20} created {}  {}",
                    token.name,
                    targets,
                    date(token.created),
                    state(&token, now)
                )?;
            }
        }
        Command::Revoke { place, name } => {
            if !place.open()?.1.revoke(name, now)? {
                writeln!(out, "there is no live token named {name}; `transom token list` shows all")?;
                return Ok(Ended::Wrong);
            }
            writeln!(out, "{name} is revoked")?;
        }
    }
    Ok(Ended::Well)
}

/// Names are those of tokens, whatever they open: the log and `revoke` speak of one.
fn taken(tokens: &Tokens, wanted: &Token) -> Result<String, StoreError> {
    let names = |token: &Token| token.targets.iter().cloned().collect::<Vec<_>>().join(", ");
    let name = &wanted.name;
    let all = tokens.all()?;
    let live = all.iter().find(|token| token.name == *name && token.revoked.is_none());
    let opens = live.map_or_else(String::new, |token| format!(", which opens {}", names(token)));
    let other = wanted.targets.first().map_or_else(|| "another".to_owned(), |target| format!("{name}-{target}"));
    Ok(format!(
        "there is a live token named {name} already{opens}; revoke it (transom token revoke --name {name}), or give this one a name of its own, such as {other}"
    ))
}

fn state(token: &Token, now: SystemTime) -> String {
    match (token.revoked, token.expires) {
        (Some(revoked), _) => format!("revoked {}", date(revoked)),
        (None, Some(expires)) if expires <= now => format!("expired {}", date(expires)),
        (None, Some(expires)) => format!("live until {}", date(expires)),
        (None, None) => "live".to_owned(),
    }
}

fn date(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn expiry(text: &str) -> Result<SystemTime, String> {
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok()) {
        return Ok(SystemTime::now() + Duration::from_secs(u64::from(days) * 86_400));
    }
    let date: jiff::civil::Date =
        text.parse().map_err(|_| "a date like 2027-05-31 or a span like 90d is wanted".to_owned())?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|cause| cause.to_string())?.timestamp().as_second();
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).map_err(|_| "that date is past".to_owned())?);
    if time <= SystemTime::now() { Err("that date is past".to_owned()) } else { Ok(time) }
}
