//! `transom check`: compiles mapping files and says everything that is wrong, what is kept and scripted, and which secrets `serve` will want.

use crate::cli::{Ended, Failure};
use crate::gateway::{LoadError, load};
use crate::mapping::{Diagnostic, Look, Mapping, Severity};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Check mapping files.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Mapping files, or folders of them; without any, ./mappings
    files: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, with excerpts
    Human,
    /// One JSON object, for editors and CI
    Json,
}

/// Checks the files.
///
/// # Errors
/// There is nothing to check, or a file cannot be read.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let (mut found, mut errors) = (Vec::new(), 0);
    for path in &files(&arguments.files)? {
        let diagnostics = match load(path) {
            Ok(compiled) => {
                if arguments.format == Format::Human {
                    summary(&compiled.mapping, out)?;
                }
                compiled.warnings
            }
            Err(LoadError::Wrong(diagnostics)) => diagnostics.0,
            Err(error) => return Err(error.into()),
        };
        errors += diagnostics.iter().filter(|one| one.severity() == Severity::Error).count();
        found.extend(diagnostics);
    }
    match arguments.format {
        Format::Json => {
            writeln!(out, "{}", json!({ "diagnostics": found.iter().map(Diagnostic::to_json).collect::<Vec<_>>() }))?
        }
        Format::Human => {
            for one in &found {
                writeln!(out, "{}", one.render(look()))?;
            }
        }
    }
    Ok(if errors == 0 { Ended::Well } else { Ended::Wrong })
}

/// The files named, of a folder those in it; without any, those of the folder `mappings`.
///
/// # Errors
/// There are none.
pub fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() {
        return inside(Path::new("mappings"));
    }
    let each = named.iter().map(|path| if path.is_dir() { inside(path) } else { Ok(vec![path.clone()]) });
    Ok(each.collect::<Result<Vec<_>, Failure>>()?.concat())
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let told = folder.display();
    let entries = std::fs::read_dir(folder)
        .map_err(|cause| format!("the folder {told} cannot be read: {cause}; name your mapping files"))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    found.sort();
    if found.is_empty() {
        Err(format!("there is no .yaml file in the folder {told}; name your mapping files").into())
    } else {
        Ok(found)
    }
}

fn summary(mapping: &Mapping, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {} compiles", mapping.file, mapping.product)?;
    for kind in &mapping.types {
        let kept: Vec<String> = kind.kept().map(ToString::to_string).collect();
        let scripted = kind.rules.iter().filter(|rule| rule.is_scripted()).count();
        let told = if kept.is_empty() { String::new() } else { format!(" ({})", kept.join(", ")) };
        writeln!(
            out,
            "  {}: {} attributes, {} kept{told}, {scripted} scripted",
            kind.kind.name,
            kind.rules.len(),
            kept.len()
        )?;
    }
    if !mapping.settings.is_empty() {
        let names: Vec<&str> = mapping.settings.iter().map(|name| &**name).collect();
        writeln!(out, "  settings that `serve` will want: {}", names.join(", "))?;
    }
    Ok(())
}

/// Colours only for a terminal, and not where NO_COLOR is set.
pub fn look() -> Look {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !io::stdout().is_terminal();
    if plain { Look::Plain } else { Look::Coloured }
}
