//! Transom: a SCIM 2.0 service provider in front of existing products, each reached through its own API as a mapping file says.
//!
//! One program, a library and a binary. A client (the identity provider) sends SCIM; a target (one instance of an existing
//! product) is called in the target's own words; the product's code is never touched. What the product cannot hold is kept in
//! a store of ours. This page is the architecture; `tests/architecture.rs` holds its table and its fences.
//!
//! # The map
//!
//! Four rows, read from the top.
//!
//! | row | modules |
//! |---|---|
//! | **entry** | `main`: arguments, signals, exit code · [`cli`]: one file per command, and the rehearsal behind `explain` and `test` · [`config`]: `transom.yaml` → `Config`; the commented default file is embedded and is its documentation |
//! | **assembly** | [`server`]: sockets, TLS, limits, graceful stop; `pipeline` is the life of a request, `respond` makes the answers · [`engine`]: one readable async function per SCIM operation · [`gateway`]: what a request may use: instances, store, locks, who may call; opens them all |
//! | **edges**: async, IO | [`target`]: runs steps against one product: sessions, credentials, pages, repeats, reading answers · [`transport`]: the HTTP client: TLS, pool, limits, no redirects · [`store`]: links, kept attributes, pending creates, fingerprints, tokens; SQLite · [`auth`]: a bearer token → the caller and the targets it opens · [`observe`]: request ids, access line, events, and the type of secrets |
//! | **pure**: no IO, no clock, no async, no randomness | [`plan`]: mapping, operation and what was gathered → steps; push-down of filters; printing · [`mapping`]: a file → `Mapping`, with every diagnostic at once; rules both ways · [`script`]: the Rhai sandbox · [`wire`]: what a call to a target is, as data: templates, paths, paging, meanings of answers · [`scim`]: RFC 7643 and 7644, and what real clients send; knows no target |
//!
//! # One request in ten lines
//!
//! `PATCH /redmine/scim/v2/Users/7`, in [`server::pipeline`] and `engine/update.rs`:
//!
//! 1. The request gets an id and a budget of time; its path is read. [`auth`] names the caller: refused → 401, or 403 for
//!    another target. Then an unknown path is 404, a wrong method 405. Only after that is the body read, within its limits.
//! 2. [`scim::patch`] decodes the body, whatever the dialect, into operations on typed paths; names that mean nothing here are
//!    left out, with an event. Nobody compares names again later.
//! 3. [`engine::detached`]: the write becomes a task of its own that owns what it needs, so that a client that hangs up, or a
//!    panic, cannot leave it half-done or its lock held. Reads end with their client.
//! 4. [`engine::patch()`] takes the lock of the resource and locates it: id → target key, and what the store holds for it. Where
//!    the key is stable and nothing is kept, the id is the key and the store is not asked.
//! 5. **Gather**: where [`plan::blind`] proves that the account need not be known, no call is made. Otherwise [`plan::read`] is
//!    run, and the mapping reads the document into SCIM, kept attributes laid over it: `before`. `If-Match` is compared.
//! 6. **Decide**: the operations are applied and checked against the schema: `after`. [`plan::diff`]: nothing changed → no call.
//! 7. [`plan::update`] → the ordered list of steps. `transom explain` prints exactly this list.
//! 8. **Run**: [`target`] makes the calls in order, over the line that `gateway` gave it. The first refusal ends it; what was
//!    done before stays done. A step of unknown outcome ends nothing: it is settled by reading again at the end. The target says that the account changed
//!    in between → from 4 on again, three times at most.
//! 9. The account is read again only if somebody must know and the last answer did not show it. When every step is through, the
//!    store keeps what the target cannot hold.
//! 10. [`server::respond`] shows the resource, or makes the SCIM error of the one [`engine::OperationError`]; [`observe`] writes
//!     one line.
//!
//! Gather awaits, decide does not, run awaits: the same three beats in every operation. Steps are data with holes
//! ([`wire::Step`], [`wire::Term`]): no closures, no conditions, so they can be printed, compared and counted.
//!
//! # Who may import whom
//!
//! From the bottom up; a module uses only what stands in its row. Its unit tests keep to the same.
//!
//! | module | may use | why, where it is no matter of course |
//! |---|---|---|
//! | `scim` | nothing | |
//! | `wire` | nothing | |
//! | `script` | nothing | |
//! | `mapping` | `scim`, `wire`, `script` | |
//! | `plan` | `scim`, `wire`, `mapping` | |
//! | `observe` | nothing | |
//! | `config` | `observe` | fetched settings are `Secret` from the first moment |
//! | `transport` | nothing | |
//! | `target` | `wire`, `script` | a function of the script may say what an answer means; knows no HTTP client: a `Line` takes its requests, so tests and rehearsals bring one of their own |
//! | `store` | nothing | takes folded values and JSON; folding is its callers' business |
//! | `auth` | `store`, `observe` | a new token is a `Secret` |
//! | `gateway` | `config`, `mapping`, `wire`, `transport`, `target`, `store`, `auth` | makes the `Line` over HTTP; the locks live here |
//! | `engine` | `gateway`, `scim`, `wire`, `mapping`, `plan`, `target`, `store` | hands the terms of `wire` from plan to target |
//! | `server` | `gateway`, `engine`, `scim`, `script`, `mapping`, `plan`, `target`, `auth`, `observe` | `respond` matches every layer's errors by name, without a `_` |
//! | `cli` | everything | |
//! | `main` | `cli` | |
//!
//! Foreign crates have fences too: `rhai` only in `script`; `hyper`, `hyper_util`, `rustls` and their kin only in `server` and
//! `transport`; the YAML parsers only in `config` and `mapping/source.rs`; `rusqlite` only in `store`; `jsonpath_rust` and `quick_xml` only in `wire`; `tokio` in no pure module.
//! The plain types of `http`, `bytes` and `serde_json` are welcome everywhere.
//!
//! # Invariants
//!
//! What must survive any redesign, and where the code holds it.
//!
//! 1. The plan is data, apart from its execution: `serve`, `explain` and tests see the same list. [`plan::Planned`].
//! 2. Same input, same plan. A script's deadline is a fuse that can only turn a result into an error. `plan`, `script/sandbox.rs`.
//! 3. A mapping is compiled at load; one that compiles cannot meet a typo at run time. `serve` begins with all mappings or with
//!    none. [`mapping::compile()`], [`gateway::Gateway::open`].
//! 4. A request sees one form of the mapping from beginning to end: [`engine::Work`] holds its instance. (A running gateway
//!    never changes mappings; a changed file takes a restart.)
//! 5. Writes to one resource, and creates of one unique value, are serialised, in order of arrival. [`gateway::Locks`].
//! 6. Nothing is removed because it was missing from an incomplete read: a list whose pages repeat, stop short or do not end is
//!    an error. Adding or removing a member reads no member list where the target has calls for it. `target/pager.rs`,
//!    [`plan::blind`].
//! 7. A filter that cannot be answered completely is an error (400 `invalidFilter` or `tooMany`), never an empty or a full list;
//!    whatever the target found is filtered again here. [`plan::search()`], `engine/search.rs`.
//! 8. A create is never blindly repeated: after an unknown outcome the account is looked for, and a row in the store lets the
//!    same request, sent again, find and complete it. Where the store holds part of the account the row is there before the
//!    create is sent. `engine/create.rs`, `store/creates.rs`.
//! 9. Fields of the account that the mapping does not name survive every write. `plan/rows.rs`.
//! 10. The target being down is 502, 503 or 504, never 404; a target's 401 is never our 401, unless the credentials that it refused are
//!     the client's own, passed through. `server/respond.rs`.
//! 11. What cannot be held is not advertised. Kept attributes are named, and `transom check` counts the kept and the scripted ones.
//! 12. Attribute values never enter a log line, a URL in a log or an error's own words: paths and kinds only. The target's words
//!     reach only the authenticated client, through `detail:`, cut to 300 characters. [`observe::Secret`] cannot be printed.
//! 13. A script can neither wait nor see anything but its arguments: no clock, no file, no network, no module. `script/sandbox.rs`.
//! 14. Nothing from outside steers where we call: keys are encoded per segment, `.`, `..`, empty and NUL refused; no CR or LF in
//!     headers; redirects are not followed; next pages only on the same origin. An account with another key than asked for is
//!     404, and so is, without a call, a key that is not shaped like its rule. `wire/call.rs`, `target/pages.rs`,
//!     `engine/account.rs`.
//! 15. Everything has a bound: bodies, depth, answers, pages, queues, scripts, connections, and one budget of time per request.
//! 16. No globals but constants.
//! 17. A request costs what it touches: it asks [`mapping::Rules`] for the rules of an attribute, a resource or a document, and never
//!     walks them all.
//!
//! # Errors
//!
//! One enum per layer, in the layer's own words and without HTTP. [`engine::OperationError`] gathers them and says on whose
//! [`engine::Side`] an error is; [`target::TargetError`] says whether something may have been written. [`server::respond`] is the
//! one place that makes wire errors. A mistake of the client is told to it; for everything else `detail` says what an
//! administrator who reads the client's log can act on.
//!
//! # Words
//!
//! One word per idea, in code, files, logs and documents. SCIM's own words are the RFCs'.
//!
//! | say | meaning | not |
//! |---|---|---|
//! | client | the identity provider that calls us | source, downstream |
//! | caller | the authenticated client of one request | principal |
//! | target | one instance of an existing product, and its API | upstream, backend, remote |
//! | gateway | our running process | proxy, connector |
//! | account | a user or group as the target sees it | shadow, payload |
//! | document | the JSON form of an account | blob, object |
//! | target key | the target's own identifier | remote id, pk |
//! | link | SCIM id ↔ target key, kept in the store | correlation record |
//! | kept attribute | a SCIM attribute the target cannot hold, kept in our store | overlay |
//! | mapping, rule | one compiled file; one line of it | config, entry |
//! | to target, to SCIM | the two directions | inbound, outbound |
//! | transform | a built-in value change, with its inverse | converter |
//! | script | a value change, the meaning of an answer, or a list of calls, in Rhai | hook, plugin |
//! | plan, step, call | what would be done; one element of it; an HTTP request the mapping declares | action, task |
//! | lookup | a value that is got by a call of its own: a session, the id of a name | |
//! | line | what takes a call to a target and brings its answer | channel |
//! | answer, meaning | what the target replied; what the mapping takes that for | response |
//! | push-down | answering a filter in the target rather than here | |
//! | deactivate, delete | always name which | disable, deprovision |
//! | diagnostic | a message about a mapping file, with place and hint | error |

pub mod auth;
pub mod cli;
pub mod config;
pub mod engine;
pub mod gateway;
pub mod mapping;
pub mod observe;
pub mod plan;
pub mod scim;
pub mod script;
pub mod server;
pub mod store;
pub mod target;
pub mod transport;
pub mod wire;
