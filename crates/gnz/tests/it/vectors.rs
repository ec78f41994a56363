//! The vectors in `tests/data/`: files of the Python writer and what is in them.
//!
//! Types, shapes and metadata are those of `cases.json`; the values were read
//! with numpy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gnz::{Bool, Gnz, Order, Value, Writer};
use half::f16;
use num_complex::Complex;

const NAMES: [&str; 7] =
    ["typical", "dtypes", "shapes", "unicode", "floats", "long_header", "page_edge"];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

fn open(name: &str) -> Gnz {
    Gnz::open(path(&format!("{name}.gnz"))).expect(name)
}

/// `cases.json`, in its own order, by a JSON reader that is not ours.
fn cases() -> serde_json::Value {
    let text = std::fs::read_to_string(path("cases.json")).expect("cases.json");
    serde_json::from_str(&text).expect("JSON")
}

fn case_metadata(case: &serde_json::Value) -> Value {
    case["metadata"].to_string().parse().expect("JSON")
}

#[test]
fn every_vector_holds_what_its_case_says() {
    let cases = cases();
    assert_eq!(cases.as_object().expect("object").len(), NAMES.len());
    for name in NAMES {
        let gnz = open(name);
        let case = &cases[name];
        assert!(gnz.notes().is_empty(), "{name}: {:?}", gnz.notes());
        assert_eq!(Value::from(gnz.metadata().clone()), case_metadata(case), "{name}");
        let arrays = case["arrays"].as_object().expect("object");
        assert_eq!(gnz.keys().len(), arrays.len(), "{name}");
        for (key, expected) in arrays {
            let array = gnz.array(key).expect(key);
            assert_eq!(array.dtype().to_string(), expected["dtype"], "{name} {key}");
            assert_eq!(serde_json::json!(array.shape()), expected["shape"], "{name} {key}");
            assert_eq!(array.order(), Order::C);
            assert_eq!(array.bytes().len(), array.len() * array.dtype().item_size());
        }
    }
}

#[test]
fn every_vector_is_reproduced_byte_for_byte_from_its_case() {
    let cases = cases();
    for name in NAMES {
        let gnz = open(name);
        let case = &cases[name];
        let mut writer = Writer::new();
        let metadata = case_metadata(case);
        writer.metadata(metadata.as_object().expect("object").clone());
        // The order of addition is that of the case, not that of the file.
        for (key, expected) in case["arrays"].as_object().expect("object") {
            let dtype = expected["dtype"].as_str().expect("text");
            let shape: Vec<usize> =
                serde_json::from_value(expected["shape"].clone()).expect("lengths");
            let bytes = gnz.array(key).expect(key).bytes();
            writer.add_bytes(key, dtype.parse().expect(dtype), Order::C, &shape, bytes).expect(key);
        }
        let ours = writer.to_vec().expect(name);
        let theirs = std::fs::read(path(&format!("{name}.gnz"))).expect(name);
        assert!(ours == theirs, "{name} differs");
    }
}

#[test]
fn every_vector_is_reproduced_through_a_file_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in NAMES {
        let source = open(name);
        let copy = folder.path().join(name);
        let mut writer = Writer::new();
        writer.metadata(source.metadata().clone());
        for array in source.arrays() {
            let dtype = array.dtype().clone();
            writer
                .add_bytes(array.name(), dtype, array.order(), array.shape(), array.bytes())
                .expect("as read");
        }
        writer.write(&copy).expect(name);
        let (ours, theirs) = (std::fs::read(copy), std::fs::read(path(&format!("{name}.gnz"))));
        assert!(ours.expect(name) == theirs.expect(name), "{name} differs");
    }
}

#[test]
fn the_values_of_every_dtype_are_right() {
    let gnz = open("dtypes");
    let halves: Vec<f16> = [0.0, 1.0, 2.0, 3.0, 4.0].map(f16::from_f32).to_vec();
    assert_eq!(gnz.view::<f16>("f2").expect("f2").elements(), halves);
    let doubles = gnz.view::<f64>("f8").expect("f8");
    assert_eq!(doubles[0], 1e300);
    assert!(doubles[1] == 0.0 && doubles[1].is_sign_negative());
    assert_eq!(doubles[2], f64::INFINITY);
    assert!(doubles[3].is_nan());
    assert_eq!(*gnz.view::<i8>("i1").expect("i1"), [-3, -2, -1, 0, 1, 2]);
    let complex = gnz.view::<Complex<f32>>("c8").expect("c8");
    assert_eq!(*complex, [Complex::new(1.0, 2.0), Complex::new(-0.0, -3.0)]);
    let truths: Vec<bool> =
        gnz.view::<Bool>("bool").expect("bool").iter().map(|b| b.get()).collect();
    assert_eq!(truths, [true, false, true]);

    let big_endian = gnz.array("u2be").expect("u2be");
    assert!(matches!(big_endian.view::<u16>(), Err(gnz::Error::ForeignByteOrder { .. })));
    assert_eq!(big_endian.to_vec::<u16>().expect("a copy"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(big_endian.rows_to_vec::<u16>(2..4).expect("a copy"), [2, 3]);

    assert_eq!(gnz.array("s").expect("s").bytes(), b"ab\0cde");
    let unicode: Vec<u8> = "é\0\0xyz".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    assert_eq!(gnz.array("u").expect("u").bytes(), unicode);
    // 2026-11-20T00:00:00 in seconds.
    assert_eq!(gnz.array("when").expect("when").bytes(), 1_795_132_800i64.to_le_bytes());
}

#[test]
fn the_values_of_every_shape_are_right() {
    let gnz = open("shapes");
    assert_eq!(gnz.keys().collect::<Vec<_>>(), ["scalar", "empty", "after_empty", "four"]);
    let scalar = gnz.view::<i64>("scalar").expect("scalar");
    assert_eq!((&*scalar, scalar.shape()), (&[7][..], &[][..]));
    let empty = gnz.view::<f32>("empty").expect("empty");
    assert_eq!((empty.len(), empty.shape()), (0, &[0, 4][..]));
    assert_eq!(*gnz.view::<i32>("after_empty").expect("after_empty"), [0, 1, 2]);
    let four = gnz.view::<i16>("four").expect("four");
    assert_eq!(four.len(), 120);
    assert_eq!(four[..5], [-6, 5, 8, -6, 2]);
    assert_eq!(four[117..], [8, 3, 1]);
    assert_eq!(four.iter().map(|v| i32::from(*v)).sum::<i32>(), -7);
}

#[test]
fn the_values_of_the_other_vectors_are_right() {
    let gnz = open("typical");
    let sum = |name| gnz.view::<f32>(name).expect(name).iter().map(|v| f64::from(*v)).sum::<f64>();
    assert!((sum("Tran") - -20.809921713997028).abs() < 1e-9);
    assert!((sum("Vert") - -84.19495688253664).abs() < 1e-9);

    let gnz = open("unicode");
    let lengths: BTreeMap<&str, Vec<u64>> =
        gnz.keys().map(|key| (key, gnz.view::<u64>(key).expect(key).to_vec())).collect();
    assert_eq!(
        lengths,
        BTreeMap::from([("naïve", vec![0, 1, 2]), ("Z", vec![0, 1]), ("a", vec![0])])
    );

    let gnz = open("long_header");
    for (number, array) in gnz.arrays().enumerate() {
        assert_eq!(array.name(), format!("channel-{number:04}"));
        let number = i32::try_from(number).expect("300");
        assert_eq!(array.slice::<i32>().expect("i4"), [number, number]);
    }

    let gnz = open("page_edge");
    assert!(gnz.arrays().all(|array| array.slice::<i32>().expect("i4") == [0]));
}

#[test]
fn the_three_ways_of_opening_agree() {
    for name in NAMES {
        let mapped = open(name);
        let copied = Gnz::open_copy(path(&format!("{name}.gnz"))).expect(name);
        let bytes = std::fs::read(path(&format!("{name}.gnz"))).expect(name);
        let given = Gnz::from_bytes(bytes).expect(name);
        for ((a, b), c) in mapped.arrays().zip(copied.arrays()).zip(given.arrays()) {
            assert_eq!((a.name(), a.bytes()), (b.name(), b.bytes()));
            assert_eq!((a.name(), a.bytes()), (c.name(), c.bytes()));
        }
    }
}

#[test]
fn no_truncation_of_a_vector_panics_or_gives_other_data() {
    for (name, magic) in
        NAMES.iter().flat_map(|name| [gnz::MAGIC, gnz::SUCCESSOR_MAGIC].map(|magic| (*name, magic)))
    {
        let mut whole = std::fs::read(path(&format!("{name}.gnz"))).expect(name);
        whole[..4].copy_from_slice(&magic);
        let reference = Gnz::from_bytes(whole.as_slice()).expect(name);
        // Every length around everything that has an edge, and a comb between.
        let header = 8 + usize::try_from(reference.header_length()).expect("small");
        let mut lengths: Vec<usize> = (0..whole.len().min(header + 64)).collect();
        if name == "long_header" {
            lengths.retain(|length| *length < 600 || length % 97 == 0);
        }
        lengths.extend((0..whole.len()).step_by(1021));
        for info in reference.infos() {
            let start = usize::try_from(info.offset).expect("small");
            let end = start + info.byte_length;
            lengths.extend([start - 1, start, start + 1, end.saturating_sub(1), end, end + 1]);
        }
        for length in lengths.into_iter().filter(|length| *length < whole.len()) {
            let Ok(cut) = Gnz::from_bytes(&whole[..length]) else {
                continue;
            };
            assert!(
                cut.notes().iter().any(|note| matches!(note, gnz::Note::PaddingCut { .. })),
                "{name} cut to {length} was opened without a word"
            );
            for (a, b) in cut.arrays().zip(reference.arrays()) {
                assert_eq!(a.bytes(), b.bytes(), "{name} cut to {length}");
            }
        }
    }
}
