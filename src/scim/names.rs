//! Tables of names, filled once at load and looked into many times for each request.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table whose keys are fixed at load: nobody outside can fill it with names that collide, so a plain hash will do.
pub(crate) type Names<K, V> = HashMap<K, V, BuildHasherDefault<Plain>>;

/// Odd, and with as many ones as zeros.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight bytes at a time, mixed by a multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain(u64);

impl Plain {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MIX);
    }
}

impl Hasher for Plain {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            self.mix(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(byte.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    // Buckets are chosen by the lowest bits, which a multiplication mixes least: its upper half is laid over them.
    fn finish(&self) -> u64 {
        let wide = u128::from(self.0) * u128::from(MIX);
        (wide as u64) ^ (wide >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::ResourceType;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, Hash};

    fn of(key: &(impl Hash + ?Sized)) -> u64 {
        BuildHasherDefault::<Plain>::default().hash_one(key)
    }

    #[test]
    fn known_names_spread_over_the_buckets() {
        let user = ResourceType::user();
        let hashes: Vec<u64> = user.paths().map(of).chain(user.paths().map(|path| of(&*path.to_string()))).collect();
        assert_eq!(hashes.iter().collect::<HashSet<_>>().len(), hashes.len());
        let buckets: HashSet<u64> = hashes.iter().map(|hash| hash % 1024).collect();
        assert!(buckets.len() * 5 > hashes.len() * 4, "{} buckets for {} names", buckets.len(), hashes.len());
    }

    #[test]
    fn numbered_names_spread_over_the_buckets() {
        let buckets: HashSet<u64> = (0..500).map(|number| of(&*format!("field{number}")) % 1024).collect();
        assert!(buckets.len() > 300, "{}", buckets.len());
    }
}
