//! Archives of made-up months.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::f64::consts::TAU;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use wavekeep_archive::{Archive, PatchOptions, Submission};
use wavekeep_blastware::report_text::{self, Table};
use wavekeep_blastware::waveform;
use wavekeep_blastware::{
    BODY_OFFSET, Blastware, EventFile, EventName, FOOTER_LEN, Footer, MAGIC, RecordMode,
    StartRecord, TypeLetter,
};
use wavekeep_core::{
    ChannelStatement, DecodeOptions, EventFormat, Flag, Frequency, Input, MonitorLogEntry, Reading,
    Statement, Unit, UnitLocal, UserNote,
};
use wavekeep_period::{Levels, PeriodReport, PeriodRequest};
use wavekeep_signal::{Curve, measure};

const RATE_HZ: f64 = 1024.0;
/// 10 in/s in counts.
const LIMIT: f64 = 2000.0;

/// An archive in a folder of its own.
pub struct Fleet {
    pub folder: TempDir,
    pub archive: Archive,
}

/// A made-up event.
#[derive(Clone)]
pub struct Made {
    pub serial: u32,
    pub start: UnitLocal,
    /// Peak of Vert in counts of 0.005 in/s, and its frequency.
    pub peak: f64,
    pub hz: f64,
    /// Peak of the microphone in counts.
    pub air: f64,
    pub project: String,
    pub location: String,
    /// Whether the vendor's report lies beside it.
    pub has_report: bool,
    /// The row of the monitor log in its report.
    pub log: Option<(UnitLocal, UnitLocal)>,
}

pub fn at(day: (u16, u8, u8), time: (u8, u8, u8)) -> UnitLocal {
    UnitLocal::from_fields(day, time).expect("a moment")
}

impl Made {
    pub fn new(start: UnitLocal) -> Self {
        Self {
            serial: 11_529,
            start,
            peak: 60.0,
            hz: 25.0,
            air: 60.0,
            project: "Quarry extension, phase 2".to_owned(),
            location: "12 Mill Lane, cellar wall".to_owned(),
            has_report: true,
            log: None,
        }
    }

    fn channels(&self) -> [Vec<i16>; 4] {
        let len = (1.25 * RATE_HZ) as usize;
        let wave = |peak: f64, hz: f64, delay_s: f64| -> Vec<i16> {
            (0..len)
                .map(|index| {
                    let since = index as f64 / RATE_HZ - 0.25 - delay_s;
                    let rise = (since * hz * 4.0).clamp(0.0, 1.0);
                    let ring = rise * (-since * 4.0).exp() * (TAU * hz * since).sin();
                    let value = if since > 0.0 { peak * ring } else { 0.0 };
                    value.round().clamp(-LIMIT, LIMIT) as i16
                })
                .collect()
        };
        [
            wave(self.peak * 0.71, self.hz * 0.8, 0.004),
            wave(self.peak, self.hz, 0.0),
            wave(self.peak * 0.83, self.hz * 0.9, 0.002),
            wave(self.air, 13.0, 0.3),
        ]
    }

    /// Name, bytes and report.
    pub fn files(&self) -> (String, Vec<u8>, Vec<u8>) {
        let name = EventName::new(self.serial, self.start, TypeLetter::Waveform).unwrap();
        let [tran, vert, long, mic] = self.channels();
        let body = waveform::encode([&tran, &vert, &long, &mic]).unwrap();
        let len = BODY_OFFSET + body.len() + FOOTER_LEN - MAGIC.len();
        let start_key = 0x0111_2000;
        let strt = StartRecord {
            end_key: start_key + len as u32,
            start_key,
            unknown_14: [0; 4],
            mode: RecordMode::Continuous,
            unknown_19: [0; 2],
        };
        let stop = self.start.checked_add_seconds(2.0).unwrap();
        let file = EventFile::assemble(&strt, &body, &Footer::new(self.start, stop));
        let name = name.to_string();
        let text = self.report(&name, &file);
        (name, file, text)
    }

    fn report(&self, name: &str, file: &[u8]) -> Vec<u8> {
        let input = Input { bytes: file, name: Some(name) };
        let recording = Blastware.decode(input, &DecodeOptions::default()).unwrap();
        let measured = measure(&recording);
        let plain = |reading: Reading| match reading.unit {
            Unit::InchPerSecond if reading.value >= 10.0 => {
                Reading::new(10.0, Unit::InchPerSecond).flagged(Flag::Saturated)
            }
            _ => Reading { flag: None, ..reading },
        };
        let channels = measured.channels.iter().map(|channel| ChannelStatement {
            name: channel.name.clone(),
            peak: channel.peak.computed.map(plain),
            zc_frequency: channel.zc_frequency.computed,
            time_of_peak_s: channel.time_of_peak_s.computed,
            test_frequency: Some(Frequency::measured(7.4)),
            test_ratio: (channel.name != "MicL").then_some(3.7),
            test_results: Some("Passed".to_owned()),
            ..Default::default()
        });
        let note = |role, label: &str, text: &str| UserNote {
            role,
            label: label.to_owned(),
            text: text.to_owned(),
        };
        let printed = |at: UnitLocal| at.0.strftime("%b %-d /%y %H:%M:%S").to_string();
        let statement = Statement {
            event_type: Some("Full Waveform".to_owned()),
            start: Some(self.start),
            trigger: Some("Vert".to_owned()),
            geophone_range: Some(Reading::new(10.0, Unit::InchPerSecond)),
            record_time_s: Some(1.0),
            pretrigger_s: Some(0.25),
            rate_hz: Some(RATE_HZ),
            units: Some("in/s and dB(L)".to_owned()),
            serial: Some(format!("BE{}", self.serial)),
            firmware: Some("V 10.72-8.17 MiniMate Plus".to_owned()),
            battery: Some("6.3 Volts".to_owned()),
            calibration: Some("January 22, 2026 by Instantel".to_owned()),
            notes: vec![
                note("project", "Project:", &self.project),
                note("client", "Client:", "Northfield Aggregates"),
                note("operator", "User Name:", "M. Okafor"),
                note("sensor_location", "Seis Loc:", &self.location),
            ],
            channels: channels.collect(),
            peak_vector_sum: measured.peak_vector_sum.computed.map(|sum| match sum.value {
                value if value >= 10.0 => {
                    Reading::new(10.0 * 3f64.sqrt(), Unit::InchPerSecond).flagged(Flag::Saturated)
                }
                _ => plain(sum),
            }),
            peak_vector_sum_time_s: measured.peak_vector_sum_time_s.computed,
            monitor_log: self
                .log
                .iter()
                .map(|(from, to)| MonitorLogEntry {
                    start: printed(*from),
                    stop: printed(*to),
                    text: "Event recorded.".to_owned(),
                })
                .collect(),
            ..Default::default()
        };
        report_text::write(&statement, &Table::None)
    }
}

impl Fleet {
    pub fn empty() -> Self {
        let folder = match std::path::Path::new("/dev/shm") {
            memory if memory.is_dir() => tempfile::tempdir_in(memory).unwrap(),
            _ => tempfile::tempdir().unwrap(),
        };
        let archive = Archive::create(folder.path().join("fleet")).unwrap();
        Self { folder, archive }
    }

    pub fn save(&self, made: &Made) -> i64 {
        let (name, file, report) = made.files();
        let mut event = Submission::new(name.clone(), file);
        if made.has_report {
            event = event.report(format!("{}_ASCII.TXT", name.replace('.', "_")), report);
        }
        self.archive.save(&event).unwrap().id
    }

    /// A sample of the repository, under another name.
    pub fn save_sample(&self, sample: &str, name: &str) -> i64 {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let bytes = std::fs::read(folder.join(sample)).unwrap();
        self.archive.save(&Submission::new(name, bytes)).unwrap().id
    }

    /// A sample of the repository with its report.
    pub fn save_reported(&self, sample: &str, report: &str) -> i64 {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let event = Submission::new(sample, read(sample)).report(report, read(report));
        self.archive.save(&event).unwrap().id
    }

    pub fn mark_false(&self, id: i64) {
        let patch = serde_json::json!({ "review": { "false_trigger": true, "notes": "a lorry" } });
        self.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    }

    /// `events` of May 2026, spread over three units, their sizes and frequencies as they come.
    pub fn may(events: usize) -> Self {
        let fleet = Self::empty();
        let mut state = 7u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let units = [
            (11_529, "12 Mill Lane, cellar wall"),
            (18_190, "School, entrance"),
            (18_438, "Crusher foundation"),
        ];
        for number in 0..events {
            let seconds = 31.0 * 86_400.0 * (number as f64 + random()) / events as f64;
            let start = at((2026, 5, 1), (0, 0, 0)).checked_add_seconds(seconds.floor()).unwrap();
            let (serial, location) = units[number % 3];
            let size = (random() * 4.6 - 1.0).exp();
            let before = start.checked_add_seconds(-3600.0 * (2.0 + 20.0 * random())).unwrap();
            let made = Made {
                serial,
                peak: 6.0 + 4.0 * size,
                hz: 6.0 + 60.0 * random() * random(),
                air: 8.0 + 2.0 * size,
                location: location.to_owned(),
                has_report: number % 11 != 10,
                log: (number % 11 != 10).then_some((before, start)),
                ..Made::new(start)
            };
            let id = fleet.save(&made);
            if number % 17 == 5 {
                fleet.mark_false(id);
            }
        }
        fleet
    }
}

pub fn curve(id: &str) -> Curve {
    Curve::built_in(id).unwrap().clone()
}

/// May 2026, held against OSMRE and its limit for the air.
pub fn may() -> PeriodRequest {
    let levels = Levels::new(Some(curve("osmre")), Some(curve("osmre-air-2hz"))).unwrap();
    PeriodRequest::new("2026-05".parse().unwrap()).with_levels(levels)
}

pub fn gathered(fleet: &Fleet, request: &PeriodRequest) -> PeriodReport {
    PeriodReport::gather(&fleet.archive, request, &AtomicBool::new(false)).unwrap()
}
