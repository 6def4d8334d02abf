//! `transom forget`: what the gateway holds of one target goes, so that the target starts afresh.

use crate::cli::{Ended, Failure};
use crate::config::Config;
use crate::store::Held;
use std::io::Write;
use std::path::PathBuf;

const TEACHES: &str = "\
What goes: the ids of accounts whose key is not stable, kept attributes such as externalId, values
that `remember` holds, which accounts are deleted, creates that are not settled, and what the
mapping's keys were. Tokens stay, and nothing is changed in the product. Identity providers match
their users again at the next cycle. Stop the gateway first.";

/// Forget what is held of a target.
#[derive(Debug, clap::Args)]
#[command(after_help = TEACHES)]
pub struct Arguments {
    /// The target
    #[arg(long, value_name = "NAME")]
    target: String,
    /// Do it; without this, it is only said how much would go
    #[arg(long)]
    yes: bool,
    /// The configuration that names the data folder
    #[arg(long, value_name = "FILE", default_value = "transom.yaml", env = "TRANSOM_CONFIG")]
    config: PathBuf,
}

/// Runs the command, printing to `out`.
///
/// # Errors
/// One line: the configuration cannot be read, a gateway serves from the data folder, there is no such target.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let config = Config::load(&arguments.config)?;
    let mut held = Held::open(&config.data)?;
    let (target, count) = (&arguments.target, held.of(&arguments.target)?);
    if count.links == 0 && !config.targets.contains_key(target) {
        let known = config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
        let path = arguments.config.display();
        return Err(
            format!("there is no target `{target}` in {path}, and nothing is held of one; it has: {known}").into()
        );
    }
    let told = format!("{target}: {} accounts, {} of them with kept or remembered values", count.links, count.kept);
    if !arguments.yes {
        writeln!(out, "{told}; nothing is done without --yes")?;
        return Ok(Ended::Wrong);
    }
    held.forget(target)?;
    writeln!(out, "{told}: forgotten")?;
    Ok(Ended::Well)
}
