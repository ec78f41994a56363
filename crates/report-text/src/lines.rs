//! Bytes to lines: encodings, line ends, and bounds on what a line may hold.

use std::io::{self, BufRead, Chain, Cursor, Read};

use memchr::memchr2;
use wavekeep_core::{Error, Result};

use crate::encoding::{self, Utf16Reader};

/// As many bytes of a line as are looked at; no line of a report comes near it.
const LINE_BYTES: usize = 64 << 10;
/// As many bytes as the choice of an encoding looks at.
const HEAD_BYTES: u64 = 1024;

/// The lines of a text, whatever its encoding and line ends: `LF`, `CRLF` and `CR` each end one.
pub(crate) struct Lines<'r> {
    input: Box<dyn BufRead + 'r>,
    /// Whether a byte order mark says that the text is Unicode.
    is_marked: bool,
    bytes: Vec<u8>,
    text: String,
    number: u64,
    consumed: u64,
    limit: u64,
    after_cr: bool,
}

/// One line.
pub(crate) struct Line<'l> {
    /// Its number in the text, from 1.
    pub number: u64,
    /// Its text without the line end and what is blank around it.
    pub text: &'l str,
    /// Whether it is longer than what is looked at.
    pub is_cut: bool,
}

impl<'r> Lines<'r> {
    /// The lines of `input`, of which at most `limit` bytes (of the text in UTF-8) are read.
    pub(crate) fn new(input: &'r mut dyn BufRead, limit: u64) -> Result<Self> {
        let mut head = Vec::new();
        let read = (&mut *input).take(HEAD_BYTES).read_to_end(&mut head);
        read.map_err(|error| read_error(0, &error))?;
        let mut is_marked = true;
        let (skip, utf16) = match head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(false)),
            [0xfe, 0xff, ..] => (2, Some(true)),
            head => {
                is_marked = false;
                (0, encoding::utf16_without_mark(head))
            }
        };
        let mut head = Cursor::new(head);
        head.set_position(skip);
        let input: Chain<Cursor<Vec<u8>>, &'r mut dyn BufRead> = head.chain(input);
        let input: Box<dyn BufRead + 'r> = match utf16 {
            None => Box::new(input),
            Some(is_big_endian) => Box::new(Utf16Reader::new(input, is_big_endian)),
        };
        let (bytes, text) = (Vec::new(), String::new());
        Ok(Self { input, is_marked, bytes, text, number: 0, consumed: 0, limit, after_cr: false })
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.bytes.clear();
        let mut is_cut = false;
        loop {
            let chunk = loop {
                match self.input.fill_buf() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(read_error(self.consumed, &error)),
                    Ok(_) => break self.input.fill_buf().unwrap_or_default(),
                }
            };
            if chunk.is_empty() {
                if self.bytes.is_empty() && !is_cut {
                    return Ok(None);
                }
                break;
            }
            if self.after_cr {
                self.after_cr = false;
                if chunk[0] == b'\n' {
                    self.input.consume(1);
                    self.consumed += 1;
                    continue;
                }
            }
            let end = memchr2(b'\n', b'\r', chunk);
            let piece = &chunk[..end.unwrap_or(chunk.len())];
            let room = LINE_BYTES.saturating_sub(self.bytes.len()).min(piece.len());
            is_cut |= room < piece.len();
            self.bytes.extend_from_slice(&piece[..room]);
            self.after_cr = end.is_some_and(|end| chunk[end] == b'\r');
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.consumed += used as u64;
            if self.consumed > self.limit {
                return Err(Error::Limit {
                    what: "length of the report text in bytes".into(),
                    limit: self.limit,
                    found: self.consumed,
                    raise: "--max-report-bytes",
                });
            }
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        let text = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => {
                self.text.clear();
                if self.is_marked || is_cut {
                    self.text.push_str(&String::from_utf8_lossy(&self.bytes));
                } else {
                    encoding::push_windows_1252(&self.bytes, &mut self.text);
                }
                &self.text
            }
        };
        // A control character at the end is DOS's mark of the end of a file, or padding.
        let text = text.trim_matches(|c: char| (c.is_whitespace() || c.is_control()) && c != '\t');
        Ok(Some(Line { number: self.number, text, is_cut }))
    }
}

fn read_error(offset: u64, error: &io::Error) -> Error {
    Error::Read { offset, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut input = bytes;
        let mut lines = Lines::new(&mut input, 1 << 20).unwrap();
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            out.push((line.number, line.text.to_owned()));
        }
        out
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_line_end_ends_one_line_and_blank_lines_count() {
        let expected =
            [(1, "a".to_owned()), (2, String::new()), (3, "b".to_owned()), (4, "c".to_owned())];
        for text in ["a\n\nb\nc", "a\r\n\r\nb\r\nc\r\n", "a\r\rb\rc\r", "a\n\r\nb\rc\n"] {
            assert_eq!(lines(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn an_encoding_is_told_by_its_mark_or_by_its_bytes() {
        let text = "Baustelle : Steinbruch M\u{fc}hle\r\nTran PPV : 0.190 in/s \u{2013} \u{1f600}";
        let expected = lines(text.as_bytes());
        assert_eq!(expected[0].1, "Baustelle : Steinbruch M\u{fc}hle");
        assert_eq!(lines(format!("\u{feff}{text}").as_bytes()), expected);
        for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(lines(&utf16(text, unit)), expected);
            assert_eq!(lines(&utf16(&format!("\u{feff}{text}"), unit)), expected);
        }
        assert_eq!(lines(b"M\xfchle \x96 \x80")[0].1, "M\u{fc}hle \u{2013} \u{20ac}");
    }

    #[test]
    fn a_line_of_any_length_takes_bounded_memory() {
        let mut endless = io::BufReader::new(io::repeat(b'x').take(10 << 20));
        let mut lines = Lines::new(&mut endless, 1 << 30).unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.is_cut && line.text.len() == LINE_BYTES);
        assert!(lines.next().unwrap().is_none());
    }

    #[test]
    fn a_text_over_the_limit_is_refused_with_the_option_that_raises_it() {
        let mut input = &[b'\n'; 100][..];
        let mut lines = Lines::new(&mut input, 10).unwrap();
        let error = std::iter::from_fn(|| match lines.next() {
            Ok(_) => Some(None),
            Err(error) => Some(Some(error)),
        })
        .flatten()
        .next()
        .unwrap();
        assert!(error.to_string().contains("--max-report-bytes"), "{error}");
    }
}
