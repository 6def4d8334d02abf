//! Where the secrets of targets are found, and fetching them when they are needed.

use std::collections::BTreeMap;
use std::env::VarError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::{Config, ConfigError};
use crate::observe::Secret;

const LARGEST: u64 = 64 * 1024;

/// Where one setting is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In an environment variable.
    Env(String),
    /// In a file; one line end at its end does not count.
    File(PathBuf),
}

/// The settings of every target: target → setting → value.
pub type Settings = BTreeMap<String, BTreeMap<String, Secret>>;

impl Config {
    /// Fetches every setting of every target from environment and files. `path` is the configuration's, for errors.
    ///
    /// # Errors
    /// The first setting that is unset, unreadable or empty, named with its target.
    pub fn resolve_settings(&self, path: &Path) -> Result<Settings, ConfigError> {
        self.resolve_with(path, |name| std::env::var(name))
    }

    pub(super) fn resolve_with(
        &self,
        path: &Path,
        variable: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        for (target, described) in &self.targets {
            let fetched = settings.entry(target.clone()).or_default();
            for (name, source) in &described.settings {
                let value = source
                    .fetch(&variable)
                    .map_err(|what| ConfigError::new(path, format!("target `{target}`, setting `{name}`: {what}")))?;
                fetched.insert(name.clone(), value);
            }
        }
        Ok(settings)
    }
}

impl Source {
    fn fetch(&self, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Secret, String> {
        match self {
            Source::Env(name) => from_variable(name, variable(name)),
            Source::File(path) => from_file(path).map_err(|what| format!("the file {} {what}", path.display())),
        }
    }
}

fn from_variable(name: &str, found: Result<String, VarError>) -> Result<Secret, String> {
    match found {
        Ok(value) if value.is_empty() => Err(format!("the environment variable {name} is empty; set it")),
        Ok(value) => Ok(Secret::new(value)),
        Err(VarError::NotPresent) => Err(format!("the environment variable {name} is not set; set it")),
        Err(VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is not UTF-8")),
    }
}

fn from_file(path: &Path) -> Result<Secret, String> {
    let unreadable = |cause: io::Error| format!("cannot be read: {cause}");
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err("is larger than 64 KiB, too large for a setting".into());
    }
    let mut value = fs::read_to_string(path).map_err(unreadable)?;
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    match value.is_empty() {
        true => Err("is empty".into()),
        false => Ok(Secret::new(value)),
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

const SOURCE: &str = "{ env: NAME } or { file: PATH }";

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "where the setting is found, {SOURCE}")
    }

    fn visit_str<E: serde::de::Error>(self, _value: &str) -> Result<Source, E> {
        Err(E::custom(format!("the value of a setting does not belong in this file; write {SOURCE}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Source, A::Error> {
        let wrong = || A::Error::custom(format!("expected one of env and file: {SOURCE}"));
        let key: String = map.next_key()?.ok_or_else(wrong)?;
        let value: String = match key.as_str() {
            "env" | "file" => map.next_value()?,
            _ => return Err(wrong()),
        };
        if value.is_empty() || map.next_key::<String>()?.is_some() {
            return Err(wrong());
        }
        Ok(if key == "env" { Source::Env(value) } else { Source::File(value.into()) })
    }
}
