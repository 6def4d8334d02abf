//! How a target is told who calls: recipes that are filled from the instance's settings and the mapping's lookups.

use crate::wire::template::{Template, Variable};
use http::HeaderName;
use std::sync::Arc;

/// The recipe of a mapping's `auth:`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Credential {
    /// Everything that a request carries.
    pub ways: Vec<Way>,
    /// The certificate that is shown in TLS.
    pub certificate: Option<Certificate>,
}

/// A certificate with its key, both as PEM in settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The certificate and its chain.
    pub certificate: Template,
    /// Its private key.
    pub key: Template,
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
    /// A client of OAuth 2.0 towards its token endpoint: basic authentication of encoded parts (RFC 6749 §2.3.1).
    Client {
        /// The client's name.
        id: Template,
        /// Its secret.
        secret: Template,
    },
    /// A signature of the request.
    Sign(Box<Sign>),
    /// The `Authorization` header of the client whose request this is.
    PassThrough,
}

/// A signature that is made of each request. Its templates may hold [`Sign::NAMES`] as arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// How it is computed.
    pub algorithm: Algorithm,
    /// The secret key.
    pub key: Template,
    /// What is signed.
    pub text: Template,
    /// How the signature and the body's hash are written.
    pub digits: Digits,
    /// How `<date>` is written.
    pub date: DateForm,
    /// The headers that carry it.
    pub headers: Vec<(HeaderName, Template)>,
    /// The query parameters that carry it.
    pub query: Vec<(Arc<str>, Template)>,
}

/// How a signature is computed (RFC 2104).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// With SHA-1.
    HmacSha1,
    /// With SHA-256.
    HmacSha256,
    /// With SHA-512.
    HmacSha512,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Digits {
    /// Hexadecimal, in lower case.
    #[default]
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}

/// How the moment of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateForm {
    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    #[default]
    Http,
    /// `1994-11-06T08:49:37Z`.
    DateTime,
    /// `19941106T084937Z`.
    Basic,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
}

impl Sign {
    /// What its templates may name beside settings and lookups.
    pub const NAMES: [&str; 9] =
        ["method", "path", "query", "host", "date", "timestamp", "nonce", "body_sha256", "signature"];

    fn templates(&self) -> Vec<&Template> {
        let headers = self.headers.iter().map(|(_, template)| template);
        let query = self.query.iter().map(|(_, template)| template);
        [&self.key, &self.text].into_iter().chain(headers).chain(query).collect()
    }
}

impl Credential {
    /// Does the client's own `Authorization` header go to the target?
    pub fn passes_through(&self) -> bool {
        self.ways.contains(&Way::PassThrough)
    }

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
            Way::Client { id, secret } => vec![id, secret],
            Way::Sign(sign) => sign.templates(),
            Way::Cookies(_) | Way::PassThrough => Vec::new(),
        }
    }
}
