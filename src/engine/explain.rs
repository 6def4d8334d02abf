//! What an operation would do, without doing it: the steps that gather, and the steps that write.

use crate::engine::account::Extent;
use crate::engine::document::reads;
use crate::engine::update::Asked;
use crate::engine::{Account, OperationError, Work};
use crate::gateway::PatchAnswer;
use crate::mapping::{Planner, Rule, TypeMapping, UpdateRow};
use crate::plan::{self, Changes, Lookup, Planned, Purpose, Subject};
use crate::scim::filter::Filter;
use crate::scim::patch::{self, Operation};
use crate::scim::resource::{self, Resource};
use crate::wire::{Argument, Step, Term, Variable};

/// The steps of an operation.
#[derive(Debug, Clone, Default)]
pub struct Explained {
    /// In order.
    pub steps: Vec<Planned>,
    /// What a reader should know beside them.
    pub notes: Vec<String>,
}

/// Explains reading one resource.
///
/// # Errors
/// No key of this target looks like that id; the mapping declares no call.
pub fn read(work: &Work, id: &str) -> Result<Explained, OperationError> {
    let located = work.locate(id)?;
    let mut explained = Explained::default();
    if work.kind().fixed.is_some() {
        explained.notes.push("the mapping itself lists these: the product is asked for members alone".to_owned());
    } else {
        explained.steps.extend(reads(work, &located.term)?);
    }
    Ok(explained)
}

/// Explains deleting one resource. Where the account must be known and is not given, what depends on it is left open.
///
/// # Errors
/// No key of this target looks like that id; the mapping declares no call; a function refuses.
pub async fn delete(work: &Work, id: &str, given: Given) -> Result<Explained, OperationError> {
    let located = work.locate(id)?;
    let (kind, mut explained) = (work.kind(), Explained::default());
    let mut subject = Subject {
        mapping: &work.instance.mapping,
        kind,
        key: located.term.clone(),
        before: None,
        references: &plan::SameKeys,
        known: work.known(),
    };
    let needed = plan::delete_needs_account(&subject);
    let account =
        if needed && given == Given::Account { Some(work.gather(&located, Extent::Whole).await?) } else { None };
    subject.before = account.as_ref().map(Account::before);
    if needed {
        explained.steps.extend(reads(work, &located.term)?);
    }
    explained.steps.extend(plan::delete(&subject)?);
    if account.is_none() {
        explained.note_planner(kind.delete.as_ref().and_then(|delete| delete.by.planner()));
    }
    Ok(explained)
}

/// Explains a create.
///
/// # Errors
/// As the create's own decisions.
pub fn create(work: &Work, resource: &Resource) -> Result<Explained, OperationError> {
    let kind = work.kind();
    resource::check_required(resource, &kind.kind)?;
    kind.check_rest(resource)?;
    let subject = Subject {
        mapping: &work.instance.mapping,
        kind,
        key: Term::Captured("key".into()),
        before: None,
        references: &plan::SameKeys,
        known: work.known(),
    };
    let creation = plan::create(&subject, resource)?;
    let steps = [creation.make, creation.then, creation.supposed].concat();
    let mut explained = Explained { steps, notes: Vec::new() };
    if !creation.left.rules.is_empty() {
        let names = creation.left.rules.iter().map(|place| kind.rules[*place].attribute.to_string());
        let names = names.collect::<Vec<_>>().join(", ");
        explained.notes.push(format!(
            "the create does not carry {names}: updates follow for what the new account does not hold already"
        ));
    }
    explained.note_planners(kind, &creation.left);
    if kind.create.as_ref().is_some_and(|create| create.look_first) {
        explained
            .notes
            .push("before the create the unique value is looked for: this target does not refuse doubles".to_owned());
    }
    explained.note_kept(work, resource);
    Ok(explained)
}

/// Explains a search.
///
/// # Errors
/// The filter cannot be answered.
pub fn search(work: &Work, filter: Option<&Filter>) -> Result<Explained, OperationError> {
    let kind = work.kind();
    let mut explained = Explained::default();
    if kind.fixed.is_some() {
        explained.notes.push("the mapping itself lists these: the product is asked for members alone".to_owned());
        return Ok(explained);
    }
    let lookup = filter
        .map(|filter| plan::search(&work.instance.mapping, (kind, work.known()), filter))
        .transpose()?
        .unwrap_or(Lookup::Scan);
    explained.follow(work, &lookup)?;
    if filter.is_some() {
        explained.notes.push("whatever these yield is filtered again here".to_owned());
    }
    Ok(explained)
}

/// Explains a PATCH. Where the account must be known and `known` is false, what depends on it is left open.
///
/// # Errors
/// As the PATCH's own decisions.
pub async fn patch(
    work: &Work,
    id: &str,
    operations: Vec<Operation>,
    known: Known,
) -> Result<Explained, OperationError> {
    change(work, id, Asked::Patch(operations), known).await
}

/// Explains a PUT.
///
/// # Errors
/// As the PUT's own decisions.
pub async fn replace(work: &Work, id: &str, resource: Resource, known: Known) -> Result<Explained, OperationError> {
    change(work, id, Asked::Replace(resource), known).await
}

/// What is known where an explanation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// May the account be gathered: was one given?
    pub account: Given,
    /// What a PATCH answers.
    pub answer: PatchAnswer,
}

/// Was an account given?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Yes: everything can be told.
    Account,
    /// No: what depends on it stays open.
    Nothing,
}

async fn change(work: &Work, id: &str, asked: Asked, known: Known) -> Result<Explained, OperationError> {
    let located = work.locate(id)?;
    let mut explained = Explained::default();
    let read = match &work.kind().fixed {
        Some(_) => Vec::new(),
        None => reads(work, &located.term)?,
    };
    let decided = match work.blind(&located, &asked) {
        Some(decided) => decided,
        None => {
            explained.steps.extend(read.iter().cloned());
            match known.account {
                Given::Account => work.decide(&located, &asked).await?,
                Given::Nothing => {
                    explained.notes.push("the account must be read first; what follows supposes that it holds nothing yet, so fewer calls may do".to_owned());
                    work.supposed(&asked)?
                }
            }
        }
    };
    if decided.changes.is_empty() {
        explained.notes.push("nothing changes in the target: no write".to_owned());
    }
    explained.steps.extend(work.steps(&located, &decided).await?);
    if decided.before.as_ref().is_none_or(|before| !before.shown.document.is_object()) {
        explained.note_planners(work.kind(), &decided.changes);
    }
    explained.steps.extend(work.supposed_elsewhere(&located, &decided.changes).await?);
    if decided.changes.elsewhere(work.kind()).next().is_some() {
        explained
            .notes
            .push("members are written one by one, each read first; who leaves is written like who joins".to_owned());
    }
    let writes = explained.steps.iter().any(|step| step.purpose != Purpose::Read);
    if writes && known.answer == PatchAnswer::Resource {
        let moved =
            explained.steps.iter().rev().find_map(|step| plan::key_value(work.kind(), step.moves_to.as_deref()?));
        let read = moved.map(|key| reads(work, &Term::Value(key))).transpose()?.unwrap_or(read);
        explained.steps.extend(read);
        explained
            .notes
            .push("the last read is made only if the answer of the write does not show the account".to_owned());
    }
    explained.note_kept(work, &decided.after);
    Ok(explained)
}

impl Explained {
    /// Functions that plan calls are asked when the account is known.
    fn note_planners(&mut self, kind: &TypeMapping, changes: &Changes) {
        let changed = |row: &&UpdateRow| changes.rules.iter().any(|place| row.may_take(&kind.rules[*place]));
        for row in kind.update.iter().filter(changed) {
            self.note_planner(row.by.planner());
        }
    }

    fn note_planner(&mut self, planner: Option<&Planner>) {
        let note =
            planner.map(|planner| format!("`{}` plans further calls when it is shown the account", planner.function));
        self.notes.extend(note);
    }

    fn note_kept(&mut self, work: &Work, resource: &Resource) {
        let kept = work.kind().kept_part(resource);
        if !kept.0.is_empty() {
            let names: Vec<&str> = kept.0.keys().map(String::as_str).collect();
            self.notes.push(format!("kept in the gateway's own store: {}", names.join(", ")));
        }
    }

    fn follow(&mut self, work: &Work, lookup: &Lookup<'_>) -> Result<(), OperationError> {
        let kind = work.kind();
        let paged = |call, arguments| Planned {
            step: Step::once(call, arguments),
            purpose: Purpose::Read,
            covers: Vec::new(),
            fields: Vec::new(),
            planner: None,
            moves_to: None,
        };
        match lookup {
            Lookup::Id(id) => self.steps.extend(read(work, id)?.steps),
            Lookup::Kept(path, _) => {
                self.notes.push(format!("`{path}` is kept: our store names the account, which is then read"))
            }
            Lookup::Find(place, value) => {
                let arguments = vec![Argument::of(Variable::Value, value.clone())];
                let calls = kind.find[*place].search.calls();
                self.steps.extend(calls.map(|call| paged(call, arguments.clone())));
            }
            Lookup::Refers(place, referred, id) => {
                let arguments = vec![Argument::of(Variable::Value, *id)];
                let calls = kind.find[*place].search.calls();
                self.steps.extend(calls.map(|call| paged(call, arguments.clone())));
                self.notes.push(format!("the id is asked for as the key of the {referred} it stands for"));
            }
            Lookup::Scan => {
                let list = kind.list.as_ref().ok_or(OperationError::NotOffered("listing"))?;
                self.steps.extend(list.calls().map(|call| paged(call, Vec::new())));
            }
            Lookup::Any(all) => all.iter().try_for_each(|one| self.follow(work, one))?,
        }
        Ok(())
    }
}

impl Work {
    /// What a change would be if the account held nothing of what is asked for.
    fn supposed(&self, asked: &Asked) -> Result<crate::engine::update::Decided, OperationError> {
        let kind = self.kind();
        let nothing = Resource::default();
        let (after, touched) = match asked {
            Asked::Patch(operations) => (
                patch::apply(operations, &nothing, &kind.kind)?,
                operations.iter().map(|one| one.path.clone()).collect::<Vec<_>>(),
            ),
            Asked::Replace(resource) => (resource.clone(), Vec::new()),
        };
        let mut changes: Changes = plan::diff(kind, &nothing, &after);
        for path in &touched {
            let named = |rule: &Rule| rule.attribute.covers(path) || path.covers(&rule.attribute);
            let written = |rule: &Rule| rule.is_sent() && rule.writes_to().is_some() && named(rule);
            changes.rules.extend(kind.rules.of(path).filter(|(_, rule)| written(rule)).map(|(place, _)| place));
        }
        changes.rules.sort_unstable();
        changes.rules.dedup();
        let before =
            crate::engine::Account { id: String::new(), shown: Default::default(), resource: nothing, link: None };
        Ok(crate::engine::update::Decided {
            before: Some(before),
            after,
            changes,
            keeps: Resource::default(),
            keeps_anew: false,
            unsaid: Vec::new(),
            seen: crate::engine::update::Seen::Part,
        })
    }
}
