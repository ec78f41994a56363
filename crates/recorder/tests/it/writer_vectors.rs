//! For equal input the files equal, byte for byte, what Rogue's own writer made.

use std::fs;
use std::path::Path;

use crate::writer_support::payload;
use wavekeep_recorder::writer::{DataWriter, Frame};

/// A buffer never changes what is written.
const BUFFERS: [usize; 6] = [0, 1, 50, 392, 1000, 1_000_000];

fn vector(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data").join(name)).unwrap()
}

/// Records with every buffer size, and compares all files with the vectors of the same name.
fn reproduce(
    files: &[&str],
    set: impl Fn(&mut DataWriter),
    send: impl Fn(&mut DataWriter),
) -> DataWriter {
    let mut last = DataWriter::new();
    for buffer in BUFFERS {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = DataWriter::new();
        let name = files[0].split_once(".dat").unwrap().0;
        writer.set_data_file(folder.path().join(format!("{name}.dat")));
        writer.set_buffer_size(buffer).unwrap();
        set(&mut writer);
        writer.open().unwrap();
        send(&mut writer);
        writer.close().unwrap();
        let mut total = 0;
        for file in files {
            let (made, expected) = (fs::read(folder.path().join(file)).unwrap(), vector(file));
            assert!(made == expected, "{file} with a buffer of {buffer}");
            total += made.len() as u64;
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files.len());
        assert_eq!(writer.total_size(), total);
        let last_piece = vector(files[files.len() - 1]);
        assert_eq!(writer.current_size(), last_piece.len() as u64);
        last = writer;
    }
    last
}

fn metadata(writer: &mut DataWriter, text: &str) {
    writer.write(Frame::metadata(text.as_bytes())).unwrap();
}

#[test]
fn basic() {
    let writer = reproduce(
        &["basic.dat"],
        |_| {},
        |writer| {
            metadata(writer, "AMCc:\n  Dev:\n    A: 1\n    B: [1, 2]\n");
            for i in 0..20 {
                writer.write(Frame::data(&payload(i, 64, 64))).unwrap();
                if i % 5 == 4 {
                    metadata(writer, &format!("AMCc.Dev.A: {i}\nAMCc.Dev.Sub.C: {}\n", i * i));
                }
            }
        },
    );
    assert_eq!(writer.frame_count(), 25);
}

#[test]
fn split() {
    let writer = reproduce(
        &["split.dat.1", "split.dat.2", "split.dat.3", "split.dat.4"],
        |writer| writer.set_max_file_size(5000).unwrap(),
        |writer| {
            for i in 0..40 {
                writer.write(Frame::data(&payload(i, 64, 64))).unwrap();
                if i % 10 == 0 {
                    metadata(writer, &format!("AMCc.Dev.A: {i}\n"));
                }
            }
        },
    );
    assert_eq!(writer.frame_count(), 44);
}

fn send_errors(writer: &mut DataWriter) {
    for i in 0..10 {
        let flags = 0x1200 + i as u16;
        let error = if i % 3 == 0 { 0x80 } else { 0 };
        let payload = payload(i, 16, 16);
        writer.write(Frame { flags, error, channel: 0, payload: &payload }).unwrap();
    }
}

#[test]
fn errors() {
    let writer = reproduce(&["errors.dat"], |_| {}, send_errors);
    assert_eq!(writer.frame_count(), 10);
}

#[test]
fn errors_dropped() {
    let writer =
        reproduce(&["errors_dropped.dat"], |writer| writer.set_drop_errors(true), send_errors);
    assert_eq!(writer.frame_count(), 6);
}

#[test]
fn raw() {
    let writer = reproduce(
        &["raw.dat"],
        |writer| writer.set_raw_mode(true).unwrap(),
        |writer| {
            for i in 0..10 {
                writer.write(Frame::data(&payload(i, 16, 16))).unwrap();
            }
            metadata(writer, "AMCc.X: 1\n");
        },
    );
    assert_eq!(writer.frame_count(), 11);
}

#[test]
fn padded() {
    let writer = reproduce(
        &["padded.dat"],
        |_| {},
        |writer| {
            for i in 0..11 {
                if i == 10 {
                    metadata(writer, "AMCc.X: 1\n");
                }
                writer.write(Frame::data(&payload(i, 60, 64))).unwrap();
            }
        },
    );
    assert_eq!(writer.frame_count(), 12);
}
