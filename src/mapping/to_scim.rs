//! From the target's account to a SCIM resource: every rule read in file order, only what is wanted.

use crate::mapping::keyed;
use crate::mapping::to_target::array_of;
use crate::mapping::transform::same;
use crate::mapping::{Cleared, Item, Rule, Shape, Source, Transform, TypeMapping, VersionAt, Wants, Written};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::Kind;
use crate::wire::answer::is_empty;
use crate::wire::template::as_text;
use crate::wire::{Path, Scope, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Why a rule could not be run. Names the rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{attribute} (line {line} of the mapping): {cause}")]
pub struct RuleError {
    /// The attribute of the rule.
    pub attribute: String,
    /// The line of the mapping file.
    pub line: u32,
    /// What went wrong.
    pub cause: RuleFault,
}

/// What can go wrong in a rule at run time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// The target's answer lacks what the mapping says is always there.
    #[error("the target's answer does not hold it, though the mapping says that it is required")]
    Missing,
    /// A transform refused the value.
    #[error(transparent)]
    Transform(#[from] crate::mapping::transform::TransformError),
    /// What a key is made of holds what the target does not take in keys.
    #[error("it makes the key, and the target does not take such a key")]
    Key,
    /// Elements that are fields of an object lack a name, or share one.
    #[error("each element needs a name of its own here, and one has none or another's")]
    Name,
    /// More elements were sent than the target can hold.
    #[error("the target holds one element only, and more were sent")]
    Rest,
}

impl RuleError {
    /// Did a script fail, rather than refuse the value?
    pub fn is_a_script_failure(&self) -> bool {
        use crate::mapping::transform::TransformError;
        use crate::script::ScriptError;
        match &self.cause {
            RuleFault::Transform(TransformError::Script(error)) => !matches!(error, ScriptError::Refused(_)),
            _ => false,
        }
    }
}

impl Rule {
    pub(crate) fn failed(&self, cause: impl Into<RuleFault>) -> RuleError {
        RuleError { attribute: self.attribute.to_string(), line: self.line, cause: cause.into() }
    }
}

/// The account as the scope of a rule's templates: `<$.field>`.
pub struct AccountScope<'a>(pub &'a Value);

impl Scope for AccountScope<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Field(path) => path.first(self.0).map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl TypeMapping {
    /// The account's key as text, if it has one.
    pub fn key_of(&self, account: &Value) -> Option<String> {
        let key = self.key.at.first(account)?;
        (!is_empty(key)).then(|| as_text(key).into_owned())
    }

    /// The target's own version, where it stands in the account.
    pub fn version_in(&self, account: &Value) -> Option<String> {
        let Some(VersionAt::At(path)) = &self.version else { return None };
        path.first(account).map(|value| as_text(value).into_owned())
    }

    /// Is this account one of ours, or a technical account or tombstone that only looks like one?
    pub fn is_absent(&self, account: &Value, settings: &dyn Scope) -> bool {
        self.absent_when.iter().any(|condition| condition.fits(account, settings))
    }

    /// Reads the account: the wanted attributes that it holds. Kept attributes are laid over it by whoever has the store;
    /// references still hold the target's keys. `known` gives the instance's settings.
    ///
    /// # Errors
    /// A value that no transform expects, or a required attribute that the account lacks.
    pub fn to_scim(&self, account: &Value, wants: Wants<'_>, known: &dyn Scope) -> Result<Resource, RuleError> {
        self.to_scim_by(&[], account, (wants, known))
    }

    /// The same with these rules in the places of the type's own: list items may show values otherwise.
    ///
    /// # Errors
    /// As [`TypeMapping::to_scim`].
    pub fn to_scim_by(
        &self,
        instead: &[(usize, Rule)],
        account: &Value,
        (wants, known): (Wants<'_>, &dyn Scope),
    ) -> Result<Resource, RuleError> {
        let mut resource = Resource::default();
        for (place, rule) in self.rules.read_in(account, wants) {
            let other = instead.iter().find(|(other, _)| *other == place).map(|(_, other)| other);
            self.read_rule(other.unwrap_or(rule), (account, known), &mut resource)?;
        }
        Ok(resource)
    }

    /// What every account shows of those attributes of the resource whose changes are refused; what depends on the account is left out.
    pub fn constants(&self, of: &Resource, known: &dyn Scope) -> Resource {
        let mut resource = Resource::default();
        for (_, rule) in self.rules.present_in(&[of]).filter(|(_, rule)| rule.written == Written::Refused) {
            // A rule that fails without an account depends on one.
            let _ = self.read_rule(rule, (&Value::Null, known), &mut resource);
        }
        resource
    }

    pub(super) fn read_rule(
        &self,
        rule: &Rule,
        (account, known): (&Value, &dyn Scope),
        resource: &mut Resource,
    ) -> Result<(), RuleError> {
        match &rule.shape {
            Shape::Field(at) => self.read_value(rule, (at.first(account).map(Cow::Borrowed), known), resource),
            Shape::Read(sources) => self.read_value(rule, (first_source(sources, account), known), resource),
            Shape::One { at, of_type, primary, .. } => {
                if let Some(element) = self.read_one(rule, at, (account, known))? {
                    push(resource, &rule.attribute, marked(element, of_type.as_deref(), *primary));
                }
                Ok(())
            }
            // What stands there so that the array is not empty is nothing.
            Shape::Each { at, .. } if rule.cleared.stands_in(at, account) => Ok(()),
            Shape::Each { at, items, apart, keyed, .. } => {
                let named = keyed.then(|| keyed::elements(at.first(account)));
                let all = match &named {
                    Some(named) => named.as_array().map(|list| list.iter().collect()).unwrap_or_default(),
                    None => at.items(account),
                };
                let ours = apart.others(all, known).map_err(|cause| rule.failed(cause))?;
                let elements = ours.into_iter().map(|item| self.read_item(rule, items, (item, known)));
                let elements: Vec<Value> = elements.filter_map(Result::transpose).collect::<Result<_, _>>()?;
                resource.set(&rule.attribute, Value::Array(elements));
                Ok(())
            }
            Shape::Has { at, member } => {
                let there = member.is_in(at.items(account), known).map_err(|cause| rule.failed(cause))?;
                self.read_value(rule, (Some(Cow::Owned(there.into())), known), resource)
            }
            Shape::Elected { .. } => self.read_election(rule, (account, known), resource),
            Shape::Write(_) | Shape::Kept => Ok(()),
        }
    }

    fn read_value(
        &self,
        rule: &Rule,
        (value, known): (Option<Cow<'_, Value>>, &dyn Scope),
        resource: &mut Resource,
    ) -> Result<(), RuleError> {
        let attribute = self.kind.attribute(&rule.attribute);
        let required = attribute.is_some_and(|attribute| attribute.required);
        let present = value.filter(|value| !rule.cleared.is(value));
        let read = match (&rule.transform, present) {
            // A table may say what absence means: `values: { false: null }`.
            (Transform::Table(_), present) => Some(present.unwrap_or(Cow::Owned(Value::Null))),
            (_, present) => present,
        };
        let kind = attribute.map_or(Kind::String, |attribute| attribute.kind);
        let several = attribute.is_some_and(|attribute| attribute.multi_valued);
        let read = match read {
            Some(value) if several => rule.transform.to_scim_list(&value, kind, known),
            Some(value) => rule.transform.to_scim(&value, kind, known),
            None => Ok(None),
        };
        let read = read.map_err(|cause| rule.failed(cause))?;
        match read {
            Some(value) if !is_empty(&value) => {
                resource.set(&rule.attribute, value);
                Ok(())
            }
            _ if required => Err(rule.failed(RuleFault::Missing)),
            _ => Ok(()),
        }
    }

    fn read_one(
        &self,
        rule: &Rule,
        at: &[(Arc<str>, Path)],
        (account, known): (&Value, &dyn Scope),
    ) -> Result<Option<Map<String, Value>>, RuleError> {
        let mut element = Map::new();
        for (sub, path) in at {
            let Some(value) = path.first(account).filter(|value| !rule.cleared.is(value) && !is_empty(value)) else {
                continue;
            };
            let kind =
                self.kind.attribute(&rule.attribute.with_sub(sub)).map_or(Kind::String, |attribute| attribute.kind);
            if let Some(value) = rule.transform.to_scim(value, kind, known).map_err(|cause| rule.failed(cause))? {
                element.insert(sub.to_string(), value);
            }
        }
        Ok((!element.is_empty()).then_some(element))
    }

    fn read_item(
        &self,
        rule: &Rule,
        items: &[Item],
        (item, known): (&Value, &dyn Scope),
    ) -> Result<Option<Value>, RuleError> {
        let mut element = Map::new();
        for one in items {
            let Some(value) = one.at.first(item).filter(|value| !is_empty(value)) else { continue };
            let kind = self
                .kind
                .attribute(&rule.attribute.with_sub(&one.sub))
                .map_or(Kind::String, |attribute| attribute.kind);
            if let Some(value) = one.transform.to_scim(value, kind, known).map_err(|cause| rule.failed(cause))? {
                element.insert(one.sub.to_string(), value);
            }
        }
        Ok((!element.is_empty()).then_some(Value::Object(element)))
    }
}

impl Cleared {
    /// Does the array hold nothing but what stands for nothing?
    fn stands_in(&self, at: &Path, account: &Value) -> bool {
        matches!(self, Cleared::As(_))
            && array_of(at).first(account).is_some_and(|held| !held.is_null() && self.is(held))
    }

    /// Is this what the target shows when there is nothing?
    pub fn is(&self, value: &Value) -> bool {
        value.is_null()
            || matches!(self, Cleared::As(spellings) if spellings.iter().any(|nothing| same(nothing, value)))
    }
}

fn first_source<'a>(sources: &'a [Source], account: &'a Value) -> Option<Cow<'a, Value>> {
    sources.iter().find_map(|source| match source {
        Source::At(path) => path.first(account).filter(|value| !is_empty(value)).map(Cow::Borrowed),
        Source::Template(template) => {
            template.fill(&AccountScope(account)).filter(|value| !is_empty(value)).map(Cow::Owned)
        }
    })
}

fn marked(mut element: Map<String, Value>, of_type: Option<&str>, primary: bool) -> Value {
    if let Some(of_type) = of_type {
        element.insert("type".into(), of_type.into());
    }
    if primary {
        element.insert("primary".into(), true.into());
    }
    Value::Object(element)
}

/// Appends an element to a multi-valued attribute; several `one:` rules may feed the same.
pub(crate) fn push(resource: &mut Resource, attribute: &AttributePath, element: Value) {
    let mut elements = resource.elements(attribute).to_vec();
    elements.push(element);
    resource.set(attribute, Value::Array(elements));
}
