//! The store on real files: durability, refusals, tombstones, the index of kept values, coherence of the cache.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, json};

use super::*;

fn users() -> Scope {
    Scope::new("redmine", "User")
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn link(id: &str, key: &str) -> Link {
    Link::new(id, key, at(1))
}

fn keeping(id: &str, attribute: &str, value: &str) -> Link {
    let kept = Map::from_iter([(attribute.to_owned(), json!(value))]);
    Link { kept, indexed: vec![KeptValue::new(attribute, value)], ..link(id, id) }
}

fn ids(links: &[Arc<Link>]) -> Vec<&str> {
    links.iter().map(|link| link.scim_id.as_str()).collect()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn folder_and_files_are_for_their_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("deep/data");
    let store = Store::open(&folder).unwrap();
    block_on(store.save_links(&users(), vec![link("1", "a")])).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "database, log and lock are there: {files:?}");
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
}

#[test]
fn a_file_that_others_could_read_is_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let file = folder.path().join("transom.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_second_gateway_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }));
    assert!(refused.to_string().contains(&folder.path().display().to_string()));
    drop(first);
    Store::open(folder.path()).unwrap();
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let raw = rusqlite::Connection::open(folder.path().join("transom.db")).unwrap();
    raw.execute("INSERT INTO schema_versions (version) VALUES (7)", []).unwrap();
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 7, .. }), "{refused:?}");
    assert!(refused.to_string().contains("schema version 7"));
    assert!(matches!(Tokens::open(folder.path()), Err(StoreError::Newer { .. })));
}

#[test]
fn a_file_that_is_no_database_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("transom.db"), "not a database at all ".repeat(500)).unwrap();
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    assert!(refused.to_string().contains("transom.db"));
}

#[test]
fn a_row_that_is_no_json_is_damage_and_its_text_stays_out_of_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    block_on(store.save_links(&users(), vec![link("1", "a")])).unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(folder.path().join("transom.db")).unwrap();
    raw.execute("UPDATE links SET kept = 'secret words'", []).unwrap();
    let failure = Store::open(folder.path()).unwrap().link_by_id(&users(), "1").unwrap_err();
    assert!(matches!(failure, StoreError::Damaged { .. }));
    assert!(!format!("{failure:?}{failure}").contains("secret words"));
}

#[test]
fn a_folder_that_cannot_be_made_is_one_clear_error() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Store::open(&file.join("data")).unwrap_err();
    assert!(matches!(refused, StoreError::Folder { .. }));
    assert_eq!(refused.to_string().lines().count(), 1);
}

#[test]
fn everything_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let remembered = Remembered { sent: json!("+49 30"), held: json!("4930") };
    let sent = Link {
        remembered: [("phoneNumbers".to_owned(), remembered)].into(),
        generation: 3,
        changed: at(9),
        ..keeping("1", "externalId", "e1")
    };
    let store = Store::open(folder.path()).unwrap();
    let create = PendingCreate { unique_value: "ann".into(), digest: "d".into(), since: at(5) };
    block_on(async {
        store.save_links(&users(), vec![sent.clone()]).await.unwrap();
        store.begin_create(&users(), create.clone()).await.unwrap();
        store.save_fingerprint(&users(), "key: $.id stable").await.unwrap();
    });
    drop(store);
    assert!(!folder.path().join("transom.db-wal").exists(), "the log is written back on close");
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.link_by_id(&users(), "1").unwrap().as_deref(), Some(&sent));
    assert_eq!(store.pending_create(&users(), "ann").unwrap(), Some(create));
    assert_eq!(store.fingerprint(&users()).unwrap().as_deref(), Some("key: $.id stable"));
    assert_eq!(store.fingerprint(&Scope::new("redmine", "Group")).unwrap(), None);
}

#[test]
fn a_thousand_waiting_writes_share_a_few_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let before = commits(folder.path());
    let other = rusqlite::Connection::open(folder.path().join("transom.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let keys: Vec<String> = (0..1000).map(|number: u32| number.to_string()).collect();
    block_on(async {
        let mut writes = tokio::task::JoinSet::new();
        for key in keys.clone() {
            let store = store.clone();
            writes.spawn(async move { store.save_links(&users(), vec![link(&key, &key)]).await });
        }
        // Every write is queued now, behind the first, which waits for the database.
        tokio::task::yield_now().await;
        other.execute_batch("COMMIT").unwrap();
        writes.join_all().await.into_iter().for_each(|outcome| outcome.unwrap());
    });
    let made = commits(folder.path()) - before;
    assert!((1..=4).contains(&made), "{made} commits for 1000 writes");
    let unread = Store { cache: Arc::new(Cache::new()), ..Arc::into_inner(store).unwrap() };
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert!(unread.links_by_ids(&users(), &asked).unwrap().iter().all(Option::is_some));
}

/// Commit frames in the write-ahead log: <https://sqlite.org/fileformat.html#the_write_ahead_log>
fn commits(folder: &Path) -> usize {
    let log = std::fs::read(folder.join("transom.db-wal")).unwrap();
    let frames = log.get(32..).unwrap_or_default().chunks_exact(24 + 4096);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[test]
fn one_write_that_fails_leaves_the_others_of_its_group() {
    let store = Store::in_memory().unwrap();
    block_on(async {
        store.save_links(&users(), vec![link("1", "taken")]).await.unwrap();
        let scope = users();
        let double = store.save_links(&scope, vec![link("2", "free"), link("3", "taken")]);
        let fine = store.save_links(&scope, vec![link("4", "other")]);
        let (double, fine) = tokio::join!(double, fine);
        assert!(matches!(double, Err(StoreError::KeyTaken)), "{double:?}");
        fine.unwrap();
    });
    assert_eq!(store.link_by_id(&users(), "2").unwrap(), None, "all or none of one save");
    assert!(store.link_by_id(&users(), "4").unwrap().is_some());
}

#[test]
fn a_write_whose_caller_went_away_happens_before_close_returns() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    block_on(async {
        let scope = users();
        let mut write = Box::pin(store.save_links(&scope, vec![link("1", "a")]));
        // One poll queues it; then the caller is gone.
        std::future::poll_fn(|context| {
            let _ = write.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
    });
    store.close();
    assert!(matches!(block_on(store.forget(&users(), "1")), Err(StoreError::Closed)));
    drop(store);
    assert!(Store::open(folder.path()).unwrap().link_by_id(&users(), "1").unwrap().is_some());
}

#[test]
fn a_tombstone_keeps_id_and_generation_and_nothing_else() {
    let store = Store::in_memory().unwrap();
    let kept = KeptValue::new("externalId", "e1");
    block_on(async {
        store
            .save_links(
                &users(),
                vec![Link { target_key: "ann".into(), first_key: "ann".into(), ..keeping("x", "externalId", "e1") }],
            )
            .await
            .unwrap();
        assert_eq!(ids(&store.find_kept(&users(), &kept, 10).unwrap()), ["x"]);
        store.bury(&users(), "x", at(4)).await.unwrap();
        store.bury(&users(), "nobody", at(4)).await.unwrap();
    });
    let tombstone = store.link_by_id(&users(), "x").unwrap().unwrap();
    assert_eq!((tombstone.state, tombstone.changed), (LinkState::Tombstone, at(4)));
    assert!(tombstone.kept.is_empty() && tombstone.indexed.is_empty());
    assert!(store.find_kept(&users(), &kept, 10).unwrap().is_empty());
    let by_key = store.links_by_keys(&users(), &["ann"]).unwrap();
    assert_eq!(by_key[0].as_ref().map(|link| link.state), Some(LinkState::Tombstone));
}

#[test]
fn a_key_that_comes_again_is_the_next_generation() {
    let store = Store::in_memory().unwrap();
    assert_eq!(store.next_generation(&users(), "ann").unwrap(), 0);
    block_on(async {
        store.save_links(&users(), vec![link("x0", "ann")]).await.unwrap();
        store.bury(&users(), "x0", at(4)).await.unwrap();
        assert_eq!(store.next_generation(&users(), "ann").unwrap(), 1);
        store.save_links(&users(), vec![Link { generation: 1, ..link("x1", "ann") }]).await.unwrap();
    });
    assert_eq!(store.next_generation(&Scope::new("redmine", "Group"), "ann").unwrap(), 0);
    let by_key = store.links_by_keys(&users(), &["ann", "bob"]).unwrap();
    assert_eq!(
        by_key[0].as_ref().map(|link| link.scim_id.as_str()),
        Some("x1"),
        "the live one goes before the tombstone"
    );
    assert_eq!(by_key[1], None);
}

#[test]
fn the_first_key_of_a_renamed_account_stays_taken() {
    let store = Store::in_memory().unwrap();
    block_on(async {
        store.save_links(&users(), vec![link("x", "ann")]).await.unwrap();
        store.save_links(&users(), vec![Link { first_key: "ann".into(), ..link("x", "anna") }]).await.unwrap();
    });
    assert_eq!(store.links_by_keys(&users(), &["ann"]).unwrap(), [None]);
    assert_eq!(store.next_generation(&users(), "ann").unwrap(), 1);
}

#[test]
fn two_links_may_exchange_their_keys_and_the_last_of_a_double_counts() {
    let store = Store::in_memory().unwrap();
    block_on(async {
        store.save_links(&users(), vec![link("1", "old"), link("1", "a"), link("2", "b")]).await.unwrap();
        store.save_links(&users(), vec![link("1", "b"), link("2", "a")]).await.unwrap();
    });
    for _cached in [false, true] {
        let by_key = store.links_by_keys(&users(), &["a", "b", "old"]).unwrap();
        let found: Vec<_> = by_key.iter().map(|link| link.as_ref().map(|link| link.scim_id.as_str())).collect();
        assert_eq!(found, [Some("2"), Some("1"), None]);
    }
}

#[test]
fn a_first_sight_that_comes_late_changes_nothing() {
    let store = Store::in_memory().unwrap();
    let full = Link { target_key: "ann".into(), first_key: "ann".into(), ..keeping("x", "externalId", "e1") };
    block_on(async {
        store.save_links(&users(), vec![full.clone()]).await.unwrap();
        let late = [link("x", "ann"), link("y", "ann"), link("z", "bob"), link("z", "bob")];
        store.add_links(&users(), late.to_vec()).await.unwrap();
    });
    let by_key = store.links_by_keys(&users(), &["ann", "bob"]).unwrap();
    assert_eq!(by_key[0].as_deref(), Some(&full));
    assert_eq!(by_key[1].as_deref(), Some(&link("z", "bob")));
    assert_eq!(store.link_by_id(&users(), "y").unwrap(), None);
    let kept = store.find_kept(&users(), &KeptValue::new("externalId", "e1"), 10).unwrap();
    assert_eq!(ids(&kept), ["x"]);
}

#[test]
fn kept_values_are_found_in_their_scope_only_and_follow_every_save() {
    let store = Store::in_memory().unwrap();
    let moqups = Scope::new("moqups", "User");
    let old = KeptValue::new("externalId", "e1");
    block_on(async {
        store
            .save_links(&users(), vec![keeping("1", "externalId", "e1"), keeping("2", "externalId", "e1")])
            .await
            .unwrap();
        store.save_links(&moqups, vec![keeping("1", "externalId", "e1")]).await.unwrap();
        store.save_links(&users(), vec![keeping("1", "externalId", "e2")]).await.unwrap();
    });
    assert_eq!(ids(&store.find_kept(&users(), &old, 10).unwrap()), ["2"]);
    assert_eq!(ids(&store.find_kept(&moqups, &old, 10).unwrap()), ["1"]);
    assert!(store.find_kept(&users(), &KeptValue::new("title", "e1"), 10).unwrap().is_empty());
    block_on(store.forget(&users(), "2")).unwrap();
    assert!(store.find_kept(&users(), &old, 10).unwrap().is_empty());
    assert_eq!(store.link_by_id(&users(), "2").unwrap(), None);
}

#[test]
fn a_known_link_is_read_without_sql() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    block_on(store.save_links(&users(), vec![link("1", "a")])).unwrap();
    assert_eq!(store.link_by_id(&users(), "2").unwrap(), None);
    // Behind the store's back: what still shows the old rows was not read from the table.
    let raw = rusqlite::Connection::open(folder.path().join("transom.db")).unwrap();
    raw.execute_batch("UPDATE links SET target_key = 'b'; INSERT INTO links SELECT 99, target, resource_type, '2', 'c', 'c', 0, 'live', '{}', '{}', '[]', 0, 0 FROM links;").unwrap();
    let found = store.links_by_ids(&users(), &["1", "2"]).unwrap();
    assert_eq!(found[0].as_ref().map(|link| link.target_key.as_str()), Some("a"));
    assert_eq!(found[1], None);
    assert!(store.links_by_keys(&users(), &["a"]).unwrap()[0].is_some());
}

#[test]
fn readers_in_many_threads_never_see_a_link_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    block_on(store.save_links(&users(), vec![link("1", "0")])).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                let mut last = 0;
                while last < 100 {
                    let found = store.link_by_id(&users(), "1").unwrap().unwrap();
                    let now: u32 = found.target_key.parse().unwrap();
                    assert!(now >= last, "{now} after {last}");
                    last = now;
                }
            });
        }
        for number in 1..=100 {
            block_on(store.save_links(&users(), vec![link("1", &number.to_string())])).unwrap();
            assert_eq!(store.link_by_id(&users(), "1").unwrap().unwrap().target_key, number.to_string());
        }
    });
}

#[test]
fn a_pending_create_is_replaced_finished_and_expired() {
    let store = Store::in_memory().unwrap();
    let create = |value: &str, digest: &str, since| PendingCreate {
        unique_value: value.into(),
        digest: digest.into(),
        since: at(since),
    };
    block_on(async {
        store.begin_create(&users(), create("ann", "first", 10)).await.unwrap();
        store.begin_create(&users(), create("ann", "second", 20)).await.unwrap();
        store.begin_create(&users(), create("old", "x", 5)).await.unwrap();
        store.expire_creates(at(10)).await.unwrap();
        assert_eq!(store.pending_create(&users(), "old").unwrap(), None);
        assert_eq!(store.pending_create(&users(), "ann").unwrap().map(|found| found.digest), Some("second".into()));
        store.finish_create(&users(), "ann").await.unwrap();
    });
    assert_eq!(store.pending_create(&users(), "ann").unwrap(), None);
}

fn token(name: &str, hash: u8) -> Token {
    let targets = ["redmine".to_owned()].into();
    Token { name: name.into(), targets, hash: TokenHash([hash; 32]), created: at(100), expires: None, revoked: None }
}

#[test]
fn tokens_are_written_beside_a_serving_store_and_seen_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let seen = store.tokens().unwrap();
    let before = seen.version().unwrap();
    let beside = Tokens::open(folder.path()).unwrap();
    beside.save(&token("entra", 1)).unwrap();
    assert_ne!(seen.version().unwrap(), before);
    assert_eq!(seen.all().unwrap(), [token("entra", 1)]);
    assert_eq!(seen.by_hash(&TokenHash([1; 32])).unwrap(), Some(token("entra", 1)));
    assert_eq!(seen.by_hash(&TokenHash([2; 32])).unwrap(), None);
    assert!(beside.revoke("entra", at(200)).unwrap());
    assert!(!beside.revoke("entra", at(201)).unwrap());
    assert_eq!(seen.by_hash(&TokenHash([1; 32])).unwrap().and_then(|found| found.revoked), Some(at(200)));
}

#[test]
fn a_token_can_be_made_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Tokens::open(&data).unwrap().save(&token("okta", 1)).unwrap();
    let store = Store::open(&data).unwrap();
    assert_eq!(store.tokens().unwrap().all().unwrap().len(), 1);
}

#[test]
fn the_name_of_a_live_token_is_taken_and_that_of_a_dead_one_is_free() {
    let store = Store::in_memory().unwrap();
    let tokens = store.tokens().unwrap();
    tokens.save(&Token { expires: Some(at(150)), ..token("entra", 1) }).unwrap();
    assert!(matches!(tokens.save(&token("entra", 2)), Err(StoreError::TokenTaken)));
    assert!(matches!(tokens.save(&token("other", 1)), Err(StoreError::TokenTaken)));
    tokens.save(&Token { created: at(150), ..token("entra", 3) }).unwrap();
    tokens.revoke("entra", at(160)).unwrap();
    tokens.save(&token("entra", 4)).unwrap();
    let states: Vec<_> = tokens.all().unwrap().into_iter().map(|token| token.revoked).collect();
    assert_eq!(states, [Some(at(150)), Some(at(160)), None]);
}

#[test]
fn stores_in_memory_know_nothing_of_each_other() {
    let (one, other) = (Store::in_memory().unwrap(), Store::in_memory().unwrap());
    block_on(one.save_links(&users(), vec![link("1", "a")])).unwrap();
    assert_eq!(other.link_by_id(&users(), "1").unwrap(), None);
}
