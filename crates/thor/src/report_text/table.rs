//! The table of samples: a heading with the channels' names, then a row per sample.

use wavekeep_blastware::report_text::value::Printed;

use super::fields::key;

/// More decimals than these a double does not have.
const MOST_DECIMALS: usize = 17;

/// The samples that a report lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleTable {
    /// A row per sample: Tran, Vert, Long, MicL as printed; `None` where no number stands.
    pub rows: Vec<[Option<f64>; 4]>,
    /// Decimals that each column prints.
    pub decimals: [usize; 4],
}

/// Reads a table line by line.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Which column holds which channel, and how many columns there are.
    columns: Option<([usize; 4], usize)>,
    table: SampleTable,
}

impl Reader {
    /// Takes `line` as a heading when it names the four channels.
    pub(super) fn take_heading(&mut self, line: &str) -> bool {
        let columns: Vec<String> = columns(line).into_iter().map(key).collect();
        let place = |word: &str| columns.iter().position(|column| column.starts_with(word));
        let places = [place("tran"), place("vert"), place("long"), place("mic")];
        let [Some(tran), Some(vert), Some(long), Some(microphone)] = places else { return false };
        let places = [tran, vert, long, microphone];
        let distinct = (0..4).all(|a| (0..a).all(|b| places[a] != places[b]));
        if distinct && self.table.rows.is_empty() {
            self.columns = Some((places, columns.len()));
        }
        distinct
    }

    /// Takes `line` as a row when a heading stood in front of it and it has as many columns, with
    /// at least one number for a channel.
    pub(super) fn take_row(&mut self, line: &str) -> bool {
        let Some((places, count)) = self.columns else { return false };
        let columns = columns(line);
        if columns.len() != count {
            return false;
        }
        let printed = places.map(|place| columns[place]);
        let row = printed.map(|text| Printed::parse(text).and_then(Printed::number));
        let understood =
            row.iter().zip(printed).all(|(value, text)| value.is_some() || is_none(text));
        if !understood || row.iter().all(Option::is_none) {
            return false;
        }
        for (decimals, text) in self.table.decimals.iter_mut().zip(printed) {
            *decimals = (*decimals).max(decimals_of(text));
        }
        self.table.rows.push(row);
        true
    }

    pub(super) fn finish(self) -> Option<SampleTable> {
        (!self.table.rows.is_empty()).then_some(self.table)
    }
}

/// What is printed where there is no number.
fn is_none(text: &str) -> bool {
    text == "-" || text.eq_ignore_ascii_case("N/A") || text.eq_ignore_ascii_case("OORANGE")
}

/// Columns are separated by tabs and padded; where there is no tab, by blanks.
fn columns(line: &str) -> Vec<&str> {
    let trimmed = line.trim();
    if trimmed.contains('\t') {
        trimmed.split('\t').map(|column| column.trim().trim_matches('"').trim()).collect()
    } else {
        trimmed.split_whitespace().collect()
    }
}

fn decimals_of(text: &str) -> usize {
    let number = text.split_whitespace().next().unwrap_or_default();
    number.split_once('.').map_or(0, |(_, decimals)| decimals.len().min(MOST_DECIMALS))
}
