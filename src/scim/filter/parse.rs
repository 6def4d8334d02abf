//! Text to filter: the grammar of RFC 7644 §3.4.2.2, and the liberties clients take with it.
//!
//! Beyond the RFC: operators in any case, `not(` without a blank, `attr[…].sub op value`, `$ref`, values without quotes,
//! quoted booleans, blanks anywhere, and a complex attribute standing for its `value`.

use super::lexer::{Lexer, Literal};
use super::{Comparison, Filter, FilterError, Operator};
use crate::scim::error::quoted;
use crate::scim::path::AttributePath;
use crate::scim::resource::{sub_named, typed};
use crate::scim::schema::{Attribute, Kind, ResourceType, nearest};
use serde_json::Value;
use std::ops::Range;

const LONGEST: usize = 10_000;
const DEEPEST: usize = 32;
const MOST_TERMS: usize = 200;

type Parsed = Result<Filter, FilterError>;

pub(super) fn filter(text: &str, kind: &ResourceType) -> Parsed {
    if text.len() > LONGEST {
        let message = format!("a filter may be at most {LONGEST} bytes long");
        return Err(FilterError { message, at: LONGEST..text.len() });
    }
    let mut parser = Parser { lexer: Lexer { text, at: 0 }, kind, parent: None, depth: 0, terms: 0 };
    let filter = parser.or()?;
    parser.lexer.skip_blanks();
    match parser.lexer.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.lexer.error_here("expected `and`, `or` or the end")),
    }
}

/// Reads the filter behind the `[` at a byte of the text, and says where its `]` ends.
pub(crate) fn element_filter(
    (text, at): (&str, usize),
    parent: &AttributePath,
    kind: &ResourceType,
) -> Result<(Filter, usize), FilterError> {
    if text.len() > LONGEST {
        let message = format!("a path may be at most {LONGEST} bytes long");
        return Err(FilterError { message, at: LONGEST..text.len() });
    }
    let mut parser = Parser { lexer: Lexer { text, at }, kind, parent: None, depth: 0, terms: 0 };
    let filter = parser.bracketed(parent)?;
    Ok((filter, parser.lexer.at))
}

struct Parser<'t, 'k> {
    lexer: Lexer<'t>,
    kind: &'k ResourceType,
    parent: Option<AttributePath>, // inside brackets: the attribute before them
    depth: usize,
    terms: usize,
}

impl Parser<'_, '_> {
    fn or(&mut self) -> Parsed {
        let mut filters = vec![self.and()?];
        while self.keyword("or") {
            filters.push(self.and()?);
        }
        Ok(Filter::any(filters))
    }

    fn and(&mut self) -> Parsed {
        let mut filters = vec![self.term()?];
        while self.keyword("and") {
            filters.push(self.term()?);
        }
        Ok(Filter::all(filters))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.lexer.skip_blanks();
        let before = self.lexer.at;
        let found = self.lexer.word().0.eq_ignore_ascii_case(keyword);
        if !found {
            self.lexer.at = before;
        }
        found
    }

    fn term(&mut self) -> Parsed {
        self.lexer.skip_blanks();
        if self.lexer.peek() == Some(b'(') {
            return self.group();
        }
        let (word, span) = self.lexer.word();
        if word.is_empty() {
            return Err(self.lexer.error_here("expected an attribute, `not` or `(`"));
        }
        if word.eq_ignore_ascii_case("not") {
            self.lexer.skip_blanks();
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        self.count_term(&span)?;
        let path = self.resolve(word, &span)?;
        self.lexer.skip_blanks();
        match self.lexer.peek() {
            Some(b'[') if self.parent.is_none() => self.element(path),
            Some(b'[') => Err(self.lexer.error_here("a value filter cannot stand in another one")),
            _ => self.comparison(path, span.start),
        }
    }

    fn group(&mut self) -> Parsed {
        self.lexer.expect(b'(')?;
        let filter = self.deeper(Self::or)?;
        self.lexer.expect(b')')?;
        Ok(filter)
    }

    fn element(&mut self, path: AttributePath) -> Parsed {
        let start = self.lexer.at;
        if !self.kind.attribute(&path).is_some_and(|attribute| attribute.kind == Kind::Complex) {
            return Err(self.lexer.error_here(format!("`{path}` has no sub-attributes to filter by")));
        }
        let filter = self.bracketed(&path)?;
        let filter = if self.lexer.eat(b'.') { Filter::all(vec![filter, self.tail(&path, start)?]) } else { filter };
        Ok(Filter::Element { path, filter: Box::new(filter) })
    }

    fn bracketed(&mut self, path: &AttributePath) -> Parsed {
        self.lexer.expect(b'[')?;
        let outer = self.parent.replace(path.clone());
        let filter = self.deeper(Self::or);
        self.parent = outer;
        let filter = filter?;
        self.lexer.expect(b']')?;
        Ok(filter)
    }

    // `emails[type eq "work"].value eq "x"` asks that one element be both.
    fn tail(&mut self, path: &AttributePath, start: usize) -> Parsed {
        let outer = self.parent.replace(path.clone());
        let (word, span) = self.lexer.word();
        let resolved = self.count_term(&span).and_then(|()| self.resolve(word, &span));
        let tail = resolved.and_then(|path| self.comparison(path, start));
        self.parent = outer;
        tail
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.lexer.error_here(format!("nested deeper than {DEEPEST} levels")));
        }
        let filter = inner(self);
        self.depth -= 1;
        filter
    }

    fn count_term(&mut self, span: &Range<usize>) -> Result<(), FilterError> {
        self.terms += 1;
        if self.terms <= MOST_TERMS {
            return Ok(());
        }
        Err(FilterError { message: format!("more than {MOST_TERMS} terms"), at: span.clone() })
    }

    fn resolve(&self, word: &str, span: &Range<usize>) -> Result<AttributePath, FilterError> {
        let Some(parent) = &self.parent else {
            return self
                .kind
                .path(word)
                .map_err(|error| FilterError { at: span.start + error.offset..span.end, message: error.message });
        };
        let Some(attribute) = self.kind.attribute(parent) else { return Ok(parent.clone()) };
        match sub_named(attribute, word) {
            Some(sub) => Ok(parent.with_sub(&sub.name)),
            None => Err(FilterError { message: no_sub(parent, attribute, word), at: span.clone() }),
        }
    }

    fn comparison(&mut self, path: AttributePath, start: usize) -> Parsed {
        self.lexer.skip_blanks();
        let (word, span) = self.lexer.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = operator(word) else {
            let message = "expected one of eq, ne, co, sw, ew, gt, ge, lt, le, pr".to_owned();
            return Err(FilterError { message, at: span });
        };
        let (literal, value_span) = self.lexer.literal()?;
        if literal.is_null() {
            return null(path, operator).ok_or_else(|| FilterError {
                message: format!("null cannot be compared with `{}`", operator.as_str()),
                at: span,
            });
        }
        let span = start..value_span.end;
        let (path, attribute) = self.comparable(path, &span)?;
        let value = value(operator, literal, attribute)
            .map_err(|what| FilterError { message: format!("`{path}` {what}"), at: value_span })?;
        let nature = (attribute.kind, attribute.is_exact());
        Ok(Filter::Compare(Comparison::new(path, operator, value, nature).at(span).of_type(self.kind)))
    }

    // A complex attribute stands for its `value`: `members eq "x"`, `manager eq "x"`.
    fn comparable(&self, path: AttributePath, span: &Range<usize>) -> Result<(AttributePath, &Attribute), FilterError> {
        let named = self.kind.attribute(&path);
        let value = named.filter(|attribute| attribute.kind == Kind::Complex).map(|attribute| attribute.sub("value"));
        match (named, value) {
            (Some(attribute), None) => Ok((path, attribute)),
            (Some(_), Some(Some(value))) => Ok((path.with_sub(&value.name), value)),
            _ => {
                let message = format!("`{path}` is complex and has no `value`: name one of its sub-attributes");
                Err(FilterError { message, at: span.clone() })
            }
        }
    }
}

fn operator(word: &str) -> Option<Operator> {
    use Operator::{Contains, EndsWith, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, StartsWith};
    [Equal, NotEqual, Contains, StartsWith, EndsWith, Greater, GreaterOrEqual, Less, LessOrEqual]
        .into_iter()
        .find(|operator| operator.as_str().eq_ignore_ascii_case(word))
}

// RFC 7643 §2.5: null and absent are the same.
fn null(path: AttributePath, operator: Operator) -> Option<Filter> {
    match operator {
        Operator::Equal => Some(Filter::Not(Box::new(Filter::Present(path)))),
        Operator::NotEqual => Some(Filter::Present(path)),
        _ => None,
    }
}

fn value(operator: Operator, literal: Literal<'_>, attribute: &Attribute) -> Result<Value, String> {
    let textual = matches!(attribute.kind, Kind::String | Kind::Reference | Kind::DateTime | Kind::Binary);
    let ordered = !matches!(attribute.kind, Kind::Boolean | Kind::Binary);
    if operator.orders() && !ordered || operator.looks_inside() && !textual {
        return Err(format!("is a {} and cannot be compared with `{}`", attribute.kind.as_str(), operator.as_str()));
    }
    if operator.looks_inside() || matches!(attribute.kind, Kind::String | Kind::Reference) {
        return Ok(literal.into_value());
    }
    typed(&literal.into_value(), attribute.kind)
        .ok_or_else(|| format!("is compared with what is no {}", attribute.kind.as_str()))
}

fn no_sub(parent: &AttributePath, attribute: &Attribute, word: &str) -> String {
    let known = attribute.sub_attributes.iter().map(|sub| &*sub.name);
    match nearest(word, known) {
        Some(nearest) => format!("`{parent}` has no sub-attribute `{}`; did you mean `{nearest}`?", quoted(word)),
        None => format!("`{parent}` has no sub-attribute `{}`", quoted(word)),
    }
}
