//! Versions of resources: entity tags, and the conditions under which a request is carried out (RFC 7644 §3.14, RFC 9110 §13).

use uuid::Uuid;

/// The weak entity tag of something made of these texts, quotes and all: `W/"…"`.
pub fn entity_tag(parts: &[&str]) -> String {
    format!("W/\"{}\"", Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\n").as_bytes()).simple())
}

/// What a request says of the version it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `If-Match`: only if the resource has one of these versions.
    Match(Tags),
    /// `If-None-Match`: only if it has none of them.
    NoneMatch(Tags),
}

/// The entity tags of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any version that there is.
    Any,
    /// These, compared weakly: SCIM's versions are weak.
    These(Vec<String>),
}

impl Condition {
    /// Reads the headers; `If-Match` counts where both are given.
    pub fn of(if_match: Option<&str>, if_none_match: Option<&str>) -> Option<Condition> {
        let matching = if_match.map(|text| Condition::Match(Tags::parse(text)));
        matching.or_else(|| if_none_match.map(|text| Condition::NoneMatch(Tags::parse(text))))
    }

    /// May the request be carried out on a resource that exists in this version?
    pub fn allows(&self, version: Option<&str>) -> bool {
        match self {
            Condition::Match(tags) => tags.hold(version),
            Condition::NoneMatch(tags) => !tags.hold(version),
        }
    }
}

impl Tags {
    fn parse(text: &str) -> Tags {
        let text = text.trim();
        if text == "*" {
            return Tags::Any;
        }
        // Opaque tags of ours hold no comma; a client that leaves the quotes out is understood.
        let tag = |tag: &str| opaque(tag.trim()).to_owned();
        Tags::These(text.split(',').map(tag).filter(|tag| !tag.is_empty()).collect())
    }

    fn hold(&self, version: Option<&str>) -> bool {
        match self {
            Tags::Any => true,
            Tags::These(tags) => version.is_some_and(|version| tags.iter().any(|tag| tag == opaque(version))),
        }
    }
}

fn opaque(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_a_star_means_any() {
        let tag = entity_tag(&["1"]);
        let strong = tag.trim_start_matches("W/");
        let condition = |text: &str| Condition::of(Some(text), None).unwrap();
        assert!(condition(&tag).allows(Some(&tag)));
        assert!(condition(&format!("\"x\", {strong}")).allows(Some(&tag)));
        assert!(condition("*").allows(Some(&tag)));
        assert!(!condition("W/\"x\"").allows(Some(&tag)));
        assert!(!Condition::of(None, Some("*")).unwrap().allows(Some(&tag)));
        assert!(Condition::of(None, Some("\"x\"")).unwrap().allows(Some(&tag)));
    }

    #[test]
    fn another_content_is_another_version() {
        assert_ne!(entity_tag(&["1"]), entity_tag(&["2"]));
        assert_eq!(entity_tag(&["1"]), entity_tag(&["1"]));
    }
}
