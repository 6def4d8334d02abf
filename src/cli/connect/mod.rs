//! `transom check --connect`: looks whether targets answer as their mappings say. Reads one page and one account of each type; writes nothing.

mod finding;
mod look;
mod rules;

use crate::cli::{Ended, Failure, check};
use crate::config::Config;
use crate::engine::{Walked, Work};
use crate::gateway::{Gateway, OpenError};
use crate::store::Store;
use crate::target::Budget;
use finding::{Finding, Level};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::Arc;

/// Looks at the targets of this name, or at all.
///
/// # Errors
/// The configuration, a mapping or a secret cannot be had; there is no such target.
pub async fn run(arguments: &check::Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let config = narrowed(Config::load(&arguments.config)?, arguments)?;
    let gateway = match Gateway::over(&config, &arguments.config, Store::in_memory).await {
        Ok(gateway) => Arc::new(gateway),
        Err(error @ OpenError::Mappings(_)) => return Err(format!("{error}\ncorrect these first").into()),
        Err(error) => return Err(error.into()),
    };
    let mut targets = Vec::new();
    for (name, described) in &config.targets {
        let findings = target(&gateway, (name, &config)).await;
        targets.push((name, described.base_url.as_str(), findings));
    }
    let of =
        |level: Level| targets.iter().flat_map(|(_, _, found)| found).filter(move |one| one.level == level).count();
    let (wrong, notes, silent) = (of(Level::Wrong), of(Level::Note), of(Level::Silent));
    match arguments.format {
        check::Format::Json => writeln!(out, "{}", to_json(&targets))?,
        check::Format::Human => {
            targets.iter().try_for_each(|target| print(target, out))?;
            writeln!(out, "{} wrong, {notes} to look at", wrong + silent)?;
        }
    }
    Ok(match (wrong, silent) {
        (0, 0) => Ended::Well,
        (0, _) => Ended::Failed,
        _ => Ended::Wrong,
    })
}

/// The configuration with the named targets alone: the secrets of others are not wanted.
fn narrowed(mut config: Config, arguments: &check::Arguments) -> Result<Config, Failure> {
    let names: Vec<String> = arguments.files.iter().map(|name| name.display().to_string()).collect();
    let known = config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
    if let Some(unknown) = names.iter().find(|name| !config.targets.contains_key(*name)) {
        let path = arguments.config.display();
        return Err(format!(
            "{path}: there is no target `{unknown}`; with --connect, names of targets are given: {known}"
        )
        .into());
    }
    config.targets.retain(|name, _| names.is_empty() || names.contains(name));
    Ok(config)
}

async fn target(gateway: &Arc<Gateway>, (name, config): (&str, &Config)) -> Vec<Finding> {
    let Some(instance) = gateway.instances.get(name) else { return Vec::new() };
    let mut found = Vec::new();
    for kind in 0..instance.mapping.types.len() {
        let budget = Arc::new(Budget::of(config.limits.request));
        let work = Work {
            gateway: gateway.clone(),
            instance: instance.clone(),
            kind,
            budget,
            condition: None,
            walked: Walked::default(),
        };
        found.extend(look::look(&work).await);
    }
    found
}

type Looked<'a> = (&'a String, &'a str, Vec<Finding>);

fn print((name, base_url, findings): &Looked<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{name}, {base_url}")?;
    findings.iter().try_for_each(|finding| writeln!(out, "  {finding}"))
}

fn to_json(targets: &[Looked<'_>]) -> Value {
    let one = |(name, base_url, findings): &Looked<'_>| json!({ "name": name, "base_url": base_url, "findings": findings.iter().map(Finding::to_json).collect::<Vec<_>>() });
    json!({ "targets": targets.iter().map(one).collect::<Vec<_>>() })
}
