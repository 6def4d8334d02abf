//! The one table of shapes: for each idea of the language its keys, the kind of value each takes, and what to say about it.
//!
//! The decoder's checks ([`check`]) and the JSON Schema ([`json_schema`]) both come from it, so they cannot disagree.

mod access;
mod answers;
mod check;
mod reading;
mod schema;
mod table;
mod values;
mod writing;

pub(super) use check::check;
pub use schema::json_schema;
pub(super) use table::MAPPING;

/// An idea with its closed set of keys.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its word, as messages use it: "a rule", "a call".
    pub(super) name: &'static str,
    /// What it is.
    pub(super) doc: &'static str,
    /// Its keys, in groups that several ideas share.
    pub(super) keys: &'static [&'static [Key]],
}

/// One key of an idea.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) want: Want,
    pub(super) required: bool,
}

/// The kind of value a key takes.
#[derive(Debug)]
pub(super) enum Want {
    /// A text, named in words: "a path", "a call".
    Text(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number from 0.
    Count,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any scalar: text, number, boolean, null.
    Scalar,
    /// Anything: a body.
    Any,
    /// An idea with its keys.
    Idea(&'static Shape),
    /// A list of these.
    List(&'static Want),
    /// One of these, or a list of them.
    Many(&'static Want),
    /// A map with free keys, named in words.
    Map(&'static str, &'static Want),
    /// One of several kinds, told apart by their YAML form.
    Or(&'static [Want]),
    /// A map with this key, or one without it.
    With(&'static str, &'static Want, &'static Want),
}

impl Shape {
    pub(super) fn all_keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().flat_map(|group| group.iter())
    }
}

const fn key(name: &'static str, want: Want, doc: &'static str) -> Key {
    Key { name, doc, want, required: false }
}

const fn must(name: &'static str, want: Want, doc: &'static str) -> Key {
    Key { name, doc, want, required: true }
}

/// Keys of the language's design that this version does not run: an honest answer is better than "unknown".
const LATER: &[&str] = &[];

/// Keys that others have, and what to write where they are not: shape, key, way out.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "a create call",
        "script",
        "a create is one call, whose answer names the key; what it cannot carry follows as rows of `update`, which may have a `script`",
    ),
    (
        "a call",
        "script",
        "only rows of `update` and `delete` have a `script`; without `add` and `remove` a row of `update` takes the whole list",
    ),
    ("an update row by script", "call", "the function plans the calls: they stand in `calls:`, and it names them"),
    ("an update row by script", "via", "the function plans the calls: it names them itself"),
    ("an update row by script", "then", "the function may plan what follows as well"),
    ("a delete by script", "call", "the function plans the calls: they stand in `calls:`, and it names them"),
    ("a delete by script", "then", "the function may plan what follows as well"),
];
