//! What can be seen of the gateway from outside: request ids, one access line per request, events, and the type of what must never be seen.
//!
//! Attribute values never enter a log: everything here takes names, counts and kinds.

mod access;
mod event;
mod log;
mod request_id;
mod secret;

pub use access::AccessLine;
pub use event::{Event, event};
pub use log::{Format, ObserveError, init};
pub use request_id::RequestId;
pub use secret::Secret;
