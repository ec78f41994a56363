//! The proof of the reader: a text that is written in another way states the same.
//!
//! Every sample text of the repository × encoding, line ends, blank lines, decimal comma, order of
//! fields, numbered labels, quotes, separators. A new form is covered by naming its samples.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use wavekeep_core::{Statement, UnitLocal};
use wavekeep_report_text::{ReportText, to_windows_1252};

use crate::forms::parse_of;

/// Rows of a table that are taken along.
const ROWS: usize = 40;

/// Texts of all forms, by their paths from the crates.
const TEXTS: [&str; 12] = [
    "../samples/M529LMOK_DK0W_ASCII.TXT",
    "../samples/M529LMP3_O00H_ASCII.TXT",
    "../samples/M529LN1C.QE0W.TXT",
    "../samples/TXT/UM11719_20260714153012.IDFW.txt",
    "../samples/UM11719_20260714220000.IDFH.txt",
    "formats/tests/data/field/02-thor-csv-only/CSV/UM11719_20260610115639.IDFW.csv",
    "formats/tests/data/field/03-thor-units-mm-and-pa/TXT/UM11719_20260610115639.IDFW.txt",
    "formats/tests/data/field/04-serial-with-firmware-idfw/TXT/UM11719_20260610115639.IDFW.txt",
    "formats/tests/data/field/06-a-weighted-microphone/TXT/UM11719_20260610115639.IDFW.txt",
    "formats/tests/data/field/07-channels-in-the-table/three/M529LMOK_DK0W_ASCII.TXT",
    "formats/tests/data/field/13-shorter-than-its-record-time/thor/TXT/UM11719_20260611080000.IDFW.txt",
    "formats/tests/data/field/22-idfh-csv-dba/Project A/UM11719/CSV/UM11719_20260614220000.IDFH.csv",
];

/// A text as lines: those of fields, and those of the table with its heading.
#[derive(Debug, Clone)]
struct Text {
    fields: Vec<String>,
    table: Vec<String>,
}

fn text(index: usize) -> Text {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TEXTS[index]);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines: Vec<String> = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
        .collect();
    let begins = |line: &String| {
        line.trim_start().starts_with("Tran\t")
            || line.trim_start() == "Tran\tVert\tLong"
            || line.starts_with("\"Tran\",")
            || line.starts_with("\"\",\"Tran\"")
    };
    let at = lines.iter().position(begins).unwrap_or(lines.len());
    let is_text = |line: &&String| !line.is_empty();
    Text {
        fields: lines[..at].iter().filter(is_text).cloned().collect(),
        table: lines[at..].iter().filter(is_text).take(ROWS).cloned().collect(),
    }
}

/// Ways in which the same text can be written.
#[derive(Debug, Clone, Copy)]
struct Changes {
    encoding: usize,
    line_end: usize,
    blank_lines: usize,
    comma: bool,
    rotate: usize,
    numbered: bool,
    bare: bool,
    semicolons: bool,
}

fn changes() -> impl Strategy<Value = Changes> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (0usize..7, 0usize..3, 0usize..3, 0usize..60, flags).prop_map(
        |(encoding, line_end, blank_lines, rotate, (comma, numbered, bare, semicolons))| Changes {
            encoding,
            line_end,
            blank_lines,
            comma,
            rotate,
            numbered,
            bare,
            semicolons,
        },
    )
}

/// Labels whose values are numbers.
const OF_NUMBERS: [&str; 12] = [
    "ppv",
    "freq",
    "timeofpeak",
    "acceleration",
    "displacement",
    "ratio",
    "amplitude",
    "pspl",
    "peakvectorsum",
    "georange",
    "recordtime",
    "pretrigger",
];

fn with_comma(line: &str) -> String {
    let key: String = line.split([':', ',']).next().unwrap_or_default().to_lowercase();
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
    let is_number = OF_NUMBERS.iter().any(|word| key.contains(word)) && !key.contains("results");
    if is_number { line.replace('.', ",") } else { line.to_owned() }
}

fn numbered(line: &str) -> String {
    // What stands behind a label stays as it is: `Trigger : Vert`, `"Channel","Tran"`.
    let value_at = line.find(" : ").unwrap_or(match line.starts_with("\"Channel\"") {
        true => 0,
        false => line.len(),
    });
    let (mut line, value) = (line[..value_at].to_owned(), &line[value_at..]);
    for name in ["Tran", "Vert", "Long", "MicL"] {
        line = line.replace(name, &format!("{name}1"));
    }
    line = line.replace("Peak Vector Sum", "Peak Vector Sum 1");
    line.replace("PeakVectorSum", "PeakVectorSum1") + value
}

/// Fields in another order. What stands behind `Units` and in the monitor log stays together.
fn rotated(fields: &[String], by: usize) -> Vec<String> {
    let mut blocks: Vec<Vec<String>> = Vec::new();
    let mut joined = 0u32;
    for line in fields {
        let is_units = line.starts_with("\"Units : ");
        match blocks.last_mut() {
            Some(block) if joined > 0 || line.contains('\t') => block.push(line.clone()),
            _ => blocks.push(vec![line.clone()]),
        }
        joined = if is_units { 4 } else { joined.saturating_sub(1) };
    }
    let by = by % blocks.len().max(1);
    blocks.rotate_left(by);
    blocks.into_iter().flatten().collect()
}

fn written(text: &Text, changes: Changes) -> Vec<u8> {
    let Changes { comma, bare, semicolons, rotate, .. } = changes;
    let mut fields = rotated(&text.fields, rotate);
    let mut table = text.table.clone();
    let is_csv = text.fields[0].contains("\",\"");
    if comma {
        fields = fields.iter().map(|line| with_comma(line)).collect();
        // Where commas separate the cells the text stays in quotes.
        table = table
            .iter()
            .map(|line| match is_csv {
                true => line
                    .split("\",\"")
                    .map(|cell| cell.replace('.', ","))
                    .collect::<Vec<_>>()
                    .join("\",\""),
                false => line.replace('.', ","),
            })
            .collect();
    }
    if changes.numbered {
        fields = fields.iter().map(|line| numbered(line)).collect();
        table = table.iter().map(|line| numbered(line)).collect();
    }
    if bare && !is_csv {
        fields = fields.iter().map(|line| line.trim_matches('"').to_owned()).collect();
    }
    if semicolons {
        table =
            table.iter().map(|line| line.replace("\",\"", "\";\"").replace('\t', ";")).collect();
        fields = fields.iter().map(|line| line.replace("\",\"", "\";\"")).collect();
    }
    let mut lines = fields;
    lines.push(String::new());
    lines.extend(table);
    let blank: &[&str] = [&[][..], &[""][..], &["", "  "][..]][changes.blank_lines];
    let end = ["\n", "\r\n", "\r"][changes.line_end];
    let mut out = blank.join(end);
    for line in &lines {
        out.push_str(line);
        out.push_str(end);
        for line in blank {
            out.push_str(line);
            out.push_str(end);
        }
    }
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    };
    match changes.encoding {
        0 => out.into_bytes(),
        1 => format!("\u{feff}{out}").into_bytes(),
        2 => to_windows_1252(&out),
        3 => utf16(&format!("\u{feff}{out}"), u16::to_le_bytes),
        4 => utf16(&format!("\u{feff}{out}"), u16::to_be_bytes),
        5 => utf16(&out, u16::to_le_bytes),
        _ => utf16(&out, u16::to_be_bytes),
    }
}

const SAME: Changes = Changes {
    encoding: 0,
    line_end: 0,
    blank_lines: 0,
    comma: false,
    rotate: 0,
    numbered: false,
    bare: false,
    semicolons: false,
};

fn read(bytes: &[u8]) -> ReportText {
    let start = UnitLocal::from_fields((2026, 6, 12), (14, 3, 20)).unwrap();
    parse_of(bytes, start)
}

/// What a text states: fields as they are written, and their order, are no part of it.
fn stated(report: ReportText) -> (Statement, Vec<String>, Vec<String>) {
    let statement = Statement { fields: Vec::new(), ..report.statement };
    let table = report.samples.map(|table| {
        let columns = table.columns.map(|column| column.map(|of| (of.unit, of.decimals)));
        format!("{} rows, {columns:?}", table.rows)
    });
    let mut rest: Vec<String> = report.intervals.iter().map(|row| format!("{row:?}")).collect();
    rest.extend(table);
    let codes = report.notes.iter().map(|note| note.code.to_owned()).collect();
    (statement, rest, codes)
}

#[test]
fn every_sample_text_is_understood_to_its_last_line() {
    for (index, name) in TEXTS.iter().enumerate() {
        let report = read(&written(&text(index), SAME));
        assert!(report.not_understood.is_empty(), "{name}: {:?}", report.not_understood);
        assert!(report.statement.start.is_some(), "{name}");
    }
}

#[test]
fn each_change_alone_states_the_same() {
    let mut each = vec![SAME];
    each.extend((1..7).map(|encoding| Changes { encoding, ..SAME }));
    each.extend((1..3).map(|line_end| Changes { line_end, ..SAME }));
    each.extend((1..3).map(|blank_lines| Changes { blank_lines, ..SAME }));
    each.extend((1..20).map(|by| Changes { rotate: by * 3, ..SAME }));
    each.push(Changes { comma: true, ..SAME });
    each.push(Changes { numbered: true, ..SAME });
    each.push(Changes { bare: true, ..SAME });
    each.push(Changes { semicolons: true, ..SAME });
    for (index, name) in TEXTS.iter().enumerate() {
        let text = text(index);
        let expected = stated(read(&written(&text, SAME)));
        for changes in &each {
            let found = stated(read(&written(&text, *changes)));
            assert_eq!(found, expected, "{name} {changes:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_changes_together_state_the_same(index in 0..TEXTS.len(), changes in changes()) {
        let text = text(index);
        let expected = stated(read(&written(&text, SAME)));
        let found = stated(read(&written(&text, changes)));
        prop_assert_eq!(found, expected, "{} {:?}", TEXTS[index], changes);
    }
}
