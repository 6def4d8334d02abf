//! Shapes of what writes say beyond their call: what follows, how long a result may take, what a delete leaves.

use super::Want::{Flag, Idea, Many, Or, Text, Word};
use super::table::{CALL, CALL_TEXT, CONDITIONS, PLAIN_CALL, REQUEST};
use super::{Key, Shape, key, must};

pub(super) static FOLLOWS: &[Key] = &[
    key(
        "then",
        Many(&Or(&[CALL_TEXT, Idea(&PLAIN_CALL)])),
        "Calls made after a success, in order; on a create their `<key>` is the new one, `<answer.x>` is a field of the answer.",
    ),
    key("poll", Idea(&POLL), "How to learn that the product is done, where it answers before it did the work."),
];

static POLL: Shape = Shape {
    name: "poll",
    doc: "A call that is repeated until its answer says that the work is done.",
    keys: &[&[
        must("call", Or(&[CALL_TEXT, Idea(&PLAIN_CALL)]), "The call that tells, such as `GET /jobs/<answer.id>`."),
        must("until", Idea(&DONE), "What its answer holds when all is done."),
        key("fail", Idea(&DONE), "What its answer holds when it went wrong."),
        key("every", Text("a time such as `500ms`"), "How long to wait between two calls; 500ms if not said."),
        key(
            "at_most",
            Text("a time such as `30s`"),
            "How long to wait in all; 30s if not said, and never longer than the request may take.",
        ),
    ]],
};

static DONE: Shape = Shape { name: "a condition", doc: "A test on the answer.", keys: CONDITIONS };

pub(super) static ELEMENT_CALL: Shape =
    Shape { name: "a call", doc: "One HTTP request that adds or removes elements.", keys: &[CALL, REQUEST, FOLLOWS] };

pub(super) static DELETE: Shape = Shape {
    name: "a delete call",
    doc: "Deleting an account.",
    keys: &[
        CALL,
        REQUEST,
        FOLLOWS,
        &[key("look_first", Flag, "The product says yes also where nothing was there: read before."), LEAVES],
    ],
};

const LEAVES: Key = key(
    "leaves",
    Word(&["name", "account"]),
    "What stays: `name`: nobody can have the name again; `account`: the account stays readable, and the gateway hides it.",
);

pub(super) static PLANNED_DELETE: Shape = Shape {
    name: "a delete by script",
    doc: "Deleting an account by the shared calls that a function plans.",
    keys: &[&[
        must(
            "script",
            Text("a function"),
            "A function of the script file: `fn (before, after)`, and perhaps `settings`; `after` is `()`. It gives a list of `#{ via: \"NAME\", args: #{ … } }`.",
        ),
        LEAVES,
    ]],
};
