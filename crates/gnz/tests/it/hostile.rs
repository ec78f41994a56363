//! Every refusal rule has a file in `tests/hostile/` and a test of its name.
//!
//! The files are made by `tests/hostile/make.py`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gnz::{Error, Gnz, Limits, MAGIC, Note, SUCCESSOR_MAGIC};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.gnz"))).expect(name)
}

/// The error for a file, which must be the same whichever way it is opened.
fn refusal(name: &str) -> Error {
    let error = Gnz::from_bytes(read(name)).expect_err("a hostile file was opened");
    for opened in [Gnz::open, Gnz::open_copy] {
        let other = opened(folder().join(format!("{name}.gnz"))).expect_err("by path");
        assert_eq!(other.to_string(), error.to_string());
    }
    error
}

macro_rules! rules {
    ($($file:ident: $pattern:pat $(if $guard:expr)? => [$($part:expr),*];)*) => {
        $(
            #[test]
            fn $file() {
                let error = refusal(stringify!($file));
                assert!(matches!(&error, $pattern $(if $guard)?), "{error:?}");
                let message = error.to_string();
                for part in [$($part),*] {
                    let part: &str = part;
                    assert!(message.contains(part), "`{part}` is not in: {message}");
                }
            }
        )*

        const RULES: &[&str] = &[$(stringify!($file)),*];
    };
}

// File and test name: error variant => what the message must contain.
rules! {
    too_short: Error::TooShort { length: 6 } => ["6 bytes", "at least 8"];
    bad_magic: Error::BadMagic { found } if found == b"GNZ2" => ["byte 0", "`GNZ1`", "`GNZ2`"];
    header_too_long: Error::HeaderTooLong { length: 0xffff_ffff, .. } => ["byte 4", "4294967295", "16777216"];
    header_past_end: Error::HeaderPastEnd { length: 4096, file_length: 10 } => ["byte 4104", "has 10"];
    not_utf8: Error::NotUtf8 { offset: 21, found: 0xff } => ["byte 21", "0xff"];
    not_json: Error::NotJson { .. } => ["byte 51", "expected `:`", "found `4`"];
    not_json_trailing_comma: Error::NotJson { .. } => ["a key in quotes", "found `}`"];
    not_json_two_values: Error::NotJson { .. } => ["the end of the header", "found `{`"];
    too_deep: Error::TooDeep { limit: 128, .. } => ["byte 148", "128 levels"];
    lone_surrogate_key: Error::LoneSurrogate { offset: 20 } => ["byte 20"];
    not_an_object: Error::NotAnObject { offset: 8, .. } => ["byte 8", "a list"];
    duplicate_key: Error::DuplicateKey { key, .. } if key == "k" => ["byte 109", "`k`"];
    duplicate_key_in_entry: Error::DuplicateKey { key, .. } if key == "offset" => ["`offset`"];
    duplicate_key_in_header: Error::DuplicateKey { key, .. } if key == "version" => ["`version`"];
    duplicate_array: Error::DuplicateArray { array, .. } if array == "a" => ["byte 87", "`a`"];
    missing_arrays: Error::MissingField { array: None, field: "arrays", .. } => ["header", "`arrays`"];
    missing_shape: Error::MissingField { array: Some(_), field: "shape", .. } => ["array `a`", "`shape`"];
    arrays_not_an_object: Error::WrongType { field: "arrays", .. } => ["an object", "a list"];
    metadata_not_an_object: Error::WrongType { field: "metadata", .. } => ["`metadata`", "a list"];
    entry_not_an_object: Error::WrongType { field: "entry", .. } => ["array `a`", "a number"];
    shape_not_a_list: Error::WrongType { field: "shape", .. } => ["array `a`", "a list", "a number"];
    offset_not_a_number: Error::WrongType { field: "offset", .. } => ["array `a`", "a string"];
    shape_of_booleans: Error::WrongType { field: "shape", .. } => ["array `a`", "a boolean"];
    version_2: Error::UnsupportedVersion { .. } => ["version 1", "found 2"];
    version_text: Error::UnsupportedVersion { .. } => ["found \"1\""];
    unknown_dtype: Error::UnknownDtype { found, .. } if found == "|O8" => ["array `a`", "byte 35", "`|O8`"];
    unknown_order: Error::UnknownOrder { .. } => ["array `a`", "`K`"];
    negative_offset: Error::NegativeNumber { field: "offset", .. } => ["array `a`", "byte 52", "-4096"];
    negative_shape: Error::NegativeNumber { field: "shape", .. } => ["array `a`", "-1"];
    fractional_offset: Error::FractionalNumber { field: "offset", .. } => ["array `a`", "4096.5"];
    fractional_shape: Error::FractionalNumber { field: "shape", .. } => ["array `a`", "1.0"];
    exponent_in_shape: Error::FractionalNumber { field: "shape", .. } => ["array `a`", "1e0"];
    huge_offset: Error::HugeNumber { field: "offset", .. } => ["array `a`", "9223372036854775808"];
    huge_shape: Error::HugeNumber { field: "shape", .. } => ["array `a`", "18446744073709551616"];
    shape_overflow: Error::ShapeOverflow { .. } => ["array `a`", "[4294967296, 4294967296]"];
    shape_overflow_beside_zero: Error::ShapeOverflow { .. } => ["array `a`"];
    shape_overflow_by_item_size: Error::ShapeOverflow { .. } => ["array `a`", "`<f8`"];
    overlaps_header: Error::OverlapsHeader { offset: 16, .. } => ["array `a`", "byte 115"];
    empty_inside_header: Error::OverlapsHeader { offset: 0, .. } => ["array `a`"];
    array_past_end: Error::ArrayPastEnd { length: 2, .. } => ["array `a`", "2 bytes at byte 4096", "byte 4097"];
    array_past_end_by_its_offset: Error::ArrayPastEnd { .. } => ["array `a`", "4611686018427387904"];
    array_past_end_by_its_size: Error::ArrayPastEnd { .. } => ["array `a`", "8796093022208 bytes"];
    arrays_overlap: Error::ArraysOverlap { .. } => ["array `b`", "array `a`", "byte 9096", "8192"];
    arrays_overlap_from_far: Error::ArraysOverlap { .. } => ["array `c`", "array `a`", "byte 13096", "12288"];
    trailing_bytes: Error::TrailingBytes { expected: 8192, found: 8193 } => ["byte 8192", "8193"];
}

#[test]
fn an_array_at_an_odd_offset_is_read_by_copy_and_reported() {
    let gnz = Gnz::from_bytes(read("note_misaligned_offset")).expect("readable");
    assert!(
        gnz.notes()
            .iter()
            .any(|note| matches!(note, Note::Misaligned { array, offset: 4097 } if array == "a"))
    );
    let array = gnz.array("a").expect("present");
    assert_eq!(array.to_vec::<i16>().expect("a copy"), [12345]);

    let mapped = Gnz::open(folder().join("note_misaligned_offset.gnz")).expect("readable");
    let error = mapped.view::<i16>("a").expect_err("an odd address");
    assert!(matches!(error, Error::Misaligned { offset: 4097, alignment: 2, .. }));
    assert!(error.to_string().contains("to_vec"));
    let error = mapped.view::<u8>("a").expect_err("another type");
    assert!(error.to_string().contains("<i2"), "{error}");
}

#[test]
fn under_the_magic_of_the_successor_every_file_is_refused_for_the_same_reason() {
    let mut compared = 0;
    for name in RULES {
        let mut file = read(name);
        if !file.starts_with(&MAGIC) {
            continue;
        }
        file[..4].copy_from_slice(&SUCCESSOR_MAGIC);
        let error = Gnz::from_bytes(file).expect_err(name);
        match *name {
            "version_2" | "version_text" => {
                assert!(matches!(error, Error::SuccessorVersion { .. }), "{name}: {error}");
            }
            _ => assert_eq!(error.to_string(), refusal(name).to_string(), "{name}"),
        }
        compared += 1;
    }
    assert_eq!(compared, RULES.len() - 1, "all but `bad_magic`");
}

#[test]
fn every_hostile_file_has_a_test_and_every_test_a_file() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .filter_map(|entry| {
            let name = entry.expect("an entry").file_name().into_string().expect("text");
            name.strip_suffix(".gnz").map(str::to_owned)
        })
        .filter(|name| !name.starts_with("note_"))
        .collect();
    let tests: BTreeSet<String> = RULES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(files, tests);
}

#[test]
fn limits_are_arguments() {
    let file = read("array_past_end");
    let tight = Limits::default().with_header_bytes(50);
    assert!(matches!(
        Gnz::from_bytes_with(&file, &tight),
        Err(Error::HeaderTooLong { limit: 50, .. })
    ));
    let flat = Limits::default().with_depth(2);
    assert!(matches!(Gnz::from_bytes_with(&file, &flat), Err(Error::TooDeep { limit: 2, .. })));
}

#[test]
fn many_unknown_keys_or_arrays_take_time_in_proportion() {
    // Quadratic bookkeeping would take minutes here.
    let mut text = String::from("{\"arrays\": {}, \"version\": 1");
    for key in 0..200_000 {
        text.push_str(&format!(", \"{key}\": 0"));
    }
    text.push('}');
    let mut file = b"GNZ1".to_vec();
    file.extend_from_slice(&(text.len() as u32).to_le_bytes());
    file.extend_from_slice(text.as_bytes());
    let gnz = Gnz::from_bytes(file).expect("odd, but readable");
    assert_eq!(gnz.notes().len(), 200_001);
}

#[test]
fn salvaging_many_arrays_that_overlap_takes_time_in_proportion() {
    let entry = r#"{"dtype": "|u1", "offset": 5000000, "shape": [1]}"#;
    let entries: Vec<String> = (0..60_000).map(|n| format!("\"{n}\": {entry}")).collect();
    let text = format!("{{\"arrays\": {{{}}}, \"version\": 1}}", entries.join(", "));
    let mut file = b"GNZ1".to_vec();
    file.extend_from_slice(&(text.len() as u32).to_le_bytes());
    file.extend_from_slice(text.as_bytes());
    file.resize(5_000_001, 0);
    let salvage = gnz::Salvage::of(&file, &Limits::default()).expect("a header");
    assert_eq!((salvage.saved().len(), salvage.lost().len()), (0, 60_000));
}
