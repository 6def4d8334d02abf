//! Calls that a function of the mapping's script plans: it is shown the account, and what it lists becomes steps like any other.

use crate::mapping::draft::Draft;
use crate::mapping::planner::PlannerFault;
use crate::mapping::{Planner, Rule, Sends};
use crate::plan::change::ElementChange;
use crate::plan::print::Shown;
use crate::plan::write::{PlanError, Subject};
use crate::plan::{Planned, Purpose};
use crate::scim::resource::Resource;
use crate::wire::call::CallError;
use crate::wire::template::as_text;
use crate::wire::{Argument, Term, Variable};
use serde_json::Value;
use std::borrow::Cow;

impl Subject<'_> {
    /// The steps of a row that a function plans. There are none while the account is not known: who only supposes it shows none.
    pub(super) fn planned_update(
        &self,
        planner: &Planner,
        (earlier, rules): (&[&Rule], &[&Rule]),
        (after, elements): (&Resource, &[ElementChange]),
    ) -> Result<Vec<Planned>, PlanError> {
        let Some(before) = self.before.map(|before| before.document).filter(|before| before.is_object()) else {
            return Ok(Vec::new());
        };
        let before = &*self.under_its_key(before);
        let whole = [earlier, rules].concat();
        let mut draft = Draft { document: before.clone(), ..Draft::default() };
        self.put_rules((&whole, Sends::Account), (after, elements), &mut draft)?;
        self.put_shown(rules, after, &mut draft)?;
        let mut steps = self.steps_of(planner, Purpose::Update, (before, &draft.document), after)?;
        for step in &mut steps {
            step.covers = rules.iter().map(|rule| rule.attribute.clone()).collect();
        }
        Ok(steps)
    }

    /// The account as it was, under the key that an earlier row may have given it.
    pub(super) fn under_its_key<'b>(&self, before: &'b Value) -> Cow<'b, Value> {
        let mut before = Cow::Borrowed(before);
        if let Term::Value(key) = &self.key
            && self.kind.key_of(&before).as_deref() != Some(&*as_text(key))
        {
            self.kind.key.at.set(before.to_mut(), key.clone());
        }
        before
    }

    /// The steps of a delete that a function plans.
    pub(super) fn planned_delete(&self, planner: &Planner) -> Result<Vec<Planned>, PlanError> {
        let Some(before) = self.before else { return Ok(Vec::new()) };
        let steps = self.steps_of(planner, Purpose::Delete, (before.document, &Value::Null), before.resource)?;
        match steps.is_empty() {
            true => Err(PlanError::Script(planner.failed(PlannerFault::Nothing))),
            false => Ok(steps),
        }
    }

    fn steps_of(
        &self,
        planner: &Planner,
        purpose: Purpose,
        (before, after): (&Value, &Value),
        resource: &Resource,
    ) -> Result<Vec<Planned>, PlanError> {
        let list = planner.plan(&self.mapping.plannable, (before, after), self.known)?;
        let mut steps = Vec::with_capacity(list.len());
        for (at, wanted) in list.into_iter().enumerate() {
            let call = self.mapping.call(wanted.call);
            let given = wanted.args.into_iter();
            let given = given.map(|(hole, value)| Argument::of(Variable::Argument(hole.into()), value));
            let mut arguments: Vec<Argument> = given.collect();
            arguments.push(Argument { variable: Variable::Key, term: self.key.clone() });
            let holes = call.holes().into_iter();
            let known = holes.filter_map(|hole| Some((hole, self.value_of_hole(hole, (Some(after), resource))?)));
            arguments.extend(known.map(|(hole, value)| Argument::of(hole.clone(), value)));
            let mut planned = Planned::of(wanted.call, purpose, arguments);
            planned.planner = Some((planner.function.clone(), planner.line));
            // What cannot be called is told before the first is.
            if let Err(cause) = call.target_path(&Shown(&planned)) {
                return Err(PlanError::Script(planner.failed(unfit((at + 1, wanted.via), cause))));
            }
            steps.push(planned);
        }
        // By the account that it leaves, the last one shows whether the key moved.
        if let (Some(last), false) = (steps.last_mut(), after.is_null()) {
            last.step.arguments.push(Argument::of(Variable::Account, after.clone()));
        }
        Ok(steps)
    }
}

fn unfit((place, via): (usize, &str), cause: CallError) -> PlannerFault {
    let via = via.to_owned();
    match cause {
        CallError::Missing(hole) => PlannerFault::Hollow { place, via, hole },
        CallError::Unsafe(hole) => PlannerFault::Unsafe { place, via, hole },
    }
}
