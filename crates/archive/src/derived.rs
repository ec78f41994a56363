//! Values that are derived from the source of an event, when they are derived again.

use serde_json::Value;

/// Whether two derived values are the same. The C libraries of systems round powers and logarithms
/// differently in the last bits: an archive that was copied from another system is not damaged.
pub(crate) fn is_same_derived(was: &Value, is: &Value) -> bool {
    match (was, is) {
        (Value::Number(was), Value::Number(is)) if was != is => match (was.as_f64(), is.as_f64()) {
            (Some(was), Some(is)) if was.fract() != 0.0 || is.fract() != 0.0 => {
                (was - is).abs() <= 1e-12 * was.abs().max(is.abs())
            }
            _ => false,
        },
        (Value::Array(was), Value::Array(is)) => {
            was.len() == is.len() && was.iter().zip(is).all(|(was, is)| is_same_derived(was, is))
        }
        (Value::Object(was), Value::Object(is)) => {
            let there = |(key, was): (&String, &Value)| {
                is.get(key).is_some_and(|is| is_same_derived(was, is))
            };
            was.len() == is.len() && was.iter().all(there)
        }
        (was, is) => was == is,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_bits_of_derived_numbers_may_differ_between_systems() {
        let was = json!({"peaks": [{"mic_psi": 0.006_599_499_689_499_845}], "samples": 3328});
        let is = json!({"peaks": [{"mic_psi": 0.006_599_499_689_499_852}], "samples": 3328});
        assert_ne!(was, is);
        assert!(is_same_derived(&was, &is));
    }

    #[test]
    fn what_differs_by_more_or_has_other_parts_is_another_value() {
        for (was, is) in [
            (json!({"ppv": 0.41}), json!({"ppv": 0.410_000_001})),
            (json!({"samples": 3328}), json!({"samples": 3329})),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64)),
            (json!([1, 2]), json!([1, 2, 3])),
            (json!({"a": 1}), json!({"b": 1})),
            (json!({"a": null}), json!({})),
            (json!("0.41"), json!(0.41)),
        ] {
            assert!(!is_same_derived(&was, &is), "{was} {is}");
        }
    }
}
