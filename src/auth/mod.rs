//! Who calls: a bearer token (RFC 6750) names the caller and the targets it may reach.

mod authenticator;
mod token;

pub use authenticator::{AuthError, Authenticator, Caller};
pub use token::{NoRandomness, generate, hash};
