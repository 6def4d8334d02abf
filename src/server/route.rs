//! Which operation a request line asks for: `/<target>/scim/v2/Users/7`. Reads the head only.

use crate::scim::error::ScimError;
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;

/// The path of the SCIM API below a target's name.
pub const BASE: &str = "scim/v2";

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `/Users`, `/Groups`: the endpoint without its slash.
    Resources(String),
    /// One of them.
    Resource(String, String),
    /// `/ServiceProviderConfig`, and the base itself, which some clients probe.
    ServiceProviderConfig,
    /// `/Schemas`.
    Schemas,
    /// `/Schemas/<urn>`.
    Schema(String),
    /// `/ResourceTypes`.
    ResourceTypes,
    /// `/ResourceTypes/<name>`.
    ResourceType(String),
    /// `/Me` (RFC 7644 §3.11), which no credentials of a provisioning client stand for.
    Me,
    /// `/Bulk`.
    Bulk,
    /// `/Users/.search`, or `/.search` over everything (RFC 7644 §3.4.3).
    Search(Option<String>),
}

/// A path that leads to one of our targets, perhaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The first segment.
    pub target: String,
    /// What follows `scim/v2`; `None`: nothing we know.
    pub place: Option<Place>,
}

impl Route {
    /// Reads a path. Doubled and trailing slashes are passed over: clients join base URLs carelessly.
    pub fn parse(path: &str) -> Option<Route> {
        let segments = segments(path)?;
        let (target, rest) = segments.split_first()?;
        let place = match rest {
            [scim, version, place @ ..] if scim == "scim" && version == "v2" => Place::parse(place),
            _ => None,
        };
        Some(Route { target: target.clone(), place })
    }
}

impl Place {
    /// Reads a path below the base URL, as bulk operations have it.
    pub fn below_base(path: &str) -> Option<Place> {
        Place::parse(&segments(path)?)
    }

    fn parse(segments: &[String]) -> Option<Place> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match segments.as_slice() {
            [] | ["ServiceProviderConfig" | "ServiceProviderConfigs"] => Place::ServiceProviderConfig,
            ["Schemas"] => Place::Schemas,
            ["Schemas", id] => Place::Schema((*id).to_owned()),
            ["ResourceTypes"] => Place::ResourceTypes,
            ["ResourceTypes", name] => Place::ResourceType((*name).to_owned()),
            ["Me", ..] => Place::Me,
            ["Bulk"] => Place::Bulk,
            [".search"] => Place::Search(None),
            [endpoint, ".search"] => Place::Search(Some((*endpoint).to_owned())),
            [endpoint] => Place::Resources((*endpoint).to_owned()),
            [endpoint, id] => Place::Resource((*endpoint).to_owned(), (*id).to_owned()),
            _ => return None,
        })
    }

    /// The route's template, for logs: never an id.
    pub fn template(&self) -> &'static str {
        match self {
            Place::Resources(endpoint) if endpoint == "Users" => "/Users",
            Place::Resources(endpoint) if endpoint == "Groups" => "/Groups",
            Place::Resources(_) => "/{unknown}",
            Place::Resource(endpoint, _) if endpoint == "Users" => "/Users/{id}",
            Place::Resource(endpoint, _) if endpoint == "Groups" => "/Groups/{id}",
            Place::Resource(..) => "/{unknown}/{id}",
            Place::ServiceProviderConfig => "/ServiceProviderConfig",
            Place::Schemas => "/Schemas",
            Place::Schema(_) => "/Schemas/{id}",
            Place::ResourceTypes => "/ResourceTypes",
            Place::ResourceType(_) => "/ResourceTypes/{name}",
            Place::Me => "/Me",
            Place::Bulk => "/Bulk",
            Place::Search(None) => "/.search",
            Place::Search(Some(_)) => "/{endpoint}/.search",
        }
    }

    /// The methods that mean something here.
    pub fn methods(&self) -> &'static [Method] {
        const LIST: &[Method] = &[Method::GET, Method::HEAD, Method::POST];
        const ONE: &[Method] = &[Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE];
        const READ: &[Method] = &[Method::GET, Method::HEAD];
        const BODY: &[Method] = &[Method::POST];
        match self {
            Place::Resources(_) => LIST,
            Place::Resource(..) => ONE,
            Place::Bulk | Place::Search(_) => BODY,
            Place::ServiceProviderConfig
            | Place::Schemas
            | Place::Schema(_)
            | Place::ResourceTypes
            | Place::ResourceType(_)
            | Place::Me => READ,
        }
    }
}

fn segments(path: &str) -> Option<Vec<String>> {
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8().ok().map(Cow::into_owned);
    path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
}

/// The parameters of a query, decoded as forms are: `+` is a blank. Parameters without value count as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query.
    pub fn parse(query: Option<&str>) -> Parameters {
        Parameters(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The parameters of a search request's body.
    ///
    /// # Errors
    /// It is no object, or a parameter is of the wrong type.
    pub fn of_search(body: &Value) -> Result<Parameters, ScimError> {
        let fields = body.as_object().ok_or_else(|| ScimError::invalid_syntax("a search request is a JSON object"))?;
        let known = fields.iter().filter(|(name, value)| !name.eq_ignore_ascii_case("schemas") && !value.is_null());
        let pairs = known.map(|(name, value)| Ok((name.clone(), parameter(name, value)?)));
        pairs.collect::<Result<Vec<_>, ScimError>>().map(Parameters)
    }

    /// The value of a parameter, in whatever case its name was written; an empty one counts as absent.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    }
}

/// Lists of attribute names stand as lists in a body and with commas in a query.
fn parameter(name: &str, value: &Value) -> Result<String, ScimError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            Ok(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        _ => Err(ScimError::invalid_value(format!("`{name}` is of the wrong type"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Option<Place> {
        Route::parse(path)?.place
    }

    #[test]
    fn slashes_are_forgiven_and_ids_decoded() {
        assert_eq!(place("/demo//scim/v2/Users/"), Some(Place::Resources("Users".into())));
        assert_eq!(place("/demo/scim/v2/Users/a%2Fb%40c"), Some(Place::Resource("Users".into(), "a/b@c".into())));
        assert_eq!(place("/demo/scim/v2"), Some(Place::ServiceProviderConfig));
        assert_eq!(place("/demo/scim/v1/Users"), None);
        assert_eq!(place("/demo/scim/v2/Users/1/2"), None);
        assert_eq!(Route::parse("/"), None);
    }

    #[test]
    fn queries_are_forms_and_valueless_parameters_are_absent() {
        let parameters = Parameters::parse(Some("aadOptscim062020&filter=userName+eq+%22a%2Bb%22&Count=5"));
        assert_eq!(parameters.value("filter"), Some("userName eq \"a+b\""));
        assert_eq!(parameters.value("count"), Some("5"));
        assert_eq!(parameters.value("aadOptscim062020"), None);
    }
}
