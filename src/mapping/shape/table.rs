//! The shapes themselves, from the whole file down to a condition.

use super::Want::{Any, Count, Flag, Idea, List, Many, Map, Or, Scalar, Text, With, Word};
use super::access::{ARGS, AUTH, GIVEN_LOOKUPS, LOOKUP, MADE, SHARED, VIA};
use super::answers::ANSWERS;
use super::reading::{ANSWERED, ANY_CASE, ENCODED, ITEMS, LISTS, READING, WALK};
use super::values::{CONVERSION, HAS, MADE_KEY, PRIMARY};
use super::writing::{DELETE, ELEMENT_CALL, FOLLOWS, PLANNED_DELETE};
use super::{Key, Shape, Want, key, must};

pub(super) const PATH: Want = Text("a path");
pub(super) const CALL_TEXT: Want = Text("a call such as `GET /users`");

/// The whole file.
pub(in crate::mapping) static MAPPING: Shape = Shape {
    name: "a mapping",
    doc: "One product's mapping between SCIM and its own API.",
    keys: &[&[
        must("edition", Count, "The edition of the mapping language: 1."),
        must("product", Text("a name"), "The product, as `explain` and messages call it."),
        key("settings", List(&Text("a name")), "The settings an instance must give; used as `<settings.name>`."),
        key("auth", Idea(&AUTH), "How the product is told who calls."),
        key("calls", Map("a name", &Idea(&SHARED)), "Calls with holes of their own, used by others through `via`."),
        key("lookups", Map("a name", &Idea(&LOOKUP)), "Values that are got by calls of their own: sessions, ids."),
        key("answers", List(&ANSWERS), "What answers mean, for every call; a call's own rows come first."),
        key("User", Idea(&TYPE), "What the product says of users."),
        key("Group", Idea(&TYPE), "What the product says of groups."),
        key("tests", List(&Idea(&TEST)), "Examples that prove the mapping."),
    ]],
};

static TYPE: Shape = Shape {
    name: "a resource type",
    doc: "How users or groups stand in the product. An operation that is not written is not offered.",
    keys: &[&[
        must("key", Or(&[PATH, Idea(&KEY)]), "Where the product's identifier stands."),
        key("envelope", Text("a name"), "The field in which the account is wrapped, in bodies and in single answers."),
        key(
            "version",
            Or(&[PATH, Idea(&VERSION)]),
            "Where the product's own version of an account stands; it becomes the ETag.",
        ),
        key("absent_when", Many(&Idea(&CONDITION)), "Accounts that are not ours, though the product shows them."),
        key("unsupported", Word(&["ignore", "refuse"]), "What becomes of a standard attribute that has no rule."),
        must(
            "attributes",
            Map("an attribute", &Or(&[Text("a path or `keep`"), Idea(&RULE), List(&Idea(&RULE))])),
            "One rule per attribute.",
        ),
        key(
            "fixed",
            List(&Any),
            "The accounts themselves, where the product has no calls for them: roles or tags. A bare text `a` is short for `{ name: a }`.",
        ),
        key(
            "read",
            READING,
            "Reading one account: a call, several named ones of which `account` is the main one, or `list`.",
        ),
        key("list", LISTS, "Listing accounts: a call, or several that together yield everybody."),
        key("find", Many(&Idea(&FIND)), "Finding accounts by a value."),
        key("create", Or(&[CALL_TEXT, Idea(&CREATE)]), "Creating an account."),
        key(
            "update",
            Many(&Or(&[CALL_TEXT, With("script", &Idea(&PLANNED_UPDATE), &Idea(&UPDATE))])),
            "Changing an account; the first row that names a change takes it.",
        ),
        key("delete", Or(&[CALL_TEXT, With("script", &Idea(&PLANNED_DELETE), &Idea(&DELETE))]), "Deleting an account."),
    ]],
};

static KEY: Shape = Shape {
    name: "a key",
    doc: "Where the product's identifier stands and how it is made.",
    keys: &[
        &[
            must("at", PATH, "Its place in an account."),
            key("made", Text("a template"), "It is made from attributes, not issued: `<userName>`."),
            key("stable", Flag, "The product issues it and never changes it, so it is the SCIM id."),
            key("as", Word(&["number", "text"]), "What it is in the product."),
            ANY_CASE,
        ],
        MADE_KEY,
    ],
};

static VERSION: Shape = Shape {
    name: "a version",
    doc: "Where the product's own version of an account stands; `<version>` in a call is filled from it.",
    keys: &[&[
        key("at", PATH, "In the account."),
        key("header", Text("a header"), "In a header of the answer that shows it."),
    ]],
};

static RULE: Shape = Shape {
    name: "a rule",
    doc: "One SCIM attribute and one field of the account, both ways unless it says otherwise.",
    keys: &[
        &[
            key("at", PATH, "The field, both ways."),
            key(
                "read",
                Many(&Text("a path or a template")),
                "To SCIM alone: a place, a template, or several of which the first that holds something counts.",
            ),
            key("write", PATH, "To the product alone."),
            key(
                "one",
                Or(&[PATH, Map("a sub-attribute", &PATH)]),
                "Both ways: one element of a multi-valued attribute is one field.",
            ),
            key("each", PATH, "Both ways: a multi-valued attribute is an array."),
            key(
                "type",
                Or(&[Text("a type or a path"), Idea(&ITEM)]),
                "With `one` the element's type; with `each` its place; for an attribute of one's own its SCIM type.",
            ),
            key("rest", Word(&["keep", "ignore", "refuse"]), "With `one`: what becomes of further elements."),
            key("value", Or(&[PATH, Idea(&ITEM)]), "With `each`: the place of `value` in an element."),
            key("display", Or(&[PATH, Idea(&ITEM)]), "With `each`: the place of `display`."),
            key(
                "primary",
                Or(&[Flag, PATH, Idea(&PRIMARY)]),
                "With `each`: the place of `primary`, or how it is told. With `one`: is the element primary?",
            ),
            key(
                "sub",
                Map("a sub-attribute", &Or(&[PATH, Idea(&ITEM)])),
                "With `each`: the places of further sub-attributes, such as an address's `locality`.",
            ),
            key("add", Or(&[CALL_TEXT, Idea(&ELEMENT_CALL)]), "With `each`: the call that adds one element."),
            key("remove", Or(&[CALL_TEXT, Idea(&ELEMENT_CALL)]), "With `each`: the call that removes one element."),
            key(
                "unknown",
                Word(&["refuse", "ignore"]),
                "With `each` and `ref`: what becomes of an element that refers to nobody the product knows.",
            ),
            key(
                "absent_when",
                Many(&Idea(&CONDITION)),
                "With `each`: elements that are not ours: neither shown nor removed, and carried along.",
            ),
            key(
                "stays",
                Text("an attribute"),
                "With `remove`: the element whose `value` is what this attribute holds is never removed.",
            ),
            key("has", HAS, "With `at`: is this element in the array? A constant, or the fields that tell it."),
            key(
                "through",
                Text("a type and its list, such as `User.groups`"),
                "Elements are written as elements of that list, one account at a time; without `each` they are read from there too.",
            ),
            key("default", Any, "What a create sends when the attribute is not given."),
            key(
                "empty_as",
                Any,
                "What the field holds when the attribute has no value; of several all are read and the first is sent.",
            ),
            key("remember", Flag, "The sent form comes back while the field still holds what was written."),
            key("keep", Flag, "The gateway's store holds it."),
            key("written", Word(&["ignore", "refuse"]), "What becomes of a change of an attribute that is only read."),
            key("required", Flag, "SCIM: the attribute is required."),
            key("unique", Flag, "SCIM: the attribute is unique."),
            key("immutable", Flag, "SCIM: the attribute can be set once."),
            key("case_exact", Flag, "SCIM: case matters."),
            key("multi_valued", Flag, "For an attribute of one's own: it is a list."),
        ],
        CHANGE,
    ],
};

static ITEM: Shape = Shape {
    name: "a sub-attribute",
    doc: "One sub-attribute of an `each:` rule.",
    keys: &[
        &[
            key("at", PATH, "Its place in the element, both ways."),
            key("read", PATH, "Its place in the element, to SCIM alone."),
            key("key", Flag, "The elements are the fields of an object, and this is the field's name."),
        ],
        CHANGE,
    ],
};

pub(super) static CHANGE: &[Key] = &[
    key(
        "values",
        Map("a value", &Many(&Scalar)),
        "A table: the attribute's value and the field's spelling; of several the first is sent. `else` reads anything unlisted, `null` is absence.",
    ),
    key(
        "as",
        Many(&Or(&[Text("a conversion"), Idea(&CONVERSION)])),
        "A built-in conversion; several are done in order to the product, and back in reverse.",
    ),
    key(
        "script",
        Or(&[Text("a function"), List(&Text("a function"))]),
        "Functions of the script file: [to the product, to SCIM], or one for a one-way rule.",
    ),
    key("ref", Text("a resource type"), "The field holds the key of another account, of this type."),
];

pub(super) static REQUEST: &[Key] = &[
    key("query", Map("a parameter", &Any), "Query parameters; a map or a list is sent as JSON text."),
    key("headers", Map("a header", &Text("a template")), "Headers of this call alone."),
    key("body", Any, "The body, with placeholders."),
    ENCODED,
    ANSWERED,
    key("answers", List(&ANSWERS), "What its answers mean, before the file's rows."),
    key(
        "if_uncertain",
        Word(&["look_up", "repeat", "stop"]),
        "What to do when nobody knows whether the product did it.",
    ),
];

pub(super) static CALL: &[Key] = &[key("call", CALL_TEXT, "`METHOD /path`, below the base URL."), VIA, ARGS];

pub(super) static RESULT: &[Key] = &[key(
    "result",
    Text("a path or `none`"),
    "Where in the answer the account stands; `none`: it is not there, read again.",
)];

static CARRIES: &[Key] = &[
    key("drop", Many(&PATH), "Fields left out of `<account>`."),
    key("with", Map("a field", &Any), "Fields added to `<account>`."),
];

pub(super) static PLAIN_CALL: Shape = Shape { name: "a call", doc: "One HTTP request.", keys: &[CALL, REQUEST] };

static FIND: Shape = Shape {
    name: "a find row",
    doc: "Finding accounts by a value. Without `call` it lies over the list call.",
    keys: &[
        &[
            must("by", Many(&Text("`attribute eq`")), "What it answers: `userName eq`."),
            key("call", CALL_TEXT, "`METHOD /path`, if it is not the list call."),
        ],
        MADE,
        REQUEST,
        WALK,
        ITEMS,
    ],
};

static CREATE: Shape = Shape {
    name: "a create call",
    doc: "Creating an account; the body is `<account>` unless it is given.",
    keys: &[
        CALL,
        REQUEST,
        RESULT,
        CARRIES,
        FOLLOWS,
        &[
            key(
                "key",
                Or(&[PATH, Idea(&CREATED_KEY)]),
                "Where the answer names the new key, if not in the account itself.",
            ),
            key("look_first", Flag, "The product does not refuse doubles: look before."),
        ],
    ],
};

static UPDATE: Shape = Shape {
    name: "an update row",
    doc: "Changing an account; the body is `<account>` unless it is given.",
    keys: &[
        CALL,
        REQUEST,
        RESULT,
        CARRIES,
        FOLLOWS,
        TAKES,
        &[key(
            "sends",
            Word(&["changed", "account"]),
            "The changed fields alone, or all that was read with the changes in it.",
        )],
    ],
};

static TAKES: &[Key] = &[
    key(
        "for",
        Or(&[Text("an attribute"), List(&Text("an attribute")), Map("an attribute", &Scalar)]),
        "The changes it takes: attributes, or an attribute's value. Without it: what no other row takes.",
    ),
    key("look_first", Flag, "The product does not refuse doubles of a unique attribute: look before."),
];

static PLANNED_UPDATE: Shape = Shape {
    name: "an update row by script",
    doc: "Changing an account by the shared calls that a function plans.",
    keys: &[
        &[must(
            "script",
            Text("a function"),
            "A function of the script file: `fn (before, after)`, and perhaps `settings`. It gives a list of `#{ via: \"NAME\", args: #{ … } }`: calls of `calls:`, made in this order.",
        )],
        TAKES,
    ],
};

static CREATED_KEY: Shape = Shape {
    name: "a key",
    doc: "Where a create's answer names the new key.",
    keys: &[&[
        key("at", PATH, "In the body."),
        key("header", Text("a header"), "In a header."),
        key("after", Text("a text"), "The text that the key follows in the header."),
    ]],
};

pub(super) static TESTS: &[Key] = &[
    key("at", PATH, "The place looked at."),
    key("equals", Many(&Scalar), "One of these stands there."),
    key("text", Many(&Scalar), "It contains one of these."),
    key("matches", Text("a regular expression"), "It matches somewhere."),
    key("empty", Flag, "Nothing stands there."),
    key("not", Or(&[Scalar, List(&Scalar), Idea(&INNER)]), "Not this constant, or not this condition."),
];

static INNER: Shape = Shape {
    name: "a condition",
    doc: "The condition that must not hold.",
    keys: &[&[
        key("equals", Many(&Scalar), "One of these stands there."),
        key("text", Many(&Scalar), "It contains one of these."),
        key("matches", Text("a regular expression"), "It matches somewhere."),
        key("empty", Flag, "Nothing stands there."),
    ]],
};

static CONDITION: Shape = Shape { name: "a condition", doc: "A test on an account.", keys: &[TESTS] };

/// Tests on an answer.
pub(super) static CONDITIONS: &[&[Key]] = &[STATUS, TESTS];

pub(super) static STATUS: &[Key] = &[key("status", Many(&Scalar), "A status, a list of them, or `4xx`.")];

static TEST: Shape = Shape {
    name: "a test",
    doc: "SCIM in, calls out, answers back.",
    keys: &[&[
        must("name", Text("a text"), "What it shows."),
        key("given", Map("an account such as `User/7`", &Any), "Accounts the product holds."),
        key("kept", Map("a resource such as `User/7`", &Any), "Attributes the gateway's store holds."),
        key("settings", Map("a setting", &Scalar), "The instance's settings."),
        GIVEN_LOOKUPS,
        must(
            "scim",
            Or(&[Text("a request such as `GET /Users/7`"), Map("a request such as `POST /Users`", &Any)]),
            "The SCIM request.",
        ),
        key(
            "calls",
            List(&Or(&[CALL_TEXT, Map("a call such as `PUT /users/7`", &Any)])),
            "The writes expected, in order.",
        ),
        key("exchange", List(&Idea(&EXCHANGE)), "Every call expected, in order, with its answer."),
        key(
            "answer",
            Map("a field of the answer", &Any),
            "What the SCIM answer must hold; `status` is the HTTP status.",
        ),
    ]],
};

static EXCHANGE: Shape = Shape {
    name: "an exchange",
    doc: "A raw call and its answer.",
    keys: &[&[
        must("call", CALL_TEXT, "The call expected."),
        key("body", Any, "Its body, if the test looks at it."),
        key("gives", Or(&[Count, Idea(&GIVES)]), "The answer; without it 200 and no body."),
    ]],
};

static GIVES: Shape = Shape {
    name: "an answer",
    doc: "What the product answers in a test.",
    keys: &[&[
        key("status", Count, "The status; 200 if not said."),
        key("headers", Map("a header", &Scalar), "Headers."),
        key("body", Any, "The body."),
    ]],
};
