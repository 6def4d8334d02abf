//! What follows a write: the calls that its mapping names under `poll` and `then`, filled from the write and from its answer.

use crate::mapping::to_target::ResourceScope;
use crate::plan::write::Subject;
use crate::plan::{Planned, Purpose};
use crate::scim::resource::Resource;
use crate::wire::{Argument, CallId, Capture, Nothing, Scope, Term, Variable};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

impl Subject<'_> {
    /// The write, and after it what the mapping says follows its success. `resource` is the account's new form.
    pub(super) fn followed(&self, mut planned: Planned, resource: &Resource) -> Vec<Planned> {
        let Some(follow) = self.mapping.follow(planned.step.call) else { return vec![planned] };
        let poll = follow.poll.iter().map(|poll| (poll.call, Purpose::Await));
        let then = follow.then.iter().map(|call| (*call, Purpose::Then));
        let after: Vec<Planned> =
            poll.chain(then).map(|(call, purpose)| self.following((call, purpose), &mut planned, resource)).collect();
        std::iter::once(planned).chain(after).collect()
    }

    /// The calls that follow a create, for an account that is there already.
    pub(super) fn then(&self, call: CallId, resource: &Resource) -> Vec<Planned> {
        let made = Planned::of(call, Purpose::Create, Vec::new());
        let all = self.followed(made, resource);
        let answers = |planned: &Planned| {
            planned.step.arguments.iter().any(|argument| matches!(argument.variable, Variable::Answer(_)))
        };
        // What only the create's own answer told is not known any more.
        all.into_iter().filter(|planned| planned.purpose == Purpose::Then && !answers(planned)).collect()
    }

    fn following(&self, (call, purpose): (CallId, Purpose), write: &mut Planned, resource: &Resource) -> Planned {
        let mut arguments = Vec::new();
        for hole in self.mapping.call(call).holes() {
            if *hole == Variable::Key {
                arguments.push(Argument { variable: Variable::Key, term: self.key.clone() });
            } else if let Variable::Answer(path) = hole {
                let name: Arc<str> = hole.to_string().into();
                if !write.step.captures.iter().any(|capture| capture.name == name) {
                    write.step.captures.push(Capture { name: name.clone(), at: path.clone() });
                }
                arguments.push(Argument { variable: hole.clone(), term: Term::Captured(name) });
            } else if let Some(argument) = write.step.arguments.iter().find(|argument| argument.variable == *hole) {
                arguments.push(argument.clone());
            } else if let Some(open) = write.open_field(hole) {
                arguments.push(Argument { variable: hole.clone(), term: open });
            } else {
                let value = self.value_of_hole(hole, (write.account(), resource));
                arguments.extend(value.map(|value| Argument::of(hole.clone(), value)));
            }
        }
        let mut planned = Planned::of(call, purpose, arguments);
        planned.covers.clone_from(&write.covers);
        planned
    }

    /// What a hole stands for that names the account: an attribute of its new form, a field as sent or as it was, its version.
    pub(super) fn value_of_hole(
        &self,
        hole: &Variable,
        (sent, resource): (Option<&Value>, &Resource),
    ) -> Option<Value> {
        let scope = ResourceScope { mapping: self.kind, resource, known: &Nothing };
        match hole {
            Variable::Version => self.before.and_then(|before| before.version).map(Value::from),
            Variable::Attribute(_) => scope.value(hole).map(Cow::into_owned),
            Variable::Field(path) => {
                sent.and_then(|sent| path.first(sent)).or_else(|| path.first(self.before?.document)).cloned()
            }
            _ => None,
        }
    }
}
