//! What SCIM says to a client when a request cannot be done (RFC 7644 §3.12).

use serde_json::{Value, json};

/// The schema of every error body.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The detail error keyword of RFC 7644 §3.12, table 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter's syntax is wrong, or its attribute and operator do not go together.
    InvalidFilter,
    /// The filter yields more than the server is willing to work through.
    TooMany,
    /// A value is taken already.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The body does not follow the syntax or the message schema.
    InvalidSyntax,
    /// The path of an operation is malformed or names nothing known.
    InvalidPath,
    /// The path of an operation leads to nothing that could be operated on.
    NoTarget,
    /// A required value is missing, or a value does not fit its attribute.
    InvalidValue,
    /// This SCIM version is not spoken here.
    InvalidVers,
    /// Sensitive values must not stand in a URI.
    Sensitive,
}

impl ScimType {
    /// The keyword as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
        }
    }
}

/// A request that SCIM's rules refuse: the status, the keyword, and words for the one who sent it.
///
/// `detail` names paths, kinds and places; of values it may hold only filter and path text, which the client sent itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The detail error keyword, where RFC 7644 has one.
    pub scim_type: Option<ScimType>,
    /// What is wrong, where, and the way out.
    pub detail: String,
}

impl ScimError {
    /// A 400 with a keyword.
    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// 400 `invalidValue`.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidValue, detail)
    }

    /// 400 `invalidPath`.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidPath, detail)
    }

    /// 400 `invalidSyntax`.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidSyntax, detail)
    }

    /// 413: the request is larger than the server works through.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self { status: 413, scim_type: None, detail: detail.into() }
    }

    /// The body of the answer. `status` is a string, as RFC 7644 §3.12 has it.
    pub fn body(&self) -> Value {
        let mut body = json!({ "schemas": [ERROR_SCHEMA], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.as_str().into();
        }
        body["detail"] = self.detail.as_str().into();
        body
    }
}

/// Text a client sent, fit for quoting back to it: at most 100 characters, without control characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut cut: String =
        text.chars().take(100).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect();
    if text.chars().nth(100).is_some() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_in_a_body_is_a_string_and_the_keyword_is_camel_case() {
        let body = ScimError::bad_request(ScimType::InvalidFilter, "why").body();
        assert_eq!(
            body,
            json!({ "schemas": [ERROR_SCHEMA], "status": "400", "scimType": "invalidFilter", "detail": "why" })
        );
    }

    #[test]
    fn an_error_without_a_keyword_has_no_scim_type() {
        let body = ScimError { status: 404, scim_type: None, detail: "gone".into() }.body();
        assert_eq!(body.get("scimType"), None);
        assert_eq!(body["status"], "404");
    }

    #[test]
    fn quoted_text_is_cut_at_a_hundred_characters_and_holds_no_control_characters() {
        assert_eq!(quoted(&"ä".repeat(101)), format!("{}…", "ä".repeat(100)));
        assert_eq!(quoted("a\nb"), "a\u{fffd}b");
    }
}
