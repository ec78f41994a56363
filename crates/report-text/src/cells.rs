//! Lines to cells: quoted or bare, with any of the separators that exports use.

/// What stands between the cells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    Tab,
    Semicolon,
    Comma,
    Blanks,
}

impl Separator {
    /// The one that a heading uses: the first of tab, semicolon and comma that occurs in it.
    pub(crate) fn of(line: &str) -> Self {
        [('\t', Self::Tab), (';', Self::Semicolon), (',', Self::Comma)]
            .into_iter()
            .find(|(sign, _)| line.contains(*sign))
            .map_or(Self::Blanks, |(_, separator)| separator)
    }

    fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Blanks => b' ',
        }
    }
}

/// The cells of `line`, without quotes and the blanks around them.
pub(crate) fn cells(line: &str, separator: Separator) -> Cells<'_> {
    Cells { rest: Some(line), separator }
}

/// See [`cells`].
pub(crate) struct Cells<'l> {
    rest: Option<&'l str>,
    separator: Separator,
}

impl<'l> Iterator for Cells<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let rest = self.rest?;
        if self.separator == Separator::Blanks {
            let rest = rest.trim_start();
            if rest.is_empty() {
                self.rest = None;
                return None;
            }
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            self.rest = Some(&rest[end..]);
            return Some(rest[..end].trim_matches('"'));
        }
        let sign = self.separator.byte();
        let find = |text: &str| memchr::memchr(sign, text.as_bytes());
        let (cell, after) = match quoted(rest, sign) {
            Some((cell, after)) => (cell, after),
            None => {
                let end = find(rest);
                (&rest[..end.unwrap_or(rest.len())], &rest[end.unwrap_or(rest.len())..])
            }
        };
        self.rest = find(after).map(|at| &after[at + 1..]);
        Some(trimmed(cell))
    }
}

/// A cell in quotes at the beginning of `text`, and what stands behind it: blanks and a separator,
/// or the end.
fn quoted(text: &str, sign: u8) -> Option<(&str, &str)> {
    if !matches!(text.as_bytes().first(), Some(b'"' | b' ')) {
        return None;
    }
    let inside = text.trim_start_matches(' ').strip_prefix('"')?;
    let mut from = 0;
    loop {
        let end = from + memchr::memchr(b'"', &inside.as_bytes()[from..])?;
        let after = &inside[end + 1..];
        let next = after.trim_start_matches(' ');
        if next.is_empty() || next.as_bytes()[0] == sign {
            return Some((&inside[..end], after));
        }
        // A quote within the cell.
        from = end + 1;
    }
}

fn trimmed(cell: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = cell.as_bytes();
    if is_plain(bytes.last()) && (is_plain(bytes.first()) || bytes.first() == Some(&b'-')) {
        return cell;
    }
    cell.trim().trim_matches('"').trim()
}

/// Whether nothing is written in a line: separators and empty quotes at most.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'"' | b',' | b';'))
}

/// A line without the quotes around the whole of it.
pub(crate) fn unquoted(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_prefix('"').unwrap_or(line);
    line.strip_suffix('"').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, separator: Separator) -> Vec<&str> {
        cells(line, separator).collect()
    }

    #[test]
    fn cells_are_quoted_or_bare_and_padded() {
        for (line, separator) in [
            ("\"a\",\"b c\",\"\",\"-1.5\"", Separator::Comma),
            ("a;b c;;-1.5", Separator::Semicolon),
            ("  a \t\"b c\"\t\t  -1.5", Separator::Tab),
            ("\"a\" ; \"b c\" ; ; -1.5", Separator::Semicolon),
        ] {
            assert_eq!(of(line, separator), ["a", "b c", "", "-1.5"], "{line}");
        }
        assert_eq!(of("  a  -1.5 ", Separator::Blanks), ["a", "-1.5"]);
    }

    #[test]
    fn a_separator_within_quotes_separates_nothing() {
        assert_eq!(of("\"a, b\",\"c \"d\" e\"", Separator::Comma), ["a, b", "c \"d\" e"]);
        assert_eq!(of("\"open, b", Separator::Comma), ["open", "b"]);
    }

    #[test]
    fn blank_is_what_holds_no_text() {
        assert!(is_blank("") && is_blank(" \t ") && is_blank("\"\"") && is_blank("\"\",\"\""));
        assert!(!is_blank("\"a\"") && !is_blank("0"));
    }
}
