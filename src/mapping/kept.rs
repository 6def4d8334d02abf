//! What the product cannot hold: the part of a resource that our store keeps, and how it is laid over what the target shows.

use crate::mapping::to_scim::push;
use crate::mapping::{Leaves, Rest, Rule, Shape, TypeMapping};
use crate::scim::resource::Resource;
use serde_json::Value;

impl TypeMapping {
    /// The part of a resource that our store keeps.
    pub fn kept_part(&self, resource: &Resource) -> Resource {
        let mut kept = Resource::default();
        for (_, rule) in self.rules.present_in(&[resource]).filter(|(_, rule)| rule.is_kept()) {
            if keeps_rest(rule) {
                let rest: Vec<Value> = self.rest(&rule.attribute, resource).into_iter().cloned().collect();
                kept.set(&rule.attribute, Value::Array(rest));
            } else if let Some(value) = resource.get(&rule.attribute) {
                kept.set(&rule.attribute, value.clone());
            }
        }
        kept
    }

    /// Lays kept attributes over what the target shows.
    pub fn lay_over(&self, resource: &mut Resource, kept: &Resource) {
        for (_, rule) in self.rules.present_in(&[kept]).filter(|(_, rule)| rule.is_kept()) {
            if keeps_rest(rule) {
                if kept.elements(&rule.attribute).is_empty()
                    || resource.elements(&rule.attribute).iter().any(|one| kept.elements(&rule.attribute).contains(one))
                {
                    continue;
                }
                kept.elements(&rule.attribute)
                    .iter()
                    .for_each(|element| push(resource, &rule.attribute, element.clone()));
            } else if let Some(value) = kept.get(&rule.attribute) {
                resource.set(&rule.attribute, value.clone());
            }
        }
    }

    /// May this mapping take over what an earlier one left in the store? Its keys must be the same, and everything kept then still be kept.
    pub fn succeeds(&self, fingerprint: &str) -> bool {
        let parts = |text: &str| {
            text.split_once("; kept ")
                .map(|(key, kept)| (key.to_owned(), kept.split(' ').map(str::to_owned).collect::<Vec<_>>()))
        };
        let (Some((old, was_kept)), Some((new, kept))) = (parts(fingerprint), parts(&self.fingerprint)) else {
            return false;
        };
        old == new && was_kept.iter().all(|name| name.is_empty() || kept.contains(name))
    }

    /// Does the store hold anything for this type: kept attributes, sent forms to remember, tombstones of what stays readable?
    pub fn stores(&self) -> bool {
        self.leaves() == Leaves::Account || self.rules.store_something()
    }
}

fn keeps_rest(rule: &Rule) -> bool {
    matches!(rule.shape, Shape::One { rest: Rest::Keep, .. })
}
