//! One compiled line of a mapping file: which SCIM attribute becomes which field of the account, and how.

use crate::mapping::election::Election;
use crate::mapping::member::{Apart, Member};
use crate::mapping::transform::{Conversion, Transform};
use crate::scim::path::AttributePath;
use crate::wire::{Body, CallId, Path, Template};
use serde_json::Value;
use std::sync::Arc;

/// Paths are parsed and transforms resolved already, so running a rule cannot meet a typo.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The attribute.
    pub attribute: AttributePath,
    /// Where and in which directions it goes.
    pub shape: Shape,
    /// How its value changes on the way; for [`Shape::Each`] the items have their own.
    pub transform: Transform,
    /// The resource type whose key stands in the field.
    pub refers_to: Option<Arc<str>>,
    /// What a create sends when the attribute is not given.
    pub default: Option<Body>,
    /// What the target wants to see, and shows, when a value goes away.
    pub cleared: Cleared,
    /// The sent form comes back while the field still holds what we wrote.
    pub remember: bool,
    /// What becomes of a change that the rule does not send.
    pub written: Written,
    /// Sent by `write:` and kept in our store as well, or kept alone.
    pub keep: bool,
    /// What becomes of an element that refers to nobody the target knows.
    pub unknown: Unknown,
    /// Its elements are written as elements of another type's list: a group's members as their own groups.
    pub through: Option<Through>,
    /// The line of the mapping file.
    pub line: u32,
}

/// The list of another type through which elements are written, and read where the account shows none.
#[derive(Debug, Clone, PartialEq)]
pub struct Through {
    /// The resource type.
    pub kind: Arc<str>,
    /// Its list.
    pub attribute: AttributePath,
}

/// What becomes of an element that refers to nobody the target knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// 400 `invalidValue` that names its position.
    #[default]
    Refused,
    /// It is left out.
    Ignored,
}

/// Where an attribute goes.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Both ways: one field.
    Field(Path),
    /// To SCIM alone: the first place that holds something.
    Read(Vec<Source>),
    /// To the target alone.
    Write(Path),
    /// Both ways: one element of a multi-valued attribute is one field.
    One {
        /// The field of the element's `value`, or of the named sub-attributes.
        at: Vec<(Arc<str>, Path)>,
        /// The element's `type`, which also chooses it among those sent.
        of_type: Option<Arc<str>>,
        /// Is the element shown as primary?
        primary: bool,
        /// What becomes of further elements.
        rest: Rest,
    },
    /// Both ways: a multi-valued attribute is an array.
    Each {
        /// The array.
        at: Path,
        /// The sub-attributes.
        items: Vec<Item>,
        /// The call that adds one element.
        add: Option<CallId>,
        /// The call that removes one element.
        remove: Option<CallId>,
        /// Elements that are none of this rule's: neither shown nor touched.
        apart: Apart,
        /// The element whose `value` is what this attribute holds is never removed.
        stays: Option<AttributePath>,
        /// The field is an object: each of its fields is an element, which the rule sees as `{ key, value }`.
        keyed: bool,
    },
    /// Both ways: is this element in the array?
    Has {
        /// The array.
        at: Path,
        /// The element.
        member: Arc<Member>,
    },
    /// Which element of the array's attribute is primary, where no field of the elements says so; stands behind its [`Shape::Each`].
    Elected {
        /// What makes an element primary.
        by: Election,
        /// Where an element's `value` stands.
        value: Box<Item>,
        /// Is another choice sent?
        sent: bool,
    },
    /// In our store alone.
    Kept,
}

/// Where a read value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A place in the account.
    At(Path),
    /// Text made of places.
    Template(Template),
}

/// One sub-attribute of an `each:` rule.
#[derive(Debug, Clone)]
pub struct Item {
    /// The sub-attribute: `value`, `display`, `type` …
    pub sub: Arc<str>,
    /// Its place in the element.
    pub at: Path,
    /// Shown, never sent.
    pub read_only: bool,
    /// The resource type whose key stands there.
    pub refers_to: Option<Arc<str>>,
    /// How its value changes on the way.
    pub transform: Transform,
}

/// What becomes of the elements that a `one:` rule does not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rest {
    /// Kept in our store.
    Keep,
    /// Left out.
    #[default]
    Ignore,
    /// 400 `invalidValue`.
    Refuse,
}

/// What a cleared value looks like in the target.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cleared {
    /// null under `sends: changed`, left out under `sends: account`.
    #[default]
    Absent,
    /// The first of these values, each of which also reads as nothing. Never an empty list.
    As(Vec<Value>),
}

/// What becomes of a change of an attribute that the rule only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Written {
    /// It is sent.
    #[default]
    Sent,
    /// It is left out: the target's form wins.
    Ignored,
    /// 400 `mutability`.
    Refused,
}

impl Rule {
    /// Does our store hold the attribute, or part of it?
    pub fn is_kept(&self) -> bool {
        self.keep || matches!(self.shape, Shape::Kept | Shape::One { rest: Rest::Keep, .. })
    }

    /// Does the store note the sent form where the target shows another one? A reference to somebody the target does not know is not sent,
    /// so it can come back from there alone.
    pub fn remembers(&self) -> bool {
        self.remember || (self.refers_to.is_some() && !self.reads_only())
    }

    /// Does it refer to other accounts in an array that is sent whole?
    pub fn refers_by_whole_array(&self) -> bool {
        match &self.shape {
            Shape::Each { items, add: None, remove: None, .. } => {
                items.iter().any(|item| &*item.sub == "value" && item.refers_to.is_some() && !item.read_only)
            }
            _ => false,
        }
    }

    /// Has the target a form for no value? A table that does not spell it has none: its field stays as it is.
    pub fn can_be_cleared(&self) -> bool {
        self.cleared != Cleared::Absent
            || !(matches!(self.transform, Transform::Table(_)) || matches!(self.shape, Shape::Has { .. }))
    }

    /// Is a name one field, its parts made of its words?
    pub fn is_split_name(&self) -> bool {
        let splits = |one: &Conversion| matches!(one, Conversion::SplitName(_));
        matches!(&self.transform, Transform::As(conversions) if conversions.iter().any(splits))
    }

    /// Does a script take part?
    pub fn is_scripted(&self) -> bool {
        matches!(self.transform, Transform::Script { .. })
    }

    /// The fields that it writes one by one; arrays written as a whole are one field.
    pub fn written_paths(&self) -> Vec<&Path> {
        match &self.shape {
            Shape::Field(path) | Shape::Write(path) => vec![path],
            Shape::One { at, .. } => at.iter().map(|(_, path)| path).collect(),
            Shape::Each { at, .. } if self.sends_whole_array() => vec![at],
            Shape::Has { at, .. } | Shape::Elected { by: Election::Equals(at), sent: true, .. } => vec![at],
            Shape::Each { .. } | Shape::Elected { .. } | Shape::Read(_) | Shape::Kept => Vec::new(),
        }
    }

    /// The resource type to which each element's `value` refers.
    pub fn elements_refer_to(&self) -> Option<&str> {
        let Shape::Each { items, .. } = &self.shape else { return None };
        items.iter().find(|item| &*item.sub == "value")?.refers_to.as_deref()
    }

    /// The attribute that names the element which is never removed.
    pub fn stays(&self) -> Option<&AttributePath> {
        match &self.shape {
            Shape::Each { stays, .. } => stays.as_ref(),
            _ => None,
        }
    }

    /// Are its elements found in other accounts alone?
    pub fn is_read_elsewhere(&self) -> bool {
        self.through.is_some() && !matches!(self.shape, Shape::Each { .. })
    }

    /// Does it only read?
    pub fn reads_only(&self) -> bool {
        match &self.shape {
            Shape::Read(_) | Shape::Elected { sent: false, .. } => true,
            Shape::Each { items, add, remove, .. } => {
                items.iter().all(|item| item.read_only) && add.is_none() && remove.is_none()
            }
            _ => false,
        }
    }

    fn sends_whole_array(&self) -> bool {
        matches!(&self.shape, Shape::Each { add, remove, .. } if add.is_none() || remove.is_none())
            && !self.reads_only()
    }
}
