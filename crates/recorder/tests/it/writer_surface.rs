//! The control surface by name, splitting and counters for any input.

use std::path::PathBuf;

use crate::writer_support::{Memory, record_ends};
use proptest::collection::vec;
use proptest::prelude::*;
use wavekeep_recorder::writer::{Access, Control, DataWriter, Frame, Outcome, Value, WriterError};

fn writer() -> (Memory, DataWriter<Memory>) {
    let memory = Memory::default();
    let mut writer = DataWriter::with_layer(memory.clone());
    writer.set_data_file("run.dat");
    (memory, writer)
}

#[test]
fn every_name_can_be_used_as_it_says() {
    let (_, mut writer) = writer();
    for control in Control::ALL {
        match control.access {
            Access::Command => {
                assert!(writer.get(control.name).is_err());
                writer.command(control.name).unwrap();
            }
            access => {
                let value = writer.get(control.name).unwrap();
                let set = writer.set(control.name, value.clone());
                assert_eq!(set.is_ok(), access == Access::ReadWrite, "{}", control.name);
                assert_eq!(writer.get(control.name).unwrap(), value);
                assert!(writer.command(control.name).is_err());
            }
        }
    }
}

#[test]
fn a_session_by_name_alone() {
    let (memory, mut writer) = writer();
    let mut set = |name: &str, text: &str| writer.set(name, Value::Text(text.to_owned())).unwrap();
    set("DataFile", "by_name.dat");
    set("BufferSize", "1000");
    set("MaxFileSize", "30");
    set("DropErrors", "true");
    writer.command("Open").unwrap();
    for error in [0, 1, 0] {
        let frame = Frame { error, ..Frame::metadata(b"0123456789") };
        writer.write(frame).unwrap();
    }
    let get = |name: &str| writer.get(name).unwrap().to_string();
    assert_eq!(
        ["IsOpen", "CurrentSize", "TotalSize", "FrameCount"].map(get),
        ["true", "18", "36", "2"]
    );
    // The second piece is still in the buffer.
    assert_eq!(memory.file("by_name.dat.2").len(), 0);
    writer.command("Close").unwrap();
    assert_eq!(memory.file("by_name.dat.2").len(), 18);
    let get = |name: &str| writer.get(name).unwrap().to_string();
    assert_eq!(["IsOpen", "CurrentSize", "FrameCount"].map(get), ["false", "18", "2"]);
}

#[test]
fn wrong_names_and_values_say_what_there_is() {
    let (_, mut writer) = writer();
    let error = writer.get("Datafile").unwrap_err().to_string();
    assert!(error.starts_with("there is no variable \"Datafile\": there are DataFile, IsOpen"));
    let error = writer.command("Start").unwrap_err().to_string();
    assert_eq!(error, "there is no command \"Start\": there are Open, Close, AutoName");
    let error = writer.set("MaxFileSize", Value::Text("-1".to_owned())).unwrap_err().to_string();
    assert_eq!(error, "MaxFileSize cannot be -1: expected a number of bytes, 0 or more");
    assert!(writer.set("DropErrors", Value::Number(1)).is_err());
    assert!(writer.set("DataFile", Value::Flag(true)).is_err());
}

#[test]
fn values_are_bare_json() {
    let text = r#"[true,5000,"/data/run.dat"]"#;
    let values: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(values[1], Value::Number(5000));
    assert_eq!(serde_json::to_string(&values).unwrap(), text);
}

#[test]
fn opening_sets_the_counters_to_zero_and_closes_what_was_open() {
    let (memory, mut writer) = writer();
    writer.set_buffer_size(1000).unwrap();
    writer.open().unwrap();
    writer.write(Frame::metadata(b"first")).unwrap();
    writer.set_data_file("second.dat");
    writer.open().unwrap();
    assert_eq!((writer.frame_count(), writer.current_size(), writer.total_size()), (0, 0, 0));
    assert_eq!(memory.file("run.dat").len(), 13);
    assert!(writer.is_open());
}

#[test]
fn opening_what_cannot_be_opened_ends_nothing() {
    let (memory, mut writer) = writer();
    writer.open().unwrap();
    writer.write(Frame::metadata(b"first")).unwrap();
    assert!(matches!(writer.open(), Err(WriterError::Exists { .. })), "it is the open one itself");
    writer.set_data_file("");
    assert!(matches!(writer.open(), Err(WriterError::NoDataFile)));
    assert_eq!(writer.write(Frame::metadata(b"more")).unwrap(), Outcome::Written);
    writer.close().unwrap();
    assert_eq!((writer.frame_count(), memory.file("run.dat").len()), (2, 25));
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing_in_its_buffer() {
    let (memory, mut writer) = writer();
    writer.set_buffer_size(1000).unwrap();
    writer.open().unwrap();
    assert_eq!(writer.write(Frame::metadata(b"text")).unwrap(), Outcome::Buffered);
    drop(writer);
    assert_eq!(memory.file("run.dat").len(), 12);
}

#[test]
fn frames_that_cannot_be_written_are_errors_and_those_not_to_be_written_are_not() {
    let (memory, mut writer) = writer();
    assert!(matches!(writer.write(Frame::metadata(b"x")), Err(WriterError::NotOpen)));
    writer.set_max_file_size(20).unwrap();
    writer.open().unwrap();
    assert_eq!(writer.write(Frame::data(&[])).unwrap(), Outcome::Skipped);
    let error = writer.write(Frame::data(&[0; 13])).unwrap_err();
    assert!(matches!(error, WriterError::LargerThanPiece { bytes: 21, max: 20 }));
    assert!(!error.ends_recording() && writer.is_open());
    assert_eq!(writer.write(Frame::data(&[0; 12])).unwrap(), Outcome::Written);
    assert_eq!((writer.frame_count(), memory.file("run.dat.1").len()), (1, 20));
}

#[test]
fn what_would_spoil_an_open_file_waits_until_it_is_closed() {
    let (_, mut writer) = writer();
    writer.open().unwrap();
    assert!(matches!(writer.set_raw_mode(true), Err(WriterError::WhileOpen { name: "RawMode" })));
    writer.set_raw_mode(false).unwrap();
    writer.close().unwrap();
    writer.set_raw_mode(true).unwrap();
}

#[test]
fn a_new_buffer_size_empties_the_buffer_first() {
    let (memory, mut writer) = writer();
    writer.set_buffer_size(1000).unwrap();
    writer.open().unwrap();
    writer.write(Frame::metadata(b"text")).unwrap();
    writer.set_buffer_size(5).unwrap();
    assert_eq!(memory.file("run.dat").len(), 12);
    assert_eq!(writer.write(Frame::metadata(b"text")).unwrap(), Outcome::Written);
}

proptest! {
    #[test]
    fn pieces_and_counters_of_any_run(
        payloads in vec((vec(any::<u8>(), 0..90), 0u8..3, any::<u16>(), any::<u8>()), 0..60),
        buffer in prop_oneof![Just(0usize), 1usize..400],
        max in prop_oneof![Just(0u64), 60u64..400],
        drop_errors in any::<bool>(),
        raw in any::<bool>(),
    ) {
        let (memory, mut writer) = writer();
        writer.set_buffer_size(buffer).unwrap();
        writer.set_max_file_size(max).unwrap();
        writer.set_drop_errors(drop_errors);
        writer.set_raw_mode(raw).unwrap();
        writer.open().unwrap();
        // What the files must hold, piece by piece.
        let mut pieces: Vec<Vec<u8>> = vec![Vec::new()];
        let mut frames = 0;
        for (payload, error, flags, channel) in &payloads {
            let frame = Frame { flags: *flags, error: *error, channel: *channel, payload };
            let mut record = Vec::new();
            if !raw {
                record.extend((payload.len() as u32 + 4).to_le_bytes());
                record.extend(flags.to_le_bytes());
                record.extend([*error, *channel]);
            }
            record.extend(payload);
            let length = record.len() as u64;
            let result = writer.write(frame);
            if payload.is_empty() || drop_errors && *error != 0 {
                prop_assert_eq!(result.unwrap(), Outcome::Skipped);
                continue;
            }
            if max != 0 && length > max {
                prop_assert!(result.is_err());
                continue;
            }
            prop_assert_ne!(result.unwrap(), Outcome::Skipped);
            frames += 1;
            if max != 0 && pieces[pieces.len() - 1].len() as u64 + length > max {
                pieces.push(Vec::new());
            }
            pieces.last_mut().unwrap().extend(record);
            let total: usize = pieces.iter().map(Vec::len).sum();
            prop_assert_eq!(writer.frame_count(), frames);
            prop_assert_eq!(writer.total_size(), total as u64);
            prop_assert_eq!(writer.current_size(), pieces[pieces.len() - 1].len() as u64);
            // At most the buffer is missing from the files.
            let stored: usize = memory.files().values().map(Vec::len).sum();
            prop_assert!(total - stored <= buffer);
        }
        writer.close().unwrap();
        let files = memory.files();
        prop_assert_eq!(files.len(), pieces.len());
        for (number, piece) in (1..).zip(&pieces) {
            let name = if max == 0 { "run.dat".to_owned() } else { format!("run.dat.{number}") };
            prop_assert_eq!(&files[&PathBuf::from(name)], piece);
            if !raw {
                let end = record_ends(piece).last().copied().unwrap_or(0);
                prop_assert_eq!(end, piece.len() as u64);
            }
        }
    }
}

#[test]
fn the_size_of_a_piece_may_change_while_a_file_is_open() {
    let (memory, mut writer) = writer();
    let send = |writer: &mut DataWriter<Memory>, frames: usize| {
        for _ in 0..frames {
            writer.write(Frame::metadata(b"text")).unwrap();
        }
    };
    writer.open().unwrap();
    send(&mut writer, 3);
    // Each record has 12 bytes: the fourth does not fit any more.
    writer.set_max_file_size(40).unwrap();
    send(&mut writer, 4);
    writer.set_max_file_size(0).unwrap();
    send(&mut writer, 9);
    writer.set_max_file_size(24).unwrap();
    send(&mut writer, 2);
    writer.close().unwrap();
    let sizes = ["run.dat", "run.dat.2", "run.dat.3", "run.dat.4"].map(|it| memory.file(it).len());
    assert_eq!(sizes, [36, 36, 120, 24]);
    assert_eq!((writer.frame_count(), writer.total_size()), (18, 216));
}

#[test]
fn a_piece_that_is_in_the_way_of_a_new_size_is_refused_and_nothing_changes() {
    let (memory, mut writer) = writer();
    writer.set_data_file("run.dat.2");
    writer.open().unwrap();
    writer.write(Frame::metadata(b"old")).unwrap();
    writer.close().unwrap();
    writer.set_data_file("run.dat");
    writer.open().unwrap();
    writer.write(Frame::metadata(b"text")).unwrap();
    assert!(matches!(writer.set_max_file_size(20), Err(WriterError::Exists { .. })));
    assert_eq!((writer.max_file_size(), writer.is_open()), (0, true));
    writer.write(Frame::metadata(b"text")).unwrap();
    assert_eq!((memory.file("run.dat").len(), memory.file("run.dat.2").len()), (24, 11));
}
