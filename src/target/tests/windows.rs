//! Any window over any list comes back exactly, however the target pages; or it fails, but never short.

use super::lists::{list, number_of, offset, page};
use super::*;
use crate::target::Span;
use crate::wire::{Listing, Missing, Next, Paging, Total};
use proptest::prelude::*;
use std::collections::HashMap;

/// How a made-up product pages its list.
#[derive(Clone, Debug)]
struct Product {
    items: usize,
    /// The most that it gives, whatever is asked for.
    cap: usize,
    way: &'static str,
    tells_total: bool,
    tells_next: bool,
    /// It gives pages of its own size, whatever is asked for.
    ignores_size: bool,
    /// It knows no pages: every answer is the whole list.
    ignores_all: bool,
}

impl Product {
    fn listing(&self, max: usize) -> Listing {
        let paging = match self.way {
            "offset" => Some(offset(max)),
            "page0" => Some(page(0, max)),
            "page1" => Some(page(1, max)),
            "cursor" => {
                Some(Paging::Cursor { cursor: Some("cursor".into()), start: None, limit: Some("limit".into()), max })
            }
            _ => None,
        };
        let next = match self.way {
            "cursor" => Some(Next::Cursor(path("$.next"))),
            "url" => Some(Next::Url(path("$.next"))),
            "link" => Some(Next::Link(http::header::LINK)),
            _ => self.tells_next.then(|| Next::Cursor(path("$.next"))),
        };
        let total = self.tells_total.then(|| Total::At(path("$.total")));
        Listing { items: path("$.items"), total, paging, next, keyed: None, scan: None, missing: Missing::Nobody }
    }

    /// The product's side, written without a look at ours.
    fn answer(&self, request: &Request<Bytes>) -> Act {
        let query = request.uri().query().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
        let size = number("limit").or_else(|| number("size")).unwrap_or(usize::MAX).min(self.cap);
        let size = if self.ignores_size { self.cap } else { size };
        let from = match self.way {
            "page0" => number("page").unwrap() * size,
            "page1" => (number("page").unwrap() - 1) * size,
            "once" => 0,
            _ => number("offset").or_else(|| number("cursor")).unwrap_or(0),
        };
        let size = if self.way == "once" || self.ignores_all { usize::MAX } else { size };
        let from = if self.ignores_all { 0 } else { from };
        let to = from.saturating_add(size).min(self.items);
        let items: Vec<usize> = (from.min(to)..to).collect();
        let mut body = json!({ "items": items, "total": self.items.to_string() });
        let mut headers = Vec::new();
        if to < self.items {
            let url = format!("/api/users?cursor={to}");
            headers.push(("link", format!("<{url}>; rel=\"next\"")));
            body["next"] = if self.way == "url" { json!(url) } else { json!(to) };
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        raw(200, &headers, &body.to_string())
    }
}

fn products() -> impl Strategy<Value = Product> {
    let ways = prop::sample::select(vec!["offset", "page0", "page1", "cursor", "url", "link", "once"]);
    let telling = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (0usize..=300, 1usize..=120, ways, telling).prop_map(
        |(items, cap, way, (tells_total, tells_next, ignores_size, ignores_all))| Product {
            items,
            cap,
            way,
            tells_total,
            tells_next,
            ignores_size,
            ignores_all,
        },
    )
}

fn windows() -> impl Strategy<Value = Vec<Span>> {
    let take = prop_oneof![4 => (1usize..=320).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((0usize..=320, take).prop_map(|(skip, take)| Span { skip, take }), 1..4)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_window_holds_exactly_its_items(product in products(), max in 1usize..=120, windows in windows()) {
        let played = product.clone();
        let line = Scripted::new(move |_, request| played.answer(request));
        let target = target(Call { listing: Some(product.listing(max)), ..call("GET /users") }, &line);
        // Later windows use what earlier ones taught about the target's page sizes.
        for want in windows {
            // Windows are asked for where a total shows that the place was ignored; other lists are walked.
            let want = if product.ignores_all && !product.tells_total { Span { skip: 0, ..want } } else { want };
            let got = block_on(list(&target, want));
            // A list that fills a page exactly cannot be told from a pager that is stuck.
            if product.ignores_all && got.is_err() {
                continue;
            }
            let (items, total) = got.unwrap();
            let end = want.take.map_or(usize::MAX, |take| want.skip + take).min(product.items);
            let expected: Vec<usize> = (want.skip.min(end)..end).collect();
            let items: Vec<usize> = items.iter().map(number_of).collect();
            prop_assert_eq!(items, expected);
            prop_assert!(total.is_none_or(|total| total == product.items), "{:?}", total);
        }
    }

    #[test]
    fn an_honest_target_is_asked_no_more_than_needed(items in 0usize..=300, skip in 0usize..=320, take in 1usize..=100) {
        let product = Product { items, cap: 100, way: "offset", tells_total: true, tells_next: false, ignores_size: false, ignores_all: false };
        let played = product.clone();
        let line = Scripted::new(move |_, request| played.answer(request));
        let target = target(Call { listing: Some(product.listing(100)), ..call("GET /users") }, &line);
        block_on(list(&target, Span { skip, take: Some(take) })).unwrap();
        prop_assert_eq!(line.urls(), [format!("/api/users?offset={skip}&limit={take}")]);
    }
}
