//! Checks of a type that need its rules and its calls together.

use super::context::Context;
use super::kind::{Calls, Section};
use super::rules::Draft;
use crate::mapping::Shape;
use crate::mapping::codes;
use crate::mapping::rule::{Rule, Written};
use crate::mapping::source::Node;
use crate::mapping::{KeyRule, Takes};
use crate::scim::schema::{Mutability, Uniqueness};
use crate::wire::{Path, ResultAt, Variable};
use serde_json::Value;

pub(super) fn rules_and_calls(section: &Section<'_>, calls: &Calls, (drafts, key): (&[Draft], Option<&KeyRule>)) {
    required(section, drafts);
    for_names_a_rule(section, calls, drafts);
    if !section.entry.value.get("update").map(Node::items).unwrap_or_default().is_empty() {
        changes_are_taken(section, calls, (drafts, key));
    }
    everything_is_sent(section, calls, drafts);
    rows_are_used(section, calls);
    planned_changes_are_seen(section, calls, drafts);
    lacks_are_read(section, calls);
    holes_have_values(section, key, calls);
    if let Some(key) = key {
        made_from_rules(section, key, drafts);
        key_is_yielded(section, calls, (drafts, key));
    }
}

fn required(section: &Section<'_>, drafts: &[Draft]) {
    let Some(attributes) = section.entry.value.entry("attributes") else { return };
    let core = section.kind.core().attributes.iter();
    for attribute in core.filter(|one| one.required && one.mutability != Mutability::ReadOnly) {
        let mapped = drafts
            .iter()
            .any(|draft| draft.rule.attribute.name == attribute.name && draft.rule.attribute.extension.is_none());
        // A rule that could not be read was reported; it is not missing.
        let written = attributes.value.entries().iter().any(|entry| entry.key.eq_ignore_ascii_case(&attribute.name));
        if !mapped && !written {
            let message = format!("`{}` has no rule, and SCIM requires it", attribute.name);
            section.context.report.say(&codes::REQUIRED_UNMAPPED, &attributes.key_span, message);
        }
    }
}

fn for_names_a_rule(section: &Section<'_>, calls: &Calls, drafts: &[Draft]) {
    for (row, takes) in calls.update.iter().flat_map(|row| row.takes.iter().map(move |takes| (row, takes))) {
        let known = drafts.iter().any(|draft| overlaps(takes, &draft.rule));
        if !known {
            let message = format!("`for` names `{}`, which has no rule", takes.attribute);
            section.context.report.say(&codes::ROW_WITHOUT_RULE, &row_span(section, row.line), message);
        }
    }
}

fn overlaps(takes: &Takes, rule: &Rule) -> bool {
    takes.attribute.covers(&rule.attribute) || rule.attribute.covers(&takes.attribute)
}

fn has_own_rule(takes: &Takes, drafts: &[Draft]) -> bool {
    takes.attribute.sub.is_some() && drafts.iter().any(|draft| draft.rule.attribute == takes.attribute)
}

/// Where the `for` of the row in this line stands.
fn row_span(section: &Section<'_>, line: u32) -> std::ops::Range<usize> {
    let rows = section.entry.value.get("update").map(Node::items).unwrap_or_default();
    let row = rows.iter().find(|row| section.context.report.line(row.span.start) == line);
    let place = row.and_then(|row| row.get("for").or(Some(row)));
    place.map_or_else(|| section.entry.key_span.clone(), |node| node.span.clone())
}

/// Every attribute that can be written is carried by some row.
fn changes_are_taken(section: &Section<'_>, calls: &Calls, (drafts, key): (&[Draft], Option<&KeyRule>)) {
    // A row that could not be read was reported; what it would take is not known.
    let rows = section.entry.value.get("update").map_or(0, |node| node.items().len());
    if calls.update.len() != rows || calls.update.iter().any(|row| row.takes.is_empty()) {
        return;
    }
    for draft in drafts.iter().filter(|draft| is_sent(&draft.rule) && !draft.marks.is_immutable()) {
        let rule = &draft.rule;
        let in_key = key.and_then(|key| key.made.as_ref()).is_some_and(|made| {
            made.holes().any(|hole| matches!(hole, Variable::Attribute(name) if **name == *rule.attribute.to_string()))
        });
        let takes = calls.update.iter().flat_map(|row| &row.takes).filter(|takes| overlaps(takes, rule));
        // A row for a part that has a rule of its own takes that part alone.
        let takes = takes.filter(|takes| takes.attribute == rule.attribute || !has_own_rule(takes, drafts));
        if !in_key && !is_whole(section, rule, &takes.collect::<Vec<_>>()) {
            let message = format!("no row of `update` takes a change of `{}`", rule.attribute);
            let hint = "name it in a row's `for:`, add a row without `for:`, or mark the rule `immutable: true`";
            section.context.report.hint(&codes::CHANGE_WITHOUT_CALL, &draft.key, (message, hint));
        }
    }
}

/// What the create cannot carry is taken by a row of `update`, else it would be set in vain.
fn everything_is_sent(section: &Section<'_>, calls: &Calls, drafts: &[Draft]) {
    let rows = section.entry.value.get("update").map_or(0, |node| node.items().len());
    let (Some(create), true) = (&calls.create, calls.update.len() == rows) else { return };
    let declared = section.context.calls.borrow();
    let Some(call) = declared.get(usize::from(create.write.call.0)) else { return };
    let holes = call.holes();
    let carries = holes.contains(&&Variable::Account);
    let dropped = |path: &Path| create.write.drop.iter().any(|drop| is_inside(path, drop));
    let added = |path: &Path| create.write.with.iter().any(|(name, _)| is_inside(path, &Path::of_names([&**name])));
    let names = |rule: &Rule| {
        holes.iter().any(|hole| match hole {
            Variable::Key => true,
            Variable::Attribute(name) => {
                section.kind.path(name).is_ok_and(|path| path.covers(&rule.attribute) || rule.attribute.covers(&path))
            }
            Variable::Field(field) => rule.written_paths().iter().any(|path| is_inside(field, path)),
            _ => false,
        })
    };
    for draft in drafts.iter().filter(|draft| is_sent(&draft.rule)) {
        let rule = &draft.rule;
        let written = rule.written_paths();
        let sent = carries && written.iter().any(|path| !dropped(path) || added(path));
        if !sent && !names(rule) && !calls.update.iter().any(|row| row.may_take(rule)) {
            let message = format!("the create does not send `{}`, and no row of `update` takes it", rule.attribute);
            let hint = "name it in a row's `for:`, or let the create carry it";
            section.context.report.hint(&codes::NEVER_SENT, &draft.key, (message, hint));
        }
    }
}

fn is_inside(inner: &Path, outer: &Path) -> bool {
    inner.text().strip_prefix(outer.text()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn is_sent(rule: &Rule) -> bool {
    let named = matches!(rule.shape, Shape::Read(_));
    rule.written == Written::Sent && (named || !rule.written_paths().is_empty())
}

/// All changes are taken: by name, or by both values of a boolean.
fn is_whole(section: &Section<'_>, rule: &Rule, takes: &[&Takes]) -> bool {
    let boolean =
        section.kind.attribute(&rule.attribute).is_some_and(|one| one.kind == crate::scim::schema::Kind::Boolean);
    let takes_value = |wanted: bool| takes.iter().any(|one| one.value == Some(Value::Bool(wanted)));
    takes.iter().any(|one| one.value.is_none())
        || (boolean && takes_value(true) && takes_value(false))
        || (!boolean && !takes.is_empty())
}

/// A second row without `for`, or one whose changes an earlier row takes.
fn rows_are_used(section: &Section<'_>, calls: &Calls) {
    for (position, row) in calls.update.iter().enumerate() {
        let earlier = &calls.update[..position];
        let taken = |takes: &Takes| {
            earlier
                .iter()
                .flat_map(|row| &row.takes)
                .any(|old| old.attribute.covers(&takes.attribute) && (old.value.is_none() || old.value == takes.value))
        };
        let unused = match row.takes.as_slice() {
            [] => earlier.iter().any(|old| old.takes.is_empty()),
            all => all.iter().all(taken),
        };
        if unused {
            let message = "earlier rows take everything that this one would";
            section.context.report.say(&codes::ROW_NEVER_USED, &row_span(section, row.line), message);
        }
    }
}

/// A function that plans calls finds each change in the account that it is shown.
fn planned_changes_are_seen(section: &Section<'_>, calls: &Calls, drafts: &[Draft]) {
    for row in calls.update.iter().filter(|row| row.by.planner().is_some()) {
        let taken = |rule: &Rule| row.takes.iter().any(|takes| takes.attribute.covers(&rule.attribute));
        let unseen = |rule: &Rule| matches!(rule.shape, Shape::Read(_)) && rule.shows_at().is_none() && taken(rule);
        if let Some(draft) = drafts.iter().find(|draft| unseen(&draft.rule)) {
            let message = format!("the function is not shown what `{}` becomes", draft.rule.attribute);
            let hint = "its rule reads no single field that could be written; give it one with `at:` or `write:`";
            section.context.report.hint(&codes::CHANGE_UNSEEN, &row_span(section, row.line), (message, hint));
        }
    }
}

fn lacks_are_read(section: &Section<'_>, calls: &Calls) {
    if section.entry.value.get("read").is_some() {
        return;
    }
    let lacking = calls.list.iter().find(|list| !list.lacks.is_empty());
    if let (Some(_), Some(list)) = (lacking, section.entry.value.entry("list")) {
        let message = "what the items lack is read from the account, and there is no `read`";
        section.context.report.say(&codes::LACKS_WITHOUT_READ, &list.key_span, message);
    }
}

fn made_from_rules(section: &Section<'_>, key: &KeyRule, drafts: &[Draft]) {
    for hole in key.made.iter().flat_map(|made| made.holes()) {
        let Variable::Attribute(name) = hole else { continue };
        let mapped =
            section.kind.path(name).is_ok_and(|path| drafts.iter().any(|draft| draft.rule.attribute.covers(&path)));
        let place = section.entry.value.get("key").and_then(|key| key.get("made"));
        if let (false, Some(place)) = (mapped, place) {
            let message = format!("`{name}` has no rule, so the key could not be made");
            section.context.report.say(&codes::MADE_FROM_NOTHING, &place.span, message);
        }
    }
}

fn key_is_yielded(section: &Section<'_>, calls: &Calls, (drafts, key): (&[Draft], &KeyRule)) {
    let declared = section.context.calls.borrow();
    let create = calls.create.as_ref().and_then(|create| declared.get(usize::from(create.write.call.0)));
    let polled = section.entry.value.get("create").is_some_and(|create| create.get("poll").is_some());
    // A create that is waited for yields an account that can be looked for.
    let found = polled || names_are_found(section, calls, drafts);
    let silent = !found && create.is_some_and(|call| call.result == ResultAt::Nowhere && call.key.is_none());
    if let (true, None, Some(entry)) = (silent, &key.made, section.entry.value.entry("create")) {
        let hint = "`key: { header: Location, after: /users/ }` or `key: \"$.id\"` says where it stands; \
                    if it stands nowhere, a `find` by a required and unique attribute lets the gateway look for the new account";
        section.context.report.hint(
            &codes::KEY_NOT_YIELDED,
            &entry.key_span,
            ("this create's answer names no key", hint),
        );
    }
}

/// Is there a `find` by an attribute that tells the account from all others?
fn names_are_found(section: &Section<'_>, calls: &Calls, drafts: &[Draft]) -> bool {
    let tells = |draft: &&Draft| {
        let attribute = section.kind.attribute(&draft.rule.attribute).cloned().map(|mut attribute| {
            draft.marks.apply(&mut attribute);
            attribute
        });
        attribute.is_some_and(|attribute| attribute.required && attribute.uniqueness != Uniqueness::None)
    };
    let mut names = drafts.iter().filter(tells).map(|draft| &draft.rule.attribute);
    names.any(|name| calls.find.iter().any(|find| find.by.contains(name)))
}

/// `<key>` in a create is a made one; `<value>` in an update row is the value of the row's one attribute.
fn holes_have_values(section: &Section<'_>, key: Option<&KeyRule>, calls: &Calls) {
    let declared = section.context.calls.borrow();
    let uses = |call: crate::wire::CallId, hole: &Variable| {
        declared.get(usize::from(call.0)).is_some_and(|call| call.holes().contains(&hole))
    };
    let report = section.context.report;
    let issued = key.is_some_and(|key| key.made.is_none());
    let created = calls.create.as_ref().is_some_and(|create| uses(create.write.call, &Variable::Key));
    if let (true, true, Some(entry)) = (issued, created, section.entry.value.entry("create")) {
        let hint = "say in the type's `key:` how it is made";
        report.hint(
            &codes::VARIABLE_NOT_HERE,
            &entry.value.span,
            ("before a create there is no `<key>`: the product issues it", hint),
        );
    }
    let takes_value = |row: &&crate::mapping::UpdateRow| {
        row.takes.len() != 1 && row.by.call().is_some_and(|write| uses(write.call, &Variable::Value))
    };
    for row in calls.update.iter().filter(takes_value) {
        let hint = "name the one attribute in `for:`";
        let span = row_span(section, row.line);
        report.hint(&codes::VARIABLE_NOT_HERE, &span, ("`<value>` has a value only in a row for one attribute", hint));
    }
}

/// Settings that nothing uses.
pub(super) fn unused_settings(context: &Context<'_>) {
    let used = context.used.borrow();
    for (name, span) in context.settings.iter().filter(|(name, _)| !used.contains(&*format!("settings.{name}"))) {
        context.report.say(&codes::UNUSED_SETTING, span, format!("nothing uses the setting `{name}`"));
    }
}
