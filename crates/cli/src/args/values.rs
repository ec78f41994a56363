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
