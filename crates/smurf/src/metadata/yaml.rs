//! Plain data from YAML: maps, lists, numbers, booleans, null and text. Nothing else is ever made.
//!
//! Plain scalars mean what PyYAML takes them for (`no` is false, `0x10` is 16, `1_000` is 1000),
//! with these differences: `1:30` and dates stay text; numbers may have commas between thousands;
//! `.nan`, `.inf` and integers beyond 64 bits stay text, because JSON has no such numbers. Tags of
//! numbers, booleans and text are heeded; all other tags are passed over, so that `!include x` is
//! the text `x`.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

/// Deepest nesting; real trees have ten levels.
pub const MOST_DEPTH: usize = 64;

/// Why a text is no YAML, or none that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads one document.
///
/// ```
/// use wavekeep_smurf::yaml::parse;
///
/// let value = parse("Rate: !!float '60,667.050'\nOn: True\nMask: '[0, 2]'\nBy: !include secret\n")?;
/// assert_eq!(value["Rate"], 60667.05);
/// assert_eq!(value["On"], true);
/// assert_eq!(value["Mask"], "[0, 2]");
/// assert_eq!(value["By"], "secret");
/// # Ok::<(), wavekeep_smurf::yaml::YamlError>(())
/// ```
///
/// # Errors
/// [`YamlError`] for what is no YAML, nests deeper than [`MOST_DEPTH`], grows by aliases to many
/// times its size, or is more than one document.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    let mut builder = Builder::new(text.len());
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| YamlError {
            line: error.marker().line(),
            reason: error.to_string(),
        })?;
        builder
            .take(event)
            .map_err(|reason| YamlError { line: span.start.line(), reason: reason.to_owned() })?;
    }
    Ok(builder.document.map_or(Value::Null, |node| node.value))
}

/// A value with what it costs to repeat it.
#[derive(Clone)]
struct Node {
    value: Value,
    weight: usize,
    depth: usize,
}

enum Open {
    List {
        items: Vec<Value>,
        anchor: usize,
        weight: usize,
        depth: usize,
    },
    Map {
        items: Map<String, Value>,
        key: Option<String>,
        anchor: usize,
        weight: usize,
        depth: usize,
    },
}

struct Builder {
    open: Vec<Open>,
    document: Option<Node>,
    anchors: std::collections::BTreeMap<usize, Node>,
    /// What aliases may still repeat, in bytes and values.
    allowance: usize,
}

impl Builder {
    fn new(text: usize) -> Self {
        let allowance = (1 << 20) + text.saturating_mul(4);
        Self { open: Vec::new(), document: None, anchors: Default::default(), allowance }
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // A key is the text that stands there: `On` is no other key than "On".
                let key = matches!(self.open.last(), Some(Open::Map { key: None, .. }));
                let value = match key {
                    true => Value::String(text.clone().into_owned()),
                    false => scalar(&text, style, tag.as_deref()),
                };
                let node = Node { value, weight: 1 + text.len(), depth: 0 };
                self.put(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.enter(Open::List { items: Vec::new(), anchor, weight: 1, depth: 0 })
            }
            Event::MappingStart(_, anchor, _) => {
                let items = Map::new();
                self.enter(Open::Map { items, key: None, anchor, weight: 1, depth: 0 })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, anchor) = match self.open.pop() {
                    Some(Open::List { items, anchor, weight, depth }) => {
                        (Node { value: Value::Array(items), weight, depth: depth + 1 }, anchor)
                    }
                    Some(Open::Map { items, anchor, weight, depth, .. }) => {
                        (Node { value: Value::Object(items), weight, depth: depth + 1 }, anchor)
                    }
                    None => return Err("an end without a beginning"),
                };
                self.put(node, anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).ok_or("an alias inside what it names")?;
                self.allowance = self
                    .allowance
                    .checked_sub(node.weight)
                    .ok_or("aliases repeat more than this text is worth")?;
                let node = node.clone();
                self.put(node, 0)
            }
            Event::UnresolvedAlias(_) => Err("an alias for nothing"),
            Event::DocumentStart(..) if self.document.is_some() => Err("a second document"),
            _ => Ok(()),
        }
    }

    fn enter(&mut self, open: Open) -> Result<(), &'static str> {
        if self.open.len() == MOST_DEPTH {
            return Err("nested too deeply");
        }
        self.open.push(open);
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), &'static str> {
        if self.open.len() + node.depth > MOST_DEPTH {
            return Err("nested too deeply");
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
            // The copy that is kept counts as well: anchors around anchors multiply a text.
            self.allowance = self
                .allowance
                .checked_sub(node.weight)
                .ok_or("anchors name more than this text is worth")?;
        }
        match self.open.last_mut() {
            None => self.document = Some(node),
            Some(Open::List { items, weight, depth, .. }) => {
                *weight += node.weight;
                *depth = node.depth.max(*depth);
                items.push(node.value);
            }
            Some(Open::Map { items, key, weight, depth, .. }) => {
                *weight += node.weight;
                *depth = node.depth.max(*depth);
                match key.take() {
                    Some(name) => drop(items.insert(name, node.value)),
                    None => *key = Some(key_text(node.value)?),
                }
            }
        }
        Ok(())
    }
}

fn key_text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Array(_) | Value::Object(_) => Err("a list or map as a key"),
        simple => Ok(simple.to_string()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let as_text = || Value::String(text.to_owned());
    match tag.and_then(Tag::core_suffix) {
        Some("float" | "int") => number(text).unwrap_or_else(as_text),
        Some("bool") => boolean(text).unwrap_or_else(as_text),
        Some("null") => Value::Null,
        Some(_) => as_text(),
        None if style == ScalarStyle::Plain && tag.is_none() => plain(text),
        None => as_text(),
    }
}

/// What an untagged word means.
pub(crate) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => {
            boolean(text).or_else(|| number(text)).unwrap_or_else(|| Value::String(text.to_owned()))
        }
    }
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true.into()),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Some(false.into())
        }
        _ => None,
    }
}

/// Numbers as Python shows and YAML 1.1 reads them.
fn number(text: &str) -> Option<Value> {
    let digits = match text.contains(',') {
        true if commas_part_thousands(text) => text.replace(',', ""),
        true => return None,
        false => text.to_owned(),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let digits = digits.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let value = if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(unsigned(hex)?, 16).ok()?
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(unsigned(binary)?, 2).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(unsigned(digits)?, 8).ok()?
    } else {
        unsigned(digits)?.parse().ok()?
    };
    Number::from_i128(if negative { -value } else { value }).map(Value::Number)
}

/// `digits`, unless a second sign stands before them.
fn unsigned(digits: &str) -> Option<&str> {
    digits.starts_with(|first: char| first.is_ascii_hexdigit()).then_some(digits)
}

fn float(text: &str) -> Option<Value> {
    let allowed = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
    if !text.chars().all(allowed) || !text.contains(['.', 'e', 'E']) {
        return None;
    }
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

/// `1,234` and `-60,667.050`, but not `1,2`.
fn commas_part_thousands(text: &str) -> bool {
    let whole = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = whole.split(['.', 'e', 'E']).next().unwrap_or_default();
    let mut groups = whole.split(',');
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_mean_what_they_mean_to_the_writers_library() {
        for (text, expected) in [
            ("12", json!(12)),
            ("-3", json!(-3)),
            ("0x10", json!(16)),
            ("010", json!(8)),
            ("1_000", json!(1000)),
            ("1,234", json!(1234)),
            ("60,667.050", json!(60667.05)),
            ("1,2", json!("1,2")),
            ("2.5e-3", json!(0.0025)),
            ("1e5", json!(100000.0)),
            (".5", json!(0.5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("99999999999999999999999", json!("99999999999999999999999")),
            ("no", json!(false)),
            ("True", json!(true)),
            ("None", json!("None")),
            ("~", json!(null)),
            (".nan", json!(".nan")),
            ("1:30", json!("1:30")),
            ("2026-11-20", json!("2026-11-20")),
            ("1-2", json!("1-2")),
            ("'12'", json!("12")),
            ("!!str 12", json!("12")),
            ("!!int '1,000'", json!(1000)),
            ("!!float 'nonsense'", json!("nonsense")),
            ("!!python/object/apply:os.system ['rm']", json!(["rm"])),
            ("!include /etc/passwd", json!("/etc/passwd")),
            ("! 12", json!("12")),
        ] {
            // As a value, as it stands in metadata.
            let found = parse(&format!("key: {text}\n")).map(|value| value["key"].clone());
            assert_eq!(found, Ok(expected), "{text}");
        }
    }

    #[test]
    fn bombs_and_towers_are_refused() {
        let mut bomb = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let part = format!("*a{}", level - 1);
            bomb += &format!("b{level}: &a{level} [{}]\n", [part.as_str(); 10].join(", "));
        }
        assert!(parse(&bomb).unwrap_err().reason.contains("worth"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{}{}", "[".repeat(200), "]".repeat(200))).is_err());
        assert!(parse("a: &a [*a]").is_err());
        assert!(parse("a: 1\n---\nb: 2\n").is_err());
        assert!(parse("not: [valid yaml\n").is_err());
        assert!(parse("a: *missing").is_err());
    }

    #[test]
    fn an_empty_text_is_null_and_of_two_equal_keys_the_last_stands() {
        assert_eq!(parse(""), Ok(Value::Null));
        assert_eq!(parse("# a remark\n"), Ok(Value::Null));
        assert_eq!(parse("a: 1\na: 2\n1: x\n"), Ok(json!({"a": 2, "1": "x"})));
    }
}
