//! Header fields of many frames, as arrays.

use std::ops::Range;

use crate::clock::TimeBasis;
use crate::error::Result;
use crate::header::{FrameHeader, HeaderView, TES_BIASES};
use crate::record::RecordHeader;
use crate::run::Run;
use crate::scan::{NEAR, fetch_ahead};
use crate::select::Selection;
use crate::store::Lens;

/// Bytes that are read at a time.
const REACH: usize = 256 << 10;

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// The header fields of some frames, one array a field, one value a frame.
        ///
        /// They are named as in `docs/formats/smurf.md`.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Headers {
            /// Flags of the record.
            pub flags: Vec<u16>,
            /// Error of the record.
            pub error: Vec<u8>,
            /// Signed 20-bit values, `16 × frames`: all frames of bias 0 first.
            pub tes_bias: Vec<i32>,
            $($(#[$doc])* pub $name: Vec<$type>,)*
        }

        impl Headers {
            fn push(&mut self, column: usize, frames: usize, record: RecordHeader, header: &FrameHeader) {
                self.flags.push(record.flags);
                self.error.push(record.error);
                for (bias, value) in header.tes_bias.iter().enumerate() {
                    self.tes_bias[bias * frames + column] = *value;
                }
                $(self.$name.push(header.$name);)*
            }
        }
    };
}

columns! {
    /// Protocol version.
    protocol_version: u8,
    /// Crate.
    crate_id: u8,
    /// Slot.
    slot_number: u8,
    /// Condition of the timing system.
    timing_cond: u8,
    /// Valid samples.
    number_of_channels: u32,
    /// UNIX ns by the server.
    timestamp: u64,
    /// Flux ramp step.
    flux_ramp_increment: i32,
    /// Flux ramp offset.
    flux_ramp_offset: i32,
    /// 480 kHz ticks since the last 1 Hz marker.
    counter_0: u32,
    /// Ticks since the last external input.
    counter_1: u32,
    /// Timing system: seconds since 1990 in the high half, ns in the low one.
    counter_2: u64,
    /// Markers.
    reset_bits: u32,
    /// Flux-ramp frames.
    frame_counter: u32,
    /// TES relays.
    tes_relays_config: u32,
    /// 40-bit sync word.
    external_time: u64,
    /// Control bits.
    control_field: u8,
    /// Parameters of the test mode.
    test_params: u8,
    /// Rows, 0 for 33.
    num_rows: u16,
    /// Rows reported, 0 for `num_rows`.
    num_rows_reported: u16,
    /// Row length.
    row_length: u16,
    /// Data rate.
    data_rate: u16,
}

impl Headers {
    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.flags.len()
    }

    /// One TES bias, 0 to 15, over the frames.
    ///
    /// # Panics
    /// When there is no such bias.
    pub fn tes_bias(&self, bias: usize) -> &[i32] {
        &self.tes_bias[bias * self.frames()..][..self.frames()]
    }
}

/// Times of frames, and how they were got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// UNIX time in ns, one a frame.
    pub ns: Vec<u64>,
    /// How they were got; its `Display` is a sentence for people.
    pub basis: TimeBasis,
}

impl Run {
    /// The header fields of the frames of a selection, which may lie in several sections. Its
    /// channels are passed over. Takes about 150 bytes a frame.
    ///
    /// # Errors
    /// [`Error::NoSuchSection`](crate::Error::NoSuchSection), [`Error::Io`](crate::Error::Io),
    /// [`Error::Shrunk`](crate::Error::Shrunk).
    pub fn headers(&self, selection: &Selection) -> Result<Headers> {
        let ranges = self.frames_delivered(selection)?;
        let frames = ranges.iter().map(|range| range.end - range.start).sum::<u64>() as usize;
        let mut headers = Headers { tes_bias: vec![0; TES_BIASES * frames], ..Headers::default() };
        let mut column = 0;
        self.each_header(&ranges, |_, record, header| {
            headers.push(column, frames, record, &header.parse());
            column += 1;
        })?;
        Ok(headers)
    }

    /// The server's timestamps of the frames of a selection, UNIX ns: one of the fields of
    /// [`headers`](Self::headers), without the cost of the others.
    ///
    /// # Errors
    /// As [`headers`](Self::headers).
    pub fn timestamps(&self, selection: &Selection) -> Result<Vec<u64>> {
        let mut timestamps = Vec::new();
        self.each_header(&self.frames_delivered(selection)?, |_, _, header| {
            timestamps.push(header.timestamp());
        })?;
        Ok(timestamps)
    }

    /// The best times of the frames of a selection.
    ///
    /// # Errors
    /// As [`headers`](Self::headers).
    pub fn times(&self, selection: &Selection) -> Result<Times> {
        let basis = self.time_basis();
        let mut ns = Vec::new();
        self.each_header(&self.frames_delivered(selection)?, |frame, _, header| {
            ns.push(self.index.clock.time_ns(basis, frame, header));
        })?;
        Ok(Times { ns, basis })
    }

    fn each_header(
        &self,
        ranges: &[Range<u64>],
        mut each: impl FnMut(u64, RecordHeader, HeaderView<'_>),
    ) -> Result<()> {
        let mut lens = Lens::new(&self.stores, REACH);
        for range in ranges {
            for stretch in self.index.stretches_of(range.clone()) {
                for frame in 0..stretch.count {
                    let offset = stretch.offset + frame * stretch.stride;
                    let bytes = lens.look(stretch.piece, offset, NEAR)?;
                    fetch_ahead(bytes, stretch.stride as usize);
                    let Some((record, header)) = bytes.split_first_chunk() else { continue };
                    let Some(header) = HeaderView::new(header) else { continue };
                    each(stretch.first + frame, RecordHeader::parse(*record), header);
                }
            }
        }
        Ok(())
    }
}
