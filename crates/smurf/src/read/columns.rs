//! Header fields of many frames, as arrays.

use std::ops::Range;

use crate::error::Result;
use crate::files::store::Lens;
use crate::index::clock::TimeBasis;
use crate::index::scan::{NEAR, fetch_ahead};
use crate::read::select::Selection;
use crate::run::Run;
use crate::wire::fields::with_header_fields;
use crate::wire::header::{FrameHeader, HeaderView, TES_BIASES};
use crate::wire::record::RecordHeader;

/// Bytes that are read at a time.
const REACH: usize = 256 << 10;

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $offset:literal, $bytes:literal;)*) => {
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
            /// Name, type and rows of each field, in the order of [`columns`](Self::columns).
            pub(crate) const FIELDS: &[(&str, ColumnType, usize)] = &[
                ("flags", <u16 as Item>::TYPE, 1),
                ("error", <u8 as Item>::TYPE, 1),
                ("tes_bias", <i32 as Item>::TYPE, TES_BIASES),
                $((stringify!($name), <$type as Item>::TYPE, 1),)*
            ];

            fn push(&mut self, column: usize, frames: usize, record: RecordHeader, header: &FrameHeader) {
                self.flags.push(record.flags);
                self.error.push(record.error);
                for (bias, value) in header.tes_bias.iter().enumerate() {
                    self.tes_bias[bias * frames + column] = *value;
                }
                $(self.$name.push(header.$name);)*
            }

            /// Every field with its name, for code that treats all alike. `tes_bias` has 16 rows,
            /// the others have one.
            pub fn into_columns(self) -> Vec<(&'static str, Column)> {
                vec![
                    ("flags", Item::column(self.flags)),
                    ("error", Item::column(self.error)),
                    ("tes_bias", Item::column(self.tes_bias)),
                    $((stringify!($name), Item::column(self.$name)),)*
                ]
            }
        }
    };
}

/// The values of a field, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// 8 bits.
    U8(Vec<u8>),
    /// 16 bits.
    U16(Vec<u16>),
    /// 32 bits.
    U32(Vec<u32>),
    /// 64 bits.
    U64(Vec<u64>),
    /// 32 bits, signed.
    I32(Vec<i32>),
}

/// A type of values as numpy writes it, and its size in bytes.
pub(crate) type ColumnType = (&'static str, usize);

/// A type that fields have.
trait Item: Sized {
    const TYPE: ColumnType;
    fn column(values: Vec<Self>) -> Column;
}

macro_rules! items {
    ($($type:ty, $dtype:literal, $variant:ident;)*) => {
        $(
            impl Item for $type {
                const TYPE: ColumnType = ($dtype, size_of::<$type>());

                fn column(values: Vec<Self>) -> Column {
                    Column::$variant(values)
                }
            }
        )*

        impl Column {
            /// Appends the little-endian bytes of each of `rows.len()` rows.
            pub(crate) fn extend(&self, rows: &mut [Vec<u8>]) {
                match self {
                    $(Self::$variant(values) => {
                        let frames = values.len() / rows.len().max(1);
                        for (row, values) in rows.iter_mut().zip(values.chunks_exact(frames.max(1))) {
                            row.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                        }
                    })*
                }
            }
        }
    };
}

items! {
    u8, "|u1", U8;
    u16, "<u2", U16;
    u32, "<u4", U32;
    u64, "<u8", U64;
    i32, "<i4", I32;
}

with_header_fields!(columns);

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
#[non_exhaustive]
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
        let ranges = self.frames_delivered(selection)?;
        let basis = self.basis_of(&ranges);
        let mut ns = Vec::new();
        self.each_header(&ranges, |frame, _, header| {
            ns.push(self.index.clock.time_ns(frame, header));
        })?;
        Ok(Times { ns, basis })
    }

    fn basis_of(&self, ranges: &[Range<u64>]) -> TimeBasis {
        let overlaps = |frames: &Range<u64>| {
            ranges.iter().any(|it| it.start < frames.end && frames.start < it.end)
        };
        let stretches = self.time_stretches();
        let mut bases = stretches.iter().filter(|it| overlaps(&it.frames)).map(|it| it.basis);
        let first = bases.next().unwrap_or(TimeBasis::Server);
        if bases.all(|basis| basis == first) { first } else { TimeBasis::Mixed }
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
