//! Guesses which known word somebody meant.

/// The mend of a word that is not known: the nearest one, or all there are.
#[must_use]
pub fn mend<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let length = written.chars().count();
    let most = (length / 3).max(1);
    let nearest = known
        .iter()
        // Words are at least as far apart as their lengths, and to compare long ones takes much memory.
        .filter(|word| word.chars().count().abs_diff(length) <= most)
        .map(|word| (strsim::damerau_levenshtein(&written.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance);
    match (nearest, known.as_slice()) {
        (Some((_, word)), _) => format!("did you mean `{word}`?"),
        (None, []) => "there is none to name here".to_owned(),
        (None, [only]) => format!("there is only `{only}`"),
        (None, several) => {
            let several: Vec<String> = several.iter().map(|word| format!("`{word}`")).collect();
            format!("there are {}", several.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn the_closest_word_is_offered_else_all() {
        assert_eq!(mend("efect", ["effect", "url"]), "did you mean `effect`?");
        assert_eq!(mend("Effect", ["effect", "url"]), "did you mean `effect`?");
        assert_eq!(mend("tenant", ["effect", "url"]), "there are `effect`, `url`");
        assert_eq!(mend("tenant", ["url"]), "there is only `url`");
        assert_eq!(mend("tenant", []), "there is none to name here");
        assert_eq!(mend(&"x".repeat(8 << 20), ["url"]), "there is only `url`");
    }
}
