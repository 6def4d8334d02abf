//! What an HTTP call to a target is, as data: places in JSON, templates with holes, calls, the meaning of answers, steps.
//!
//! Nothing here performs IO. A mapping is compiled into these types at load; `plan` fills their holes, `target` sends them.

pub mod answer;
pub mod call;
pub mod credential;
pub mod encode;
pub mod form;
pub mod lookup;
pub mod path;
pub mod step;
pub mod template;
pub mod xml;

pub use answer::{Answer, AnswerRow, Condition, Meaning, Test};
pub use call::{
    Call, CallId, Decoding, Encoding, IfUncertain, KeySource, Listing, Missing, Next, Paging, ResultAt, Shared, Total,
};
pub use credential::Credential;
pub use lookup::{Expires, Lives, Lookup, LookupId, Moment, Rotation, Take};
pub use path::{Hop, Path, PathError};
pub use step::{Argument, Capture, Step, StepKind, Term, Wanted};
pub use template::{Body, Nothing, Part, Scope, Template, TemplateError, Variable};
