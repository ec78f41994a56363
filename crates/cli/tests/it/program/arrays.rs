//! Files of arrays, by every command.

use super::*;

fn vector(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data");
    folder.join(name).canonicalize().unwrap().display().to_string()
}

/// A field case.
fn field(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/data/field");
    folder.join(path).display().to_string()
}

/// An npy file of version 1 with this header and these bytes behind it.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let len = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), data].concat()
}

#[test]
fn info_lists_arrays_and_metadata() {
    insta::assert_snapshot!(stdout(&run(&["info", &vector("typical.gnz")])));
    let document = &documents(&run(&["info", "--json", &vector("unicode.gnz")]))[0];
    assert_eq!(document["metadata"]["emoji"], "🌍");
    assert_eq!(document["arrays"][0]["dtype"], "<u8");
}

#[test]
fn arrays_go_through_every_target_that_can_hold_them_and_come_back() {
    let folder = TempDir::new().unwrap();
    let original = fs::read(vector("typical.gnz")).unwrap();
    for target in ["npz", "hdf5", "parquet", "safetensors", "csv", "gnz"] {
        let output = format!("arrays.{target}");
        let args = ["convert", &vector("typical.gnz"), "--to", target, "-o", &output];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{target}");
    }
    let one =
        ["convert", &vector("typical.gnz"), "--to", "npy", "--channels", "Vert", "-o", "v.npy"];
    assert_eq!(code(&run_in(folder.path(), &one)), 0);
    for (source, arrays) in [("arrays.npz", 2), ("arrays.safetensors", 2), ("v.npy", 1)] {
        let args = ["convert", source, "--to", "gnz", "-o", "back.gnz", "--force"];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{source}");
        let back = gnz::Gnz::open(folder.path().join("back.gnz")).unwrap();
        assert_eq!(back.keys().len(), arrays);
        let first = back.arrays().next().unwrap();
        assert!(original.windows(first.bytes().len()).any(|part| part == first.bytes()));
    }
}

#[test]
fn an_event_becomes_a_gnz_whose_checksums_hold_and_find_a_changed_byte() {
    let folder = TempDir::new().unwrap();
    let args = ["convert", &sample(BLAST), "--to", "gnz", "-o", "e.gnz"];
    assert_eq!(code(&run_in(folder.path(), &args)), 0);
    let check = run_in(folder.path(), &["check", "e.gnz"]);
    assert_eq!((code(&check), stdout(&check).contains("4 checksums intact")), (0, true));
    let path = folder.path().join("e.gnz");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let check = run_in(folder.path(), &["check", "--json", "e.gnz"]);
    assert_eq!(code(&check), 3);
    assert_eq!(documents(&check)[0]["notes"][0]["code"], "checksum_differs");
}

#[test]
fn what_is_whole_of_a_cut_file_is_recovered() {
    let folder = TempDir::new().unwrap();
    let whole = fs::read(vector("typical.gnz")).unwrap();
    fs::write(folder.path().join("cut.gnz"), &whole[..whole.len() - 10_000]).unwrap();
    assert_eq!(code(&run_in(folder.path(), &["check", "cut.gnz"])), 1);
    let output = run_in(folder.path(), &["recover", "cut.gnz", "-o", "saved.gnz", "--json"]);
    assert_eq!(code(&output), 3);
    let document = &documents(&output)[0];
    assert_eq!(document["saved"], serde_json::json!(["Tran"]));
    assert_eq!(document["lost"][0]["array"], "Vert");
    assert_eq!(code(&run_in(folder.path(), &["check", "saved.gnz"])), 0);
    assert_eq!(code(&run_in(folder.path(), &["recover", "absent", "-o", "x"])), 1);
}

#[test]
fn what_needs_a_time_axis_refuses_arrays_and_leaves_them_alone_in_folders() {
    let folder = TempDir::new().unwrap();
    fs::copy(vector("typical.gnz"), folder.path().join("a.gnz")).unwrap();
    fs::copy(sample(BLAST), folder.path().join(BLAST)).unwrap();
    let given = run_in(folder.path(), &["plot", "a.gnz"]);
    assert_eq!(code(&given), 1);
    assert!(stderr(&given).contains("without a time axis"));
    assert_eq!(code(&run_in(folder.path(), &["plot", ".", "-o", "plots"])), 0);
    let wav = run_in(folder.path(), &["convert", "a.gnz", "--to", "wav"]);
    assert!(stderr(&wav).contains("wav cannot hold named arrays"), "{}", stderr(&wav));
}

#[test]
fn a_pickled_member_is_named_and_left_out_of_what_is_written() {
    let folder = TempDir::new().unwrap();
    let mixed = field("01-npz-one-object-array/mixed.npz");
    let info = run(&["info", &mixed]);
    assert_eq!(code(&info), 3);
    assert!(stdout(&info).contains("2 arrays") && stdout(&info).contains("cfg.npy"));
    let convert = run_in(folder.path(), &["convert", &mixed, "--to", "gnz", "-o", "x.gnz"]);
    assert_eq!(code(&convert), 3);
    assert!(stderr(&convert).contains("cfg.npy") && stderr(&convert).contains("left out"));
    let gnz = gnz::Gnz::open(folder.path().join("x.gnz")).unwrap();
    assert_eq!(gnz.keys().collect::<Vec<_>>(), ["x", "y"]);
    let csv = run(&["convert", &mixed, "--to", "csv", "--channels", "x", "--quiet"]);
    assert_eq!((code(&csv), stdout(&csv).as_str()), (3, "x\n0.0\n1.0\n2.0\n3.0\n4.0\n"));
    assert!(stderr(&csv).contains("cfg.npy"), "{}", stderr(&csv));
}

#[test]
fn names_are_chosen_before_places_and_may_have_commas() {
    let commas = field("24-channels-by-number/commas.npz");
    let rows = |channels: &[&str]| {
        let mut args = vec!["convert", &commas, "--to", "csv"];
        args.extend(channels.iter().flat_map(|list| ["--channels", list]));
        let output = run(&args);
        (code(&output) == 0).then(|| stdout(&output).lines().count() - 1)
    };
    for (channels, expected) in [
        (&["0"][..], Some(3)),
        (&["1"], Some(4)),
        (&["0-1"], Some(5)),
        (&["#0"], Some(2)),
        (&["#1-1"], Some(3)),
        (&["2"], Some(4)),
        (&["#3"], Some(5)),
        (&["\"a,b\""], Some(2)),
        (&["\"0\""], Some(3)),
        (&["a,b"], None),
        (&["\"2\""], None),
        (&["4"], None),
        (&["#4"], None),
        (&["#1-0"], None),
        (&["\"a,b"], None),
    ] {
        assert_eq!(rows(channels), expected, "{channels:?}");
    }
    let document = |channels: &[&str]| {
        let folder = TempDir::new().unwrap();
        let mut args = vec!["convert", &commas, "-o", "x.gnz"];
        args.extend(channels.iter().flat_map(|list| ["--channels", list]));
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{channels:?}");
        let gnz = gnz::Gnz::open(folder.path().join("x.gnz")).unwrap();
        gnz.keys().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(document(&["\"a,b\",#2-3"]), ["a,b", "1", "0-1"]);
    assert_eq!(document(&["\"a,b\"", "0,1"]), ["a,b", "0", "1"]);
    let missing = run(&["convert", &commas, "--to", "csv", "--channels", "z"]);
    assert!(stderr(&missing).contains("there is no array z; the arrays are a,b, 0, 1, 0-1"));
}

#[test]
fn a_place_with_a_hash_is_a_place_of_events_and_streams_too() {
    let event = sample(BLAST);
    let stream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat");
    for path in [event.as_str(), stream.to_str().unwrap()] {
        let csv = |channels| {
            let output = run(&["convert", path, "--to", "csv", "--channels", channels]);
            assert_eq!(code(&output), 0, "{path} {channels}: {}", stderr(&output));
            stdout(&output)
        };
        assert_eq!(csv("#0"), csv("0"));
        assert_eq!(csv("#0-1"), csv("0-1"));
        assert_ne!(csv("#0"), csv("#1"));
    }
}

#[test]
fn records_are_shown_with_their_fields() {
    let folder = TempDir::new().unwrap();
    let descr =
        "[('time', 'int64'), ('', '|V2'), ('fit', [('a', '<f4', (2,)), (('t', 'b'), 'S3')])]";
    fs::write(folder.path().join("waves.npy"), npy(descr, "(2,)", &[0; 42])).unwrap();
    let info = run_in(folder.path(), &["info", "waves.npy"]);
    assert_eq!(code(&info), 0, "{}", stderr(&info));
    let words: Vec<String> = stdout(&info)
        .lines()
        .skip(4)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let expected =
        ["waves records of 21 bytes [2] 42", ".time <i8", ".fit.a <f4 [2]", ".fit.b |S3"];
    assert_eq!(words, expected, "{}", stdout(&info));
    let document = &documents(&run_in(folder.path(), &["info", "--json", "waves.npy"]))[0];
    let array = &document["arrays"][0];
    assert_eq!(array["item_size"], 21);
    assert_eq!(array["fields"][1]["name"], "fit");
    assert_eq!(array["fields"][1]["offset"], 10);
    let inner = &array["fields"][1]["fields"];
    assert_eq!(inner[0]["shape"], serde_json::json!([2]));
    assert_eq!((&inner[1]["title"], &inner[1]["offset"]), (&"t".into(), &8.into()));
}

#[test]
fn what_lies_behind_the_array_of_an_npy_is_said_with_its_place() {
    let folder = TempDir::new().unwrap();
    let one = npy("'<i2'", "(2,)", &[1, 0, 2, 0]);
    fs::write(folder.path().join("two.npy"), [&one[..], &one].concat()).unwrap();
    let output = run_in(folder.path(), &["convert", "two.npy", "--to", "csv"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (3, "two\n1\n2\n"));
    let place = format!("(byte {})", one.len());
    assert!(stderr(&output).contains("second array") && stderr(&output).contains(&place));
}

#[test]
fn narrow_floats_are_written_as_f32_when_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let header = r#"{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"f":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[4,6]},"h":{"dtype":"F16","shape":[2],"data_offsets":[6,10]}}"#;
    let data = [0x80, 0x3f, 0x20, 0xc1, 0x38, 0x81, 0, 0x3c, 0, 0xc0];
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
    fs::write(folder.path().join("x.safetensors"), bytes).unwrap();
    let refused = run_in(folder.path(), &["convert", "x.safetensors", "--to", "csv"]);
    assert_eq!(code(&refused), 1);
    let message = stderr(&refused);
    assert!(message.contains("BF16") && message.contains("--as-f32"), "{message}");
    let csv = run_in(folder.path(), &["convert", "x.safetensors", "--to", "csv", "--as-f32"]);
    assert_eq!(stdout(&csv), "w,f,h\n1.0,1.0,1.0\n-10.0,-0.001953125,-2.0\n");
    let dtypes = |args: &[&str]| {
        let output = [&["convert", "x.safetensors", "-o", "y.safetensors", "--force"], args];
        assert_eq!(code(&run_in(folder.path(), &output.concat())), 0);
        let document = &documents(&run_in(folder.path(), &["info", "--json", "y.safetensors"]))[0];
        let arrays = document["arrays"].as_array().unwrap().iter();
        let mut dtypes: Vec<_> =
            arrays.map(|it| it["dtype"].as_str().unwrap().to_owned()).collect();
        dtypes.sort();
        dtypes
    };
    assert_eq!(dtypes(&[]), ["<f2", "BF16", "F8_E4M3"]);
    assert_eq!(dtypes(&["--as-f32"]), ["<f2", "<f4", "<f4"]);
}
