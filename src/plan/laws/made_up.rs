//! Made-up values: the same ones each time, and smaller ones where a large one shows a fault.

use crate::mapping::transform::NameOrder;
use crate::mapping::{Conversion, Item, Rule, Shape, Transform};
use crate::scim::fold::fold;
use crate::scim::schema::{Attribute, Kind};
use crate::wire::template::as_text;
use serde_json::{Map, Value, json};

/// Words of several kinds: plain, in both cases, with blanks, of other scripts, digits, marks that mean something elsewhere.
const WORDS: [&str; 12] = [
    "guide",
    "BJensen",
    "Anna Maria",
    "ß漢é",
    "42",
    "7",
    "a.b",
    "x-y_z",
    "b@x.test",
    "a/b c",
    "\"q\" <t> & 'u'",
    "10.5",
];

/// A row of numbers that looks drawn (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(1).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    fn word(&mut self) -> String {
        let word = self.pick(&WORDS).copied().unwrap_or("x");
        if self.below(2) == 0 { word.to_owned() } else { format!("{word}{}", self.below(100)) }
    }

    /// A value of the attribute that the rule sends; `numbers` says that references are numbers.
    pub(super) fn value(&mut self, rule: &Rule, (attribute, numbers): (&Attribute, bool)) -> Value {
        match &rule.shape {
            Shape::One { at, of_type, primary, .. } => {
                let subs: Vec<&str> = at.iter().map(|(sub, _)| &**sub).collect();
                let mut element = self.object(attribute, (&subs, &rule.transform));
                element.extend(of_type.as_ref().map(|of_type| ("type".to_owned(), Value::from(&**of_type))));
                element.extend(primary.then(|| ("primary".to_owned(), true.into())));
                json!([element])
            }
            Shape::Each { items, .. } => self.elements(items, (attribute, numbers)),
            _ if rule.refers_to.is_some() => self.key(numbers),
            _ if attribute.multi_valued => {
                let count = 1 + self.below(3);
                let listed: Vec<Value> = (0..count).map(|_| self.listed(attribute, &rule.transform)).collect();
                distinct(listed, |one| fold(&as_text(one.get("value").unwrap_or(one))).into_owned())
            }
            _ => self.single(attribute, &rule.transform),
        }
    }

    fn key(&mut self, number: bool) -> Value {
        if number { (1 + self.below(1000)).to_string().into() } else { format!("k{}", self.below(1000)).into() }
    }

    fn elements(&mut self, items: &[Item], (attribute, numbers): (&Attribute, bool)) -> Value {
        let mut list = Vec::new();
        for _ in 0..1 + self.below(3) {
            let mut element = Map::new();
            for item in items.iter().filter(|item| !item.read_only && &*item.sub != "primary") {
                let sub = attribute.sub(&item.sub).unwrap_or(attribute);
                let value =
                    if item.refers_to.is_some() { self.key(numbers) } else { self.single(sub, &item.transform) };
                element.insert(item.sub.to_string(), value);
            }
            list.push(Value::Object(element));
        }
        let named = |one: &Value| fold(&as_text(one.get("value").unwrap_or(one))).into_owned();
        let typed =
            |one: &Value| one.get("type").map(|one| fold(&as_text(one)).into_owned()).unwrap_or_else(|| named(one));
        distinct(distinct(list, named).as_array().cloned().unwrap_or_default(), typed)
    }

    /// An element of a list that is one field.
    fn listed(&mut self, attribute: &Attribute, transform: &Transform) -> Value {
        match attribute.kind {
            Kind::Complex => json!({ "value": self.word() }),
            _ => self.single(attribute, transform),
        }
    }

    fn single(&mut self, attribute: &Attribute, transform: &Transform) -> Value {
        if let Transform::Table(table) = transform {
            let own: Vec<&Value> = table.rows.iter().map(|(own, _)| own).filter(|own| !own.is_null()).collect();
            return self.pick(&own).map(|own| (*own).clone()).unwrap_or_default();
        }
        if let Transform::As(all) = transform
            && let Some(Conversion::SplitName(order)) = all.first()
        {
            let (one, two) = ("Barbara", if self.below(2) == 0 { "Jensen" } else { "Ann Jensen" });
            let (given, family) = if *order == NameOrder::GivenIsFirst { (one, two) } else { (two, one) };
            return json!({ "givenName": given, "familyName": family });
        }
        match attribute.kind {
            Kind::Complex => Value::Object(self.object(attribute, (&[], transform))),
            Kind::Boolean => (self.below(2) == 0).into(),
            Kind::Integer => (i64::try_from(self.below(2_000)).unwrap_or(0) - 1_000).into(),
            Kind::Decimal => (i32::try_from(self.below(2_000)).map_or(0.5, f64::from) / 4.0).into(),
            Kind::DateTime => {
                let seconds = i64::try_from(self.below(3_000_000_000)).unwrap_or(0) - 500_000_000;
                jiff::Timestamp::from_second(seconds).map(|moment| moment.to_string()).unwrap_or_default().into()
            }
            Kind::String | Kind::Reference | Kind::Binary => self.word().into(),
        }
    }

    /// These sub-attributes, or every single one that can be written.
    fn object(&mut self, attribute: &Attribute, (subs, transform): (&[&str], &Transform)) -> Map<String, Value> {
        let mut made = Map::new();
        for sub in attribute.sub_attributes.iter().filter(|sub| sub.kind != Kind::Complex && !sub.multi_valued) {
            if subs.contains(&&*sub.name) || (subs.is_empty() && &*sub.name != "$ref") {
                made.insert(
                    sub.name.to_string(),
                    self.single(sub, if subs.is_empty() { &Transform::Same } else { transform }),
                );
            }
        }
        made
    }
}

fn distinct(list: Vec<Value>, by: impl Fn(&Value) -> String) -> Value {
    let mut seen = std::collections::HashSet::new();
    list.into_iter().filter(|one| seen.insert(by(one))).collect()
}

/// The smallest value found that still fails.
pub(super) fn smallest(mut value: Value, fails: &dyn Fn(&Value) -> bool) -> Value {
    for _ in 0..64 {
        match smaller(&value).into_iter().find(|one| fails(one)) {
            Some(one) => value = one,
            None => break,
        }
    }
    value
}

fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let letters: Vec<char> = text.chars().collect();
            let half = |part: &[char]| Value::from(part.iter().collect::<String>());
            match letters.len() {
                0 | 1 => Vec::new(),
                count => vec![half(&letters[..count / 2]), half(&letters[count / 2..]), half(&letters[1..])],
            }
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole != 0 => vec![(whole / 2).into()],
            _ => Vec::new(),
        },
        Value::Array(list) if list.len() > 1 => {
            let without = |gone: usize| {
                list.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, one)| one.clone()).collect()
            };
            (0..list.len()).map(without).collect()
        }
        Value::Array(list) => list.iter().flat_map(smaller).map(|one| Value::Array(vec![one])).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, one)| {
                smaller(one).into_iter().map(|one| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), one);
                    Value::Object(fields)
                })
            })
            .collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}
