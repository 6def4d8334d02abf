//! The JSON Schema of the mapping language, for editors.

use super::table::MAPPING;
use super::{Shape, Want};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft-07) of a mapping file.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let mut root = of_shape(&MAPPING, &mut definitions);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Transom mapping");
    root["definitions"] = Value::Object(definitions);
    root
}

fn of_shape(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in shape.all_keys() {
        let mut schema = of_want(&key.want, definitions);
        match schema.get("$ref") {
            // Draft-07 ignores what stands beside `$ref`.
            Some(_) => schema = json!({ "allOf": [schema], "description": key.doc }),
            None => schema["description"] = json!(key.doc),
        }
        properties.insert(key.name.to_owned(), schema);
    }
    let required: Vec<&str> = shape.all_keys().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema =
        json!({ "type": "object", "description": shape.doc, "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn of_want(want: &Want, definitions: &mut Map<String, Value>) -> Value {
    match want {
        Want::Text(_) => json!({ "type": ["string", "number", "boolean"] }),
        Want::Flag => json!({ "type": "boolean" }),
        Want::Count => json!({ "type": "integer", "minimum": 0 }),
        Want::Word(words) => json!({ "enum": words }),
        Want::Scalar => json!({ "type": ["string", "number", "boolean", "null"] }),
        Want::Any => json!({}),
        Want::Idea(shape) => reference(shape, definitions),
        Want::List(inner) => json!({ "type": "array", "items": of_want(inner, definitions) }),
        Want::Many(inner) => {
            let one = of_want(inner, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Want::Map(_, inner) => json!({ "type": "object", "additionalProperties": of_want(inner, definitions) }),
        Want::With(_, with, without) => {
            json!({ "anyOf": [of_want(without, definitions), of_want(with, definitions)] })
        }
        Want::Or(several) => {
            let all: Vec<Value> = several.iter().map(|one| of_want(one, definitions)).collect();
            json!({ "anyOf": all })
        }
    }
}

/// Shapes are named by what they describe, since several share a word.
fn reference(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    let word = |text: &str| text.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "_");
    let first_sentence = shape.doc.split(['.', ':', ';']).next().unwrap_or_default();
    let name = format!("{}__{}", word(shape.name), word(first_sentence));
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let schema = of_shape(shape, definitions);
        definitions.insert(name.clone(), schema);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}
