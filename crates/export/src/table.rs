//! A recording as a table: one row a sample or interval, named columns, one type a column.
//!
//! CSV and Parquet are this table in two notations, and the arrays of JSON are its columns.

use wavekeep_core::{
    Channel, Frequency, IntervalFacts, Kind, Quantity, Reading, Recording, Samples, SoundLevels,
    TimeAxis, Unit, UnitLocal,
};

use crate::values::{SampleTimes, Values};
use crate::{ExportError, ExportOptions, Target, Units};

/// One value of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Integer(i64),
    /// Always finite.
    Real(f64),
    Word(&'static str),
    /// By the unit's clock.
    Moment(UnitLocal),
}

/// What all cells of a column are, when they are not missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Signed whole numbers that fit this many bits: 16, 32 or 64.
    Integer {
        bits: u8,
    },
    Real,
    Word,
}

impl Cell {
    pub(crate) fn integer(self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(value) } else { None }
    }

    pub(crate) fn real(self) -> Option<f64> {
        if let Self::Real(value) = self { Some(value) } else { None }
    }

    pub(crate) fn word(self) -> Option<&'static str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }
}

/// One column.
pub(crate) struct Column<'a> {
    pub(crate) name: String,
    content: Content<'a>,
}

enum Content<'a> {
    Interval,
    /// When an interval began.
    Start(TimeAxis),
    Time(SampleTimes),
    Value(Values<'a>),
    Level(&'a Channel),
    HalfPeriod(Intervals<'a>),
    Frequency(Intervals<'a>),
    PeakFlag(&'a Channel),
    FrequencyFlag(Intervals<'a>),
    Annotation(Intervals<'a>),
    StatedLevel(Intervals<'a>, Statistic),
}

/// A statistic of the sound levels that a report lists for an interval.
#[derive(Debug, Clone, Copy)]
struct Statistic {
    name: &'static str,
    of: fn(&SoundLevels) -> Option<Reading>,
}

const STATISTICS: [Statistic; 3] = [
    Statistic { name: "lmax", of: |levels| levels.max },
    Statistic { name: "l10", of: |levels| levels.l10 },
    Statistic { name: "l90", of: |levels| levels.l90 },
];

/// What a histogram's channel holds beside the peaks.
#[derive(Clone, Copy)]
struct Intervals<'a> {
    channel: &'a Channel,
    facts: &'a IntervalFacts,
}

impl Intervals<'_> {
    fn frequency(&self, index: usize) -> Option<Frequency> {
        self.channel.count(index)?;
        Some(self.facts.frequency(index))
    }

    /// What a report lists of interval `index`.
    fn stated(&self, index: usize, statistic: Statistic) -> Option<Reading> {
        (statistic.of)(self.facts.stated_levels.get(index)?.as_ref()?)
    }

    /// The unit of a statistic, when every interval that has one has it in this unit.
    fn unit_of(&self, statistic: Statistic) -> Option<Unit> {
        let mut units = (0..self.facts.stated_levels.len())
            .filter_map(|index| Some(self.stated(index, statistic)?.unit));
        let first = units.next()?;
        units.all(|unit| unit == first).then_some(first)
    }
}

/// The words of the flag columns: what is special about the number beside them.
pub(crate) mod flags {
    use wavekeep_core::Frequency;

    /// The sensor or its converter was at its limit: the true peak is at least this.
    pub(crate) const SATURATED: &str = "saturated";
    /// The vendor prints `>100 Hz`: the number beside it is the end of the range.
    pub(crate) const ABOVE_RANGE: &str = "above_range";
    /// The vendor prints `<1 Hz`: the number beside it is the end of the range.
    pub(crate) const BELOW_RANGE: &str = "below_range";
    /// The vendor prints `N/A`: there is no number beside it.
    pub(crate) const NOT_AVAILABLE: &str = "not_available";

    /// What the numbers of a flag array mean, by [`place`].
    pub(crate) const MEANINGS: [&str; 5] =
        ["measured", ABOVE_RANGE, BELOW_RANGE, NOT_AVAILABLE, "missing"];

    /// Where in [`MEANINGS`] a frequency stands.
    pub(crate) fn place(frequency: Option<Frequency>) -> u8 {
        match frequency {
            Some(Frequency::Hertz(_)) => 0,
            Some(Frequency::AboveRange(_)) => 1,
            Some(Frequency::BelowRange(_)) => 2,
            Some(Frequency::NotAvailable) => 3,
            None => 4,
        }
    }
}

/// The columns of `recording` in the order in which they are written.
///
/// # Errors
/// When there are no channels, or a waveform has no usable rate.
pub(crate) fn columns<'a>(
    recording: &'a Recording,
    options: &ExportOptions,
    target: Target,
) -> Result<Vec<Column<'a>>, ExportError> {
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(target));
    }
    match recording.kind {
        Kind::Waveform => waveform(recording, options, target),
        Kind::Histogram => Ok(histogram(recording, options, target)),
    }
}

fn waveform<'a>(
    recording: &'a Recording,
    options: &ExportOptions,
    target: Target,
) -> Result<Vec<Column<'a>>, ExportError> {
    let times = SampleTimes::of(recording, target)?;
    let time = Column { name: "time_s".to_owned(), content: Content::Time(times) };
    let values = recording.channels.iter().map(|channel| Column {
        name: channel.name.to_string(),
        content: Content::Value(Values::within(channel, options)),
    });
    Ok(std::iter::once(time).chain(values).collect())
}

fn histogram<'a>(
    recording: &'a Recording,
    options: &ExportOptions,
    target: Target,
) -> Vec<Column<'a>> {
    let mut columns = vec![Column { name: "interval".to_owned(), content: Content::Interval }];
    if target == Target::Csv
        && options.units == Units::Physical
        && recording.time.interval_start(0).is_some()
    {
        let content = Content::Start(recording.time);
        columns.push(Column { name: "start_unit_local".to_owned(), content });
    }
    let mut push = |channel: &Channel, what: &str, content| {
        columns.push(Column { name: format!("{}_{what}", channel.name), content });
    };
    let intervals =
        |channel: &'a Channel| channel.intervals.as_ref().map(|facts| Intervals { channel, facts });
    for channel in &recording.channels {
        push(channel, "peak", peak(channel, options));
        match (intervals(channel), options.units) {
            (Some(facts), Units::Raw) => push(channel, "halfperiod", Content::HalfPeriod(facts)),
            (Some(facts), Units::Physical) => push(channel, "frequency", Content::Frequency(facts)),
            (None, _) => {}
        }
    }
    // Behind the numbers, so that the numbers stand where they stand without flags.
    if options.units == Units::Physical {
        for channel in &recording.channels {
            push(channel, "peak_flag", Content::PeakFlag(channel));
            if let Some(facts) = intervals(channel) {
                push(channel, "frequency_flag", Content::FrequencyFlag(facts));
            }
        }
    }
    // Only of reports that list them.
    if options.units == Units::Physical {
        for channel in &recording.channels {
            let Some(facts) = intervals(channel) else { continue };
            for statistic in STATISTICS {
                if facts.unit_of(statistic).is_some() {
                    push(channel, statistic.name, Content::StatedLevel(facts, statistic));
                }
            }
        }
    }
    // The columns of a CSV are fixed.
    if target != Target::Csv {
        for channel in &recording.channels {
            if let Some(facts) = intervals(channel) {
                push(channel, "annotation", Content::Annotation(facts));
            }
        }
    }
    columns
}

/// The peak of each interval; a pressure's as a level, as the profession reads histograms.
fn peak<'a>(channel: &'a Channel, options: &ExportOptions) -> Content<'a> {
    if options.has_levels() && channel.unit().quantity() == Quantity::Pressure {
        Content::Level(channel)
    } else {
        Content::Value(Values::within(channel, options))
    }
}

impl Column<'_> {
    /// Unit of the numbers; `None` for plain ones and for words.
    pub(crate) fn unit(&self) -> Option<Unit> {
        match &self.content {
            Content::Time(_) => Some(Unit::Second),
            Content::Value(values) => Some(values.unit()),
            Content::Level(_) => Some(Unit::DecibelLinear),
            Content::Frequency(_) => Some(Unit::Hertz),
            Content::StatedLevel(facts, statistic) => facts.unit_of(*statistic),
            _ => None,
        }
    }

    /// The name with the unit, where the name does not carry it.
    pub(crate) fn heading(&self) -> String {
        match (&self.content, self.unit()) {
            (Content::Time(_), _) | (_, None) => self.name.clone(),
            (_, Some(unit)) => format!("{} ({unit})", self.name),
        }
    }

    pub(crate) fn kind(&self) -> CellKind {
        match &self.content {
            Content::Interval => CellKind::Integer { bits: 64 },
            Content::Start(_) => CellKind::Word,
            Content::Value(values) if values.are_integers() => {
                let is_short = matches!(values.channel().samples, Samples::I16(_));
                CellKind::Integer { bits: if is_short { 16 } else { 32 } }
            }
            Content::HalfPeriod(_) => CellKind::Integer { bits: 32 },
            Content::Annotation(_) => CellKind::Integer { bits: 16 },
            Content::Time(_)
            | Content::Value(_)
            | Content::Level(_)
            | Content::Frequency(_)
            | Content::StatedLevel(..) => CellKind::Real,
            Content::PeakFlag(_) | Content::FrequencyFlag(_) => CellKind::Word,
        }
    }

    /// Whether no cell can be missing.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.content, Content::Interval | Content::Time(_))
    }

    /// The cell of row `index`.
    pub(crate) fn at(&self, index: usize) -> Cell {
        let cell = match &self.content {
            Content::Interval => Some(Cell::Integer(index as i64)),
            Content::Start(time) => time.interval_start(index).map(Cell::Moment),
            Content::Time(times) => Some(Cell::Real(times.at(index))),
            Content::Value(values) => values.at(index).map(|value| {
                // Integer counts of at most 32 bits: the double holds them exactly.
                if values.are_integers() { Cell::Integer(value as i64) } else { Cell::Real(value) }
            }),
            Content::Level(channel) => channel
                .count(index)
                .and_then(|count| channel.scale.level(count))
                .filter(|level| level.is_finite())
                .map(Cell::Real),
            Content::HalfPeriod(Intervals { channel, facts }) => channel
                .count(index)
                .and_then(|_| facts.half_periods.get(index))
                .map(|half_period| Cell::Integer(i64::from(half_period.0))),
            Content::Frequency(intervals) => {
                intervals.frequency(index).and_then(Frequency::hz).map(Cell::Real)
            }
            Content::StatedLevel(facts, statistic) => facts
                .stated(index, *statistic)
                .map(|level| level.value)
                .filter(|level| level.is_finite())
                .map(Cell::Real),
            Content::PeakFlag(channel) => channel
                .count(index)
                .filter(|&count| channel.is_at_limit(count))
                .map(|_| Cell::Word(flags::SATURATED)),
            Content::FrequencyFlag(intervals) => {
                intervals.frequency(index).and_then(frequency_word).map(Cell::Word)
            }
            Content::Annotation(Intervals { channel, facts }) => channel
                .count(index)
                .and_then(|_| facts.annotations.get(index))
                .map(|&annotation| Cell::Integer(i64::from(annotation))),
        };
        cell.unwrap_or(Cell::Missing)
    }
}

fn frequency_word(frequency: Frequency) -> Option<&'static str> {
    match frequency {
        Frequency::Hertz(_) => None,
        Frequency::AboveRange(_) => Some(flags::ABOVE_RANGE),
        Frequency::BelowRange(_) => Some(flags::BELOW_RANGE),
        Frequency::NotAvailable => Some(flags::NOT_AVAILABLE),
    }
}
