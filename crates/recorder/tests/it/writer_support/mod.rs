//! Frames as in the recorded files, and a file system in memory that fails where it is told to.
#![allow(dead_code, reason = "each test binary takes what it needs of this module")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use wavekeep_recorder::writer::{FileLayer, RecordFile};
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};
use wavekeep_smurf::record::Records;

/// The payload of frame `i` of the recorded files: sample `c` is `c·65537 + i·1001 - 2^31`.
pub fn payload(i: u32, channels: u32, words: u32) -> Vec<u8> {
    let header = FrameHeader {
        protocol_version: 1,
        crate_id: 2,
        slot_number: 5,
        timing_cond: 3,
        number_of_channels: channels,
        tes_bias: std::array::from_fn(|k| {
            let value = 30_000 * k as i32 + i as i32;
            if k % 2 == 0 { value } else { -value }
        }),
        timestamp: 1_700_000_000_000_000_000 + 5_000_000 * u64::from(i),
        flux_ramp_increment: -3,
        flux_ramp_offset: 7,
        counter_0: 2400 * i,
        counter_1: 2400 * i,
        counter_2: 4_590_117_448_581_120_000 + 5_000_000 * u64::from(i),
        reset_bits: if i.is_multiple_of(2) { 1 } else { 1 << 10 },
        frame_counter: 20 * i,
        tes_relays_config: 109_517,
        external_time: 0x11_2233_4455 + u64::from(i),
        control_field: 0x35,
        test_params: 9,
        num_rows: 33,
        num_rows_reported: 33,
        row_length: 60,
        data_rate: 140,
    };
    let mut bytes = [0; HEADER_LEN];
    // The sender wrote its 40-bit word as 64 bits.
    bytes[101..104].copy_from_slice(&[0xef, 0xcd, 0xab]);
    header.write_into(&mut bytes);
    let mut payload = bytes.to_vec();
    for c in 0..channels {
        let sample = c.wrapping_mul(65_537).wrapping_add(i.wrapping_mul(1001)) ^ 1 << 31;
        payload.extend(sample.to_le_bytes());
    }
    payload.resize(HEADER_LEN + 4 * words as usize, 0xee);
    payload
}

/// Offsets at which the whole records of some bytes end.
pub fn record_ends(bytes: &[u8]) -> Vec<u64> {
    let records = Records::new(bytes, 0).map_while(Result::ok);
    records.map(|record| record.offset + 8 + record.payload.len() as u64).collect()
}

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It fails and does nothing; later calls work.
    Fails,
    /// A write puts part of its bytes into the file, then fails.
    FailsHalfway,
    /// A write takes part of its bytes and says so; later calls work.
    Short,
    /// As on a full disk: a write takes part of its bytes and says so, later writes fail.
    Full,
    /// It was interrupted by a signal: nothing happened, ask again.
    Interrupted,
    /// It and everything after it fails: the disk is gone.
    Gone,
    /// The process is killed halfway through: nothing happens any more.
    Killed,
}

/// A file system in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Vec<u8>>,
    calls: usize,
    trouble: Option<(usize, Trouble)>,
}

/// How a call goes on.
enum Call {
    Works,
    Partly,
    PartlyAndFails,
}

impl Memory {
    pub fn with_trouble(call: usize, trouble: Trouble) -> Self {
        let memory = Self::default();
        memory.0.borrow_mut().trouble = Some((call, trouble));
        memory
    }

    pub fn put(&self, path: &str, bytes: &[u8]) {
        self.0.borrow_mut().files.insert(path.into(), bytes.to_vec());
    }

    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.0.borrow().files.clone()
    }

    pub fn file(&self, path: &str) -> Vec<u8> {
        self.0.borrow().files[Path::new(path)].clone()
    }

    pub fn calls(&self) -> usize {
        self.0.borrow().calls
    }
}

impl State {
    fn call(&mut self, writing: bool) -> io::Result<Call> {
        let now = self.calls;
        self.calls += 1;
        let Some((at, trouble)) = self.trouble else { return Ok(Call::Works) };
        let full = || Err(io::ErrorKind::StorageFull.into());
        match trouble {
            _ if now < at => Ok(Call::Works),
            Trouble::Gone => Err(io::Error::other("the disk is gone")),
            Trouble::Killed if now == at => Ok(Call::PartlyAndFails),
            Trouble::Killed => Err(io::Error::other("killed")),
            Trouble::Full if now > at && writing => full(),
            _ if now > at => Ok(Call::Works),
            Trouble::Fails => full(),
            Trouble::Interrupted if writing => Err(io::ErrorKind::Interrupted.into()),
            Trouble::Interrupted => Ok(Call::Works),
            Trouble::FailsHalfway => Ok(Call::PartlyAndFails),
            Trouble::Short | Trouble::Full => Ok(Call::Partly),
        }
    }

    /// A call that is no write: it happens or it does not.
    fn plain_call(&mut self) -> io::Result<()> {
        match self.call(false)? {
            Call::Works | Call::Partly => Ok(()),
            Call::PartlyAndFails => Err(io::Error::other("failed")),
        }
    }
}

impl FileLayer for Memory {
    type File = MemoryFile;

    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<MemoryFile> {
        let mut state = self.0.borrow_mut();
        state.plain_call()?;
        if !overwrite && state.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.files.insert(path.to_owned(), Vec::new());
        Ok(MemoryFile { memory: self.clone(), path: path.to_owned() })
    }

    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut state = self.0.borrow_mut();
        state.plain_call()?;
        let prefix = format!("{}.", path.display());
        let is_piece =
            |path: &&PathBuf| path.to_str().is_some_and(|path| path.starts_with(&prefix));
        Ok(state.files.keys().filter(is_piece).cloned().collect())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.plain_call()?;
        state.files.remove(path);
        Ok(())
    }

    fn sync_folder_of(&mut self, _path: &Path) -> io::Result<()> {
        self.0.borrow_mut().plain_call()
    }
}

#[derive(Debug)]
pub struct MemoryFile {
    memory: Memory,
    path: PathBuf,
}

impl RecordFile for MemoryFile {
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.memory.0.borrow_mut();
        let call = state.call(true)?;
        let bytes = parts.iter().flat_map(|part| part.iter().copied());
        let total: usize = parts.iter().map(|part| part.len()).sum();
        let taken = match call {
            Call::Works => total,
            // Not half: a boundary of the record's own parts would hide mistakes.
            Call::Partly | Call::PartlyAndFails => total * 5 / 9,
        };
        let file = state.files.get_mut(&self.path).expect("the file is there");
        file.extend(bytes.take(taken));
        match call {
            Call::PartlyAndFails => Err(io::Error::other("failed halfway")),
            _ => Ok(taken),
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.memory.0.borrow_mut();
        state.plain_call()?;
        let file = state.files.get_mut(&self.path).expect("the file is there");
        file.truncate(length as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.memory.0.borrow_mut().plain_call()
    }
}
