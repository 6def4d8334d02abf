//! Which operation a request line asks for: `/<target>/scim/v2/Users/7`. Reads the head only.

use http::Method;
use percent_encoding::percent_decode_str;

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
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect::<Option<_>>()?;
        let (target, rest) = segments.split_first()?;
        let place = match rest {
            [scim, version, place @ ..] if scim == "scim" && version == "v2" => Place::parse(place),
            _ => None,
        };
        Some(Route { target: target.clone(), place })
    }
}

impl Place {
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
        }
    }

    /// The methods that mean something here.
    pub fn methods(&self) -> &'static [Method] {
        const LIST: &[Method] = &[Method::GET, Method::POST];
        const ONE: &[Method] = &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE];
        const READ: &[Method] = &[Method::GET];
        const BULK: &[Method] = &[Method::POST];
        match self {
            Place::Resources(_) => LIST,
            Place::Resource(..) => ONE,
            Place::Bulk => BULK,
            Place::ServiceProviderConfig
            | Place::Schemas
            | Place::Schema(_)
            | Place::ResourceTypes
            | Place::ResourceType(_)
            | Place::Me => READ,
        }
    }
}

/// The parameters of a query, decoded as forms are: `+` is a blank. Parameters without value count as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query.
    pub fn parse(query: Option<&str>) -> Parameters {
        Parameters(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The value of a parameter, in whatever case its name was written; an empty one counts as absent.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
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
