//! Run: the planned steps in order. The first refusal stops; what nobody can tell from an answer is read again and seen.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, Shape, TypeMapping, Unknown};
use crate::plan::{Planned, Purpose, References};
use crate::scim::fold::fold;
use crate::scim::resource::Resource;
use crate::scim::schema::{Kind, Uniqueness};
use crate::store::LinkState;
use crate::target::{Captures, Outcome, TargetError, Trouble, Use, Written};
use crate::wire::template::as_text;
use crate::wire::{CallId, Meaning, Scope, Term, Variable};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What running the steps came to.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// The account, where the last step's answer showed it.
    pub account: Option<Shown>,
    /// The key that a create's answer named.
    pub key: Option<String>,
    /// Steps whose effect must be looked at, and the error that stands if it is not there.
    pub doubts: Vec<(Planned, OperationError)>,
}

impl Work {
    /// Runs the steps.
    ///
    /// # Errors
    /// The first refusal, or that the target cannot be asked. What was done before it stays done.
    pub(super) async fn run(&self, steps: &[Planned], captures: &mut Captures) -> Result<Ran, OperationError> {
        let mut ran = Ran::default();
        let mut taken = false;
        for planned in steps {
            // What follows an element that another account holds would be done to that account.
            if std::mem::replace(&mut taken, false) && planned.purpose == Purpose::Then {
                taken = true;
                continue;
            }
            if planned.purpose == Purpose::Await {
                self.wait_until_done(planned, captures).await?;
                ran.account = None;
                continue;
            }
            match self.send(planned, captures).await {
                Ok(outcome) => {
                    taken = outcome.meaning == Meaning::Taken;
                    self.settle(planned, outcome, &mut ran)?;
                }
                // A membership that cannot be found is not there.
                Err(TargetError { trouble: Trouble::NothingFound { .. }, .. })
                    if planned.purpose == Purpose::Remove => {}
                Err(error) if error.written == Written::Maybe && planned.purpose.can_be_seen() => {
                    ran.doubts.push((planned.clone(), error.into()))
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(ran)
    }

    async fn send(&self, planned: &Planned, captures: &mut Captures) -> Result<Outcome, TargetError> {
        let usage = if planned.purpose == Purpose::Create { Use::Create } else { Use::Write };
        self.instance.target.run(usage, &planned.step, captures, &self.budget).await
    }

    fn settle(&self, planned: &Planned, outcome: Outcome, ran: &mut Ran) -> Result<(), OperationError> {
        let element = matches!(planned.purpose, Purpose::Add(_) | Purpose::Remove);
        ran.account = None;
        match outcome.meaning {
            Meaning::Ok | Meaning::Empty => {
                ran.key = ran.key.take().or_else(|| outcome.key.clone());
                // Without its version the account would seem to be another one than the next read shows.
                let versioned = |shown: &Shown| shown.version.is_some() || self.kind().version.is_none();
                ran.account = if element { None } else { self.shown(outcome).filter(versioned) };
            }
            // A member there already: what was asked for holds.
            Meaning::Taken if matches!(planned.purpose, Purpose::Add(_)) && self.refers(planned) => {}
            // An address, say, may be this account's or another's.
            Meaning::Taken if matches!(planned.purpose, Purpose::Add(_)) => {
                ran.doubts.push((planned.clone(), self.unexpected(planned, &outcome)));
            }
            Meaning::Check if planned.purpose.can_be_seen() => {
                ran.doubts.push((planned.clone(), self.refusal(planned, &outcome)))
            }
            Meaning::Absent if element => ran.doubts.push((planned.clone(), self.refusal(planned, &outcome))),
            _ => return Err(self.unexpected(planned, &outcome)),
        }
        Ok(())
    }

    /// Is the element another account?
    fn refers(&self, planned: &Planned) -> bool {
        self.kind().rules.covered(&planned.covers).any(|rule| rule.elements_refer_to().is_some())
    }

    /// The error that a refused element stands for: an unknown one is named by its position.
    fn refusal(&self, planned: &Planned, outcome: &Outcome) -> OperationError {
        match planned.purpose {
            Purpose::Add(position) => OperationError::UnknownElement {
                attribute: planned.covers.first().map(ToString::to_string).unwrap_or_default(),
                position,
                detail: outcome.detail.clone(),
            },
            _ => OperationError::Invalid { detail: outcome.detail.clone() },
        }
    }

    /// The error that an answer stands for.
    pub(super) fn unexpected(&self, planned: &Planned, outcome: &Outcome) -> OperationError {
        let detail = outcome.detail.clone();
        match outcome.meaning {
            // Of calls that a function plans, nobody knows what is absent.
            Meaning::Absent
                if !matches!(planned.purpose, Purpose::Then | Purpose::Await) && planned.planner.is_none() =>
            {
                OperationError::NotFound { kind: self.kind().kind.name.clone(), id: None }
            }
            Meaning::Taken => OperationError::Taken { detail },
            Meaning::Invalid | Meaning::Check => OperationError::Invalid { detail },
            Meaning::Refused => OperationError::Refused { detail },
            Meaning::Changed => OperationError::Stale,
            Meaning::Absent | Meaning::Ok | Meaning::Empty | Meaning::LoginAgain | Meaning::Busy | Meaning::Broken => {
                let call = crate::plan::call_of(&self.instance.mapping, planned);
                OperationError::Unfit { call: call.name.clone(), line: call.line, meaning: outcome.meaning.word() }
            }
        }
    }

    /// Reads the account and sees whether the doubtful steps took effect.
    ///
    /// # Errors
    /// One did not: its error.
    pub(super) async fn resolve(
        &self,
        doubts: Vec<(Planned, OperationError)>,
        located: &Located,
        after: &Resource,
    ) -> Result<Account, OperationError> {
        let account = self.gather(located, Extent::Whole).await?;
        for (planned, error) in doubts {
            let settled = self.holds(&planned, &account, after)
                || self.may_be_missing(&planned, &error)
                || (matches!(error, OperationError::Invalid { .. })
                    && named_alike(self.kind(), &planned, &account.resource, after));
            if !settled {
                return Err(error);
            }
        }
        Ok(account)
    }

    /// Is it an element that the target does not know, and that the mapping leaves out?
    fn may_be_missing(&self, planned: &Planned, error: &OperationError) -> bool {
        let mut covered = self.kind().rules.covered(&planned.covers);
        matches!(error, OperationError::UnknownElement { .. }) && covered.any(|rule| rule.unknown == Unknown::Ignored)
    }

    fn holds(&self, planned: &Planned, account: &Account, after: &Resource) -> bool {
        let kind = self.kind();
        let wanted = match planned.purpose {
            Purpose::Add(_) => true,
            Purpose::Remove => false,
            _ => return covered_alike(kind, planned, &account.resource, after),
        };
        let values = planned.step.arguments.iter().filter_map(|argument| match (&argument.variable, &argument.term) {
            (Variable::Member, Term::Value(value)) => Some(vec![value]),
            (Variable::Members, Term::Value(Value::Array(all))) => Some(all.iter().collect()),
            _ => None,
        });
        let shown = (&account.shown.document, self.known());
        values.flatten().all(|value| element_there(kind, planned, shown, value) == wanted)
    }

    /// What is behind every reference of these elements, looked up before planning: keys, and where a call names attributes of
    /// members, the members themselves.
    pub(super) async fn references(&self, resources: &[&Resource]) -> Result<Known, OperationError> {
        let mut known = Known::default();
        for (_, rule) in self.kind().rules.present_in(resources) {
            let (item, calls) = match &rule.shape {
                Shape::Each { items, add, remove, .. } => {
                    (items.iter().find(|item| &*item.sub == "value"), [*add, *remove])
                }
                _ => (None, [None, None]),
            };
            let referred = item.map_or(rule.refers_to.as_deref(), |item| item.refers_to.as_deref());
            let Some(place) =
                referred.and_then(|name| self.instance.mapping.types.iter().position(|kind| &*kind.kind.name == name))
            else {
                continue;
            };
            let elements = resources
                .iter()
                .flat_map(|one| one.elements(&rule.attribute))
                .filter_map(|one| one.get("value")?.as_str());
            let ids: Vec<&str> = elements.chain(resources.iter().filter_map(|one| one.text(&rule.attribute))).collect();
            self.look_up_keys(place, &ids, &mut known)?;
            let named = |call: &CallId| {
                self.instance
                    .mapping
                    .call(*call)
                    .holes()
                    .iter()
                    .any(|hole| matches!(hole, Variable::MemberAttribute(_)))
            };
            if calls.iter().flatten().any(named) {
                self.look_up_members(place, &ids, &mut known).await?;
            }
        }
        Ok(known)
    }

    fn look_up_keys(&self, place: usize, ids: &[&str], known: &mut Known) -> Result<(), OperationError> {
        let referred = &self.instance.mapping.types[place];
        if referred.key.stable {
            return Ok(());
        }
        let links = self.gateway.store.links_by_ids(&self.instance.scope(referred), ids)?;
        let live = links.into_iter().flatten().filter(|link| link.state == LinkState::Live);
        let keys = live.map(|link| (link.scim_id.clone(), link.target_key.clone()));
        known.keys.entry(referred.kind.name.clone()).or_default().extend(keys);
        Ok(())
    }

    async fn look_up_members(&self, place: usize, ids: &[&str], known: &mut Known) -> Result<(), OperationError> {
        let members = Work { kind: place, ..self.clone() };
        let found = known.resources.entry(members.kind().kind.name.clone()).or_default();
        for id in ids {
            let located = members.locate(id);
            let account = match located {
                Ok(located) => members.gather(&located, Extent::Whole).await,
                Err(error) => Err(error),
            };
            match account {
                Ok(account) => drop(found.insert((*id).to_owned(), account.resource)),
                Err(OperationError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// References that were looked up. A resource type without keys here has stable ones: the id is the key.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: HashMap<Arc<str>, HashMap<String, String>>,
    resources: HashMap<Arc<str>, HashMap<String, Resource>>,
}

impl References for Known {
    fn key(&self, kind: &str, id: &str) -> Option<String> {
        match self.keys.get(kind) {
            Some(ids) => ids.get(id).cloned(),
            None => Some(id.to_owned()),
        }
    }

    fn resource(&self, kind: &str, id: &str) -> Option<&Resource> {
        self.resources.get(kind)?.get(id)
    }

    fn is_gone(&self, kind: &str, id: &str) -> bool {
        self.resources.get(kind).is_some_and(|members| !members.contains_key(id))
    }
}

/// Does the account show what the step should have done? What is never shown is seen by what the same call carried beside it; each of
/// several calls that a function planned may have carried it alone.
fn covered_alike(kind: &TypeMapping, planned: &Planned, seen: &Resource, after: &Resource) -> bool {
    let covered = kind.rules.covered(&planned.covers);
    let (unseen, shown): (Vec<&Rule>, Vec<&Rule>) = covered.partition(|rule| matches!(rule.shape, Shape::Write(_)));
    let tells = !shown.is_empty() && (unseen.is_empty() || planned.planner.is_none());
    tells && shown.into_iter().all(|rule| kind.sends_alike(rule, seen, after))
}

/// Does the account differ from what was sent in nothing but the case of its name? After `check` that is what is found: who compares
/// names in any case has it as it was asked for.
fn named_alike(kind: &TypeMapping, planned: &Planned, seen: &Resource, after: &Resource) -> bool {
    let is_name = |rule: &Rule| {
        let attribute = kind.kind.attribute(&rule.attribute);
        let unique = attribute.is_some_and(|attribute| attribute.uniqueness != Uniqueness::None);
        (unique || kind.is_in_key(rule)) && attribute.is_some_and(|attribute| !attribute.case_exact)
    };
    let same = |rule: &Rule| match (seen.text(&rule.attribute), after.text(&rule.attribute)) {
        (Some(seen), Some(after)) => fold(seen) == fold(after),
        _ => false,
    };
    kind.rules.covered(&planned.covers).all(|rule| kind.sends_alike(rule, seen, after) || (is_name(rule) && same(rule)))
}

fn element_there(
    kind: &TypeMapping,
    planned: &Planned,
    (document, known): (&Value, &dyn Scope),
    value: &Value,
) -> bool {
    kind.rules.covered(&planned.covers).any(|rule| match &rule.shape {
        Shape::Each { at, items, .. } => {
            let item = items.iter().find(|item| &*item.sub == "value");
            let Some(item) = item else { return false };
            let shown = at.items(document).into_iter().filter_map(|one| item.at.first(one));
            let read = shown.filter_map(|one| item.transform.to_scim(one, Kind::String, known).ok().flatten());
            read.into_iter().any(|one| fold(&as_text(&one)) == fold(&as_text(value)))
        }
        _ => false,
    })
}
