//! A strict JSON reader that knows where it is.
//!
//! It accepts what Python's `json.loads` accepts with its defaults, except
//! that a repeated key is an error: of two values one would be lost silently.
//! Memory grows with the text, never with a number in it; nesting is counted.

use std::borrow::Cow;

use super::{Integer, Object, Value};
use crate::error::{Error, Result};

/// A position in JSON text.
pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins in its file, for errors.
    base: u64,
    depth: usize,
    limit: usize,
}

/// A string of the text; borrowed when it has no escapes.
pub(crate) enum Text<'a> {
    Plain(Cow<'a, str>),
    IllFormed(Vec<u16>),
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, base: u64, depth_limit: usize) -> Parser<'a> {
        Parser { text, at: 0, base, depth: 0, limit: depth_limit }
    }

    /// One value and nothing else.
    pub(super) fn document(&mut self) -> Result<Value> {
        let value = self.value()?;
        self.end()?;
        Ok(value)
    }

    /// Fails unless only white space is left.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.syntax("the end of the header")),
        }
    }

    /// Position of the next token in the file.
    pub(crate) fn offset(&mut self) -> u64 {
        self.skip_space();
        self.base + self.at as u64
    }

    /// Kind of the next value, for messages.
    pub(crate) fn kind(&mut self) -> &'static str {
        match self.peek() {
            None => "nothing",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => "a number",
            Some(_) => "no JSON value",
        }
    }

    /// Where the parser stands, to come back to with [`rewind`](Self::rewind).
    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.at, self.depth)
    }

    pub(crate) fn rewind(&mut self, (at, depth): (usize, usize)) {
        self.at = at;
        self.depth = depth;
    }

    pub(crate) fn value(&mut self) -> Result<Value> {
        match self.peek() {
            Some(b'{') => {
                let mut entries: Vec<(String, Value, u64)> = Vec::new();
                self.object(|parser, key, offset| {
                    let value = parser.value()?;
                    entries.push((key.into_owned(), value, offset));
                    Ok(())
                })?;
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(Error::DuplicateKey { offset: pair[1].2, key: pair[1].0.clone() });
                }
                let mut kept = Vec::with_capacity(entries.len());
                kept.extend(entries.into_iter().map(|(key, value, _)| (key, value)));
                Ok(Value::Object(Object { entries: kept }))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.list(|parser| {
                    items.push(parser.value()?);
                    Ok(())
                })?;
                // Many tiny lists would otherwise hold several times what they need.
                items.shrink_to_fit();
                Ok(Value::List(items))
            }
            Some(b'"') => Ok(match self.string()? {
                Text::Plain(text) => Value::String(text.into_owned()),
                Text::IllFormed(units) => Value::IllFormed(units),
            }),
            Some(b'-' | b'0'..=b'9') if !self.rest().starts_with("-I") => {
                let number = self.number()?;
                Ok(if number.bytes().all(|b| b == b'-' || b.is_ascii_digit()) {
                    Value::Integer(Integer::from_json(number))
                } else {
                    // The grammar of JSON is a part of Rust's; beyond the range
                    // of floats both give infinity, as Python does.
                    Value::Float(number.parse().unwrap_or(f64::NAN))
                })
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value> {
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.syntax("a value"))
    }

    /// Calls back at each value of an object with its key and the key's offset.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>, u64) -> Result<()>,
    ) -> Result<()> {
        self.enter(b'{', "`{`")?;
        if self.peek() != Some(b'}') {
            loop {
                let offset = self.offset();
                if self.peek() != Some(b'"') {
                    return Err(self.syntax("a key in quotes"));
                }
                let Text::Plain(key) = self.string()? else {
                    return Err(Error::LoneSurrogate { offset });
                };
                self.expect(b':', "`:`")?;
                member(self, key, offset)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return Err(self.syntax("`,` or `}`")),
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// Calls back at each item of a list.
    pub(crate) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.enter(b'[', "`[`")?;
        if self.peek() != Some(b']') {
            loop {
                item(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return Err(self.syntax("`,` or `]`")),
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// The text of a number.
    pub(crate) fn number(&mut self) -> Result<&'a str> {
        self.skip_space();
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.syntax("a digit"));
        }
        Ok(())
    }

    pub(crate) fn string(&mut self) -> Result<Text<'a>> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        self.plain_run();
        if self.byte() == Some(b'"') {
            let text = &self.text[start..self.at];
            self.at += 1;
            return Ok(Text::Plain(Cow::Borrowed(text)));
        }

        let mut text = self.text[start..self.at].to_owned();
        let mut units: Option<Vec<u16>> = None;
        let push = |text: &mut String, units: &mut Option<Vec<u16>>, part: &str| match units {
            None => text.push_str(part),
            Some(units) => units.extend(part.encode_utf16()),
        };
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => match self.escape()? {
                    Ok(char) => push(&mut text, &mut units, char.encode_utf8(&mut [0; 4])),
                    Err(lone) => {
                        units.get_or_insert_with(|| text.encode_utf16().collect()).push(lone)
                    }
                },
                None => return Err(self.syntax("`\"`")),
                Some(0..=0x1f) => return Err(self.syntax("an escaped control character")),
                Some(_) => {
                    let start = self.at;
                    self.plain_run();
                    push(&mut text, &mut units, &self.text[start..self.at]);
                }
            }
        }
        self.at += 1;
        Ok(match units {
            None => Text::Plain(Cow::Owned(text)),
            Some(units) => Text::IllFormed(units),
        })
    }

    /// Steps over characters that stand for themselves.
    fn plain_run(&mut self) {
        while matches!(self.byte(), Some(byte) if byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    /// One escape: a character, or half of a surrogate pair that stands alone.
    fn escape(&mut self) -> Result<Result<char, u16>> {
        self.at += 1;
        let char = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.syntax("an escape")),
        };
        self.at += 1;
        Ok(Ok(char))
    }

    fn unicode_escape(&mut self) -> Result<Result<char, u16>> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            let back = self.at;
            self.at += 1;
            let second = self.hex()?;
            if let Some(Ok(char)) = char::decode_utf16([first, second]).next() {
                return Ok(Ok(char));
            }
            self.at = back;
        }
        Ok(char::from_u32(first.into()).ok_or(first))
    }

    /// Four hexadecimal digits after the `u` that the parser stands at.
    fn hex(&mut self) -> Result<u16> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.syntax("four hexadecimal digits"));
            };
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }

    fn enter(&mut self, bracket: u8, expected: &'static str) -> Result<()> {
        if self.depth == self.limit {
            return Err(Error::TooDeep { offset: self.offset(), limit: self.limit });
        }
        self.expect(bracket, expected)?;
        self.depth += 1;
        Ok(())
    }

    /// Steps over a closing bracket that was seen.
    fn leave(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.peek() != Some(byte) {
            return Err(self.syntax(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.byte()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// What is left, from the start of a character on.
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(crate) fn syntax(&self, expected: &'static str) -> Error {
        let found = match self.rest().chars().next() {
            None => "the end of the header".to_owned(),
            Some(char) => format!("`{}`", char.escape_default()),
        };
        Error::NotJson { offset: self.base + self.at as u64, expected, found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Value> {
        text.parse()
    }

    #[test]
    fn escapes_give_characters_and_pairs_are_joined() {
        let value = parse(r#""\"\\\/\b\f\n\r\t\u00e9\ud83c\udf0d~é""#).expect("JSON");
        assert_eq!(value.as_str(), Some("\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f30d}~\u{e9}"));
    }

    #[test]
    fn half_a_pair_is_kept_and_printed_as_it_was() {
        for text in [r#""a\ud800""#, r#""\udc00é""#, r#""\ud800\u0041""#, r#""\ud800\ud83c\udf0d""#]
        {
            let value = parse(text).expect("JSON");
            assert!(matches!(value, Value::IllFormed(_)), "{text}");
            assert_eq!(value.to_string(), text.replace('é', "\\u00e9").replace("\\u0041", "A"));
        }
        assert!(matches!(
            parse(r#"{"a": 1, "\ud800": 2}"#),
            Err(Error::LoneSurrogate { offset: 9 })
        ));
    }

    #[test]
    fn what_python_reads_is_read_as_python_reads_it() {
        for (text, printed) in [
            (" [1 , -0 , 1e2\t,\r\n1E+400, -1e400] ", "[1, 0, 100.0, Infinity, -Infinity]"),
            ("[NaN, Infinity, -Infinity]", "[NaN, Infinity, -Infinity]"),
            ("[true, false, null, {}, []]", "[true, false, null, {}, []]"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(parse(text).expect(text).to_string(), printed);
        }
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_goes_wrong() {
        for (text, at) in [
            ("", 0),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\" 1}", 5),
            ("{a: 1}", 1),
            ("{\"a\": 1,}", 8),
            ("01", 1),
            ("1.", 2),
            ("1e", 2),
            ("-", 1),
            ("+1", 0),
            (".5", 0),
            ("-Infinit", 0),
            ("\"a", 2),
            ("\"a\nb\"", 2),
            ("\"\\x\"", 2),
            ("\"\\u12g4\"", 5),
            ("\"\\ud800\\u1\"", 10),
            ("tru", 0),
            ("nullx", 4),
            ("\u{feff}1", 0),
            ("'a'", 0),
        ] {
            match parse(text) {
                Err(Error::NotJson { offset, .. }) => assert_eq!(offset, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn repeated_keys_are_refused_at_every_level() {
        assert!(matches!(
            parse(r#"[{"b": 1, "a": {"x": 1, "y": 0, "x": 2}}]"#),
            Err(Error::DuplicateKey { offset: 32, key }) if key == "x"
        ));
    }

    #[test]
    fn nesting_is_counted_not_recursed_into() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&nested(128)).is_ok());
        assert!(matches!(parse(&nested(129)), Err(Error::TooDeep { offset: 128, limit: 128 })));
        assert!(matches!(parse(&"[".repeat(1 << 20)), Err(Error::TooDeep { .. })));
    }
}
