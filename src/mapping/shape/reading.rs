//! The shapes of reading: accounts of several calls, lists, pages, encodings.

use super::Want::{Count, Flag, Idea, Many, Map, Or, Text, With, Word};
use super::table::{CALL, CALL_TEXT, PATH, REQUEST, RESULT};
use super::values::CONVERSION;
use super::{Key, Shape, Want, key, must};

const NAMES: Want = Many(&Text("a name"));

/// `read:` of a type.
pub(super) const READING: Want = Or(&[
    Text("a call such as `GET /users/<key>`, or `list`"),
    With(
        "account",
        &Map("a name", &Or(&[Text("a call such as `GET /users/<key>/emails`"), Idea(&PART)])),
        &Idea(&READ),
    ),
]);

/// `list:` of a type.
pub(super) const LISTS: Want = Many(&Or(&[CALL_TEXT, Idea(&LIST)]));

static READ: Shape = Shape { name: "a call", doc: "Reading one account.", keys: &[CALL, REQUEST, RESULT] };

static PART: Shape = Shape {
    name: "a named read",
    doc: "One of several reads that make up an account. `account` is the main one; the answer of every other lies in the account's document under its name.",
    keys: &[CALL, REQUEST, RESULT, WALK],
};

static LIST: Shape = Shape { name: "a list call", doc: "Listing accounts.", keys: &[CALL, REQUEST, WALK, ITEMS] };

pub(super) static WALK: &[Key] = &[
    key("items", Or(&[PATH, Idea(&KEYED)]), "Where in the answer the items stand."),
    key("total", Or(&[PATH, Idea(&TOTAL)]), "Where the number of all items stands."),
    key("page", Idea(&PAGE), "How pages are asked for; without it one answer holds everything."),
    key("next", Or(&[PATH, Idea(&NEXT)]), "Where in the answer the next page is named."),
    key("scan", Count, "How many items may be walked."),
];

pub(super) static ITEMS: &[Key] = &[
    key("lacks", NAMES, "Attributes that the items do not hold. What comes from a named read is lacking by itself."),
    key(
        "as",
        Map("an attribute", &Many(&Or(&[Text("a conversion"), Idea(&CONVERSION)]))),
        "Conversions of attributes that the items show otherwise than the account does.",
    ),
    key("key", Idea(&HANDLE), "What in an item stands for `<key>` of the read call, where that is not the key."),
];

static KEYED: Shape = Shape {
    name: "items",
    doc: "Items that stand in a map, each under its own key.",
    keys: &[&[
        must("at", PATH, "The map."),
        must(
            "key",
            Text("a name"),
            "The field of the item that its key becomes. An item that is no map becomes `{ key, value }`.",
        ),
    ]],
};

static HANDLE: Shape = Shape {
    name: "a handle",
    doc: "What stands for the key of an account in a list.",
    keys: &[&[must("handle", Text("a path of the item"), "Its place in an item; it fills `<key>` of the read call.")]],
};

static TOTAL: Shape = Shape {
    name: "a total",
    doc: "Where the number of all items stands: in a header, or in the answer of another call.",
    keys: &[&[
        key("header", Text("a header"), "The header of the list's answer."),
        key("call", Or(&[CALL_TEXT, Idea(&COUNT)]), "Another call, whose answer holds it."),
        key("at", PATH, "With `call`: its place in that answer."),
    ]],
};

static COUNT: Shape = Shape { name: "a call", doc: "A call that counts.", keys: &[CALL, REQUEST] };

static NEXT: Shape = Shape {
    name: "next",
    doc: "Where the next page is named.",
    keys: &[&[
        key("url", PATH, "A URL of the same origin, in the body."),
        key("header", Text("a header"), "A `Link` header."),
    ]],
};

static PAGE: Shape = Shape {
    name: "page",
    doc: "How pages are asked for: the names of query parameters, unless the call itself uses `<offset>`, `<page>`, `<cursor>` and `<limit>`. { offset, limit }, { page, size, first } or { cursor, limit }.",
    keys: &[&[
        key("offset", Text("a parameter"), "How many to skip."),
        key("limit", Text("a parameter"), "How many to take."),
        key("page", Text("a parameter"), "The number of the page."),
        key("size", Text("a parameter"), "The size of a page."),
        key("first", Count, "The number of the first page, 0 or 1."),
        key("cursor", Text("a parameter"), "The cursor that the page before yielded."),
        key("start", Text("a text"), "The cursor of the first page; without it the first call has none."),
        key("max", Count, "The most the product gives on one page."),
    ]],
};

static ENCODE: Shape = Shape {
    name: "an encoding",
    doc: "A form, and how it writes lists: `repeat` the name (`a=1&a=2`), or with `brackets` (`a[]=1&a[]=2`).",
    keys: &[&[must("form", Word(&["repeat", "brackets"]), "How lists are written.")]],
};

const ENCODINGS: Want = Or(&[Word(&["json", "form", "xml", "text", "none"]), Idea(&ENCODE)]);

/// How a body is written.
pub(super) const ENCODED: Key = key(
    "encode",
    ENCODINGS,
    "How the body is written. `form`: nested fields as `a[b]=c`. `xml`: one field names the root element, `@name` is an attribute, `#text` the text beside attributes, a list repeats its element. `text`: the body is a text. `none`: there is no body.",
);

/// How an answer is read where it does not say so itself.
pub(super) const ANSWERED: Key = key(
    "answer",
    Word(&["form"]),
    "The answer is a form. JSON, XML and plain text are told apart by content type and by looking.",
);

/// The key's part that is about reading.
pub(super) const ANY_CASE: Key = key(
    "case_exact",
    Flag,
    "`false`: the product takes it in any case. Whose account it names is then seen before it is changed or deleted.",
);
