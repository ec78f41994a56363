//! Files of named arrays, whole and hostile.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use gnz::Value;
use tempfile::TempDir;
use wavekeep_core::ArrayOrder;
use wavekeep_formats::{ArrayFile, ArrayLimits, OpenError, Opened, Opener};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An npy file of version 1 with this dictionary and these bytes behind it.
pub fn npy(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.extend(data);
    bytes
}

pub fn described(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"), data)
}

pub fn npz(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(*name, options).expect("memory takes all");
        archive.write_all(content).expect("memory takes all");
    }
    archive.finish().expect("memory takes all").into_inner()
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A folder with one file, and the file.
fn placed(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder to write to");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("a folder to write to");
    (folder, path)
}

fn open_with(opener: &Opener, path: &Path) -> Result<ArrayFile, OpenError> {
    match opener.open_any(path)? {
        Opened::Arrays(file) => Ok(file),
        Opened::Stream(run) => panic!("{run:?}"),
        Opened::Event(_) => panic!("{} is an event", path.display()),
    }
}

pub fn opened(name: &str, content: &[u8]) -> Result<ArrayFile, OpenError> {
    let (_folder, path) = placed(name, content);
    open_with(&Opener::default(), &path)
}

/// The word of the error, after checking that it names the file.
pub fn refused(name: &str, content: &[u8]) -> (&'static str, String) {
    let error = opened(name, content).expect_err("a refusal");
    let text = error.to_string();
    assert!(text.contains(name), "{text}");
    (error.kind(), text)
}

#[test]
fn content_decides_whatever_the_name_is() {
    let one = described("'<i2'", "(2,)", &[1, 0, 2, 0]);
    let gnz = gnz::Writer::new().add("a", &[2], &[1i16, 2]).unwrap().to_vec().unwrap();
    let empty = npz(&[], CompressionMethod::Stored);
    for (content, name, expected) in [
        (one.clone(), "M529LKIQ.7M0W", "npy"),
        (gnz, "notes.txt", "gnz"),
        (npz(&[("a.npy", &one)], CompressionMethod::Stored), "report.docx", "npz"),
        (npz(&[("readme", b"x"), ("a.npy", &one)], CompressionMethod::Stored), "x.npz", "npz"),
        (empty, "empty.NPZ", "npz"),
        (safetensors("{}", b""), "model.bin", "safetensors"),
    ] {
        let (_folder, path) = placed(name, &content);
        let file = open_with(&Opener::default(), &path).unwrap();
        assert_eq!(file.format().id, expected);
        assert_eq!(file.source().name.as_deref(), Some(name));
        assert_eq!(file.source().bytes, content.len() as u64);
        // The name of an event makes its decoder say what is wrong.
        let word = if name.ends_with("W") { "not_this_format" } else { "no_recording" };
        assert_eq!(Opener::default().open(&path).unwrap_err().kind(), word);
    }
    let document = npz(&[("word/document.xml", b"x")], CompressionMethod::Stored);
    assert_eq!(refused("report.docx", &document).0, "unknown_format");
}

#[test]
fn an_event_is_still_an_event() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/M529LKIQ.7M0W");
    let opener = Opener::default();
    assert!(matches!(opener.open_any(&path), Ok(Opened::Event(event)) if !event.is_empty()));
}

#[test]
fn an_array_is_described_and_its_bytes_are_there() {
    let file = opened(
        "tide.npy",
        &npy(
            "{'shape': (2, 1), 'fortran_order': True, \"descr\": '>f4'}",
            &[1, 2, 3, 4, 5, 6, 7, 8],
        ),
    )
    .unwrap();
    assert_eq!((file.len(), file.is_empty()), (1, false));
    let array = file.array("tide").unwrap();
    assert_eq!((array.dtype, array.order), (">f4", ArrayOrder::ColumnMajor));
    assert_eq!((array.shape, array.bytes), (&[2, 1][..], &[1, 2, 3, 4, 5, 6, 7, 8][..]));
    assert!(file.metadata().is_empty() && file.report().notes().is_empty());
}

#[test]
fn members_that_are_no_arrays_are_passed_over_and_reported() {
    let one = described("'|u1'", "()", &[9]);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file =
            opened("x.npz", &npz(&[("a/b.npy", &one), ("readme.txt", b"hello")], method)).unwrap();
        assert_eq!(file.arrays().map(|array| array.name).collect::<Vec<_>>(), ["a/b"]);
        assert_eq!(file.array("a/b").unwrap().bytes, [9]);
        assert_eq!(file.report().notes()[0].code, "npz_foreign_member");
    }
}

#[test]
fn tensors_keep_their_order_types_and_metadata() {
    let file = opened(
        "x.safetensors",
        &safetensors(
            r#"{"z":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"a":{"dtype":"F4","shape":[2,1],"data_offsets":[4,5]},"__metadata__":{"format":"pt"}}  "#,
            &[1, 2, 3, 4, 5],
        ),
    )
    .unwrap();
    let found: Vec<_> = file.arrays().map(|of| (of.name, of.dtype, of.bytes)).collect();
    assert_eq!(found, [("z", "BF16", &[1, 2, 3, 4][..]), ("a", "F4", &[5][..])]);
    assert_eq!(file.metadata().get("format").and_then(Value::as_str), Some("pt"));
}

#[test]
fn what_is_odd_in_a_gnz_is_reported() {
    let mut content = gnz::Writer::new().add("a", &[1], &[7u8]).unwrap().to_vec().unwrap();
    content.truncate(4100);
    let file = opened("cut.gnz", &content).unwrap();
    assert_eq!(file.report().notes()[0].code, "gnz_padding_cut");
    assert!(file.gnz().is_some_and(|gnz| gnz.checksums().is_none()));
    content.truncate(4096);
    assert_eq!(refused("cut.gnz", &content).0, "malformed");
    assert_eq!(refused("magic.gnz", b"GNZ1").0, "malformed");
}

#[test]
fn what_a_gnz_leaves_open_is_read_and_reported() {
    let header = r#"{"arrays": {"a": {"dtype": "float32", "offset": 4096, "shape": [2]}}, "metadata": null}"#;
    let mut content = b"GNZ1".to_vec();
    content.extend((header.len() as u32).to_le_bytes());
    content.extend(header.as_bytes());
    content.resize(8192, 0);
    let file = opened("by-name.gnz", &content).unwrap();
    assert_eq!(file.infos().next().unwrap().dtype, "<f4");
    let codes: Vec<&str> = file.report().notes().iter().map(|note| note.code).collect();
    assert_eq!(codes, ["gnz_null_metadata", "gnz_no_version", "gnz_spelling"]);
    assert!(!file.report().is_damaged());
}

#[test]
fn the_successor_of_gnz_is_known_by_its_content_and_refused_by_its_version() {
    let mut content = gnz::Writer::new().add("a", &[1], &[7u8]).unwrap().to_vec().unwrap();
    content[..4].copy_from_slice(b"GZCM");
    let file = opened("without-a-known-extension.bin", &content).unwrap();
    assert_eq!((file.format().id, file.infos().next().unwrap().name), ("gnz", "a"));
    let later = String::from_utf8_lossy(&content).replace("\"version\": 1", "\"version\": 3");
    let (word, text) = refused("later.bin", later.as_bytes());
    assert_eq!(word, "unsupported");
    assert!(text.contains("GZCM version 3: its arrays are stored as compressed tiles"), "{text}");
}

#[test]
fn an_npy_header_is_what_numpy_writes_or_an_error() {
    for (dictionary, why) in [
        ("", "an empty one"),
        ("{}", "no keys"),
        ("{'descr': '<i2', 'shape': (1,)}", "a key is missing"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1,), 'x': 1}", "one too many"),
        ("{'descr': '<i2', 'descr': '<i2', 'fortran_order': False, 'shape': (1,)}", "twice"),
        ("{'descr': '<i2', 'fortran_order': 0, 'shape': (1,)}", "not a truth value"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': [1]}", "not a tuple"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1)}", "not a tuple either"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (-1,)}", "negative"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1.0,)}", "fractional"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (True,)}", "a truth value"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999999999999,)}", "huge"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", "product"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (0, 9223372036854775807, 2)}", "zero"),
        ("{'descr': '<x2', 'fortran_order': False, 'shape': (1,)}", "an unknown type"),
        ("{'descr': '<i2\\'', 'fortran_order': False, 'shape': (1,)}", "a quote in a type"),
        ("{'descr': '<i2\\q', 'fortran_order': False, 'shape': (1,)}", "an escape that is none"),
        ("{'descr': ('<i2', (1,)), 'fortran_order': False, 'shape': (1,)}", "an array of arrays"),
        ("[('descr', '<i2')]", "no dictionary"),
        ("{'descr': '<i2, 'fortran_order': False, 'shape': (1,)}", "an open string"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1,)} + {}", "an expression"),
        ("{'descr': '<i2' 'fortran_order': False, 'shape': (1,)}", "no comma"),
        ("{'descr': '<i2', 'fortran_order': False, 'shape': (1 1)}", "no comma between lengths"),
        ("__import__('os').system('true')", "a program"),
    ] {
        assert_eq!(refused("x.npy", &npy(dictionary, &[1, 0])).0, "malformed", "{why}");
    }
    let deep = format!("({})", "1, ".repeat(65));
    assert_eq!(refused("x.npy", &described("'|u1'", &deep, &[1])).0, "malformed");
    assert_eq!(refused("x.npy", b"\x93NUMPY\x04\x00\x00\x00").0, "unsupported");
    assert_eq!(refused("x.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff").0, "limit");
}

#[test]
fn fewer_bytes_than_type_and_shape_ask_for_are_refused() {
    let (word, text) = refused("x.npy", &described("'<i2'", "(3,)", &[0; 4]));
    assert_eq!(word, "malformed");
    assert!(text.contains("expected 6 bytes, found 4 bytes"), "{text}");
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error() {
    let one = described("'<i2'", "(3,)", &[1, 0, 2, 0, 3, 0]);
    let tensors = r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#;
    for (name, whole) in [
        ("x.npy", one.clone()),
        ("x.npz", npz(&[("a.npy", &one)], CompressionMethod::Deflated)),
        ("x.safetensors", safetensors(tensors, b"abc")),
    ] {
        let (_folder, path) = placed(name, &whole);
        open_with(&Opener::default(), &path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            Opener::default().open_any(&path).unwrap_err();
        }
    }
}

#[test]
fn a_flipped_byte_never_panics_and_in_an_npz_never_passes_for_data() {
    let one = described("'<i2'", "(3,)", &[1, 0, 2, 0, 3, 0]);
    let tensors =
        r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"__metadata__":{"a":"b"}}"#;
    let records = described("[('a', [('b', '<i2')], (2,)), ('c', '<i2')]", "(1,)", &[0; 6]);
    for (name, whole) in [
        ("x.npy", one.clone()),
        ("x.npy", records),
        ("x.npz", npz(&[("a.npy", &one)], CompressionMethod::Stored)),
        ("x.npz", npz(&[("a.npy", &one)], CompressionMethod::Deflated)),
        ("x.safetensors", safetensors(tensors, b"abc")),
    ] {
        let (_folder, path) = placed(name, &whole);
        for at in 0..whole.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                fs::write(&path, &changed).unwrap();
                if let (Ok(Opened::Arrays(file)), "x.npz") =
                    (Opener::default().open_any(&path), name)
                {
                    let unchanged = |array: wavekeep_core::NamedArray<'_>| {
                        array.dtype == "<i2" && array.bytes == [1, 0, 2, 0, 3, 0]
                    };
                    assert!(file.arrays().all(unchanged), "byte {at} ^ {flip:#x}");
                }
            }
        }
    }
}

#[test]
fn an_archive_that_unpacks_to_more_than_the_limit_is_refused() {
    let zeros = described("'|u1'", "(10000000,)", &vec![0; 10_000_000]);
    let bomb = npz(&[("a.npy", &zeros), ("b.npy", &zeros)], CompressionMethod::Deflated);
    assert!(bomb.len() < 50_000);
    let (_folder, path) = placed("bomb.npz", &bomb);
    let limited = |bytes| Opener::default().array_limits(ArrayLimits::default().with_bytes(bytes));
    assert_eq!(open_with(&limited(15_000_000), &path).unwrap_err().kind(), "limit");
    assert_eq!(open_with(&limited(9_000_000), &path).unwrap_err().kind(), "limit");
    assert_eq!(open_with(&limited(21_000_000), &path).unwrap().len(), 2);
}

#[test]
fn stored_members_count_for_nothing_but_none_shares_its_bytes() {
    let bytes = described("'|u1'", "(5000,)", &[7; 5000]);
    let whole = npz(&[("a.npy", &bytes), ("b.npy", &bytes)], CompressionMethod::Stored);
    let limited = Opener::default().array_limits(ArrayLimits::default().with_bytes(100));
    let (_folder, path) = placed("x.npz", &whole);
    let file = open_with(&limited, &path).unwrap();
    assert!(file.arrays().all(|array| array.bytes == [7; 5000]));
    // The directory's second entry is of the first member's bytes: together they are more than the file.
    let one = npz(&[("a.npy", &bytes)], CompressionMethod::Stored);
    let [central, end] = [b"PK\x01\x02", b"PK\x05\x06"]
        .map(|mark| one.windows(4).rposition(|four| four == mark).unwrap());
    let mut second = one[central..end].to_vec();
    second[46] = b'b';
    let mut tail = one[end..].to_vec();
    tail[8] = 2;
    tail[10] = 2;
    tail[12..16].copy_from_slice(&(2 * second.len() as u32).to_le_bytes());
    let (_folder, path) = placed("shared.npz", &[&one[..end], &second, &tail].concat());
    let file = open_with(&limited, &path).unwrap();
    assert_eq!(file.infos().map(|array| array.name).collect::<Vec<_>>(), ["a"]);
    let note = &file.report().notes()[0].message;
    assert!(note.contains("b.npy") && note.contains("bytes of its own"), "{note}");
}

#[test]
fn sizes_that_an_archive_states_are_not_believed() {
    let one = described("'|u1'", "(3,)", &[1, 2, 3]);
    let whole = npz(&[("a.npy", &one)], CompressionMethod::Stored);
    let central = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    // Compressed and uncompressed size in the central directory, which readers go by.
    for at in [central + 20, central + 24] {
        for size in [0u32, 1, one.len() as u32 - 1, one.len() as u32 + 1, 0x7fff_ffff] {
            let mut lying = whole.clone();
            lying[at..at + 4].copy_from_slice(&size.to_le_bytes());
            let (word, _) = refused("lying.npz", &lying);
            assert!(matches!(word, "malformed" | "io"), "{word}");
        }
    }
}

#[test]
fn two_members_of_one_name_are_refused() {
    let one = described("'|u1'", "(3,)", &[1, 2, 3]);
    let mut twice = npz(&[("a.npy", &one), ("b.npy", &one)], CompressionMethod::Stored);
    while let Some(at) = twice.windows(5).position(|five| five == b"b.npy") {
        twice[at] = b'a';
    }
    assert_eq!(refused("twice.npz", &twice).0, "malformed");
}

/// Bytes of memory of this process that are in use.
#[cfg(target_os = "linux")]
fn in_use() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_sparse_file_with_more_than_its_arrays_is_not_read() {
    let tensors = r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#;
    for (name, head) in
        [("x.npy", described("'|u1'", "(3,)", &[])), ("x.safetensors", safetensors(tensors, b""))]
    {
        let (_folder, path) = placed(name, &head);
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        match open_with(&Opener::default(), &path) {
            Ok(file) => assert_eq!(file.report().notes()[0].code, "npy_bytes_behind"),
            Err(error) => assert_eq!((name, error.kind()), ("x.safetensors", "malformed")),
        }
    }
}

/// Writes an npz whose only array `a` is so many stored zeros.
#[cfg(target_os = "linux")]
fn stored_zeros(path: &Path, bytes: usize) {
    let mut archive = ZipWriter::new(fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file("a.npy", options).unwrap();
    archive.write_all(&described("'|u1'", &format!("({bytes},)"), &[])).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        archive.write_all(&zeros).unwrap();
    }
    archive.finish().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn opening_a_file_of_large_arrays_takes_little_memory_whatever_the_format() {
    const BYTES: usize = 6 << 30;
    let shape = format!("({BYTES},)");
    let tensors =
        format!(r#"{{"a":{{"dtype":"U8","shape":[{BYTES}],"data_offsets":[0,{BYTES}]}}}}"#);
    let before = in_use();
    for (name, head) in
        [("x.npy", described("'|u1'", &shape, &[])), ("x.safetensors", safetensors(&tensors, b""))]
    {
        let (_folder, path) = placed(name, &head);
        let len = (head.len() + BYTES) as u64;
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len).unwrap();
        let file = open_with(&Opener::default(), &path).unwrap();
        assert_eq!(file.infos().next().unwrap().bytes, BYTES as u64);
        assert_eq!(file.arrays().next().unwrap().bytes[BYTES - 1], 0, "{name}");
    }
    // Stored members are mapped too.
    let (_folder, path) = placed("x.npz", b"");
    stored_zeros(&path, 120 << 20);
    let stored = in_use();
    let file = open_with(&Opener::default(), &path).unwrap();
    assert_eq!(file.array("a").unwrap().bytes[(120 << 20) - 1], 0);
    assert!(in_use() - stored < 60 << 20, "{} bytes for a stored member", in_use() - stored);
    // A few kilobytes that unpack to far more.
    let zeros = described("'|u1'", "(100000000,)", &vec![0; 100_000_000]);
    let bomb = npz(
        &[("a.npy", &zeros), ("b.npy", &zeros), ("c.npy", &zeros)],
        CompressionMethod::Deflated,
    );
    let (_folder, path) = placed("x.npz", &bomb);
    drop(zeros);
    let packed = in_use();
    let file = open_with(&Opener::default(), &path).unwrap();
    assert_eq!(file.infos().map(|array| array.bytes).sum::<u64>(), 300_000_000);
    let opened = in_use();
    assert!(opened - packed < 50 << 20, "{} bytes to open it", opened - packed);
    assert_eq!(file.array("b").unwrap().bytes.len(), 100_000_000);
    assert!(in_use() - packed < 250 << 20, "more than was asked for");
    assert!(packed - before < 400 << 20, "{} bytes for mapped files", packed - before);
}

#[test]
fn one_bad_member_costs_itself_and_is_noted() {
    let one = described("'<i2'", "(3,)", &[1, 0, 2, 0, 3, 0]);
    let whole =
        npz(&[("a.npy", &one), ("b.npy", &one), ("c.npy", &one)], CompressionMethod::Deflated);
    let central: Vec<usize> =
        (0..whole.len()).filter(|at| whole[*at..].starts_with(b"PK\x01\x02")).collect();
    let local: Vec<usize> =
        (0..whole.len()).filter(|at| whole[*at..].starts_with(b"PK\x03\x04")).collect();
    for (member, name) in ["a", "b", "c"].into_iter().enumerate() {
        let encrypted = |zip: &mut Vec<u8>| {
            zip[local[member] + 6] |= 1;
            zip[central[member] + 8] |= 1;
        };
        let unknown = |zip: &mut Vec<u8>| {
            zip[local[member] + 8] = 77;
            zip[central[member] + 10] = 77;
        };
        let wrong_sum = |zip: &mut Vec<u8>| zip[central[member] + 16] ^= 1;
        let no_array = |zip: &mut Vec<u8>| zip[central[member] + 24] ^= 1;
        type Spoil<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));
        let spoils: [Spoil<'_>; 4] = [
            ("encrypted", &encrypted),
            ("unknown method", &unknown),
            ("wrong sum", &wrong_sum),
            ("wrong length", &no_array),
        ];
        for (what, spoil) in spoils {
            let mut bad = whole.clone();
            spoil(&mut bad);
            let file = opened("x.npz", &bad).unwrap_or_else(|error| panic!("{what}: {error}"));
            let names: Vec<&str> = file.arrays().map(|array| array.name).collect();
            assert!(names.len() == 2 && !names.contains(&name), "{what}, {name}: {names:?}");
            assert!(file.report().is_damaged(), "{what}");
            let message = &file.report().notes()[0].message;
            assert!(message.contains(&format!("{name}.npy")), "{message}");
        }
    }
}

#[test]
fn an_npz_that_is_replaced_while_it_is_open_gives_no_other_arrays() {
    let one = described("'|u1'", "(3,)", &[1, 2, 3]);
    let other = described("'|u1'", "(4,)", &[4, 5, 6, 7]);
    let (_folder, path) = placed("x.npz", &npz(&[("a.npy", &one)], CompressionMethod::Deflated));
    let file = open_with(&Opener::default(), &path).unwrap();
    fs::write(&path, npz(&[("a.npy", &other)], CompressionMethod::Deflated)).unwrap();
    assert!(file.array("a").is_none());
}

#[test]
fn a_safetensors_header_is_one_of_the_format_or_an_error() {
    let of = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let max = u64::MAX;
    for (header, why) in [
        ("{\"".to_owned(), "cut"),
        ("{}x".to_owned(), "something behind it"),
        (r#"{"a": 1}"#.to_owned(), "a number for a tensor"),
        (r#"{"__metadata__": {"a": 1}}"#.to_owned(), "a number in the metadata"),
        (of("U7", "[3]", "[0,3]"), "an unknown type"),
        (of("U8", "3", "[0,3]"), "a shape that is no list"),
        (of("U8", "[-3]", "[0,3]"), "a negative length"),
        (of("U8", "[3.0]", "[0,3]"), "a fractional length"),
        (of("U8", "[3]", "[0,4]"), "too many bytes"),
        (of("U8", "[3]", "[3,0]"), "an end before its beginning"),
        (of("U8", "[3]", "[0]"), "one offset"),
        (of("U8", "[2]", "[0,2]"), "a byte that belongs to nobody"),
        (of("U8", "[2]", "[1,3]"), "a hole at the beginning"),
        (of("F4", "[3]", "[0,3]"), "half a byte"),
        (of("U8", &format!("[{max}]"), &format!("[0,{max}]")), "an end at the end of numbers"),
        (of("U8", "[9223372036854775807]", "[0,9223372036854775807]"), "a petabyte"),
        (of("U8", "[4294967296,4294967296]", "[0,0]"), "a product that comes to zero"),
        (of("F6_E2M3", "[4611686018427387904,4]", "[0,0]"), "bits that come to zero"),
        (
            of("U8", "[3]", "[0,3]")
                .replace("}}", r#"},"a":{"dtype":"U8","shape":[0],"data_offsets":[3,3]}}"#),
            "a name twice",
        ),
        (format!(r#"{{"a":{}1{}}}"#, "[".repeat(1000), "]".repeat(1000)), "a tower"),
    ] {
        assert_eq!(refused("x.safetensors", &safetensors(&header, b"abc")).0, "malformed", "{why}");
    }
    let mut long = 17_000_000u64.to_le_bytes().to_vec();
    long.extend(b"{}");
    assert_eq!(refused("x.safetensors", &long).0, "limit");
}
