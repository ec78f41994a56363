//! How fast a million rows answer:
//! `cargo run --release -p wavekeep-archive --example query_speed -- 1000000`.
//!
//! The rows are written into the index of an archive without files.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use std::time::Instant;

use rusqlite::{Connection, params};
use wavekeep_archive::{Archive, Query, Sort, SortKey};
use wavekeep_core::UnitLocal;

fn main() {
    let count: i64 = std::env::args().nth(1).map_or(100_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir_in(".").unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    fill(&Connection::open(archive.layout().index()).unwrap(), count);

    let all = Query::default;
    let at = |month| UnitLocal::from_fields((2025, month, 1), (0, 0, 0));
    let by_ppv = Sort { key: SortKey::Ppv, descending: true };
    let questions = [
        ("everything", all()),
        ("everything, last page", all().with_offset(count as usize - 100)),
        ("one unit", all().with_serial(Some("BE11007".into()))),
        ("one unit, deep", all().with_serial(Some("BE11007".into())).with_offset(9000)),
        ("one project", all().with_project(Some("Quarry 4".into()))),
        ("one project by PPV", all().with_project(Some("Quarry 4".into())).with_sort(by_ppv)),
        ("one month", all().with_from(at(3)).with_to(at(4))),
        (
            "one month over 1 in/s",
            all().with_from(at(3)).with_to(at(4)).with_min_ppv_in_s(Some(1.0)),
        ),
        ("over 1 in/s", all().with_min_ppv_in_s(Some(1.0))),
        ("over 9.9 in/s by PPV", all().with_min_ppv_in_s(Some(9.9)).with_sort(by_ppv)),
        ("false triggers", all().with_false_trigger(Some(true))),
        ("no false triggers", all().with_false_trigger(Some(false))),
        ("reviewed", all().with_reviewed(Some(true))),
        ("not reviewed", all().with_reviewed(Some(false))),
        ("histograms", all().with_kind(Some("histogram".into()))),
        (
            "unit, kind, no false trigger",
            all()
                .with_serial(Some("BE11007".into()))
                .with_kind(Some("waveform".into()))
                .with_false_trigger(Some(false)),
        ),
        ("text in notes", all().with_text(Some("quarry 4".into()))),
        ("text in half of all", all().with_text(Some("quarry".into()))),
        ("text that is nowhere", all().with_text(Some("nowhere".into()))),
        ("file name", all().with_text(Some("M00012345".into()))),
    ];
    for (name, query) in questions {
        let mut best = f64::MAX;
        let mut total = 0;
        for _ in 0..3 {
            let start = Instant::now();
            total = archive.query(&query).unwrap().total;
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{name:30} {total:>9} events {best:8.1} ms");
    }
    for (name, ask) in [
        ("units", Box::new(|| archive.units().unwrap().len()) as Box<dyn Fn() -> usize>),
        ("projects", Box::new(|| archive.projects().unwrap().len())),
        ("months", Box::new(|| archive.months().unwrap().len())),
    ] {
        let start = Instant::now();
        println!("{name:30} {:>9} rows   {:8.1} ms", ask(), start.elapsed().as_secs_f64() * 1e3);
    }
}

fn fill(connection: &Connection, count: i64) {
    connection.execute_batch("BEGIN").unwrap();
    for project in 0..200 {
        let name = if project % 2 == 0 { "Quarry" } else { "Tunnel" };
        connection
            .execute(
                "INSERT INTO texts (id, key, project, client, operator, location, labels) \
                 VALUES (?1, ?1, ?2, 'Northfield', 'kim', ?3, '{}')",
                params![project + 1, format!("{name} {project}"), format!("gate {project}")],
            )
            .unwrap();
    }
    let mut insert = connection
        .prepare(
            "INSERT INTO events (serial, filename, kind, timestamp, ppv_in_s, flags, text_id, \
             false_trigger, reviewed_at, has_report, assumed, missing_samples, damaged, changed) \
             VALUES (?1, ?2, ?3, ?4, ?5, '{}', ?6, ?7, ?8, 1, '[]', 0, 0, ?9)",
        )
        .unwrap();
    let mut random: u64 = 1;
    for n in 0..count {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |bits: u64| i64::try_from((random >> 20) % bits).unwrap();
        let (month, day, hour) = (1 + draw(12), 1 + draw(28), draw(24));
        let timestamp =
            format!("2025-{month:02}-{day:02}T{hour:02}:{:02}:{:02}", n / 60 % 60, n % 60);
        insert
            .execute(params![
                format!("BE{}", 11_000 + draw(100)),
                format!("M{n:08}.AB0W"),
                if draw(10) == 0 { "histogram" } else { "waveform" },
                timestamp,
                draw(10_000) as f64 / 1000.0,
                1 + draw(200),
                draw(50) == 0,
                (draw(20) == 0).then_some("2026-01-01T00:00:00Z"),
                n + 1,
            ])
            .unwrap();
    }
    connection.execute_batch("COMMIT; ANALYZE;").unwrap();
}
