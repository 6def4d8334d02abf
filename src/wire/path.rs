//! A place in a JSON document: an RFC 9535 path, lowered to a plain walk wherever it is names, indexes and equality filters.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment,
};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// The text of an XML element; where the element has no attributes it is a text itself.
pub(super) const TEXT: &str = "#text";

/// One hop of a walk.
#[derive(Clone, Debug, PartialEq)]
pub enum Hop {
    /// The field of an object.
    Name(Arc<str>),
    /// The element of an array, counted from 0.
    Index(usize),
    /// The elements of an array whose fields equal these constants; the empty field name is the element itself.
    Where(Vec<(Arc<str>, Value)>),
}

/// A parsed path. `$…` starts at the document, `.…` at the present item; which document that is, the holder of the path knows.
#[derive(Clone)]
pub struct Path {
    text: Arc<str>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Walk(Vec<Hop>),
    Query(Arc<JpQuery>),
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong, in words.
    pub message: String,
}

impl Path {
    /// Reads `$`, `$.a.b[0]`, `$.list[?@.id == 1].value`, or from an item `.`, `.a.b` and `.['a b']`.
    ///
    /// # Errors
    /// The text is not an RFC 9535 path.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        let absolute = match text {
            "." => "$".to_owned(),
            item if item.starts_with(".[") => format!("${}", &item[1..]),
            item if item.starts_with('.') => format!("${item}"),
            other => other.to_owned(),
        };
        let query =
            parse_json_path(&absolute).map_err(|cause| PathError { message: first_line(&cause.to_string()) })?;
        let way = lower(&query).map_or_else(|| Way::Query(Arc::new(query)), Way::Walk);
        Ok(Path { text: text.into(), way })
    }

    /// A path of plain field names.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Path {
        let hops: Vec<Hop> = names.into_iter().map(|name| Hop::Name(name.into())).collect();
        Path { text: print(&hops).into(), way: Way::Walk(hops) }
    }

    /// A path of these hops.
    pub fn of_hops(hops: Vec<Hop>) -> Path {
        Path { text: print(&hops).into(), way: Way::Walk(hops) }
    }

    /// The array that the path's last filter looks through, and that filter as a path from the array; the path itself where it
    /// does not end in a filter.
    pub fn without_filter(&self) -> (Path, Option<Path>) {
        match self.hops().and_then(<[Hop]>::split_last) {
            Some((last @ Hop::Where(_), parents)) => {
                (Path::of_hops(parents.to_vec()), Some(Path::of_hops(vec![last.clone()])))
            }
            _ => (self.clone(), None),
        }
    }

    /// The path as the author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The hops, where the path can be written: names, indexes and at most equality filters.
    pub fn hops(&self) -> Option<&[Hop]> {
        match &self.way {
            Way::Walk(hops) => Some(hops),
            Way::Query(_) => None,
        }
    }

    /// Does writing this path replace exactly one field, whatever else the document holds?
    pub fn is_plain(&self) -> bool {
        self.hops().is_some_and(|hops| hops.iter().all(|hop| matches!(hop, Hop::Name(_))))
    }

    /// The first place it selects; null counts as nothing.
    pub fn first<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        match &self.way {
            Way::Walk(hops) => walk_first(hops, document),
            Way::Query(query) => select(query, document).into_iter().find(|value| !value.is_null()),
        }
    }

    /// Every place it selects, in order, nulls included.
    pub fn all<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        match &self.way {
            Way::Walk(hops) => {
                let mut found = Vec::new();
                walk_all(hops, document, &mut found);
                found
            }
            Way::Query(query) => select(query, document),
        }
    }

    /// What iterating over this place yields: an array's elements, one object as one, nothing for null or absence.
    pub fn items<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        let found = self.all(document);
        match found.as_slice() {
            [Value::Array(list)] => list.iter().collect(),
            _ => found.into_iter().filter(|value| !value.is_null()).collect(),
        }
    }

    /// Writes `value` at this place, making the objects, arrays and filtered elements on the way. A path that cannot be written changes nothing.
    pub fn set(&self, document: &mut Value, value: Value) {
        if let Some(slot) = self.hops().and_then(|hops| slot(hops, document)) {
            *slot = value;
        }
    }

    /// Takes the first place that it selects out of the document, leaving null there.
    pub fn take(&self, document: &mut Value) -> Option<Value> {
        let taken = match &self.way {
            Way::Walk(hops) => walk_mut(hops, document).map(Value::take),
            Way::Query(_) => self.first(document).cloned(),
        };
        taken.filter(|value| !value.is_null())
    }

    /// Takes the field away; elements and parents stay. A name after an array means the field of each of its elements.
    pub fn remove(&self, document: &mut Value) {
        if let Some(hops) = self.hops() {
            remove(hops, document);
        }
    }

    /// The field of the document's root under which this place lies.
    pub fn root_field(&self) -> Option<&str> {
        match &self.way {
            Way::Walk(hops) => match hops.first() {
                Some(Hop::Name(name)) => Some(name),
                _ => None,
            },
            Way::Query(query) => match query.segments.first() {
                Some(Segment::Selector(Selector::Name(name))) => Some(name),
                _ => None,
            },
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.text == other.text
    }
}

impl Eq for Path {}

fn select<'a>(query: &JpQuery, document: &'a Value) -> Vec<&'a Value> {
    // An evaluation error of a well-formed query means that it selects nothing here.
    js_path_process(query, document)
        .map_or_else(|_| Vec::new(), |found| found.into_iter().map(|one| one.val()).collect())
}

fn walk_first<'a>(hops: &[Hop], document: &'a Value) -> Option<&'a Value> {
    let mut place = document;
    for (at, hop) in hops.iter().enumerate() {
        place = match (hop, place) {
            (Hop::Name(name), Value::Object(fields)) => fields.get(&**name)?,
            (Hop::Name(name), Value::String(_)) if **name == *TEXT => place,
            (Hop::Index(index), Value::Array(list)) => list.get(*index)?,
            (Hop::Where(terms), Value::Array(list)) => {
                return list.iter().filter(|one| fits(one, terms)).find_map(|one| walk_first(&hops[at + 1..], one));
            }
            _ => return None,
        };
    }
    (!place.is_null()).then_some(place)
}

fn walk_all<'a>(hops: &[Hop], place: &'a Value, found: &mut Vec<&'a Value>) {
    let Some((hop, rest)) = hops.split_first() else { return found.push(place) };
    match (hop, place) {
        (Hop::Name(name), Value::Object(fields)) => {
            if let Some(next) = fields.get(&**name) {
                walk_all(rest, next, found);
            }
        }
        (Hop::Name(name), Value::String(_)) if **name == *TEXT => walk_all(rest, place, found),
        (Hop::Index(index), Value::Array(list)) => {
            if let Some(next) = list.get(*index) {
                walk_all(rest, next, found);
            }
        }
        (Hop::Where(terms), Value::Array(list)) => {
            list.iter().filter(|one| fits(one, terms)).for_each(|one| walk_all(rest, one, found));
        }
        _ => {}
    }
}

fn walk_mut<'a>(hops: &[Hop], document: &'a mut Value) -> Option<&'a mut Value> {
    hops.iter().try_fold(document, |place, hop| match (hop, place) {
        (Hop::Name(name), Value::Object(fields)) => fields.get_mut(&**name),
        (Hop::Index(index), Value::Array(list)) => list.get_mut(*index),
        (Hop::Where(terms), Value::Array(list)) => list.iter_mut().find(|one| fits(one, terms)),
        _ => None,
    })
}

fn remove(hops: &[Hop], place: &mut Value) {
    match (hops, place) {
        ([Hop::Name(name)], Value::Object(fields)) => drop(fields.remove(&**name)),
        ([Hop::Name(name), rest @ ..], Value::Object(fields)) => {
            if let Some(next) = fields.get_mut(&**name) {
                remove(rest, next);
            }
        }
        ([Hop::Name(_), ..], Value::Array(list)) => list.iter_mut().for_each(|one| remove(hops, one)),
        ([hop, rest @ ..], place) => {
            if let Some(next) = walk_mut(std::slice::from_ref(hop), place) {
                remove(rest, next);
            }
        }
        ([], _) => {}
    }
}

fn slot<'a>(hops: &[Hop], document: &'a mut Value) -> Option<&'a mut Value> {
    hops.iter().try_fold(document, |place, hop| match hop {
        Hop::Name(name) => Some(object(place).entry(&**name).or_insert(Value::Null)),
        Hop::Index(index) => {
            let list = array(place);
            list.resize(list.len().max(index + 1), Value::Null);
            list.get_mut(*index)
        }
        Hop::Where(terms) => {
            let list = array(place);
            let at = list.iter().position(|one| fits(one, terms)).unwrap_or_else(|| {
                list.push(element(terms));
                list.len() - 1
            });
            list.get_mut(at)
        }
    })
}

fn object(place: &mut Value) -> &mut Map<String, Value> {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(fields) => fields,
        _ => unreachable!("made an object just above"),
    }
}

fn array(place: &mut Value) -> &mut Vec<Value> {
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    match place {
        Value::Array(list) => list,
        _ => unreachable!("made an array just above"),
    }
}

fn element(terms: &[(Arc<str>, Value)]) -> Value {
    match terms {
        [(name, value)] if name.is_empty() => value.clone(),
        _ => Value::Object(terms.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()),
    }
}

fn fits(one: &Value, terms: &[(Arc<str>, Value)]) -> bool {
    terms.iter().all(|(name, wanted)| match (name.is_empty(), one) {
        (true, one) => one == wanted,
        (false, Value::Object(fields)) => fields.get(&**name) == Some(wanted),
        _ => false,
    })
}

fn lower(query: &JpQuery) -> Option<Vec<Hop>> {
    query.segments.iter().map(lower_segment).collect()
}

fn lower_segment(segment: &Segment) -> Option<Hop> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(Hop::Name(unquoted(name).into())),
        Segment::Selector(Selector::Index(index)) => usize::try_from(*index).ok().map(Hop::Index),
        Segment::Selector(Selector::Filter(filter)) => lower_filter(filter).map(Hop::Where),
        _ => None,
    }
}

fn lower_filter(filter: &Filter) -> Option<Vec<(Arc<str>, Value)>> {
    match filter {
        Filter::And(all) => Some(all.iter().map(lower_filter).collect::<Option<Vec<_>>>()?.concat()),
        Filter::Or(one) if one.len() == 1 => lower_filter(&one[0]),
        Filter::Atom(FilterAtom::Comparison(comparison)) => match &**comparison {
            Comparison::Eq(Comparable::SingularQuery(SingularQuery::Current(hops)), Comparable::Literal(literal))
            | Comparison::Eq(Comparable::Literal(literal), Comparable::SingularQuery(SingularQuery::Current(hops))) => {
                Some(vec![(own_field(hops)?, constant(literal)?)])
            }
            _ => None,
        },
        _ => None,
    }
}

fn own_field(hops: &[SingularQuerySegment]) -> Option<Arc<str>> {
    match hops {
        [] => Some("".into()),
        [SingularQuerySegment::Name(name)] => Some(unquoted(name).into()),
        _ => None,
    }
}

fn constant(literal: &Literal) -> Option<Value> {
    match literal {
        Literal::Int(number) => Some(Value::from(*number)),
        Literal::Float(number) => Some(Value::from(*number)),
        Literal::String(text) => Some(Value::from(unquoted(text))),
        Literal::Bool(truth) => Some(Value::from(*truth)),
        Literal::Null => None,
    }
}

/// The parser leaves the quotes of `['a']` in place; a name written with dots has none.
fn unquoted(name: &str) -> &str {
    let quoted = |quote| name.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    quoted('\'').or_else(|| quoted('"')).unwrap_or(name)
}

fn print(hops: &[Hop]) -> String {
    hops.iter().fold("$".to_owned(), |text, hop| match hop {
        Hop::Name(name) => format!("{text}.{name}"),
        Hop::Index(index) => format!("{text}[{index}]"),
        Hop::Where(terms) => format!("{text}[?{}]", terms.iter().map(print_term).collect::<Vec<_>>().join(" && ")),
    })
}

fn print_term((name, value): &(Arc<str>, Value)) -> String {
    if name.is_empty() { format!("@ == {value}") } else { format!("@.{name} == {value}") }
}

fn first_line(message: &str) -> String {
    let told = message.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("not a path");
    told.trim_start_matches([' ', '=', '|']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_after_an_array_is_taken_away_in_each_element() {
        let mut document = json!({"g": [{"a": 1, "b": {"c": 1, "d": 2}}, {"b": 5}, 7], "k": 1});
        for gone in ["$.g.a", "$.g.b.c", "$.x.y", "$.k.z"] {
            path(gone).remove(&mut document);
        }
        assert_eq!(document, json!({"g": [{"b": {"d": 2}}, {"b": 5}, 7], "k": 1}));
    }

    #[test]
    fn a_filter_at_the_end_is_split_off_and_printed_as_it_is() {
        let (array, filter) = path("$.a[?@.k == 'x'].b[?@.n == 1 && @.m == true]").without_filter();
        assert_eq!(array.text(), r#"$.a[?@.k == "x"].b"#);
        assert_eq!(filter.unwrap().all(&json!([{"n": 1, "m": true}, {"n": 2, "m": true}])).len(), 1);
        assert_eq!(path("$.a[0]").without_filter(), (path("$.a[0]"), None));
    }

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn plain_paths_become_walks() {
        for text in [
            "$",
            "$.a",
            "$.a.b[0]",
            "$['a b'].c",
            "$.list[?@.id == 1].value",
            "$.l[?@.m == 'email']",
            ".",
            ".id",
            "$.l[?@.a == 1 && @.b == 'x']",
        ] {
            assert!(path(text).hops().is_some(), "{text}");
        }
        for text in ["$..a", "$.a[*]", "$.a[?@.n > 1]", "$.a[1:2]"] {
            assert!(path(text).hops().is_none(), "{text}");
        }
        assert_eq!(path("$['a b'].c").first(&json!({"a b": {"c": 1}})), Some(&json!(1)));
    }

    #[test]
    fn a_filtered_element_is_found_or_made() {
        let mut document = json!({"custom_fields": [{"id": 2, "value": "x"}]});
        path("$.custom_fields[?@.id == 1].value").set(&mut document, json!("701984"));
        path("$.custom_fields[?@.id == 2].value").set(&mut document, json!("y"));
        assert_eq!(document, json!({"custom_fields": [{"id": 2, "value": "y"}, {"id": 1, "value": "701984"}]}));
        assert_eq!(path("$.custom_fields[?@.id == 1].value").first(&document), Some(&json!("701984")));
    }

    #[test]
    fn items_iterates_arrays_and_counts_one_object_as_one() {
        assert_eq!(path("$.a").items(&json!({"a": [1, 2]})), [&json!(1), &json!(2)]);
        assert_eq!(path("$.a").items(&json!({"a": {"b": 1}})), [&json!({"b": 1})]);
        assert!(path("$.a").items(&json!({"a": null})).is_empty());
        assert!(path("$.a").items(&json!({})).is_empty());
        assert_eq!(path("$.a[?@.m == 'email']").items(&json!({"a": [{"m": "email"}, {"m": "sms"}]})).len(), 1);
    }

    #[test]
    fn the_text_of_an_element_is_found_with_and_without_attributes() {
        let document = json!({"mail": ["a", {"@type": "work", "#text": "b"}, null]});
        let text = path(".['#text']");
        let found: Vec<_> = path("$.mail").items(&document).iter().map(|one| text.first(one).cloned()).collect();
        assert_eq!(found, [Some(json!("a")), Some(json!("b")), None]);
        assert_eq!(path("$.mail[0]['#text']").all(&document), [&json!("a")]);
    }

    #[test]
    fn a_bad_path_says_so() {
        assert!(Path::parse("$.a[").is_err());
        assert!(Path::parse("a.b").is_err());
    }

    #[test]
    fn a_field_is_removed_and_its_neighbours_stay() {
        let mut document = json!({"a": {"b": 1, "c": 2}});
        path("$.a.b").remove(&mut document);
        assert_eq!(document, json!({"a": {"c": 2}}));
    }
}
