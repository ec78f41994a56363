//! The report of a period over HTTP.

use crate::common::*;
use wavekeep_archive::{Archive, NewToken, Role, Scope};
use wavekeep_period::Letterhead;
use wavekeep_server::ServeOptions;

const OTHER: &str = "N844L6Z8.ZR0H";

/// The text of a document.
fn text(bytes: &[u8]) -> String {
    let pdf = lopdf::Document::load_mem(bytes).unwrap();
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    pdf.extract_text(&pages).unwrap().replace('\n', "")
}

#[test]
fn a_report_is_a_document_of_the_events_of_a_period() {
    let server = Running::with_samples(&[BLAST, NIGHT, QUIET]);
    let path = "/api/v1/report?period=2026-06&curve=din-3&velocity=mm/s&print_date=2026-07-01";
    let answer = server.get(path);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    assert!(answer.header("content-disposition").unwrap().contains("report-2026-06.pdf"));
    assert_eq!(answer.header("x-wavekeep-events"), Some("2"));
    let length: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, answer.body.len());
    let text = text(&answer.body);
    assert!(text.contains(BLAST) && text.contains(NIGHT) && !text.contains(QUIET), "{text}");
    assert!(answer.body == server.get(path).body, "the same bytes");
}

#[test]
fn a_report_is_a_workbook_or_a_table_in_the_language_that_was_asked_for() {
    let server = Running::with_samples(&[BLAST, QUIET]);
    let book = server.get("/api/v1/report?period=2026&format=xlsx&language=fr");
    assert_eq!(book.status, 200);
    assert!(book.body.starts_with(b"PK\x03\x04"));
    let table = server.get("/api/v1/report?period=2026&format=csv&kind=waveform");
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let table = String::from_utf8(table.body).unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    let german = server.get("/api/v1/report?period=2026-06&language=de&curve=none");
    assert!(text(&german.body).contains("mit keinem Anhaltswert verglichen"));
}

#[test]
fn the_page_of_an_event_is_in_the_language_that_was_asked_for() {
    let server = Running::with_samples(&[BLAST]);
    for (query, words) in [("", "Serial number"), ("?language=es", "Número de serie")] {
        let page = server.get(&format!("/api/v1/events/1/report.pdf{query}"));
        assert!(text(&page.body).contains(words), "{query}");
    }
    let refused = server.get("/api/v1/events/1/report.pdf?language=xx");
    assert_eq!(refused.status, 422);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("expected one of en, de"), "{detail}");
}

#[test]
fn what_cannot_be_is_refused_with_what_is_known() {
    let server = Running::with_samples(&[QUIET]);
    for (query, words) in [
        ("", "period is missing"),
        ("period=", "period is missing"),
        ("period=May", "is no period"),
        ("period=1999..2026", "366 days"),
        ("period=2026-05&format=docx", "expected one of pdf, xlsx, csv"),
        ("period=2026-05&language=xx", "expected one of en, de"),
        ("period=2026-05&curve=din-9", "there is no curve"),
        ("period=2026-05&air_curve=osmre", "air overpressure"),
        ("period=2026-05&distance_ft=-1", "must not be negative"),
        ("period=2026-05&distance_ft=NaN", "finite"),
        ("period=2026-05&warn_percent=0", "above 0"),
        ("period=2026-05&appendix=100000", "at most 200"),
        ("period=2026-05&template=/etc/passwd", "no parameter of this path"),
    ] {
        let answer = server.get(&format!("/api/v1/report?{query}"));
        assert_eq!(answer.status, 422, "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{query}: {detail}");
    }
}

#[test]
fn a_period_without_events_is_a_report_that_says_so() {
    let server = Running::with_samples(&[QUIET]);
    let answer = server.get("/api/v1/report?period=1999-01");
    assert_eq!((answer.status, answer.header("x-wavekeep-events")), (200, Some("0")));
    assert!(text(&answer.body).contains("No event is known in the period."));
}

#[test]
fn a_token_for_a_part_gets_the_report_of_its_events_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    for (name, report) in [(BLAST, Some(BLAST_REPORT)), (OTHER, None)] {
        let mut event = wavekeep_archive::Submission::new(name, sample(name));
        if let Some(report) = report {
            event = event.report(report, sample(report));
        }
        archive.save(&event).unwrap();
    }
    let scope = Scope::new(vec!["BE12844".to_owned()], Vec::new());
    let new = NewToken::new("site", Role::Read).with_scope(scope);
    let bearer = format!("Bearer {}", archive.make_token(&new).unwrap());
    let server = Running::with(folder, ServeOptions::default());
    for period in ["2026", "2025"] {
        for format in ["pdf", "csv"] {
            let path = format!("/api/v1/report?period={period}&format={format}");
            let answer = server.ask("GET", &path, &[("Authorization", &bearer)], b"");
            assert_eq!(answer.status, 200);
            let text = match format {
                "pdf" => text(&answer.body),
                _ => String::from_utf8(answer.body).unwrap(),
            };
            for foreign in ["BE11529", BLAST, "Quarry", "Mill Lane"] {
                assert!(!text.contains(foreign), "{path}: {text}");
            }
            assert_eq!(text.contains(OTHER), period == "2025", "{path}");
        }
    }
}

#[test]
fn the_letterhead_is_that_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    Archive::create(folder.path()).unwrap();
    let letterhead = Letterhead::default().with_company(Some("Hartmann Ltd.".to_owned()));
    let server = Running::with(folder, ServeOptions::default().with_letterhead(letterhead));
    let answer = server.get("/api/v1/report?period=2026-05");
    assert!(text(&answer.body).contains("Hartmann Ltd."));
}
