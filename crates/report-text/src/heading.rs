//! Headings of tables: which column holds what, in which unit.
//!
//! A heading may take several lines that stand over each other: names of channels, what is listed
//! of each, units.

use wavekeep_core::{Quantity, Unit};

use crate::cells::{Separator, cells};
use crate::label::{self, CHANNELS, MICROPHONE, key};
use crate::printed::{UnitText, is_of_samples};

/// More columns than these no table has.
const MOST_COLUMNS: usize = 64;

/// What a column lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Peak,
    Frequency,
    VectorSum,
    /// A level of a microphone over an interval: `LMax`, `L10`, `L90`.
    Level(LevelKind),
    Time,
}

/// What a sound level of an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelKind {
    /// The largest one.
    Max,
    /// The level that is exceeded in 10 % of the time.
    L10,
    /// The level that is exceeded in 90 % of the time.
    L90,
}

/// What the lines of a heading say of one column.
#[derive(Debug, Clone, Default, PartialEq)]
struct HeadingCell {
    text: String,
    channel: Option<(usize, u32)>,
    listed: Option<Listed>,
    unit: Option<Unit>,
    weighting: Option<Unit>,
    /// Whether it stands over geophones in general.
    is_geophones: bool,
    is_unknown: bool,
}

impl HeadingCell {
    fn of(text: &str) -> Self {
        let mut cell = Self { text: text.to_owned(), ..Self::default() };
        for word in text.split_whitespace() {
            // A unit in brackets may have some of its own: `(dB(L))`.
            let inside = word.strip_prefix(['(', '[']);
            let bare = inside.map_or(word, |word| word.strip_suffix([')', ']']).unwrap_or(word));
            let key = key(bare);
            if let Some(channel) = label::channel_of(&key) {
                cell.channel = cell.channel.or(Some(channel));
            } else if let Some(listed) = listed(&key) {
                cell.listed = cell.listed.or(Some(listed));
            } else if let Some(unit) = UnitText(bare).unit() {
                cell.unit = cell.unit.or(Some(unit));
            } else if let Some(weighting) = UnitText(bare).weighted() {
                cell.weighting = cell.weighting.or(Some(weighting));
            } else if matches!(key.as_str(), "geophone" | "geophones" | "geo") {
                cell.is_geophones = true;
            } else if let Some(joined) = joined(&key) {
                (cell.channel, cell.listed) = (Some(joined.0), Some(joined.1));
            } else if !key.is_empty() {
                cell.is_unknown = true;
            }
        }
        cell
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn is_recognised(&self) -> bool {
        !self.is_unknown
            && (self.channel.is_some()
                || self.listed.is_some()
                || self.unit.is_some()
                || self.weighting.is_some()
                || self.is_geophones)
    }

    /// Adds what a line below says of the column.
    fn over(&mut self, below: Self) {
        self.channel = self.channel.or(below.channel);
        self.listed = self.listed.or(below.listed);
        self.unit = self.unit.or(below.unit);
        self.weighting = self.weighting.or(below.weighting);
        self.is_geophones |= below.is_geophones;
        self.is_unknown |= below.is_unknown;
        if !self.text.is_empty() && !below.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&below.text);
    }
}

fn listed(key: &str) -> Option<Listed> {
    Some(match key {
        "ppv" | "peak" | "pspl" => Listed::Peak,
        "freq" | "frequency" | "zc" | "zcfreq" => Listed::Frequency,
        "pvs" | "vs" | "vector" | "sum" | "vectorsum" => Listed::VectorSum,
        "lmax" | "max" => Listed::Level(LevelKind::Max),
        "l10" => Listed::Level(LevelKind::L10),
        "l90" => Listed::Level(LevelKind::L90),
        "time" | "date" | "datetime" | "interval" => Listed::Time,
        _ => return None,
    })
}

/// `TranPPV`, `MicLFreq`
fn joined(key: &str) -> Option<((usize, u32), Listed)> {
    (3..key.len())
        .filter(|at| key.is_char_boundary(*at))
        .find_map(|at| Some((label::channel_of(&key[..at])?, listed(&key[at..])?)))
}

/// Lines of a heading, before the first row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heading {
    separator: Separator,
    columns: Vec<HeadingCell>,
}

impl Heading {
    /// Takes a line as the first one of a heading: it names channels, and hardly anything that is
    /// not known.
    pub(crate) fn first(line: &str) -> Option<Self> {
        let heading = Self::of(line, Separator::of(line))?;
        let count = |what: fn(&HeadingCell) -> bool| {
            heading.columns.iter().filter(|cell| what(cell)).count()
        };
        let channels = count(|cell| cell.channel.is_some());
        let recognised = count(HeadingCell::is_recognised);
        let unknown = count(|cell| !cell.is_empty() && !cell.is_recognised());
        let is_heading = channels > 0 && (unknown == 0 || channels > 1 && recognised > unknown);
        is_heading.then_some(heading)
    }

    /// Takes a line below: it holds nothing but known words.
    pub(crate) fn take_below(&mut self, line: &str) -> bool {
        let Some(below) = Self::of(line, self.separator) else { return false };
        let fits = below.columns.len() <= self.columns.len()
            && below.columns.iter().any(HeadingCell::is_recognised)
            && below.columns.iter().all(|cell| cell.is_empty() || cell.is_recognised());
        if fits {
            for (cell, below) in self.columns.iter_mut().zip(below.columns) {
                cell.over(below);
            }
        }
        fits
    }

    fn of(line: &str, separator: Separator) -> Option<Self> {
        if line.len() > 4096 {
            return None;
        }
        let mut columns: Vec<HeadingCell> =
            cells(line, separator).take(MOST_COLUMNS + 1).map(HeadingCell::of).collect();
        while columns.last().is_some_and(HeadingCell::is_empty) {
            columns.pop();
        }
        (matches!(columns.len(), 1..=MOST_COLUMNS)).then_some(Self { separator, columns })
    }

    /// What the columns hold.
    pub(crate) fn layout(mut self) -> Layout {
        let mut left = None;
        for cell in &mut self.columns {
            let stands_alone =
                cell.is_geophones || matches!(cell.listed, Some(Listed::VectorSum | Listed::Time));
            let is_pressure = cell.unit.is_some_and(|unit| unit.quantity() == Quantity::Pressure);
            if cell.channel.is_none() && is_pressure {
                cell.channel = Some((MICROPHONE, 1));
            } else if cell.channel.is_none() && !cell.is_unknown && !stands_alone {
                cell.channel = left;
            }
            left = if stands_alone { None } else { cell.channel };
        }
        let is_of_intervals = self.columns.iter().any(|cell| {
            cell.unit == Some(Unit::Hertz)
                || matches!(cell.listed, Some(Listed::Frequency | Listed::Level(_)))
        });
        let unknown = |what: &HeadingCell| what.is_unknown.then(|| what.text.clone());
        Layout {
            separator: self.separator,
            unknown: self.columns.iter().filter_map(unknown).collect(),
            columns: self.columns.iter().map(|cell| column(cell, is_of_intervals)).collect(),
            is_of_intervals,
        }
    }
}

/// The columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub separator: Separator,
    pub columns: Vec<Column>,
    /// Columns that are not known, as written.
    pub unknown: Vec<String>,
    pub is_of_intervals: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Samples of a channel, or its peak in an interval, in the unit that the heading says.
    Channel(usize, Option<Unit>, Option<Unit>),
    Frequency(usize),
    VectorSum(Option<Unit>),
    Level(LevelKind, Option<Unit>),
    Time,
    /// A further sensor's, or not known.
    Other,
}

fn column(cell: &HeadingCell, is_of_intervals: bool) -> Column {
    let unit = cell.unit.filter(|unit| is_of_samples(*unit));
    match (cell.listed, cell.channel) {
        _ if cell.is_unknown => Column::Other,
        (Some(Listed::Time), _) => Column::Time,
        (Some(Listed::VectorSum), _) if is_of_intervals => Column::VectorSum(unit),
        (Some(Listed::VectorSum), _) => Column::Other,
        (Some(Listed::Level(kind)), _) => Column::Level(kind, cell.weighting),
        (_, Some((_, 2..))) | (_, None) => Column::Other,
        (Some(Listed::Frequency), Some((channel, _))) => Column::Frequency(channel),
        (_, Some((channel, _))) if cell.unit == Some(Unit::Hertz) => Column::Frequency(channel),
        (_, Some((channel, _))) => Column::Channel(channel, unit, cell.weighting),
    }
}

impl Layout {
    /// The ten columns at the end of a histogram's row, which Blastware always lists in this order:
    /// peaks and frequencies of the geophones, vector sum, pressure, level and its frequency.
    pub(crate) fn of_histogram_rows(cells: usize, separator: Separator) -> Option<Self> {
        let in_front = cells.checked_sub(10).filter(|cells| *cells <= MOST_COLUMNS)?;
        let of_geophone =
            |channel| [Column::Channel(channel, None, None), Column::Frequency(channel)];
        let mut columns = vec![Column::Time; in_front];
        columns.extend((0..MICROPHONE).flat_map(of_geophone));
        columns.extend([
            Column::VectorSum(None),
            Column::Channel(MICROPHONE, Some(Unit::Psi), None),
            Column::Channel(MICROPHONE, Some(Unit::DecibelLinear), None),
            Column::Frequency(MICROPHONE),
        ]);
        Some(Self { separator, columns, unknown: Vec::new(), is_of_intervals: true })
    }

    /// The unit of a channel's column, where the heading says one.
    pub(crate) fn unit(&self, of: usize) -> Option<Unit> {
        self.columns.iter().find_map(|column| match column {
            Column::Channel(channel, unit, _) if *channel == of => *unit,
            _ => None,
        })
    }

    /// Whether a channel has a column.
    pub(crate) fn lists(&self, of: usize) -> bool {
        let is = |column: &Column| matches!(column, Column::Channel(channel, ..) if *channel == of);
        self.columns.iter().any(is)
    }

    /// Names of the channels that have a column.
    #[cfg(test)]
    fn channels(&self) -> Vec<&'static str> {
        (0..4).filter(|channel| self.lists(*channel)).map(|channel| CHANNELS[channel]).collect()
    }
}

/// Names of channels, for messages.
pub(crate) fn channel_name(channel: usize, sensor: u32) -> String {
    match sensor {
        1 => CHANNELS[channel].to_owned(),
        sensor => format!("{}{sensor}", CHANNELS[channel]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(lines: &[&str]) -> Layout {
        let mut heading = Heading::first(lines[0]).unwrap();
        for line in &lines[1..] {
            assert!(heading.take_below(line), "{line}");
        }
        heading.layout()
    }

    #[test]
    fn columns_are_those_that_the_heading_names() {
        for line in [
            "    Tran\t    Vert\t    Long\t    MicL",
            "\"Tran\",\"Vert\",\"Long\",\"MicL\"",
            "Tran;Vert;Long;MicL",
            "Tran Vert Long Mic",
            "Tran1\tVert1\tLong1\tMicL1",
        ] {
            let layout = layout(&[line]);
            assert_eq!(layout.channels(), CHANNELS, "{line}");
            assert!(!layout.is_of_intervals);
        }
        assert_eq!(layout(&["Tran\tVert\tLong"]).channels(), ["Tran", "Vert", "Long"]);
        assert_eq!(layout(&["MicL1"]).channels(), ["MicL"]);
        let two = layout(&["Time\tLong\tTran\tTemperature"]);
        assert_eq!(two.channels(), ["Tran", "Long"]);
        assert_eq!(two.unknown, ["Temperature"]);
    }

    #[test]
    fn units_stand_in_the_heading_or_below_it() {
        let units = |layout: &Layout| [layout.unit(0), layout.unit(3)];
        let expected = [Some(Unit::MillimetrePerSecond), Some(Unit::Pascal)];
        assert_eq!(units(&layout(&["Tran (mm/s)\tVert\tLong\tMicL [Pa]"])), expected);
        assert_eq!(
            units(&layout(&["Tran\tVert\tLong\tMicL", "mm/s\tmm/s\tmm/s\tpa.(L)"])),
            expected
        );
        let level = layout(&["Tran\tMicL (dB(L))"]);
        assert_eq!(level.unit(3), Some(Unit::DecibelLinear));
    }

    #[test]
    fn a_further_sensor_is_not_the_first_one() {
        let layout = layout(&["Tran1\tVert1\tLong1\tTran2\tVert2\tLong2"]);
        assert_eq!(layout.columns[3], Column::Other);
        assert_eq!(layout.channels(), ["Tran", "Vert", "Long"]);
        assert!(layout.unknown.is_empty());
    }

    #[test]
    fn a_histograms_heading_takes_one_line_or_three() {
        let one = layout(&[
            "Tran\tTran Freq\tVert\tVert Freq\tLong\tLong Freq\tVector Sum\tMicL psi\tMicL dB(L)\tMicL Freq",
        ]);
        let short = layout(&["Tran\tHz\tVert\tHz\tLong\tHz\tVS\tpsi\tdB(L)\tHz"]);
        let by_place = Layout::of_histogram_rows(10, Separator::Tab).unwrap();
        assert_eq!(one.columns, by_place.columns);
        assert_eq!(short.columns, by_place.columns);
        let csv = layout(&[
            "\"\",\"Tran\",\"\",\"Vert\",\"\",\"Long\",\"\",\"Geophone\",\"Mic\",\"Mic\",\"Mic\"",
            "\"\",\"PPV\",\"Freq\",\"PPV\",\"Freq\",\"PPV\",\"Freq\",\"PVS\",\"LMax\",\"L10\",\"L90\"",
            "\"Time\",\"in/s\",\"Hz\",\"in/s\",\"Hz\",\"in/s\",\"Hz\",\"in/s\",\"db(A)\",\"db(A)\",\"db(A)\"",
        ]);
        let inches = Some(Unit::InchPerSecond);
        let mut expected = vec![Column::Time];
        for channel in 0..3 {
            expected.extend([Column::Channel(channel, inches, None), Column::Frequency(channel)]);
        }
        expected.push(Column::VectorSum(inches));
        for kind in [LevelKind::Max, LevelKind::L10, LevelKind::L90] {
            expected.push(Column::Level(kind, Some(Unit::DecibelA)));
        }
        assert_eq!(csv.columns, expected);
        assert!(csv.is_of_intervals);
    }

    #[test]
    fn other_lines_are_no_heading() {
        for line in ["", "Channel,Tran", "an odd line", "0.000\t0.005", "Weather\tTran", "dear all"]
        {
            assert!(Heading::first(line).is_none(), "{line}");
        }
    }
}
