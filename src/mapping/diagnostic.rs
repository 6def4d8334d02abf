//! Messages about a mapping file, like a compiler's: code, place, excerpt with carets, the way out.

use crate::mapping::codes::{Code, Severity};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file as diagnostics show it.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, as the caller gave it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One message about a mapping file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: &'static Code,
    /// What is wrong here.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// The file.
    pub source: Arc<SourceFile>,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
}

/// How a message is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// For files, pipes and tests.
    Plain,
    /// For terminals.
    Coloured,
}

/// Everything wrong with a mapping file, in file order; warnings are among it.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostic {
    /// Is it a mistake, or advice?
    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        let before = self.before();
        before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1
    }

    /// The message with its excerpt, as rustc draws it.
    pub fn render(&self, look: Look) -> String {
        let (renderer, level) = match (look, self.severity()) {
            (Look::Plain, Severity::Error) => (Renderer::plain(), Level::ERROR),
            (Look::Plain, Severity::Warning) => (Renderer::plain(), Level::WARNING),
            (Look::Coloured, Severity::Error) => (Renderer::styled(), Level::ERROR),
            (Look::Coloured, Severity::Warning) => (Renderer::styled(), Level::WARNING),
        };
        let snippet = Snippet::source(&self.source.text)
            .path(self.source.name.as_str())
            .annotation(AnnotationKind::Primary.span(self.marked()));
        let group = level.primary_title(&self.message).id(self.code.id).element(snippet);
        let report = match &self.hint {
            Some(hint) => [group.element(Level::HELP.message(hint))],
            None => [group],
        };
        renderer.render(&report)
    }

    /// The message for editors and CI. `line`, `column`, `end_line` and `end_column` count from 1, columns in characters.
    pub fn to_json(&self) -> Value {
        let end = Diagnostic { span: self.marked().end..self.marked().end, ..self.clone() };
        json!({
            "code": self.code.id,
            "severity": self.severity().word(),
            "message": self.message,
            "hint": self.hint,
            "file": self.source.name,
            "line": self.line(),
            "column": self.column(),
            "end_line": end.line(),
            "end_column": end.column(),
        })
    }

    fn before(&self) -> &str {
        self.source.text.get(..self.span.start).unwrap_or(&self.source.text)
    }

    /// The span cut to its first line: a whole block underlined says less than its beginning.
    fn marked(&self) -> Range<usize> {
        let text = &self.source.text;
        let start = self.span.start.min(text.len());
        let end = self.span.end.clamp(start, text.len());
        let line_end = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
        start..start + text[start..line_end].trim_end().len()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.severity().word();
        let (file, line, column) = (&self.source.name, self.line(), self.column());
        write!(f, "{file}:{line}:{column}: {word}[{}]: {}", self.code.id, self.message)
    }
}

impl Diagnostics {
    /// Every message, drawn one below the other.
    pub fn render(&self, look: Look) -> String {
        self.0.iter().map(|one| one.render(look) + "\n").collect::<Vec<_>>().join("\n")
    }

    /// Every message for editors and CI.
    pub fn to_json(&self) -> Value {
        self.0.iter().map(Diagnostic::to_json).collect()
    }

    /// How many of them are mistakes.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|one| one.severity() == Severity::Error).count()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|one| writeln!(f, "{one}"))
    }
}

impl std::error::Error for Diagnostics {}

/// What gathers messages while a file is read.
#[derive(Debug)]
pub(super) struct Report {
    source: Arc<SourceFile>,
    found: RefCell<Vec<Diagnostic>>,
}

impl Report {
    pub(super) fn new(name: &str, text: &str) -> Report {
        let source = Arc::new(SourceFile { name: name.to_owned(), text: text.to_owned() });
        Report { source, found: RefCell::default() }
    }

    pub(super) fn text(&self) -> &str {
        &self.source.text
    }

    pub(super) fn say(&self, code: &'static Code, span: &Range<usize>, message: impl Into<String>) {
        self.add(code, span, message.into(), None);
    }

    pub(super) fn hint(
        &self,
        code: &'static Code,
        span: &Range<usize>,
        (message, hint): (impl Into<String>, impl Into<String>),
    ) {
        self.add(code, span, message.into(), Some(hint.into()));
    }

    /// A message that ends with the nearest known word, if one is near.
    pub(super) fn near(&self, code: &'static Code, span: &Range<usize>, (message, near): (String, Option<String>)) {
        self.add(code, span, message, near.map(|word| format!("did you mean `{word}`?")));
    }

    pub(super) fn line(&self, offset: usize) -> u32 {
        let before = self.source.text.get(..offset).unwrap_or_default();
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.found.borrow().iter().any(|one| one.severity() == Severity::Error)
    }

    /// Was a mistake found within this part of the file?
    pub(super) fn is_wrong_in(&self, part: &Range<usize>) -> bool {
        let inside = |span: &Range<usize>| part.start <= span.start && span.end <= part.end;
        self.found.borrow().iter().any(|one| one.severity() == Severity::Error && inside(&one.span))
    }

    pub(super) fn has(&self, code: &Code, span: &Range<usize>) -> bool {
        self.found.borrow().iter().any(|one| one.code == code && one.span == *span)
    }

    /// The messages in file order, each once; where there is a mistake, advice about the same place is left out.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|one| (one.span.start, one.code.id));
        let errors: Vec<Range<usize>> =
            found.iter().filter(|one| one.severity() == Severity::Error).map(|one| one.span.clone()).collect();
        found.retain(|one| one.severity() == Severity::Error || !errors.contains(&one.span));
        found.dedup_by(|next, one| next.span == one.span && next.code == one.code && next.message == one.message);
        found
    }

    fn add(&self, code: &'static Code, span: &Range<usize>, message: String, hint: Option<String>) {
        let source = self.source.clone();
        self.found.borrow_mut().push(Diagnostic { code, message, hint, source, span: span.clone() });
    }
}
