//! Mapping files from disk, with the script beside them.

use crate::mapping::{self, Compiled, Diagnostics};
use std::path::{Path, PathBuf};

/// Why a mapping could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{path}: this mapping, or the script of one, cannot be read: {cause}; correct the path")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// It does not compile.
    #[error("{0}")]
    Wrong(Diagnostics),
}

/// Reads and compiles a mapping. Its script is `scripts/<name>.rhai` beside the mapping's folder, or `<name>.rhai` beside the mapping.
///
/// # Errors
/// A file cannot be read; the mapping does not compile.
pub fn load(path: &Path) -> Result<Compiled, LoadError> {
    let bytes = std::fs::read(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let from = error.utf8_error().valid_up_to();
        LoadError::Wrong(mapping::no_text(&path.display().to_string(), error.as_bytes(), from))
    })?;
    compile(path, &text)
}

/// The same of a text that is to become the file.
///
/// # Errors
/// The script cannot be read; the mapping does not compile.
pub fn compile(path: &Path, text: &str) -> Result<Compiled, LoadError> {
    let script = script_of(path).map(|path| read(&path).map(|text| (path.display().to_string(), text))).transpose()?;
    let script = script.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    mapping::compile(&path.display().to_string(), text, script).map_err(LoadError::Wrong)
}

fn read(path: &Path) -> Result<String, LoadError> {
    std::fs::read_to_string(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })
}

fn script_of(mapping: &Path) -> Option<PathBuf> {
    let name = mapping.with_extension("rhai");
    let folder = mapping.parent().unwrap_or(Path::new("."));
    let beside = folder.join("../scripts").join(name.file_name()?);
    [beside, name].into_iter().find(|path| path.is_file())
}
