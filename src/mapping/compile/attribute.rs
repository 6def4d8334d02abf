//! Attribute names of a mapping file, attributes of its own, and the marks that rules leave in the schema.

use super::context::flag;
use crate::mapping::codes;
use crate::mapping::diagnostic::Report;
use crate::mapping::rule::{Rule, Shape, Written};
use crate::mapping::source::{Entry, Node};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, ENTERPRISE_SCHEMA, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness};
use std::borrow::Cow;
use std::sync::Arc;

const KINDS: [(&str, Kind); 7] = [
    ("string", Kind::String),
    ("boolean", Kind::Boolean),
    ("decimal", Kind::Decimal),
    ("integer", Kind::Integer),
    ("dateTime", Kind::DateTime),
    ("binary", Kind::Binary),
    ("reference", Kind::Reference),
];

/// `enterprise:x` stands for the URN of the enterprise extension.
pub(super) fn long(name: &str) -> Cow<'_, str> {
    match name.split_once(':') {
        Some((short, rest)) if short.eq_ignore_ascii_case("enterprise") => {
            Cow::Owned(format!("{ENTERPRISE_SCHEMA}:{rest}"))
        }
        _ => Cow::Borrowed(name),
    }
}

/// The resource type with the attributes that the file declares under URNs of its own.
pub(super) fn extended(report: &Report, mut kind: ResourceType, attributes: Option<&Node>) -> ResourceType {
    let mut schemas: Vec<Schema> = Vec::new();
    for entry in attributes.map(Node::entries).unwrap_or_default() {
        let name = long(&entry.key);
        let known = kind.path(&name).is_ok();
        if known || !name.to_ascii_lowercase().starts_with("urn:") {
            continue;
        }
        let of_known_schema = kind
            .schemas
            .iter()
            .any(|schema| name.get(..schema.id.len()).is_some_and(|head| head.eq_ignore_ascii_case(&schema.id)));
        if !of_known_schema && let Some((urn, attribute)) = declared(report, entry, &name) {
            add(&mut schemas, urn, attribute);
        }
    }
    schemas.into_iter().for_each(|schema| kind.extend(schema));
    kind
}

fn declared<'n>(report: &Report, entry: &Entry, name: &'n str) -> Option<(&'n str, Attribute)> {
    let (urn, local) = name.rsplit_once(':').filter(|(urn, _)| urn.len() > 4)?;
    let is_name = local.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && local.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    if !is_name {
        let message = format!("`{local}` is not the name of an attribute");
        report.hint(
            &codes::CUSTOM_ATTRIBUTE,
            &entry.key_span,
            (message, "letters, digits, `_` and `-`, a letter first"),
        );
        return None;
    }
    let kind = match entry.value.get("type").and_then(|node| Some((node, node.text()?))) {
        None => Kind::String,
        Some((node, word)) => match KINDS.iter().find(|(name, _)| *name == word) {
            Some((_, kind)) => *kind,
            None => {
                let words = KINDS.map(|(name, _)| name).join(", ");
                report.say(&codes::CUSTOM_ATTRIBUTE, &node.span, format!("`{word}` is not one of {words}"));
                Kind::String
            }
        },
    };
    let attribute = Attribute {
        name: local.into(),
        kind,
        multi_valued: flag(&entry.value, "multi_valued"),
        description: "An attribute of this product's own.".into(),
        required: false,
        canonical_values: Vec::new(),
        case_exact: matches!(kind, Kind::Reference | Kind::Binary),
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
        offered: false,
    };
    Some((urn, attribute))
}

fn add(schemas: &mut Vec<Schema>, urn: &str, attribute: Attribute) {
    if let Some(schema) = schemas.iter_mut().find(|schema| schema.id.eq_ignore_ascii_case(urn)) {
        return schema.attributes.push(attribute);
    }
    let name: Arc<str> = urn.rsplit(':').next().unwrap_or(urn).into();
    schemas.push(Schema {
        id: urn.into(),
        name,
        description: "Attributes of this product's own.".into(),
        attributes: vec![attribute],
    });
}

/// Schema characteristics that a rule states.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    required: bool,
    unique: bool,
    immutable: bool,
    case_exact: bool,
}

impl Marks {
    pub(super) fn of(node: &Node) -> Marks {
        Marks {
            required: flag(node, "required"),
            unique: flag(node, "unique"),
            immutable: flag(node, "immutable"),
            case_exact: flag(node, "case_exact"),
        }
    }

    pub(super) fn is_immutable(self) -> bool {
        self.immutable
    }

    pub(super) fn apply(self, attribute: &mut Attribute) {
        attribute.required |= self.required;
        attribute.case_exact |= self.case_exact;
        if self.unique && attribute.uniqueness == Uniqueness::None {
            attribute.uniqueness = Uniqueness::Server;
        }
        if self.immutable && attribute.mutability == Mutability::ReadWrite {
            attribute.mutability = Mutability::Immutable;
        }
    }
}

/// Marks everything as not offered that only a rule can offer.
pub(super) fn withdraw(kind: &mut ResourceType) {
    for name in ["externalId", "meta.created", "meta.lastModified", "meta.version"] {
        if let Ok(path) = kind.path(name) {
            kind.mark(&path, |attribute| attribute.offered = false);
        }
    }
}

/// Marks what a rule offers: the attribute, its parent, and exactly the sub-attributes that it maps.
pub(super) fn offer(kind: &mut ResourceType, rule: &Rule) {
    let parent = rule.attribute.parent();
    mark(kind, &parent);
    mark(kind, &rule.attribute);
    let subs: Vec<Arc<str>> = match &rule.shape {
        Shape::One { at, of_type, .. } => {
            let own = [of_type.as_ref().map(|_| Arc::from("type")), Some(Arc::from("primary"))];
            at.iter().map(|(sub, _)| sub.clone()).chain(own.into_iter().flatten()).collect()
        }
        Shape::Each { items, .. } => {
            // Whoever knows the id knows the address.
            let refers = items.iter().any(|item| &*item.sub == "value" && item.refers_to.is_some());
            items.iter().map(|item| item.sub.clone()).chain(refers.then(|| Arc::from("$ref"))).collect()
        }
        // The name as one text has these parts, and no others.
        _ if rule.is_split_name() => vec!["givenName".into(), "familyName".into()],
        _ if rule.attribute.sub.is_none() => every_sub(kind, &parent),
        _ => Vec::new(),
    };
    subs.iter().for_each(|sub| mark(kind, &parent.with_sub(sub)));
}

/// The `type`s of all `one:` rules of an attribute become its canonical values.
pub(super) fn canonical_types(kind: &mut ResourceType, rules: &[Rule]) {
    for rule in rules.iter().filter(|rule| matches!(rule.shape, Shape::One { .. })) {
        let same = rules.iter().filter(|other| other.attribute == rule.attribute);
        let types: Vec<Arc<str>> = same
            .filter_map(|one| match &one.shape {
                Shape::One { of_type, .. } => of_type.clone(),
                _ => None,
            })
            .collect();
        kind.mark(&rule.attribute.with_sub(&"type".into()), |attribute| attribute.canonical_values = types);
    }
}

fn every_sub(kind: &ResourceType, parent: &AttributePath) -> Vec<Arc<str>> {
    let attribute = kind.attribute(parent);
    attribute.map(|one| one.sub_attributes.iter().map(|sub| sub.name.clone()).collect()).unwrap_or_default()
}

fn mark(kind: &mut ResourceType, path: &AttributePath) {
    kind.mark(path, |attribute| attribute.offered = true);
}

/// What a rule that only reads says to clients: read-only, unless changes are to be accepted and ignored, or looked at and refused.
pub(super) fn limit(kind: &mut ResourceType, (rule, says_ignore): (&Rule, bool)) {
    let accepts = matches!(rule.shape, Shape::Read(_) | Shape::Elected { .. })
        && (rule.written != Written::Ignored || says_ignore);
    if rule.reads_only() && !accepts && rule.through.is_none() {
        restrict(kind, &rule.attribute, Mutability::ReadOnly);
    }
    if let Shape::Each { items, .. } = &rule.shape {
        for item in items.iter().filter(|item| item.read_only && rule.through.is_none()) {
            restrict(kind, &rule.attribute.with_sub(&item.sub), Mutability::ReadOnly);
        }
    }
}

/// Restricts when an attribute may be written.
pub(super) fn restrict(kind: &mut ResourceType, path: &AttributePath, to: Mutability) {
    kind.mark(path, |attribute| {
        if attribute.mutability == Mutability::ReadWrite {
            attribute.mutability = to;
        }
    });
}
