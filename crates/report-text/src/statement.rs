//! Fields to a statement.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use wavekeep_core::{
    ChannelStatement, Frequency, HistogramStatement, Note, NoteKind, Reading, Statement, Unit,
    UnitLocal, UserNote, weighting_by_words,
};

use crate::date::{self, DateOrder, PrintedDate};
use crate::heading::channel_name;
use crate::label::{self, ChannelField, EventField, Label, MICROPHONE, SumField, key};
use crate::not_understood::{NotUnderstood, Part, shortened};
use crate::number::{DecimalMark, NoValue, Printed, UnitText};

/// What `OORANGE` stands for in a PSPL.
const PSPL_LIMIT: Reading = Reading::new(140.0, Unit::DecibelLinear);
/// The four notes behind `Units`, by position.
pub const NOTE_ROLES: [&str; 4] = ["project", "client", "operator", "sensor_location"];
/// Fields and characters that are kept as written; no report has as many.
const KEPT_FIELDS: usize = 400;
const KEPT_BYTES: usize = 16 << 10;
const KEPT_CHARACTERS: usize = 400;
/// Sensors of one unit.
const MOST_SENSORS: usize = 4;
const RATE_UNITS: [&str; 7] =
    ["sps", "s/s", "samples/s", "samples/sec", "samples per second", "hz", "samples/second"];

/// A field as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub line: u64,
    pub name: String,
    pub value: String,
    /// Its role, for a note that goes by its position.
    pub note: Option<&'static str>,
}

/// What the text as a whole decides, and what only the file can.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Decisions {
    pub mark: Option<DecimalMark>,
    pub file_start: Option<UnitLocal>,
}

/// What the fields state, and what a reader ought to know of it.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    pub statement: Statement,
    pub notes: Vec<Note>,
    /// In which order dates in digits alone were read.
    pub date_order: Option<DateOrder>,
}

/// Units of the samples, by the field `Units`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StatedUnits {
    pub velocity: Option<Unit>,
    pub pressure: Option<Unit>,
    /// The unit of weighted levels.
    pub weighted: Option<Unit>,
}

impl StatedUnits {
    /// `mm/s and pa.(L)`, `in/s and dB(L)`, `mm/s and `
    pub(crate) fn of(text: &str) -> Self {
        let mut units = Self::default();
        for word in text.split([' ', ',', ';', '&', '\t']) {
            match UnitText(word).unit() {
                Some(unit) if unit.quantity() == wavekeep_core::Quantity::Velocity => {
                    units.velocity.get_or_insert(unit);
                }
                Some(unit) if unit.quantity() == wavekeep_core::Quantity::Pressure => {
                    units.pressure.get_or_insert(unit);
                }
                _ => units.weighted = units.weighted.or(UnitText(word).weighted()),
            }
        }
        units
    }
}

/// A moment whose date and time stand in two fields.
#[derive(Debug, Clone, Default)]
struct Moment {
    date: Option<(PrintedDate, u64, String)>,
    time: Option<Time>,
}

impl Moment {
    fn at(&self, order: Option<DateOrder>) -> Option<UnitLocal> {
        Some(UnitLocal(self.day(order)?.to_datetime(self.time?)))
    }

    fn day(&self, order: Option<DateOrder>) -> Option<Date> {
        self.date.as_ref()?.0.decided(order)
    }
}

/// One sensor: its channels and vector sum.
#[derive(Debug, Clone, Default)]
struct SensorFields {
    number: u32,
    channels: [ChannelStatement; 4],
    peaks_at: [Moment; 4],
    sum: Option<Reading>,
    sum_time_s: Option<f64>,
    sum_at: Moment,
}

/// Takes fields one by one.
struct Builder<'n> {
    decisions: Decisions,
    units: StatedUnits,
    range: Option<Reading>,
    out: Stated,
    start: Moment,
    histogram_start: Moment,
    histogram_stop: Moment,
    sensors: Vec<SensorFields>,
    titles: Vec<(u32, Option<String>, Option<String>)>,
    last_channel: Option<(usize, usize)>,
    stated_twice: u64,
    not_understood: &'n mut NotUnderstood,
}

pub(crate) fn statement(
    fields: &[Field],
    decisions: Decisions,
    not_understood: &mut NotUnderstood,
) -> Stated {
    let first = |wanted: EventField| {
        let is = |field: &&Field| {
            field.note.is_none() && Label::of(&key(&field.name)) == Label::Event(wanted)
        };
        fields.iter().find(is).map(|field| field.value.as_str())
    };
    let units = first(EventField::Units).map_or_else(StatedUnits::default, StatedUnits::of);
    let range = first(EventField::GeophoneRange).and_then(|text| {
        Printed::parse(text, decisions.mark).ok()?.reading(Unit::InchPerSecond, None).ok()
    });
    let mut builder = Builder {
        decisions,
        units,
        range,
        out: Stated::default(),
        start: Moment::default(),
        histogram_start: Moment::default(),
        histogram_stop: Moment::default(),
        sensors: vec![SensorFields { number: 1, ..SensorFields::default() }],
        titles: Vec::new(),
        last_channel: None,
        stated_twice: 0,
        not_understood,
    };
    let microphone = fields.iter().find(|field| {
        let is_kind = matches!(
            key(&field.name).as_str(),
            "microphone" | "micweighting" | "microphoneweighting"
        );
        is_kind && field.note.is_none() && !field.value.trim().is_empty()
    });
    builder.out.statement.microphone =
        microphone.map(|field| shortened(&field.value, KEPT_CHARACTERS));
    for field in fields {
        builder.take(field);
    }
    let mut out = builder.finish();
    keep_fields(fields, &mut out.statement);
    out
}

/// Fields as written, in order, as many as a report can have.
fn keep_fields(fields: &[Field], statement: &mut Statement) {
    let mut bytes = 0;
    for field in fields.iter().take(KEPT_FIELDS) {
        let name = shortened(&field.name, KEPT_CHARACTERS);
        let value = shortened(&field.value, KEPT_CHARACTERS);
        bytes += name.len() + value.len();
        if bytes > KEPT_BYTES {
            break;
        }
        statement.fields.push((name, value));
    }
}

/// Sets what is not set yet, and says whether something else was.
fn set<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
    match place {
        Some(there) => *there != value,
        None => {
            *place = Some(value);
            false
        }
    }
}

impl Builder<'_> {
    fn take(&mut self, field: &Field) {
        if let Some(role) = field.note {
            let label = shortened(&field.name, KEPT_CHARACTERS);
            let text = shortened(&field.value, KEPT_CHARACTERS);
            self.out.statement.notes.push(UserNote { role, label, text });
            return;
        }
        let key = key(&field.name);
        let value = field.value.as_str();
        let taken = match Label::of(&key) {
            Label::Event(of) => self.event(of, field),
            Label::Channel { sensor, channel, field: of } => match self.sensor(sensor) {
                Some(place) => {
                    self.last_channel = Some((place, channel));
                    self.channel(place, channel, of, field)
                }
                None => Err(NoValue::NotUnderstood),
            },
            Label::VectorSum { sensor, field: of } => match self.sensor(sensor) {
                Some(place) => self.vector_sum(place, of, field),
                None => Err(NoValue::NotUnderstood),
            },
            Label::TitleNote(number) => {
                self.title(number).1.get_or_insert_with(|| value.to_owned());
                Ok(())
            }
            Label::TitleString(number) => {
                self.title(number).2.get_or_insert_with(|| value.to_owned());
                Ok(())
            }
            Label::KeptAsWritten => Ok(()),
            // A field without the name of a channel belongs to the one that was named last.
            Label::Unknown => match (label::channel_field(&key), self.last_channel) {
                (Some(of), Some((place, channel))) => self.channel(place, channel, of, field),
                _ => Err(NoValue::NotUnderstood),
            },
        };
        match taken {
            Ok(()) | Err(NoValue::NotAvailable) => {}
            Err(NoValue::Undecided | NoValue::NotUnderstood) => {
                let text = format!("{} : {value}", field.name);
                self.not_understood.add(Part::Field, field.line, &text);
            }
        }
    }

    fn title(&mut self, number: u32) -> &mut (u32, Option<String>, Option<String>) {
        let place = self.titles.iter().position(|(of, ..)| *of == number);
        let place = place.unwrap_or_else(|| {
            // Units have four; a text with titles without end gets no more than this.
            if self.titles.len() < 16 {
                self.titles.push((number, None, None));
            }
            self.titles.len() - 1
        });
        &mut self.titles[place]
    }

    /// The place of a sensor by its number.
    fn sensor(&mut self, number: u32) -> Option<usize> {
        let place = self.sensors.iter().position(|sensor| sensor.number == number);
        place.or_else(|| {
            if self.sensors.len() == MOST_SENSORS {
                return None;
            }
            self.sensors.push(SensorFields { number, ..SensorFields::default() });
            Some(self.sensors.len() - 1)
        })
    }

    fn printed<'t>(&self, text: &'t str) -> Result<Printed<'t>, NoValue> {
        Printed::parse(text, self.decisions.mark)
    }

    fn event(&mut self, of: EventField, field: &Field) -> Result<(), NoValue> {
        let text = field.value.trim();
        let said = &mut self.out.statement;
        let mark = self.decisions.mark;
        let printed = |text| Printed::parse(text, mark);
        if text.is_empty() || text.eq_ignore_ascii_case("N/A") {
            return Ok(());
        }
        let whole = || shortened(text, KEPT_CHARACTERS);
        let is_other = match of {
            EventField::Type => set(&mut said.event_type, whole()),
            EventField::Trigger => set(&mut said.trigger, whole()),
            EventField::Units => set(&mut said.units, whole()),
            EventField::Firmware => {
                said.firmware = Some(whole());
                false
            }
            EventField::Battery => set(&mut said.battery, whole()),
            EventField::Calibration => set(&mut said.calibration, whole()),
            EventField::Software => set(&mut said.software, whole()),
            EventField::Serial => {
                // A serial number may be followed by the firmware and the model.
                let (serial, firmware) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                let firmware = firmware.trim();
                if !firmware.is_empty() {
                    said.firmware.get_or_insert(shortened(firmware, KEPT_CHARACTERS));
                }
                set(&mut said.serial, shortened(serial.trim_end_matches([',', ';']), 64))
            }
            EventField::GeophoneRange => {
                set(&mut said.geophone_range, printed(text)?.reading(Unit::InchPerSecond, None)?)
            }
            EventField::RecordTime => {
                let seconds = printed(text)?.seconds()?;
                set(&mut said.record_time_s, seconds)
            }
            EventField::Pretrigger => set(&mut said.pretrigger_s, printed(text)?.seconds()?.abs()),
            EventField::Rate => {
                let rate = printed(text)?.number(&RATE_UNITS)?;
                if rate <= 0.0 {
                    return Err(NoValue::NotUnderstood);
                }
                set(&mut said.rate_hz, rate)
            }
            EventField::Intervals => {
                let number = printed(text)?.number(&["intervals"])?;
                set(&mut said.histogram.get_or_insert_default().intervals, number)
            }
            EventField::IntervalSize => {
                let seconds = printed(text)?.seconds()?;
                if seconds <= 0.0 {
                    return Err(NoValue::NotUnderstood);
                }
                set(&mut said.histogram.get_or_insert_default().interval_s, seconds)
            }
            EventField::Date => return take_date(&mut self.start, field),
            EventField::StartDate => return take_date(&mut self.histogram_start, field),
            EventField::StopDate => return take_date(&mut self.histogram_stop, field),
            EventField::Time => return take_time(&mut self.start, text),
            EventField::StartTime => return take_time(&mut self.histogram_start, text),
            EventField::StopTime => return take_time(&mut self.histogram_stop, text),
        };
        self.stated_twice += u64::from(is_other);
        Ok(())
    }

    /// The unit of velocities that carry none; `None` when nothing says it.
    fn velocity(&self) -> Option<Unit> {
        self.range.map(|range| range.unit).or(self.units.velocity)
    }

    /// What `OORANGE` stands for: the range, which is the normal one where nothing says it.
    fn limit(&self) -> Reading {
        let normal = Reading::new(10.0, Unit::InchPerSecond);
        let unit = self.velocity().unwrap_or(normal.unit);
        self.range.unwrap_or_else(|| normal.to(unit).unwrap_or(normal))
    }

    /// A velocity; one without a unit is none when nothing says its unit.
    fn velocity_reading(&self, text: &str, limit: Reading) -> Result<Reading, NoValue> {
        let printed = self.printed(text)?;
        if let Printed::Number { unit, .. } = printed
            && unit.is_empty()
            && self.velocity().is_none()
        {
            return Err(NoValue::NotUnderstood);
        }
        printed.reading(limit.unit, Some(limit))
    }

    fn channel(
        &mut self,
        place: usize,
        channel: usize,
        of: ChannelField,
        field: &Field,
    ) -> Result<(), NoValue> {
        let text = field.value.as_str();
        let is_microphone = channel == MICROPHONE;
        let limit = self.limit();
        let frequency = |printed: Result<Printed<'_>, NoValue>| match printed {
            Err(NoValue::NotAvailable) if !text.trim().is_empty() => Ok(Frequency::NotAvailable),
            printed => printed?.frequency(),
        };
        let is_other = match of {
            ChannelField::Ppv | ChannelField::Pspl if is_microphone => {
                let reading = self.level(field)?;
                set(&mut self.at(place, channel).peak, reading)
            }
            ChannelField::Ppv => {
                let reading = self.velocity_reading(text, limit)?;
                set(&mut self.at(place, channel).peak, reading)
            }
            ChannelField::Pspl => return Err(NoValue::NotUnderstood),
            ChannelField::ZcFrequency => {
                let hz = frequency(self.printed(text))?;
                set(&mut self.at(place, channel).zc_frequency, hz)
            }
            ChannelField::TestFrequency => {
                let hz = frequency(self.printed(text))?;
                set(&mut self.at(place, channel).test_frequency, hz)
            }
            ChannelField::TimeOfPeak => {
                let seconds = self.printed(text)?.seconds()?;
                set(&mut self.at(place, channel).time_of_peak_s, seconds)
            }
            ChannelField::PeakAcceleration => {
                let reading = self.printed(text)?.reading(Unit::Gravity, None)?;
                set(&mut self.at(place, channel).peak_acceleration, reading)
            }
            ChannelField::PeakDisplacement => {
                let inches = limit.unit == Unit::InchPerSecond;
                let unit = if inches { Unit::Inch } else { Unit::Millimetre };
                let reading = self.printed(text)?.reading(unit, None)?;
                set(&mut self.at(place, channel).peak_displacement, reading)
            }
            ChannelField::TestRatio => {
                let ratio = self.printed(text)?.number(&[])?;
                set(&mut self.at(place, channel).test_ratio, ratio)
            }
            ChannelField::TestAmplitude => {
                let reading = self.printed(text)?.reading(Unit::Millivolt, None)?;
                set(&mut self.at(place, channel).test_amplitude, reading)
            }
            ChannelField::TestResults => {
                let text = text.trim();
                if text.is_empty() {
                    return Ok(());
                }
                let results = shortened(text, KEPT_CHARACTERS);
                set(&mut self.at(place, channel).test_results, results)
            }
            ChannelField::PeakTime => {
                return take_time(&mut self.sensors[place].peaks_at[channel], text);
            }
            ChannelField::PeakDate => {
                return take_date(&mut self.sensors[place].peaks_at[channel], field);
            }
            ChannelField::KeptAsWritten => false,
        };
        self.stated_twice += u64::from(is_other);
        Ok(())
    }

    fn at(&mut self, place: usize, channel: usize) -> &mut ChannelStatement {
        &mut self.sensors[place].channels[channel]
    }

    /// The level or pressure of a microphone. A weighted level is another quantity than a linear
    /// one; where its unit does not say the weighting, its label or the kind of microphone does.
    fn level(&self, field: &Field) -> Result<Reading, NoValue> {
        let printed = self.printed(&field.value)?;
        let by_label = match key(&field.name) {
            label if label.starts_with("mica") => Some(Unit::DecibelA),
            label if label.starts_with("micc") => Some(Unit::DecibelC),
            _ => self.out.statement.microphone.as_deref().and_then(weighting_by_words),
        };
        let weighted = match printed {
            Printed::Number { unit, .. } => match unit.weighted() {
                None if unit.is_empty() || unit.0.trim().eq_ignore_ascii_case("db") => by_label,
                by_unit => by_unit,
            },
            Printed::OutOfRange => by_label,
        };
        match (weighted, printed) {
            (Some(unit), Printed::Number { value, decimals, flag, .. }) => {
                Ok(Reading { flag, ..Reading::new(value, unit).with_decimals(decimals) })
            }
            // What a weighted level is at most is not known.
            (Some(_), Printed::OutOfRange) => Err(NoValue::NotUnderstood),
            (None, _) => printed.reading(PSPL_LIMIT.unit, Some(PSPL_LIMIT)),
        }
    }

    fn vector_sum(&mut self, place: usize, of: SumField, field: &Field) -> Result<(), NoValue> {
        let text = field.value.as_str();
        let is_other = match of {
            SumField::Value => {
                let limit = self.limit();
                let limit = Reading::new(limit.value * 3f64.sqrt(), limit.unit);
                let reading = self.velocity_reading(text, limit)?;
                set(&mut self.sensors[place].sum, reading)
            }
            SumField::Time if date::printed_time(text).is_some() => {
                return take_time(&mut self.sensors[place].sum_at, text);
            }
            SumField::Time => {
                let seconds = self.printed(text)?.seconds()?;
                set(&mut self.sensors[place].sum_time_s, seconds)
            }
            SumField::Date => return take_date(&mut self.sensors[place].sum_at, field),
        };
        self.stated_twice += u64::from(is_other);
        Ok(())
    }

    fn finish(mut self) -> Stated {
        self.titles();
        let order = self.dates();
        let mut out = self.out;
        let said = &mut out.statement;
        let (first, stop) = (self.histogram_start.at(order), self.histogram_stop.at(order));
        if first.is_some() || stop.is_some() {
            let histogram = said.histogram.get_or_insert_default();
            (histogram.start, histogram.stop) = (first, stop);
        }
        said.histogram = said.histogram.take().filter(|all| *all != HistogramStatement::default());
        said.start = self.start.at(order).or(first);
        let mut others = Vec::new();
        for sensor in self.sensors {
            let is_first = sensor.number == 1;
            let moments = sensor.peaks_at.iter().map(|moment| moment.at(order));
            for (channel, (mut stated, at)) in sensor.channels.into_iter().zip(moments).enumerate()
            {
                stated.peak_at = at;
                if stated == ChannelStatement::default() {
                    continue;
                }
                stated.name = channel_name(channel, sensor.number);
                if !is_first {
                    others.push(stated.name.clone());
                }
                said.channels.push(stated);
            }
            if is_first {
                said.peak_vector_sum = sensor.sum;
                said.peak_vector_sum_time_s = sensor.sum_time_s;
                said.peak_vector_sum_at = sensor.sum_at.at(order);
            } else if let Some(sum) = sensor.sum {
                others.push(format!("a peak vector sum of {} {}", sum.value, sum.unit));
            }
        }
        if !others.is_empty() {
            let message = format!(
                "the report states a further sensor of the unit ({}): the samples of the file were compared with the first sensor alone",
                others.join(", ")
            );
            out.notes.push(Note::new(NoteKind::Disagreement, "further_sensor", message));
        }
        if self.stated_twice > 0 {
            let message = format!(
                "the report states {} fields again, with another value: the first one was taken",
                self.stated_twice
            );
            out.notes.push(Note::new(NoteKind::Disagreement, "report_field_again", message));
        }
        out.date_order = order;
        out
    }

    /// The order of dates in digits alone, and what is to be said of those that nothing decides.
    fn dates(&mut self) -> Option<DateOrder> {
        let peaks = self.sensors.iter().flat_map(|of| of.peaks_at.iter().chain([&of.sum_at]));
        let all = [&self.start, &self.histogram_start, &self.histogram_stop].into_iter();
        let all: Vec<&(PrintedDate, u64, String)> =
            all.chain(peaks).filter_map(|moment| moment.date.as_ref()).collect();
        let dates: Vec<PrintedDate> = all.iter().map(|(date, ..)| date.clone()).collect();
        let start = self.start.date.as_ref().or(self.histogram_start.date.as_ref());
        let start = start.map(|(date, ..)| date);
        let order = date::order_of(&dates, start, self.decisions.file_start);
        let undecided: BTreeSet<&str> = all
            .iter()
            .filter(|(date, ..)| date.decided(order).is_none())
            .map(|(_, _, text)| text.as_str())
            .collect();
        if let Some(example) = undecided.first() {
            let message = format!(
                "nothing decides which part of the date {example:?} is the day and which the month: it was not taken"
            );
            let note = Note::new(NoteKind::Disagreement, "report_date", message);
            self.out.notes.push(note);
            for (date, line, text) in &all {
                if date.decided(order).is_none() {
                    self.not_understood.add(Part::Field, *line, text);
                }
            }
        }
        order
    }

    /// `TitleNoteN` is the label of a note, `TitleStringN` its text.
    fn titles(&mut self) {
        self.titles.sort_by_key(|(number, ..)| *number);
        for (_, label, text) in std::mem::take(&mut self.titles) {
            let label = shortened(label.unwrap_or_default().trim(), KEPT_CHARACTERS);
            let text = shortened(text.unwrap_or_default().trim(), KEPT_CHARACTERS);
            if label.is_empty() && text.is_empty() {
                continue;
            }
            let role = role_of(&label);
            self.out.statement.notes.push(UserNote { role, label, text });
        }
    }
}

/// What the label of a title means.
fn role_of(label: &str) -> &'static str {
    let words = label.to_lowercase();
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if has(&["location", "loc:", "seis loc"]) {
        "sensor_location"
    } else if has(&["client", "customer"]) {
        "client"
    } else if has(&["company", "user", "operator"]) {
        "operator"
    } else if has(&["project"]) {
        "project"
    } else {
        "notes"
    }
}

fn take_date(moment: &mut Moment, field: &Field) -> Result<(), NoValue> {
    let text = field.value.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("N/A") || moment.date.is_some() {
        return Ok(());
    }
    let (date, rest) = date::leading_date(text).ok_or(NoValue::NotUnderstood)?;
    if !rest.is_empty() {
        let time = date::printed_time(rest).ok_or(NoValue::NotUnderstood)?;
        moment.time.get_or_insert(time);
    }
    moment.date = Some((date, field.line, shortened(&format!("{} : {text}", field.name), 80)));
    Ok(())
}

fn take_time(moment: &mut Moment, text: &str) -> Result<(), NoValue> {
    if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("N/A") {
        return Ok(());
    }
    // A time is printed twice where the date carries it, too.
    let time = date::printed_time(text).ok_or(NoValue::NotUnderstood)?;
    moment.time = Some(time);
    Ok(())
}
