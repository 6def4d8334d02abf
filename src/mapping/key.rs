//! Made keys: how the attributes that a key is made of become part of it.

use crate::mapping::to_scim::{RuleError, RuleFault};
use crate::mapping::to_target::ResourceScope;
use crate::mapping::transform::slug;
use crate::mapping::{Rule, TypeMapping};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::Mutability;
use crate::wire::template::as_text;
use crate::wire::{Part, Scope, Variable};
use std::sync::Arc;

/// What becomes of an attribute's value in a made key.
#[derive(Debug, Clone, Default)]
pub struct KeyForm {
    /// It is in lower case.
    pub lower: bool,
    /// Letters and digits alone, in lower case, with this in place of everything else.
    pub slug: Option<Arc<str>>,
    /// What it must look like as a whole; anything else is refused.
    pub allowed: Option<regex::Regex>,
}

impl PartialEq for KeyForm {
    fn eq(&self, other: &KeyForm) -> bool {
        let pattern = |form: &KeyForm| form.allowed.as_ref().map(|pattern| pattern.as_str().to_owned());
        (self.lower, &self.slug, pattern(self)) == (other.lower, &other.slug, pattern(other))
    }
}

impl KeyForm {
    /// The value's part of the key; `None`: the target does not take it.
    pub(super) fn shaped(&self, text: &str) -> Option<String> {
        let shaped = match &self.slug {
            Some(between) => slug(text, between),
            None if self.lower => text.to_lowercase(),
            None => text.to_owned(),
        };
        let fits = !shaped.is_empty() && self.allowed.as_ref().is_none_or(|pattern| pattern.is_match(&shaped));
        fits.then_some(shaped)
    }
}

impl TypeMapping {
    /// The key that is made of this resource. `None`: keys are issued, or nothing is there that one could be made of.
    ///
    /// # Errors
    /// An attribute holds what the target does not take in a key.
    pub fn make_key(&self, resource: &Resource, known: &dyn Scope) -> Result<Option<String>, RuleError> {
        let Some(made) = &self.key.made else { return Ok(None) };
        let scope = ResourceScope { mapping: self, resource, known };
        let (mut key, mut present) = (String::new(), made.literal().is_some());
        for part in &made.parts {
            match part {
                Part::Text(text) => key.push_str(text),
                // Only a query holds JSON.
                Part::Json(_) => {}
                Part::Hole(variable) => {
                    let Some(value) = scope.value(variable).filter(|value| !value.is_null()) else { continue };
                    present = true;
                    match variable {
                        Variable::Attribute(name) => {
                            let refused = || self.refused(name);
                            key.push_str(&self.key.form.shaped(&as_text(&value)).ok_or_else(refused)?);
                        }
                        _ => key.push_str(&as_text(&value)),
                    }
                }
            }
        }
        let key = key.trim();
        // As a path segment these two lead elsewhere.
        if let ("." | "..", Some(Variable::Attribute(name))) = (key, made.holes().last()) {
            return Err(self.refused(name));
        }
        Ok(present.then(|| key.to_owned()))
    }

    /// Does an account have the same key for good? One that is made of what cannot change, or stated by the mapping, does.
    pub fn key_is_fixed(&self) -> bool {
        let immutable = |hole: &Variable| match hole {
            Variable::Attribute(name) => {
                let attribute = self.kind.find(name).and_then(|path| self.kind.attribute(path));
                attribute.is_some_and(|attribute| attribute.mutability == Mutability::Immutable)
            }
            _ => true,
        };
        let made = || self.key.made.as_ref().is_some_and(|made| made.holes().all(immutable));
        self.key.stable || self.fixed.is_some() || made()
    }

    /// Is a made key made of this rule's attribute?
    pub fn is_in_key(&self, rule: &Rule) -> bool {
        self.key_rules().any(|(_, own)| own.attribute == rule.attribute)
    }

    /// The rules of the attributes that a made key is made of, in the key's order.
    fn key_rules(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let holes = self.key.made.iter().flat_map(|made| made.holes());
        let names = holes.filter_map(|hole| if let Variable::Attribute(name) = hole { Some(name) } else { None });
        names.flat_map(|name| self.rules.named(name))
    }

    /// The attributes that a made key is made of and that no row of `update` names: they cannot change.
    pub fn unmovable(&self) -> impl Iterator<Item = &AttributePath> {
        let named = |path: &AttributePath| {
            self.update.iter().flat_map(|row| &row.takes).any(|takes| takes.attribute.covers(path))
        };
        let mut places: Vec<usize> = self.key_rules().map(|(place, _)| place).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &self.rules[place].attribute).filter(move |path| !named(path))
    }

    fn refused(&self, attribute: &str) -> RuleError {
        let line = self.rules.named(attribute).next().map_or(0, |(_, rule)| rule.line);
        RuleError { attribute: attribute.to_owned(), line, cause: RuleFault::Key }
    }
}
