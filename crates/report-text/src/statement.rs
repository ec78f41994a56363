//! Fields to a statement.

use wavekeep_core::{
    ChannelStatement, HistogramStatement, Note, NoteKind, Reading, Statement, Unit, UnitLocal,
    UserNote,
};

use crate::blast::{self, ScaledDistance, distance};
use crate::date::DateOrder;
use crate::heading::channel_name;
use crate::label::{self, EventField, Label, key};
use crate::moment::Moment;
use crate::not_understood::{NotUnderstood, Part, shortened};
use crate::number::{DecimalMark, NoValue};
use crate::printed::{Printed, UnitText};
use crate::sensor::SensorFields;

/// The four notes behind `Units`, by position.
pub const NOTE_ROLES: [&str; 4] = ["project", "client", "operator", "sensor_location"];
/// Fields and characters that are kept as written; no report has as many.
const KEPT_FIELDS: usize = 400;
const KEPT_BYTES: usize = 16 << 10;
pub(crate) const KEPT_CHARACTERS: usize = 400;
/// Sensors of one unit.
const MOST_SENSORS: usize = 4;
/// Titles of one text.
const MOST_TITLES: usize = 16;
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

/// The number of a title, its label and its text.
type Title = (u32, Option<String>, Option<String>);

/// Takes fields one by one.
pub(crate) struct Builder<'n> {
    pub decisions: Decisions,
    pub units: StatedUnits,
    pub range: Option<Reading>,
    pub out: Stated,
    pub start: Moment,
    pub histogram_start: Moment,
    pub histogram_stop: Moment,
    pub sensors: Vec<SensorFields>,
    titles: Vec<Title>,
    scaled_distance: Option<ScaledDistance>,
    gps_distance: Option<Reading>,
    last_channel: Option<(usize, usize)>,
    pub stated_twice: u64,
    pub not_understood: &'n mut NotUnderstood,
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
        scaled_distance: None,
        gps_distance: None,
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
pub(crate) fn set<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
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
            Label::TitleNote(number) => self.title(number).map(|(_, label, _)| {
                label.get_or_insert_with(|| value.to_owned());
            }),
            Label::TitleString(number) => self.title(number).map(|(.., text)| {
                text.get_or_insert_with(|| value.to_owned());
            }),
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

    /// Label and text of a title by its number. Units have four of them.
    fn title(&mut self, number: u32) -> Result<&mut Title, NoValue> {
        let place = match self.titles.iter().position(|(of, ..)| *of == number) {
            Some(place) => place,
            None if self.titles.len() == MOST_TITLES => return Err(NoValue::NotUnderstood),
            None => {
                self.titles.push((number, None, None));
                self.titles.len() - 1
            }
        };
        Ok(&mut self.titles[place])
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

    pub(crate) fn printed<'t>(&self, text: &'t str) -> Result<Printed<'t>, NoValue> {
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
            EventField::ScaledDistance => {
                let found = ScaledDistance::parse(text, mark)?;
                set(&mut self.scaled_distance, found)
            }
            EventField::GpsDistance => set(&mut self.gps_distance, distance(printed(text)?)?),
            EventField::Date => return self.start.take_date(field),
            EventField::StartDate => return self.histogram_start.take_date(field),
            EventField::StopDate => return self.histogram_stop.take_date(field),
            EventField::Time => return self.start.take_time(text),
            EventField::StartTime => return self.histogram_start.take_time(text),
            EventField::StopTime => return self.histogram_stop.take_time(text),
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
        said.blast = blast::statement(self.scaled_distance, self.gps_distance);
        out.notes.extend(blast::contradictions(self.scaled_distance, self.gps_distance));
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
