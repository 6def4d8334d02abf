//! The `update` rows of a mapping as steps: which row takes a change, and what its call carries.

use crate::mapping::draft::Draft;
use crate::mapping::{By, Mapping, Rule, Sends, Shape, Takes, TypeMapping, UpdateRow, Write};
use crate::plan::change::{Changes, ElementChange, calls_name};
use crate::plan::write::{PlanError, Subject, carried};
use crate::plan::{Planned, key_value};
use crate::scim::resource::Resource;
use crate::wire::template::as_text;
use crate::wire::{Argument, Path, Term, Variable};
use serde_json::{Map, Value};

/// The steps of the `update` rows that take these changes, and the account's key once they are done.
pub(super) fn rows(
    subject: &Subject<'_>,
    after: &Resource,
    changes: &Changes,
) -> Result<(Vec<Planned>, Term), PlanError> {
    let kind = subject.kind;
    let mut taken: Vec<Vec<&Rule>> = vec![Vec::new(); kind.update.len()];
    let whole = |place: &usize| !kind.rules[*place].has_calls() && kind.rules[*place].through.is_none();
    let arrays = changes.elements.iter().map(|change| change.rule).filter(whole);
    if kind.update.is_empty() && !(changes.rules.is_empty() && arrays.clone().next().is_none()) {
        return Err(PlanError::NotOffered("changing"));
    }
    for rule in changes.rules.iter().copied().chain(arrays).map(|place| &kind.rules[place]) {
        let row = row_of((subject.mapping, kind), rule, after);
        taken[row.ok_or_else(|| not_taken(kind, rule))?].push(rule);
    }
    let mut steps = Vec::new();
    let mut earlier: Vec<&Rule> = Vec::new();
    let mut current = Subject { key: subject.key.clone(), ..*subject };
    for (row, rules) in kind.update.iter().zip(taken).filter(|(_, rules)| !rules.is_empty()) {
        let (so_far, new) = ((&*earlier, &*rules), (after, &*changes.elements));
        let (mut planned, shown) = match &row.by {
            By::Call(write) => match planned_row(&current, (row, write), so_far, new)? {
                Some((planned, shown)) => (vec![planned], shown),
                None => (Vec::new(), None),
            },
            By::Script(planner) => {
                let planned = current.planned_update(planner, so_far, new)?;
                let shown = planned.last().and_then(Planned::account).and_then(|account| kind.key_of(account));
                (planned, shown)
            }
        };
        // Of several calls the last is the one that may move the account.
        if let Some(last) = planned.last_mut() {
            last.moves_to = current.moved_by(shown, &rules, after)?;
            if let Some(key) = last.moves_to.as_deref().and_then(|key| key_value(kind, key)) {
                current.key = Term::Value(key);
            }
        }
        steps.extend(planned.into_iter().flat_map(|planned| current.followed(planned, after)));
        // What is never read is no part of an account that is sent back.
        earlier.extend(rules.into_iter().filter(|rule| !matches!(rule.shape, Shape::Write(_))));
    }
    Ok((steps, current.key))
}

/// The row that takes the change of what this rule sends: the first that names it, else the first that takes all.
pub(super) fn row_of((mapping, kind): (&Mapping, &TypeMapping), rule: &Rule, after: &Resource) -> Option<usize> {
    let named = kind.update.iter().position(|row| row.takes_change(rule, (kind, kind.value_of(rule, after))));
    named.or_else(|| kind.update.iter().position(|row| carries(mapping, row, rule)))
}

fn not_taken(kind: &TypeMapping, rule: &Rule) -> PlanError {
    let attribute = rule.attribute.to_string();
    match kind.update.iter().any(|row| row.names(rule)) {
        true => PlanError::ValueNotTaken(attribute),
        false => PlanError::NotTaken(attribute),
    }
}

/// The step of one row and the key in the account that it carries; `None` where the arrays that it would send are as they should be already. A whole account holds what earlier
/// rows changed, too.
fn planned_row(
    subject: &Subject<'_>,
    (row, write): (&UpdateRow, &Write),
    (earlier, rules): (&[&Rule], &[&Rule]),
    (after, elements): (&Resource, &[ElementChange]),
) -> Result<Option<(Planned, Option<String>)>, PlanError> {
    let main = |rule: &&&Rule| {
        rule.written_paths().into_iter().chain(rule.shows_at()).all(|path| !subject.is_named_read(path))
    };
    let earlier: Vec<&Rule> = earlier.iter().filter(main).copied().collect();
    let whole = if row.sends == Sends::Account { [&earlier, rules].concat() } else { rules.to_vec() };
    let others = whole.len() - rules.len();
    let nothing = Value::Null;
    let before = subject.before.map_or(&nothing, |before| before.document);
    let document = match (row.sends, before) {
        (Sends::Account, Value::Object(_)) => subject.carried_along(before, &whole),
        (Sends::Account | Sends::Changed, _) => Value::Object(Map::new()),
    };
    let mut draft = Draft { document, ..Draft::default() };
    subject.put_rules((&whole[..others], row.sends), (after, elements), &mut draft)?;
    subject.put_shown(&whole[..others], after, &mut draft)?;
    draft.lines.clear();
    subject.put_rules((&whole[others..], row.sends), (after, elements), &mut draft)?;
    let names = rules.iter().any(|rule| matches!(rule.shape, Shape::Read(_)));
    if draft.lines.is_empty() && !names {
        return Ok(None);
    }
    if row.sends == Sends::Account {
        put_back_unchanged_arrays(before, &whole, &mut draft);
    }
    let covers = rules.iter().map(|rule| rule.attribute.clone()).collect();
    let shown = subject.kind.key_of(&draft.document);
    let mut planned = carried(subject, write, (&mut draft, covers), after)?;
    if let [rule] = rules {
        let asked = || subject.mapping.call(write.call).holes().contains(&&Variable::Value);
        let value = match &rule.shape {
            Shape::Read(_) if !asked() => None,
            Shape::Read(_) => subject.kind.read_backwards(rule, (&subject.keyed(after), subject.known))?,
            _ => match rule.only_path().and_then(|at| at.first(planned.account()?)) {
                // It may be a list of 50,000.
                Some(Value::Array(_)) if !calls_name(subject.mapping, write.call, |hole| *hole == Variable::Value) => {
                    None
                }
                value => value.cloned(),
            },
        };
        planned.step.arguments.extend(value.map(|value| Argument::of(Variable::Value, value)));
    }
    Ok(Some((planned, shown)))
}

/// The field of the account that the rule's array is, where it is one.
fn whole_root_array(rule: &Rule) -> Option<&str> {
    match &rule.shape {
        Shape::Each { at, .. } if at.is_plain() && at.hops().is_some_and(|hops| hops.len() == 1) => at.root_field(),
        _ => None,
    }
}

/// An array that turned out as it was belongs to an account that is sent whole.
fn put_back_unchanged_arrays(before: &Value, rules: &[&Rule], draft: &mut Draft) {
    let Value::Object(document) = &mut draft.document else { return };
    for name in rules.iter().copied().filter_map(whole_root_array) {
        if let (None, Some(array)) = (document.get(name), before.get(name)) {
            document.insert(name.to_owned(), array.clone());
        }
    }
}

impl Subject<'_> {
    /// The account as it was, under its present key, but for arrays that are put whole anyway and may be long.
    fn carried_along(&self, before: &Value, rules: &[&Rule]) -> Value {
        let replaced: Vec<&str> = rules.iter().copied().filter_map(whole_root_array).collect();
        let fields = before.as_object().into_iter().flatten();
        let kept = fields.filter(|(name, _)| !replaced.contains(&name.as_str()) && !self.kind.is_named_read(name));
        let kept = Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect());
        self.under_its_key(&kept).into_owned()
    }

    fn is_named_read(&self, path: &Path) -> bool {
        path.root_field().is_some_and(|field| self.kind.is_named_read(field))
    }

    /// Writes what these rules only read as the target would show it.
    pub(super) fn put_shown(&self, rules: &[&Rule], after: &Resource, draft: &mut Draft) -> Result<(), PlanError> {
        let keyed = self.keyed(after);
        for rule in rules {
            if let Some(at) = rule.shows_at() {
                match self.kind.read_backwards(rule, (&keyed, self.known))? {
                    Some(value) => draft.put(at, value, rule.line),
                    None => at.remove(&mut draft.document),
                }
            }
        }
        Ok(())
    }

    /// Writes what these rules send of the account's new form.
    pub(super) fn put_rules(
        &self,
        (rules, sends): (&[&Rule], Sends),
        (after, elements): (&Resource, &[ElementChange]),
        draft: &mut Draft,
    ) -> Result<(), PlanError> {
        let nothing = Value::Null;
        let before = self.before.map_or(&nothing, |before| before.document);
        let keyed = self.keyed(after);
        for rule in rules {
            match (elements.iter().find(|change| std::ptr::eq(&self.kind.rules[change.rule], *rule)), &rule.shape) {
                (Some(change), _) => self.put_changed_array(rule, change, draft)?,
                (None, Shape::Each { .. }) => self.put_array(rule, after, draft)?,
                (None, _) => self.kind.write(rule, (&keyed, self.known), Some((before, sends)), draft)?,
            }
        }
        Ok(())
    }

    /// The account's key after this step, where the step moves it.
    fn moved_by(&self, shown: Option<String>, rules: &[&Rule], after: &Resource) -> Result<Option<String>, PlanError> {
        let Term::Value(key) = &self.key else { return Ok(None) };
        let kind = self.kind;
        let writes_key = |rule: &&Rule| rule.written_paths().contains(&&kind.key.at);
        let now = match &kind.key.made {
            _ if kind.key.stable => None,
            Some(_) if rules.iter().any(|rule| kind.is_in_key(rule)) => kind.make_key(after, self.known)?,
            None if rules.iter().any(writes_key) => shown,
            _ => None,
        };
        Ok(now.filter(|now| **now != *as_text(key)))
    }
}

/// Does this row take what no other row names? What is only read is in no account that is sent: the call itself must name it.
fn carries(mapping: &Mapping, row: &UpdateRow, rule: &Rule) -> bool {
    let named = |hole: &&Variable| match hole {
        Variable::Attribute(name) => **name == *rule.attribute.to_string(),
        _ => false,
    };
    let names = || match &row.by {
        By::Call(write) => mapping.call(write.call).holes().iter().any(named),
        By::Script(_) => true,
    };
    row.takes.is_empty() && (!matches!(rule.shape, Shape::Read(_)) || names())
}

impl UpdateRow {
    pub(super) fn takes_change(&self, rule: &Rule, (kind, value): (&TypeMapping, Option<&Value>)) -> bool {
        self.takes.iter().any(|takes: &Takes| {
            // A row for a part takes the whole, unless the part has a rule of its own.
            let part = rule.attribute.covers(&takes.attribute)
                && !kind.rules.of(&takes.attribute).any(|(_, other)| other.attribute == takes.attribute);
            let named = takes.attribute.covers(&rule.attribute) || part;
            named && takes.value.as_ref().is_none_or(|wanted| value == Some(wanted))
        })
    }
}
