//! What the service provider says about itself (RFC 7644 §4, RFC 7643 §5–§7): only what the target offers.

use super::schema::{Attribute, Kind, ResourceType, Returned, Schema};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// What of SCIM the service provider does (RFC 7643 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Whether PATCH is done.
    pub patch: bool,
    /// Whether and how much bulk is done.
    pub bulk: Option<Bulk>,
    /// The most results of a filter; none where filters are not done.
    pub filter_max: Option<usize>,
    /// Whether `sortBy` is followed.
    pub sort: bool,
    /// Whether versions are kept.
    pub etag: bool,
    /// Whether a password can be changed.
    pub change_password: bool,
}

/// The limits of a bulk request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// The most operations.
    pub max_operations: usize,
    /// The most bytes.
    pub max_payload_size: usize,
}

/// Every schema with an offered attribute, each once, as `/Schemas` lists them. The resources' `meta.location` is relative
/// to the base URL: `/Schemas/{id}`.
pub fn schemas(kinds: &[&ResourceType]) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut listed = Vec::new();
    for schema in kinds.iter().flat_map(|kind| shown_schemas(kind)) {
        if !seen.contains(&&*schema.id) {
            seen.push(&schema.id);
            listed.push(describe(schema));
        }
    }
    listed
}

/// Every resource type, as `/ResourceTypes` lists them.
pub fn resource_types(kinds: &[&ResourceType], base: &str) -> Vec<Value> {
    let base = base.trim_end_matches('/');
    kinds.iter().map(|kind| resource_type(kind, base)).collect()
}

/// The service provider configuration.
pub fn service_provider_config(base: &str, features: Features) -> Value {
    let bulk = features.bulk.unwrap_or(Bulk { max_operations: 0, max_payload_size: 0 });
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": features.patch },
        "bulk": {
            "supported": features.bulk.is_some(),
            "maxOperations": bulk.max_operations,
            "maxPayloadSize": bulk.max_payload_size,
        },
        "filter": { "supported": features.filter_max.is_some(), "maxResults": features.filter_max.unwrap_or(0) },
        "changePassword": { "supported": features.change_password },
        "sort": { "supported": features.sort },
        "etag": { "supported": features.etag },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication with an OAuth 2.0 bearer token (RFC 6750)",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", base.trim_end_matches('/')),
        },
    })
}

fn resource_type(kind: &ResourceType, base: &str) -> Value {
    let extensions: Vec<Value> = shown_schemas(kind).skip(1).map(extension).collect();
    let mut described = json!({
        "schemas": [RESOURCE_TYPE],
        "id": &*kind.name,
        "name": &*kind.name,
        "endpoint": &*kind.endpoint,
        "description": &*kind.description,
        "schema": &*kind.core().id,
    });
    if !extensions.is_empty() {
        described["schemaExtensions"] = Value::Array(extensions);
    }
    described["meta"] =
        json!({ "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name) });
    described
}

fn extension(schema: &Schema) -> Value {
    let required = schema.attributes.iter().any(|attribute| attribute.required && attribute.is_offered());
    json!({ "schema": &*schema.id, "required": required })
}

// The core schema always; an extension if any of it can be seen.
fn shown_schemas(kind: &ResourceType) -> impl Iterator<Item = &Schema> {
    let schemas = kind.schemas.iter().enumerate();
    schemas
        .filter(|(position, schema)| *position == 0 || schema.attributes.iter().any(is_shown))
        .map(|(_, schema)| schema)
}

// What is never returned is written only, and some clients count it as missing if it is listed.
fn is_shown(attribute: &Attribute) -> bool {
    attribute.is_offered() && attribute.returned != Returned::Never
}

fn describe(schema: &Schema) -> Value {
    // Of the common attributes only `externalId` is the client's, and some clients look for it here.
    let common = |attribute: &Attribute| matches!(&*attribute.name, "schemas" | "id" | "meta");
    let shown = schema.attributes.iter().filter(|attribute| is_shown(attribute) && !common(attribute));
    json!({
        "schemas": [SCHEMA],
        "id": &*schema.id,
        "name": &*schema.name,
        "description": &*schema.description,
        "attributes": shown.map(characteristics).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("/Schemas/{}", schema.id) },
    })
}

fn characteristics(attribute: &Attribute) -> Value {
    let mut described = Map::new();
    let mut say = |name: &str, value: Value| drop(described.insert(name.to_owned(), value));
    say("name", (&*attribute.name).into());
    say("type", attribute.kind.as_str().into());
    if attribute.kind == Kind::Complex {
        let subs = attribute.offered_subs().filter(|sub| sub.returned != Returned::Never);
        say("subAttributes", subs.map(characteristics).collect());
    }
    say("multiValued", attribute.multi_valued.into());
    say("description", (&*attribute.description).into());
    say("required", attribute.required.into());
    if !attribute.canonical_values.is_empty() {
        say("canonicalValues", attribute.canonical_values.iter().map(|value| &**value).collect());
    }
    say("caseExact", attribute.case_exact.into());
    say("mutability", attribute.mutability.as_str().into());
    say("returned", attribute.returned.as_str().into());
    say("uniqueness", attribute.uniqueness.as_str().into());
    if !attribute.reference_types.is_empty() {
        say("referenceTypes", attribute.reference_types.iter().map(|name| &**name).collect());
    }
    Value::Object(described)
}

#[cfg(test)]
mod tests;
