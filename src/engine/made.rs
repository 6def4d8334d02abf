//! An account that a create made: which one it is, what must follow, and how it looks in the end.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::keeping::note_sent;
use crate::engine::run::Ran;
use crate::engine::unique::Unique;
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, Shape, Wants};
use crate::plan::{self, Changes, Creation, Planned, Subject};
use crate::scim::resource::Resource;
use crate::store::{LinkState, Remembered};
use crate::target::Captures;
use crate::wire::Term;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The name under which a create's answer hands its key to later steps.
pub(super) const NEW_KEY: &str = "key";

/// How far a create came before it failed.
pub(super) enum Failed {
    /// The target refused it, or may or may not have done it.
    Unmade(OperationError),
    /// The account is there.
    Made(OperationError),
}

impl Failed {
    pub fn cause(self) -> OperationError {
        match self {
            Failed::Unmade(error) | Failed::Made(error) => error,
        }
    }
}

/// An account that was made, and what its answer showed.
pub(super) struct Made {
    pub located: Located,
    pub shown: Option<Shown>,
    /// The steps that follow.
    pub later: Vec<Planned>,
    /// What the create could not carry, and is decided when the account is known.
    pub left: Changes,
    pub captures: Captures,
}

impl Work {
    /// Sends the create, and finds out which account it made.
    pub(super) async fn make(&self, resource: &Resource) -> Result<Made, Failed> {
        let references = self.references(&[resource]).await.map_err(Failed::Unmade)?;
        let subject = Subject {
            mapping: &self.instance.mapping,
            kind: self.kind(),
            key: Term::Captured(NEW_KEY.into()),
            before: None,
            references: &references,
            known: self.known(),
        };
        let creation = plan::create(&subject, resource).map_err(|error| Failed::Unmade(error.into()))?;
        let since = (self.gateway.now)();
        let mut captures = Captures::default();
        let ran = self.run(&creation.make, &mut captures).await.map_err(Failed::Unmade)?;
        self.find_made((ran, creation, captures), resource, since).await.map_err(Failed::Made)
    }

    /// Which account a create made.
    async fn find_made(
        &self,
        (ran, creation, mut captures): (Ran, Creation, Captures),
        resource: &Resource,
        since: SystemTime,
    ) -> Result<Made, OperationError> {
        let kind = self.kind();
        let Creation { then: later, left, .. } = creation;
        let shown = ran.account.filter(|shown| kind.key_of(&shown.document).is_some());
        let key = ran.key.or_else(|| shown.as_ref().and_then(|shown| kind.key_of(&shown.document)));
        let key = match key {
            Some(key) => key,
            None => self.key_of_new(resource).await?,
        };
        let value = plan::key_value(kind, &key).ok_or(OperationError::NoKey)?;
        captures.keep(NEW_KEY, value.clone());
        // Where nothing can fail between here and the answer, the row is written once, with what is remembered in it.
        let located = match &shown {
            Some(_) if later.is_empty() && left.is_empty() => self.place_new(key, Term::Value(value), since).await?,
            _ => self.link_new(key, Term::Value(value), (resource, since)).await?,
        };
        Ok(Made { located, shown, later, left, captures })
    }

    /// Makes the calls that follow, carries what the create could not, and shows the account.
    pub(super) async fn complete(&self, mut made: Made, resource: &Resource) -> Result<Resource, OperationError> {
        let mut doubts = self.run(&made.later, &mut made.captures).await?.doubts;
        if !made.later.is_empty() {
            made.shown = None;
        }
        let (left, changes) = self.left(&mut made, resource).await?;
        if changes.elsewhere(self.kind()).next().is_some() {
            self.write_elsewhere(&made.located, &changes).await?;
            made.shown = None;
        }
        if !left.is_empty() {
            doubts.extend(self.run(&left, &mut made.captures).await?.doubts);
            made.shown = None;
        }
        if !doubts.is_empty() {
            self.resolve(doubts, &made.located, resource).await?;
        }
        let kind = self.kind();
        let account = self.account_of(&mut made).await?;
        if !kind.stores() && kind.key.stable {
            return Ok(account.resource);
        }
        let remembered = self.sent_forms(&account, resource).await?;
        let link = self.keep(&made.located, kind.kept_part(resource), remembered).await?;
        Ok(self.seen(&Located { link, ..made.located }, account.shown, Extent::Whole).await?.resource)
    }

    /// The updates that carry what the create could not, less what the new account holds already.
    async fn left(&self, made: &mut Made, resource: &Resource) -> Result<(Vec<Planned>, Changes), OperationError> {
        if made.left.is_empty() {
            return Ok(Default::default());
        }
        let (kind, mapping) = (self.kind(), &self.instance.mapping);
        // What follows a create may have made part of it.
        let known = !made.left.rules.is_empty()
            || !made.later.is_empty()
            || plan::elements_need_account(mapping, kind, &made.left);
        let account = if known { Some(self.account_of(made).await?) } else { None };
        let mut changes = std::mem::take(&mut made.left);
        if let Some(account) = &account {
            let unlike = plan::diff(kind, &account.resource, resource);
            let shown = |place: &usize| !matches!(kind.rules[*place].shape, Shape::Write(_));
            changes.rules.retain(|place| !shown(place) || unlike.rules.contains(place));
            let by_calls = |rule: &Rule| rule.has_calls() || rule.through.is_some();
            changes.elements =
                unlike.elements.into_iter().filter(|change| by_calls(&kind.rules[change.rule])).collect();
            // A create takes nothing away that the target gives to everybody.
            changes.elements.iter_mut().for_each(|change| change.removes.clear());
        }
        let references = self.references(&[resource]).await?;
        let (key, before) = (made.located.term.clone(), account.as_ref().map(Account::before));
        let subject = Subject { mapping, kind, key, before, references: &references, known: self.known() };
        Ok((plan::update(&subject, resource, &changes)?, changes))
    }

    /// The account that was made. Not shown yet is not gone: the row stays, and the same request sent again completes it.
    async fn account_of(&self, made: &mut Made) -> Result<Account, OperationError> {
        let shown = match made.shown.take() {
            Some(shown) => shown,
            None => self.fetch(&made.located).await?.ok_or(OperationError::NotYet)?,
        };
        made.shown = Some(shown.clone());
        self.seen(&made.located, shown, Extent::Whole).await
    }

    /// The sent forms to remember. What the product makes of an attribute that was not sent reads back; what a default of ours
    /// made of it does not.
    async fn sent_forms(
        &self,
        account: &Account,
        resource: &Resource,
    ) -> Result<BTreeMap<String, Remembered>, OperationError> {
        let kind = self.kind();
        let noted = |rule: &Rule| rule.default.is_some() || resource.get(&rule.attribute).is_some();
        let noted = kind.rules.of_new(resource).filter(|(_, rule)| noted(rule)).map(|(place, _)| place);
        let noted: Vec<usize> = noted.collect();
        let mut held = kind.to_scim(&account.shown.document, Wants::EVERYTHING, self.known())?;
        self.translate(&mut held).await?;
        let mut remembered = BTreeMap::new();
        note_sent(self, &noted, (resource, &held), &mut remembered);
        Ok(remembered)
    }

    /// Where a new account is. A row that stands under its key is that of an account that is gone, and is buried, unless it was
    /// written since the create was sent: then somebody saw the new account in a list.
    async fn place_new(&self, key: String, term: Term, since: SystemTime) -> Result<Located, OperationError> {
        let kind = self.kind();
        if !kind.key.stable || kind.stores() {
            let known = self.gateway.store.links_by_keys(&self.scope(), &[&key])?.into_iter().flatten();
            for link in known {
                // An account that was deleted and stayed readable is there again.
                if kind.key.stable && link.state == LinkState::Tombstone {
                    self.gateway.store.forget(&self.scope(), &link.scim_id).await?;
                }
                if link.state == LinkState::Tombstone {
                    continue;
                }
                if !kind.key.stable && link.created >= since && link.kept.is_empty() {
                    return Ok(Located { id: link.scim_id.clone(), key, term, link: Some(link) });
                }
                let former =
                    Located { id: link.scim_id.clone(), key: key.clone(), term: term.clone(), link: Some(link) };
                self.seen_absent(&former).await?;
            }
        }
        let fresh = self.new_link(kind, &key)?;
        Ok(Located { id: fresh.scim_id, key, term, link: None })
    }

    /// The row of a new account. The link stands from here on, whatever becomes of later steps.
    pub(super) async fn link_new(
        &self,
        key: String,
        term: Term,
        (resource, since): (&Resource, SystemTime),
    ) -> Result<Located, OperationError> {
        let mut located = self.place_new(key, term, since).await?;
        if !self.kind().key.stable || self.kind().stores() {
            located.link = self.keep(&located, self.kind().kept_part(resource), BTreeMap::new()).await?;
        }
        Ok(located)
    }

    /// The key of an account that was just made by a target whose answer does not name it.
    async fn key_of_new(&self, resource: &Resource) -> Result<String, OperationError> {
        let kind = self.kind();
        if kind.key.made.is_some() {
            return kind.make_key(resource, self.known())?.ok_or(OperationError::NoKey);
        }
        let unique = Unique::of(kind, resource).ok_or(OperationError::NoKey)?;
        let account = self.find_unique(&unique).await?.ok_or(OperationError::NoKey)?;
        kind.key_of(&account.shown.document).ok_or(OperationError::NoKey)
    }
}
