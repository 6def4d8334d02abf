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
        key("oauth2", Idea(&OAUTH2), "A token of OAuth 2.0 (RFC 6749), got and renewed by the gateway."),
        key("sign", Idea(&SIGN), "A signature made of each request."),
        key("client_certificate", Idea(&CERTIFICATE), "The certificate that the gateway shows in TLS."),
        key("pass_through", Word(&["authorization"]), "The client's own `Authorization` header goes to the product."),
    ]],
};

static BASIC: Shape = Shape {
    name: "basic",
    doc: "HTTP basic authentication.",
    keys: &[&[must("username", TEMPLATE, "The user name."), must("password", TEMPLATE, "The password: a setting.")]],
};

static OAUTH2: Shape = Shape {
    name: "oauth2",
    doc: "A token of OAuth 2.0 (RFC 6749), got and renewed by the gateway.",
    keys: &[&[
        must("grant", Word(&["client_credentials", "password", "refresh"]), "How the token is got."),
        must(
            "token_url",
            TEMPLATE,
            "Where: a path below the base URL, or a setting that holds an absolute `https` URL.",
        ),
        key("client_id", TEMPLATE, "The client's name."),
        key("client_secret", TEMPLATE, "The client's secret: a setting."),
        key(
            "client_auth",
            Word(&["basic", "body"]),
            "Where the client's name and secret stand; `basic` unless it is said.",
        ),
        key("scope", TEMPLATE, "The scope asked for."),
        key("username", TEMPLATE, "With `grant: password`: the user name."),
        key("password", TEMPLATE, "With `grant: password`: the password, a setting."),
        key("refresh_token", TEMPLATE, "With `grant: refresh`: the first refresh token, a setting."),
    ]],
};

static SIGN: Shape = Shape {
    name: "sign",
    doc: "A signature made of each request.",
    keys: &[&[
        must("algorithm", Word(&["hmac_sha1", "hmac_sha256", "hmac_sha512"]), "How it is computed."),
        must("key", TEMPLATE, "The secret key: a setting."),
        must(
            "text",
            TEMPLATE,
            "What is signed, made of <method> <path> <query> <host> <date> <timestamp> <nonce> <body_sha256> and settings.",
        ),
        key("as", Word(&["hex", "base64"]), "How <signature> and <body_sha256> are written; `hex` unless it is said."),
        key(
            "date",
            Word(&["http", "date_time", "basic", "epoch_seconds", "epoch_millis"]),
            "How <date> is written: `Sun, 06 Nov 1994 08:49:37 GMT` (so unless it is said), `1994-11-06T08:49:37Z`, `19941106T084937Z`, or a number.",
        ),
        key("header", Map("a header", &TEMPLATE), "The headers that carry the signature and what it was made of."),
        key("query", Map("a parameter", &TEMPLATE), "Query parameters that carry the same."),
    ]],
};

static CERTIFICATE: Shape = Shape {
    name: "client_certificate",
    doc: "The certificate that the gateway shows in TLS.",
    keys: &[&[
        must("certificate", TEMPLATE, "A setting that holds the certificate and its chain as PEM."),
        must("key", TEMPLATE, "A setting that holds the private key as PEM."),
    ]],
};

/// What stands in a test for the lookups.
pub(super) const GIVEN_LOOKUPS: Key =
    key("lookups", Map("a lookup", &Any), "What the lookups yield; one that is not given yields its own name.");
