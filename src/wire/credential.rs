//! How a target is told who calls: a header, basic or bearer, filled from the instance's settings.

use crate::wire::template::Template;
use http::HeaderName;

/// The recipe of a mapping's `auth:`.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// Headers with placeholders.
    Header(Vec<(HeaderName, Template)>),
    /// `Authorization: Basic …`.
    Basic {
        /// The user name.
        username: Template,
        /// The password.
        password: Template,
    },
    /// `Authorization: Bearer …`.
    Bearer(Template),
}
