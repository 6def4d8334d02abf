//! Names for which the database has no row: prints alone, as a list may show as many as a product has accounts.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashlink::DefaultHashBuilder;

/// How many names a generation holds; at most two are held, 9 MB.
const GENERATION: usize = 200_000;

/// 128 bits under a key of this process, so that no two names that will ever be met share one.
type Print = u128;

/// The names in two generations: what is asked for moves to the young one, and the old one is let go of as a whole.
#[derive(Debug)]
pub(super) struct Absent {
    keys: [RandomState; 2],
    young: HashSet<Print, DefaultHashBuilder>,
    old: HashSet<Print, DefaultHashBuilder>,
    generation: usize,
}

impl Absent {
    pub(super) fn new() -> Self {
        Self::bounded(GENERATION)
    }

    fn bounded(generation: usize) -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { keys, young: HashSet::default(), old: HashSet::default(), generation }
    }

    /// Is it known that there is no row?
    pub(super) fn holds(&mut self, name: &str) -> bool {
        let print = self.print(name);
        if self.young.contains(&print) {
            return true;
        }
        let known = self.old.remove(&print);
        if known {
            self.keep(print);
        }
        known
    }

    /// Notes that there is no row.
    pub(super) fn note(&mut self, name: &str) {
        let print = self.print(name);
        self.keep(print);
    }

    /// There may be a row now.
    pub(super) fn forget(&mut self, name: &str) {
        let print = self.print(name);
        self.young.remove(&print);
        self.old.remove(&print);
    }

    fn keep(&mut self, print: Print) {
        if self.young.len() >= self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(print);
    }

    fn print(&self, name: &str) -> Print {
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(name)));
        (high << 64) | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_two_generations_are_held_and_the_oldest_goes_first() {
        let mut absent = Absent::bounded(10);
        for number in 0..100 {
            absent.note(&number.to_string());
            assert!(absent.young.len() + absent.old.len() <= 20);
        }
        assert!(!absent.holds("0"));
        assert!(absent.holds("99"));
    }

    #[test]
    fn what_is_asked_for_again_stays() {
        let mut absent = Absent::bounded(10);
        absent.note("asked");
        for number in 0..100 {
            absent.note(&number.to_string());
            assert!(absent.holds("asked"));
        }
    }

    #[test]
    fn a_name_is_forgotten_in_both_generations() {
        let mut absent = Absent::bounded(2);
        for name in ["a", "b", "c", "a"] {
            absent.note(name);
        }
        assert!(absent.holds("a") && absent.holds("b"));
        absent.forget("a");
        absent.forget("b");
        assert!(!absent.holds("a"));
        assert!(!absent.holds("b"));
    }
}
