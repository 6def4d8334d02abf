//! The known word nearest to a mis-spelt one, for "did you mean".

/// The known word with the fewest edits (insert, delete, change, swap), if they are few enough to be a slip.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A word from outside may be long; no slip turns it into an attribute's name.
    if word.len() > 64 {
        return None;
    }
    let word: Vec<char> = word.to_ascii_lowercase().chars().collect();
    let allowed = (word.len() / 3).clamp(1, 3);
    known
        .map(|candidate| (edits(&word, &candidate.to_ascii_lowercase().chars().collect::<Vec<_>>()), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

// Optimal string alignment: three rows of the edit table are enough, the third for swaps.
fn edits(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1; right.len() + 1];
        for (column, other) in right.iter().enumerate() {
            let changed = above[column] + usize::from(letter != other);
            let mut least = changed.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other {
                least = least.min(before[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_word_and_strangers_do_not() {
        let known = ["userName", "displayName", "title"];
        assert_eq!(nearest("usernmae", known.into_iter()), Some("userName"));
        assert_eq!(nearest("DisplayNam", known.into_iter()), Some("displayName"));
        assert_eq!(nearest("tilte", known.into_iter()), Some("title"));
        assert_eq!(nearest("department", known.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(10_000), known.into_iter()), None);
    }

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(nearest("emails", ["email", "emails"].into_iter()), Some("emails"));
    }
}
