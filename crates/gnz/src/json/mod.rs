//! JSON as Python's `json` module reads and writes it.
//!
//! Metadata has to come out byte for byte as `json.dumps(…, sort_keys=True)`
//! prints it, which needs more than JSON libraries keep: integers of any size,
//! `NaN` and the infinities, and strings with half a surrogate pair (Python
//! puts those into names of files that are not UTF-8).

mod integer;
mod number;
pub(crate) mod parse;
pub(crate) mod print;

use std::fmt;
use std::str::FromStr;

pub use integer::Integer;

use crate::error::{Error, Result};
use crate::limits::Limits;

/// A JSON value.
///
/// ```
/// use gnz::Value;
///
/// let value: Value = r#"{"rate": 1024.0, "id": 340282366920938463463374607431768211456, "é": null}"#.parse()?;
/// assert_eq!(value.get("rate").and_then(Value::as_f64), Some(1024.0));
/// assert_eq!(
///     value.to_string(),
///     r#"{"id": 340282366920938463463374607431768211456, "rate": 1024.0, "\u00e9": null}"#,
/// );
/// # Ok::<(), gnz::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction and exponent, of any size.
    Integer(Integer),
    /// A number with fraction or exponent; `NaN`, `Infinity`, `-Infinity`.
    Float(f64),
    /// Text.
    String(String),
    /// A string that is not text because half of a surrogate pair is missing:
    /// its UTF-16 code units.
    IllFormed(Vec<u16>),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// What kind of value it is, for error texts.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::String(_) | Value::IllFormed(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number as a float (rounded, if it is a large integer).
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => Some(number.to_f64()),
            _ => None,
        }
    }

    /// The number, if it is an integer in that range.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => number.to_i64(),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// A JSON object. Keys are in order of their code points, as Python's
/// `sort_keys` prints them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// Sorted by key without repetition. UTF-8 sorts as its code points do.
    entries: Vec<(String, Value)>,
}

impl Object {
    /// An object without keys.
    pub fn new() -> Object {
        Object::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.find(key).ok()?;
        Some(&self.entries[at].1)
    }

    /// Sets a key and hands back what it had before.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes a key out and hands back what it had.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.find(key).ok()?;
        Some(self.entries.remove(at).1)
    }

    /// Keys and values in order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, key: &str) -> std::result::Result<usize, usize> {
        self.entries.binary_search_by(|(have, _)| have.as_str().cmp(key))
    }
}

impl FromIterator<(String, Value)> for Object {
    /// Of repeated keys the last one counts.
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(pairs: I) -> Object {
        let mut entries: Vec<(String, Value)> = pairs.into_iter().collect();
        // The sort is stable, so reversing first puts the last of equals ahead.
        entries.reverse();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, earlier| later.0 == earlier.0);
        Object { entries }
    }
}

impl FromStr for Value {
    type Err = Error;

    /// Reads JSON under the default [`Limits::depth`]; offsets in errors count from the text's start.
    fn from_str(text: &str) -> Result<Value> {
        parse::Parser::new(text, 0, Limits::default().depth).document()
    }
}

impl fmt::Display for Value {
    /// The text that Python's `json.dumps(value, sort_keys=True)` gives.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        print::value(&mut text, self);
        f.write_str(&text)
    }
}

macro_rules! value_from {
    ($($from:ty, $name:ident => $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Value {
                $value
            }
        }
    )*};
}

value_from! {
    bool, v => Value::Bool(v);
    i32, v => Value::Integer(v.into());
    u32, v => Value::Integer(v.into());
    i64, v => Value::Integer(v.into());
    u64, v => Value::Integer(v.into());
    f64, v => Value::Float(v);
    Integer, v => Value::Integer(v);
    &str, v => Value::String(v.to_owned());
    String, v => Value::String(v);
    Object, v => Value::Object(v);
    Vec<Value>, v => Value::List(v);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_by_code_point_and_the_last_of_equals_counts() {
        let object: Object = [("b", 1), ("a", 2), ("\u{1f30d}", 3), ("\u{ffff}", 4), ("a", 5)]
            .map(|(key, value)| (key.to_owned(), Value::from(value)))
            .into_iter()
            .collect();
        let keys: Vec<&str> = object.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "b", "\u{ffff}", "\u{1f30d}"]);
        assert_eq!(object.get("a").and_then(Value::as_i64), Some(5));
    }

    #[test]
    fn inserting_and_removing_hand_back_what_was_there() {
        let mut object = Object::new();
        assert_eq!(object.insert("k", 1), None);
        assert_eq!(object.insert("k", 2), Some(Value::from(1)));
        assert_eq!(object.remove("k"), Some(Value::from(2)));
        assert!(object.is_empty());
    }
}
