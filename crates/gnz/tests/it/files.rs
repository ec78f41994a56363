//! Files on a disk: how they appear, what stays when something goes wrong.

use std::fs;
use std::path::{Path, PathBuf};

use gnz::{ArrayCheck, Error, Gnz, Limits, Note, Order, Writer, recover};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn an_existing_file_is_refused_and_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    fs::write(&path, "old").expect("a file");
    let error = Writer::new().write(&path).expect_err("it exists");
    assert!(matches!(error, Error::Exists { .. }));
    assert!(error.to_string().contains("a.gnz"));
    assert!(matches!(Writer::new().stream(&path), Err(Error::Exists { .. })));
    assert_eq!(fs::read(&path).expect("a file"), b"old");
    assert_eq!(entries(folder.path()), std::slice::from_ref(&path));

    Writer::new().overwrite(true).write(&path).expect("asked for");
    assert!(Gnz::open(&path).expect("a GNZ").keys().len() == 0);
    assert_eq!(entries(folder.path()), [path]);
}

#[test]
fn a_mapped_file_stays_valid_while_it_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    Writer::new().add("a", &[1], &[1i32]).expect("a").write(&path).expect("new");
    let old = Gnz::open(&path).expect("a GNZ");
    Writer::new()
        .overwrite(true)
        .add("a", &[1], &[2i32])
        .expect("a")
        .write(&path)
        .expect("asked for");
    assert_eq!(old.view::<i32>("a").expect("mapped")[0], 1);
    assert_eq!(Gnz::open(&path).expect("a GNZ").view::<i32>("a").expect("mapped")[0], 2);
}

#[cfg(unix)]
#[test]
fn a_new_file_may_be_read_by_whom_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, plain) = (folder.path().join("a.gnz"), folder.path().join("plain"));
    Writer::new().write(&ours).expect("new");
    fs::write(&plain, "").expect("a file");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    let huge = 1usize << 55;
    let mut writer = Writer::new();
    writer.declare("a", "<f8".parse().expect("known"), &[huge]).expect("addressable");
    assert!(matches!(writer.stream(&path), Err(Error::Io { .. })));
    assert!(entries(folder.path()).is_empty());
    let missing = folder.path().join("no/such/folder.gnz");
    assert!(matches!(Writer::new().write(missing), Err(Error::Io { .. })));
}

#[test]
fn requests_that_contradict_themselves_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    let mut writer = Writer::new();
    assert!(matches!(
        writer.add("a", &[3], &[1i16, 2]),
        Err(Error::LengthMismatch { expected: 6, found: 4, .. })
    ));
    let mut writer = Writer::new();
    writer.add("a", &[2], &[1i16, 2]).expect("a");
    assert!(matches!(writer.add("a", &[1], &[1i16]), Err(Error::NameTaken { .. })));
    assert!(matches!(
        writer.declare("b", "<f8".parse().expect("known"), &[1 << 40, 1 << 40]),
        Err(Error::ShapeOverflow { .. })
    ));
    writer.declare("b", "<f8".parse().expect("known"), &[1]).expect("b");
    assert!(matches!(writer.write(&path), Err(Error::NotFilled { array }) if array == "b"));
    assert!(matches!(writer.to_vec(), Err(Error::NotFilled { .. })));

    let mut writer = Writer::new();
    writer.set(gnz::CHECKSUM_KEY, 1);
    assert!(matches!(writer.write(&path), Err(Error::ReservedKey { .. })));

    let deep: gnz::Value = ("[".repeat(127) + &"]".repeat(127)).parse().expect("JSON");
    let mut writer = Writer::new();
    writer.set("deep", deep);
    assert!(matches!(writer.write(&path), Err(Error::TooDeep { .. })));
    let roomy = Limits::default().with_depth(129);
    writer.limits(roomy).write(&path).expect("129 levels");
    assert!(matches!(Gnz::open(&path), Err(Error::TooDeep { .. })));
    assert!(Gnz::open_with(&path, &roomy).is_ok());

    let mut writer = Writer::new();
    writer.set("long", "x".repeat(17 << 20));
    assert!(matches!(writer.to_vec(), Err(Error::HeaderTooLong { limit: 16_777_216, .. })));
    assert!(entries(folder.path()) == [path]);
}

#[test]
fn progress_comes_after_every_chunk_and_ends_with_the_whole() {
    let data = vec![7u8; 20 << 20];
    let mut seen = Vec::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    let mut writer = Writer::new();
    writer.add("a", &[data.len()], &data).expect("a");
    writer.progress(|progress| seen.push(progress));
    writer.write(&path).expect("new");
    drop(writer);
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0].written < pair[1].written));
    let last = seen.last().expect("some");
    assert_eq!(last.written, last.total);
    assert_eq!(last.total, fs::metadata(&path).expect("a file").len());
}

#[test]
fn a_stream_has_its_final_size_at_once_and_its_name_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.gnz");
    let fixed = [1u8, 2, 3];
    let mut writer = Writer::new();
    writer.set("rate", 4000);
    writer.declare("data", "<i4".parse().expect("known"), &[4, 5000]).expect("data");
    writer.add("fixed", &[3], &fixed).expect("fixed");
    writer.declare("empty", "<f4".parse().expect("known"), &[0, 3]).expect("empty");
    writer.declare("time", "<M8[ns]".parse().expect("known"), &[2]).expect("time");
    let mut run = writer.stream(&path).expect("room");
    assert!(!path.exists());
    let partial = run.partial_path().to_owned();
    assert_eq!(fs::metadata(&partial).expect("a file").len(), 4096 * (1 + 1 + 20 + 1));

    std::thread::scope(|scope| {
        let mut arrays = run.arrays_mut().into_iter();
        // Whole arrays first, then declared ones.
        assert_eq!(arrays.next().expect("fixed").name(), "fixed");
        let data = arrays.next().expect("data").into_slice::<i32>().expect("i4");
        for (channel, row) in (0..).zip(data.chunks_mut(5000)) {
            scope.spawn(move || row.iter_mut().zip(channel * 5000..).for_each(|(v, n)| *v = n));
        }
        let time = arrays.nth(1).expect("time");
        assert_eq!((time.name(), time.shape()), ("time", &[2][..]));
        scope.spawn(move || time.into_bytes().fill(0x11));
    });
    run.flush().expect("a disk");
    run.finish().expect("a free name");
    assert_eq!(entries(folder.path()), std::slice::from_ref(&path));

    let gnz = Gnz::open(&path).expect("a GNZ");
    assert_eq!(gnz.keys().collect::<Vec<_>>(), ["fixed", "data", "empty", "time"]);
    let data = gnz.view::<i32>("data").expect("i4");
    assert!(data.iter().copied().eq(0..20_000));
    assert_eq!(gnz.array("time").expect("time").bytes(), [0x11; 16]);

    // The same content given whole is the same file.
    let (data, time) = (data.to_vec(), [0x11; 16]);
    let whole = Writer::new()
        .set("rate", 4000)
        .add("fixed", &[3], &fixed)
        .expect("fixed")
        .add("data", &[4, 5000], &data)
        .expect("data")
        .add("empty", &[0, 3], &[0f32; 0])
        .expect("empty")
        .add_bytes("time", "<M8[ns]".parse().expect("known"), Order::C, &[2], &time[..])
        .expect("time")
        .to_vec()
        .expect("small");
    assert!(fs::read(&path).expect("a file") == whole);
}

#[test]
fn a_stream_that_is_dropped_keeps_its_data_and_says_that_it_is_unfinished() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.gnz");
    let mut writer = Writer::new();
    writer.checksums(true);
    writer.declare("data", "<i4".parse().expect("known"), &[10]).expect("data");
    let mut run = writer.stream(&path).expect("room");
    let partial = run.partial_path().to_owned();
    run.array_mut::<i32>("data").expect("i4")[..3].fill(9);
    assert!(matches!(run.array_mut::<f32>("data"), Err(Error::DtypeMismatch { .. })));
    assert!(matches!(run.array_mut::<i32>("other"), Err(Error::NoSuchArray { .. })));
    drop(run);

    assert!(!path.exists());
    let gnz = Gnz::open(&partial).expect("a GNZ");
    assert_eq!(gnz.view::<i32>("data").expect("i4")[..4], [9, 9, 9, 0]);
    let verification = gnz.verify().expect("marks");
    assert_eq!(verification.arrays[0].check, ArrayCheck::Unfinished);
    assert!(matches!(verification.ok(), Err(Error::ChecksumUnfinished { .. })));

    let saved = folder.path().join("saved.gnz");
    let recovery = recover(&partial, &saved, false, &Limits::default()).expect("whole");
    assert_eq!(recovery.saved, ["data"]);
    let saved = Gnz::open(&saved).expect("a GNZ");
    assert!(matches!(saved.verify_array("data"), Ok(ArrayCheck::Intact { .. })));
}

#[test]
fn a_stream_that_is_abandoned_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new();
    writer.declare("data", "<i4".parse().expect("known"), &[10]).expect("data");
    writer.stream(folder.path().join("run.gnz")).expect("room").abandon().expect("removed");
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_stream_whose_name_was_taken_meanwhile_is_kept_and_the_error_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.gnz");
    let mut writer = Writer::new();
    writer.declare("data", "|u1".parse().expect("known"), &[3]).expect("data");
    let mut run = writer.stream(&path).expect("room");
    run.array_mut::<u8>("data").expect("u1").copy_from_slice(&[1, 2, 3]);
    fs::write(&path, "somebody else's").expect("a file");
    let Err(Error::NotPublished { kept, .. }) = run.finish() else {
        panic!("the name was taken");
    };
    assert_eq!(fs::read(&path).expect("a file"), b"somebody else's");
    assert_eq!(*Gnz::open(kept).expect("a GNZ").view::<u8>("data").expect("u1"), [1, 2, 3]);
}

#[test]
fn checksums_are_the_same_given_whole_or_streamed_and_old_readers_see_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.gnz");
    let data: Vec<i16> = (0..3000).collect();
    let whole = Writer::new()
        .checksums(true)
        .add("data", &[3000], &data)
        .expect("data")
        .to_vec()
        .expect("small");

    let mut writer = Writer::new();
    writer.checksums(true);
    writer.declare("data", "<i2".parse().expect("known"), &[3000]).expect("data");
    let mut run = writer.stream(&path).expect("room");
    run.array_mut::<i16>("data").expect("i2").copy_from_slice(&data);
    run.finish().expect("a free name");
    assert!(fs::read(&path).expect("a file") == whole);

    let gnz = Gnz::from_bytes(whole.as_slice()).expect("our own file");
    assert!(gnz.metadata().is_empty());
    let bytes: &[u8] = bytemuck::cast_slice(&data);
    assert_eq!(gnz.checksums().and_then(|sums| sums.get("data")), Some(gnz::checksum(bytes)));
    let text = String::from_utf8_lossy(&whole[8..200]).into_owned();
    assert!(text.contains("\"metadata\": {\"gnz.crc32c\": {\"data\": \""), "{text}");
    // The check value of the CRC-32C that everybody calculates.
    assert_eq!(gnz::checksum(b"123456789"), 0xe306_9283);
}

#[test]
fn a_changed_byte_is_found_and_named() {
    let data = [1.0f64; 600];
    let mut file = Writer::new()
        .checksums(true)
        .add("a", &[600], &data)
        .expect("a")
        .add("b", &[600], &data)
        .expect("b")
        .to_vec()
        .expect("small");
    file[4096 * 3 + 100] ^= 1;
    let gnz = Gnz::from_bytes(file.as_slice()).expect("the header is whole");
    let verification = gnz.verify().expect("sums");
    assert!(matches!(verification.arrays[0].check, ArrayCheck::Intact { .. }));
    assert!(matches!(verification.arrays[1].check, ArrayCheck::Differs { .. }));
    let error = verification.ok().expect_err("changed");
    assert!(error.to_string().contains("array `b` at byte 12288"), "{error}");
    assert_eq!(verification.stray_byte, None);

    file[4096 * 3 + 100] ^= 1;
    file[4096 * 3 - 1] = 1;
    let gnz = Gnz::from_bytes(file.as_slice()).expect("the header is whole");
    let verification = gnz.verify().expect("sums");
    assert!(verification.ok().is_ok());
    assert_eq!(verification.stray_byte, Some(4096 * 3 - 1));
}

#[test]
fn a_reserved_key_with_something_else_is_kept_and_reported() {
    for (value, part) in [
        ("\"mine\"", "expected an object"),
        ("{\"a\": \"0123456\"}", "eight hexadecimal digits"),
        ("{\"a\": \"0123456G\"}", "eight hexadecimal digits"),
        ("{\"b\": \"01234567\"}", "which is no array"),
    ] {
        let text = format!(
            "{{\"arrays\": {{}}, \"metadata\": {{\"gnz.crc32c\": {value}}}, \"version\": 1}}"
        );
        let mut file = b"GNZ1".to_vec();
        file.extend_from_slice(&(text.len() as u32).to_le_bytes());
        file.extend_from_slice(text.as_bytes());
        let gnz = Gnz::from_bytes(file).expect("readable");
        let error = gnz.verify().expect_err("no sums");
        assert!(matches!(error, Error::ChecksumsMalformed { .. }));
        let noted = gnz.notes().iter().any(|n| n.to_string().contains(part));
        assert!(noted || error.to_string().contains(part), "{part}");
        let malformed = gnz.notes().iter().any(|n| matches!(n, Note::ForeignChecksums { .. }));
        assert_eq!(malformed, gnz.metadata().get("gnz.crc32c").is_some());
    }
}

#[test]
fn recovery_saves_the_arrays_that_are_whole_and_names_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cut, saved) = (folder.path().join("cut.gnz"), folder.path().join("saved.gnz"));
    let data: Vec<i32> = (0..3000).collect();
    let mut writer = Writer::new();
    writer.set("unit", "in/s").checksums(true);
    for name in ["a", "b", "c", "d"] {
        writer.add(name, &[3, 1000], &data).expect(name);
    }
    let mut file = writer.to_vec().expect("small");
    // One bit of `b` is wrong, `c` is whole but its padding is cut, `d` is gone.
    file[4096 + 12288 + 5] ^= 4;
    file.truncate(4096 + 2 * 12288 + 12000);
    fs::write(&cut, &file).expect("a file");
    assert!(matches!(Gnz::open(&cut), Err(Error::ArrayPastEnd { array, .. }) if array == "d"));

    let recovery = recover(&cut, &saved, false, &Limits::default()).expect("a header");
    assert_eq!(recovery.saved, ["a", "c"]);
    let lost: Vec<&str> = recovery.lost.iter().map(|lost| lost.array.as_str()).collect();
    assert_eq!(lost, ["b", "d"]);
    assert!(matches!(recovery.lost[0].reason, Error::ChecksumMismatch { .. }));
    assert!(matches!(recovery.lost[1].reason, Error::ArrayPastEnd { .. }));

    let gnz = Gnz::open(&saved).expect("a GNZ");
    assert!(gnz.notes().is_empty());
    assert_eq!(gnz.metadata().get("unit").and_then(|v| v.as_str()), Some("in/s"));
    assert_eq!(gnz.view::<i32>("c").expect("i4").elements(), data);
    assert!(gnz.verify().expect("sums").ok().is_ok());
    assert!(matches!(recover(&cut, &saved, false, &Limits::default()), Err(Error::Exists { .. })));
}

#[test]
fn recovery_saves_what_stands_beside_a_broken_entry() {
    let text = r#"{"arrays": {"bad": {"dtype": "O", "offset": 4096, "shape": [1]},
        "good": {"dtype": "|u1", "offset": 4096, "shape": [2]},
        "x": {"dtype": "|u1", "offset": 8192, "shape": [9]},
        "y": {"dtype": "|u1", "offset": 8200, "shape": [9]}}, "metadata": {}, "version": 1}"#;
    let mut file = b"GNZ1".to_vec();
    file.extend_from_slice(&(text.len() as u32).to_le_bytes());
    file.extend_from_slice(text.as_bytes());
    file.resize(4096, 0);
    file.extend_from_slice(&[5, 6]);
    file.resize(20_000, 0);
    let folder = tempfile::tempdir().expect("a folder");
    let (broken, saved) = (folder.path().join("broken.gnz"), folder.path().join("saved.gnz"));
    fs::write(&broken, &file).expect("a file");
    let recovery = recover(&broken, &saved, false, &Limits::default()).expect("a header");
    assert_eq!(recovery.saved, ["good"]);
    let mut lost: Vec<&str> = recovery.lost.iter().map(|lost| lost.array.as_str()).collect();
    lost.sort_unstable();
    // Of `x` and `y` nobody knows who is right.
    assert_eq!(lost, ["bad", "x", "y"]);
    assert_eq!(*Gnz::open(&saved).expect("a GNZ").view::<u8>("good").expect("u1"), [5, 6]);
}

#[test]
fn rows_are_taken_without_a_copy_and_only_inside() {
    let data: Vec<f32> = (0..12).map(|n| n as f32).collect();
    let mut writer = Writer::new();
    writer.add("a", &[4, 3], &data).expect("a").add("s", &[], &data[..1]).expect("s");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    writer.write(&path).expect("new");
    let gnz = Gnz::open(&path).expect("a GNZ");
    let array = gnz.array("a").expect("a");
    let rows = array.rows(1..3).expect("inside");
    assert_eq!(rows.shape(), [2, 3]);
    assert_eq!(rows.slice::<f32>().expect("f4"), &data[3..9]);
    assert!(std::ptr::eq(
        &rows.slice::<f32>().expect("f4")[0],
        &array.slice::<f32>().expect("f4")[3]
    ));
    assert_eq!(rows.rows(1..2).expect("inside").to_vec::<f32>().expect("f4"), &data[6..9]);
    assert!(array.rows(4..4).expect("inside").is_empty());
    #[allow(clippy::reversed_empty_ranges)]
    for range in [0..5, 5..5, 3..2, 0..usize::MAX] {
        assert!(matches!(array.rows(range.clone()), Err(Error::RowsOutOfRange { rows: 4, .. })));
        assert!(array.rows_to_vec::<f32>(range).is_err());
    }
    let scalar = gnz.array("s").expect("s");
    assert_eq!((scalar.len(), scalar.to_vec::<f32>().expect("f4")), (1, vec![0.0]));
    assert!(scalar.rows(0..1).is_err());
    assert!(matches!(gnz.array("b"), Err(Error::NoSuchArray { .. })));
    assert!(matches!(array.view::<i32>(), Err(Error::DtypeMismatch { .. })));
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_views_honour_both_orders() {
    let bytes: Vec<u8> = (0..6i16).flat_map(i16::to_le_bytes).collect();
    let mut writer = Writer::new();
    for (name, order) in [("c", Order::C), ("f", Order::F)] {
        let dtype = "<i2".parse().expect("known");
        writer.add_bytes(name, dtype, order, &[2, 3], bytes.as_slice()).expect(name);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gnz");
    writer.write(&path).expect("new");
    let gnz = Gnz::open(&path).expect("a GNZ");
    let c = gnz.array("c").expect("c").ndarray::<i16>().expect("i2");
    let f = gnz.array("f").expect("f").ndarray::<i16>().expect("i2");
    assert_eq!((c[[0, 1]], c[[1, 0]]), (1, 3));
    assert_eq!((f[[0, 1]], f[[1, 0]]), (2, 1));
    let copied: Vec<i16> = f.iter().copied().collect();
    assert_eq!(gnz.array("f").expect("f").to_vec::<i16>().expect("i2"), copied);
}
