//! What is printed: with colours where they are wanted, and without anything from files that a
//! terminal would obey.

use std::fmt;
use std::io::{self, IsTerminal, Stderr, Stdout, Write};
use std::sync::{Mutex, PoisonError};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

/// The looks of words. A mark stands for each until it is printed, so that no byte of a file can pass
/// for one.
pub const GOOD: Look = Look(0);
pub const BAD: Look = Look(1);
pub const CARE: Look = Look(2);
pub const DIM: Look = Look(3);
pub const STRONG: Look = Look(4);

const STYLES: [Style; 5] = [
    AnsiColor::Green.on_default().bold(),
    AnsiColor::Red.on_default().bold(),
    AnsiColor::Yellow.on_default(),
    Style::new().dimmed(),
    Style::new().bold(),
];

/// The first of the marks; the last one ends a look. Nobody else may use these code points.
const FIRST_MARK: u32 = 0x10_ff00;
const END_MARK: u32 = FIRST_MARK + STYLES.len() as u32;

/// How a word looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look(u32);

/// A text with a look.
pub fn painted(look: Look, text: impl fmt::Display) -> String {
    let mark = |code| char::from_u32(code).unwrap_or_default();
    format!("{}{text}{}", mark(FIRST_MARK + look.0), mark(END_MARK))
}

/// Standard output.
pub fn stdout() -> Out<Stdout> {
    let stream = io::stdout();
    let is_terminal = stream.is_terminal();
    Out { stream: anstream::AutoStream::auto(stream), is_terminal }
}

fn stderr() -> Out<Stderr> {
    let stream = io::stderr();
    let is_terminal = stream.is_terminal();
    Out { stream: anstream::AutoStream::auto(stream), is_terminal }
}

/// A stream that people may look at.
pub struct Out<S: anstream::stream::RawStream> {
    stream: AutoStream<S>,
    is_terminal: bool,
}

impl<S: anstream::stream::RawStream + anstream::stream::AsLockedWrite> Write for Out<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.stream.write_all(printable(&text, self.is_terminal).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The text with looks in place of their marks and, for a terminal, with pictures in place of control
/// characters (␛ for escape).
fn printable(text: &str, is_terminal: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        let code = u32::from(character);
        let look = code.checked_sub(FIRST_MARK).map(|at| at as usize);
        match look {
            Some(at) if at < STYLES.len() => out.push_str(&STYLES[at].render().to_string()),
            Some(at) if at == STYLES.len() => out.push_str(&STYLES[0].render_reset().to_string()),
            _ if !is_terminal || matches!(character, '\n' | '\t') => out.push(character),
            _ => out.push(match code {
                0..0x20 => char::from_u32(0x2400 + code).unwrap_or('�'),
                0x7f => '␡',
                // Control characters of eight bits, and marks that turn the direction of writing.
                0x80..0xa0 | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069 => '�',
                _ => character,
            }),
        }
    }
    out
}

/// Why standard output failed, when lines that nothing waits for were printed.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line to standard output. One that cannot be printed is found by [`failure`]; further
/// ones are left out.
pub fn line(line: fmt::Arguments<'_>) {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    if failed.is_none()
        && let Err(error) = stdout().write_all(format!("{line}\n").as_bytes())
    {
        *failed = Some(error);
    }
}

/// Why a line could not be printed.
pub fn failure() -> Option<io::Error> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Prints a line to standard error. When that fails there is nobody to tell.
pub fn message(line: fmt::Arguments<'_>) {
    let _ = stderr().write_all(format!("{line}\n").as_bytes());
}

/// The width of the terminal behind standard output in characters.
pub fn width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// Prints a line to standard output.
macro_rules! outln {
    ($($argument:tt)*) => { $crate::terminal::line(format_args!($($argument)*)) };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($argument:tt)*) => { $crate::terminal::message(format_args!($($argument)*)) };
}

pub(crate) use {errln, outln};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_reaches_it_from_a_file() {
        let hostile = "a\u{1b}]0;title\u{7}b\rc\u{9b}2Jd\u{202e}e\u{7f}";
        let shown = printable(hostile, true);
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown:?}");
        assert_eq!(shown.chars().count(), hostile.chars().count(), "columns stay in line");
        assert_eq!(printable(hostile, false), hostile, "a pipe gets what is there");
        assert_eq!(printable("a\tb\n", true), "a\tb\n");
    }

    #[test]
    fn a_look_becomes_a_style_and_ends() {
        let text = printable(&painted(BAD, "damaged"), true);
        assert!(text.starts_with('\u{1b}') && text.ends_with("\u{1b}[0m"), "{text:?}");
    }
}
