//! One attribute with its characteristics (RFC 7643 §2.2, §7).

use std::sync::Arc;

/// The data type of an attribute (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A moment, as RFC 3339 text.
    DateTime,
    /// Bytes, as base64 text.
    Binary,
    /// A URI or the name of one.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

impl Kind {
    /// The name in a schema definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// When an attribute may be written (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Never by a client.
    ReadOnly,
    /// At any time.
    ReadWrite,
    /// Once.
    Immutable,
    /// At any time, and never returned.
    WriteOnly,
}

impl Mutability {
    /// The name in a schema definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is returned (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Returned {
    /// In every answer, whatever is asked for.
    Always,
    /// In no answer.
    Never,
    /// Unless it is excluded or other attributes are asked for.
    Default,
    /// Only where it is asked for by name.
    Request,
}

impl Returned {
    /// The name in a schema definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Among whom a value is unique (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uniqueness {
    /// Not unique.
    None,
    /// Among the resources of this endpoint.
    Server,
    /// Everywhere.
    Global,
}

impl Uniqueness {
    /// The name in a schema definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// An attribute or sub-attribute with its characteristics.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name in canonical spelling.
    pub name: Arc<str>,
    /// The data type.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// What it means.
    pub description: Arc<str>,
    /// Whether a resource must have it.
    pub required: bool,
    /// Suggested values.
    pub canonical_values: Vec<Arc<str>>,
    /// Whether upper and lower case differ when values are compared.
    pub case_exact: bool,
    /// When it may be written.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Among whom its value is unique.
    pub uniqueness: Uniqueness,
    /// What a reference may lead to.
    pub reference_types: Vec<Arc<str>>,
    /// The sub-attributes of a complex attribute.
    pub sub_attributes: Vec<Attribute>,
    /// Does this target offer it? Only what is offered is advertised and kept at decode.
    pub offered: bool,
}

impl Attribute {
    /// The sub-attribute with this name, in any case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// Whether the target has it, itself or any sub-attribute.
    pub fn is_offered(&self) -> bool {
        self.offered || self.sub_attributes.iter().any(|sub| sub.offered)
    }

    /// Offered as a whole: no sub-attribute is marked on its own, so all of them are.
    pub fn offers_every_sub(&self) -> bool {
        self.offered && !self.sub_attributes.iter().any(|sub| sub.offered)
    }

    /// The sub-attributes the target offers.
    pub fn offered_subs(&self) -> impl Iterator<Item = &Attribute> {
        let every = self.offers_every_sub();
        self.sub_attributes.iter().filter(move |sub| every || sub.offered)
    }

    /// Whether values are compared as they stand, without folding. References and bytes always are (RFC 7643 §2.3.6, §2.3.7).
    pub fn is_exact(&self) -> bool {
        self.case_exact || matches!(self.kind, Kind::Reference | Kind::Binary)
    }
}
