//! Thor's form: `Name : Value`, and its CSV.

use wavekeep_core::{Flag, Frequency, Reading, Statement, Unit};

use crate::forms::{parse, rows, try_parse};

fn statement(text: &str) -> Statement {
    parse(text).statement
}

#[test]
fn names_are_matched_without_case_blanks_and_punctuation() {
    for name in ["TranPPV", "Tran PPV", "tran_ppv", "\"TRAN P.P.V."] {
        let tran = statement(&format!("{name} : 0.2119 in/s\n")).channels.remove(0);
        assert_eq!(
            (tran.name.as_str(), tran.peak),
            ("Tran", Some(Reading::new(0.2119, Unit::InchPerSecond)))
        );
    }
}

#[test]
fn fields_of_the_event_are_stated() {
    let stated = statement(
        "EventType : Full Waveform\nEventTime : 15:30:12\nEventDate : July 14, 2026\nSerialNumber : UM11719\n\
         SampleRate : 2048 sps\nUnits : mm/s and dB(L)\nCalibration : March 3, 2026\nFirmware : 2.1\n\
         TitleNote1 : Location\nTitleString1 : North wall\nGPS Distance : 12 m\nPeakVectorSum : 5.4 mm/s\n",
    );
    assert_eq!(stated.event_type.as_deref(), Some("Full Waveform"));
    assert_eq!(stated.start.unwrap().to_string(), "2026-07-14 15:30:12");
    assert_eq!(stated.serial.as_deref(), Some("UM11719"));
    assert_eq!(stated.rate_hz, Some(2048.0));
    assert_eq!(stated.peak_vector_sum, Some(Reading::new(5.4, Unit::MillimetrePerSecond)));
    assert_eq!(
        (stated.notes[0].role, stated.notes[0].text.as_str()),
        ("sensor_location", "North wall")
    );
    assert!(stated.fields.contains(&("GPS Distance".to_owned(), "12 m".to_owned())));
}

#[test]
fn a_level_stays_a_level_and_a_pressure_a_pressure() {
    let peak = |text: &str| statement(text).channel("MicL").unwrap().peak.unwrap();
    assert_eq!(peak("MicPSPL : 120.31 dB(L)"), Reading::new(120.31, Unit::DecibelLinear));
    assert_eq!(peak("MicPSPL : 120.31"), Reading::new(120.31, Unit::DecibelLinear));
    assert_eq!(peak("MicL PSPL : 0.003 psi(L)"), Reading::new(0.003, Unit::Psi));
}

#[test]
fn special_values_are_numbers_with_flags_or_none() {
    let stated = statement(
        "Units : in/s\nTranPPV : <0.005 in/s\nTranZCFreq : >100\nVertPPV : N/A\nVertZCFreq : N/A\n\
         LongPPV : OORANGE\nPeakVectorSum : OORANGE\nSerialNumber : N/A\n",
    );
    let tran = stated.channel("Tran").unwrap();
    assert_eq!(tran.peak, Some(Reading::new(0.005, Unit::InchPerSecond).flagged(Flag::BelowRange)));
    assert_eq!(tran.zc_frequency, Some(Frequency::above(100.0)));
    let vert = stated.channel("Vert").unwrap();
    assert_eq!((vert.peak, vert.zc_frequency), (None, Some(Frequency::NotAvailable)));
    let long = stated.channel("Long").unwrap().peak.unwrap();
    assert!(long.is_saturated() && long.value == 10.0);
    assert!(stated.peak_vector_sum.unwrap().is_saturated());
    assert_eq!(stated.serial, None);
}

#[test]
fn what_is_not_understood_is_counted_and_kept_with_its_line() {
    let text = "EventType : Full Waveform\nWeather : rain\nan odd line\n\nTran Vert Long MicL\n1 2 3 4\n1 2 3\n";
    let report = parse(text);
    assert!(report.statement.fields.contains(&("Weather".to_owned(), "rain".to_owned())));
    let lost = &report.not_understood;
    assert_eq!((lost.lines, lost.fields, lost.rows), (1, 1, 1));
    let kept: Vec<(u64, &str)> = lost.kept.iter().map(|(at, text)| (*at, text.as_str())).collect();
    assert_eq!(kept, [(2, "Weather : rain"), (3, "an odd line"), (7, "1 2 3")]);
    let codes: Vec<&str> = report.notes.iter().map(|note| note.code).collect();
    assert_eq!(codes, ["table_unit", "report_not_understood"]);
}

#[test]
fn a_table_may_have_other_columns_and_missing_numbers() {
    let text = "EventType : x\nTime\tTran (mm/s)\tVert\tLong\tMicL\n0.0\t-0.008\t0.016\tN/A\t81.94\n0.1\t1\t2\t3\t0\n";
    let rows = rows(text.as_bytes());
    assert_eq!(rows[0], [Some(-0.008), Some(0.016), None, Some(81.94)]);
    assert_eq!(rows.len(), 2);
    let table = parse(text).samples.unwrap();
    let decimals = table.columns.map(|column| column.unwrap().decimals);
    assert_eq!(decimals, [3, 3, 0, 2]);
}

#[test]
fn numbers_without_a_heading_are_no_samples() {
    let report = parse("EventType : x\n1 2 3 4\n");
    assert_eq!((report.samples, report.not_understood.rows), (None, 1));
}

#[test]
fn another_text_is_refused() {
    for text in ["", "hello", "Dear all: hello", "\u{0}"] {
        assert_eq!(try_parse(text.as_bytes()).unwrap_err().kind(), "not_this_format");
    }
}

#[test]
fn a_title_is_a_label_and_its_text() {
    let stated = statement(
        "EventType : x\nTitleNote1 : Location\nTitleString1 : Village\nTitleNote2 : Client\nTitleString2 : Mine\n\
         TitleNote3 : User Name\nTitleString3 : Blasting\nTitleNote4 : General\nTitleString4 : Bench 4\n\
         TitleString5 : no label\n",
    );
    let notes: Vec<(&str, &str, &str)> =
        stated.notes.iter().map(|of| (of.role, of.label.as_str(), of.text.as_str())).collect();
    assert_eq!(
        notes,
        [
            ("sensor_location", "Location", "Village"),
            ("client", "Client", "Mine"),
            ("operator", "User Name", "Blasting"),
            ("notes", "General", "Bench 4"),
            ("notes", "", "no label"),
        ]
    );
}

#[test]
fn a_weighted_level_is_not_taken_as_a_linear_one() {
    let report = parse("EventType : x\nMicPSPL : 67.3 dB(A)\nMicZCFreq : 5.8 Hz\n");
    let microphone = report.statement.channel("MicL").unwrap();
    assert_eq!(microphone.peak.unwrap().to_string(), "67.3 dB(A)");
    assert_eq!(microphone.zc_frequency, Some(Frequency::measured(5.8)));
    assert_eq!(report.statement.weighting(), Some(Unit::DecibelA));
}

#[test]
fn a_text_that_a_spreadsheet_has_saved_again_states_the_same() {
    let lines = [
        "EventType,x",
        "Units,mm/s and pa",
        "TranPPV,0.071 mm/s",
        "Tran,Vert,Long,MicL",
        "0.016,0.1,-0.2,0.02",
    ];
    for (from, to) in [(",", ","), (",", ";"), (",", "\t")] {
        let text = lines.map(|line| line.replace(from, to));
        let padded = [&text[0], &text[1], &text[2]].map(|line| format!("{line}{to}{to}"));
        let text = format!("{}\n{}\n{}\n", padded.join("\n"), text[3], text[4]);
        let report = parse(&text);
        assert!(report.not_understood.is_empty(), "{text}: {:?}", report.not_understood);
        let ppv = report.statement.channel("Tran").unwrap().peak.unwrap();
        assert_eq!((ppv.value, ppv.unit), (0.071, Unit::MillimetrePerSecond));
        assert_eq!(rows(text.as_bytes()), [[0.016, 0.1, -0.2, 0.02].map(Some)]);
    }
}
