//! The one pass over record headers that makes an [`Index`].

use crate::error::{Error, Result};
use crate::files::store::{Lens, Store};
use crate::index::clock::ClockScan;
use crate::index::counter::Marks;
use crate::index::{Damage, Index, OtherChannel, PieceFacts, Place, Section, Stretch, TextRecord};
use crate::machine::lines::LINE;
use crate::machine::processor::fetch;
use crate::wire::header::{HEADER_LEN, HeaderView};
use crate::wire::record::{
    DATA_CHANNEL, Fault, METADATA_CHANNEL, PROTOCOL_VERSION, RECORD_HEADER_LEN, RecordHeader,
    judge_frame, payload_within,
};

/// Most places of damage that are kept.
const MOST_DAMAGE: usize = 100_000;
/// Bytes that are read at a time.
const REACH: usize = 256 << 10;
/// Records from this length on are not read through: a call of the system for each header costs
/// less than the copy of what lies between them.
const FAR: u32 = 12 << 10;
/// Records ahead of which headers are fetched: as many as are looked at before memory has answered.
const AHEAD: usize = 6;
/// Bytes of a record that are looked at.
pub(crate) const NEAR: usize = RECORD_HEADER_LEN + HEADER_LEN;

/// Has the header fetched that comes some records later, if all are `stride` bytes long.
pub(crate) fn fetch_ahead(bytes: &[u8], stride: usize) {
    let ahead = stride.saturating_mul(AHEAD);
    for line in (0..NEAR).step_by(LINE) {
        fetch(bytes, ahead.saturating_add(line));
    }
}

/// A pass that can be continued when more bytes are there.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) index: Index,
    /// Where the next record begins, in the last piece that was begun.
    position: u64,
    last: Option<Marks>,
    clock: ClockScan,
    /// The channel of metadata, when it is not the usual one.
    metadata_channel: Option<u8>,
    /// Records on the data channel that have the header of a frame, and those that have not.
    with_header: u64,
    without_header: u64,
}

impl Scan {
    /// The index of whole pieces; `metadata_channel` as in [`OpenOptions`](crate::OpenOptions).
    pub(crate) fn whole(stores: &[Store], metadata_channel: Option<u8>) -> Result<Index> {
        let mut mapped = false;
        for store in stores {
            mapped |= store.map_if_cached()?;
        }
        if !mapped {
            return Self::through(stores, metadata_channel);
        }
        // A thread of its own: in a process that was forked the shared ones are not there.
        std::thread::scope(|scope| {
            let touch = || stores.iter().for_each(Store::touch_ahead);
            // Without it opening takes longer and nothing else.
            let _ = std::thread::Builder::new().spawn_scoped(scope, touch);
            Self::through(stores, metadata_channel)
        })
    }

    fn through(stores: &[Store], metadata_channel: Option<u8>) -> Result<Index> {
        let mut scan = Self { metadata_channel, ..Self::default() };
        for _ in stores {
            scan.begin_piece();
            if let Some(fault) = scan.advance(stores)? {
                scan.damage(fault);
            }
        }
        if scan.without_header > scan.with_header {
            scan.index.drop_frames(scan.without_header + scan.with_header);
        }
        Ok(scan.index)
    }

    /// From here on the next piece is read.
    pub(crate) fn begin_piece(&mut self) {
        self.index.pieces.push(PieceFacts { length: 0, modified_ns: 0 });
        self.position = 0;
    }

    /// Reads all whole records of the present piece that were not read yet, and tells what stands
    /// behind them if it is not the end of the piece. That may be damage, or a record that is
    /// still being written.
    pub(crate) fn advance(&mut self, stores: &[Store]) -> Result<Option<Fault>> {
        let behind = self.read_records(stores);
        self.index.clock = self.clock.clock(self.index.frames);
        behind
    }

    fn read_records(&mut self, stores: &[Store]) -> Result<Option<Fault>> {
        let piece = self.piece();
        // The time before the length: a change between the two makes a saved index look old.
        let modified_ns = stores[piece].modified_ns()?;
        let length = stores[piece].len()?;
        if length < self.position {
            let path = stores[piece].path().to_owned();
            return Err(Error::Shrunk { path, expected: self.position, found: length });
        }
        self.index.pieces[piece] = PieceFacts { length, modified_ns };
        let mut lens = Lens::new(stores, REACH);
        while self.position < length {
            let left = length - self.position;
            if left < RECORD_HEADER_LEN as u64 {
                return Ok(Some(Fault::StrayBytes { left }));
            }
            let look = left.min(NEAR as u64) as usize;
            let bytes = lens.look(piece, self.position, look)?;
            // Copied out for good: what is mapped can change while it is looked at.
            let mut near = [0; NEAR];
            near[..look].copy_from_slice(&bytes[..look]);
            let near = &std::hint::black_box(&mut near)[..look];
            let header = RecordHeader::parse(head(near));
            let payload = match payload_within(header, left) {
                Ok(payload) => payload,
                Err(fault) => return Ok(Some(fault)),
            };
            fetch_ahead(bytes, RECORD_HEADER_LEN + payload as usize);
            match header.channel {
                DATA_CHANNEL => self.data(header, payload, &near[RECORD_HEADER_LEN..]),
                channel if channel == self.metadata_channel.unwrap_or(METADATA_CHANNEL) => {
                    let mut place = self.place();
                    place.offset += RECORD_HEADER_LEN as u64;
                    self.index.texts.push(TextRecord { place, len: payload });
                }
                other => {
                    let first = OtherChannel { records: 0, first: self.place() };
                    self.index.others.entry(other).or_insert(first).records += 1;
                }
            }
            lens.set_reach(if payload < FAR { REACH } else { NEAR });
            self.index.records += 1;
            self.position += RECORD_HEADER_LEN as u64 + u64::from(payload);
        }
        Ok(None)
    }

    /// Keeps what stands at the present position as damage.
    pub(crate) fn damage(&mut self, fault: Fault) {
        if self.index.damage.len() < MOST_DAMAGE {
            self.index.damage.push(Damage { place: self.place(), fault });
        } else {
            self.index.damage_not_kept += 1;
        }
    }

    fn piece(&self) -> usize {
        self.index.pieces.len() - 1
    }

    fn place(&self) -> Place {
        Place { piece: self.piece(), offset: self.position, frame: self.index.frames }
    }

    fn data(&mut self, record: RecordHeader, payload: u32, bytes: &[u8]) {
        match has_header(payload, bytes) {
            true => self.with_header += 1,
            false => self.without_header += 1,
        }
        match self.judge(payload, bytes) {
            Ok(header) => self.frame(record, payload, header),
            Err(fault) => {
                self.index.bad_frames += 1;
                self.damage(fault);
            }
        }
    }

    fn judge<'a>(&self, payload: u32, bytes: &'a [u8]) -> Result<HeaderView<'a>, Fault> {
        let short = Fault::ShortFrame { payload };
        if (payload as usize) < HEADER_LEN {
            return Err(short);
        }
        let header = HeaderView::new(bytes).ok_or(short)?;
        judge_frame(payload, header)?;
        // Where sizes lead into the middle of older data, most of what looks like a frame differs
        // here. A run that has another version from its first frame on is read all the same.
        let version = header.protocol_version();
        match self.index.version {
            Some(first) if version != first && version != PROTOCOL_VERSION => {
                Err(Fault::OtherVersion { version })
            }
            _ => Ok(header),
        }
    }

    fn frame(&mut self, record: RecordHeader, payload: u32, header: HeaderView<'_>) {
        let (piece, offset) = (self.piece(), self.position);
        let index = &mut self.index;
        let frame = index.frames;
        index.version.get_or_insert(header.protocol_version());

        let channels = header.number_of_channels();
        let same_section = match index.sections.last_mut() {
            Some(last) if last.channels == channels && last.payload_bytes == payload => {
                last.frames.end += 1;
                true
            }
            _ => {
                let frames = frame..frame + 1;
                index.sections.push(Section { frames, channels, payload_bytes: payload });
                false
            }
        };
        match index.stretches.last_mut().filter(|last| same_section && last.piece == piece) {
            Some(last) if last.count == 1 => {
                last.stride = offset - last.offset;
                last.count = 2;
            }
            Some(last) if last.offset + last.count * last.stride == offset => last.count += 1,
            _ => index.stretches.push(Stretch { piece, offset, stride: 0, first: frame, count: 1 }),
        }

        let errored = record.is_errored();
        if errored {
            match index.errored.last_mut() {
                Some(last) if last.end == frame => last.end += 1,
                _ => index.errored.push(frame..frame + 1),
            }
        }
        let now = Marks {
            counter: header.frame_counter(),
            sync: header.external_time(),
            timestamp: header.timestamp(),
        };
        let before = self.last.replace(now);
        if let Some(before) = before {
            index.steps.push(frame, before, now);
        }
        self.clock.push(frame, header, before, errored);
        index.frames += 1;
    }
}

/// Whether the payload of a record on the data channel is a frame by its header, and not raw words:
/// of a version that is not known only what has exactly the samples that it says is.
#[inline]
fn has_header(payload: u32, bytes: &[u8]) -> bool {
    HeaderView::new(bytes).is_some_and(|header| {
        let needed = HEADER_LEN as u64 + 4 * u64::from(header.number_of_channels());
        match header.protocol_version() {
            PROTOCOL_VERSION => needed <= payload.into(),
            _ => needed == u64::from(payload),
        }
    })
}

fn head(bytes: &[u8]) -> [u8; RECORD_HEADER_LEN] {
    // Every caller looked at eight bytes or more.
    bytes.first_chunk().copied().unwrap_or_default()
}
