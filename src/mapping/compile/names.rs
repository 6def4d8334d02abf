//! Which placeholders exist where, and the reading of texts that may hold them.

use super::context::Context;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::text::{Form, form};
use crate::scim::schema::{ResourceType, nearest};
use crate::wire::credential::Sign;
use crate::wire::{Body, Part, Path, Template, TemplateError, Variable};
use serde_json::Value;
use std::sync::Arc;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Auth,
    Sign,
    Shared,
    Lookup,
    Made,
    ReadRule,
    Default,
    Read,
    Part,
    List,
    Find,
    Create,
    Update,
    Delete,
    Add,
    Remove,
    AfterCreate,
    AfterUpdate,
    AfterDelete,
    AfterElement,
    Detail,
    Condition,
}

/// Placeholders that exist together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Key,
    Value,
    Member,
    Item,
    Attribute,
    Field,
    Account,
    Paging,
    Random,
    Setting,
    Version,
    Answer,
    Lookup,
    /// A hole of a shared call.
    Argument,
}

/// The placeholders of one place.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) place: Place,
    /// The resource type whose attributes have names here.
    pub(super) kind: Option<&'a ResourceType>,
    /// The resource type of the members that a call adds or removes.
    pub(super) member: Option<&'a ResourceType>,
}

impl Place {
    /// How messages call it.
    fn words(self) -> &'static str {
        match self {
            Place::Auth => "in `auth`",
            Place::Sign => "in `sign`",
            Place::Shared => "in a shared call",
            Place::Lookup => "in the call of a lookup",
            Place::Made => "in a made key",
            Place::ReadRule => "in a `read:` rule",
            Place::Default => "in a default",
            Place::Read => "in the read call",
            Place::Part => "in a named read",
            Place::List => "in the list call",
            Place::Find => "in a find row",
            Place::Create => "in the create call",
            Place::Update => "in an update row",
            Place::Delete => "in the delete call",
            Place::Add => "in an `add` call",
            Place::Remove => "in a `remove` call",
            Place::AfterCreate => "in a call that follows a create",
            Place::AfterUpdate => "in a call that follows an update",
            Place::AfterDelete => "in a call that follows a delete",
            Place::AfterElement => "in a call that follows an `add` or `remove`",
            Place::Detail => "in a detail",
            Place::Condition => "in a condition",
        }
    }

    fn families(self) -> &'static [Family] {
        use Family::{
            Account, Answer, Argument, Attribute, Field, Item, Key, Lookup, Member, Paging, Random, Setting, Value,
            Version,
        };
        match self {
            Place::Auth | Place::Condition => &[Setting, Lookup],
            Place::Sign => &[Setting, Lookup, Argument],
            Place::Shared => &[Setting, Lookup, Random, Argument],
            Place::Lookup => &[Setting, Lookup, Key, Value, Member, Item, Attribute, Field, Random, Version],
            Place::Made => &[Setting, Lookup, Attribute],
            Place::ReadRule => &[Setting, Lookup, Field],
            Place::Detail => &[Setting, Field],
            Place::Default => &[Setting, Lookup, Attribute, Field, Random],
            Place::Read => &[Setting, Lookup, Key],
            Place::Part => &[Setting, Lookup, Key, Field, Paging],
            Place::List => &[Setting, Lookup, Paging],
            Place::Find => &[Setting, Lookup, Paging, Value],
            // The key of a create is a made one.
            Place::Create => &[Setting, Lookup, Key, Attribute, Field, Account, Random],
            Place::Update => &[Setting, Lookup, Key, Value, Attribute, Field, Account, Random, Version],
            Place::Delete => &[Setting, Lookup, Key, Attribute, Field, Version],
            Place::Add => &[Setting, Lookup, Key, Value, Member, Attribute, Field, Random, Version],
            Place::Remove => &[Setting, Lookup, Key, Value, Member, Item, Attribute, Field, Version],
            Place::AfterCreate => &[Setting, Lookup, Key, Attribute, Field, Account, Random, Answer],
            Place::AfterUpdate => &[Setting, Lookup, Key, Value, Attribute, Field, Account, Random, Version, Answer],
            Place::AfterDelete => &[Setting, Lookup, Key, Attribute, Field, Version, Answer],
            Place::AfterElement => {
                &[Setting, Lookup, Key, Value, Member, Item, Attribute, Field, Random, Version, Answer]
            }
        }
    }

    /// Is there a step whose arguments a lookup could be got with?
    fn has_step(self) -> bool {
        !matches!(self, Place::Auth | Place::Condition | Place::Made | Place::ReadRule | Place::Detail)
    }
}

const FIXED: [(&str, Family, Variable); 12] = [
    ("version", Family::Version, Variable::Version),
    ("key", Family::Key, Variable::Key),
    ("value", Family::Value, Variable::Value),
    ("member", Family::Member, Variable::Member),
    ("members", Family::Member, Variable::Members),
    ("account", Family::Account, Variable::Account),
    ("fields", Family::Account, Variable::Fields),
    ("offset", Family::Paging, Variable::Offset),
    ("page", Family::Paging, Variable::Page),
    ("limit", Family::Paging, Variable::Limit),
    ("cursor", Family::Paging, Variable::Cursor),
    ("random", Family::Random, Variable::Random),
];

impl<'a> Names<'a> {
    /// The same names elsewhere.
    pub(super) fn at(self, place: Place) -> Names<'a> {
        Names { place, ..self }
    }

    /// A text that may hold placeholders; a path counts as the field it leads to where fields have names.
    pub(super) fn template(&self, node: &Node) -> Option<Template> {
        let text = node.text()?;
        match form(text) {
            Form::Rooted(path) if self.place.families().contains(&Family::Field) => {
                let path = self.context.path(node, path)?;
                Some(Template { parts: vec![Part::Hole(Variable::Field(path))] })
            }
            Form::Rooted(path) => {
                let message = format!("`{path}` is a path, and no account is known {}", self.place.words());
                let hint = format!("a text that begins with `$` is written `${path}`");
                self.context.report.hint(&codes::VARIABLE_NOT_HERE, &node.span, (message, hint));
                None
            }
            Form::Item(template) if template.contains('<') => self.piece(node, (template, 0)),
            Form::Template(template) => self.piece(node, (template, text.len() - template.len())),
            Form::Constant(constant) | Form::Item(constant) => Some(Template::constant(constant)),
        }
    }

    /// A part of a node's text, which begins at this offset in it.
    pub(super) fn piece(&self, node: &Node, (text, offset): (&str, usize)) -> Option<Template> {
        match Template::parse(text, &|name| self.variable(name).map(|(variable, _)| variable)) {
            Ok(template) => {
                template.holes().for_each(|hole| self.context.note(hole));
                self.lookups_fit(&node.span, template.holes())?;
                Some(template)
            }
            Err(error) => {
                self.complain(node, (&error, offset));
                None
            }
        }
    }

    /// A body, or any value that may hold placeholders.
    pub(super) fn body(&self, node: &Node) -> Option<Body> {
        if node.is_list() {
            let all: Vec<Option<Body>> = node.items().iter().map(|item| self.body(item)).collect();
            return all.into_iter().collect::<Option<Vec<_>>>().map(Body::List);
        }
        if node.is_map() {
            let all: Vec<Option<(Arc<str>, Body)>> = node
                .entries()
                .iter()
                .map(|entry| Some((entry.key.as_str().into(), self.body(&entry.value)?)))
                .collect();
            return all.into_iter().collect::<Option<Vec<_>>>().map(Body::Object);
        }
        match node.json() {
            Value::String(_) => self.template(node).map(Body::Template),
            constant => Some(Body::Constant(constant)),
        }
    }

    /// A placeholder's meaning, with the family it belongs to; `None` where it is unknown or has no value here.
    fn variable(&self, name: &str) -> Option<(Variable, Family)> {
        self.meaning(name).filter(|(_, family)| self.place.families().contains(family))
    }

    /// A lookup for one step has a value only in a step, and only where what its call names is known.
    pub(super) fn lookups_fit<'h>(
        &self,
        span: &std::ops::Range<usize>,
        holes: impl Iterator<Item = &'h Variable>,
    ) -> Option<()> {
        for hole in holes.filter(|hole| matches!(hole, Variable::Lookup(_))) {
            if matches!(self.place, Place::Condition | Place::Made | Place::ReadRule) {
                self.context.known.borrow_mut().insert(hole.to_string().into());
            }
            let needs = self.context.needs(std::iter::once(hole));
            let missing = needs.iter().find(|need| !self.has(need));
            let once = self.context.lives_once(hole);
            let hint = match missing {
                Some(missing) => format!("its call names `<{missing}>`, which has no value here"),
                None if once && !self.place.has_step() => "it lives for one step, and here is none".to_owned(),
                None => continue,
            };
            let message = format!("`<{hole}>` has no value {}", self.place.words());
            self.context.report.hint(&codes::LOOKUP_ONCE, span, (message, hint));
            return None;
        }
        Some(())
    }

    fn has(&self, variable: &Variable) -> bool {
        let family = match variable {
            Variable::Attribute(_) => Family::Attribute,
            Variable::Field(_) => Family::Field,
            Variable::ItemField(_) => Family::Item,
            Variable::MemberAttribute(_) => Family::Member,
            fixed => match FIXED.iter().find(|(.., known)| known == fixed) {
                Some((_, family, _)) => *family,
                None => return true,
            },
        };
        self.place == Place::Shared || self.place.families().contains(&family)
    }

    /// Has the name a meaning of its own, so that nothing else may have it?
    pub(super) fn is_taken(&self, name: &str) -> bool {
        let attribute = self.context.kinds.iter().any(|kind| attribute_path(kind, name).is_some());
        attribute || FIXED.iter().any(|(fixed, ..)| *fixed == name)
    }

    /// A placeholder's meaning anywhere.
    fn meaning(&self, name: &str) -> Option<(Variable, Family)> {
        if let Some((_, family, variable)) = FIXED.iter().find(|(fixed, ..)| *fixed == name) {
            return Some((variable.clone(), *family));
        }
        if let Some(setting) = name.strip_prefix("settings.") {
            let setting = self.context.settings.iter().find(|(known, _)| &**known == setting)?;
            return Some((Variable::Setting(setting.0.clone()), Family::Setting));
        }
        if name.starts_with('$') {
            return Some((Variable::Field(Path::parse(name).ok()?), Family::Field));
        }
        if let Some(field) = name.strip_prefix("item.") {
            return Some((Variable::ItemField(Path::parse(&format!(".{field}")).ok()?), Family::Item));
        }
        if let Some(field) = name.strip_prefix("answer.") {
            return Some((Variable::Answer(Path::parse(&format!("$.{field}")).ok()?), Family::Answer));
        }
        if let Some(attribute) = name.strip_prefix("member.") {
            let path = match (self.member, self.place) {
                (None, Place::Lookup) => self.context.kinds.iter().find_map(|kind| attribute_path(kind, attribute))?,
                (member, _) => attribute_path(member?, attribute)?,
            };
            return Some((Variable::MemberAttribute(path.into()), Family::Member));
        }
        if let Some(lookup) = self.context.lookups.borrow().iter().find(|lookup| *lookup.name == *name) {
            return Some((Variable::Lookup(lookup.name.clone()), Family::Lookup));
        }
        if self.place == Place::Sign && Sign::NAMES.contains(&name) {
            return Some((Variable::Argument(name.into()), Family::Argument));
        }
        if self.place == Place::Shared {
            let plain = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
            return plain.then(|| (Variable::Argument(name.into()), Family::Argument));
        }
        let path = match (self.kind, self.place) {
            // Which type it is used for is not known yet.
            (None, Place::Lookup) => self.context.kinds.iter().find_map(|kind| attribute_path(kind, name))?,
            (kind, _) => attribute_path(kind?, name)?,
        };
        Some((Variable::Attribute(path.into()), Family::Attribute))
    }

    fn complain(&self, node: &Node, (error, offset): (&TemplateError, usize)) {
        let report = self.context.report;
        match error {
            TemplateError::Unclosed { at } => {
                if !self.context.is_cut(node) {
                    let span = node.part(offset + at..offset + at + 1, report.text());
                    let hint = "close it with `>`, or write `<<` for a literal `<`";
                    report.hint(&codes::BAD_TEMPLATE, &span, ("`<` opens a placeholder that is never closed", hint));
                }
            }
            TemplateError::Unknown { at, name } => {
                let at = offset + at;
                let span = node.part(at..at + name.len() + 2, report.text());
                self.unknown(&span, name);
            }
        }
    }

    fn unknown(&self, span: &std::ops::Range<usize>, name: &str) {
        let report = self.context.report;
        if self.meaning(name).is_some() && self.place == Place::Shared {
            let hint = format!("give the call a hole, and fill it where it is used: `args: {{ hole: <{name}> }}`");
            let message = format!("`<{name}>` has no value {}", self.place.words());
            report.hint(&codes::VARIABLE_NOT_HERE, span, (message, hint));
            return;
        }
        if self.meaning(name).is_some() || name == "version" {
            let here: Vec<String> = self.known().into_iter().map(|name| format!("<{name}>")).collect();
            let message = format!("`<{name}>` has no value {}", self.place.words());
            report.hint(&codes::VARIABLE_NOT_HERE, span, (message, format!("here exist {}", here.join(" "))));
            return;
        }
        if let Some(setting) = name.strip_prefix("settings.") {
            let known = self.context.settings.iter().map(|(name, _)| &**name);
            let near = nearest(setting, known).map(|near| format!("settings.{near}"));
            report.near(&codes::UNKNOWN_SETTING, span, (format!("the setting `{setting}` is not declared"), near));
            return;
        }
        if name.starts_with('$') || name.starts_with("item.") || name.starts_with("answer.") {
            report.say(&codes::BAD_PATH, span, format!("`{name}` is not a path"));
            return;
        }
        let mut known = self.known();
        let paths = self.kind.into_iter().flat_map(ResourceType::paths).map(|path| path.to_string());
        known.extend(paths);
        let near = nearest(name, known.iter().map(String::as_str)).map(|near| format!("<{near}>"));
        report.near(&codes::UNKNOWN_VARIABLE, span, (format!("`<{name}>` is not known here"), near));
    }

    fn known(&self) -> Vec<String> {
        let families = self.place.families();
        let fixed =
            FIXED.iter().filter(|(_, family, _)| families.contains(family)).map(|(name, ..)| (*name).to_owned());
        let settings = self.context.settings.iter().map(|(name, _)| format!("settings.{name}"));
        let signed = if self.place == Place::Sign { Sign::NAMES.as_slice() } else { &[] };
        let signed = signed.iter().map(|name| (*name).to_owned());
        let lookups: Vec<String> = match families.contains(&Family::Lookup) {
            true => self.context.lookups.borrow().iter().map(|lookup| lookup.name.to_string()).collect(),
            false => Vec::new(),
        };
        let other = [
            (Family::Attribute, "attribute"),
            (Family::Field, "$.field"),
            (Family::Item, "item.field"),
            (Family::Answer, "answer.field"),
        ];
        let other = other.iter().filter(|(family, _)| families.contains(family)).map(|(_, name)| (*name).to_owned());
        fixed.chain(signed).chain(settings).chain(lookups).chain(other).collect()
    }
}

fn attribute_path(kind: &ResourceType, name: &str) -> Option<String> {
    kind.path(&super::attribute::long(name)).ok().map(|path| path.to_string())
}
