//! The table of `Group` (RFC 7643 §4.2, §8.7.1).

use super::Schema;
use super::rows::{every_resource, kinds, list, reference, text};

/// The URN of the core Group schema.
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

pub(super) fn group() -> Schema {
    let members = vec![
        // It holds an `id`, and those are case exact (RFC 7643 §3.1).
        text("value", "The id of the member.").exact().immutable(),
        reference("$ref", &["User", "Group"], "The URI of the member.").immutable(),
        text("display", "A human-readable name of the member."),
        kinds(&["User", "Group"]).immutable(),
    ];
    let mut attributes = every_resource();
    attributes.push(text("displayName", "A human-readable name for the group.").required());
    attributes.push(list("members", "The members of the group.", members));
    Schema { id: GROUP_SCHEMA.into(), name: "Group".into(), description: "Group".into(), attributes }
}
