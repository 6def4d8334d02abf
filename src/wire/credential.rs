//! How a target is told who calls: recipes that are filled from the instance's settings and the mapping's lookups.

use crate::wire::template::{Template, Variable};
use http::HeaderName;
use std::sync::Arc;

/// The recipe of a mapping's `auth:`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Credential {
    /// Everything that a request carries.
    pub ways: Vec<Way>,
}

/// One thing that says who calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Headers with placeholders.
    Header(Vec<(HeaderName, Template)>),
    /// Query parameters with placeholders.
    Query(Vec<(Arc<str>, Template)>),
    /// `Authorization: Basic …`.
    Basic {
        /// The user name.
        username: Template,
        /// The password.
        password: Template,
    },
    /// `Authorization: Bearer …`.
    Bearer(Template),
    /// The cookies that the answer of this lookup set.
    Cookies(Arc<str>),
}

impl Credential {
    /// The lookups that it names.
    pub fn lookups(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        for way in &self.ways {
            if let Way::Cookies(name) = way {
                names.push(name.clone());
            }
            let named = way.templates().into_iter().flat_map(Template::holes);
            names.extend(named.filter_map(|hole| match hole {
                Variable::Lookup(name) => Some(name.clone()),
                _ => None,
            }));
        }
        names
    }
}

impl Way {
    fn templates(&self) -> Vec<&Template> {
        match self {
            Way::Header(list) => list.iter().map(|(_, template)| template).collect(),
            Way::Query(list) => list.iter().map(|(_, template)| template).collect(),
            Way::Basic { username, password } => vec![username, password],
            Way::Bearer(token) => vec![token],
            Way::Cookies(_) => Vec::new(),
        }
    }
}
