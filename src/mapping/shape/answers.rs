//! Shapes of the rows that say what answers mean.

use super::Want::{Idea, Or, Text, With};
use super::table::{CALL_TEXT, PATH, PLAIN_CALL, STATUS, TESTS};
use super::{Key, Shape, Want, key, must};

/// Rows that say what answers mean.
pub(super) static ANSWERS: Want = With("script", &Idea(&ASKED), &Idea(&ANSWER));

static ANSWER: Shape = Shape {
    name: "an answer row",
    doc: "A test on an answer, and what the answer then means. The first row that fits wins.",
    keys: &[
        STATUS,
        TESTS,
        &[must(
            "means",
            Text("a meaning"),
            "What it means: ok absent empty taken invalid refused check changed login_again busy broken.",
        )],
        TOLD,
    ],
};

static ASKED: Shape = Shape {
    name: "an answer row by script",
    doc: "A function that says what an answer means, asked where the test fits, or always. The first row that says something wins.",
    keys: &[
        STATUS,
        TESTS,
        &[must(
            "script",
            Text("a function"),
            "A function of the script file: `fn (request, status, body)`, and perhaps `settings`. It gives a meaning, or `#{ means, detail, retry_at }`, or `()`: then the next row that fits counts.",
        )],
        TOLD,
    ],
};

/// What a row says beside the meaning.
static TOLD: &[Key] = &[
    key("detail", Text("a path or a text"), "The words for the client."),
    key("retry_at", PATH, "Where the answer says how long to wait."),
    key(
        "confirm",
        Or(&[CALL_TEXT, Idea(&PLAIN_CALL)]),
        "With `means: absent`: a call that must succeed before it is believed, for products that tell strangers that nothing is there.",
    ),
];
