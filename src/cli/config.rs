//! `transom config`: prints the documented default file, or what a file comes to.

use std::io::Write;
use std::path::PathBuf;

use crate::config::{Config, ConfigError, DEFAULT};

/// Prints a configuration.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print the default file instead: every key, its default and what it is for
    #[arg(long)]
    default: bool,
    /// Print what this file comes to, with all defaults; of secrets only where they are found
    #[arg(long, value_name = "FILE", default_value = "transom.yaml", env = "TRANSOM_CONFIG")]
    config: PathBuf,
}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigCommandError {
    /// The file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The output was closed.
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

/// Prints to `out`.
///
/// # Errors
/// [`ConfigCommandError`], one line.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<(), ConfigCommandError> {
    if arguments.default {
        out.write_all(DEFAULT.as_bytes())?;
    } else {
        write!(out, "{}", Config::load(&arguments.config)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn printed(arguments: &[&str]) -> Result<String, String> {
        let program = Program::try_parse_from(arguments).map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        run(&program.arguments, &mut out).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_default_file_is_printed_as_it_is() {
        assert_eq!(printed(&["config", "--default"]).unwrap(), DEFAULT);
    }

    #[test]
    fn a_file_is_printed_with_its_defaults() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = printed(&["config", "--config", file.path().to_str().unwrap()]).unwrap();
        assert!(said.contains("body: 1MiB\n"), "{said}");
    }

    #[test]
    fn a_missing_file_is_told_with_the_way_out() {
        let said = printed(&["config", "--config", "/nowhere/transom.yaml"]).unwrap_err();
        assert!(said.starts_with("/nowhere/transom.yaml: cannot be read: No such file"), "{said}");
        assert!(said.contains("transom config --default"), "{said}");
    }
}
