//! The tables of `User` (RFC 7643 §4.1, §8.7.1) and of the enterprise extension (§4.3).

use super::rows::{complex, every_resource, kinds, list, plural, reference, row, text};
use super::{Attribute, Kind, Mutability, Returned, Schema};

/// The URN of the core User schema.
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the enterprise User extension.
pub const ENTERPRISE_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(super) fn user() -> Schema {
    let mut attributes = every_resource();
    attributes.extend(singular());
    attributes.extend(plurals());
    Schema { id: USER_SCHEMA.into(), name: "User".into(), description: "User Account".into(), attributes }
}

pub(super) fn enterprise() -> Schema {
    let manager = vec![
        // It holds an `id`, and those are case exact (RFC 7643 §3.1).
        text("value", "The id of the SCIM resource representing the user's manager.").exact(),
        reference("$ref", &["User"], "The URI of the SCIM resource representing the user's manager."),
        text("displayName", "The displayName of the user's manager.").read_only(),
    ];
    let attributes = vec![
        text("employeeNumber", "Numeric or alphanumeric identifier assigned to a person by the organization."),
        text("costCenter", "The name of a cost center."),
        text("organization", "The name of an organization."),
        text("division", "The name of a division."),
        text("department", "The name of a department."),
        complex("manager", "The user's manager.", manager),
    ];
    let (name, description) = ("EnterpriseUser".into(), "Enterprise User".into());
    Schema { id: ENTERPRISE_SCHEMA.into(), name, description, attributes }
}

fn singular() -> Vec<Attribute> {
    let password = text("password", "The user's clear text password, for setting it.").exact();
    vec![
        text("userName", "The name by which the user authenticates to the service provider.").required().unique(),
        complex("name", "The components of the user's name.", name()),
        text("displayName", "The name of the user, suitable for display to end-users."),
        text("nickName", "The casual way to address the user in real life."),
        reference("profileUrl", &["external"], "The URI of the user's online profile."),
        text("title", "The user's title, such as 'Vice President'."),
        text("userType", "The relationship between the organization and the user."),
        text("preferredLanguage", "The user's preferred written or spoken language."),
        text("locale", "The user's default location, for localizing currency, date, time and numbers."),
        text("timezone", "The user's time zone in IANA format, e.g. 'America/Los_Angeles'."),
        row("active", Kind::Boolean, "The user's administrative status."),
        Attribute { mutability: Mutability::WriteOnly, returned: Returned::Never, ..password },
    ]
}

fn name() -> Vec<Attribute> {
    vec![
        text("formatted", "The full name, with all middle names, titles and suffixes."),
        text("familyName", "The family name, or last name."),
        text("givenName", "The given name, or first name."),
        text("middleName", "The middle name(s)."),
        text("honorificPrefix", "The honorific prefix(es), or title."),
        text("honorificSuffix", "The honorific suffix(es), or suffix."),
    ]
}

fn plurals() -> Vec<Attribute> {
    let phones = ["work", "home", "mobile", "fax", "pager", "other"];
    let messengers = ["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"];
    let photo = reference("value", &["external"], "The URI of a photo of the user.");
    let certificate = row("value", Kind::Binary, "An X.509 certificate.");
    vec![
        plural("emails", "Email addresses for the user.", text("value", "Email address."), &["work", "home", "other"]),
        plural("phoneNumbers", "Phone numbers for the user.", text("value", "Phone number."), &phones),
        plural("ims", "Instant messaging addresses.", text("value", "Instant messaging address."), &messengers),
        plural("photos", "URIs of photos of the user.", photo, &["photo", "thumbnail"]),
        list("addresses", "Physical mailing addresses for the user.", address()),
        list("groups", "The groups the user belongs to.", groups()).read_only(),
        plural("entitlements", "Entitlements of the user.", text("value", "An entitlement."), &[]),
        plural("roles", "Roles of the user.", text("value", "A role."), &[]),
        plural("x509Certificates", "Certificates issued to the user.", certificate, &[]),
    ]
}

fn address() -> Vec<Attribute> {
    vec![
        text("formatted", "The full mailing address, formatted for display or use with a mailing label."),
        text("streetAddress", "The full street address."),
        text("locality", "The city or locality."),
        text("region", "The state or region."),
        text("postalCode", "The zip code or postal code."),
        text("country", "The country name."),
        kinds(&["work", "home", "other"]),
        row("primary", Kind::Boolean, "Whether this is the preferred address. At most one element is."),
    ]
}

fn groups() -> Vec<Attribute> {
    vec![
        text("value", "The id of the user's group.").exact(),
        reference("$ref", &["User", "Group"], "The URI of the group."),
        text("display", "A human-readable name, primarily used for display purposes."),
        kinds(&["direct", "indirect"]),
    ]
}
