//! Link rows in memory, bounded by their size, so that a look-up of a known id costs no SQL. That there is *no* row is remembered
//! too, in a much smaller form.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use serde_json::Value;

use super::absent::Absent;
use super::link::{Link, LinkState, Scope};
use super::links::Change;

const BYTES: usize = 64 << 20;
const OVERHEAD: usize = 128;

/// What the cache says of one id or key: the row, that there is none, or (outer `None`) that it does not know.
pub(super) type Known = Option<Option<Arc<Link>>>;

/// A row may be found by its id and by its key.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Id,
    Key,
}

#[derive(Debug)]
pub(super) struct Cache {
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    rows: LruCache<String, Entry>,
    absent: Absent,
    bytes: usize,
    limit: usize,
    /// Counts the writes: a row that was read before a write and arrives after it may be old and is not taken.
    epoch: u64,
}

#[derive(Debug)]
struct Entry {
    link: Arc<Link>,
    bytes: usize,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self::bounded(BYTES)
    }

    fn bounded(limit: usize) -> Self {
        let entries = Entries { rows: LruCache::new_unbounded(), absent: Absent::new(), bytes: 0, limit, epoch: 0 };
        Self { entries: Mutex::new(entries) }
    }

    /// What is known of each name, and the epoch to hand to [`fill`](Self::fill) after reading the others.
    pub(super) fn look(&self, scope: &Scope, by: By, names: &[&str]) -> (Vec<Known>, u64) {
        let mut entries = self.entries();
        let known = names.iter().map(|name| entries.look(&entry_name(scope, by, name))).collect();
        (known, entries.epoch)
    }

    /// Takes what was read from the database, unless something was written since `epoch`.
    pub(super) fn fill<'a>(
        &self,
        scope: &Scope,
        by: By,
        epoch: u64,
        read: impl Iterator<Item = (&'a str, Option<Arc<Link>>)>,
    ) {
        let mut entries = self.entries();
        if entries.epoch == epoch {
            read.for_each(|(name, link)| entries.put(entry_name(scope, by, name), link));
        }
    }

    /// Takes what was just committed.
    pub(super) fn apply(&self, changes: &[Change]) {
        let mut entries = self.entries();
        entries.epoch += 1;
        // Two links may have exchanged keys: every old key goes before the first new one comes.
        for change in changes {
            change.keys.iter().for_each(|key| entries.forget(&entry_name(&change.scope, By::Key, key)));
        }
        for change in changes {
            entries.put(entry_name(&change.scope, By::Id, &change.scim_id), change.link.clone());
            if let Some(link) = change.link.as_ref().filter(|link| link.state == LinkState::Live) {
                entries.put(entry_name(&change.scope, By::Key, &link.target_key), Some(link.clone()));
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn look(&mut self, name: &str) -> Known {
        match self.rows.get(name) {
            Some(entry) => Some(Some(entry.link.clone())),
            None => self.absent.holds(name).then_some(None),
        }
    }

    fn put(&mut self, name: String, link: Option<Arc<Link>>) {
        self.drop_row(&name);
        let Some(link) = link else { return self.absent.note(&name) };
        self.absent.forget(&name);
        let bytes = OVERHEAD + name.len() + link_bytes(&link);
        self.bytes += bytes;
        self.rows.insert(name, Entry { link, bytes });
        while self.bytes > self.limit
            && let Some((_, old)) = self.rows.remove_lru()
        {
            self.bytes -= old.bytes;
        }
    }

    /// The row may be another one now, or one at all.
    fn forget(&mut self, name: &str) {
        self.drop_row(name);
        self.absent.forget(name);
    }

    fn drop_row(&mut self, name: &str) {
        if let Some(old) = self.rows.remove(name) {
            self.bytes -= old.bytes;
        }
    }
}

fn entry_name(scope: &Scope, by: By, name: &str) -> String {
    let mark = match by {
        By::Id => "i",
        By::Key => "k",
    };
    // Target names and resource types have no NUL, so no two names can meet.
    [&*scope.target, &*scope.resource_type, mark, name].join("\0")
}

/// About what a link takes in memory.
fn link_bytes(link: &Link) -> usize {
    let texts = link.scim_id.len() + link.target_key.len() + link.first_key.len();
    let kept: usize = link.kept.iter().map(|(name, value)| name.len() + value_bytes(value)).sum();
    let remembered = link.remembered.iter();
    let remembered: usize =
        remembered.map(|(path, both)| path.len() + value_bytes(&both.sent) + value_bytes(&both.held)).sum();
    let indexed: usize = link.indexed.iter().map(|kept| kept.attribute.len() + kept.value.len() + 48).sum();
    size_of::<Link>() + texts + kept + remembered + indexed
}

fn value_bytes(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(value_bytes).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + value_bytes(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inner
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn scope() -> Scope {
        Scope::new("redmine", "User")
    }

    fn link(id: &str, key: &str) -> Option<Arc<Link>> {
        Some(Arc::new(Link::new(id, key, UNIX_EPOCH)))
    }

    fn saved(id: &str, key: &str, old_key: &str) -> Change {
        let keys = vec![old_key.to_owned(), key.to_owned()];
        Change { scope: scope(), scim_id: id.to_owned(), link: link(id, key), keys }
    }

    fn known(cache: &Cache, by: By, name: &str) -> Known {
        cache.look(&scope(), by, &[name]).0.remove(0)
    }

    #[test]
    fn a_row_read_before_a_write_is_not_taken_after_it() {
        let cache = Cache::new();
        let (_, epoch) = cache.look(&scope(), By::Id, &["1"]);
        cache.apply(&[saved("1", "new", "old")]);
        cache.fill(&scope(), By::Id, epoch, [("1", link("1", "old"))].into_iter());
        assert_eq!(known(&cache, By::Id, "1").flatten().map(|l| l.target_key.clone()), Some("new".to_owned()));
    }

    #[test]
    fn an_absent_row_is_known_to_be_absent_until_it_is_written() {
        let cache = Cache::new();
        assert_eq!(known(&cache, By::Id, "1"), None);
        let (_, epoch) = cache.look(&scope(), By::Id, &["1"]);
        cache.fill(&scope(), By::Id, epoch, [("1", None)].into_iter());
        assert_eq!(known(&cache, By::Id, "1"), Some(None));
        cache.apply(&[saved("1", "a", "a")]);
        assert!(known(&cache, By::Id, "1").flatten().is_some());
    }

    #[test]
    fn a_tombstone_under_a_key_that_had_no_row_is_not_taken_for_nothing() {
        let cache = Cache::new();
        let (_, epoch) = cache.look(&scope(), By::Key, &["a"]);
        cache.fill(&scope(), By::Key, epoch, [("a", None)].into_iter());
        assert_eq!(known(&cache, By::Key, "a"), Some(None));
        let buried = Link::new("1", "a", UNIX_EPOCH).buried(UNIX_EPOCH);
        let keys = vec!["a".to_owned()];
        cache.apply(&[Change { scope: scope(), scim_id: "1".to_owned(), link: Some(Arc::new(buried)), keys }]);
        assert_eq!(known(&cache, By::Key, "a"), None);
    }

    #[test]
    fn a_deleted_row_is_known_to_be_absent() {
        let cache = Cache::new();
        cache.apply(&[saved("1", "a", "a")]);
        cache.apply(&[Change { scope: scope(), scim_id: "1".to_owned(), link: None, keys: vec!["a".to_owned()] }]);
        assert_eq!(known(&cache, By::Id, "1"), Some(None));
        assert_eq!(known(&cache, By::Key, "a"), None);
        assert_eq!(cache.entries().bytes, 0);
    }

    #[test]
    fn a_renamed_account_is_not_found_by_its_old_key() {
        let cache = Cache::new();
        cache.apply(&[saved("1", "ann", "ann")]);
        cache.apply(&[saved("1", "anna", "ann")]);
        assert_eq!(known(&cache, By::Key, "ann"), None);
        assert!(known(&cache, By::Key, "anna").flatten().is_some());
    }

    #[test]
    fn exchanged_keys_are_both_right() {
        let cache = Cache::new();
        cache.apply(&[saved("1", "a", "a"), saved("2", "b", "b")]);
        cache.apply(&[saved("1", "b", "a"), saved("2", "a", "b")]);
        assert_eq!(known(&cache, By::Key, "a").flatten().map(|l| l.scim_id.clone()), Some("2".to_owned()));
        assert_eq!(known(&cache, By::Key, "b").flatten().map(|l| l.scim_id.clone()), Some("1".to_owned()));
    }

    #[test]
    fn the_size_stays_within_its_bound_and_the_oldest_row_goes_first() {
        let cache = Cache::bounded(4_000);
        for number in 0..100 {
            cache.apply(&[saved(&number.to_string(), "k", "k")]);
            assert!(cache.entries().bytes <= 4_000);
        }
        assert_eq!(known(&cache, By::Id, "0"), None);
        assert!(known(&cache, By::Id, "99").is_some());
    }
}
