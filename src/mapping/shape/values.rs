//! The shapes of values: conversions, keys that are made, elections.

use super::Want::{Flag, Idea, List, Many, Or, Scalar, Text};
use super::{Key, Shape, Want, key, must};

const PATH: Want = Text("a path");
const PIECE: Want = Text("a text");

/// One conversion with parameters.
pub(super) static CONVERSION: Shape = Shape {
    name: "a conversion",
    doc: "A built-in conversion with its parameters: one key, which names it; `date` may have `zone` beside it.",
    keys: &[&[
        key("prefix", Text("a template"), "The field begins with this; one that does not reads as it is."),
        key("suffix", Text("a template"), "The field ends with this; one that does not reads as it is."),
        key("after", Text("a template"), "To SCIM alone: what stands behind the last of these."),
        key("replace", Idea(&REPLACE), "One piece of the text stands for another, everywhere."),
        key("slug", Text("a text"), "Letters and digits in lower case, everything else becomes this between them."),
        key("join", PIECE, "A multi-valued attribute is one text, with this between the values."),
        key("split", PIECE, "A text is a list, cut at each of these."),
        key(
            "split_name",
            Want::Word(&["first", "last"]),
            "`givenName` and `familyName` are one text: the first word is the given name, or the last the family name.",
        ),
        key("date", Text("a date pattern"), "How the field spells a moment: `%Y-%m-%d %H:%M:%S`."),
        key(
            "zone",
            Text("a zone"),
            "With `date`: the zone that the spelling leaves out: UTC (if not said), `+02:00`, `Europe/Vienna`, or POSIX rules such as `CET-1CEST,M3.5.0,M10.5.0/3`.",
        ),
    ]],
};

static REPLACE: Shape = Shape {
    name: "replace",
    doc: "A piece of a text and what stands for it.",
    keys: &[&[must("from", PIECE, "The piece that goes."), must("to", Scalar, "What stands for it.")]],
};

/// What a key rule says of a made key.
pub(super) static MADE_KEY: &[Key] = &[
    key("lower", Flag, "With `made`: attributes become part of it in lower case."),
    key(
        "slug",
        Or(&[Flag, PIECE]),
        "With `made`: of attributes only letters and digits become part of it, in lower case, and `-` or this text stands for everything else.",
    ),
    key(
        "allowed",
        Text("a regular expression"),
        "With `made`: what the product takes in the place of an attribute; anything else is refused.",
    ),
];

/// `primary:` of an `each:` rule.
pub(super) static PRIMARY: Shape = Shape {
    name: "primary",
    doc: "Which element is primary: one with `true` in a field, one whose value stands elsewhere, or the first.",
    keys: &[
        &[
            key("equals", PATH, "The element whose `value` stands in this field of the account."),
            key("first", Flag, "The first element."),
            key("written", Want::Word(&["ignore"]), "Another choice of the client is not sent."),
            key("at", PATH, "Its place in the element, both ways."),
            key("read", PATH, "Its place in the element, to SCIM alone."),
        ],
        super::table::CHANGE,
    ],
};

/// What `has:` looks for.
pub(super) const HAS: Want = Or(&[Scalar, List(&Scalar), Want::Map("a field", &Many(&Scalar))]);
