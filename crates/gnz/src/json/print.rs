//! The text of `json.dumps(value, sort_keys=True)`.

use super::{Object, Value, number};

/// Appends a value.
pub(super) fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Float(number) => number::push_float(out, *number),
        Value::String(text) => string(out, text),
        Value::IllFormed(units) => {
            out.push('"');
            units.iter().for_each(|unit| code_unit(out, *unit));
            out.push('"');
        }
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                separate(out, index);
                self::value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => object(out, members),
    }
}

/// The text of an object.
pub(crate) fn text_of(members: &Object) -> String {
    let mut out = String::new();
    object(&mut out, members);
    out
}

/// Appends an object.
fn object(out: &mut String, members: &Object) {
    out.push('{');
    for (index, (key, member)) in members.iter().enumerate() {
        separate(out, index);
        string(out, key);
        out.push_str(": ");
        value(out, member);
    }
    out.push('}');
}

/// Appends what stands before an item that has `index` others before it.
pub(crate) fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push_str(", ");
    }
}

/// Appends a string in quotes, in ASCII.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for unit in text.encode_utf16() {
        code_unit(out, unit);
    }
    out.push('"');
}

fn code_unit(out: &mut String, unit: u16) {
    match u8::try_from(unit) {
        Ok(b'"') => out.push_str("\\\""),
        Ok(b'\\') => out.push_str("\\\\"),
        Ok(b'\n') => out.push_str("\\n"),
        Ok(b'\r') => out.push_str("\\r"),
        Ok(b'\t') => out.push_str("\\t"),
        Ok(0x0c) => out.push_str("\\f"),
        Ok(0x08) => out.push_str("\\b"),
        Ok(byte @ b' '..=b'~') => out.push(char::from(byte)),
        _ => out.push_str(&format!("\\u{unit:04x}")),
    }
}

/// Levels of lists and objects; 0 for a plain value.
///
/// Walks with its own stack: metadata is made by the caller and may be deep.
pub(crate) fn depth(object: &Object) -> usize {
    let mut deepest = 1;
    let mut open: Vec<(usize, &Value)> = object.iter().map(|(_, value)| (2, value)).collect();
    while let Some((level, value)) = open.pop() {
        match value {
            Value::List(list) => open.extend(list.iter().map(|item| (level + 1, item))),
            Value::Object(object) => open.extend(object.iter().map(|(_, item)| (level + 1, item))),
            _ => continue,
        }
        deepest = deepest.max(level);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_ascii_with_surrogate_pairs() {
        let mut out = String::new();
        string(&mut out, "a\"b\\c\n\r\t\u{c}\u{8}\u{0}\u{7f}/é\u{1f30d}");
        assert_eq!(out, r#""a\"b\\c\n\r\t\f\b\u0000\u007f/\u00e9\ud83c\udf0d""#);
    }

    #[test]
    fn depth_counts_brackets() {
        let deep = |text: &str| {
            let value: Value = text.parse().expect("JSON");
            depth(value.as_object().expect("object"))
        };
        assert_eq!(deep("{}"), 1);
        assert_eq!(deep(r#"{"a": 1, "b": []}"#), 2);
        assert_eq!(deep(r#"{"a": [[{}]], "b": 2}"#), 4);
    }
}
