//! PATCH and PUT: gather, decide, run; under the lock of the resource.

use crate::engine::account::{Account, Extent, Located};
use crate::engine::keeping::kept_after;
use crate::engine::run::Ran;
use crate::engine::{OperationError, Work};
use crate::gateway::PatchAnswer;
use crate::mapping::{Mapping, Rule, TypeMapping, Wants, Written};
use crate::plan::{self, Changes, Planned, Subject};
use crate::scim::patch::{self, Operation};
use crate::scim::path::AttributePath;
use crate::scim::resource::{self, Resource};
use crate::scim::{ScimError, ScimType};
use crate::wire::Wanted;
use serde_json::Value;

/// How often a write starts over when the account changes under it.
const TRIES: usize = 3;

/// What is asked of the resource.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Patch(Vec<Operation>),
    Replace(Resource),
}

/// Applies PATCH operations; answers with the resource where that is asked for.
///
/// # Errors
/// The operations do not fit the resource; the target refuses or cannot be asked.
pub async fn patch(
    work: Work,
    id: String,
    operations: Vec<Operation>,
    answer: PatchAnswer,
) -> Result<Option<Resource>, OperationError> {
    change(&work, &id, Asked::Patch(operations), answer).await
}

/// Replaces the resource; what the client leaves out is cleared.
///
/// # Errors
/// As [`patch()`].
pub async fn replace(work: Work, id: String, resource: Resource) -> Result<Resource, OperationError> {
    let shown = change(&work, &id, Asked::Replace(resource), PatchAnswer::Resource).await?;
    shown.ok_or(OperationError::NotOffered("reading"))
}

async fn change(work: &Work, id: &str, asked: Asked, answer: PatchAnswer) -> Result<Option<Resource>, OperationError> {
    // A unique value before an id, as creates do: nobody waits in a circle.
    let _names = work.lock_names(&asked).await?;
    let _turn = work.lock("id", id).await?;
    work.prepare().await?;
    let mut last = OperationError::Stale;
    for _ in 0..TRIES {
        match attempt(work, id, &asked, answer).await {
            Err(OperationError::Stale) => last = OperationError::Stale,
            done => return done,
        }
    }
    Err(last)
}

async fn attempt(
    work: &Work,
    id: &str,
    asked: &Asked,
    answer: PatchAnswer,
) -> Result<Option<Resource>, OperationError> {
    let located = work.locate(id)?;
    let mut decided = match work.blind(&located, asked) {
        Some(decided) => decided,
        None => work.decide(&located, asked).await?,
    };
    let mut steps = work.steps(&located, &decided).await?;
    if !work.wants_account(&decided, answer) {
        steps.iter_mut().for_each(|planned| planned.step.wanted = Wanted::Meaning);
    }
    decided.drop_document();
    let elsewhere = decided.changes.elsewhere(work.kind()).next().is_some();
    if steps.is_empty() && !decided.keeps_anew && !elsewhere {
        return match (answer, decided.before) {
            // What the target would not hold anyway (further e-mails, say) is not shown as if it did.
            (PatchAnswer::Resource, Some(account)) if decided.seen == Seen::Whole => Ok(Some(account.resource)),
            (PatchAnswer::None, Some(_)) => Ok(None),
            // Nothing was read and nothing is sent: only a look proves that the account is there.
            (answer, _) => {
                let account = work.gather(&located, Extent::Whole).await?;
                Ok((answer == PatchAnswer::Resource).then_some(account.resource))
            }
        };
    }
    work.look_first(&located, &decided).await?;
    let (located, ran) = work.run_and_follow(located, &steps).await?;
    work.write_elsewhere(&located, &decided.changes).await?;
    let seen = work.look_again(&located, &decided, (ran, answer)).await?;
    let shown = work.commit(&located, &decided, seen).await?;
    Ok(shown.filter(|_| answer == PatchAnswer::Resource))
}

/// What was decided: the resource's new form, and what that changes.
pub(super) struct Decided {
    pub before: Option<Account>,
    pub after: Resource,
    pub changes: Changes,
    /// What our store holds from now on.
    pub keeps: Resource,
    pub keeps_anew: bool,
    /// Rules whose attribute was cleared and whose field stays as it is, because the target has no form for nothing.
    pub unsaid: Vec<usize>,
    pub seen: Seen,
}

impl Decided {
    /// Once the steps are planned, nobody looks at the document of an account whose long array was not read: it may be large.
    fn drop_document(&mut self) {
        if let (Seen::Part, true, Some(before)) = (self.seen, self.unsaid.is_empty(), &mut self.before) {
            before.shown.document = Value::Null;
        }
    }

    /// Is the sent form of something that changes remembered?
    fn remembers(&self, kind: &TypeMapping) -> bool {
        self.changes.rules.iter().any(|place| kind.rules[*place].remembers())
    }
}

/// How much of the account the decision rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Whole,
    Part,
}

impl Work {
    /// Decides without reading the account, where the plan proves that it need not be known.
    pub(super) fn blind(&self, located: &Located, asked: &Asked) -> Option<Decided> {
        let Asked::Patch(operations) = asked else { return None };
        if self.condition.is_some() {
            return None;
        }
        let kept = located.link.as_ref().map(|link| Resource(link.kept.clone())).unwrap_or_default();
        let kind = self.kind();
        let (after, changes) = plan::blind(&self.instance.mapping, kind, (operations, &kept))?;
        // Where the target judges its callers, one who only changes what our store holds must at least be shown the account.
        if changes.is_empty() && self.instance.passes_through() {
            return None;
        }
        let keeps = kept_after(kind, &kept, (&kept, &after));
        let keeps_anew = keeps != kept;
        Some(Decided { before: None, after, changes, keeps, keeps_anew, unsaid: Vec::new(), seen: Seen::Part })
    }

    /// Elements that a PATCH adds or removes by name in arrays that are sent whole: decided without the resource's own list, which
    /// may be long.
    fn listed(&self, asked: &Asked) -> (Changes, Vec<Operation>) {
        match asked {
            Asked::Patch(operations) if self.condition.is_none() => {
                let (changes, rest) = plan::listed(self.kind(), operations);
                (changes, rest.into_iter().cloned().collect())
            }
            Asked::Patch(operations) => (Changes::default(), operations.clone()),
            Asked::Replace(_) => (Changes::default(), Vec::new()),
        }
    }

    pub(super) async fn decide(&self, located: &Located, asked: &Asked) -> Result<Decided, OperationError> {
        let kind = self.kind();
        let (listed, operations) = self.listed(asked);
        let long =
            |path: &AttributePath| listed.elements.iter().any(|change| kind.rules[change.rule].attribute.covers(path));
        let part = |path: &AttributePath| !long(path);
        let seen = if listed.is_empty() { Seen::Whole } else { Seen::Part };
        let extent = if seen == Seen::Whole { Extent::Whole } else { Extent::Rest(Wants::every(&part)) };
        let before = self.gather(located, extent).await?;
        self.check_condition(&before)?;
        let mut after = match asked {
            Asked::Patch(_) => {
                patch::apply(&operations, &before.resource, &kind.kind).map_err(|error| with_way_out(kind, error))?
            }
            Asked::Replace(resource) => resource.clone(),
        };
        check_refused(kind, &before.resource, &after)?;
        carry_read_only(self, &before.resource, &mut after);
        let unsaid = carry_uncleared(self, &before.resource, &mut after);
        resource::check_required(&after, &kind.kind)?;
        kind.check_rest(&after)?;
        resource::check_immutable(&before.resource, &after, &kind.kind).map_err(|error| with_way_out(kind, error))?;
        let mut changes = plan::diff(kind, &before.resource, &after);
        changes.elements.extend(listed.elements);
        let kept = located.link.as_ref().map(|link| Resource(link.kept.clone())).unwrap_or_default();
        let keeps = kept_after(kind, &kept, (&before.resource, &after));
        let keeps_anew = !unsaid.is_empty() || keeps != kept;
        Ok(Decided { before: Some(before), after, changes, keeps, keeps_anew, unsaid, seen })
    }

    pub(super) async fn steps(&self, located: &Located, decided: &Decided) -> Result<Vec<Planned>, OperationError> {
        let mapping: &Mapping = &self.instance.mapping;
        let mut asked = Resource::default();
        for change in &decided.changes.elements {
            let elements = change.adds.iter().map(|(_, element)| element).chain(&change.removes);
            asked.set(&self.kind().rules[change.rule].attribute, elements.cloned().collect());
        }
        let changed = decided.changes.rules.iter().map(|place| &self.kind().rules[*place]);
        for rule in changed.filter(|rule| rule.refers_to.is_some() || rule.refers_by_whole_array()) {
            if let Some(referred) = decided.after.get(&rule.attribute) {
                asked.set(&rule.attribute, referred.clone());
            }
        }
        let references = self.references(&[&asked]).await?;
        let before = decided.before.as_ref().map(Account::before);
        let (kind, key, known) = (self.kind(), located.term.clone(), self.known());
        let subject = Subject { mapping, kind, key, before, references: &references, known };
        Ok(plan::update(&subject, &decided.after, &decided.changes)?)
    }

    /// Does somebody look at the account that the target's answers show? A new key of its own stands there, too.
    fn wants_account(&self, decided: &Decided, answer: PatchAnswer) -> bool {
        answer == PatchAnswer::Resource || decided.remembers(self.kind()) || !self.kind().key.stable
    }

    /// The account as it is now, where somebody must know: the answer shows it, a step left a doubt, a sent form is remembered.
    async fn look_again(
        &self,
        located: &Located,
        decided: &Decided,
        (ran, answer): (Ran, PatchAnswer),
    ) -> Result<Option<Account>, OperationError> {
        if decided.changes.is_empty() && decided.seen == Seen::Whole {
            return Ok(decided.before.clone());
        }
        if !ran.doubts.is_empty() {
            return self.resolve(ran.doubts, located, &decided.after).await.map(Some);
        }
        let kind = self.kind();
        if answer == PatchAnswer::None && !decided.remembers(kind) {
            return Ok(None);
        }
        // Whoever made the elements' own calls last has not seen the whole account.
        let shown = ran.account.filter(|shown| kind.key_of(&shown.document).is_some_and(|key| key == located.key));
        match shown {
            Some(shown) => self.seen(located, shown, Extent::Whole).await.map(Some),
            None => self.gather(located, Extent::Whole).await.map(Some),
        }
    }
}

/// Where the refused change would move the key, says what the mapping lacks.
fn with_way_out(kind: &TypeMapping, mut error: ScimError) -> ScimError {
    if let Some(path) = kind.unmovable().find(|path| error.detail == format!("`{path}` is immutable")) {
        error.detail += &format!(": the account's key is made of it, and no row of `update` has `for: {path}`");
    }
    error
}

/// `written: refuse`: what is said of the attribute must be what it is already.
pub(super) fn check_refused(kind: &TypeMapping, before: &Resource, after: &Resource) -> Result<(), ScimError> {
    let other = |rule: &Rule| after.get(&rule.attribute).is_some_and(|said| before.get(&rule.attribute) != Some(said));
    let mut said = kind.rules.present_in(&[after]);
    match said.find(|(_, rule)| rule.written == Written::Refused && other(rule)) {
        Some((_, rule)) => {
            let detail = format!("`{}` cannot be changed in this target", rule.attribute);
            Err(ScimError::bad_request(ScimType::Mutability, detail))
        }
        None => Ok(()),
    }
}

/// What a client cannot write stays as it is, whatever it sent.
fn carry_read_only(work: &Work, before: &Resource, after: &mut Resource) {
    let read_only = |rule: &Rule| !rule.is_sent() && !rule.is_kept() && rule.through.is_none();
    for (_, rule) in work.kind().rules.present_in(&[before, after]).filter(|(_, rule)| read_only(rule)) {
        match before.get(&rule.attribute) {
            Some(value) => after.set(&rule.attribute, value.clone()),
            None => drop(after.remove(&rule.attribute)),
        }
    }
    if let Some(id) = before.0.get("id") {
        after.0.insert("id".into(), id.clone());
    }
}

/// What the target has no empty form for stays as it is when a client clears it. The rules of which it is remembered that
/// the client cleared it.
fn carry_uncleared(work: &Work, before: &Resource, after: &mut Resource) -> Vec<usize> {
    let mut unsaid = Vec::new();
    let stays = |rule: &Rule| rule.is_sent() && !rule.can_be_cleared();
    for (place, rule) in work.kind().rules.present_in(&[before]).filter(|(_, rule)| stays(rule)) {
        if let (Some(value), None) = (before.get(&rule.attribute), after.get(&rule.attribute)) {
            after.set(&rule.attribute, value.clone());
            unsaid.extend(rule.remember.then_some(place));
        }
    }
    unsaid
}
