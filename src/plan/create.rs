//! A create as steps: the call that makes the account, what follows it, and what it cannot carry.

use crate::mapping::draft::Draft;
use crate::mapping::{Cleared, Mapping, Rule, Shape, TypeMapping};
use crate::plan::change::Changes;
use crate::plan::rows::{row_of, rows};
use crate::plan::write::{PlanError, Subject, carried, made_key};
use crate::plan::{Planned, Purpose};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::{Call, Path, Variable};
use serde_json::{Map, Value};

/// How an account is made.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The create call, and the one that tells when it is done. The key of later steps is captured from these.
    pub make: Vec<Planned>,
    /// What the mapping says follows.
    pub then: Vec<Planned>,
    /// What the create cannot carry: it follows as updates, as far as the new account does not hold it already.
    pub left: Changes,
    /// These updates, supposing that it holds none of it.
    pub supposed: Vec<Planned>,
}

/// The steps that make an account, and what is left for updates.
///
/// # Errors
/// The mapping declares no create; a rule fails; an element refers to nobody.
pub fn create(subject: &Subject<'_>, resource: &Resource) -> Result<Creation, PlanError> {
    let kind = subject.kind;
    let create = kind.create.as_ref().ok_or(PlanError::NotOffered("creating"))?;
    let mut draft = Draft { document: Value::Object(Map::new()), ..Draft::default() };
    let mut covers = Vec::new();
    let keyed = subject.keyed(resource);
    for (_, rule) in kind.rules.of_new(resource) {
        let given = rule.is_sent() && !resource.elements(&rule.attribute).is_empty();
        match &rule.shape {
            Shape::Each { .. } if rule.has_calls() => continue,
            Shape::Each { .. } if given => subject.put_array(rule, resource, &mut draft)?,
            Shape::Each { .. } => {
                let put = kind.put_default_elements(rule, &keyed, &mut draft);
                if !put && rule.is_sent() && rule.cleared != Cleared::Absent {
                    subject.put_array(rule, resource, &mut draft)?;
                } else if !put {
                    continue;
                }
            }
            _ if !rule.is_sent() => continue,
            _ => kind.write_new(rule, (&keyed, subject.known), &mut draft)?,
        }
        covers.push(rule.attribute.clone());
    }
    let key = made_key(kind, (resource, subject.known))?.unwrap_or_else(|| subject.key.clone());
    let made = Subject { key, ..*subject };
    let mut planned = carried(&made, &create.write, (&mut draft, covers), resource)?;
    planned.purpose = Purpose::Create;
    let left = left_over(subject, (&planned, &draft), (resource, &keyed));
    for attribute in left.rules.iter().map(|place| &kind.rules[*place].attribute) {
        planned.covers.retain(|covered| covered != attribute);
    }
    let (make, then) =
        made.followed(planned, resource).into_iter().partition(|planned| planned.purpose != Purpose::Then);
    let mut supposed = Vec::new();
    for change in left.elements.iter().filter(|change| kind.rules[change.rule].has_calls()) {
        supposed.extend(subject.adds(change, resource)?);
    }
    // Whether the new account holds already what no row takes, nobody knows yet.
    match rows(subject, resource, &left) {
        Err(PlanError::NotTaken(_) | PlanError::ValueNotTaken(_)) => {}
        steps => supposed.extend(steps?.0),
    }
    Ok(Creation { make, then, left, supposed })
}

/// The calls that follow a create, for an account that an earlier request made.
pub fn then(subject: &Subject<'_>, resource: &Resource) -> Vec<Planned> {
    subject.kind.create.as_ref().map(|create| subject.then(create.write.call, resource)).unwrap_or_default()
}

/// What an account lacks that an earlier request made, as far as updates take it. What is never shown was in that request, and a
/// create takes nothing away that the target gives to everybody.
pub fn missing(mapping: &Mapping, kind: &TypeMapping, (shown, wanted): (&Resource, &Resource)) -> Changes {
    let mut missing = crate::plan::diff(kind, shown, wanted);
    missing.rules.retain(|place| {
        let rule = &kind.rules[*place];
        let given = kind.value_of(rule, wanted).is_some();
        given && !matches!(rule.shape, Shape::Write(_)) && row_of((mapping, kind), rule, wanted).is_some()
    });
    missing.elements.iter_mut().for_each(|change| change.removes.clear());
    missing
}

/// What was given and is not in the create's request, as far as updates take it.
fn left_over(
    subject: &Subject<'_>,
    (planned, draft): (&Planned, &Draft),
    (resource, keyed): (&Resource, &Resource),
) -> Changes {
    let kind = subject.kind;
    let carried = Carried::of(kind, subject.mapping.call(planned.step.call), (planned, draft));
    let mut left = crate::plan::diff(kind, &Resource::default(), resource);
    left.elements.retain(|change| kind.rules[change.rule].has_calls() || kind.rules[change.rule].through.is_some());
    left.rules.retain(|place| {
        let rule = &kind.rules[*place];
        let given = rule.refers_to.is_none() || kind.value_of(rule, keyed).is_some();
        given && !carried.holds(rule) && kind.update.iter().any(|row| row.may_take(rule))
    });
    left
}

/// What the request of a create holds.
struct Carried<'a> {
    kind: &'a TypeMapping,
    /// What its call names.
    holes: Vec<&'a Variable>,
    attributes: Vec<&'a AttributePath>,
    /// The account, where the call names it, with placeholders for what is drawn or filled in when it is sent.
    account: Option<&'a Value>,
}

impl<'a> Carried<'a> {
    fn of(kind: &'a TypeMapping, call: &'a Call, (planned, draft): (&'a Planned, &'a Draft)) -> Carried<'a> {
        let holes = call.holes();
        let attribute = |hole: &&Variable| match hole {
            Variable::Attribute(name) => kind.kind.find(name),
            _ => None,
        };
        let attributes = holes.iter().filter_map(attribute).collect();
        // An account with open places was made of the draft, and not taken out of it.
        let account = planned.account().unwrap_or(&draft.document);
        let account = holes.contains(&&Variable::Account).then_some(account);
        Carried { kind, account, holes, attributes }
    }

    fn holds(&self, rule: &Rule) -> bool {
        let own = rule.written_paths();
        // A part of a list is not the list.
        let several = self.kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.multi_valued);
        let part = |path: &AttributePath| rule.attribute.covers(path) && (!several || *path == rule.attribute);
        let named = self.attributes.iter().any(|path| part(path) || path.covers(&rule.attribute));
        let fields = self.holes.iter().any(|hole| match hole {
            Variable::Field(path) => own.iter().any(|own| is_within(path, own)),
            _ => false,
        });
        let in_key = || self.holes.contains(&&Variable::Key) && self.kind.is_in_key(rule);
        let held = |account: &Value| own.iter().any(|path| path.first(account).is_some());
        named || fields || in_key() || self.account.is_some_and(held)
    }
}

/// Does the path lead to this place, or into it?
fn is_within(path: &Path, place: &Path) -> bool {
    path.text().strip_prefix(place.text()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
