//! A step written out as an HTTP request: URL, headers, credentials, body.

use super::address::Address;
use super::error::Trouble;
use super::supply::{Supply, Turn};
use crate::wire::call::{CallError, append_query};
use crate::wire::credential::Way;
use crate::wire::encode::{EncodeError, content_type, encode, json_length};
use crate::wire::template::as_text;
use crate::wire::xml::XmlError;
use crate::wire::{Body, Call, Credential, Encoding, Paging, Scope, Template, Variable};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use std::sync::Arc;
use std::time::SystemTime;

/// Room for what a body says beside its placeholders, in bytes.
const ROOM: usize = 128;

const AGENT: &str = concat!("transom/", env!("CARGO_PKG_VERSION"));

/// What every call of a target has in common.
pub(super) struct Form<'a> {
    pub(super) address: &'a Address,
    pub(super) auth: Option<&'a Credential>,
    /// The client's own `Authorization`.
    pub(super) caller: Option<&'a HeaderValue>,
    pub(super) now: SystemTime,
}

impl Form<'_> {
    /// The request of a call. Sending it twice sends the same.
    pub(super) fn fill(&self, call: &Call, supply: &Supply) -> Result<Request<Bytes>, Trouble> {
        check_holes(call, supply)?;
        let mut path = call.target_path(supply).map_err(unfilled)?;
        append_query(&mut path, paging_query(call, supply.turn).into_iter());
        let url =
            self.address.join(&path).ok_or_else(|| Trouble::Mapping("its path is no part of a URL".to_owned()))?;
        self.request_to(url, call, supply)
    }

    /// The same call, at a URL that the answer before gave.
    pub(super) fn request_to(&self, url: Uri, call: &Call, supply: &Supply) -> Result<Request<Bytes>, Trouble> {
        let mut headers = self.headers(call, supply)?;
        let body = match &call.body {
            None => Bytes::new(),
            Some(_) if call.encode == Encoding::Nothing => Bytes::new(),
            Some(body) => {
                let bytes = written(call.encode, body, supply)?;
                if let Some(kind) = content_type(call.encode) {
                    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
                }
                Bytes::from(bytes)
            }
        };
        let mut request = Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = self.authorized(url, supply)?;
        *request.headers_mut() = headers;
        for way in self.ways() {
            if let Way::Sign(sign) = way {
                let signed = super::sign::sign(sign, &request, (supply, self.now))?;
                let url = with_query(request.uri().clone(), signed.query)?;
                for (name, text) in signed.headers {
                    request.headers_mut().insert(name, sensitive(text, &sign.text)?);
                }
                *request.uri_mut() = url;
            }
        }
        Ok(request)
    }

    fn headers(&self, call: &Call, supply: &Supply) -> Result<HeaderMap, Trouble> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        self.authorize(&mut headers, supply)?;
        for (name, template) in &call.headers {
            if let Some(mut value) = header_value(template, supply)? {
                value.set_sensitive(template.holes().any(is_secret));
                headers.insert(name.clone(), value);
            }
        }
        Ok(headers)
    }

    fn authorize(&self, headers: &mut HeaderMap, supply: &Supply) -> Result<(), Trouble> {
        for way in self.ways() {
            match (way, self.caller) {
                (Way::PassThrough, Some(caller)) => drop(headers.insert(AUTHORIZATION, caller.clone())),
                (Way::PassThrough, None) => return Err(Trouble::NotLetIn { status: StatusCode::UNAUTHORIZED }),
                (way, _) => carry(way, headers, supply)?,
            }
        }
        Ok(())
    }

    fn ways(&self) -> &[Way] {
        self.auth.map(|auth| auth.ways.as_slice()).unwrap_or_default()
    }

    /// The parameters by which the target is told who calls, where the URL does not have them already.
    fn authorized(&self, url: Uri, supply: &Supply) -> Result<Uri, Trouble> {
        let named = self.ways().iter().flat_map(|way| match way {
            Way::Query(list) => list.as_slice(),
            _ => &[],
        });
        let has = |name: &str| {
            form_urlencoded::parse(url.query().unwrap_or_default().as_bytes()).any(|(known, _)| known == *name)
        };
        let missing =
            named.filter(|(name, _)| !has(name)).map(|(name, value)| Ok((name.to_string(), whole(value, supply)?)));
        let missing: Vec<(String, String)> = missing.collect::<Result<_, Trouble>>()?;
        with_query(url, missing)
    }
}

/// The URL with further parameters.
fn with_query(url: Uri, parameters: Vec<(String, String)>) -> Result<Uri, Trouble> {
    if parameters.is_empty() {
        return Ok(url);
    }
    let mut parts = url.into_parts();
    let mut path = parts.path_and_query.map(|path| path.to_string()).unwrap_or_default();
    append_query(&mut path, parameters.into_iter());
    parts.path_and_query = path.parse().ok();
    Uri::from_parts(parts).map_err(|_| Trouble::Mapping("its query is no part of a URL".to_owned()))
}

/// What one way of telling who calls puts into the headers.
fn carry(way: &Way, headers: &mut HeaderMap, supply: &Supply) -> Result<(), Trouble> {
    match way {
        Way::Query(_) | Way::Sign(_) | Way::PassThrough => {}
        Way::Client { id, secret } => {
            let encoded = |template| {
                let text = whole(template, supply)?;
                Ok::<String, Trouble>(form_urlencoded::byte_serialize(text.as_bytes()).collect())
            };
            let pair = STANDARD.encode(format!("{}:{}", encoded(id)?, encoded(secret)?));
            headers.insert(AUTHORIZATION, sensitive(format!("Basic {pair}"), id)?);
        }
        Way::Header(list) => {
            for (name, template) in list {
                let secret = whole(template, supply)?;
                headers.insert(name.clone(), sensitive(secret, template)?);
            }
        }
        Way::Bearer(template) => {
            let token = whole(template, supply)?;
            headers.insert(AUTHORIZATION, sensitive(format!("Bearer {token}"), template)?);
        }
        Way::Basic { username, password } => {
            let (user, secret) = (whole(username, supply)?, whole(password, supply)?);
            // RFC 7617 §2: everything up to the first colon is the user name.
            if user.contains(':') {
                return Err(Trouble::Mapping("a user name for basic authentication holds a colon".to_owned()));
            }
            let pair = STANDARD.encode(format!("{user}:{secret}"));
            headers.insert(AUTHORIZATION, sensitive(format!("Basic {pair}"), username)?);
        }
        Way::Cookies(lookup) => {
            let cookies = supply.known.held(lookup).map(|held| held.cookies.join("; ")).unwrap_or_default();
            headers.insert(COOKIE, sensitive(cookies, &Template::default())?);
        }
    }
    Ok(())
}

/// JSON is written as it is filled, and into room enough, so that a large account is copied neither first nor meanwhile.
fn written(encoding: Encoding, body: &Body, supply: &Supply) -> Result<Vec<u8>, Trouble> {
    if encoding == Encoding::Json && body.is_present(supply) {
        // Writing JSON into memory fails for no value there is.
        let fillings = body.holes().into_iter().filter_map(|hole| supply.value(hole));
        let mut bytes = Vec::with_capacity(ROOM + fillings.map(|value| json_length(&value)).sum::<usize>());
        return match serde_json::to_writer(&mut bytes, &body.filled(supply)) {
            Ok(()) => Ok(bytes),
            Err(_) => Err(Trouble::Mapping("its body is no JSON".to_owned())),
        };
    }
    let value = body.fill(supply).ok_or_else(|| Trouble::Mapping("its body has no value".to_owned()))?;
    encode(encoding, &value).map_err(|error| match error {
        EncodeError::Xml(XmlError::Character) => Trouble::Unsafe("account".to_owned()),
        other => Trouble::Mapping(other.to_string()),
    })
}

/// Settings and captures that are not there would only leave fields out: better nothing is sent at all.
fn check_holes(call: &Call, supply: &Supply) -> Result<(), Trouble> {
    if let Some(name) = supply.missing_capture() {
        return Err(Trouble::Mapping(format!("no earlier step yields `{name}`")));
    }
    let unset = |hole: &&&Variable| is_secret(hole) && supply.value(hole).is_none();
    match call.holes().iter().find(unset) {
        Some(hole) => Err(no_value(hole)),
        None => Ok(()),
    }
}

/// Settings and lookups: ours, not the client's.
fn is_secret(hole: &Variable) -> bool {
    matches!(hole, Variable::Setting(_) | Variable::Lookup(_))
}

fn unfilled(error: CallError) -> Trouble {
    match error {
        CallError::Missing(hole) => Trouble::Mapping(format!("`<{hole}>` in the path has no value")),
        CallError::Unsafe(hole) => Trouble::Unsafe(hole),
    }
}

fn no_value(hole: &Variable) -> Trouble {
    Trouble::Mapping(format!("`<{hole}>` has no value"))
}

/// The text of a template that may miss nothing.
pub(super) fn whole(template: &Template, supply: &Supply) -> Result<String, Trouble> {
    if let Some(hole) = template.holes().find(|hole| supply.value(hole).is_none()) {
        return Err(no_value(hole));
    }
    Ok(template.fill_text(supply).unwrap_or_default())
}

fn sensitive(text: String, template: &Template) -> Result<HeaderValue, Trouble> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(text)).map_err(|_| unsafe_in(template))?;
    value.set_sensitive(true);
    Ok(value)
}

fn header_value(template: &Template, supply: &Supply) -> Result<Option<HeaderValue>, Trouble> {
    let Some(value) = template.fill(supply) else { return Ok(None) };
    // `HeaderValue` refuses control characters, and with them CR, LF and NUL.
    HeaderValue::from_bytes(as_text(&value).as_bytes()).map(Some).map_err(|_| unsafe_in(template))
}

fn unsafe_in(template: &Template) -> Trouble {
    match template.holes().next() {
        Some(hole) if !is_secret(hole) => Trouble::Unsafe(hole.to_string()),
        Some(hole) => Trouble::Mapping(format!("`<{hole}>` cannot stand in a header")),
        None => Trouble::Mapping("a header holds a character that none may hold".to_owned()),
    }
}

/// The page's place as query parameters, where the mapping names some.
fn paging_query(call: &Call, turn: &Turn) -> Vec<(String, String)> {
    let Some(paging) = call.listing.as_ref().and_then(|listing| listing.paging.as_ref()) else { return Vec::new() };
    let number = |number: Option<usize>| number.map(|number| number.to_string());
    let cursor = || turn.cursor.as_ref().map(|cursor| as_text(cursor).into_owned());
    let pairs: [(&Option<Arc<str>>, Option<String>); 2] = match paging {
        Paging::Offset { offset, limit, .. } => [(offset, number(turn.offset)), (limit, number(turn.limit))],
        Paging::Page { page, size, .. } => [(page, number(turn.page)), (size, number(turn.limit))],
        Paging::Cursor { cursor: name, limit, .. } => [(name, cursor()), (limit, number(turn.limit))],
    };
    pairs.into_iter().filter_map(|(name, value)| Some((name.as_ref()?.to_string(), value?))).collect()
}
