//! The known word that somebody who typed an unknown one may have meant.

/// The known word with the fewest letters to change, if these are few for its length.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let best = known.iter().map(|known| (distance(&word, known), *known)).min()?;
    (best.0 <= best.1.chars().count().div_ceil(3)).then_some(best.1)
}

/// Levenshtein's: insertions, deletions and exchanges of one letter.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for column in 0..to.len() {
            let exchanged = diagonal + usize::from(letter != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_none_where_all_are_far() {
        let known = ["listen", "limits", "base_url", "data"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("Base-URL", &known), Some("base_url"));
        assert_eq!(nearest("passwords", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
