//! Blastware's form: `"Field Name : Value"`, four notes behind `Units`, a table.

use proptest::prelude::*;
use wavekeep_core::{Flag, Frequency, MonitorLogEntry, Reading, Unit, UserNote};
use wavekeep_report_text::{ReportText, to_windows_1252};

use crate::forms::{parse, rows, try_parse};

const WAVEFORM: &str = "\
\"Event Type : Full Waveform\"\r
\"Serial Number : BE11529 V 10.72-8.17 MiniMate Plus\"\r
\"Event Date : May 8, 2026\"\r
\"Event Time : 13:16:34\"\r
\"Trigger : Vert\"\r
\"Geo Range :  10.000 in/s\"\r
\"Record Time : 3.0 sec\"\r
\"Pre-trigger  Length : -0.250 sec\"\r
\"Sample Rate : 1024 sps\"\r
\"Battery Level : 6.4 Volts\"\r
\"Calibration : March 3, 2026 by Instantel\"\r
\"Units : in/s and dB(L)\"\r
\"Baustelle : Steinbruch Mühle : Nord\"\r
\"Client: : Keystone\"\r
\"Operator\"\r
\"Geo Range : by the oak\"\r
\"Tran PPV : 0.190 in/s\"\r
\"Tran ZC Freq : 21 Hz\"\r
\"Tran Time of Peak : 0.212 sec\"\r
\"Tran Peak Acceleration : 0.209 g\"\r
\"Tran Peak Displacement : 0.00102 in\"\r
\"Tran Test Freq : 7.4 Hz\"\r
\"Tran Test Ratio : 3.8\"\r
\"Tran Test Results : Passed\"\r
\"Vert PPV : OORANGE\"\r
\"Vert ZC Freq : >100 Hz\"\r
\"Long PPV : <0.005 in/s\"\r
\"Long ZC Freq : N/A\"\r
\"Long Time of Peak : N/A\"\r
\"MicL PSPL : OORANGE\"\r
\"MicL Test Amplitude : 512 mv\"\r
\"Peak Vector Sum : OORANGE\"\r
\"Peak Vector Sum TimeSum : 0.103 sec\"\r
\"Monitor Log(s)\"\r
\"May 8 /26 10:00:00\tMay 8 /26 13:16:34\tEvent recorded.\"\r
\"PC SW Version : V 10.74\"\r
\r
    Tran\t    Vert\t    Long\t    MicL\r
   0.000\t  -0.005\t   0.010\t   81.94\r
   0.005\t   0.000\t   0.000\t    0.00\r
";

fn waveform() -> ReportText {
    try_parse(&to_windows_1252(WAVEFORM)).unwrap()
}

#[test]
fn common_fields_are_typed() {
    let statement = waveform().statement;
    assert_eq!(statement.event_type.as_deref(), Some("Full Waveform"));
    assert_eq!(statement.serial.as_deref(), Some("BE11529"));
    assert_eq!(statement.firmware.as_deref(), Some("V 10.72-8.17 MiniMate Plus"));
    assert_eq!(statement.start.unwrap().to_string(), "2026-05-08 13:16:34");
    assert_eq!(statement.trigger.as_deref(), Some("Vert"));
    assert_eq!(statement.geophone_range, Some(Reading::new(10.0, Unit::InchPerSecond)));
    assert_eq!(statement.record_time_s, Some(3.0));
    assert_eq!(statement.pretrigger_s, Some(0.25));
    assert_eq!(statement.rate_hz, Some(1024.0));
    assert_eq!(statement.battery.as_deref(), Some("6.4 Volts"));
    assert_eq!(statement.calibration.as_deref(), Some("March 3, 2026 by Instantel"));
    assert_eq!(statement.software.as_deref(), Some("V 10.74"));
}

#[test]
fn notes_go_by_position_whatever_their_labels_say() {
    let note = |role, label: &str, text: &str| UserNote {
        role,
        label: label.to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(
        waveform().statement.notes,
        [
            note("project", "Baustelle", "Steinbruch Mühle : Nord"),
            note("client", "Client:", "Keystone"),
            note("operator", "Operator", ""),
            note("sensor_location", "Geo Range", "by the oak"),
        ]
    );
}

#[test]
fn a_channel_has_every_field_of_its_own() {
    let statement = waveform().statement;
    let tran = statement.channel("tran").unwrap();
    assert_eq!(tran.peak, Some(Reading::new(0.19, Unit::InchPerSecond)));
    assert_eq!(tran.zc_frequency, Some(Frequency::measured(21.0)));
    assert_eq!(tran.time_of_peak_s, Some(0.212));
    assert_eq!(tran.peak_acceleration, Some(Reading::new(0.209, Unit::Gravity)));
    assert_eq!(tran.peak_displacement, Some(Reading::new(0.00102, Unit::Inch)));
    assert_eq!(tran.test_frequency, Some(Frequency::measured(7.4)));
    assert_eq!(tran.test_ratio, Some(3.8));
    assert_eq!(tran.test_results.as_deref(), Some("Passed"));
    let microphone = statement.channel("MicL").unwrap();
    assert_eq!(microphone.test_amplitude, Some(Reading::new(512.0, Unit::Millivolt)));
}

#[test]
fn special_words_become_a_value_and_a_flag() {
    let statement = waveform().statement;
    let peak = |name| statement.channel(name).unwrap().peak.unwrap();
    assert_eq!(peak("Vert"), Reading::new(10.0, Unit::InchPerSecond).flagged(Flag::Saturated));
    assert_eq!(peak("Long"), Reading::new(0.005, Unit::InchPerSecond).flagged(Flag::BelowRange));
    assert_eq!(peak("MicL"), Reading::new(140.0, Unit::DecibelLinear).flagged(Flag::Saturated));
    let frequency = |name| statement.channel(name).unwrap().zc_frequency.unwrap();
    assert_eq!(frequency("Vert"), Frequency::above(100.0));
    assert_eq!(frequency("Long"), Frequency::NotAvailable);
    assert_eq!(statement.channel("Long").unwrap().time_of_peak_s, None);
    let sum = statement.peak_vector_sum.unwrap();
    assert_eq!(sum.flag, Some(Flag::Saturated));
    assert!((sum.value - 17.3205).abs() < 1e-4);
}

#[test]
fn a_loud_event_on_the_sensitive_range_is_its_range() {
    let text = WAVEFORM.replacen("10.000 in/s", "1.250 in/s", 1);
    let statement = try_parse(&to_windows_1252(&text)).unwrap().statement;
    assert_eq!(statement.channel("Vert").unwrap().peak.unwrap().value, 1.25);
}

#[test]
fn the_misprinted_name_of_the_vector_sums_time_is_understood() {
    assert_eq!(waveform().statement.peak_vector_sum_time_s, Some(0.103));
}

#[test]
fn the_monitor_log_is_kept_as_written() {
    assert_eq!(
        waveform().statement.monitor_log,
        [MonitorLogEntry {
            start: "May 8 /26 10:00:00".to_owned(),
            stop: "May 8 /26 13:16:34".to_owned(),
            text: "Event recorded.".to_owned(),
        }]
    );
}

#[test]
fn the_table_has_a_row_per_sample() {
    assert_eq!(
        rows(&to_windows_1252(WAVEFORM)),
        [[0.0, -0.005, 0.01, 81.94], [0.005, 0.0, 0.0, 0.0]].map(|row| row.map(Some))
    );
}

#[test]
fn every_field_is_kept_as_written() {
    let statement = waveform().statement;
    assert_eq!(statement.fields.len(), 34);
    assert!(statement.fields.contains(&("Vert PPV".to_owned(), "OORANGE".to_owned())));
    assert!(waveform().not_understood.is_empty());
}

#[test]
fn a_histograms_rows_and_dates_are_read() {
    let report = parse(
        "\"Event Type : Histogram\"\n\"Histogram Start Time : 07:33:27\"\n\"Histogram Start Date : 2025-08-11\"\n\
         \"Histogram Stop Time : 19:13:27\"\n\"Histogram Stop Date : 2025-08-11\"\n\
         \"Number of Intervals : 700\"\n\"Interval Size : 1 minute\"\n\
         \"Vert Peak Time : 09:43:27\"\n\"Vert Peak Date : 2025-08-11\"\n\
         \n\
         Tran\tHz\tVert\tHz\tLong\tHz\tVS\tpsi\tdB(L)\tHz\n\
         0.030\t21\t0.020\t28\t0.025\t24\t0.040\t0.000\t95.92\t57\n\
         0.005\t>100\t0.000\t-\t0.000\tN/A\t0.005\t0.000\t0.00\t<1\n",
    );
    let statement = &report.statement;
    let histogram = statement.histogram.as_ref().unwrap();
    assert_eq!(histogram.start.unwrap().to_string(), "2025-08-11 07:33:27");
    assert_eq!((histogram.intervals, histogram.interval_s), (Some(700.0), Some(60.0)));
    assert_eq!(statement.start, histogram.start);
    let vert = statement.channel("Vert").unwrap();
    assert_eq!(vert.peak_at.unwrap().to_string(), "2025-08-11 09:43:27");
    let rows = &report.intervals;
    let velocity = |value| Some(Reading::new(value, Unit::InchPerSecond));
    assert_eq!(rows[0].peaks, [0.03, 0.02, 0.025].map(velocity));
    assert_eq!(rows[0].frequencies[0], Some(Frequency::measured(21.0)));
    assert_eq!(rows[0].vector_sum, velocity(0.04));
    assert_eq!(rows[0].level, Some(Reading::new(95.92, Unit::DecibelLinear)));
    let none = Frequency::NotAvailable;
    assert_eq!(
        rows[1].frequencies,
        [Frequency::above(100.0), none, none, Frequency::below(1.0)].map(Some)
    );
}

#[test]
fn a_row_may_begin_with_its_time() {
    let report = parse(
        "\"Event Type : Histogram\"\n\n09:43:27\t0.030\t21\t0.020\t28\t0.025\t24\t0.040\t0.000\t95.92\t57\n",
    );
    assert_eq!(report.intervals[0].label, ["09:43:27"]);
    assert_eq!(report.intervals[0].peaks[0].unwrap().value, 0.03);
}

#[test]
fn a_text_that_is_no_report_is_refused_and_so_is_an_endless_one() {
    assert_eq!(try_parse(b"hello\nworld").unwrap_err().kind(), "not_this_format");
    assert_eq!(try_parse(b"").unwrap_err().kind(), "not_this_format");
    assert_eq!(try_parse(&[b'x'; 2 << 20]).unwrap_err().kind(), "limit");
}

proptest! {
    #[test]
    fn any_bytes_are_a_report_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = try_parse(&bytes);
    }

    #[test]
    fn a_report_with_any_line_changed_is_survived(line in 0usize..40, text in "\\PC{0,40}") {
        let mut lines: Vec<&str> = WAVEFORM.lines().collect();
        let index = line % lines.len();
        lines[index] = &text;
        let _ = try_parse(lines.join("\n").as_bytes());
    }
}
