//! POST: at most one account per unique value, and never a second one for the same request.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::run::Ran;
use crate::engine::update::note_sent;
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, Shape, TypeMapping};
use crate::plan::{self, Planned, Subject};
use crate::scim::fold::fold;
use crate::scim::path::AttributePath;
use crate::scim::resource::{self, Resource};
use crate::scim::schema::Uniqueness;
use crate::store::{LinkState, PendingCreate, Remembered};
use crate::target::{Captures, TargetError, Written};
use crate::wire::Term;
use crate::wire::template::as_text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::SystemTime;

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
    let Some(unique) = unique_value(kind, &resource) else {
        let made = work.make(&resource).await.map_err(Failed::cause)?;
        return work.complete(made, &resource).await;
    };
    let _turn = work.lock("unique", &unique.folded).await?;
    let attempt = Attempt { work: &work, resource: &resource, digest: digest(&resource), unique };
    attempt.run().await
}

/// One create of one unique value, under its lock.
struct Attempt<'a> {
    work: &'a Work,
    resource: &'a Resource,
    digest: String,
    unique: Unique,
}

/// The attribute by which the target tells accounts apart.
struct Unique {
    path: AttributePath,
    /// As sent, which is how the target is asked.
    value: Value,
    /// For comparing, locking and our own rows.
    folded: String,
}

/// How far a create came before it failed.
enum Failed {
    /// The target refused it, or may or may not have done it.
    Unmade(OperationError),
    /// The account is there.
    Made(OperationError),
}

impl Failed {
    fn cause(self) -> OperationError {
        match self {
            Failed::Unmade(error) | Failed::Made(error) => error,
        }
    }
}

/// An account that was made, and what its answer showed.
struct Made {
    located: Located,
    shown: Option<Shown>,
    /// The steps that carry what the create could not.
    later: Vec<Planned>,
    captures: Captures,
}

impl Attempt<'_> {
    async fn run(self) -> Result<Resource, OperationError> {
        let (work, store) = (self.work, &self.work.gateway.store);
        let pending = store.pending_create(&work.scope(), &self.unique.folded)?;
        let repeats = pending.as_ref().is_some_and(|pending| pending.digest == self.digest);
        if pending.is_some() || self.looks_first() {
            match work.find_unique(&self.unique).await? {
                Some(account) if repeats => return self.adopt(account).await,
                Some(_) => return Err(OperationError::Taken { detail: None }),
                None => {}
            }
        }
        // Where our store holds part of the account, a crash between the product's answer and our row must be told from a double.
        if work.kind().stores() {
            self.begin().await?;
        }
        let made = match work.make(self.resource).await {
            Ok(made) => made,
            Err(Failed::Unmade(OperationError::Target(error))) if error.written == Written::Maybe => {
                return self.after_doubt(error).await;
            }
            Err(Failed::Unmade(error)) => {
                self.finish().await?;
                return Err(error);
            }
            Err(Failed::Made(error)) => {
                self.begin().await?;
                return Err(error);
            }
        };
        match work.complete(made, self.resource).await {
            Ok(resource) => {
                self.finish().await?;
                Ok(resource)
            }
            // The account is there, and the same request sent again completes it.
            Err(error) => {
                self.begin().await?;
                Err(error)
            }
        }
    }

    fn looks_first(&self) -> bool {
        self.work.kind().create.as_ref().is_some_and(|create| create.look_first)
    }

    async fn begin(&self) -> Result<(), OperationError> {
        let since = (self.work.gateway.now)();
        let create = PendingCreate { unique_value: self.unique.folded.clone(), digest: self.digest.clone(), since };
        Ok(self.work.gateway.store.begin_create(&self.work.scope(), create).await?)
    }

    async fn finish(&self) -> Result<(), OperationError> {
        let (store, scope) = (&self.work.gateway.store, self.work.scope());
        // A look costs microseconds, a durable write milliseconds.
        if store.pending_create(&scope, &self.unique.folded)?.is_some() {
            store.finish_create(&scope, &self.unique.folded).await?;
        }
        Ok(())
    }

    /// Nobody knows whether the target made it: look, and say what is certain.
    async fn after_doubt(self, error: TargetError) -> Result<Resource, OperationError> {
        self.begin().await?;
        match self.work.find_unique(&self.unique).await {
            Ok(Some(account)) => self.adopt(account).await.map_err(|_| OperationError::Target(error)),
            // Not there now, but it may still arrive: the pending row lets the next identical request look first.
            Ok(None) | Err(_) => Err(OperationError::Target(error)),
        }
    }

    /// Takes an account for the one that this request made, if nobody else can have made it: it was not there before, or it
    /// holds what is sent; and it carries no other externalId. What is missing of it is written.
    async fn adopt(self, account: Account) -> Result<Resource, OperationError> {
        let (work, kind) = (self.work, self.work.kind());
        let link = account.link.as_deref();
        let other = |known: &Value| Some(known) != self.resource.0.get("externalId");
        let claimed = link.and_then(|link| link.kept.get("externalId")).is_some_and(other);
        if claimed || !(self.looks_first() || self.holds_what_is_sent(&account)) {
            self.finish().await?;
            return Err(OperationError::Taken { detail: None });
        }
        let key = kind.key_of(&account.shown.document).ok_or(OperationError::NoKey)?;
        let term = Term::Value(plan::key_value(kind, &key).ok_or(OperationError::NoKey)?);
        let located = match &account.link {
            Some(link) => Located { id: account.id.clone(), key, term, link: Some(link.clone()) },
            None => work.link_new(key, term, (self.resource, (work.gateway.now)())).await?,
        };
        let changes = plan::diff(kind, &account.resource, self.resource);
        let references = work.references(&[self.resource]).await?;
        let subject = Subject {
            mapping: &work.instance.mapping,
            kind,
            key: located.term.clone(),
            before: Some(account.before()),
            references: &references,
            known: work.known(),
        };
        let later = plan::update(&subject, self.resource, &changes)?;
        let shown = later.is_empty().then_some(account.shown);
        let made = Made { located, shown, later, captures: Captures::default() };
        let resource = work.complete(made, self.resource).await?;
        self.finish().await?;
        Ok(resource)
    }

    fn holds_what_is_sent(&self, account: &Account) -> bool {
        let kind = self.work.kind();
        let shown = kind
            .rules
            .iter()
            .filter(|rule| rule.is_sent() && !matches!(rule.shape, Shape::Write(_) | Shape::Each { .. }));
        shown.into_iter().all(|rule| {
            let unsent = kind.value_of(rule, self.resource).is_none();
            unsent || rule.remembers() || kind.sends_alike(rule, self.resource, &account.resource)
        })
    }
}

impl Work {
    /// Sends the create, and finds out which account it made.
    async fn make(&self, resource: &Resource) -> Result<Made, Failed> {
        let kind = self.kind();
        let references = self.references(&[resource]).await.map_err(Failed::Unmade)?;
        let subject = Subject {
            mapping: &self.instance.mapping,
            kind,
            key: Term::Captured(NEW_KEY.into()),
            before: None,
            references: &references,
            known: self.known(),
        };
        let mut steps = plan::create(&subject, resource).map_err(|error| Failed::Unmade(error.into()))?;
        let later = steps.split_off(1);
        let since = (self.gateway.now)();
        let ran = self.run(&steps, &mut Captures::default()).await.map_err(Failed::Unmade)?;
        self.find_made((ran, later), resource, since).await.map_err(Failed::Made)
    }

    /// Which account a create made.
    async fn find_made(
        &self,
        (ran, later): (Ran, Vec<Planned>),
        resource: &Resource,
        since: SystemTime,
    ) -> Result<Made, OperationError> {
        let kind = self.kind();
        let mut captures = Captures::default();
        let shown = ran.account.filter(|shown| kind.key_of(&shown.document).is_some());
        let key = ran.key.or_else(|| shown.as_ref().and_then(|shown| kind.key_of(&shown.document)));
        let key = match key {
            Some(key) => key,
            None => self.key_of_new(resource).await?,
        };
        let value = plan::key_value(kind, &key).ok_or(OperationError::NoKey)?;
        captures.keep(NEW_KEY, value.clone());
        let shown = shown.filter(|_| later.is_empty());
        // Where nothing can fail between here and the answer, the row is written once, with what is remembered in it.
        let located = match &shown {
            Some(_) => self.place_new(key, Term::Value(value), since).await?,
            None => self.link_new(key, Term::Value(value), (resource, since)).await?,
        };
        Ok(Made { located, shown, later, captures })
    }

    /// Carries what the create could not, and shows the account.
    async fn complete(&self, mut made: Made, resource: &Resource) -> Result<Resource, OperationError> {
        let rest = self.run(&made.later, &mut made.captures).await?;
        if !rest.doubts.is_empty() {
            self.resolve(rest.doubts, &made.located, resource).await?;
        }
        let kind = self.kind();
        let account = match made.shown {
            Some(shown) => self.seen(&made.located, shown, Extent::Whole).await?,
            None => {
                // Not shown yet is not gone: the row stays, and the same request sent again completes it.
                let shown = self.fetch(&made.located).await?.ok_or(OperationError::NotYet)?;
                self.seen(&made.located, shown, Extent::Whole).await?
            }
        };
        if !kind.stores() && kind.key.stable {
            return Ok(account.resource);
        }
        let remembered = self.sent_forms(&account, resource).await?;
        let link = self.keep(&made.located, kind.kept_part(resource), remembered).await?;
        Ok(self.seen(&Located { link, ..made.located }, account.shown, Extent::Whole).await?.resource)
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
        let noted: Vec<usize> = (0..kind.rules.len()).filter(|place| noted(&kind.rules[*place])).collect();
        let mut held = kind.to_scim(&account.shown.document, &|_| true, self.known())?;
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
            for link in known.filter(|link| link.state == LinkState::Live) {
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
    async fn link_new(
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
        if let Some(made) = &kind.key.made {
            let scope = crate::mapping::to_target::ResourceScope { mapping: kind, resource, known: self.known() };
            return made.fill_text(&scope).ok_or(OperationError::NoKey);
        }
        let unique = unique_value(kind, resource).ok_or(OperationError::NoKey)?;
        let account = self.find_unique(&unique).await?.ok_or(OperationError::NoKey)?;
        kind.key_of(&account.shown.document).ok_or(OperationError::NoKey)
    }

    /// The account that holds this unique value, if there is one.
    async fn find_unique(&self, unique: &Unique) -> Result<Option<Account>, OperationError> {
        let found = self.candidates(&unique.path, &unique.value).await?;
        let held =
            |account: &Account| account.resource.get(&unique.path).map(|value| fold(&as_text(value)).into_owned());
        Ok(found.into_iter().find(|account| held(account).as_ref() == Some(&unique.folded)))
    }
}

fn unique_value(kind: &TypeMapping, resource: &Resource) -> Option<Unique> {
    let unique = kind.rules.iter().find(|rule| {
        kind.kind
            .attribute(&rule.attribute)
            .is_some_and(|attribute| attribute.uniqueness != Uniqueness::None && attribute.required)
    })?;
    let value = resource.get(&unique.attribute)?.clone();
    let folded = fold(&as_text(&value)).into_owned();
    Some(Unique { path: unique.attribute.clone(), value, folded })
}

/// Tells whether two requests ask for the same account. A password is no part of it: digests are kept for days.
fn digest(resource: &Resource) -> String {
    let told = resource.0.iter().filter(|(name, _)| *name != "password");
    let sorted: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, sorted.join("\n").as_bytes()).to_string()
}
