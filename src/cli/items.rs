//! What `explain` says of a list's items: which further calls each of them costs.

use crate::mapping::{Mapping, Search, TypeMapping};
use crate::plan::{self, Planned};
use crate::wire::Term;

/// A note for each kind of call that is made once per account of a page.
pub fn costs(mapping: &Mapping, kind: &TypeMapping, steps: &[Planned]) -> Vec<String> {
    let searches = kind.list.iter().chain(kind.find.iter().map(|find| &find.search));
    let asked = |search: &&Search| search.calls().any(|call| steps.iter().any(|planned| planned.step.call == call));
    let Some(search) = searches.into_iter().find(asked) else { return Vec::new() };
    let key = Term::Captured("key".into());
    let read = plan::read(kind, &key).map(|planned| plan::request_line(mapping, &planned));
    let lacks = search.lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let whole = match (&read, search.handle.is_some()) {
        (Some(line), true) => Some(format!("each item is read by its handle: {line}")),
        (Some(line), false) if kind.is_judged_by_account(search) => {
            Some(format!("each account is read, for `absent_when` looks at what items lack: {line}"))
        }
        (Some(line), false) if !lacks.is_empty() => Some(format!("for {lacks} each account is read: {line}")),
        _ => None,
    };
    let looked_into = kind.named_reads().iter().filter(|named| named.judges || !named.feeds.is_empty());
    let named = looked_into.map(|named| {
        let line = plan::request_line(mapping, &plan::part(mapping, named, (&key, None)));
        let judges = named.judges.then(|| "`absent_when` or the version".to_owned());
        let feeds = named.feeds.iter().map(ToString::to_string).chain(judges).collect::<Vec<_>>().join(", ");
        format!("for {feeds} each account costs a call: {line}")
    });
    whole.into_iter().chain(named).collect()
}
