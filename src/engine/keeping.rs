//! What our store holds of an account after a write: kept attributes, sent forms, the values under which it is found.

use crate::engine::account::{Account, Extent, Located};
use crate::engine::update::Decided;
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, TypeMapping, Wants};
use crate::scim::fold::fold;
use crate::scim::resource::Resource;
use crate::store::{KeptValue, Link, Remembered};
use crate::wire::template::as_text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Work {
    /// Keeps what the target cannot hold, and returns the resource as it now reads.
    pub(super) async fn commit(
        &self,
        located: &Located,
        decided: &Decided,
        seen: Option<Account>,
    ) -> Result<Option<Resource>, OperationError> {
        let kind = self.kind();
        if !kind.stores() {
            return Ok(seen.map(|account| account.resource));
        }
        let changed: Vec<usize> = decided.changes.rules.clone();
        let old = located.link.as_deref();
        let mut remembered = old.map(|link| link.remembered.clone()).unwrap_or_default();
        // The sent form of an attribute that is another one now is nobody's any more.
        if let Some(before) = &decided.before {
            let (old, new) = (&before.resource, &decided.after);
            let differs = |rule: &Rule| old.get(&rule.attribute) != new.get(&rule.attribute);
            for (_, rule) in kind.rules.present_in(&[old, new]).filter(|(_, rule)| rule.remember && differs(rule)) {
                remembered.remove(&rule.attribute.to_string());
            }
        }
        if let Some(account) = &seen {
            let mut shown = kind.to_scim(&account.shown.document, Wants::EVERYTHING, self.known())?;
            self.translate(&mut shown).await?;
            note_sent(self, &changed, (&decided.after, &shown), &mut remembered);
        }
        if let Some(before) = decided.before.as_ref().filter(|_| !decided.unsaid.is_empty()) {
            let held = kind.to_scim(&before.shown.document, Wants::EVERYTHING, self.known())?;
            note_sent(self, &decided.unsaid, (&Resource::default(), &held), &mut remembered);
        }
        let link = self.keep(located, decided.keeps.clone(), remembered).await?;
        let Some(mut account) = seen else { return Ok(None) };
        let located = Located { link, ..located.clone() };
        account = self.seen(&located, account.shown, Extent::Whole).await?;
        Ok(Some(account.resource))
    }

    /// Writes the row of an account, or removes it where it would hold nothing.
    pub(super) async fn keep(
        &self,
        located: &Located,
        kept: Resource,
        remembered: BTreeMap<String, Remembered>,
    ) -> Result<Option<Arc<Link>>, OperationError> {
        let kind = self.kind();
        let mut link = match &located.link {
            Some(link) => (**link).clone(),
            None => self.new_link(kind, &located.key)?,
        };
        let unchanged = located.link.is_some() && link.kept == kept.0 && link.remembered == remembered;
        (link.indexed, link.kept, link.remembered) = (indexed(&kept), kept.0, remembered);
        link.changed = (self.gateway.now)();
        if kind.key.stable && link.kept.is_empty() && link.remembered.is_empty() {
            if located.link.is_some() {
                self.gateway.store.forget(&self.scope(), &link.scim_id).await?;
            }
            return Ok(None);
        }
        if !unchanged {
            self.gateway.store.save_links(&self.scope(), vec![link.clone()]).await?;
        }
        Ok(Some(Arc::new(link)))
    }
}

/// Notes the sent form of remembered attributes where the target shows another one.
pub(super) fn note_sent(
    work: &Work,
    rules: &[usize],
    (sent, shown): (&Resource, &Resource),
    remembered: &mut BTreeMap<String, Remembered>,
) {
    for rule in rules.iter().map(|place| &work.kind().rules[*place]).filter(|rule| rule.remembers()) {
        let (name, sent, held) = (rule.attribute.to_string(), sent.get(&rule.attribute), shown.get(&rule.attribute));
        if sent == held {
            remembered.remove(&name);
        } else {
            let value = |value: Option<&Value>| value.cloned().unwrap_or(Value::Null);
            remembered.insert(name, Remembered { sent: value(sent), held: value(held) });
        }
    }
}

/// What our store holds after a change. An attribute that does not change keeps what was kept of it: which of its elements the
/// target held cannot be told from what is left.
pub(super) fn kept_after(kind: &TypeMapping, kept: &Resource, (before, after): (&Resource, &Resource)) -> Resource {
    let anew = kind.kept_part(after);
    let mut keeps = Resource::default();
    let kept_rules = kind.rules.present_in(&[kept, before, after]).map(|(_, rule)| rule).filter(|rule| rule.is_kept());
    for Rule { attribute, .. } in kept_rules {
        let same = before.whole(attribute) == after.whole(attribute);
        let source = if same { kept } else { &anew };
        if let Some(value) = source.whole(attribute) {
            keeps.set(attribute, value.clone());
        }
    }
    keeps
}

/// The values under which the store finds a row again.
pub fn indexed(kept: &Resource) -> Vec<KeptValue> {
    fn leaves(path: &str, value: &Value, found: &mut Vec<KeptValue>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(sub, value)| leaves(&format!("{path}.{sub}"), value, found))
            }
            Value::Array(list) => list.iter().for_each(|one| leaves(path, one, found)),
            scalar => found.push(KeptValue::new(path, fold(&as_text(scalar)))),
        }
    }
    let mut found = Vec::new();
    for (name, value) in &kept.0 {
        match value {
            Value::Object(fields) if name.starts_with("urn:") => {
                fields.iter().for_each(|(sub, value)| leaves(&format!("{name}:{sub}"), value, &mut found))
            }
            value => leaves(name, value, &mut found),
        }
    }
    found
}
