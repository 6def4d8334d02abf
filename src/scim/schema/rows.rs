//! The shorthand in which the tables of RFC 7643 are written down, and the common attributes of §3.1.

use super::{Attribute, Kind, Mutability, Returned, Uniqueness};

/// A plain attribute: single-valued, optional, read-write, returned by default, compared without regard to case.
pub(super) fn row(name: &str, kind: Kind, description: &str) -> Attribute {
    Attribute {
        name: name.into(),
        kind,
        multi_valued: false,
        description: description.into(),
        required: false,
        canonical_values: Vec::new(),
        case_exact: matches!(kind, Kind::Reference | Kind::Binary),
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
        offered: false,
    }
}

pub(super) fn text(name: &str, description: &str) -> Attribute {
    row(name, Kind::String, description)
}

pub(super) fn complex(name: &str, description: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { sub_attributes, ..row(name, Kind::Complex, description) }
}

pub(super) fn list(name: &str, description: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { multi_valued: true, ..complex(name, description, sub_attributes) }
}

pub(super) fn reference(name: &str, types: &[&str], description: &str) -> Attribute {
    let reference_types = types.iter().map(|name| (*name).into()).collect();
    Attribute { reference_types, ..row(name, Kind::Reference, description) }
}

/// `value`, `display`, `type`, `primary` (RFC 7643 §2.4).
pub(super) fn plural(name: &str, description: &str, value: Attribute, types: &[&str]) -> Attribute {
    let subs = vec![
        value,
        text("display", "A human-readable name, primarily used for display purposes."),
        kinds(types),
        row("primary", Kind::Boolean, "Whether this is the preferred one. At most one element is."),
    ];
    list(name, description, subs)
}

/// The sub-attribute `type` with its canonical values.
pub(super) fn kinds(canonical: &[&str]) -> Attribute {
    let canonical_values = canonical.iter().map(|name| (*name).into()).collect();
    Attribute {
        canonical_values,
        ..text("type", "A label indicating the attribute's function, e.g. 'work' or 'home'.")
    }
}

impl Attribute {
    pub(super) fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    pub(super) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    pub(super) fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    pub(super) fn read_only(self) -> Self {
        let sub_attributes = self.sub_attributes.into_iter().map(Self::read_only).collect();
        Self { mutability: Mutability::ReadOnly, sub_attributes, ..self }
    }

    fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    fn offered(self) -> Self {
        let sub_attributes = self.sub_attributes.into_iter().map(Self::offered).collect();
        Self { offered: true, sub_attributes, ..self }
    }
}

/// `schemas`, `id`, `externalId` and `meta`, which every resource has and every target offers (RFC 7643 §3, §3.1).
pub(super) fn every_resource() -> Vec<Attribute> {
    let schemas = Attribute {
        multi_valued: true,
        ..reference("schemas", &["uri"], "The URNs of the schemas present in the resource.").required()
    };
    let meta = vec![
        text("resourceType", "The name of the resource type.").exact(),
        row("created", Kind::DateTime, "When the resource was added."),
        row("lastModified", Kind::DateTime, "When the resource was last updated."),
        reference("location", &["uri"], "The URI of the resource."),
        text("version", "The version of the resource.").exact(),
    ];
    vec![
        schemas.read_only().always().offered(),
        text("id", "The identifier of the resource, issued by the service provider.")
            .exact()
            .unique()
            .read_only()
            .always()
            .offered(),
        text("externalId", "The identifier of the resource as defined by the provisioning client.").exact().offered(),
        complex("meta", "Metadata of the resource.", meta).read_only().offered(),
    ]
}
