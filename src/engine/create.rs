//! POST: at most one account per unique value, and never a second one for the same request.

use crate::engine::account::{Account, Extent, Located};
use crate::engine::made::{Failed, Made};
use crate::engine::unique::{Holder, Unique, digest, is_unanswerable};
use crate::engine::update::check_refused;
use crate::engine::{OperationError, Work};
use crate::mapping::Shape;
use crate::plan::{self, Changes, Subject};
use crate::scim::fold::fold;
use crate::scim::resource::{self, Resource};
use crate::store::PendingCreate;
use crate::target::{Captures, TargetError, Written};
use crate::wire::Term;
use crate::wire::template::as_text;
use serde_json::Value;

/// Makes a resource and answers with it as the target now holds it.
///
/// # Errors
/// It lacks something required; something unique is taken; the target refuses or cannot be asked.
pub async fn create(work: Work, resource: Resource) -> Result<Resource, OperationError> {
    work.prepare().await?;
    let kind = work.kind();
    resource::check_required(&resource, &kind.kind)?;
    kind.check_rest(&resource)?;
    // A key that cannot be is told before anybody looks for it.
    kind.make_key(&resource, work.known())?;
    check_refused(kind, &kind.constants(&resource, work.known()), &resource)?;
    let Some(unique) = Unique::of(kind, &resource) else {
        let _turn = work.lock("name", &name_of(&work, &resource)).await?;
        let made = work.make(&resource).await.map_err(Failed::cause)?;
        return work.complete(made, &resource).await;
    };
    let _turn = work.lock("unique", &unique.folded).await?;
    let key = work.further_key(&resource, &unique)?;
    let _other = match &key {
        Some(Term::Value(key)) => Some(work.lock("key", &as_text(key)).await?),
        _ => None,
    };
    let attempt = Attempt { work: &work, resource: &resource, digest: digest(&resource), unique, key };
    // Boxed: whoever starts a create holds it, and would be as large.
    Box::pin(attempt.run()).await
}

/// One create of one unique value, under its lock.
struct Attempt<'a> {
    work: &'a Work,
    resource: &'a Resource,
    digest: String,
    unique: Unique,
    /// The key that will be made, where another attribute than the unique one is in it.
    key: Option<Term>,
}

impl Attempt<'_> {
    async fn run(self) -> Result<Resource, OperationError> {
        let (work, store) = (self.work, &self.work.gateway.store);
        let pending = store.pending_create(&work.scope(), &self.unique.folded)?;
        let repeats = pending.as_ref().is_some_and(|pending| pending.digest == self.digest);
        if pending.is_some() || self.looks_first() {
            match work.holder(&self.unique).await {
                Ok(Holder::Account(account)) if repeats => return self.adopt(*account).await,
                Ok(Holder::Nobody) => {}
                Ok(holder) => return Err(holder.taken()),
                // Nothing will ever tell what became of it: the target's own refusal of doubles must do.
                Err(error) if is_unanswerable(&error) && !self.looks_first() => self.finish().await?,
                Err(error) => return Err(error),
            }
        }
        // What an earlier try of the same request may have made is no other's.
        if let Some(key) = self.key.as_ref().filter(|_| self.looks_first() && !repeats)
            && work.is_taken(key).await?
        {
            return Err(OperationError::Taken { detail: None });
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
        // Whoever changes the account by its id waits for us, or we for them.
        let _turn = work.lock("id", &account.id).await?;
        let account = work.gather(&work.locate(&account.id)?, Extent::Whole).await?;
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
        let changes = plan::missing(&work.instance.mapping, kind, (&account.resource, self.resource));
        let references = work.references(&[self.resource]).await?;
        let subject = Subject {
            mapping: &work.instance.mapping,
            kind,
            key: located.term.clone(),
            before: Some(account.before()),
            references: &references,
            known: work.known(),
        };
        // Whether the calls that follow a create were made, nobody knows: they are made, perhaps once more.
        let mut later = plan::then(&subject, self.resource);
        later.extend(plan::update(&subject, self.resource, &changes)?);
        let elements = changes.elements.iter().filter(|change| kind.rules[change.rule].through.is_some());
        let left = Changes { elements: elements.cloned().collect(), ..Changes::default() };
        let shown = later.is_empty().then_some(account.shown.clone());
        let made = Made { located, shown, later, left, captures: Captures::default() };
        let resource = work.complete(made, self.resource).await?;
        self.finish().await?;
        Ok(resource)
    }

    fn holds_what_is_sent(&self, account: &Account) -> bool {
        let kind = self.work.kind();
        let shown = kind.rules.present_in(&[self.resource]).map(|(_, rule)| rule).filter(|rule| {
            rule.is_sent() && !matches!(rule.shape, Shape::Read(_) | Shape::Write(_) | Shape::Each { .. })
        });
        shown.into_iter().all(|rule| {
            let unsent = kind.value_of(rule, self.resource).is_none();
            unsent || rule.remembers() || kind.sends_alike(rule, self.resource, &account.resource)
        })
    }
}

/// What parallel creates of a type without a unique attribute are told apart by: their first required attribute, else all of them.
fn name_of(work: &Work, resource: &Resource) -> String {
    let mut required = work.kind().rules.required();
    let name = required.find_map(|(_, rule)| Some(fold(&as_text(resource.get(&rule.attribute)?)).into_owned()));
    name.unwrap_or_else(|| digest(resource))
}
