//! npy files as numpy and other writers make them: each is what `numpy.load` says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wavekeep_core::{ArrayOrder, NoteKind};
use wavekeep_formats::{Opened, Opener};
use zip::CompressionMethod;

use crate::arrays::{described, npy, npz, opened, refused};

#[test]
fn every_spelling_of_a_type_is_the_one_that_numpy_reads() {
    let folder = tempfile::tempdir().unwrap();
    let python = std::env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/npy_files.py");
    let made = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(script)
        .arg(folder.path())
        .status();
    assert!(made.unwrap().success());
    let cases = fs::read(folder.path().join("cases.json")).unwrap();
    let cases: serde_json::Map<String, Value> = serde_json::from_slice(&cases).unwrap();
    let mut read = 0;
    for (name, case) in &cases {
        let header = &case["header"];
        let found = Opener::default().open_any(&folder.path().join(name));
        match (&case["numpy"], found) {
            (Value::Null, found) => assert!(found.is_err(), "{header}"),
            (numpy, Ok(Opened::Arrays(file))) => {
                read += 1;
                let array = file.arrays().next().unwrap();
                assert_eq!(numpy["dtype"], array.dtype, "{header}");
                assert_eq!(numpy["shape"], serde_json::json!(array.shape), "{header}");
                let is_fortran = array.order == ArrayOrder::ColumnMajor;
                assert_eq!(numpy["fortran"], is_fortran, "{header}");
                let hex: String = array.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(numpy["elements"], hex, "{header}");
                assert!(file.report().notes().is_empty(), "{header}");
            }
            (_, found) => panic!("{header}: {found:?}"),
        }
    }
    assert!(read > 200 && cases.len() - read > 30, "{read} of {}", cases.len());
}

/// A file of `tests/data/field`.
fn field(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field").join(path)
}

#[test]
fn spellings_of_other_writers_are_read_as_numpy_reads_them() {
    for (name, dtype, width) in [
        ("descr_B", "|u1", 1),
        ("descr_barf4", "<f4", 4),
        ("descr_eqf8", "<f8", 8),
        ("descr_f4", "<f4", 4),
        ("descr_float32", "<f4", 4),
        ("descr_int16", "<i2", 2),
        ("descr_ltd", "<f8", 8),
        ("descr_lti1", "|i1", 1),
        ("descr_q", "|b1", 1),
        ("descr_uint8", "|u1", 1),
    ] {
        let path = field(&format!("04-npy-descr-spellings/{name}.npy"));
        let Ok(Opened::Arrays(file)) = Opener::default().open_any(&path) else {
            panic!("{name}");
        };
        let array = file.array(name).unwrap();
        let found = (array.dtype, array.shape, array.bytes.len());
        assert_eq!(found, (dtype, &[4][..], 4 * width), "{name}");
    }
}

#[test]
fn one_pickled_member_costs_itself() {
    let path = field("01-npz-one-object-array/mixed.npz");
    let Ok(Opened::Arrays(file)) = Opener::default().open_any(&path) else { panic!() };
    let found: Vec<_> = file.arrays().map(|array| (array.name, array.dtype, array.shape)).collect();
    assert_eq!(found, [("x", "<f8", &[5][..]), ("y", "<i4", &[2, 3])]);
    let floats: Vec<u8> = (0..5).flat_map(|it| f64::from(it).to_le_bytes()).collect();
    assert_eq!(file.array("x").unwrap().bytes, floats);
    let integers: Vec<u8> = (0i32..6).flat_map(i32::to_le_bytes).collect();
    assert_eq!(file.array("y").unwrap().bytes, integers);
    let [note] = file.report().notes() else { panic!("{:?}", file.report()) };
    assert_eq!((note.kind, note.code), (NoteKind::Damage, "npz_member"));
    assert!(note.message.contains("cfg.npy") && note.message.contains("Python objects"));
}

#[test]
fn names_of_members_stay_what_they_are() {
    let one = described("'|u1'", "(1,)", &[7]);
    let names = ["params/dense/kernel", "a.b", "a.npy", "naïve 🌍", " ", "", "../up", "a,b"];
    let members: Vec<String> = names.iter().map(|name| format!("{name}.npy")).collect();
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|name| (name.as_str(), one.as_slice())).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file = opened("x.npz", &npz(&members, method)).unwrap();
        assert_eq!(file.infos().map(|array| array.name).collect::<Vec<_>>(), names);
        assert!(file.arrays().all(|array| array.bytes == [7]));
        assert!(file.report().notes().is_empty());
    }
}

#[test]
fn records_keep_their_whole_type() {
    let descr = "[('time', 'int64'), ('', '|V2'), (('t', 'xy'), '=f4', 2), ('in', [('s', 'S3')])]";
    let dtype =
        "[('time', '<i8'), ('', '|V2'), (('t', 'xy'), '<f4', (2,)), ('in', [('s', '|S3')])]";
    let data: Vec<u8> = (0..42).collect();
    let records = described(descr, "(2,)", &data);
    let file = opened("x.npy", &records).unwrap();
    let array = file.array("x").unwrap();
    assert_eq!((array.dtype, array.shape, array.bytes), (dtype, &[2][..], &data[..]));
    let members: &[(&str, &[u8])] = &[("waves.npy", &records)];
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file = opened("x.npz", &npz(members, method)).unwrap();
        let array = file.array("waves").unwrap();
        assert_eq!((array.dtype, array.shape, array.bytes), (dtype, &[2][..], &data[..]));
    }
}

#[test]
fn objects_are_refused_by_name() {
    for descr in ["'|O'", "'O'", "'|O8'", "'<O'", "'object'", "[('a', '|O')]"] {
        let (word, text) = refused("pickled.npy", &described(descr, "(1,)", b"cos\nsystem\n"));
        assert_eq!(word, "unsupported");
        assert!(text.contains("Python objects"), "{text}");
    }
}

#[test]
fn a_second_array_and_other_bytes_behind_the_first_are_noted_with_their_place() {
    let first = described("'<i2'", "(2,)", &[1, 0, 2, 0]);
    let second = described("'|u1'", "(1,)", &[9]);
    for (behind, code) in [(&second[..], "npy_second_array"), (b"\0", "npy_bytes_behind")] {
        let both = [&first, behind].concat();
        let file = opened("x.npy", &both).unwrap();
        assert_eq!(file.arrays().next().unwrap().bytes, [1, 0, 2, 0]);
        let [note] = file.report().notes() else { panic!("{:?}", file.report()) };
        assert_eq!((note.kind, note.code), (NoteKind::Damage, code));
        assert_eq!(note.offset, Some(first.len() as u64));
        assert!(note.message.ends_with(&format!("{} bytes", behind.len())), "{}", note.message);
        let file = opened("x.npz", &npz(&[("a.npy", &both)], CompressionMethod::Deflated)).unwrap();
        assert_eq!(file.array("a").unwrap().bytes, [1, 0, 2, 0]);
        let note = &file.report().notes()[0];
        assert!(note.code == code && note.message.contains("a.npy"), "{note:?}");
    }
}

#[test]
fn hostile_types_of_records_are_refused_without_harm() {
    let nested = |depth: usize| format!("{}'<f4'{}", "[('a', ".repeat(depth), ")]".repeat(depth));
    let wide: String = (0..4000).map(|name| format!("('{name}','<f4'),")).collect();
    let same = "('a','<f4'),".repeat(4000);
    for (descr, why) in [
        (nested(34), "nested once too deep"),
        (nested(5000), "nested as deep as a header allows"),
        ("[".repeat(60_000), "open brackets"),
        ("(".repeat(60_000), "open tuples"),
        (
            format!("[('a', {}'<f4'{})]", "(".repeat(5000), ",(1,))".repeat(5000)),
            "tuples in tuples",
        ),
        (format!("[{wide}"), "an open list"),
        (format!("[{same}]"), "names that occur twice"),
        ("[('a', '|S2147483647'), ('b', '|u1')]".to_owned(), "a record of 2^31 bytes"),
        (
            "[('a', '<f8', (4294967295, 4294967295, 4294967295))]".to_owned(),
            "a field beyond memory",
        ),
        ("[('a', '<f8', (0, 18446744073709551615, 2))]".to_owned(), "the same beside a zero"),
        ("[('a', '<f8', (99999999999999999999,))]".to_owned(), "a length beyond numbers"),
    ] {
        let (word, _) = refused("x.npy", &described(&descr, "(1,)", &[0; 8]));
        assert!(matches!(word, "malformed" | "unsupported"), "{why}: {word}");
    }
    let records = format!("[{wide}]");
    let file = opened("x.npy", &described(&records, "(1,)", &[0; 16_000])).unwrap();
    assert_eq!(file.arrays().next().unwrap().bytes.len(), 16_000);
    let huge = described("[('a', '|S2147483647')]", "(4294967296, 4294967296)", &[0; 8]);
    assert_eq!(refused("x.npy", &huge).0, "malformed");
    // Fields of fields without bytes: nothing is made of them.
    let empty = described("[('a', [('b', '<f8')], (0, 2147483647))]", "(2147483647,)", &[]);
    assert!(opened("x.npy", &empty).unwrap().arrays().next().unwrap().bytes.is_empty());
}

#[test]
fn a_header_in_the_wrong_encoding_says_where() {
    let utf8 = b"{'descr': [('\xff', '<i2')], 'fortran_order': False, 'shape': (1,)}";
    let mut bytes = b"\x93NUMPY\x03\x00".to_vec();
    bytes.extend((utf8.len() as u32).to_le_bytes());
    bytes.extend(utf8);
    bytes.extend([1, 0]);
    let (word, text) = refused("x.npy", &bytes);
    assert_eq!(word, "malformed");
    assert!(text.contains("byte 25"), "{text}");
    // The same bytes are Latin-1 in version 2.
    bytes[6] = 2;
    assert_eq!(opened("x.npy", &bytes).unwrap().arrays().next().unwrap().dtype, "[('ÿ', '<i2')]");
    let (_, text) = refused("x.npy", &npy("{'descr': 'é', 'x': 1}", &[]));
    assert!(text.contains("header at byte 2"), "{text}");
}
