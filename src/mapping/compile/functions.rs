//! Functions of the script file, where the mapping names them.

use super::context::Context;
use crate::mapping::Planner;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::scim::schema::nearest;
use std::ops::RangeInclusive;

/// What a function is wanted for.
#[derive(Clone, Copy)]
pub(super) enum Job {
    /// It changes a value; on the way to the product it may be told what the field held.
    Change { sent: bool },
    /// It says what an answer means.
    Meaning,
    /// It plans calls.
    Plan,
}

impl Job {
    fn parameters(self) -> RangeInclusive<usize> {
        match self {
            Job::Change { sent: false } => 1..=2,
            Job::Change { sent: true } => 1..=3,
            Job::Meaning => 3..=4,
            Job::Plan => 2..=3,
        }
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Job::Change { .. } => (
                "a value change has one, the value, or two, the value and the settings",
                "on the way to the product a third is the field as it was",
            ),
            Job::Meaning => (
                "one that says what an answer means has three: the request, the status and the body",
                "a fourth is the settings",
            ),
            Job::Plan => {
                ("one that plans calls has two: the account before and after the change", "a third is the settings")
            }
        }
    }
}

/// How many parameters the function has that the node names, where it exists and fits.
pub(super) fn parameters(context: &Context<'_>, node: &Node, job: Job) -> Option<usize> {
    let name = node.text()?;
    let Some(script) = &context.script else {
        let message = format!("`{name}` is a function of a script file, and there is none");
        context.report.hint(
            &codes::SCRIPT_MISSING,
            &node.span,
            (message, "put `scripts/<product>.rhai` beside the mapping"),
        );
        return None;
    };
    let functions = script.functions();
    match functions.iter().find(|(known, _)| *known == name) {
        Some((_, count)) if job.parameters().contains(count) => Some(*count),
        Some((_, count)) => {
            let (takes, hint) = job.told();
            let message = format!("`{name}` has {count} parameters; {takes}");
            context.report.hint(&codes::SCRIPT_ARITY, &node.span, (message, hint));
            None
        }
        None => {
            let near = nearest(name, functions.iter().map(|(known, _)| *known)).map(str::to_owned);
            let message = format!("{} has no function `{name}`", script.name());
            context.report.near(&codes::SCRIPT_MISSING, &node.span, (message, near));
            None
        }
    }
}

/// The function that plans the calls of a write, where the node names one.
pub(super) fn planner(context: &Context<'_>, node: &Node) -> Option<Planner> {
    context.plans.set(true);
    let count = parameters(context, node, Job::Plan)?;
    if context.shared.borrow().is_empty() {
        let message = format!("there is no call that `{}` could plan", node.text()?);
        let hint = "declare the calls in `calls:`, with a hole for whatever the function fills";
        context.report.hint(&codes::SHARED_UNKNOWN, &node.span, (message, hint));
        return None;
    }
    Some(Planner {
        script: context.script.clone()?,
        function: node.text()?.into(),
        settings: (count == 3).then(|| context.all_settings()),
        line: context.report.line(node.span.start),
    })
}
