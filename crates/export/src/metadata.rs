//! Facts as metadata of a GNZ, and metadata as JSON.

use gnz::{Object, Value as Gnz};
use serde_json::{Map, Number, Value};

/// A JSON object as metadata, number by number.
pub(crate) fn object(document: &Map<String, Value>) -> Object {
    document.iter().map(|(key, value)| (key.clone(), gnz_of(value))).collect()
}

fn gnz_of(value: &Value) -> Gnz {
    match value {
        Value::Null => Gnz::Null,
        Value::Bool(flag) => Gnz::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Gnz::Integer(whole.into()),
            (None, Some(whole)) => Gnz::Integer(whole.into()),
            (None, None) => Gnz::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Gnz::String(text.clone()),
        Value::Array(values) => Gnz::List(values.iter().map(gnz_of).collect()),
        Value::Object(object_of) => Gnz::Object(object(object_of)),
    }
}

/// Metadata as JSON has it: a number that is not finite, or larger than JSON's readers take, becomes
/// its text.
pub(crate) fn json_of(value: &Gnz) -> Value {
    match value {
        Gnz::Null => Value::Null,
        Gnz::Bool(flag) => Value::Bool(*flag),
        Gnz::Float(number) => match Number::from_f64(*number) {
            Some(number) => Value::Number(number),
            None => Value::String(value.to_string()),
        },
        Gnz::Integer(number) => match number.to_i64() {
            Some(number) => number.into(),
            None => {
                let text = value.to_string();
                text.parse::<u64>().map_or(Value::String(text), Value::from)
            }
        },
        Gnz::String(text) => Value::String(text.clone()),
        // Half of a pair of surrogates is no character: its escape stands for it.
        Gnz::IllFormed(_) => Value::String(value.to_string()),
        Gnz::List(values) => values.iter().map(json_of).collect(),
        Gnz::Object(object) => json_object(object),
    }
}

/// The same of a whole object.
pub(crate) fn json_object(object: &Object) -> Value {
    object.iter().map(|(key, value)| (key.to_owned(), json_of(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_can_say_goes_both_ways_and_what_it_cannot_becomes_its_text() {
        let document = serde_json::json!({
            "a": [1, -2.5, null, true, "x", {"b": u64::MAX}], "c": i64::MIN, "d": 1.0,
        });
        let Value::Object(map) = &document else { panic!("an object") };
        assert_eq!(json_object(&object(map)), document);
        assert_eq!(json_of(&Gnz::Float(f64::NAN)), "NaN");
        let huge: Gnz = "340282366920938463463374607431768211456".parse().unwrap();
        assert_eq!(json_of(&huge), "340282366920938463463374607431768211456");
    }
}
