//! What may be seen of a running gateway, and what may not.

pub mod secret;

pub use secret::Secret;
