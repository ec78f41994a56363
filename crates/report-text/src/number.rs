//! Numbers as they are written, and what decides between decimal point and comma.

/// More decimals than these a double does not have.
const MOST_DECIMALS: usize = 17;
/// Whole numbers up to here are exact in a double, and so are these powers of ten: their quotient
/// is the double nearest to the printed number.
const EXACT_MANTISSA: u64 = 1 << 53;
const POWERS: [f64; 18] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17,
];

/// What stands between the whole part of a number and its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `0.635`
    Point,
    /// `0,635`
    Comma,
}

impl DecimalMark {
    fn byte(self) -> u8 {
        match self {
            Self::Point => b'.',
            Self::Comma => b',',
        }
    }
}

/// A number as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PrintedNumber {
    /// The number.
    pub value: f64,
    /// How many decimals are printed.
    pub decimals: u8,
}

/// Why a text gives no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoValue {
    /// `N/A`, a dash or nothing: that is a statement too.
    NotAvailable,
    /// Nothing in the text decides whether its comma separates decimals or thousands.
    Undecided,
    /// It is no number, or its unit is not known or measures something else.
    NotUnderstood,
}

/// Whether a text says that there is no value.
pub fn is_not_available(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text.bytes().all(|byte| byte == b'-')
        || text.eq_ignore_ascii_case("N/A")
        || text.eq_ignore_ascii_case("NA")
}

/// A cell of a table that holds a number alone, the usual case done the quick way.
#[inline]
pub(crate) fn cell_number(cell: &str, mark: Option<DecimalMark>) -> Result<PrintedNumber, NoValue> {
    match mark.and_then(|mark| plain_number(cell.as_bytes(), mark)) {
        Some(number) => Ok(number),
        None => {
            if is_not_available(cell) {
                return Err(NoValue::NotAvailable);
            }
            let (token, rest) = Token::take(cell).ok_or(NoValue::NotUnderstood)?;
            if !rest.trim().is_empty() {
                return Err(NoValue::NotUnderstood);
            }
            token.value(mark)
        }
    }
}

/// Sign, up to 15 digits, and a decimal mark among them that is not one of thousands.
#[inline]
fn plain_number(text: &[u8], mark: DecimalMark) -> Option<PrintedNumber> {
    let (sign, digits) = match text.first()? {
        b'-' => (-1.0, &text[1..]),
        _ => (1.0, text),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut decimals, mut seen, mut count) = (0u64, 0usize, false, 0);
    for &byte in digits {
        if byte.is_ascii_digit() {
            mantissa = mantissa * 10 + u64::from(byte - b'0');
            decimals += usize::from(seen);
            count += 1;
        } else if byte == mark.byte() && !seen {
            seen = true;
        } else {
            return None;
        }
    }
    let value = sign * (mantissa as f64 / POWERS[decimals]);
    (count > 0).then_some(PrintedNumber { value, decimals: decimals as u8 })
}

/// A number as it is written, before it is decided what its marks mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'t> {
    is_negative: bool,
    /// Digits, points, commas and separators of thousands.
    digits: &'t str,
    exponent: i32,
}

/// What the marks in a number can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// There is none.
    Whole,
    /// The last mark stands in front of decimals, whatever the rest of the text says.
    Decimals(DecimalMark),
    /// The marks separate thousands, whatever the rest of the text says.
    Thousands(DecimalMark),
    /// Either: one mark, with one to three digits in front of it and three behind it.
    Either(DecimalMark),
}

impl<'t> Token<'t> {
    /// Takes a number from the beginning of `text`; the rest of the text is behind it.
    pub(crate) fn take(text: &'t str) -> Option<(Self, &'t str)> {
        let text = text.trim_start();
        let (is_negative, text) = match text.chars().next()? {
            '-' | '\u{2212}' => (true, text.trim_start_matches(['-', '\u{2212}'])),
            '+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = number_end(text);
        let digits = &text[..end];
        if !digits.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (exponent, rest) = take_exponent(&text[end..]);
        Some((Self { is_negative, digits, exponent }, rest))
    }

    /// What its marks can mean; `None` for what is no number.
    pub(crate) fn meaning(&self) -> Option<Meaning> {
        let marks: Vec<(usize, DecimalMark)> = self
            .digits
            .bytes()
            .enumerate()
            .filter_map(|(at, byte)| match byte {
                b'.' => Some((at, DecimalMark::Point)),
                b',' => Some((at, DecimalMark::Comma)),
                _ => None,
            })
            .collect();
        let Some(&(last, mark)) = marks.last() else { return Some(Meaning::Whole) };
        let (whole, fraction) = (&self.digits[..last], &self.digits[last + 1..]);
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let of_mark = marks.iter().filter(|(_, other)| *other == mark).count();
        if of_mark > 1 {
            let is_grouped = of_mark == marks.len() && is_grouped(self.digits);
            return is_grouped.then_some(Meaning::Thousands(mark));
        }
        if marks.len() > 1 || whole.bytes().any(is_separator) {
            return is_grouped(whole).then_some(Meaning::Decimals(mark));
        }
        let may_be_thousands =
            fraction.len() == 3 && matches!(whole.len(), 1..=3) && !whole.starts_with('0');
        Some(if may_be_thousands { Meaning::Either(mark) } else { Meaning::Decimals(mark) })
    }

    /// The number, where `mark` is what the text has decided for itself.
    pub(crate) fn value(&self, mark: Option<DecimalMark>) -> Result<PrintedNumber, NoValue> {
        let decimal = match self.meaning().ok_or(NoValue::NotUnderstood)? {
            Meaning::Whole | Meaning::Thousands(_) => None,
            Meaning::Decimals(own) => Some(own),
            Meaning::Either(own) => match mark {
                Some(mark) if mark == own => Some(own),
                Some(_) => None,
                // The vendor's software prints a point where the system does not ask for another.
                None if own == DecimalMark::Point => Some(own),
                None => return Err(NoValue::Undecided),
            },
        };
        if decimal.is_none() && !is_grouped(self.digits) {
            return Err(NoValue::NotUnderstood);
        }
        let split = decimal.and_then(|mark| self.digits.rfind(char::from(mark.byte())));
        let (whole, fraction) = match split {
            Some(at) => (&self.digits[..at], &self.digits[at + 1..]),
            None => (self.digits, ""),
        };
        if fraction.len() > MOST_DECIMALS {
            return Err(NoValue::NotUnderstood);
        }
        let digits = whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit);
        let mantissa = digits.clone().try_fold(0u64, |mantissa, digit| {
            mantissa.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        let exact = mantissa.filter(|&mantissa| mantissa <= EXACT_MANTISSA && self.exponent == 0);
        let value = match exact {
            Some(mantissa) => mantissa as f64 / POWERS[fraction.len()],
            None => {
                let digits: String = digits.map(char::from).collect();
                let scale = i64::from(self.exponent) - fraction.len() as i64;
                format!("{digits}e{scale}").parse().map_err(|_| NoValue::NotUnderstood)?
            }
        };
        if !f64::is_finite(value) {
            return Err(NoValue::NotUnderstood);
        }
        let value = if self.is_negative { -value } else { value };
        Ok(PrintedNumber { value, decimals: fraction.len() as u8 })
    }
}

/// Signs that separate thousands beside point and comma: apostrophes and blanks.
fn is_thousands_sign(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

fn is_separator(byte: u8) -> bool {
    !byte.is_ascii_digit()
}

/// Where a number ends that begins at the beginning of `text`.
fn number_end(text: &str) -> usize {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '0'..='9' => end = at + 1,
            // A mark belongs to the number when a digit follows, or stands behind one ("12.").
            '.' | ',' => {
                if !characters.peek().is_some_and(|(_, next)| next.is_ascii_digit()) {
                    return if at == end && at > 0 && character == '.' { at + 1 } else { end };
                }
            }
            other if is_thousands_sign(other) && end > 0 => {
                let group = &text[at + other.len_utf8()..];
                let digits = group.bytes().take_while(u8::is_ascii_digit).count();
                if digits != 3 || at != end {
                    return end;
                }
            }
            _ => return end,
        }
    }
    end
}

/// `E-03`; a text that is no exponent is left as it is.
fn take_exponent(text: &str) -> (i32, &str) {
    let number = text.strip_prefix(['e', 'E']);
    let exponent = number.and_then(|number| {
        let digits = number.trim_start_matches(['+', '-']);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let len = number.len() - digits.len() + count;
        let is_whole = matches!(count, 1..=3) && number.len() - digits.len() <= 1;
        let value = is_whole.then(|| number[..len].parse().ok()).flatten()?;
        Some((value, &number[len..]))
    });
    exponent.unwrap_or((0, text))
}

/// Whether digits are in groups of three behind the first one, whatever separates them; one group
/// of any length is, too.
fn is_grouped(digits: &str) -> bool {
    let mut groups = digits.split(|c: char| !c.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let mut is_single = true;
    let all = groups.all(|group| {
        is_single = false;
        group.len() == 3
    });
    let signs = digits.chars().filter(|c| !c.is_ascii_digit());
    let mut signs = signs.collect::<Vec<_>>();
    signs.dedup();
    is_single && !first.is_empty() || all && matches!(first.len(), 1..=3) && signs.len() == 1
}

/// What the numbers of a text say of its decimal mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MarkVotes {
    points: u64,
    commas: u64,
    /// An example of a number that any mark explains.
    undecided: Option<String>,
}

impl MarkVotes {
    /// Takes a printed value into account.
    pub(crate) fn add(&mut self, text: &str) {
        let text = text.trim_start().trim_start_matches(['<', '>']);
        let Some((token, _)) = Token::take(text) else { return };
        match token.meaning() {
            Some(
                Meaning::Decimals(DecimalMark::Point) | Meaning::Thousands(DecimalMark::Comma),
            ) => {
                self.points += 1;
            }
            Some(
                Meaning::Decimals(DecimalMark::Comma) | Meaning::Thousands(DecimalMark::Point),
            ) => {
                self.commas += 1;
            }
            Some(Meaning::Either(DecimalMark::Comma)) => {
                self.undecided.get_or_insert_with(|| token.digits.to_owned());
            }
            _ => {}
        }
    }

    /// The mark of the text; `None` when nothing in it decides.
    pub(crate) fn mark(&self) -> Option<DecimalMark> {
        match (self.points, self.commas) {
            (0, 0) => None,
            (points, commas) if commas > points => Some(DecimalMark::Comma),
            _ => Some(DecimalMark::Point),
        }
    }

    /// What a reader ought to know of the decision.
    pub(crate) fn doubt(&self) -> Option<String> {
        match (self.points, self.commas, &self.undecided) {
            (0, 0, Some(example)) => Some(format!(
                "nothing in the report decides whether the comma in {example:?} separates decimals or thousands: such values were not taken"
            )),
            (0, _, _) | (_, 0, _) => None,
            (points, commas, _) => Some(format!(
                "the report prints {points} numbers with decimal points and {commas} with decimal commas: one that could be either was read as the larger part"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POINT: Option<DecimalMark> = Some(DecimalMark::Point);
    const COMMA: Option<DecimalMark> = Some(DecimalMark::Comma);

    fn number(text: &str, mark: Option<DecimalMark>) -> Result<(f64, u8), NoValue> {
        if is_not_available(text) {
            return Err(NoValue::NotAvailable);
        }
        let (token, _) = Token::take(text).ok_or(NoValue::NotUnderstood)?;
        token.value(mark).map(|number| (number.value, number.decimals))
    }

    #[test]
    fn what_only_one_mark_explains_is_read_the_same_in_any_text() {
        for (text, expected) in [
            ("0,635 mm/s", (0.635, 3)),
            ("254,0 mm/s", (254.0, 1)),
            ("1.234,5", (1234.5, 1)),
            ("1,234.5", (1234.5, 1)),
            ("1,234,567 sps", (1_234_567.0, 0)),
            ("1.234.567", (1_234_567.0, 0)),
            ("1 234,5 mm/s", (1234.5, 1)),
            ("1'234.5", (1234.5, 1)),
            ("1\u{a0}024 sps", (1024.0, 0)),
            (".169 in/s", (0.169, 3)),
            ("-,250 sec", (-0.25, 3)),
            ("1024,500", (1024.5, 3)),
            ("0.2080", (0.208, 4)),
            ("-0.005", (-0.005, 3)),
            ("12.", (12.0, 0)),
            ("1.5E-03", (0.0015, 1)),
            ("\u{2212}3.5", (-3.5, 1)),
        ] {
            for mark in [POINT, COMMA, None] {
                assert_eq!(number(text, mark), Ok(expected), "{text} {mark:?}");
            }
        }
    }

    #[test]
    fn what_both_marks_explain_is_read_as_the_text_decides() {
        assert_eq!(number("7,493 mm/s", COMMA), Ok((7.493, 3)));
        assert_eq!(number("7,493 mm/s", POINT), Ok((7493.0, 0)));
        assert_eq!(number("7,493 mm/s", None), Err(NoValue::Undecided));
        assert_eq!(number("1.024 sps", COMMA), Ok((1024.0, 0)));
        assert_eq!(number("1.024 sps", POINT), Ok((1.024, 3)));
        assert_eq!(number("10.000 in/s", None), Ok((10.0, 3)));
    }

    #[test]
    fn what_is_no_number_gives_none() {
        for text in ["", "N/A", "-", "--"] {
            assert_eq!(number(text, POINT), Err(NoValue::NotAvailable), "{text}");
        }
        for text in ["abc", "inf", "NaN", "1.2.3.4x", "1,23,456", "1.5e999", "<", ">", "."] {
            assert_eq!(number(text, POINT), Err(NoValue::NotUnderstood), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_quick_way_gives_the_double_of_the_standard_library(
            mantissa in -999_999_999i64..999_999_999, decimals in 0usize..6
        ) {
            let text = format!("{:.decimals$}", mantissa as f64 / POWERS[decimals]);
            let expected: f64 = text.parse().unwrap();
            let quick = plain_number(text.as_bytes(), DecimalMark::Point).unwrap();
            prop_assert_eq!(quick.value, expected);
            prop_assert_eq!(usize::from(quick.decimals), decimals);
            let comma = text.replace('.', ",");
            prop_assert_eq!(cell_number(&comma, COMMA).unwrap(), quick);
        }

        #[test]
        fn any_text_votes_for_a_mark_or_for_none(text in "\\PC{0,20}") {
            MarkVotes::default().add(&text);
        }
    }
}
