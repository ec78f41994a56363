//! Values that several commands take.

pub fn finite(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if value.is_finite() { Ok(value) } else { Err("must be finite".to_owned()) }
}

pub fn positive(text: &str) -> Result<f64, String> {
    finite(text)
        .and_then(|value| if value > 0.0 { Ok(value) } else { Err("must be above 0".to_owned()) })
}

pub fn not_negative(text: &str) -> Result<f64, String> {
    finite(text).and_then(|value| {
        if value >= 0.0 { Ok(value) } else { Err("must not be negative".to_owned()) }
    })
}

pub fn share(text: &str) -> Result<f64, String> {
    positive(text).and_then(|share| match share <= 1.0 {
        true => Ok(share),
        false => Err("must be above 0 and at most 1".to_owned()),
    })
}

pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

/// The known word that is so near to `word` that it was meant.
pub fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, &other.to_ascii_lowercase());
    let nearest = known.iter().copied().min_by_key(|other| distance(other))?;
    // One slip in three letters, two in six.
    (distance(nearest) * 3 <= nearest.len().max(word.len())).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_has_a_near_word_and_another_word_has_none() {
        assert_eq!(near("cvs", &["csv", "json", "gnz"]), Some("csv"));
        assert_eq!(near("xlsx", &["csv", "json", "gnz"]), None);
    }
}
