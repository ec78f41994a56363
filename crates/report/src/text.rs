//! The embedded font: how wide a text is, and how it is made to fit.

use std::borrow::Cow;
use std::sync::LazyLock;

use ttf_parser::Face;

/// The fonts that are drawn with; no font of the machine is ever used.
pub(crate) const REGULAR: &[u8] = include_bytes!("../fonts/LiberationSans-Regular.ttf");
pub(crate) const BOLD: &[u8] = include_bytes!("../fonts/LiberationSans-Bold.ttf");

/// The families to draw with. The others have the same widths: an SVG that is opened elsewhere
/// looks the same.
pub(crate) const FAMILIES: &str = "Liberation Sans, Arial, Helvetica, sans-serif";

/// Widths of the characters of one font, in thousandths of its size.
struct Widths(Face<'static>);

static WIDTHS: LazyLock<[Widths; 2]> = LazyLock::new(|| {
    [REGULAR, BOLD].map(|font| Widths(Face::parse(font, 0).expect("the embedded font is whole")))
});

impl Widths {
    fn of(&self, character: char) -> f64 {
        let em = f64::from(self.0.units_per_em());
        let glyph = self.0.glyph_index(character);
        // What the font lacks is drawn from another one, or as a box: a full square is the widest.
        glyph
            .and_then(|glyph| self.0.glyph_hor_advance(glyph))
            .map_or(1.0, |advance| f64::from(advance) / em)
    }
}

/// Size and weight of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) bold: bool,
}

pub(crate) const fn regular(size: f64) -> Type {
    Type { size, bold: false }
}

pub(crate) const fn bold(size: f64) -> Type {
    Type { size, bold: true }
}

impl Type {
    /// Width of `text` in one line.
    pub(crate) fn width(self, text: &str) -> f64 {
        let widths = &WIDTHS[usize::from(self.bold)];
        text.chars().map(|character| widths.of(character)).sum::<f64>() * self.size
    }

    /// `text` if it fits into `width`, otherwise its beginning and an ellipsis; nothing where there is
    /// no room for more than an ellipsis.
    pub(crate) fn clip(self, text: &str, width: f64) -> Cow<'_, str> {
        if width < self.size * 2.0 && self.width(text) > width {
            return Cow::Borrowed("");
        }
        let widths = &WIDTHS[usize::from(self.bold)];
        let (mut used, mut fits) = (0.0, 0);
        let room = width - widths.of('…') * self.size;
        for (at, character) in text.char_indices() {
            used += widths.of(character) * self.size;
            if used <= room {
                fits = at + character.len_utf8();
            }
            if used > width {
                return Cow::Owned(format!("{}…", text[..fits].trim_end()));
            }
        }
        Cow::Borrowed(text)
    }

    /// `text` broken at blanks into at most `lines` lines of `width`; what does not fit ends in an
    /// ellipsis. A word that is too long for a line is clipped.
    pub(crate) fn wrap(self, text: &str, width: f64, lines: usize) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut words = text.split_whitespace().peekable();
        while let Some(first) = words.next() {
            if out.len() + 1 == lines {
                let rest = std::iter::once(first).chain(words).collect::<Vec<_>>().join(" ");
                out.push(self.clip(&rest, width).into_owned());
                break;
            }
            let mut line = first.to_owned();
            while let Some(next) = words.peek() {
                let longer = format!("{line} {next}");
                if self.width(&longer) > width {
                    break;
                }
                line = longer;
                words.next();
            }
            out.push(self.clip(&line, width).into_owned());
        }
        out
    }
}

/// The longest piece of a stranger's text that is looked at; a page has no room for more.
const LONGEST: usize = 1000;

/// A stranger's text as one line: control characters, and what XML cannot hold, become blanks, and
/// runs of blanks one blank.
pub fn one_line(text: &str) -> String {
    let harmless = |character: char| {
        let invisible = character.is_control()
            || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}')
            // Marks that turn the direction of all that follows.
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if invisible { ' ' } else { character }
    };
    let cut: String = text.chars().take(LONGEST).map(harmless).collect();
    let mut line = cut.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_are_all_of_one_width() {
        let one = regular(10.0).width("1");
        assert!((0..=9).all(|digit| regular(10.0).width(&digit.to_string()) == one));
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis_within_its_width() {
        let face = regular(8.0);
        let clipped = face.clip("Quarry at the end of the long and winding road", 60.0);
        assert!(clipped.ends_with('…') && face.width(&clipped) <= 60.0, "{clipped}");
        assert_eq!(face.clip("short", 60.0), "short");
    }

    #[test]
    fn wrapping_keeps_all_words_while_there_are_lines() {
        let lines = regular(8.0).wrap("one two three four five six seven", 50.0, 9);
        assert_eq!(lines.join(" "), "one two three four five six seven");
        assert!(lines.len() > 1);
        assert!(regular(8.0).wrap("one two three four five six", 50.0, 1)[0].ends_with('…'));
    }

    #[test]
    fn control_characters_and_turning_marks_become_blanks() {
        assert_eq!(one_line("a\u{0}b\r\n\tc\u{202e}d"), "a b c d");
        assert!(one_line(&"x".repeat(10_000)).ends_with("x…"));
    }

    proptest! {
        #[test]
        fn no_text_exceeds_its_width(text in ".{0,200}", width in 20.0f64..300.0) {
            let face = bold(9.0);
            prop_assert!(face.width(&face.clip(&text, width)) <= width + 1e-9);
            for line in face.wrap(&text, width, 3) {
                prop_assert!(face.width(&line) <= width + 1e-9);
            }
        }
    }
}
