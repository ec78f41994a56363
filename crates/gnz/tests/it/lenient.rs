//! What readers take beside what the writer writes: numpy's other spellings, headers that leave
//! something out, and the successor GZCM. Each is read and reported.

use gnz::{ByteOrder, Container, Error, Gnz, Note, Salvage, Writer};

/// A file of two pages, header and zeros, or longer where the header is.
fn file(magic: &[u8; 4], header: &str) -> Vec<u8> {
    let mut file = magic.to_vec();
    file.extend_from_slice(&(header.len() as u32).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.resize(file.len().max(8192), 0);
    file
}

fn entry(dtype: &str) -> String {
    format!(r#"{{"dtype": "{dtype}", "offset": 4096, "shape": [3]}}"#)
}

fn one(magic: &[u8; 4], dtype: &str, rest: &str) -> Vec<u8> {
    file(magic, &format!(r#"{{"arrays": {{"a": {}}}{rest}}}"#, entry(dtype)))
}

#[test]
fn every_spelling_of_a_type_that_numpy_reads_is_read_and_reported() {
    for (spelling, kind) in [
        ("float32", "f4"),
        ("f4", "f4"),
        ("=f4", "f4"),
        ("|f4", "f4"),
        ("int16", "i2"),
        ("float64", "f8"),
        ("complex64", "c8"),
        ("datetime64[ns]", "M8[ns]"),
    ] {
        let gnz = Gnz::from_bytes(one(b"GNZ1", spelling, r#", "version": 1"#)).expect(spelling);
        let order = if ByteOrder::NATIVE == ByteOrder::Little { '<' } else { '>' };
        assert_eq!(gnz.infos()[0].dtype.to_string(), format!("{order}{kind}"));
        let [Note::Spelling { array, arrays: 1, found, dtype }] = gnz.notes() else {
            panic!("{spelling}: {:?}", gnz.notes());
        };
        assert_eq!((array.as_str(), found.as_str()), ("a", spelling));
        assert_eq!(*dtype, gnz.infos()[0].dtype);
    }
    for (spelling, dtype) in [("<d", "<f8"), ("?", "|b1"), ("B", "|u1"), ("bool", "|b1")] {
        let gnz = Gnz::from_bytes(one(b"GNZ1", spelling, r#", "version": 1"#)).expect(spelling);
        assert_eq!(gnz.infos()[0].dtype.to_string(), dtype);
    }
}

#[test]
fn a_spelling_of_many_arrays_is_one_note() {
    let arrays: Vec<String> = (0..500)
        .map(|n| {
            let dtype = if n % 2 == 0 { "uint8" } else { "int8" };
            let offset = 65536 + 4096 * n;
            format!(r#""{n:03}": {{"dtype": "{dtype}", "offset": {offset}, "shape": [4]}}"#)
        })
        .collect();
    let text = format!(r#"{{"arrays": {{{}}}, "version": 1}}"#, arrays.join(", "));
    let mut bytes = file(b"GNZ1", &text);
    bytes.resize(65536 + 4096 * 500, 0);
    let gnz = Gnz::from_bytes(bytes).expect("readable");
    let notes: Vec<String> = gnz.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "array `001` and 249 more have the type `int8`, which was read as `|i1`, as numpy does",
            "array `000` and 249 more have the type `uint8`, which was read as `|u1`, as numpy does",
        ]
    );
}

#[test]
fn a_header_without_a_version_is_version_1_and_null_metadata_is_empty() {
    let gnz = Gnz::from_bytes(one(b"GNZ1", "<f4", "")).expect("readable");
    assert_eq!(gnz.notes(), [Note::NoVersion]);
    let null = r#", "metadata": null, "version": 1"#;
    let gnz = Gnz::from_bytes(one(b"GNZ1", "<f4", null)).expect("readable");
    assert_eq!(gnz.notes(), [Note::NullMetadata]);
    assert!(gnz.metadata().is_empty());
}

#[test]
fn what_was_read_leniently_is_salvaged_in_plain_spelling() {
    let cut = one(b"GZCM", "float32", r#", "version": 1"#);
    let salvage = Salvage::of(&cut, &gnz::Limits::default()).expect("a header");
    let again = salvage.writer().and_then(|mut writer| writer.to_vec()).expect("small");
    let gnz = Gnz::from_bytes(again).expect("our own file");
    assert_eq!(gnz.container(), Container::Gnz);
    assert!(gnz.notes().is_empty());
    assert_eq!(gnz.view::<f32>("a").expect("f4").elements(), [0.0; 3]);
}

#[test]
fn version_1_of_the_successor_is_read_with_types_by_name() {
    let gnz = Gnz::from_bytes(one(b"GZCM", "float64", r#", "metadata": {"k": 1}, "version": 1"#))
        .expect("the same layout");
    assert_eq!(gnz.container(), Container::Gzcm);
    assert_eq!(gnz.view::<f64>("a").expect("f8").elements(), [0.0; 3]);
    assert_eq!(gnz.metadata().get("k").and_then(|value| value.as_i64()), Some(1));
    assert!(gnz.notes().is_empty());
}

#[test]
fn other_versions_of_the_successor_are_refused_by_number() {
    for (version, content) in
        [("2", "not the layout"), ("3", "compressed tiles"), ("4", "compressed tiles"), ("99", "")]
    {
        // Other fields than ours do not hide the reason.
        let header = format!(r#"{{"arrays": {{"a": {{"tiles": []}}}}, "version": {version}}}"#);
        let error = Gnz::from_bytes(file(b"GZCM", &header)).expect_err("another format");
        assert!(matches!(&error, Error::SuccessorVersion { found, .. } if found == version));
        let message = error.to_string();
        for part in ["GZCM version", version, content, "version 1 is read"] {
            assert!(message.contains(part), "{message}");
        }
    }
    let error = Gnz::from_bytes(one(b"GZCM", "<f4", "")).expect_err("which version?");
    assert!(matches!(error, Error::MissingField { field: "version", .. }));
}

#[test]
fn metadata_given_as_text_is_written_as_it_stands() {
    let mut writer = Writer::new();
    writer.metadata_text(r#"{"2": "two", "10": "ten"}"#).expect("an object");
    let file = writer.to_vec().expect("small");
    let gnz = Gnz::from_bytes(file.as_slice()).expect("our own file");
    assert_eq!(
        gnz.header_text(),
        r#"{"arrays": {}, "metadata": {"2": "two", "10": "ten"}, "version": 1}"#
    );
    assert_eq!(gnz.metadata().get("10").and_then(|value| value.as_str()), Some("ten"));

    assert!(matches!(writer.metadata_text("[1]"), Err(Error::WrongType { found: "a list", .. })));
    writer.metadata_text("null").expect("as Python's None");
    assert_eq!(Gnz::from_bytes(writer.to_vec().expect("small")).expect("ours").notes().len(), 1);

    // Sums are one more key, in its place.
    writer.metadata_text(r#"{"z": 1}"#).expect("an object").checksums(true);
    let summed = Gnz::from_bytes(writer.to_vec().expect("small")).expect("ours");
    assert!(summed.checksums().is_some());
    assert!(summed.header_text().contains(r#"{"gnz.crc32c": {}, "z": 1}"#));
}
