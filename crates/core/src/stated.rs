//! What a vendor's report states, put over a decoded recording.
//!
//! One rule for all formats: what the caller states wins over the report, the report over the file,
//! and wherever two of them differ a note keeps both visible.

use crate::{
    Assumed, Basis, DecodeOptions, GeophoneRange, Kind, Note, NoteKind, Reading, Recording, Scale,
    Sensor, Statement, TimeAxis, Unit, UnitLocal,
};

/// How far a printed range may be from 10 or 1.25 in/s and still mean it: mm/s are rounded.
const RANGE_TOLERANCE: f64 = 0.01;

/// As many samples more than stated mean nothing: bodies end with whole segments.
const LONGER_THAN_STATED: f64 = 512.0;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Notes that [`Recording::take_statement`] makes.
const NOTES: [&str; 9] = [
    "weighted_microphone",
    "rate_stated",
    "pretrigger_stated",
    "range_stated",
    "report_range",
    "report_serial",
    "report_start",
    "shorter_than_stated",
    "longer_than_stated",
];

impl Recording {
    /// Takes serial number, start, time axis and range of the geophones from a report, and gives the
    /// range if it was taken: what a count is worth on it is the format's to say. Taking the same
    /// statement again changes nothing. The statement itself is not kept.
    pub fn take_statement(
        &mut self,
        statement: &Statement,
        options: &DecodeOptions,
    ) -> Option<GeophoneRange> {
        for code in NOTES {
            self.report.settle(code);
        }
        self.take_kind(statement);
        self.take_time_axis(statement, options);
        self.compare_record_time(statement);
        self.take_identity(statement);
        self.take_weighting(statement);
        self.take_range(statement.geophone_range?, options)
    }

    /// Where there are no samples, the report says what kind of event it is.
    fn take_kind(&mut self, statement: &Statement) {
        let is = |word: &str| {
            statement.event_type.as_ref().is_some_and(|of| of.to_lowercase().contains(word))
        };
        if self.is_empty() && self.kind == Kind::Waveform && is("histogram") && !is("waveform") {
            self.kind = Kind::Histogram;
            self.time = TimeAxis::Intervals { start: self.start, length_s: None };
            for code in ["rate", "pretrigger"] {
                self.report.settle(code);
            }
        }
    }

    fn take_time_axis(&mut self, statement: &Statement, options: &DecodeOptions) {
        match &mut self.time {
            TimeAxis::Samples { rate_hz, pretrigger_s } => {
                let fields = [
                    ("rate", "rate_stated", rate_hz, statement.rate_hz, options.rate_hz),
                    (
                        "pretrigger",
                        "pretrigger_stated",
                        pretrigger_s,
                        statement.pretrigger_s,
                        options.pretrigger_s,
                    ),
                ];
                for (code, differs, field, by_report, by_option) in fields {
                    match (by_report, by_option) {
                        (Some(report), Some(option)) if report != option => {
                            let note = format!(
                                "the report states a {code} of {report}, the caller {option}: the caller's was taken"
                            );
                            self.report.disagreement(differs, note);
                        }
                        (Some(report), None) => {
                            *field = Assumed::stated(report, Basis::Report);
                            self.report.settle(code);
                        }
                        _ => {}
                    }
                }
            }
            TimeAxis::Intervals { start, length_s } => {
                let histogram = statement.histogram.clone().unwrap_or_default();
                let first = histogram.start.or(statement.start);
                *start = first.map(|at| Assumed::stated(at, Basis::Report)).or(*start);
                let length = histogram.interval_s;
                *length_s = length.map(|s| Assumed::stated(s, Basis::Report)).or(*length_s);
                if let Some(stop) = histogram.stop {
                    self.stop = Some(Assumed::stated(stop, Basis::Report));
                }
            }
        }
    }

    /// Record time, pre-trigger and rate of the report say how many samples there were.
    fn compare_record_time(&mut self, statement: &Statement) {
        let TimeAxis::Samples { rate_hz, .. } = self.time else { return };
        let stated_rate = Some(rate_hz.value).filter(|_| !rate_hz.is_assumed());
        let Some((record_s, rate)) = statement.record_time_s.zip(statement.rate_hz.or(stated_rate))
        else {
            return;
        };
        let seconds = record_s + statement.pretrigger_s.unwrap_or(0.0);
        let (expected, found) = ((seconds * rate).round(), self.len() as f64);
        if self.is_empty() || !expected.is_finite() || expected <= 0.0 {
            return;
        }
        let words = format!(
            "the report states {seconds} s at {rate} samples/s, that is {expected} samples: the file gave {found}"
        );
        // Seconds that are no whole number of samples are rounded by the unit, either way.
        if expected - found > 1.0 {
            self.report.damage("shorter_than_stated", words);
        } else if statement.pretrigger_s.is_some() && found - expected > LONGER_THAN_STATED {
            self.report.disagreement("longer_than_stated", words);
        }
    }

    fn take_identity(&mut self, statement: &Statement) {
        if let Some(serial) = &statement.serial {
            if let Some(known) = self.serial.as_ref().filter(|known| known.value != *serial) {
                let note = format!(
                    "the report is of unit {serial}, the file of {}: is it the report of this event?",
                    known.value
                );
                self.report.disagreement("report_serial", note);
            }
            self.serial = Some(Assumed::stated(serial.clone(), Basis::Report));
        }
        if let Some(start) = statement.start {
            if let Some(known) = self.start.filter(|known| known.value != start) {
                let note = format!(
                    "the report says that the event began at {start}, the file that it began at {}: is it the report of this event?",
                    known.value
                );
                self.report.disagreement("report_start", note);
            }
            self.start = Some(Assumed::stated(start, Basis::Report));
        }
    }

    /// What a count of a weighted microphone is worth is not known, and it is no pressure: its
    /// samples stay counts.
    fn take_weighting(&mut self, statement: &Statement) {
        let Some(unit) = statement.weighting() else { return };
        for channel in &mut self.channels {
            if channel.sensor == Sensor::Microphone {
                channel.scale = Scale::identity(Unit::Count);
                let note = format!(
                    "the report states levels in {unit}: the samples are no unweighted pressures and are shown as counts"
                );
                let note = Note::new(NoteKind::Disagreement, "weighted_microphone", note);
                self.report.push(note.on(channel.name.clone()));
            }
        }
    }

    fn take_range(&mut self, printed: Reading, options: &DecodeOptions) -> Option<GeophoneRange> {
        let in_per_s = printed.to(Unit::InchPerSecond).ok()?.value;
        let named = [GeophoneRange::Normal, GeophoneRange::Sensitive]
            .into_iter()
            .find(|range| (in_per_s / range.in_per_s() - 1.0).abs() < RANGE_TOLERANCE);
        match (named, options.range) {
            (None, _) => {
                let note = format!(
                    "the report states a geophone range of {printed}: neither 10 nor 1.25 in/s"
                );
                self.report.disagreement("report_range", note);
                None
            }
            (Some(report), Some(option)) => {
                if report != option {
                    let note = format!(
                        "the report states the {report} geophone range, the caller the {option} one: the caller's was taken"
                    );
                    self.report.disagreement("range_stated", note);
                }
                None
            }
            (Some(report), None) => {
                self.range = Some(Assumed::stated(report, Basis::Report));
                self.report.settle("range");
                Some(report)
            }
        }
    }

    /// Notes a start that the instrument's clock cannot have had right: before `first_year`, when no
    /// such unit was made, as after a battery that was empty; or more than a day after `now`, which
    /// allows for any time zone. Noting it again changes nothing.
    pub fn note_clock(&mut self, first_year: i16, now: UnitLocal) {
        self.report.settle("clock");
        let Some(Assumed { value: start, .. }) = self.start else { return };
        let message = if start.0.year() < first_year {
            format!(
                "the event began at {start} by the unit's clock, before such units were made: the clock had lost its time"
            )
        } else if now.checked_add_seconds(DAY_S).is_some_and(|latest| start > latest) {
            format!(
                "the event began at {start} by the unit's clock, which is later than the file came in ({now}): the clock was wrong"
            )
        } else {
            return;
        };
        self.report.disagreement("clock", message);
    }
}
