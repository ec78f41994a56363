use wavekeep_core::{Flag, Frequency, Reading, Statement, Unit};

use super::*;

const LIMIT: u64 = 1 << 20;

fn parse(text: &str) -> ReportText {
    ReportText::parse(text.as_bytes(), LIMIT).unwrap()
}

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
         TitleNote1 : North wall\nGPS Distance : 12 m\nPeakVectorSum : 5.4 mm/s\n",
    );
    assert_eq!(stated.event_type.as_deref(), Some("Full Waveform"));
    assert_eq!(stated.start.unwrap().to_string(), "2026-07-14 15:30:12");
    assert_eq!(stated.serial.as_deref(), Some("UM11719"));
    assert_eq!(stated.rate_hz, Some(2048.0));
    assert_eq!(stated.peak_vector_sum, Some(Reading::new(5.4, Unit::MillimetrePerSecond)));
    assert_eq!((stated.notes[0].role, stated.notes[0].text.as_str()), ("title_note", "North wall"));
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
fn what_is_not_understood_is_kept_and_the_text_itself_too() {
    let text = "EventType : Full Waveform\nWeather : rain\nan odd line\n\nTran Vert Long MicL\n1 2 3 4\n1 2 3\n";
    let report = parse(text);
    assert!(report.statement.fields.contains(&("Weather".to_owned(), "rain".to_owned())));
    assert_eq!(report.not_understood, ["an odd line", "1 2 3"]);
    assert_eq!(report.text, text.replace("1 2 3 4\n", ""));
}

#[test]
fn a_table_may_have_other_columns_and_missing_numbers() {
    let report = parse(
        "EventType : x\nTime\tTran (mm/s)\tVert\tLong\tMicL\n0.0\t-0.008\t0.016\tN/A\t81.94\n0.1\t1\t2\t3\t0\n",
    );
    let table = report.table.unwrap();
    assert_eq!(table.rows[0], [Some(-0.008), Some(0.016), None, Some(81.94)]);
    assert_eq!((table.rows.len(), table.decimals), (2, [3, 3, 0, 2]));
}

#[test]
fn numbers_without_a_heading_are_no_samples() {
    let report = parse("EventType : x\n1 2 3 4\n");
    assert_eq!((report.table, report.not_understood.len()), (None, 1));
}

#[test]
fn another_text_is_refused() {
    for text in ["", "hello", "Dear all: hello", "\u{0}"] {
        assert_eq!(
            ReportText::parse(text.as_bytes(), LIMIT).unwrap_err().kind(),
            "not_this_format"
        );
    }
    assert_eq!(ReportText::parse(&[b'a'; 20], 10).unwrap_err().kind(), "limit");
}

#[test]
fn utf_8_and_windows_1252_are_both_read() {
    let by = |bytes: &[u8]| ReportText::parse(bytes, LIMIT).unwrap().statement.event_type.unwrap();
    assert_eq!(by("\u{feff}EventType : Gr\u{fc}n".as_bytes()), "Gr\u{fc}n");
    assert_eq!(by(b"EventType : Gr\xfcn"), "Gr\u{fc}n");
}

#[test]
fn what_is_written_is_read_back() {
    let stated = Statement {
        fields: Vec::new(),
        ..statement(
            "EventType : Full Waveform\nEventTime : 15:30:12\nEventDate : July 14, 2026\nSampleRate : 1024 sps\n\
         Units : in/s and dB(L)\nTranPPV : 0.2119 in/s\nTranZCFreq : 21.3 Hz\nTranPeakDisplacement : 0.000812 in\n\
         MicPSPL : 120.31 dB(L)\nPeakVectorSum : <0.2 in/s\nTitleNote1 : here\nIntervalSize : 15 seconds\n",
        )
    };
    let table = SampleTable {
        rows: vec![[Some(0.0003), None, Some(-1.5), Some(81.94)]],
        decimals: [4, 4, 4, 2],
    };
    let read = ReportText::parse(&write(&stated, Some(&table)), LIMIT).unwrap();
    assert_eq!(Statement { fields: Vec::new(), ..read.statement }, stated);
    assert_eq!(read.table.unwrap().rows, table.rows);
}
