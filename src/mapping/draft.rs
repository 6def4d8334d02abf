//! A document on its way to the target, field by field.

use crate::wire::{Body, Hop, Path, Scope, Term, Variable};
use serde_json::Value;
use std::borrow::Cow;

/// A document on its way to the target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The fields so far.
    pub document: Value,
    /// Places that are filled when the call is sent, by settings, lookups or random text; the document shows their placeholders there.
    pub late: Vec<(Path, Body)>,
    /// Each field written, and the line of the rule behind it.
    pub lines: Vec<(Path, u32)>,
}

impl Draft {
    /// The document as an argument: a value, or one that is still open where a random text is drawn when it is sent.
    pub fn take_term(&mut self) -> Term {
        if self.late.is_empty() {
            return Term::Value(self.document.take());
        }
        let mut body = Body::of(&self.document);
        for (at, late) in std::mem::take(&mut self.late) {
            let slot = at.hops().and_then(|hops| hops.iter().try_fold(&mut body, |place, hop| place.field(hop)));
            if let Some(slot) = slot {
                *slot = late;
            }
        }
        Term::Open(body)
    }

    /// Writes a field as far as it is known now; the rest is filled in when the call is sent.
    pub fn put_late(&mut self, at: &Path, (body, scope): (&Body, &dyn Scope), line: u32) {
        let put = |hole: &Variable| scope.value(hole).filter(|_| !hole.is_late()).map(|value| Body::of(&value));
        let Some(body) = body.with(&put) else { return };
        if let Some(value) = body.fill(&Placeholders) {
            self.put(at, value, line);
            self.late.push((at.clone(), body));
        }
    }

    /// Is the place, or a part of it, or what it is a part of, filled when the call is sent?
    pub fn is_late(&self, at: &Path) -> bool {
        let within = |inner: &[Hop], outer: &[Hop]| inner.starts_with(outer) || outer.starts_with(inner);
        let hops = at.hops();
        self.late.iter().any(|(late, _)| hops.zip(late.hops()).is_none_or(|(one, other)| within(one, other)))
    }

    /// Writes a field and notes the rule behind it.
    pub fn put(&mut self, at: &Path, value: Value, line: u32) {
        at.set(&mut self.document, value);
        self.lines.push((at.clone(), line));
    }

    /// Leaves a field out, which is a change too, and notes the rule behind it.
    pub(crate) fn leave_out(&mut self, at: &Path, line: u32) {
        at.remove(&mut self.document);
        self.lines.push((at.clone(), line));
    }

    /// The place as it stands: as an earlier rule wrote it, or as the account was read.
    pub(crate) fn standing<'a>(&'a self, at: &Path, before: Option<&'a Value>) -> Option<&'a Value> {
        at.first(&self.document).or_else(|| at.first(before?))
    }

    /// Copies the array that a filtered path leads through from the account as read, so that its other elements survive.
    pub(crate) fn carry(&mut self, at: &Path, before: Option<&Value>) {
        let Some(hops) = at.hops() else { return };
        let Some(depth) = hops.iter().position(|hop| !matches!(hop, Hop::Name(_))) else { return };
        let names = hops[..depth].iter().filter_map(|hop| match hop {
            Hop::Name(name) => Some(&**name),
            _ => None,
        });
        let array = Path::of_names(names);
        if array.first(&self.document).is_none()
            && let Some(whole) = before.and_then(|document| array.first(document))
        {
            array.set(&mut self.document, whole.clone());
        }
    }
}

/// Shows what is filled in late as its placeholder.
struct Placeholders;

impl Scope for Placeholders {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        variable.is_late().then(|| Cow::Owned(Value::from(format!("<{variable}>"))))
    }
}
