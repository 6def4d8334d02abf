//! What follows a write: `then`, `poll`, and what a delete leaves.

use super::answers;
use super::call::call;
use super::context::{Root, flag};
use super::functions;
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::{By, Delete, Follow, Leaves, Poll};
use crate::wire::{CallId, Condition, ResultAt};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(500);
const AT_MOST: Duration = Duration::from_secs(30);
/// Nobody waits for a request that long.
const LONGEST: Duration = Duration::from_secs(3600);

/// The delete call.
pub(super) fn delete(names: &Names<'_>, node: &Node, name: &str) -> Option<Delete> {
    let by = match node.get("script") {
        Some(function) => By::Script(functions::planner(names.context, function)?),
        None => {
            let id = names.context.declare(call(names, node, name)?);
            follow(names, node, (id, name));
            By::Call(id)
        }
    };
    let leaves = match node.get("leaves").and_then(Node::text) {
        Some("name") => Leaves::Name,
        Some("account") => Leaves::Account,
        _ => Leaves::Nothing,
    };
    Some(Delete { by, look_first: flag(node, "look_first"), leaves })
}

/// Notes what follows a call that was declared.
pub(super) fn follow(names: &Names<'_>, node: &Node, (id, name): (CallId, &str)) {
    let names = names.at(names.place.following());
    let poll = node.get("poll").and_then(|node| poll(&names, node, name));
    let then = node.get("then").map(Node::items).unwrap_or_default().iter().enumerate();
    let then = then.filter_map(|(at, node)| silent(&names, node, &format!("{name}.then[{at}]"))).collect::<Vec<_>>();
    if poll.is_some() || !then.is_empty() {
        names.context.follows.borrow_mut().insert(id, Follow { poll, then });
    }
}

/// A call whose answer is not the account.
fn silent(names: &Names<'_>, node: &Node, name: &str) -> Option<CallId> {
    let mut call = call(names, node, name)?;
    call.result = ResultAt::Nowhere;
    Some(names.context.declare(call))
}

fn poll(names: &Names<'_>, node: &Node, name: &str) -> Option<Poll> {
    let ask = node.get("call").and_then(|node| silent(names, node, &format!("{name}.poll")));
    let until = node.get("until").and_then(|node| one(names, node));
    let fail = node.get("fail").and_then(|node| one(names, node));
    let every = time(names, node, "every").unwrap_or(EVERY);
    let at_most = time(names, node, "at_most").unwrap_or(AT_MOST);
    Some(Poll { call: ask?, until: until?, fail, every, at_most })
}

fn one(names: &Names<'_>, node: &Node) -> Option<Condition> {
    answers::condition(names.context, (node, Root::Whole))
}

fn time(names: &Names<'_>, node: &Node, key: &str) -> Option<Duration> {
    let node = node.get(key)?;
    let text = node.text()?;
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit.trim() {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let millis = unit.and_then(|unit| number.parse::<u64>().ok()?.checked_mul(unit)).map(Duration::from_millis);
    let time = millis.filter(|time| !time.is_zero() && *time <= LONGEST);
    if time.is_none() {
        let hint = "write 500ms, 10s or 2m: more than nothing, at most an hour";
        names.context.report.hint(&codes::NOT_A_TIME, &node.span, (format!("`{text}` is no time"), hint));
    }
    time
}

impl Place {
    /// Where the calls that follow a call of this place stand.
    fn following(self) -> Place {
        match self {
            Place::Create => Place::AfterCreate,
            Place::Add | Place::Remove => Place::AfterElement,
            Place::Delete => Place::AfterDelete,
            _ => Place::AfterUpdate,
        }
    }
}
