//! Streams as every target of arrays.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use gnz::Gnz;
use serde_json::{Map, Value};
use wavekeep_core::{FrameBlock, FrameField, FrameGap, FrameStream, Scale, StreamChannel, Unit};
use wavekeep_export::{ExportError, ExportOptions, StreamError, Target, Units, write_stream};
use wavekeep_formats::{Opened, Opener};

const FIELDS: [FrameField; 3] = [
    FrameField { name: "time_ns", dtype: "<u8", item_size: 8, rows: 1 },
    FrameField { name: "counter", dtype: "<u2", item_size: 2, rows: 1 },
    FrameField { name: "bias", dtype: "|u1", item_size: 1, rows: 2 },
];
/// When frame 0 was made: 2026-05-01T00:00:00Z.
pub const EPOCH_NS: u64 = 1_777_593_600_000_000_000;

/// Sample c of frame i is 100 c + i; a frame a millisecond. Blocks are of at most `at_once` frames.
pub struct Counted {
    pub channels: usize,
    pub said: u64,
    pub given: u64,
    pub next: u64,
    pub at_once: u64,
}

impl Counted {
    pub fn new(frames: u64) -> Self {
        Self { channels: 4, said: frames, given: frames, next: 0, at_once: 3 }
    }
}

impl FrameStream for Counted {
    type Error = Infallible;

    fn channels(&self) -> usize {
        self.channels
    }

    fn frames(&self) -> u64 {
        self.said
    }

    fn fields(&self) -> &[FrameField] {
        &FIELDS
    }

    fn scale(&self) -> Scale {
        Scale::ratio(1.0, 8.0, Unit::Radian)
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(1000.0)
    }

    fn gaps(&self) -> Vec<FrameGap> {
        Vec::new()
    }

    fn stream_channels(&self) -> Vec<StreamChannel> {
        (0..self.channels)
            .map(|index| StreamChannel {
                index,
                detector: (index > 0).then_some((2, 100 + index as u32)),
                frequency_mhz: (index == 1).then_some(5123.5),
            })
            .collect()
    }

    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Infallible> {
        let most = (frames as u64).min(self.at_once);
        let range = self.next..(self.next + most).min(self.given);
        self.next = range.end;
        block.frames = range.clone().count();
        let channels = self.channels as i32;
        block.samples =
            (0..channels).flat_map(|c| range.clone().map(move |i| 100 * c + i as i32)).collect();
        let times = range.clone().map(|i| EPOCH_NS + 1_000_000 * i);
        block.fields = vec![
            times.flat_map(u64::to_le_bytes).collect(),
            range.clone().flat_map(|i| (i as u16).to_le_bytes()).collect(),
            (0..2u8)
                .flat_map(|row| range.clone().map(move |i| (row * 50).wrapping_add(i as u8)))
                .collect(),
        ];
        Ok(block.frames > 0)
    }
}

pub fn facts() -> Map<String, Value> {
    serde_json::json!({ "rate": 4000.25 }).as_object().cloned().unwrap()
}

fn write(
    stream: &mut Counted,
    target: Target,
    path: &Path,
    overwrite: bool,
) -> Result<Vec<u64>, StreamError<Infallible>> {
    let mut done = Vec::new();
    let options = ExportOptions::of(Units::Raw);
    write_stream(stream, facts(), target, path, &options, overwrite, |frames| done.push(frames))?;
    Ok(done)
}

#[test]
fn every_block_comes_to_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.gnz");
    assert_eq!(write(&mut Counted::new(8), Target::Gnz, &path, false).unwrap(), [3, 6, 8]);
    let gnz = Gnz::open(path).unwrap();
    let data = gnz.view::<i32>("data").unwrap();
    assert_eq!(data.shape(), [4, 8]);
    let expected: Vec<i32> = (0..4).flat_map(|c| (0..8).map(move |i| 100 * c + i)).collect();
    assert_eq!(data[..], expected);
    assert_eq!(gnz.view::<u16>("counter").unwrap()[..], [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(gnz.view::<u8>("bias").unwrap()[8..11], [50, 51, 52]);
    assert_eq!(gnz.metadata().get("rate"), Some(&gnz::Value::from(4000.25)));
    assert!(gnz.verify().unwrap().ok().is_ok());
}

#[test]
fn a_stream_that_changed_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for target in Target::ALL.into_iter().filter(|target| target.takes_arrays()) {
        let path = folder.path().join(format!("s.{}", target.extension()));
        let mut short = Counted { said: 9, given: 4, ..Counted::new(0) };
        let error = write(&mut short, target, &path, false).unwrap_err();
        assert!(matches!(error, StreamError::Frames { expected: 9, found: 4 }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{target}");
    }
}

#[test]
fn a_stream_without_frames_is_arrays_without_elements() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.gnz");
    write(&mut Counted::new(0), Target::Gnz, &path, false).unwrap();
    let gnz = Gnz::open(path).unwrap();
    assert_eq!(gnz.view::<i32>("data").unwrap().shape(), [4, 0]);
}

fn written(target: Target, name: &str, overwrite: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    if overwrite {
        std::fs::write(&path, b"before").unwrap();
    }
    write(&mut Counted::new(8), target, &path, overwrite).unwrap();
    (folder, path)
}

#[test]
fn other_targets_hold_what_the_gnz_holds_and_nothing_else_is_left() {
    let data: Vec<i32> = (0..4).flat_map(|c| (0..8).map(move |i| 100 * c + i)).collect();
    let data: &[u8] = bytemuck::cast_slice(&data);
    for (target, name, overwrite, arrays) in [
        (Target::Npy, "s.npy", true, 1),
        (Target::Npz, "s.npz", false, 9),
        (Target::Safetensors, "s.safetensors", false, 8),
    ] {
        let (folder, path) = written(target, name, overwrite);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let opened = Opener::default().open_any(&path).unwrap();
        let Opened::Arrays(held) = opened else { panic!("{name}") };
        assert_eq!(held.len(), arrays, "{name}");
        let first = held.arrays().find(|array| array.shape == [4, 8]).unwrap();
        assert_eq!(first.bytes, data, "{name}");
    }
}

#[test]
fn a_file_that_is_there_is_not_replaced_unasked_and_the_stream_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.npy");
    std::fs::write(&path, b"before").unwrap();
    let mut stream = Counted::new(8);
    let error = write(&mut stream, Target::Npy, &path, false).unwrap_err();
    assert!(matches!(error, StreamError::Export(ExportError::Exists { .. })), "{error}");
    assert_eq!((std::fs::read(&path).unwrap(), stream.next), (b"before".to_vec(), 0));
}

#[test]
fn a_target_of_events_alone_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for target in Target::ALL.into_iter().filter(|target| !target.takes_arrays()) {
        let error = write(&mut Counted::new(8), target, &folder.path().join("s"), false);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{target} cannot hold a stream")), "{error}");
    }
}

/// Channels and frames that make several shards.
fn large() -> Counted {
    Counted { channels: 64, at_once: 1 << 16, ..Counted::new(600_000) }
}

/// A stream whose source fails at a frame.
struct Failing(Counted, u64);

impl FrameStream for Failing {
    type Error = std::io::Error;

    fn channels(&self) -> usize {
        self.0.channels()
    }

    fn frames(&self) -> u64 {
        self.0.frames()
    }

    fn fields(&self) -> &[FrameField] {
        self.0.fields()
    }

    fn scale(&self) -> Scale {
        self.0.scale()
    }

    fn rate_hz(&self) -> Option<f64> {
        self.0.rate_hz()
    }

    fn gaps(&self) -> Vec<FrameGap> {
        self.0.gaps()
    }

    fn stream_channels(&self) -> Vec<StreamChannel> {
        self.0.stream_channels()
    }

    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> std::io::Result<bool> {
        if self.0.next >= self.1 {
            return Err(std::io::Error::other("the disk failed"));
        }
        Ok(self.0.next_block(frames, block).unwrap_or_default())
    }
}

#[test]
fn an_interrupted_folder_is_gone_on_with_and_what_is_done_is_kept() {
    let folder = crate::folders::temporary();
    let path = folder.path().join("s.zarr");
    write(&mut large(), Target::Zarr, &path, false).unwrap();
    let whole = crate::folders::bytes(&path);
    let shards = std::fs::read_dir(path.join("data/c/0")).unwrap().count();
    assert!(shards > 2, "{shards}");
    std::fs::remove_dir_all(&path).unwrap();

    let mut failing = Failing(large(), 400_000);
    let options = ExportOptions::of(Units::Raw);
    let error = write_stream(&mut failing, facts(), Target::Zarr, &path, &options, false, |_| {})
        .unwrap_err();
    assert!(error.to_string().contains("the disk failed"), "{error}");
    assert!(!path.exists());
    let kept = folder.path().join(".s.zarr.wavekeep-part/data/c/0/0");
    let before = std::fs::metadata(&kept).unwrap().modified().unwrap();
    write(&mut large(), Target::Zarr, &path, false).unwrap();
    assert_eq!(std::fs::metadata(path.join("data/c/0/0")).unwrap().modified().unwrap(), before);
    assert!(crate::folders::bytes(&path) == whole);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_an_interrupted_run_left_of_another_stream_is_not_kept() {
    let folder = crate::folders::temporary();
    let path = folder.path().join("s.zarr");
    let mut other = Failing(Counted { channels: 63, ..large() }, 400_000);
    let options = ExportOptions::of(Units::Raw);
    write_stream(&mut other, facts(), Target::Zarr, &path, &options, false, |_| {}).unwrap_err();
    write(&mut large(), Target::Zarr, &path, false).unwrap();
    let fresh = folder.path().join("fresh.zarr");
    write(&mut large(), Target::Zarr, &fresh, false).unwrap();
    assert!(crate::folders::bytes(&path) == crate::folders::bytes(&fresh));
}

#[test]
fn a_folder_that_is_none_of_ours_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.zarr");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("thesis.tex"), b"words").unwrap();
    for overwrite in [false, true] {
        let error = write(&mut Counted::new(8), Target::Zarr, &path, overwrite).unwrap_err();
        assert!(matches!(error, StreamError::Export(_)), "{error}");
        assert_eq!(std::fs::read(path.join("thesis.tex")).unwrap(), b"words");
    }
}

#[test]
fn a_folder_that_appears_meanwhile_is_kept() {
    let folder = crate::folders::temporary();
    let path = folder.path().join("s.zarr");
    for (overwrite, kind) in [(false, "exists"), (true, "not_a_file")] {
        let options = ExportOptions::of(Units::Raw);
        let appears = |_| {
            let _ = std::fs::create_dir(&path);
            std::fs::write(path.join("thesis.tex"), b"words").unwrap();
        };
        let mut stream = Counted::new(8);
        let target = Target::Zarr;
        let written =
            write_stream(&mut stream, facts(), target, &path, &options, overwrite, appears);
        let Err(StreamError::Export(error)) = written else { panic!("a folder of its own") };
        assert_eq!(error.kind(), kind);
        assert_eq!(std::fs::read(path.join("thesis.tex")).unwrap(), b"words");
        std::fs::remove_dir_all(&path).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_what_is_unfinished_is_not_followed() {
    let folder = crate::folders::temporary();
    let (mine, path) = (folder.path().join("mine"), folder.path().join("s.zarr"));
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("thesis.tex"), b"words").unwrap();
    std::os::unix::fs::symlink(&mine, folder.path().join(".s.zarr.wavekeep-part")).unwrap();
    write(&mut Counted::new(8), Target::Zarr, &path, false).unwrap_err();
    assert_eq!(std::fs::read(mine.join("thesis.tex")).unwrap(), b"words");
    assert!(!path.exists());
}

#[test]
fn a_shard_that_was_lost_is_stored_again() {
    let folder = crate::folders::temporary();
    let path = folder.path().join("s.zarr");
    let options = ExportOptions::of(Units::Raw);
    let mut failing = Failing(large(), 400_000);
    write_stream(&mut failing, facts(), Target::Zarr, &path, &options, false, |_| {}).unwrap_err();
    std::fs::remove_file(folder.path().join(".s.zarr.wavekeep-part/data/c/0/0")).unwrap();
    write(&mut large(), Target::Zarr, &path, false).unwrap();
    assert!(path.join("data/c/0/0").is_file());
}

#[test]
fn a_folder_is_replaced_when_asked_and_two_at_once_are_refused() {
    let folder = crate::folders::temporary();
    let path = folder.path().join("s.zarr");
    write(&mut Counted::new(8), Target::Zarr, &path, false).unwrap();
    let before = crate::folders::bytes(&path);
    write(&mut Counted::new(9), Target::Zarr, &path, true).unwrap();
    assert!(crate::folders::bytes(&path) != before);
    write(&mut Counted::new(8), Target::Zarr, &path, true).unwrap();
    assert!(crate::folders::bytes(&path) == before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let part = folder.path().join(".t.zarr.wavekeep-part");
    std::fs::create_dir(&part).unwrap();
    let other = std::fs::File::create(part.join("wavekeep-done.txt")).unwrap();
    other.lock().unwrap();
    let there = folder.path().join("t.zarr");
    let error = write(&mut Counted::new(8), Target::Zarr, &there, false).unwrap_err().to_string();
    assert!(error.contains("two results at once"), "{error}");
    drop(other);
    write(&mut Counted::new(8), Target::Zarr, &there, false).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_stream() {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    if !crate::alone::is_alone("streams::memory_does_not_grow_with_the_stream") {
        return;
    }
    let anonymous_kib = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for target in [Target::Hdf5, Target::Zarr, Target::Parquet, Target::Arrow, Target::Npy] {
        let before = anonymous_kib();
        let path = folder.path().join(format!("s.{}", target.extension()));
        let options = ExportOptions::of(Units::Raw);
        // 410 MB of samples: buffers of threads and what the allocator keeps differ from run to run.
        let mut stream = Counted { channels: 64, at_once: 1 << 14, ..Counted::new(1_600_000) };
        let most = std::thread::scope(|scope| {
            let (stop, stopped) = channel::<()>();
            let watched = scope.spawn(move || {
                let mut most = 0;
                let wait = std::time::Duration::from_millis(5);
                while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    most = anonymous_kib().max(most);
                }
                most
            });
            write_stream(&mut stream, facts(), target, &path, &options, false, |_| {}).unwrap();
            drop(stop);
            watched.join().unwrap()
        });
        // What was made before may have been given back meanwhile.
        let grown = most.saturating_sub(before);
        assert!(grown < 300 << 10, "{target}: {grown} KiB");
    }
}
