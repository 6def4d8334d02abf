//! The shapes of what calls share: named calls, lookups, credentials.

use super::Want::{Any, Count, Idea, Map, Or, Text, Word};
use super::table::{CALL, CALL_TEXT, PATH, REQUEST};
use super::{Key, Shape, Want, key, must};

/// A call made from a shared one.
pub(super) static MADE: &[Key] = &[VIA, ARGS];
pub(super) const VIA: Key =
    key("via", Text("the name of a call"), "Instead of `call`: the name of a call in `calls:`.");
pub(super) const ARGS: Key = key("args", Map("a hole", &Any), "What stands in the holes of the call that `via` names.");

pub(super) static SHARED: Shape = Shape {
    name: "a shared call",
    doc: "A call with holes of its own, used by others: `via` names it and `args` fill its holes.",
    keys: &[&[must("call", CALL_TEXT, "`METHOD /path`, below the base URL.")], REQUEST],
};

pub(super) static LOOKUP: Shape = Shape {
    name: "a lookup",
    doc: "A value that is got by a call of its own, and stands for its name in other calls, rules and conditions.",
    keys: &[
        CALL,
        REQUEST,
        &[
            key("take", Or(&[PATH, Idea(&TAKEN_HEADER)]), "Where in the answer the value stands."),
            key(
                "lives",
                Word(&["session", "forever", "once"]),
                "How long it is used: until the product says `login_again` (so unless it is said), as long as the gateway runs, or for one step.",
            ),
            key(
                "expires",
                Or(&[Count, PATH, Idea(&EXPIRES)]),
                "When a session ends by itself, so that it is got again shortly before.",
            ),
        ],
    ],
};

static TAKEN_HEADER: Shape = Shape {
    name: "take",
    doc: "A header of the answer that holds the value.",
    keys: &[&[must("header", Text("a header"), "Its name.")]],
};

static EXPIRES: Shape = Shape {
    name: "expires",
    doc: "When a session ends by itself: in some seconds, or at a moment.",
    keys: &[&[
        key("in", Or(&[Count, PATH]), "Seconds, or where in the answer they stand."),
        key("at", PATH, "Where in the answer the moment stands."),
        key(
            "as",
            Word(&["date_time", "epoch_seconds", "epoch_millis", "jwt"]),
            "How the moment is written; `jwt`: in the token's `exp` claim.",
        ),
    ]],
};

pub(super) const TEMPLATE: Want = Text("a template");

pub(super) static AUTH: Shape = Shape {
    name: "auth",
    doc: "How the product is told who calls.",
    keys: &[&[
        key("header", Map("a header", &TEMPLATE), "Headers, filled from settings and lookups."),
        key("query", Map("a parameter", &TEMPLATE), "Query parameters, filled from settings and lookups."),
        key("basic", Idea(&BASIC), "HTTP basic authentication."),
        key("bearer", TEMPLATE, "A bearer token."),
        key("cookies", Text("the name of a lookup"), "The cookies that the answer of this lookup set."),
    ]],
};

static BASIC: Shape = Shape {
    name: "basic",
    doc: "HTTP basic authentication.",
    keys: &[&[must("username", TEMPLATE, "The user name."), must("password", TEMPLATE, "The password: a setting.")]],
};

/// What stands in a test for the lookups.
pub(super) const GIVEN_LOOKUPS: Key =
    key("lookups", Map("a lookup", &Any), "What the lookups yield; one that is not given yields its own name.");
