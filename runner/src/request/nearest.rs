//! Guesses what somebody meant.

use crate::text::quoted;

/// Returns `; did you mean …?` when a known word is close to the one written, else nothing.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let most = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(String::new, |(_, word)| format!("; did you mean {}?", quoted(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_offered_and_a_distant_one_is_not() {
        assert_eq!(did_you_mean("retrie", ["expires", "retire"]), "; did you mean `retire`?");
        assert_eq!(did_you_mean("tenant", ["expires", "retire"]), "");
        assert_eq!(did_you_mean("x", []), "");
    }
}
