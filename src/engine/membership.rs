//! Membership that belongs to the member: a group's list is written as the lists of its members, one account at a time, and read
//! from there.
//!
//! Whoever changes a group holds its lock and takes those of its members one after the other, never two at a time, and whoever changes
//! a member takes no group's: nobody waits in a circle.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, Through, TypeMapping, Unknown};
use crate::plan::{self, Changes, ElementChange, PlanError, Planned, Subject};
use crate::scim::projection::View;
use crate::scim::resource::Resource;
use crate::target::Captures;
use crate::wire::{Argument, Variable};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How often a member's write starts over when the account changes under it.
const TRIES: usize = 3;

/// The accounts among which members were looked for, once per request: by the id of the group where there is a find for it, else all,
/// which every group of a page asks for.
#[derive(Clone, Debug, Default)]
pub struct Walked(Arc<Mutex<HashMap<Option<String>, Accounts>>>);

type Accounts = Arc<Vec<Resource>>;

/// What becomes of a membership.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Member,
    Nobody,
}

/// An element that is read in another account.
type Reading<'a> = Pin<Box<dyn Future<Output = Result<Value, OperationError>> + Send + 'a>>;

impl Work {
    /// Writes what the changes say of lists that belong to other accounts.
    ///
    /// # Errors
    /// A member is unknown; the target refuses or cannot be asked. What was done before stays done.
    pub(super) async fn write_elsewhere(&self, located: &Located, changes: &Changes) -> Result<(), OperationError> {
        for (rule, change) in changes.elsewhere(self.kind()) {
            let Some((members, through)) = self.members_of(rule) else { continue };
            // Who cannot be anybody is told before the first is written.
            for (position, element) in &change.adds {
                unknown_is(rule, *position, members.locate(id_in(element)).map(drop))?;
            }
            for (position, element) in &change.adds {
                let done = members.becomes(id_in(element), (through, &located.id), Becomes::Member).await;
                unknown_is(rule, *position, done)?;
            }
            for element in &change.removes {
                // Who is not there is no member.
                match members.becomes(id_in(element), (through, &located.id), Becomes::Nobody).await {
                    Err(OperationError::NotFound { .. }) => {}
                    done => done?,
                }
            }
        }
        self.walked.0.lock().await.clear();
        Ok(())
    }

    /// The elements that other accounts hold for this one.
    pub(super) fn read_elsewhere<'a>(&'a self, rule: &'a Rule, located: &'a Located) -> Reading<'a> {
        Box::pin(async move {
            let Some((members, through)) = self.members_of(rule) else { return Ok(Value::Null) };
            let holds = |member: &&Resource| {
                member.elements(&through.attribute).iter().any(|element| id_in(element) == located.id)
            };
            let accounts = members.holders(through, located).await?;
            Ok(accounts.iter().filter(holds).filter_map(element).collect())
        })
    }

    /// The steps of new members, supposing that their own lists are empty.
    pub(super) async fn supposed_elsewhere(
        &self,
        located: &Located,
        changes: &Changes,
    ) -> Result<Vec<Planned>, OperationError> {
        let mut steps = Vec::new();
        for (rule, change) in changes.elsewhere(self.kind()) {
            let Some((members, through)) = self.members_of(rule) else { continue };
            for (_, element) in &change.adds {
                let member = members.locate(id_in(element))?;
                let nobody =
                    Account { id: String::new(), shown: Shown::default(), resource: Resource::default(), link: None };
                let becomes = Becoming::of(members.kind(), (&nobody, through, &located.id), Becomes::Member);
                steps.extend(plan::read(members.kind(), &member.term));
                if let Some(becoming) = becomes {
                    steps.extend(members.plan_member(&member, &nobody, &becoming).await?);
                }
            }
        }
        Ok(steps)
    }

    /// The work on the accounts that hold the rule's elements.
    fn members_of<'a>(&self, rule: &'a Rule) -> Option<(Work, &'a Through)> {
        let through = rule.through.as_ref()?;
        let kind = self.instance.mapping.types.iter().position(|kind| kind.kind.name == through.kind)?;
        Some((Work { kind, condition: None, ..self.clone() }, through))
    }

    /// Accounts among which are all that hold this one: found by it, or simply all.
    async fn holders(&self, through: &Through, located: &Located) -> Result<Accounts, OperationError> {
        let kind = self.kind();
        let names = format!("userName,displayName,{}", through.attribute);
        let view = View::parse(Some(&names), None, &kind.kind)?;
        let find = kind.find.iter().find(|find| find.by.iter().any(|by| through.attribute.covers(by)));
        let asked = find.map(|_| located.id.clone());
        let mut walked = self.walked.0.lock().await;
        if let Some(accounts) = walked.get(&asked) {
            return Ok(accounts.clone());
        }
        let value = || vec![Argument { variable: Variable::Value, term: located.term.clone() }];
        let accounts = match (find, &kind.list) {
            (Some(find), _) => self.every(&find.search, value(), view).await?,
            (None, Some(list)) => self.every(list, Vec::new(), view).await?,
            (None, None) => return Err(OperationError::NotOffered("listing")),
        };
        let accounts = Arc::new(accounts);
        walked.insert(asked, accounts.clone());
        Ok(accounts)
    }

    /// Puts an element into the account's list, or takes it out, under the account's own lock.
    async fn becomes(&self, id: &str, held: (&Through, &str), becomes: Becomes) -> Result<(), OperationError> {
        let _turn = self.lock("id", id).await?;
        let mut last = OperationError::Stale;
        for _ in 0..TRIES {
            match self.try_to_become(id, held, becomes).await {
                Err(OperationError::Stale) => last = OperationError::Stale,
                done => return done,
            }
        }
        Err(last)
    }

    async fn try_to_become(
        &self,
        id: &str,
        (through, group): (&Through, &str),
        becomes: Becomes,
    ) -> Result<(), OperationError> {
        let located = self.locate(id)?;
        let before = self.gather(&located, Extent::Whole).await?;
        let Some(becoming) = Becoming::of(self.kind(), (&before, through, group), becomes) else { return Ok(()) };
        let steps = self.plan_member(&located, &before, &becoming).await?;
        let ran = self.run(&steps, &mut Captures::default()).await?;
        if !ran.doubts.is_empty() {
            self.resolve(ran.doubts, &located, &becoming.after).await?;
        }
        Ok(())
    }

    async fn plan_member(
        &self,
        located: &Located,
        before: &Account,
        becoming: &Becoming,
    ) -> Result<Vec<Planned>, OperationError> {
        let references = self.references(&[&becoming.asked]).await?;
        let subject = Subject {
            mapping: &self.instance.mapping,
            kind: self.kind(),
            key: located.term.clone(),
            before: Some(before.before()),
            references: &references,
            known: self.known(),
        };
        Ok(plan::update(&subject, &becoming.after, &becoming.changes)?)
    }
}

/// What changes of a member.
struct Becoming {
    changes: Changes,
    after: Resource,
    /// What its references are looked up for.
    asked: Resource,
}

impl Becoming {
    /// `None`: it is so already.
    fn of(
        kind: &TypeMapping,
        (before, through, group): (&Account, &Through, &str),
        becomes: Becomes,
    ) -> Option<Becoming> {
        let (rule, _) = kind.rules.of(&through.attribute).find(|(_, rule)| rule.attribute == through.attribute)?;
        let old = before.resource.elements(&through.attribute);
        let there = old.iter().any(|element| id_in(element) == group);
        if there == (becomes == Becomes::Member) {
            return None;
        }
        let element = json!({ "value": group });
        let (adds, removes) = match becomes {
            Becomes::Member => (vec![(0, element.clone())], Vec::new()),
            Becomes::Nobody => (Vec::new(), vec![element.clone()]),
        };
        let others = old.iter().filter(|element| id_in(element) != group).cloned();
        let now: Value = others.chain(adds.iter().map(|(_, element)| element.clone())).collect();
        let (mut after, mut asked) = (before.resource.clone(), Resource::default());
        after.set(&through.attribute, now);
        asked.set(&through.attribute, vec![element].into());
        let changes = Changes { rules: Vec::new(), elements: vec![ElementChange { rule, adds, removes }] };
        Some(Becoming { changes, after, asked })
    }
}

/// An element that refers to nobody is told by its position, or left out where the mapping says so.
fn unknown_is(rule: &Rule, position: usize, done: Result<(), OperationError>) -> Result<(), OperationError> {
    match done {
        Err(OperationError::NotFound { .. }) if rule.unknown == Unknown::Ignored => Ok(()),
        Err(OperationError::NotFound { kind, .. }) => {
            Err(PlanError::UnknownReference { attribute: rule.attribute.to_string(), position, kind }.into())
        }
        done => done,
    }
}

fn id_in(element: &Value) -> &str {
    element.get("value").unwrap_or(element).as_str().unwrap_or_default()
}

/// A member as its group shows it.
fn element(member: &Resource) -> Option<Value> {
    let name = member.0.get("displayName").or(member.0.get("userName"));
    let mut element = json!({ "value": member.id()? });
    if let Some(name) = name {
        element["display"] = name.clone();
    }
    Some(element)
}
