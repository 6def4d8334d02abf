//! Lists: what is asked for, how they end, and targets that do not page as they say.

use super::*;
use crate::target::{Side, Span, Trouble};
use crate::wire::answer::Means;
use crate::wire::{Listing, Meaning, Missing, Next, Paging, Total};

pub(super) fn offset(max: usize) -> Paging {
    Paging::Offset { offset: Some("offset".into()), limit: Some("limit".into()), max }
}

pub(super) fn page(first: usize, max: usize) -> Paging {
    Paging::Page { page: Some("page".into()), size: Some("size".into()), first, max }
}

pub(super) fn number_of(item: &Value) -> usize {
    usize::try_from(item.as_u64().unwrap()).unwrap()
}

/// The wanted items and the total that was found.
pub(super) async fn list(target: &Target, want: Span) -> Result<(Vec<Value>, Option<usize>), TargetError> {
    let (step, captures, budget) = (step(), Captures::new(), budget());
    let mut pages = target.pages(&step, want, &captures, &budget)?;
    let mut all = Vec::new();
    while let Some(items) = pages.next().await? {
        assert!(!items.is_empty());
        all.extend(items);
    }
    assert_eq!(pages.next().await.unwrap(), None);
    Ok((all, pages.total()))
}

fn listing(paging: Option<Paging>) -> Listing {
    Listing {
        items: path("$.items"),
        total: Some(Total::At(path("$.total"))),
        paging,
        next: None,
        keyed: None,
        scan: None,
        missing: Missing::Nobody,
    }
}

fn listed(listing: Listing, line: &Arc<Scripted>) -> Target {
    target(Call { listing: Some(listing), ..call("GET /users") }, line)
}

async fn walked(listing: Listing, acts: Vec<Act>) -> Result<(Vec<Value>, Option<usize>), TargetError> {
    list(&listed(listing, &Scripted::acts(acts)), Span::ALL).await
}

fn nonsense(ended: Result<(Vec<Value>, Option<usize>), TargetError>) -> &'static str {
    let error = ended.unwrap_err();
    assert_eq!(error.side(), Side::Target);
    match error.trouble {
        Trouble::Nonsense(words) => words,
        other => panic!("{other:?}"),
    }
}

fn items(range: std::ops::Range<usize>, total: usize) -> Act {
    reply(200, &json!({"items": range.collect::<Vec<_>>(), "total": total}))
}

#[tokio::test(start_paused = true)]
async fn a_list_without_pages_is_one_call() {
    let line = Scripted::acts(vec![reply(200, &json!({"items": [1, 2, 3]}))]);
    let unpaged = Listing { total: None, ..listing(None) };
    let (all, total) = list(&listed(unpaged, &line), Span { skip: 1, take: Some(1) }).await.unwrap();
    assert_eq!((all, total, line.urls()), (vec![json!(2)], Some(3), vec!["/api/users".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_list_without_pages_that_counts_more_is_not_complete() {
    assert_eq!(nonsense(walked(listing(None), vec![items(0..3, 9)]).await), "its list ends before its own total");
}

#[tokio::test(start_paused = true)]
async fn an_absent_list_key_is_an_empty_list_but_an_error_page_is_none() {
    for body in [json!({}), json!({"items": null}), json!({"items": []}), json!([])] {
        let line = Scripted::acts(vec![reply(200, &body)]);
        assert_eq!(list(&listed(listing(None), &line), Span::ALL).await.unwrap(), (Vec::new(), Some(0)));
    }
    let (none, total) = walked(listing(None), vec![raw(204, &[], "")]).await.unwrap();
    assert_eq!((none, total), (Vec::new(), Some(0)));
    for body in ["<html>", "", "\"no\"", "{\"items\": [1, 2"] {
        nonsense(walked(listing(None), vec![raw(200, &[], body)]).await);
    }
    for body in [json!({"items": "none"}), json!({"items": 7}), json!({"items": true})] {
        nonsense(walked(listing(None), vec![reply(200, &body)]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_list_is_a_wrong_url_unless_it_is_asked_for_by_name() {
    let error = walked(listing(None), vec![reply(404, &json!({}))]).await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Broken { status: Some(status), .. } if status == 404));
    let line = Scripted::acts(vec![reply(404, &json!({}))]);
    let by_name = target(Call { listing: Some(listing(None)), ..call("GET /users/<key>") }, &line);
    assert_eq!(list(&by_name, Span::ALL).await.unwrap().0, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_mean_that_nothing_is_there() {
    let mut call = Call { listing: Some(listing(Some(offset(100)))), ..call("GET /users") };
    let mut row = built_in().remove(0);
    row.when.status = vec![400];
    row.means = Means::Said(Meaning::Empty);
    call.answers.insert(0, row);
    let target = target(call, &Scripted::acts(vec![reply(400, &json!({"error": "no users"}))]));
    assert_eq!(list(&target, Span::ALL).await.unwrap(), (Vec::new(), Some(0)));
}

#[tokio::test(start_paused = true)]
async fn refusals_of_a_list_are_errors_and_not_empty_lists() {
    for status in [400, 403, 409, 422, 500] {
        let error = walked(listing(Some(offset(100))), vec![reply(status, &json!({"items": []}))]).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Broken { .. }), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_stop_answering_end_the_walk_with_an_error() {
    let line = Scripted::acts(vec![items(0..2, 4), Act::Slow, items(2..4, 4)]);
    let target = listed(listing(Some(offset(2))), &line);
    let (step, captures, budget) = (step(), Captures::new(), budget());
    let mut pages = target.pages(&step, Span::ALL, &captures, &budget).unwrap();
    assert_eq!(pages.next().await.unwrap(), Some(vec![json!(0), json!(1)]));
    assert_eq!(pages.next().await.unwrap_err().trouble, Trouble::TimedOut);
    assert_eq!(pages.next().await.unwrap(), None);
    assert_eq!(budget.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_sent_again_when_the_connection_breaks() {
    let acts = vec![items(0..2, 4), broken(), items(2..4, 4)];
    assert_eq!(walked(listing(Some(offset(2))), acts).await.unwrap().0.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_repeating_pager_is_an_error_and_not_an_endless_loop() {
    for paging in [offset(2), page(1, 2)] {
        let line = Scripted::new(|_, _| reply(200, &json!({"items": [0, 1]})));
        let words = nonsense(list(&listed(listing(Some(paging)), &line), Span::ALL).await);
        assert!(words.starts_with("its pages repeat"), "{words}");
        assert_eq!(line.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_knows_no_pages_gives_its_whole_list_whatever_is_asked() {
    for (paging, told) in [(offset(2), false), (page(1, 2), false), (offset(2), true), (page(1, 2), true)] {
        let ignored = Listing { total: told.then(|| Total::At(path("$.total"))), ..listing(Some(paging)) };
        let line = Scripted::new(|_, _| items(0..5, 5));
        let target = listed(ignored, &line);
        let (all, total) = list(&target, Span::ALL).await.unwrap();
        assert_eq!((all.len(), total), (5, Some(5)));
        // Without a total only a second look tells a long page from the whole list.
        assert_eq!(line.count(), if told { 1 } else { 2 });
        for (skip, take) in [(0, 2), (1, 3), (4, 5), (9, 2)] {
            let (some, _) = list(&target, Span { skip, take: Some(take) }).await.unwrap();
            let wanted: Vec<Value> = (skip.min(5)..(skip + take).min(5)).map(Value::from).collect();
            assert_eq!(some, wanted, "{skip} {take}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pages_of_the_targets_own_size_are_not_taken_for_the_whole_list() {
    let untold = Listing { total: None, ..listing(Some(offset(2))) };
    let acts = vec![items(0..3, 0), items(3..6, 0), items(0..0, 0)];
    assert_eq!(walked(untold.clone(), acts).await.unwrap().1, Some(6));
    // Begins as the first page did, and goes on otherwise.
    let acts = vec![items(0..3, 0), reply(200, &json!({"items": [0, 1, 9]}))];
    assert!(nonsense(walked(untold, acts).await).starts_with("its pages repeat"));
}

#[tokio::test(start_paused = true)]
async fn another_call_may_count() {
    let counted =
        Listing { total: Some(Total::Call { call: CallId(1), at: path("$.result") }), ..listing(Some(offset(2))) };
    let list_call = Call { listing: Some(counted), ..call("GET /users") };
    let line = Scripted::new(|_, request| match request.uri().path() {
        "/api/count" => reply(200, &json!({"result": "3"})),
        _ => reply(200, &json!({"items": [0, 1]})),
    });
    let instance = Instance { calls: Arc::from([list_call, call("GET /count")]), ..instance(call("GET /users")) };
    let target = Target::new(instance, line.clone());
    let (some, total) = list(&target, Span { skip: 0, take: Some(2) }).await.unwrap();
    assert_eq!((some.len(), total), (2, Some(3)));
    assert_eq!(line.urls(), ["/api/count", "/api/users?offset=0&limit=2"]);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_none_is_an_error() {
    let counted = Listing { total: Some(Total::Call { call: CallId(1), at: path("$") }), ..listing(Some(offset(2))) };
    for answer in [json!({"error": 1}), json!("many"), json!(null)] {
        let list_call = Call { listing: Some(counted.clone()), ..call("GET /users") };
        let line = Scripted::new(move |_, _| reply(200, &answer));
        let instance = Instance { calls: Arc::from([list_call, call("GET /count")]), ..instance(call("GET /users")) };
        nonsense(list(&Target::new(instance, line.clone()), Span::ALL).await);
        assert_eq!(line.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn items_may_stand_in_a_map_under_their_keys() {
    let keyed = Listing { keyed: Some("name".into()), total: None, ..listing(None) };
    let body = json!({"items": {"b": {"x": 1}, "a": "admin"}});
    let (all, total) = walked(keyed.clone(), vec![reply(200, &body)]).await.unwrap();
    assert_eq!((all, total), (vec![json!({"name": "a", "value": "admin"}), json!({"name": "b", "x": 1})], Some(2)));
    for body in [json!({"items": {}}), json!({"items": []}), json!({})] {
        assert_eq!(walked(keyed.clone(), vec![reply(200, &body)]).await.unwrap(), (Vec::new(), Some(0)));
    }
    nonsense(walked(keyed, vec![reply(200, &json!({"items": [1]}))]).await);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_may_have_a_first_value() {
    let cursor = Paging::Cursor { cursor: Some("c".into()), start: Some("*".into()), limit: None, max: 2 };
    let started = Listing { next: Some(Next::Cursor(path("$.next"))), total: None, ..listing(Some(cursor)) };
    let line = Scripted::new(|count, _| reply(200, &json!({"items": [count], "next": (["x", ""][count.min(1)])})));
    list(&listed(started, &line), Span::ALL).await.unwrap();
    assert_eq!(line.urls(), ["/api/users?c=*", "/api/users?c=x"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_an_account_that_is_missing_is_an_error() {
    let part = Listing { missing: Missing::Fault, ..listing(None) };
    let line = Scripted::acts(vec![reply(404, &json!({}))]);
    let by_name = target(Call { listing: Some(part), ..call("GET /users/<key>/mails") }, &line);
    assert!(list(&by_name, Span::ALL).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_or_url_seen_before_is_an_error() {
    let cursor = Paging::Cursor { cursor: Some("c".into()), start: None, limit: None, max: 2 };
    let round = Listing { next: Some(Next::Cursor(path("$.next"))), total: None, ..listing(Some(cursor)) };
    let line = Scripted::new(|count, _| reply(200, &json!({"items": [count], "next": (["a", "b"][count % 2])})));
    nonsense(list(&listed(round, &line), Span::ALL).await);
    assert_eq!((line.count(), line.urls()[1].as_str()), (3, "/api/users?c=a"));

    let url = Listing { next: Some(Next::Url(path("$.next"))), total: None, ..listing(None) };
    let line = Scripted::new(|count, _| reply(200, &json!({"items": [count], "next": "/api/users?again"})));
    nonsense(list(&listed(url, &line), Span::ALL).await);
    assert_eq!(line.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_ends_is_given_up() {
    let cursor = Paging::Cursor { cursor: Some("c".into()), start: None, limit: None, max: 2 };
    let endless = Listing { next: Some(Next::Cursor(path("$.next"))), total: None, ..listing(Some(cursor)) };
    let line = Scripted::new(|count, _| reply(200, &json!({"items": [], "next": count})));
    assert_eq!(nonsense(list(&listed(endless, &line), Span::ALL).await), "its list does not end within 10,000 pages");
    assert_eq!(line.count(), 10_001);
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_on_the_same_origin_only() {
    for next in ["https://evil.example/api/users?p=2", "//evil.example/", "http://app.example/api/users?p=2"] {
        let url = Listing { next: Some(Next::Url(path("$.next"))), total: None, ..listing(None) };
        let line = Scripted::acts(vec![reply(200, &json!({"items": [1], "next": next}))]);
        nonsense(list(&listed(url, &line), Span::ALL).await);
        assert_eq!(line.count(), 1);

        let link = Listing { next: Some(Next::Link(http::header::LINK)), total: None, ..listing(None) };
        let header = format!("<{next}>; rel=next");
        nonsense(walked(link, vec![raw(200, &[("link", &header)], "{\"items\": [1]}")]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_caps_lower_is_noticed() {
    let line = Scripted::acts(vec![items(0..20, 50), items(20..40, 50), items(40..50, 50)]);
    let (all, total) = list(&listed(listing(Some(offset(100))), &line), Span::ALL).await.unwrap();
    assert_eq!((all.len(), total), (50, Some(50)));
    assert_eq!(line.urls()[1..], ["/api/users?offset=20&limit=100", "/api/users?offset=40&limit=100"]);
}

#[tokio::test(start_paused = true)]
async fn a_total_that_promises_too_much_is_an_error() {
    for paging in [offset(2), page(1, 2)] {
        let acts = vec![items(0..2, 9), items(2..3, 9), items(0..0, 9)];
        assert_eq!(nonsense(walked(listing(Some(paging)), acts).await), "its list ends before its own total");
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_that_promises_too_little_is_not_believed() {
    for paging in [offset(2), page(1, 2)] {
        let acts = vec![items(0..2, 1), items(2..4, 1), items(4..5, 1)];
        let (all, total) = walked(listing(Some(paging)), acts).await.unwrap();
        assert_eq!((all.len(), total), (5, Some(5)));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_total_a_shorter_page_or_an_empty_one_ends_the_list() {
    let untold = || Listing { total: None, ..listing(Some(offset(2))) };
    let shorter = vec![items(0..2, 0), items(2..3, 0)];
    assert_eq!(walked(untold(), shorter).await.unwrap().1, Some(3));
    let empty = vec![items(0..2, 0), items(2..4, 0), items(0..0, 0)];
    assert_eq!(walked(untold(), empty).await.unwrap().1, Some(4));
    // One short page may be the end, or capped: only asking tells.
    let capped = vec![items(0..1, 0), items(1..2, 0), items(0..0, 0)];
    assert_eq!(walked(untold(), capped).await.unwrap().1, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_missing_page_after_the_last_one_ends_the_list() {
    let untold = Listing { total: None, ..listing(Some(page(1, 2))) };
    let acts = vec![items(0..2, 0), reply(404, &json!({"detail": "Invalid page."}))];
    assert_eq!(walked(untold, acts).await.unwrap(), (vec![json!(0), json!(1)], Some(2)));
    let told = vec![items(0..2, 5), reply(404, &json!({}))];
    nonsense(walked(listing(Some(page(1, 2))), told).await);
}

#[tokio::test(start_paused = true)]
async fn the_total_may_stand_in_a_header_or_be_text() {
    let header = Listing { total: Some(Total::Header("x-total".parse().unwrap())), ..listing(Some(offset(2))) };
    let line = Scripted::acts(vec![raw(200, &[("x-total", "40")], "{\"items\": [1, 2]}")]);
    let (_, total) = list(&listed(header, &line), Span { skip: 0, take: Some(2) }).await.unwrap();
    assert_eq!(total, Some(40));
}

#[tokio::test(start_paused = true)]
async fn the_total_alone_costs_one_small_call() {
    for (paging, url) in [(offset(100), "/api/users?offset=0&limit=1"), (page(1, 100), "/api/users?page=1&size=1")] {
        let line = Scripted::acts(vec![items(0..1, 40)]);
        let want = Span { skip: 30, take: Some(0) };
        let (none, total) = list(&listed(listing(Some(paging)), &line), want).await.unwrap();
        assert_eq!((none.len(), total, line.urls()), (0, Some(40), vec![url.to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn deep_windows_of_numbered_pages_are_asked_for_directly_once_the_size_is_known() {
    let line = Scripted::new(|_, request| {
        let query = request.uri().query().unwrap();
        let page: usize = query.split(['=', '&']).nth(1).unwrap().parse().unwrap();
        items((page - 1) * 100..page * 100, 5000)
    });
    let target = listed(listing(Some(page(1, 100))), &line);
    for skip in [1000, 1100, 2150] {
        let (all, _) = list(&target, Span { skip, take: Some(50) }).await.unwrap();
        assert_eq!(all, (skip..skip + 50).map(Value::from).collect::<Vec<_>>());
    }
    // The first deep window learns the size: 50 was asked for, and 100 came.
    let numbers: Vec<&str> = ["page=1&size=50", "page=11&size=100", "page=12&size=100", "page=22&size=100"].to_vec();
    assert_eq!(line.urls(), numbers.iter().map(|query| format!("/api/users?{query}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_target_that_ignores_the_place_is_walked_from_the_start() {
    for paging in [offset(100), page(1, 10)] {
        let line = Scripted::new(|_, _| items(0..60, 60));
        let target = listed(listing(Some(paging)), &line);
        let (all, _) = list(&target, Span { skip: 50, take: Some(20) }).await.unwrap();
        assert_eq!(all, (50..60).map(Value::from).collect::<Vec<_>>());
        assert!(line.count() <= 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_may_stand_in_the_body() {
    let mut call = call("POST /rpc");
    let field = |name: &str, text: &str| (Arc::from(name), Body::Template(template(text)));
    call.body = Some(Body::Object(vec![field("skip", "<offset>"), field("take", "<limit>")]));
    call.listing = Some(listing(Some(Paging::Offset { offset: None, limit: None, max: 2 })));
    let line = Scripted::acts(vec![items(0..2, 3), items(2..3, 3)]);
    list(&target(call, &line), Span::ALL).await.unwrap();
    let bodies: Vec<Bytes> = line.requests().into_iter().map(Request::into_body).collect();
    assert_eq!(bodies, ["{\"skip\":0,\"take\":2}", "{\"skip\":2,\"take\":2}"]);
    assert_eq!(line.urls(), ["/api/rpc", "/api/rpc"]);
}

#[tokio::test(start_paused = true)]
async fn one_object_counts_as_one_item() {
    let (all, _) = walked(listing(None), vec![reply(200, &json!({"items": {"id": 7}}))]).await.unwrap();
    assert_eq!(all, [json!({"id": 7})]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_list_cannot_be_walked() {
    let target = target(call("GET /users"), &Scripted::acts(Vec::new()));
    let (step, captures, budget) = (step(), Captures::new(), budget());
    let error = target.pages(&step, Span::ALL, &captures, &budget).unwrap_err();
    assert_eq!(error.side(), Side::Mapping);
}
