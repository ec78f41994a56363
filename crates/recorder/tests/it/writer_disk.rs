//! A small full file system, a process that is killed, names and times on the real disk.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::writer_support::{payload, record_ends};
use wavekeep_recorder::writer::{DataWriter, Frame, Outcome, WriterError};
use wavekeep_smurf::record::Records;

/// A file system of 64 KiB for as long as this lives.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|error| format!("mount: {error}"))?;
        match mount.status.success() {
            true => Ok(Self { folder }),
            false => Err(String::from_utf8_lossy(&mount.stderr).trim().to_owned()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let path = self.folder.path();
        let unmounted = Command::new("umount").arg(path).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "umount {}", path.display());
    }
}

#[test]
fn a_small_disk_that_fills_up() {
    for (buffer, max) in [(0, 0), (1000, 0), (10_000, 0), (0, 20_000), (3000, 20_000)] {
        let disk = match SmallDisk::mount() {
            Ok(disk) => disk,
            Err(reason) => {
                // Not through println!, which the test harness keeps to itself.
                let note =
                    "NOT TRIED on a real full disk: a file system of 64 KiB could not be mounted";
                writeln!(io::stderr(), "\n{note} ({reason}); writer_faults covers it in memory")
                    .unwrap();
                return;
            }
        };
        let name = disk.folder.path().join("run.dat");
        let mut writer = DataWriter::new();
        writer.set_data_file(&name);
        writer.set_buffer_size(buffer).unwrap();
        writer.set_max_file_size(max).unwrap();
        writer.open().unwrap();
        let mut taken = 0;
        let error = loop {
            match writer.write(Frame::data(&payload(taken, 64, 64))) {
                Ok(_) => taken += 1,
                Err(error) => break error,
            }
            assert!(taken < 1000, "65536 bytes hold 167 records of 392");
        };
        let WriterError::Write { lost_frames, source, .. } = &error else { panic!("{error}") };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(!writer.is_open());
        let mut content = Vec::new();
        let pieces = (1..).map(|number| disk.folder.path().join(format!("run.dat.{number}")));
        let count = if max == 0 { 0 } else { usize::MAX };
        for piece in
            pieces.take(count).take_while(|path| path.exists()).chain((max == 0).then_some(name))
        {
            let piece = fs::read(piece).unwrap();
            assert_eq!(record_ends(&piece).last().copied().unwrap_or(0), piece.len() as u64);
            content.extend(piece);
        }
        let frames = record_ends(&content).len() as u64;
        assert!(frames > 140, "{frames}");
        assert_eq!(writer.frame_count(), frames);
        assert_eq!(writer.total_size(), content.len() as u64);
        assert_eq!(frames + lost_frames, u64::from(taken));
        for (i, record) in Records::new(&content, 0).enumerate() {
            assert_eq!(record.unwrap().payload, payload(i as u32, 64, 64));
        }
    }
}

const CHILD: &str = "WAVEKEEP_TEST_RECORDS_INTO";

/// The process that is killed below; without its variable it does nothing.
#[test]
fn records_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut writer = DataWriter::new();
    writer.set_data_file(Path::new(&path));
    writer.set_max_file_size(1_000_000).unwrap();
    writer.open().unwrap();
    let mut out = io::stdout();
    for i in 0.. {
        let outcome = writer.write(Frame::data(&payload(i, 512, 512))).unwrap();
        assert_eq!(outcome, Outcome::Written);
        writeln!(out, "acknowledged {i}").unwrap();
    }
}

#[test]
fn a_process_that_is_killed_has_every_acknowledged_frame_in_the_file() {
    for patience in [1, 40, 333, 1000] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer_disk::records_until_it_is_killed", "--nocapture"])
            .env(CHILD, folder.path().join("run.dat"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let number = |line: io::Result<String>| -> Option<u32> {
            line.ok()?.rsplit_once("acknowledged ")?.1.parse().ok()
        };
        lines.by_ref().filter_map(number).nth(patience - 1).unwrap();
        child.kill().unwrap();
        // What stood in the pipe was said before the end.
        let last = lines.filter_map(number).last().unwrap_or(patience as u32 - 1);
        child.wait().unwrap();
        let mut whole = Vec::new();
        for number in 1.. {
            let Ok(piece) = fs::read(folder.path().join(format!("run.dat.{number}"))) else {
                break;
            };
            whole.extend(
                Records::new(&piece, 0).map_while(Result::ok).map(|it| it.payload.to_vec()),
            );
        }
        assert!(whole.len() > last as usize, "{} frames, {last} acknowledged", whole.len());
        for (i, frame) in whole.iter().enumerate() {
            assert_eq!(*frame, payload(i as u32, 512, 512));
        }
    }
}

#[test]
fn a_file_that_exists_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("run.dat");
    fs::write(&name, b"precious").unwrap();
    fs::write(folder.path().join("run.dat.3"), b"a piece").unwrap();
    fs::write(folder.path().join("run.dat.old"), b"not a piece").unwrap();
    let mut writer = DataWriter::new();
    writer.set_data_file(&name);
    let error = writer.open().unwrap_err();
    assert!(matches!(&error, WriterError::Exists { path } if *path == name), "{error}");
    writer.set_max_file_size(100).unwrap();
    // Piece 3 would be reached in the middle of the run, and read as part of it before.
    let error = writer.open().unwrap_err();
    assert!(error.to_string().contains("run.dat.3 exists"), "{error}");
    assert!(!writer.is_open());
    assert_eq!(fs::read(&name).unwrap(), b"precious");
    writer.set_overwrite(true);
    writer.open().unwrap();
    writer.close().unwrap();
    assert!(!folder.path().join("run.dat.3").exists());
    assert!(folder.path().join("run.dat.old").exists());
    writer.set_max_file_size(0).unwrap();
    writer.open().unwrap();
    writer.write(Frame::metadata(b"A: 1\n")).unwrap();
    writer.close().unwrap();
    // Truncated: no stale tail.
    assert_eq!(fs::read(&name).unwrap().len(), 8 + 5);
}

#[test]
fn an_automatic_name_stays_in_the_present_folder() {
    let mut writer = DataWriter::new();
    let time = jiff::civil::datetime(2026, 3, 9, 7, 5, 2, 0);
    for (before, after) in [
        ("", "data_20260309_070502.dat"),
        ("old.dat", "data_20260309_070502.dat"),
        ("/data/run/old.dat", "/data/run/data_20260309_070502.dat"),
        ("/data/run/", "/data/run/data_20260309_070502.dat"),
    ] {
        writer.set_data_file(before);
        writer.auto_name_at(time);
        assert_eq!(writer.data_file(), Path::new(after), "from {before:?}");
    }
}
