//! Which attributes of an account are wanted.

use crate::scim::path::AttributePath;

/// Tells of an attribute whether it is wanted.
type Judge<'a> = dyn Fn(&AttributePath) -> bool + Sync + 'a;

/// Which attributes are wanted, and where that is known, among which few they are: then nobody asks about the others.
#[derive(Clone, Copy)]
pub struct Wants<'a> {
    among: Option<&'a [AttributePath]>,
    takes: &'a Judge<'a>,
}

impl<'a> Wants<'a> {
    /// All of them.
    pub const EVERYTHING: Wants<'static> = Wants { among: None, takes: &|_| true };

    /// None.
    pub const NOTHING: Wants<'static> = Wants { among: Some(&[]), takes: &|_| false };

    /// All that fit.
    pub fn every(takes: &'a Judge<'a>) -> Wants<'a> {
        Wants { among: None, takes }
    }

    /// Those that fit, each of which is one of these or a sub-attribute of one. `None`: it may be any.
    pub fn among(attributes: Option<&'a [AttributePath]>, takes: &'a Judge<'a>) -> Wants<'a> {
        Wants { among: attributes, takes }
    }

    /// All that it can be, where that is known.
    pub fn among_these(&self) -> Option<&'a [AttributePath]> {
        self.among
    }

    /// Is this one wanted; for a parent: it or any part of it?
    pub fn takes(&self, attribute: &AttributePath) -> bool {
        (self.takes)(attribute)
    }
}
