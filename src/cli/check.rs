//! `transom check`: compiles mapping files and says everything that is wrong, how attributes go, and which secrets `serve` will want.

use crate::cli::{Ended, Failure, connect};
use crate::gateway::{LoadError, load};
use crate::mapping::{Diagnostic, Look, Mapping, Severity, Shape, TypeMapping};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

const TEACHES: &str = "\
With --connect the product itself is asked, as `transom serve` would: one page and one account
of each type, and every `find`. Nothing is written. What a rule expected and did not find is told
with its line, its path and the kind of what stands there, never with a value.

  transom check --connect                   every target of transom.yaml
  transom check --connect --config F mine   the target `mine` of F

Exit codes then: 0 all is as the mapping says, 1 something is not, 2 a target could not be asked.";

/// Check mapping files.
#[derive(Debug, clap::Args)]
#[command(after_help = TEACHES)]
pub struct Arguments {
    /// Mapping files, or folders of them; without any, ./mappings. With --connect names of targets; without any, all
    #[arg(value_name = "FILE|TARGET")]
    pub(super) files: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Ask targets whether they answer as their mappings say; reads only
    #[arg(long)]
    connect: bool,
    /// With --connect: the configuration
    #[arg(long, value_name = "FILE", default_value = "transom.yaml", env = "TRANSOM_CONFIG")]
    pub(super) config: PathBuf,
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
pub async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    if arguments.connect {
        return connect::run(arguments, out).await;
    }
    let (mut found, mut summaries, mut errors) = (Vec::new(), Vec::new(), 0);
    for path in &files(&arguments.files)? {
        let diagnostics = match load(path) {
            Ok(compiled) => {
                match arguments.format {
                    Format::Human => summary(&compiled.mapping, out)?,
                    Format::Json => summaries.push(summary_json(&compiled.mapping)),
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
            let found: Vec<Value> = found.iter().map(Diagnostic::to_json).collect();
            writeln!(out, "{}", json!({ "diagnostics": found, "mappings": summaries }))?;
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
        writeln!(out, "  {}: {}", kind.kind.name, Counts::of(kind))?;
        for path in kind.unmovable().filter(|_| !kind.update.is_empty()) {
            writeln!(out, "    {path} cannot change: the key is made of it, and no row of `update` has `for: {path}`")?;
        }
    }
    if !mapping.settings.is_empty() {
        let names: Vec<&str> = mapping.settings.iter().map(|name| &**name).collect();
        writeln!(out, "  settings that `serve` will want: {}", names.join(", "))?;
    }
    Ok(())
}

fn summary_json(mapping: &Mapping) -> Value {
    let types = mapping.types.iter().map(|kind| (kind.kind.name.to_string(), Counts::of(kind).to_json()));
    json!({
        "file": *mapping.file,
        "product": *mapping.product,
        "settings": mapping.settings.iter().map(|name| &**name).collect::<Vec<_>>(),
        "types": types.collect::<serde_json::Map<_, _>>(),
    })
}

/// How the attributes of one type go. Each goes one way; what a script or our store has to do with it comes on top.
#[derive(Default)]
struct Counts {
    two_way: usize,
    read_only: usize,
    write_only: usize,
    kept: usize,
    scripted: usize,
    stored: Vec<String>,
}

impl Counts {
    fn of(kind: &TypeMapping) -> Counts {
        let mut counts = Counts { stored: kind.kept().map(ToString::to_string).collect(), ..Counts::default() };
        for rule in kind.rules.all() {
            let planned = kind.update.iter().any(|row| row.by.planner().is_some() && row.names(rule));
            counts.scripted += usize::from(rule.is_scripted() || planned);
            match &rule.shape {
                Shape::Kept => counts.kept += 1,
                Shape::Write(_) => counts.write_only += 1,
                _ if rule.reads_only() => counts.read_only += 1,
                _ => counts.two_way += 1,
            }
        }
        counts
    }

    fn to_json(&self) -> Value {
        json!({
            "attributes": self.two_way + self.read_only + self.write_only + self.kept,
            "two_way": self.two_way,
            "read_only": self.read_only,
            "write_only": self.write_only,
            "kept": self.kept,
            "scripted": self.scripted,
            "stored": self.stored,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.two_way + self.read_only + self.write_only + self.kept;
        let noun = if all == 1 { "attribute" } else { "attributes" };
        write!(f, "{all} {noun}: {} two-way, {} read-only, ", self.two_way, self.read_only)?;
        write!(f, "{} write-only, {} kept, {} scripted", self.write_only, self.kept, self.scripted)?;
        if self.stored.is_empty() { Ok(()) } else { write!(f, "; the store holds {}", self.stored.join(", ")) }
    }
}

/// Colours only for a terminal, and not where NO_COLOR is set.
pub fn look() -> Look {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !io::stdout().is_terminal();
    if plain { Look::Plain } else { Look::Coloured }
}
