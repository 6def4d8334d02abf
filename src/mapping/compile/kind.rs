//! One resource type: key, rules, calls, and the checks that need all of them.

use super::checks;
use super::context::{Context, Root, Use, flag};
use super::listing::{header, list, search};
use super::names::{Names, Place};
use super::rules::{Draft, rules};
use super::writes::{create, update};
use super::{answers, attribute, find, follow, reads, through};
use crate::mapping::codes;
use crate::mapping::rule::{Rule, Written};
use crate::mapping::source::{Entry, Node};
use crate::mapping::{
    Delete, Find, KeyForm, KeyRule, Reading, Rules, Search, TypeMapping, Unsupported, UpdateRow, VersionAt,
};
use crate::scim::schema::{Mutability, ResourceType};
use crate::wire::Variable;

/// What the file says of one type.
pub(super) struct Section<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) kind: &'a ResourceType,
    pub(super) entry: &'a Entry,
}

/// A type as far as it could be read; `None` where its key or a call is missing.
pub(super) fn kind(section: &Section<'_>) -> Option<TypeMapping> {
    let (context, node) = (section.context, &section.entry.value);
    let names = Names { context, place: Place::Read, kind: Some(section.kind), member: None };
    let fixed = node.get("fixed").map(|list| through::fixed(context, (node, list)));
    let mut key = node.get("key").and_then(|node| key(&names, node));
    if let (Some(key), Some(_)) = (&mut key, &fixed) {
        key.stable = true;
    }
    let mut drafts = node.get("attributes").map(|node| rules(context, section.kind, node)).unwrap_or_default();
    let rules: Vec<Rule> = drafts.iter().map(|draft| draft.rule.clone()).collect();
    let mut calls = Calls::of(&names, node, &rules);
    name_read_rules(&mut drafts, &calls.update);
    checks::rules_and_calls(section, &calls, (&drafts, key.as_ref()));
    let kind = marked(section.kind.clone(), &drafts, (key.as_ref(), &calls));
    let key = key?;
    let version = node.get("version").and_then(|node| version(&names, node));
    let absent_when =
        node.get("absent_when").map(|node| answers::conditions(context, (node, Root::Whole))).unwrap_or_default();
    let planned = calls.update.iter().any(|row| row.by.planner().is_some())
        || calls.delete.as_ref().is_some_and(|delete| delete.by.planner().is_some());
    let version_at = version.as_ref();
    let facts = reads::Facts { rules: &rules, absent_when: &absent_when, key: &key, version: version_at, planned };
    reads::settle(section, &mut calls, &facts);
    let rules: Vec<Rule> = drafts.into_iter().map(|draft| draft.rule).collect();
    Some(TypeMapping {
        fingerprint: fingerprint(&key, &rules),
        version,
        key,
        absent_when,
        unsupported: match node.get("unsupported").and_then(Node::text) {
            Some("refuse") => Unsupported::Refuse,
            _ => Unsupported::Ignore,
        },
        rules: Rules::new(rules, &kind),
        read: calls.read,
        list: calls.list,
        find: calls.find,
        create: calls.create,
        update: calls.update,
        delete: calls.delete,
        fixed,
        kind,
    })
}

/// The calls of one type.
pub(super) struct Calls {
    pub(super) read: Option<Reading>,
    pub(super) list: Option<Search>,
    pub(super) find: Vec<Find>,
    pub(super) create: Option<crate::mapping::Create>,
    pub(super) update: Vec<UpdateRow>,
    pub(super) delete: Option<Delete>,
}

impl Calls {
    fn of(names: &Names<'_>, node: &Node, rules: &[Rule]) -> Calls {
        let (context, Some(kind)) = (names.context, names.kind) else { return Calls::none() };
        let envelope = node.get("envelope").and_then(Node::text);
        let list = node.get("list").and_then(|node| list(&names.at(Place::List), node, (kind, rules)));
        let find = rows(node, "find").filter_map(|(position, row)| {
            let names = names.at(Place::Find);
            let by = row.get("by").map(|by| find::by(context, by, (kind, rules))).unwrap_or_default();
            let search =
                search(&names, row, (kind, rules), (&format!("{}.find[{position}]", kind.name), list.as_ref()))?;
            find::uses_value(context, row, &search);
            Some(Find { by, search })
        });
        let find = find.collect();
        let update = rows(node, "update").filter_map(|(position, row)| {
            let name = format!("{}.update[{position}]", kind.name);
            update(&names.at(Place::Update), row, (kind, envelope), &name)
        });
        Calls {
            read: node.get("read").and_then(|node| reads::reading(names, node, (kind, envelope))),
            create: node.get("create").and_then(|node| create(&names.at(Place::Create), node, (kind, envelope))),
            update: update.collect(),
            delete: node
                .get("delete")
                .and_then(|node| follow::delete(&names.at(Place::Delete), node, &format!("{}.delete", kind.name))),
            find,
            list,
        }
    }

    fn none() -> Calls {
        Calls { read: None, list: None, find: Vec::new(), create: None, update: Vec::new(), delete: None }
    }
}

fn rows<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (usize, &'n Node)> {
    node.get(key).map(Node::items).unwrap_or_default().iter().enumerate()
}

fn key(names: &Names<'_>, node: &Node) -> Option<KeyRule> {
    let context = names.context;
    let made = node.get("made").and_then(|node| names.at(Place::Made).template(node));
    let stable = flag(node, "stable");
    if let (Some(entry), true) = (node.entry("made"), stable) {
        let hint = "a made key follows its attributes; leave `stable` out";
        context.report.hint(&codes::KEY_STABLE_AND_MADE, &entry.key_span, ("a stable key is issued, not made", hint));
    }
    let place = if node.is_map() { node.get("at")? } else { node };
    let at = context.path_at(place, (Root::Whole, Use::Read))?;
    let number = node.get("as").and_then(Node::text) == Some("number");
    let any_case = node.get("case_exact").is_some_and(|value| value.json() == serde_json::Value::Bool(false));
    Some(KeyRule { at, stable, number, any_case, made, form: form(context, node) })
}

/// What becomes of the attributes that a key is made of.
fn form(context: &Context<'_>, node: &Node) -> KeyForm {
    for key in ["lower", "slug", "allowed"].iter().filter(|_| node.get("made").is_none()) {
        if let Some(entry) = node.entry(key) {
            let message = format!("`{key}` means nothing without `made`");
            context.report.say(&codes::KEY_WITHOUT_PARTNER, &entry.key_span, message);
        }
    }
    let slug = node.get("slug").filter(|slug| slug.json() != serde_json::Value::Bool(false));
    KeyForm {
        lower: flag(node, "lower"),
        slug: slug.and_then(|slug| if slug.json().is_boolean() { Some("-") } else { slug.text() }).map(Into::into),
        allowed: node.get("allowed").and_then(|node| answers::regex(context, node)),
    }
}

/// A `read:` rule whose attribute an update row names is sent by that row.
fn name_read_rules(drafts: &mut [Draft], update: &[UpdateRow]) {
    let named =
        |rule: &Rule| update.iter().flat_map(|row| &row.takes).any(|takes| takes.attribute.covers(&rule.attribute));
    for draft in drafts.iter_mut().filter(|draft| draft.rule.written == Written::Ignored && !draft.says_ignore) {
        if matches!(draft.rule.shape, crate::mapping::Shape::Read(_)) && named(&draft.rule) {
            draft.rule.written = Written::Sent;
        }
    }
}

/// The SCIM side: what is offered, and with which characteristics.
fn marked(mut kind: ResourceType, drafts: &[Draft], (key, calls): (Option<&KeyRule>, &Calls)) -> ResourceType {
    attribute::withdraw(&mut kind);
    let rules: Vec<Rule> = drafts.iter().map(|draft| draft.rule.clone()).collect();
    for draft in drafts {
        attribute::offer(&mut kind, &draft.rule);
        kind.mark(&draft.rule.attribute, |attribute| draft.marks.apply(attribute));
        attribute::limit(&mut kind, (&draft.rule, draft.says_ignore));
    }
    attribute::canonical_types(&mut kind, &rules);
    let made = key.and_then(|key| key.made.as_ref()).into_iter().flat_map(|made| made.holes());
    for name in made.filter_map(|hole| match hole {
        Variable::Attribute(name) => Some(name),
        _ => None,
    }) {
        let Ok(path) = kind.path(name) else { continue };
        if !calls.update.iter().flat_map(|row| &row.takes).any(|takes| takes.attribute.covers(&path)) {
            attribute::restrict(&mut kind, &path, Mutability::Immutable);
        }
    }
    if calls.update.is_empty() && calls.create.is_some() {
        for rule in rules.iter().filter(|rule| !rule.written_paths().is_empty() && !rule.keep) {
            attribute::restrict(&mut kind, &rule.attribute, Mutability::Immutable);
        }
    }
    kind
}

/// `version: $.revision`, `{ at: … }` or `{ header: … }`.
fn version(names: &Names<'_>, node: &Node) -> Option<VersionAt> {
    let at = |node: &Node| names.context.path_at(node, (Root::Whole, Use::Read)).map(VersionAt::At);
    match (node.get("at"), node.get("header")) {
        (Some(path), _) => at(path),
        (None, Some(header_node)) => header(names.context, header_node).map(VersionAt::Header),
        (None, None) if node.text().is_some() => at(node),
        (None, None) => {
            let hint = "`version: $.revision`, or `version: { header: ETag }`";
            names.context.report.hint(
                &codes::MISSING_KEY,
                &node.span,
                ("a version stands at a path or in a header", hint),
            );
            None
        }
    }
}

/// Changes when accounts would be known by other ids, or kept values belong to nothing.
fn fingerprint(key: &KeyRule, rules: &[Rule]) -> String {
    let made = key.made.as_ref().map(|made| format!("{:?}", made.parts)).unwrap_or_default();
    let lower = if key.form.lower { " lower" } else { "" };
    let slug = key.form.slug.as_ref().map(|between| format!(" slug {between}")).unwrap_or_default();
    let mut kept: Vec<String> =
        rules.iter().filter(|rule| rule.is_kept()).map(|rule| rule.attribute.to_string()).collect();
    kept.sort();
    format!("key {} {} {} {made}{lower}{slug}; kept {}", key.at, key.stable, key.number, kept.join(" "))
}
