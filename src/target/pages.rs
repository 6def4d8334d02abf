//! A walk over a list in the target: one page at a time, from which the caller pulls the items it wants.

use super::Use;
use super::ask::Ground;
use super::attempt::{Attempt, Received};
use super::error::{TargetError, Trouble};
use super::outcome::{header, is_no_document, words};
use super::pager::Course;
use super::paging::{Page, Span, Way};
use super::random;
use super::supply::{Captures, Turn};
use crate::wire::template::as_text;
use crate::wire::{Listing, Meaning, Missing, Next, Paging, Step, Total};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

const NO_LIST: Trouble = Trouble::Nonsense("it holds no JSON where a list was promised");
const NO_ITEMS: Trouble = Trouble::Nonsense("no list stands where one was promised");
const NO_TOTAL: Trouble = Trouble::Nonsense("the call that counts does not say how many there are");
const ELSEWHERE: Trouble = Trouble::Nonsense("its next page is on another origin or is no URL");
const ROUND: Trouble = Trouble::Nonsense("it names a page as next that was read before");

/// A walk over a list. Holds one page at a time.
pub struct Pages<'a> {
    attempt: Attempt<'a>,
    listing: &'a Listing,
    step: &'a Step,
    captures: &'a Captures,
    random: String,
    course: Course,
    /// What another call says that the total is.
    counted: Option<usize>,
    /// Where the page before said that this one is.
    link: Option<Link>,
    links: HashSet<u64>,
    failed: bool,
}

#[derive(Debug)]
enum Link {
    Cursor(Value),
    Url(Uri),
}

impl<'a> Pages<'a> {
    pub(super) fn begin(
        attempt: Attempt<'a>,
        step: &'a Step,
        want: Span,
        captures: &'a Captures,
    ) -> Result<Pages<'a>, TargetError> {
        let Some(listing) = &attempt.call.listing else {
            return Err(attempt.refused(Trouble::Mapping("the plan walks a call that yields no list".to_owned())));
        };
        let random = random::text_for(attempt.call, step).ok_or_else(|| attempt.refused(Trouble::NoRandomness))?;
        let way = Way::new(listing.paging.as_ref(), listing.next.is_some());
        let course = Course::new(way, want, attempt.target.sizes.of(step.call));
        let start = match &listing.paging {
            Some(Paging::Cursor { start: Some(start), .. }) => Some(Link::Cursor(Value::from(&**start))),
            _ => None,
        };
        let links = HashSet::new();
        Ok(Pages { attempt, listing, step, captures, random, course, counted: None, link: start, links, failed: false })
    }

    /// The next items of the wanted part; `None` at its end. After an error the walk is over.
    ///
    /// # Errors
    /// A page could not be got, or the pages do not fit together: then the list is not known.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, TargetError> {
        while let Some(turn) = self.course.turn().filter(|_| !self.failed) {
            // Taken back below: a walk that is dropped half-way, or fails, has nothing more to give.
            self.failed = true;
            let items = self.page(turn).await?;
            self.failed = false;
            if !items.is_empty() {
                return Ok(Some(items));
            }
        }
        Ok(None)
    }

    /// The number of all items, where the target said so believably or the walk reached the end.
    pub fn total(&self) -> Option<usize> {
        self.course.total()
    }

    async fn page(&mut self, turn: Turn) -> Result<Vec<Value>, TargetError> {
        let begins = self.course.is_at_start();
        self.count().await?;
        let limit = turn.limit;
        let (received, url) = self.fetch(turn).await?;
        let status = received.answer.status;
        let fail = |trouble| (trouble, status);
        let read = self.read(&received, &url, (begins, limit)).map_err(fail);
        let items = read.and_then(|(page, found)| {
            let wanted = self.course.take(page).map_err(|words| fail(Trouble::Nonsense(words)))?;
            Ok(found.into_iter().skip(wanted.start).take(wanted.len()).map(Cow::into_owned).collect())
        });
        self.attempt.target.sizes.keep(self.step.call, self.course.honoured());
        items.map_err(|(trouble, status)| self.attempt.after_answer(trouble, status))
    }

    /// Asks the call that counts, where there is one. A list that comes whole counts itself.
    async fn count(&mut self) -> Result<(), TargetError> {
        let known = self.counted.is_some() || self.listing.is_complete();
        let (Some(Total::Call { call, at }), false) = (&self.listing.total, known) else { return Ok(()) };
        let step = Step { call: *call, ..self.step.clone() };
        let target = self.attempt.target;
        let (attempt, received) = target.receive(Use::Read, &step, self.captures, self.attempt.budget).await?;
        let total = at.first(&received.answer.body).and_then(|total| number(&as_text(total)));
        let fine = matches!(received.meaning, Meaning::Ok | Meaning::Empty);
        self.counted = total.filter(|_| fine);
        match self.counted {
            Some(_) => Ok(()),
            None => Err(attempt.after_answer(NO_TOTAL, received.answer.status)),
        }
    }

    async fn fetch(&mut self, mut turn: Turn) -> Result<(Received<'a>, Uri), TargetError> {
        let mut url = None;
        match self.link.take() {
            Some(Link::Cursor(cursor)) => turn.cursor = Some(cursor),
            Some(Link::Url(link)) => url = Some(link),
            None => {}
        }
        let ground = Ground { step: self.step, captures: self.captures, random: &self.random, turn: &turn };
        let asked = self.attempt.ask(ground, url.as_ref()).await?;
        Ok((asked.received, asked.url))
    }

    /// What a page shows, and its items.
    fn read<'b>(
        &mut self,
        received: &'b Received,
        url: &Uri,
        (begins, limit): (bool, Option<usize>),
    ) -> Result<(Page, Vec<Cow<'b, Value>>), Trouble> {
        if !self.is_list(received, begins)? {
            return Ok((Page { more: self.listing.next.is_some().then_some(false), ..Page::default() }, Vec::new()));
        }
        let answer = &received.answer;
        let items = items(self.listing, &answer.body)?;
        let total = self.listing.total.as_ref().and_then(|total| match total {
            Total::At(path) => number(&as_text(path.first(&answer.body)?)),
            Total::Header(name) => number(header(&answer.headers, name)?),
            Total::Call { .. } => self.counted,
        });
        let more = self.next_link(received, url)?;
        let first = items.first().map_or(0, |item| print(&**item));
        // Only a page that is longer than asked for may turn out to be everything.
        let long = limit.is_some_and(|limit| items.len() > limit);
        let whole = if long { items.iter().fold(0, |all: u64, item| all.rotate_left(5) ^ print(&**item)) } else { 0 };
        Ok((Page { items: items.len(), total, more, first, whole }, items))
    }

    /// Does the answer hold a list, or is it a way to say that there is none?
    fn is_list(&self, received: &Received, begins: bool) -> Result<bool, Trouble> {
        let status = received.answer.status;
        match received.meaning {
            Meaning::Ok if status == StatusCode::NO_CONTENT => Ok(false),
            Meaning::Ok if is_no_document(received) => Err(NO_LIST),
            Meaning::Ok => Ok(true),
            Meaning::Empty => Ok(false),
            // Past its end, or of something that is asked for by name. A whole list that is absent is a wrong URL.
            Meaning::Absent if !begins || self.asks_by_name() => Ok(false),
            _ => Err(Trouble::Broken { status: Some(status), detail: words(received, self.attempt.target) }),
        }
    }

    fn asks_by_name(&self) -> bool {
        let named = self.attempt.call.path.iter().any(|segment| segment.holes().next().is_some());
        named && self.listing.missing == Missing::Nobody
    }

    /// Remembers where the next page is, and says whether there is one.
    fn next_link(&mut self, received: &Received, url: &Uri) -> Result<Option<bool>, Trouble> {
        let Some(next) = &self.listing.next else { return Ok(None) };
        let answer = &received.answer;
        let link = match next {
            Next::Cursor(path) => {
                path.first(&answer.body).filter(|cursor| is_cursor(cursor)).cloned().map(Link::Cursor)
            }
            Next::Url(path) => {
                let text = path.first(&answer.body).and_then(Value::as_str).filter(|text| !text.is_empty());
                text.map(|text| self.followed(url, text)).transpose()?
            }
            Next::Link(name) => linked(&answer.headers, name).map(|text| self.followed(url, text)).transpose()?,
        };
        let more = link.is_some();
        if self.course.follows() {
            if let Some(link) = &link
                && !self.links.insert(print(&link.text()))
            {
                return Err(ROUND);
            }
            self.link = link;
        }
        Ok(Some(more))
    }

    fn followed(&self, from: &Uri, text: &str) -> Result<Link, Trouble> {
        self.attempt.target.instance.address.follow(from, text).map(Link::Url).ok_or(ELSEWHERE)
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("call", &self.attempt.call.name)
            .field("course", &self.course)
            .finish_non_exhaustive()
    }
}

impl Link {
    fn text(&self) -> String {
        match self {
            Link::Cursor(cursor) => cursor.to_string(),
            Link::Url(url) => url.to_string(),
        }
    }
}

/// The items of a page: none where nothing stands, but not where something else does.
fn items<'a>(listing: &Listing, body: &'a Value) -> Result<Vec<Cow<'a, Value>>, Trouble> {
    let path = &listing.items;
    let stands = path.first(body).filter(|_| path.is_plain());
    match (stands, &listing.keyed) {
        (Some(Value::Object(map)), Some(name)) => {
            Ok(map.iter().map(|(key, item)| Cow::Owned(keyed(name, key, item))).collect())
        }
        // A map without entries is an empty list where products do not tell the two apart.
        (Some(Value::Array(list)), Some(_)) if !list.is_empty() => Err(NO_ITEMS),
        (Some(Value::Array(_) | Value::Object(_)) | None, _) => {
            Ok(path.items(body).into_iter().map(Cow::Borrowed).collect())
        }
        (Some(_), _) => Err(NO_ITEMS),
    }
}

/// An item that stands under its key, with the key in it.
fn keyed(name: &str, key: &str, item: &Value) -> Value {
    let mut fields = match item {
        Value::Object(fields) => fields.clone(),
        other => Map::from_iter([("value".to_owned(), other.clone())]),
    };
    fields.insert(name.to_owned(), key.into());
    Value::Object(fields)
}

/// A whole number, also as text or with a fraction of zero.
fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.strip_suffix(".0")?.parse().ok())
}

fn is_cursor(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Null => false,
        Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

fn print(value: &impl ToString) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

/// The target of `rel="next"` among the `Link` headers (RFC 8288 §3).
fn linked<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).find_map(next_of)
}

fn next_of(mut text: &str) -> Option<&str> {
    while let Some((_, rest)) = text.split_once('<') {
        let (url, rest) = rest.split_once('>')?;
        // Parameters go up to the next link; a URL in quotes may hold a `<`, which no real target sends.
        let parameters = rest.split('<').next().unwrap_or_default();
        if parameters.split([';', ',']).any(is_rel_next) {
            return Some(url);
        }
        text = rest;
    }
    None
}

fn is_rel_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut kinds = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && kinds.any(|kind| kind.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let many = r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=3&s=a,b>; rel="next", <https://a/x?page=9>; rel="last""#;
        assert_eq!(next_of(many), Some("https://a/x?page=3&s=a,b"));
        assert_eq!(next_of("</x?page=2>;title=\"t\" ; REL=next"), Some("/x?page=2"));
        assert_eq!(next_of("</x>; rel=\"last next\""), Some("/x"));
        for text in ["", "</x>", "</x>; rel=prev", "</x; rel=next", "</x>; rev=next", "</x>; rel=nextpage"] {
            assert_eq!(next_of(text), None, "{text}");
        }
    }

    #[test]
    fn totals_may_be_text() {
        assert_eq!(number("12"), Some(12));
        assert_eq!(number(" 12 "), Some(12));
        assert_eq!(number("12.0"), Some(12));
        for text in ["", "-1", "many", "1.5"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
