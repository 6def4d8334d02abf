//! A plan as text: what `explain` shows and tests compare. Settings, random texts and captured values stand as their placeholders.

use crate::mapping::Mapping;
use crate::plan::{Planned, Purpose, call_of};
use crate::wire::{Call, Paging, Scope, Template, Term, Variable};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The steps, numbered, each with its body and the mapping line behind each field.
pub fn print(mapping: &Mapping, steps: &[Planned]) -> String {
    let mut text = String::new();
    for (number, planned) in steps.iter().enumerate() {
        let call = call_of(mapping, planned);
        let note = match planned.purpose {
            Purpose::Read => "   # reads the account",
            _ => "",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}. {}{note}", number + 1, named(mapping, planned));
        for line in headers(call, planned).chain(pages(call)) {
            let _ = writeln!(text, "     {line}");
        }
        let shared = call.shared.as_ref();
        let body = body(mapping, planned).map(|body| shared.map_or_else(|| body.clone(), |shared| shared.shown(&body)));
        if let Some(body) = body.filter(|body| shared.is_none() || !body.is_null()) {
            let _ = writeln!(text, "     {body}");
        }
        for (field, line) in &planned.fields {
            let _ = writeln!(text, "     {field}   {}:{line}", mapping.file);
        }
        if let Some((function, line)) = &planned.planner {
            let _ = writeln!(text, "     planned by `{function}`   {}:{line}", mapping.file);
        } else if planned.fields.is_empty() {
            let _ = writeln!(text, "     {}   {}:{}", call.name, mapping.file, call.line);
        }
    }
    text
}

/// The headers that the call itself declares.
fn headers<'a>(call: &'a Call, planned: &'a Planned) -> impl Iterator<Item = String> + 'a {
    let line = |(name, value): &(_, Template)| {
        value.fill_text(&Open(Shown(planned))).map(|value| format!("{}: {value}", http::HeaderName::as_str(name)))
    };
    call.headers.iter().filter_map(line)
}

/// How a list is asked for its pages.
fn pages(call: &Call) -> Option<String> {
    let (names, max) = match call.listing.as_ref()?.paging.as_ref()? {
        Paging::Offset { offset, limit, max } => ([offset, limit], max),
        Paging::Page { page, size, max, .. } => ([page, size], max),
        Paging::Cursor { cursor, limit, max, .. } => ([cursor, limit], max),
    };
    let names: Vec<&str> = names.into_iter().flatten().map(|name| &**name).collect();
    let by = if names.is_empty() { String::new() } else { format!(", asked for by {}", names.join(" and ")) };
    Some(format!("pages of at most {max}{by}"))
}

/// `PUT /users/7.json`, or `rpc user.update (POST /api)` where the call is made from a shared one.
fn named(mapping: &Mapping, planned: &Planned) -> String {
    let line = request_line(mapping, planned);
    match &call_of(mapping, planned).shared {
        Some(shared) => format!("{} ({line})", shared.label),
        None => line,
    }
}

/// `PUT /users/7.json`.
pub fn request_line(mapping: &Mapping, planned: &Planned) -> String {
    let call = call_of(mapping, planned);
    let path = call.target_path(&Shown(planned)).unwrap_or_else(|cause| format!("({cause})"));
    // Placeholders that are not known yet read better with their brackets.
    format!("{} {}", call.method, path.replace("%3C", "<").replace("%3E", ">"))
}

/// The body as it would be sent.
pub fn body(mapping: &Mapping, planned: &Planned) -> Option<Value> {
    call_of(mapping, planned).body.as_ref().and_then(|body| body.fill(&Shown(planned)))
}

/// The same, and whatever is not known at all as its placeholder.
struct Open<'a>(Shown<'a>);

impl Scope for Open<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        self.0.value(variable).or_else(|| Some(Cow::Owned(format!("<{variable}>").into())))
    }
}

/// A step's arguments, and what is filled in late as its placeholder.
pub(super) struct Shown<'a>(pub(super) &'a Planned);

impl Scope for Shown<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        let known = self.0.step.arguments.iter().find(|argument| argument.variable == *variable);
        match known.map(|argument| &argument.term) {
            Some(Term::Value(value)) => Some(Cow::Borrowed(value)),
            Some(Term::Captured(name)) => Some(Cow::Owned(Value::from(format!("<{name}>")))),
            Some(Term::Open(body)) => body.fill(self).map(Cow::Owned),
            None if matches!(variable, Variable::Field(_)) => {
                let Variable::Field(path) = variable else { return None };
                let account = self.value(&Variable::Account)?;
                path.first(&account).cloned().map(Cow::Owned)
            }
            None => {
                matches!(variable, Variable::Setting(_) | Variable::Lookup(_) | Variable::Random | Variable::Version)
                    .then(|| Cow::Owned(Value::from(format!("<{variable}>"))))
            }
        }
    }
}
