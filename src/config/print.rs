//! A configuration as a file that reads back as itself; of secrets it shows where they are found.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;

use serde::Serialize;

use super::units::{print_duration, print_size};
use super::{Config, Listener, Source, Target};

impl Display for Config {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "listen:")?;
        self.listen.iter().try_for_each(|listener| print_listener(listener, f))?;
        writeln!(f, "data: {}", path(&self.data))?;
        if let Some(url) = &self.public_url {
            writeln!(f, "public_url: {}", quoted(url))?;
        }
        writeln!(f, "limits:")?;
        writeln!(f, "  body: {}", print_size(self.limits.body))?;
        writeln!(f, "  header: {}", print_size(self.limits.header))?;
        writeln!(f, "  request: {}", print_duration(self.limits.request))?;
        writeln!(f, "  connections: {}", self.limits.connections)?;
        writeln!(f, "log:")?;
        writeln!(f, "  format: {}", quoted(&self.log.format))?;
        writeln!(f, "  level: {}", quoted(&self.log.level))?;
        if self.targets.is_empty() {
            return writeln!(f, "targets: {{}}");
        }
        writeln!(f, "targets:")?;
        self.targets.iter().try_for_each(|(name, target)| print_target(name, target, f))
    }
}

fn print_listener(listener: &Listener, f: &mut Formatter<'_>) -> Result {
    let address = quoted(&listener.address.to_string());
    let Some(tls) = &listener.tls else { return writeln!(f, "  - {address}") };
    writeln!(f, "  - address: {address}")?;
    writeln!(f, "    tls: {{ certificate: {}, key: {} }}", path(&tls.certificate), path(&tls.key))
}

fn print_target(name: &str, target: &Target, f: &mut Formatter<'_>) -> Result {
    writeln!(f, "  {}:", quoted(name))?;
    writeln!(f, "    mapping: {}", path(&target.mapping))?;
    writeln!(f, "    base_url: {}", quoted(&target.base_url))?;
    print_settings(target, f)?;
    writeln!(f, "    limits:")?;
    writeln!(f, "      in_flight: {}", target.limits.in_flight)?;
    match target.limits.rate {
        Some(rate) => writeln!(f, "      rate: {rate}")?,
        None => writeln!(f, "      rate: none")?,
    }
    writeln!(f, "      timeout: {}", print_duration(target.limits.timeout))?;
    writeln!(f, "      answer: {}", print_size(target.limits.answer))?;
    writeln!(f, "      lock_queue: {}", target.limits.lock_queue)?;
    writeln!(f, "    roots: {}", target.roots.as_deref().map_or_else(|| "system".into(), path))?;
    writeln!(f, "    patch_answer:")?;
    writeln!(f, "      user: {}", quoted(&target.patch_answer.user))?;
    writeln!(f, "      group: {}", quoted(&target.patch_answer.group))
}

fn print_settings(target: &Target, f: &mut Formatter<'_>) -> Result {
    if target.settings.is_empty() {
        return writeln!(f, "    settings: {{}}");
    }
    writeln!(f, "    settings:")?;
    for (name, source) in &target.settings {
        match source {
            Source::Env(variable) => writeln!(f, "      {}: {{ env: {} }}", quoted(name), quoted(variable))?,
            Source::File(file) => writeln!(f, "      {}: {{ file: {} }}", quoted(name), path(file))?,
        }
    }
    Ok(())
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A JSON string is a YAML string too, whatever is in it.
fn quoted(text: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
