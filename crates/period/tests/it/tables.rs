//! The table of events as CSV, and the workbook.

use wavekeep_archive::{Peak, Query};
use wavekeep_period::{CSV_COLUMNS, ReportOptions};
use wavekeep_report::Units;

use crate::fleet::{Fleet, Made, at, gathered, may};

/// The cells of a CSV without quoted ones.
fn plain(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\r\n"));
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_row_of_the_csv_has_the_numbers_of_the_archive_and_its_verdicts() {
    let fleet = Fleet::empty();
    let made = Made { location: "cellar".to_owned(), ..Made::new(at((2026, 5, 8), (13, 16, 34))) };
    let id = fleet.save(&made);
    let mut csv = Vec::new();
    assert_eq!(gathered(&fleet, &may()).csv(Units::IMPERIAL, &mut csv).unwrap(), 1);
    let rows = plain(&csv);
    assert!(rows.iter().all(|row| row.len() == CSV_COLUMNS.len()), "{rows:?}");
    let cell = |name: &str| {
        let at = rows[0].iter().position(|column| column == name);
        rows[1][at.unwrap_or_else(|| panic!("{name} is no column"))].as_str()
    };
    let row = fleet.archive.event(id).unwrap();
    assert_eq!(cell("timestamp"), "2026-05-08T13:16:34");
    assert_eq!(cell("vert_in_s"), row.peak(Peak::Vert).unwrap().digits());
    assert_eq!(cell("mic_level"), row.peak(Peak::Microphone).unwrap().digits());
    assert_eq!((cell("mic_unit"), cell("vert_flag"), cell("kind")), ("dB(L)", "", "waveform"));
    assert_eq!((cell("standing"), cell("ground_outcome")), ("within", "within"));
    assert_eq!((cell("air_outcome"), cell("in_period")), ("within", "true"));
    assert_eq!(cell("sha256"), row.sha256.unwrap());
}

#[test]
fn texts_with_commas_quotes_and_lines_are_quoted() {
    let fleet = Fleet::empty();
    let location = "12, \"Mill\" Lane".to_owned();
    fleet.save(&Made { location, ..Made::new(at((2026, 5, 8), (13, 16, 34))) });
    let mut csv = Vec::new();
    gathered(&fleet, &may()).csv(Units::METRIC, &mut csv).unwrap();
    let text = String::from_utf8(csv).unwrap();
    assert!(text.contains(",\"12, \"\"Mill\"\" Lane\","), "{text}");
    assert!(text.lines().next().unwrap().contains("tran_mm_s"), "{text}");
}

#[test]
fn an_empty_period_is_a_head_alone() {
    let fleet = Fleet::empty();
    let mut csv = Vec::new();
    let report = gathered(&fleet, &may());
    assert_eq!(report.csv(Units::METRIC, &mut csv).unwrap(), 0);
    assert_eq!(plain(&csv).len(), 1);
    assert!(report.xlsx(&ReportOptions::default()).unwrap().starts_with(b"PK"));
}

#[test]
fn texts_that_no_workbook_holds_are_no_obstacle() {
    let fleet = Fleet::empty();
    let location = format!("=1+1 \u{1} {}", "x".repeat(50_000));
    let id = fleet.save(&Made { location, ..Made::new(at((2026, 5, 8), (13, 16, 34))) });
    assert!(fleet.archive.event(id).is_ok());
    let all = may().with_query(Query::default());
    let book = gathered(&fleet, &all).xlsx(&ReportOptions::default()).unwrap();
    assert!(book.starts_with(b"PK"));
}
