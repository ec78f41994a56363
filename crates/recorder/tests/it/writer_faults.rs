//! Trouble at every single call: what was acknowledged is in the file, the file ends at a record
//! boundary, and nothing is counted that is not there.

use std::path::PathBuf;

use crate::writer_support::{Memory, Trouble, record_ends};
use wavekeep_recorder::writer::{DataWriter, Frame, Outcome, WriterError};

const NAME: &str = "run.dat";

/// One way of recording.
#[derive(Debug, Clone, Copy)]
struct Setting {
    buffer: usize,
    max: u64,
    overwrite: bool,
}

const SETTINGS: [Setting; 8] = [
    Setting { buffer: 0, max: 0, overwrite: false },
    Setting { buffer: 100, max: 0, overwrite: false },
    Setting { buffer: 10_000, max: 0, overwrite: false },
    Setting { buffer: 0, max: 200, overwrite: false },
    Setting { buffer: 100, max: 200, overwrite: false },
    Setting { buffer: 10_000, max: 200, overwrite: false },
    Setting { buffer: 60, max: 200, overwrite: true },
    Setting { buffer: 0, max: 0, overwrite: true },
];

/// Payloads of 1 to 67 bytes, no two alike.
fn payloads() -> Vec<Vec<u8>> {
    (0..20u8).map(|i| (0..1 + usize::from(i) * 23 % 67).map(|k| i ^ k as u8).collect()).collect()
}

fn record(payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 4).to_le_bytes()[..], &[0, 0, 0, 1], payload].concat()
}

/// What a sender knows at the end.
struct Told {
    /// Frames of which it was said that they are in the file.
    acknowledged: usize,
    /// Frames that were taken, in the buffer or in the file.
    taken: usize,
    error: Option<WriterError>,
    closed: bool,
    memory: Memory,
    writer: DataWriter<Memory>,
}

fn run(setting: Setting, memory: Memory) -> Told {
    if setting.overwrite {
        for old in [NAME, "run.dat.1", "run.dat.2", "run.dat.9"] {
            memory.put(old, &[0xff; 500]);
        }
    }
    let mut writer = DataWriter::with_layer(memory.clone());
    writer.set_data_file(NAME);
    writer.set_overwrite(setting.overwrite);
    writer.set_buffer_size(setting.buffer).unwrap();
    writer.set_max_file_size(setting.max).unwrap();
    let mut told = Told { acknowledged: 0, taken: 0, error: None, closed: false, memory, writer };
    told.error = record_all(&mut told).err();
    told
}

fn record_all(told: &mut Told) -> Result<(), WriterError> {
    told.writer.open()?;
    for (number, payload) in payloads().iter().enumerate() {
        let outcome = told.writer.write(Frame::metadata(payload))?;
        told.taken += 1;
        match outcome {
            // Records reach the file in their order: the ones before are there too.
            Outcome::Written => told.acknowledged = told.taken,
            Outcome::Buffered => assert!(told.writer.buffer_size() > 0),
            Outcome::Skipped => panic!("nothing is to be skipped"),
        }
        if number % 8 == 7 {
            told.writer.flush()?;
            told.acknowledged = told.taken;
        }
    }
    told.writer.close()?;
    told.acknowledged = told.taken;
    told.closed = true;
    Ok(())
}

impl Told {
    /// The files of the run, in order.
    fn pieces(&self, setting: Setting) -> Vec<Vec<u8>> {
        let files = self.memory.files();
        let names = (1..).map(|number| match setting.max {
            0 => PathBuf::from(NAME),
            _ => PathBuf::from(format!("{NAME}.{number}")),
        });
        let count = if setting.max == 0 { 1 } else { usize::MAX };
        names.take(count).map_while(|name| files.get(&name).cloned()).collect()
    }

    /// How many whole frames the files have. Each must be the right one.
    fn whole_frames(&self, setting: Setting) -> usize {
        let content: Vec<u8> = self
            .pieces(setting)
            .iter()
            .flat_map(|piece| {
                let end = record_ends(piece).last().copied().unwrap_or(0);
                piece[..end as usize].to_vec()
            })
            .collect();
        let expected: Vec<u8> = payloads().iter().flat_map(|payload| record(payload)).collect();
        assert!(expected.starts_with(&content));
        record_ends(&content).len()
    }

    /// Nothing old may stand where this run has been.
    fn was_opened(&self, setting: Setting) -> bool {
        self.pieces(setting).iter().all(|piece| !piece.starts_with(&[0xff]))
    }
}

/// Runs every setting with this trouble at every call that there is.
fn at_every_call(trouble: Trouble, check: impl Fn(Setting, usize, Told)) {
    let mut tried = 0;
    for setting in SETTINGS {
        let undisturbed = run(setting, Memory::default());
        assert!(undisturbed.closed && undisturbed.whole_frames(setting) == 20);
        for call in 0..undisturbed.memory.calls() {
            check(setting, call, run(setting, Memory::with_trouble(call, trouble)));
            tried += 1;
        }
    }
    assert!(tried > 150, "only {tried} calls were tried");
}

/// What holds after any trouble from which the file could be cut.
fn is_in_order(setting: Setting, call: usize, told: &Told) {
    let place = format!("call {call} of {setting:?}");
    assert!(!told.writer.is_open(), "{place}");
    if !told.was_opened(setting) {
        assert!(matches!(told.error, Some(WriterError::Create { .. })), "{place}");
        return;
    }
    let frames = told.whole_frames(setting);
    assert!(frames >= told.acknowledged, "{place}");
    let pieces = told.pieces(setting);
    for piece in &pieces {
        assert_eq!(record_ends(piece).last().copied().unwrap_or(0), piece.len() as u64, "{place}");
    }
    let total: usize = pieces.iter().map(Vec::len).sum();
    assert_eq!(told.writer.frame_count(), frames as u64, "{place}");
    assert_eq!(told.writer.total_size(), total as u64, "{place}");
    let last = pieces.last().map_or(0, Vec::len);
    assert_eq!(told.writer.current_size(), last as u64, "{place}");
}

#[test]
fn a_call_that_fails_once() {
    at_every_call(Trouble::Fails, |setting, call, told| {
        let error = told.error.as_ref().expect("the error reaches the sender");
        assert!(error.ends_recording(), "{error}");
        is_in_order(setting, call, &told);
        if let Some(WriterError::Write { lost_frames, .. }) = told.error {
            // The frame that was being sent was never taken.
            assert_eq!(told.whole_frames(setting) + lost_frames as usize, told.taken);
        }
    });
}

#[test]
fn a_write_that_fails_halfway() {
    at_every_call(Trouble::FailsHalfway, |setting, call, told| {
        assert!(told.error.is_some());
        is_in_order(setting, call, &told);
    });
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_record() {
    let full = std::cell::Cell::new(0);
    at_every_call(Trouble::Full, |setting, call, told| {
        is_in_order(setting, call, &told);
        let Some(error) = told.error else { return };
        assert!(matches!(error, WriterError::Write { .. }), "{error}");
        full.set(full.get() + 1);
    });
    assert!(full.get() > 50);
}

#[test]
fn a_write_that_takes_less_than_it_was_given_goes_on() {
    at_every_call(Trouble::Short, |setting, call, told| {
        assert!(told.closed && told.whole_frames(setting) == 20);
        is_in_order(setting, call, &told);
    });
}

#[test]
fn a_signal_is_no_error() {
    // Interrupted for as long as the trouble lasts, which is one call.
    at_every_call(Trouble::Interrupted, |setting, call, told| {
        assert!(told.closed && told.whole_frames(setting) == 20);
        is_in_order(setting, call, &told);
    });
}

#[test]
fn a_disk_that_is_gone_leaves_whole_frames_and_the_error_says_where_they_end() {
    at_every_call(Trouble::Gone, |setting, call, told| {
        let place = format!("call {call} of {setting:?}");
        let error = told.error.as_ref().expect("the error reaches the sender");
        assert!(!told.writer.is_open(), "{place}");
        if !told.was_opened(setting) {
            return;
        }
        assert!(told.whole_frames(setting) >= told.acknowledged, "{place}");
        assert_eq!(told.writer.frame_count(), told.whole_frames(setting) as u64, "{place}");
        if let WriterError::WriteAndCut { kept_bytes, .. } = error {
            let last = told.pieces(setting).pop().unwrap();
            let end = record_ends(&last).last().copied().unwrap_or(0);
            assert_eq!(*kept_bytes, end, "{place}");
            assert!(error.to_string().contains("recover it"), "{error}");
        }
    });
}

#[test]
fn a_process_that_is_killed_leaves_every_acknowledged_frame_whole() {
    let cut = std::cell::Cell::new(0);
    at_every_call(Trouble::Killed, |setting, call, told| {
        if !told.was_opened(setting) {
            return;
        }
        let frames = told.whole_frames(setting);
        assert!(frames >= told.acknowledged, "call {call} of {setting:?}");
        let pieces = told.pieces(setting);
        let ends = pieces.iter().map(|piece| record_ends(piece).last().copied().unwrap_or(0));
        cut.set(cut.get() + ends.zip(&pieces).filter(|(end, it)| *end < it.len() as u64).count());
    });
    assert!(cut.get() > 50, "the moments in the middle of a record are the ones to be tried");
}
