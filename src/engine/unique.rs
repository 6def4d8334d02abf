//! The value by which a target tells accounts apart: who holds it, and who held it and is deleted.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::document::steps;
use crate::engine::update::{Asked, Decided};
use crate::engine::{OperationError, Work};
use crate::gateway::Guard;
use crate::mapping::{Leaves, Rule, TypeMapping, Wants};
use crate::plan::{self, Lookup};
use crate::scim::filter::Filter;
use crate::scim::fold::fold;
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::target::{Captures, Span, Use};
use crate::wire::template::as_text;
use crate::wire::{Argument, Meaning, Term, Variable};
use serde_json::Value;

/// The attribute by which the target tells accounts apart.
pub(super) struct Unique {
    pub path: AttributePath,
    /// As sent, which is how the target is asked.
    pub value: Value,
    /// For comparing, locking and our own rows.
    pub folded: String,
}

impl Unique {
    /// The required unique attribute of a resource.
    pub fn of(kind: &TypeMapping, resource: &Resource) -> Option<Unique> {
        let required = |rule: &Rule| kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.required);
        let (_, unique) = kind.rules.unique().find(|(_, rule)| required(rule))?;
        Unique::at(&unique.attribute, resource)
    }

    /// What the resource holds of this attribute.
    pub fn at(path: &AttributePath, resource: &Resource) -> Option<Unique> {
        let value = resource.get(path)?.clone();
        let folded = fold(&as_text(&value)).into_owned();
        Some(Unique { path: path.clone(), value, folded })
    }

    fn is_held_by(&self, resource: &Resource) -> bool {
        resource.get(&self.path).is_some_and(|value| fold(&as_text(value)) == self.folded)
    }
}

/// Who holds a unique value.
pub(super) enum Holder {
    Nobody,
    /// This account.
    Account(Box<Account>),
    /// An account that is deleted and keeps its name.
    Deleted,
}

impl Holder {
    /// The error that stands for a value that is taken.
    pub fn taken(&self) -> OperationError {
        let detail = match self {
            Holder::Deleted => Some("a deleted account of the target still holds this name".to_owned()),
            Holder::Nobody | Holder::Account(_) => None,
        };
        OperationError::Taken { detail }
    }
}

impl Work {
    /// Who holds this unique value.
    ///
    /// # Errors
    /// The target cannot be asked, or has no way to answer.
    pub(super) async fn holder(&self, unique: &Unique) -> Result<Holder, OperationError> {
        match self.find_unique(unique).await {
            Ok(Some(account)) => Ok(Holder::Account(Box::new(account))),
            Ok(None) if self.kind().leaves() != Leaves::Nothing && self.is_reserved(unique).await? => {
                Ok(Holder::Deleted)
            }
            Ok(None) => Ok(Holder::Nobody),
            // Where the key is made of the value, reading answers what no search does.
            Err(error) if is_unanswerable(&error) => self.holder_by_key(unique).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn holder_by_key(&self, unique: &Unique) -> Result<Option<Holder>, OperationError> {
        let Some(shown) = self.shown_by_key(unique).await? else { return Ok(None) };
        let Some(shown) = shown.filter(|shown| self.reads(&shown.document, unique)) else {
            return Ok(Some(Holder::Nobody));
        };
        let ours = !self.kind().is_absent_without(&shown.document, &|_| true, self.known());
        let account = match self.identify(ours.then(|| shown.clone()).into_iter().collect()).await?.pop() {
            Some((located, _)) => Some(self.seen(&located, shown, Extent::Whole).await?),
            None => None,
        };
        Ok(Some(match account {
            Some(account) => Holder::Account(Box::new(account)),
            None if self.kind().leaves() == Leaves::Nothing => Holder::Nobody,
            None => Holder::Deleted,
        }))
    }

    /// What stands under the key that is made of this value, hidden or not. Outer `None`: no key is made of it.
    async fn shown_by_key(&self, unique: &Unique) -> Result<Option<Option<Shown>>, OperationError> {
        let kind = self.kind();
        let mut only = Resource::default();
        only.set(&unique.path, unique.value.clone());
        let key = plan::made_key(kind, (&only, self.known()))?;
        let Some(planned) = key.and_then(|key| plan::read(kind, &key)) else { return Ok(None) };
        let mut captures = Captures::new();
        let outcome = self.instance.target.run(Use::Read, &planned.step, &mut captures, &self.budget).await?;
        match outcome.meaning {
            Meaning::Ok | Meaning::Empty => Ok(Some(self.shown(outcome))),
            Meaning::Absent => Ok(Some(None)),
            _ => Err(self.unexpected(&planned, &outcome)),
        }
    }

    /// The key that a create will make, where it is not made of the unique value alone: somebody may hold it who has another value.
    pub(super) fn further_key(&self, resource: &Resource, unique: &Unique) -> Result<Option<Term>, OperationError> {
        let kind = self.kind();
        let Some(made) = &kind.key.made else { return Ok(None) };
        let name = unique.path.to_string();
        let alone = made.holes().all(|hole| match hole {
            Variable::Attribute(path) => **path == *name,
            _ => true,
        });
        if alone { Ok(None) } else { Ok(plan::made_key(kind, (resource, self.known()))?) }
    }

    /// Does anything stand under this key, hidden or not?
    pub(super) async fn is_taken(&self, key: &Term) -> Result<bool, OperationError> {
        let Term::Value(value) = key else { return Ok(false) };
        let (id, key, term) = (String::new(), as_text(value).into_owned(), key.clone());
        Ok(self.fetch_main(&Located { id, key, term, link: None }).await?.is_some())
    }

    /// The account that holds this unique value, if there is one.
    pub(super) async fn find_unique(&self, unique: &Unique) -> Result<Option<Account>, OperationError> {
        let found = self.candidates(&unique.path, &unique.value).await?;
        let shown = self.kind().reads_back(&unique.path, &unique.value, self.known());
        let shown = shown.map(|shown| fold(&as_text(&shown)).into_owned());
        Ok(found.into_iter().find(|account| {
            let held = account.resource.get(&unique.path).map(|held| fold(&as_text(held)).into_owned());
            held.is_some() && (held.as_ref() == Some(&unique.folded) || held == shown)
        }))
    }

    /// Does an account hold the value that nobody sees any more?
    async fn is_reserved(&self, unique: &Unique) -> Result<bool, OperationError> {
        let kind = self.kind();
        if let Some(shown) = self.shown_by_key(unique).await? {
            return Ok(shown.is_some_and(|shown| self.reads(&shown.document, unique)));
        }
        let text = format!("{} eq {}", unique.path, unique.value);
        let filter = Filter::parse(&text, &kind.kind).map_err(|_| OperationError::NoKey)?;
        let (search, arguments) = match plan::search(&self.instance.mapping, (kind, self.known()), &filter)? {
            Lookup::Find(place, value) => (&kind.find[place].search, vec![Argument::of(Variable::Value, value)]),
            Lookup::Scan => (kind.list.as_ref().ok_or(OperationError::NotOffered("listing"))?, Vec::new()),
            Lookup::Id(_) | Lookup::Kept(..) | Lookup::Refers(..) | Lookup::Any(_) => return Ok(false),
        };
        let captures = Captures::new();
        for step in steps(search, &arguments) {
            let mut pages = self.instance.target.pages(&step, Span::ALL, &captures, &self.budget)?;
            while let Some(documents) = pages.next().await? {
                if documents.iter().any(|document| self.reads(document, unique)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn reads(&self, document: &Value, unique: &Unique) -> bool {
        let own = |path: &AttributePath| *path == unique.path;
        let wants = Wants::among(Some(std::slice::from_ref(&unique.path)), &own);
        let read = self.kind().to_scim(document, wants, self.known());
        read.is_ok_and(|resource| unique.is_held_by(&resource))
    }
}

impl Work {
    /// The unique attributes whose change is looked for before it is written.
    fn looked_for(&self) -> impl Iterator<Item = &AttributePath> {
        let kind = self.kind();
        let rules = kind.rules.unique().map(|(_, rule)| rule).filter(|rule| rule.is_sent());
        rules
            .filter(|rule| kind.update.iter().any(|row| row.look_first && row.may_take(rule)))
            .map(|rule| &rule.attribute)
    }

    /// The locks of the unique values that a change may set, in a fixed order.
    pub(super) async fn lock_names(&self, asked: &Asked) -> Result<Vec<Guard>, OperationError> {
        let mut names: Vec<String> = self.looked_for().flat_map(|path| asked.values(path)).collect();
        names.sort();
        names.dedup();
        let mut guards = Vec::with_capacity(names.len());
        for name in names {
            guards.push(self.lock("unique", &name).await?);
        }
        Ok(guards)
    }

    /// Refuses a change of a unique attribute to what another account holds, where the target would not.
    pub(super) async fn look_first(&self, located: &Located, decided: &Decided) -> Result<(), OperationError> {
        let changed = |path: &&AttributePath| {
            decided.changes.rules.iter().any(|place| self.kind().rules[*place].attribute == **path)
        };
        for path in self.looked_for().filter(changed) {
            let Some(unique) = Unique::at(path, &decided.after) else { continue };
            match self.holder(&unique).await? {
                Holder::Nobody => {}
                Holder::Account(account) if account.id == located.id => {}
                holder => return Err(holder.taken()),
            }
        }
        Ok(())
    }
}

impl Asked {
    /// The values that it may give an attribute, folded.
    fn values(&self, path: &AttributePath) -> Vec<String> {
        let folded = |value: &Value| fold(&as_text(value)).into_owned();
        match self {
            Asked::Replace(resource) => resource.get(path).map(folded).into_iter().collect(),
            Asked::Patch(operations) => {
                let own = operations.iter().filter(|operation| operation.path == *path);
                own.filter_map(|operation| operation.value.as_ref().map(folded)).collect()
            }
        }
    }
}

/// Can the target not be asked who holds a value? Then its own refusal of doubles is all there is.
pub(super) fn is_unanswerable(error: &OperationError) -> bool {
    matches!(error, OperationError::Unanswerable(_) | OperationError::TooMany { .. } | OperationError::NotOffered(_))
}

/// Tells whether two requests ask for the same account. A password is no part of it: digests are kept for days.
pub(super) fn digest(resource: &Resource) -> String {
    let told = resource.0.iter().filter(|(name, _)| *name != "password");
    let sorted: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, sorted.join("\n").as_bytes()).to_string()
}
