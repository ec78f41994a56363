//! Python literals: what `ast.literal_eval` understands, as far as numpy writes it into headers.
//!
//! Texts, whole numbers, `True`, `False`, `None`, tuples, lists and dictionaries. Nothing is evaluated.
//! Nesting is bounded, and a value takes memory in proportion to its text.

use std::fmt::{self, Write};

use crate::structured::MOST_NESTING;

/// A literal and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its value.
    pub value: LiteralValue,
    /// Characters of the text before it.
    pub at: usize,
}

/// The value of a [`Literal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiteralValue {
    /// `'text'`, `"text"`, `u'text'`.
    Text(String),
    /// A whole number that is not negative, with or without the `L` of Python 2.
    Number(u64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// `(1, 2)`, `(1,)`, `()`.
    Tuple(Vec<Literal>),
    /// `[1, 2]`.
    List(Vec<Literal>),
    /// `{'key': value}`, in the order of the text.
    Dictionary(Vec<(Literal, Literal)>),
}

/// A text that is no literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at character {at}, found {found}")]
#[non_exhaustive]
pub struct LiteralError {
    /// Characters of the text before the place.
    pub at: usize,
    /// What would be right there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Literal {
    /// Reads a literal that is the whole of `text`, white space aside.
    ///
    /// ```
    /// use wavekeep_core::{Literal, LiteralValue};
    ///
    /// let literal = Literal::parse(" 'a' ")?;
    /// assert_eq!(literal.value, LiteralValue::Text("a".to_owned()));
    /// assert!(Literal::parse("__import__('os')").is_err());
    /// # Ok::<(), wavekeep_core::LiteralError>(())
    /// ```
    ///
    /// # Errors
    /// [`LiteralError`], with the place.
    pub fn parse(text: &str) -> Result<Self, LiteralError> {
        let mut parser = Parser { rest: text, at: 0 };
        let literal = parser.literal(0)?;
        match parser.peek() {
            None => Ok(literal),
            Some(_) => Err(parser.unexpected("nothing but white space")),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            LiteralValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if it is a tuple or a list.
    pub fn as_sequence(&self) -> Option<&[Literal]> {
        match &self.value {
            LiteralValue::Tuple(members) | LiteralValue::List(members) => Some(members),
            _ => None,
        }
    }

    /// An error at this place; what was found is the literal itself, shortened.
    pub fn unexpected(&self, expected: impl Into<String>) -> LiteralError {
        let found = shortened(&self.to_string());
        LiteralError { at: self.at, expected: expected.into(), found }
    }
}

/// As Python's `repr` writes it, but for characters beyond ASCII, which stay.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            LiteralValue::Text(text) => f.write_str(&quoted(text)),
            LiteralValue::Number(number) => write!(f, "{number}"),
            LiteralValue::Bool(true) => f.write_str("True"),
            LiteralValue::Bool(false) => f.write_str("False"),
            LiteralValue::None => f.write_str("None"),
            LiteralValue::Tuple(members) => {
                f.write_char('(')?;
                separated(f, members, |f, member| member.fmt(f))?;
                f.write_str(if members.len() == 1 { ",)" } else { ")" })
            }
            LiteralValue::List(members) => {
                f.write_char('[')?;
                separated(f, members, |f, member| member.fmt(f))?;
                f.write_char(']')
            }
            LiteralValue::Dictionary(pairs) => {
                f.write_char('{')?;
                separated(f, pairs, |f, (key, value)| write!(f, "{key}: {value}"))?;
                f.write_char('}')
            }
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

/// A text as a Python literal.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character == quote => quoted.extend(['\\', quote]),
            // What is left of the control characters lies below 256.
            _ if character.is_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What is left of the text, and how many characters were before it.
struct Parser<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// The next character that is not white space, without consuming it.
    fn peek(&mut self) -> Option<char> {
        while self.rest.starts_with([' ', '\t', '\n', '\r', '\x0c']) {
            self.next();
        }
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        self.at += 1;
        Some(next)
    }

    /// Consumes `next`, which is what follows.
    fn skip(&mut self, next: &str) {
        self.rest = &self.rest[next.len()..];
        self.at += next.chars().count();
    }

    fn unexpected(&self, expected: &str) -> LiteralError {
        let found = if self.rest.is_empty() {
            "its end".to_owned()
        } else {
            shortened(self.rest.trim_end())
        };
        LiteralError { at: self.at, expected: expected.to_owned(), found }
    }

    fn literal(&mut self, depth: usize) -> Result<Literal, LiteralError> {
        // Each field is a tuple in a list: two for every level of a type.
        if depth > 2 * MOST_NESTING + 4 {
            return Err(self.unexpected("less nesting"));
        }
        let first = self.peek();
        let at = self.at;
        let value = match first {
            Some('\'' | '"') => LiteralValue::Text(self.text()?),
            Some('u' | 'U') if self.rest[1..].starts_with(['\'', '"']) => {
                self.next();
                LiteralValue::Text(self.text()?)
            }
            Some('0'..='9') => LiteralValue::Number(self.number()?),
            Some('[') => LiteralValue::List(self.members(']', depth)?.0),
            Some('(') => match self.members(')', depth)? {
                // Brackets around one value are only brackets.
                (mut members, false) if members.len() == 1 => members.remove(0).value,
                (members, _) => LiteralValue::Tuple(members),
            },
            Some('{') => LiteralValue::Dictionary(self.pairs(depth)?),
            _ => {
                let word = self.word();
                let value = match word {
                    "True" => LiteralValue::Bool(true),
                    "False" => LiteralValue::Bool(false),
                    "None" => LiteralValue::None,
                    _ => return Err(self.unexpected("a literal")),
                };
                self.skip(word);
                value
            }
        };
        Ok(Literal { value, at })
    }

    /// The letters and digits that follow, without consuming them.
    fn word(&self) -> &'a str {
        let is_of_word = |character: char| character == '_' || character.is_alphanumeric();
        let end = self.rest.find(|character| !is_of_word(character)).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// What stands between brackets, and whether a comma ends it.
    fn members(&mut self, end: char, depth: usize) -> Result<(Vec<Literal>, bool), LiteralError> {
        self.next();
        let mut members = Vec::new();
        let mut has_comma = false;
        while self.peek() != Some(end) {
            if !members.is_empty() && !has_comma {
                return Err(self.unexpected(&format!("',' or '{end}'")));
            }
            members.push(self.literal(depth + 1)?);
            has_comma = self.comma();
        }
        self.next();
        Ok((members, has_comma))
    }

    fn pairs(&mut self, depth: usize) -> Result<Vec<(Literal, Literal)>, LiteralError> {
        self.next();
        let mut pairs = Vec::new();
        let mut has_comma = true;
        while self.peek() != Some('}') {
            if !has_comma {
                return Err(self.unexpected("',' or '}'"));
            }
            let key = self.literal(depth + 1)?;
            if self.peek() != Some(':') {
                return Err(self.unexpected("':'"));
            }
            self.next();
            pairs.push((key, self.literal(depth + 1)?));
            has_comma = self.comma();
        }
        self.next();
        Ok(pairs)
    }

    fn comma(&mut self) -> bool {
        let is_there = self.peek() == Some(',');
        if is_there {
            self.next();
        }
        is_there
    }

    fn number(&mut self) -> Result<u64, LiteralError> {
        let word = self.word();
        // Python 2 marked its long integers.
        let digits = word.strip_suffix(['L', 'l']).unwrap_or(word);
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        let number = digits.parse().ok().filter(|_| is_plain);
        let number = number.ok_or_else(|| self.unexpected("a whole number below 2^64"))?;
        self.skip(word);
        Ok(number)
    }

    fn text(&mut self) -> Result<String, LiteralError> {
        let quote = self.next();
        let mut text = String::new();
        loop {
            let here = Parser { ..*self };
            match self.next() {
                None | Some('\n') => return Err(here.unexpected("the end of a text")),
                next if next == quote => return Ok(text),
                Some('\\') => {
                    let character = self.escape();
                    // Only a backslash and a line end stand for nothing.
                    if let Some(character) =
                        character.ok_or_else(|| here.unexpected("an escape of Python's"))?
                    {
                        text.push(character);
                    }
                }
                Some(character) => text.push(character),
            }
        }
    }

    /// What stands behind a backslash: `None` if nobody knows it, `Some(None)` if it is nothing.
    fn escape(&mut self) -> Option<Option<char>> {
        let code = match self.next()? {
            '\n' => return Some(None),
            character @ ('\\' | '\'' | '"') => return Some(Some(character)),
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            _ => return None,
        };
        char::from_u32(code).map(Some)
    }

    fn code(&mut self, digits: usize) -> Option<u32> {
        let rest: &'a str = self.rest;
        let text = rest.get(..digits)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(text, 16).ok().filter(|_| is_plain)?;
        self.skip(text);
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(text: &str) -> Result<String, String> {
        Literal::parse(text).map(|it| it.to_string()).map_err(|it| it.to_string())
    }

    #[test]
    fn literals_come_back_as_python_writes_them() {
        for (text, expected) in [
            ("'a'", "'a'"),
            (" \"a\" \n", "'a'"),
            ("u'é'", "'é'"),
            ("'it\\'s'", "\"it's\""),
            ("'\"\\''", "'\"\\''"),
            ("'\\x41\\u00e9\\U0001f30d\\n\\x00\\\\'", "'Aé🌍\\n\\x00\\\\'"),
            ("12L", "12"),
            ("18446744073709551615", "18446744073709551615"),
            ("(1)", "1"),
            ("( 1 , )", "(1,)"),
            ("()", "()"),
            ("(1,2)", "(1, 2)"),
            ("[True,False, None,]", "[True, False, None]"),
            ("{'a':[('b','<f4')],}", "{'a': [('b', '<f4')]}"),
        ] {
            assert_eq!(repr(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_refused_with_its_place() {
        for text in [
            "",
            "'",
            "'a",
            "'a\nb'",
            "'\\q'",
            "'\\xé'",
            "'\\ud800'",
            "(",
            "[1 2]",
            "(,)",
            "[,]",
            "{1}",
            "{'a': 1 'b': 2}",
            "{,}",
            "01",
            "1.0",
            "1e3",
            "-1",
            "0x1",
            "18446744073709551616",
            "x",
            "True1",
            "None()",
            "1 + 1",
            "b'a'",
            "[1,,2]",
            "__import__('os').system('true')",
            "'a' 'b'",
            "é",
            "u",
        ] {
            assert!(Literal::parse(text).is_err(), "{text}");
        }
        let error = Literal::parse("('é', x)").unwrap_err();
        assert_eq!(error.to_string(), "expected a literal at character 6, found x)");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = 100_000;
        for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}")] {
            let text = format!("{}{}", open.repeat(deep), close.repeat(deep));
            assert!(Literal::parse(&text).unwrap_err().expected.contains("nesting"));
        }
    }
}
