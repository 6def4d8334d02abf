//! POST: at most one account per unique value, and never a second one for the same request.

use crate::engine::account::{Account, Located};
use crate::engine::update::note_sent;
use crate::engine::{OperationError, Work};
use crate::mapping::TypeMapping;
use crate::plan::{self, Subject};
use crate::scim::fold::fold;
use crate::scim::path::AttributePath;
use crate::scim::resource::{self, Resource};
use crate::scim::schema::Uniqueness;
use crate::store::PendingCreate;
use crate::target::{Captures, TargetError, Written};
use crate::wire::template::as_text;
use crate::wire::Term;
use std::collections::BTreeMap;

/// The name under which a create's answer hands its key to later steps.
const NEW_KEY: &str = "key";

/// Makes a resource and answers with it as the target now holds it.
///
/// # Errors
/// It lacks something required; something unique is taken; the target refuses or cannot be asked.
pub async fn create(work: Work, resource: Resource) -> Result<Resource, OperationError> {
    let kind = work.kind();
    resource::check_required(&resource, &kind.kind)?;
    kind.check_rest(&resource)?;
    let Some(unique) = unique_value(kind, &resource) else { return make(&work, &resource).await };
    let _turn = work.lock("unique", &unique.1).await?;
    let digest = digest(&resource);
    let pending = work.gateway.store.pending_create(&work.scope(), &unique.1)?;
    let repeats = pending.as_ref().is_some_and(|pending| pending.digest == digest);
    if pending.is_some() || kind.create.as_ref().is_some_and(|create| create.look_first) {
        match work.find_unique(&unique).await? {
            Some(account) if repeats => return work.adopt_ours(&unique.1, account, &resource).await,
            Some(_) => return Err(OperationError::Taken { detail: None }),
            None => {}
        }
    }
    work.gateway.store.begin_create(&work.scope(), PendingCreate { unique_value: unique.1.clone(), digest, since: (work.gateway.now)() }).await?;
    let made = make(&work, &resource).await;
    match made {
        Err(OperationError::Target(error)) if error.written == Written::Maybe => work.after_doubt(&unique, &resource, error).await,
        settled => {
            work.gateway.store.finish_create(&work.scope(), &unique.1).await?;
            settled
        }
    }
}

async fn make(work: &Work, resource: &Resource) -> Result<Resource, OperationError> {
    let kind = work.kind();
    let references = work.references(&[resource])?;
    let subject = Subject { mapping: &work.instance.mapping, kind, key: Term::Captured(NEW_KEY.into()), before: None, references: &references };
    let steps = plan::create(&subject, resource)?;
    let mut captures = Captures::default();
    let (first, later) = steps.split_first().ok_or(OperationError::NotOffered("creating"))?;
    let ran = work.run(std::slice::from_ref(first), &mut captures).await?;
    let shown = ran.account.filter(|document| kind.key_of(document).is_some());
    let key = ran.key.or_else(|| shown.as_ref().and_then(|document| kind.key_of(document)));
    let key = match key {
        Some(key) => key,
        None => work.key_of_new(resource).await?,
    };
    let term = Term::Value(plan::key_value(kind, &key).ok_or(OperationError::NoKey)?);
    if let Term::Value(value) = &term {
        captures.keep(NEW_KEY, value.clone());
    }
    let located = work.link_new(key, term, resource).await?;
    let rest = work.run(later, &mut captures).await?;
    if !rest.doubts.is_empty() {
        work.resolve(rest.doubts, &located, resource).await?;
    }
    work.show_new(&located, resource, shown.filter(|_| later.is_empty())).await
}

impl Work {
    /// The row of a new account. The link stands from here on, whatever becomes of later steps.
    async fn link_new(&self, key: String, term: Term, resource: &Resource) -> Result<Located, OperationError> {
        let kind = self.kind();
        let fresh = self.new_link(kind, &key)?;
        let mut located = Located { id: fresh.scim_id.clone(), key, term, link: None };
        if kind.key.stable && !kind.stores() {
            return Ok(located);
        }
        located.link = self.keep(&located, resource, BTreeMap::new()).await?;
        Ok(located)
    }

    async fn show_new(&self, located: &Located, resource: &Resource, shown: Option<serde_json::Value>) -> Result<Resource, OperationError> {
        let kind = self.kind();
        let account = match shown {
            Some(document) => self.seen(located, document, &|_| true).await?,
            None => self.gather(located, &|_| true).await?,
        };
        let mut remembered = BTreeMap::new();
        let every: Vec<usize> = (0..kind.rules.len()).collect();
        let held = kind.to_scim(&account.document, &|_| true)?;
        note_sent(self, &every, (resource, &held), &mut remembered);
        if remembered.is_empty() {
            return Ok(account.resource);
        }
        let link = self.keep(located, resource, remembered).await?;
        Ok(self.seen(&Located { link, ..located.clone() }, account.document, &|_| true).await?.resource)
    }

    /// The key of an account that was just made by a target whose answer does not name it.
    async fn key_of_new(&self, resource: &Resource) -> Result<String, OperationError> {
        let kind = self.kind();
        if let Some(made) = &kind.key.made {
            let scope = crate::mapping::to_target::ResourceScope { mapping: kind, resource };
            return made.fill_text(&scope).ok_or(OperationError::NoKey);
        }
        let unique = unique_value(kind, resource).ok_or(OperationError::NoKey)?;
        let account = self.find_unique(&unique).await?.ok_or(OperationError::NoKey)?;
        kind.key_of(&account.document).ok_or(OperationError::NoKey)
    }

    /// Nobody knows whether the target made it: look, and say what is certain.
    async fn after_doubt(&self, unique: &(AttributePath, String), resource: &Resource, error: TargetError) -> Result<Resource, OperationError> {
        match self.find_unique(unique).await {
            Ok(Some(account)) => self.adopt_ours(&unique.1, account, resource).await.map_err(|_| OperationError::Target(error)),
            // Not there now, but it may still arrive: the pending row lets the next identical request look first.
            Ok(None) | Err(_) => Err(OperationError::Target(error)),
        }
    }

    /// An earlier request of the same content made this account, if nobody else can have: it holds what was sent, and no other externalId.
    async fn adopt_ours(&self, unique: &str, account: Account, resource: &Resource) -> Result<Resource, OperationError> {
        let kind = self.kind();
        let alike = kind.rules.iter().filter(|rule| rule.is_sent() && !matches!(rule.shape, crate::mapping::Shape::Write(_) | crate::mapping::Shape::Each { .. })).all(|rule| {
            rule.remember || kind.value_of(rule, resource).is_none() || kind.sends_same(rule, resource, &account.resource)
        });
        let claimed = account.link.as_ref().is_some_and(|link| link.kept.contains_key("externalId"));
        if !alike || claimed {
            self.gateway.store.finish_create(&self.scope(), unique).await?;
            return Err(OperationError::Taken { detail: None });
        }
        let key = kind.key_of(&account.document).ok_or(OperationError::NoKey)?;
        let term = Term::Value(plan::key_value(kind, &key).ok_or(OperationError::NoKey)?);
        let located = self.link_new(key, term, resource).await?;
        self.gateway.store.finish_create(&self.scope(), unique).await?;
        let changes = plan::diff(kind, &account.resource, resource);
        if changes.is_empty() {
            return self.show_new(&located, resource, Some(account.document)).await;
        }
        // What a create could not carry may be missing still: members, say.
        let references = self.references(&[resource])?;
        let subject = Subject { mapping: &self.instance.mapping, kind, key: located.term.clone(), before: Some(&account.document), references: &references };
        let elements = plan::Changes { rules: Vec::new(), ..changes };
        let ran = self.run(&plan::update(&subject, resource, &elements)?, &mut Captures::default()).await?;
        if !ran.doubts.is_empty() {
            self.resolve(ran.doubts, &located, resource).await?;
        }
        self.show_new(&located, resource, None).await
    }

    /// The account that holds this unique value, if there is one.
    async fn find_unique(&self, (path, folded): &(AttributePath, String)) -> Result<Option<Account>, OperationError> {
        let found = self.candidates(path, folded).await?;
        let holds = |account: &Account| account.resource.get(path).is_some_and(|value| fold(&as_text(value)) == *folded);
        Ok(found.into_iter().find(holds))
    }
}

/// The attribute by which the target tells accounts apart, and its value folded.
fn unique_value(kind: &TypeMapping, resource: &Resource) -> Option<(AttributePath, String)> {
    let unique = kind.rules.iter().find(|rule| kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.uniqueness != Uniqueness::None && attribute.required))?;
    let value = resource.get(&unique.attribute)?;
    Some((unique.attribute.clone(), fold(&as_text(value)).into_owned()))
}

/// Tells whether two requests ask for the same account.
fn digest(resource: &Resource) -> String {
    let mut sorted: Vec<String> = resource.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
    sorted.sort_unstable();
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, sorted.join("\n").as_bytes()).to_string()
}
