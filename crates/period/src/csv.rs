//! The table of events as CSV: for programs, the same in every language.

use std::io::{self, Write};

use wavekeep_core::{Flag, Unit};
use wavekeep_report::{EventKind, PeakOf, PeriodEvent, Units};
use wavekeep_signal::Verdict;

use crate::gather::PeriodReport;

/// The columns. `…_flag` says what is special about the value before it; times are unit-local, ISO 8601
/// without a zone. What is not known is empty. `velocity` stands for `in_s` or `mm_s`.
pub const CSV_COLUMNS: [&str; 46] = [
    "id",
    "serial",
    "filename",
    "kind",
    "timestamp",
    "location",
    "tran_velocity",
    "tran_flag",
    "tran_hz",
    "vert_velocity",
    "vert_flag",
    "vert_hz",
    "long_velocity",
    "long_flag",
    "long_hz",
    "pvs_velocity",
    "pvs_flag",
    "mic_level",
    "mic_unit",
    "mic_flag",
    "mic_hz",
    "false_trigger",
    "standing",
    "ground_outcome",
    "ground_subject",
    "ground_value",
    "ground_limit",
    "ground_unit",
    "ground_hz",
    "ground_share_percent",
    "ground_reason",
    "air_outcome",
    "air_subject",
    "air_value",
    "air_limit",
    "air_unit",
    "air_share_percent",
    "air_reason",
    "missing_samples",
    "damaged",
    "contradicted",
    "assumed",
    "not_decoded",
    "sha256",
    "filesize",
    "in_period",
];

impl PeriodReport {
    /// Writes the table of events as CSV (RFC 4180): those of the period in the order of time, then those
    /// without a time, which `in_period` leaves empty. Gives the number of rows.
    ///
    /// # Errors
    /// What `out` says.
    pub fn csv(&self, units: Units, out: &mut dyn Write) -> io::Result<u64> {
        let word = match units.velocity() {
            Unit::MillimetrePerSecond => "mm_s",
            _ => "in_s",
        };
        let names: Vec<String> =
            CSV_COLUMNS.iter().map(|name| name.replace("velocity", word)).collect();
        write!(out, "{}\r\n", names.join(","))?;
        let content = self.content();
        let warn = content.levels.warn_percent;
        let mut rows = 0;
        for (events, in_period) in [(&content.events, "true"), (&content.without_time, "")] {
            for event in events {
                let mut cells = cells(event, units.velocity(), warn);
                cells.push(in_period.to_owned());
                debug_assert_eq!(cells.len(), CSV_COLUMNS.len());
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        out.write_all(b",")?;
                    }
                    field(out, cell)?;
                }
                out.write_all(b"\r\n")?;
                rows += 1;
            }
        }
        Ok(rows)
    }
}

/// What the words of flags are in a table for programs.
pub(crate) fn flag_word(flag: Option<Flag>) -> String {
    flag.map_or_else(String::new, |flag| flag.word().replace(' ', "_"))
}

fn cells(event: &PeriodEvent, unit: Unit, warn: Option<f64>) -> Vec<String> {
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    let kind = match event.kind {
        EventKind::Waveform => "waveform",
        EventKind::Histogram => "histogram",
        EventKind::Unknown => "unknown",
    };
    let mut cells = vec![
        event.id.to_string(),
        event.serial.clone(),
        event.file_name.clone(),
        kind.to_owned(),
        event.start.map_or_else(String::new, |start| start.0.to_string()),
        or_nothing(&event.location),
    ];
    for of in PeakOf::ALL {
        let peak = event.peak(of);
        let reading = peak.map(|peak| match of {
            PeakOf::Microphone => peak.reading,
            _ => peak.reading.to(unit).unwrap_or(peak.reading),
        });
        cells.push(reading.map_or_else(String::new, |reading| reading.digits()));
        if of == PeakOf::Microphone {
            cells.push(reading.map_or_else(String::new, |reading| reading.unit.to_string()));
        }
        cells.push(flag_word(reading.and_then(|reading| reading.flag)));
        if of != PeakOf::VectorSum {
            // Beyond the instrument's range there is a bound and no number.
            let hertz = peak.map(|peak| peak.frequency.to_string()).filter(|hertz| hertz != "N/A");
            cells.push(
                hertz.map_or_else(String::new, |hertz| hertz.trim_end_matches(" Hz").to_owned()),
            );
        }
    }
    cells.push(event.false_trigger.to_string());
    cells.push(standing(event, warn).to_owned());
    cells.extend(verdict(event.ground.as_ref(), unit, true));
    cells.extend(verdict(event.air.as_ref(), unit, false));
    cells.extend([
        event.missing_samples.to_string(),
        event.is_damaged.to_string(),
        event.is_contradicted.to_string(),
        event.assumed.join(" "),
        or_nothing(&event.not_decoded),
        or_nothing(&event.sha256),
        event.bytes.map_or_else(String::new, |bytes| bytes.to_string()),
    ]);
    cells
}

fn standing(event: &PeriodEvent, warn: Option<f64>) -> &'static str {
    use wavekeep_report::Standing;
    match event.standing(warn) {
        Standing::NotJudged => "",
        Standing::Within => "within",
        Standing::NoVerdict => "no_verdict",
        Standing::Warns => "warns",
        Standing::Exceeds => "exceeds",
    }
}

fn verdict(verdict: Option<&Verdict>, unit: Unit, has_frequency: bool) -> Vec<String> {
    use wavekeep_signal::Outcome;
    let Some(verdict) = verdict else {
        return vec![String::new(); if has_frequency { 8 } else { 7 }];
    };
    let outcome = match verdict.outcome {
        Outcome::Within => "within",
        Outcome::Exceeds => "exceeds",
        Outcome::NoVerdict => "no_verdict",
    };
    let shown = |reading: Option<wavekeep_core::Reading>| {
        reading.map(|reading| reading.to(unit).unwrap_or(reading))
    };
    let (value, limit) = (shown(verdict.value), shown(verdict.limit));
    let of_unit = value.or(limit).map_or_else(String::new, |reading| reading.unit.to_string());
    let digits = |reading: Option<wavekeep_core::Reading>| {
        reading
            .map_or_else(String::new, |reading| format!("{}{}", reading.sign(), reading.digits()))
    };
    let mut cells =
        vec![outcome.to_owned(), verdict.subject.clone(), digits(value), digits(limit), of_unit];
    if has_frequency {
        let hertz = verdict.frequency.filter(|frequency| frequency.hz().is_some());
        let hertz = hertz.map(|hertz| hertz.to_string()).unwrap_or_default();
        cells.push(hertz.trim_end_matches(" Hz").to_owned());
    }
    let share = verdict.margin_percent.map(|margin| format!("{:.1}", 100.0 - margin));
    cells.push(share.unwrap_or_default());
    cells.push(verdict.reason_in(unit));
    cells
}

fn field(out: &mut dyn Write, text: &str) -> io::Result<()> {
    if text.contains([',', '"', '\r', '\n']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}
