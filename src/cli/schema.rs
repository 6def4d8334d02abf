//! `transom schema`: prints the JSON Schema of the mapping language, for editors.

use crate::mapping::json_schema;
use std::io::{self, Write};

const TEACHES: &str = "\
With it an editor completes keys, shows what each is for, and underlines what is wrong while
you type:

  transom schema > mapping.schema.json

  VS Code    Install the YAML extension (redhat.vscode-yaml). Begin each mapping file with
               # yaml-language-server: $schema=mapping.schema.json
             or say once in .vscode/settings.json for which files it is:
               { \"yaml.schemas\": { \"./mapping.schema.json\": \"mappings/*.yaml\" } }
  JetBrains  Settings, Languages & Frameworks, Schemas and DTDs, JSON Schema Mappings:
             add the file, and the pattern mappings/*.yaml
  Neovim, Helix, Emacs, Kate
             Use yaml-language-server; the comment above is all it wants.

The path in the comment is relative to the mapping file. The schema knows keys and kinds of
values; paths, attributes and placeholders are what `transom check` is for.";

/// Print the schema.
#[derive(Debug, clap::Args)]
#[command(after_help = TEACHES)]
pub struct Arguments {}

/// Prints to `out`.
///
/// # Errors
/// The output was closed.
pub fn run(_: &Arguments, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &json_schema())?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_the_copy_in_the_documentation() {
        let mut out = Vec::new();
        run(&Arguments {}, &mut out).unwrap();
        let kept = include_str!("../../docs/mapping.schema.json");
        assert!(String::from_utf8(out).unwrap() == kept, "docs/mapping.schema.json is out of date");
    }
}
