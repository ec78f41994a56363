//! Which channels of the system were recorded, and at which frequencies.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// Channels in a band.
pub const CHANNELS_IN_BAND: u32 = 512;
/// Largest number of bands that a table is made for; systems have eight.
const MOST_BANDS: u32 = 64;

/// What `<stem>_mask.txt` says: sample `k` belongs to the absolute channel number in line `k`, and
/// an absolute channel number is band × 512 + channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    channels: Vec<u32>,
}

impl Mask {
    /// A mask from absolute channel numbers.
    pub fn new(channels: Vec<u32>) -> Self {
        Self { channels }
    }

    /// Reads a mask file; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::BadLine`] for a line that is no channel number, [`Error::Io`].
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let most = MOST_BANDS * CHANNELS_IN_BAND;
        // `numpy.savetxt` writes 1024 as 1.024000000000000000e+03.
        let number = |word: &str| {
            let number: f64 = word.parse().ok()?;
            let whole = number.fract() == 0.0 && (0.0..f64::from(most)).contains(&number);
            whole.then_some(number as u32)
        };
        let expected = "an absolute channel number, 0 to 32767";
        Ok(lines(path, expected, number)?.map(Self::new))
    }

    /// The absolute channel numbers, by sample index.
    pub fn channels(&self) -> &[u32] {
        &self.channels
    }

    /// The sample index of a channel in a band; the first one of several.
    pub fn index_of(&self, band: u32, channel: u32) -> Option<usize> {
        let absolute = band.checked_mul(CHANNELS_IN_BAND)?.checked_add(channel)?;
        let position = self.channels.iter().position(|number| *number == absolute)?;
        (channel < CHANNELS_IN_BAND).then_some(position)
    }

    /// Band and channel of a sample index.
    pub fn band_and_channel(&self, index: usize) -> Option<(u32, u32)> {
        let absolute = self.channels.get(index)?;
        Some((absolute / CHANNELS_IN_BAND, absolute % CHANNELS_IN_BAND))
    }

    /// The lookup table `[band][512]`: sample index, -1 where nothing was recorded. It has a row
    /// for every band up to the last one that was recorded. Of a channel that was recorded twice
    /// the last index stands.
    pub fn table(&self) -> Vec<[i32; CHANNELS_IN_BAND as usize]> {
        let bands = self.channels.iter().max().map_or(0, |last| last / CHANNELS_IN_BAND + 1);
        let mut table = vec![[-1; CHANNELS_IN_BAND as usize]; bands.min(MOST_BANDS) as usize];
        for (index, absolute) in self.channels.iter().enumerate() {
            let (band, channel) = (absolute / CHANNELS_IN_BAND, absolute % CHANNELS_IN_BAND);
            if let Some(row) = table.get_mut(band as usize) {
                row[channel as usize] = i32::try_from(index).unwrap_or(-1);
            }
        }
        table
    }
}

/// Reads `<stem>_freq.txt`, MHz by sample index; `None` when there is none.
///
/// # Errors
/// [`Error::BadLine`] for a line that is no number, [`Error::Io`].
pub fn read_frequencies(path: &Path) -> Result<Option<Vec<f64>>> {
    lines(path, "a frequency in MHz", |word| word.parse().ok())
}

/// Values as `numpy.loadtxt` reads them: one a line, or all in one line; `#` begins a comment, and
/// lines without values are passed over.
fn lines<T>(
    path: &Path,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::io("read", path, source)),
    };
    let value_of = |text: &str| text.split('#').next().unwrap_or_default().trim().to_owned();
    let mut lines: Vec<(usize, String)> =
        text.lines().map(value_of).enumerate().filter(|(_, text)| !text.is_empty()).collect();
    if let [(line, only)] = &lines[..] {
        lines = only.split_whitespace().map(|word| (*line, word.to_owned())).collect();
    }
    let parsed = lines.into_iter().map(|(line, text)| {
        parse(&text).ok_or_else(|| Error::BadLine {
            path: path.to_owned(),
            line: line + 1,
            expected,
            found: text.chars().take(40).collect(),
        })
    });
    parsed.collect::<Result<_>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_minus_one_where_nothing_was_recorded() {
        let mask = Mask::new(vec![513, 0, 1029]);
        let table = mask.table();
        assert_eq!(table.len(), 3);
        assert_eq!((table[0][0], table[1][1], table[2][5]), (1, 0, 2));
        assert_eq!(table.iter().flatten().filter(|index| **index == -1).count(), 3 * 512 - 3);
        assert_eq!(mask.index_of(2, 5), Some(2));
        assert_eq!(mask.index_of(0, 513), None);
        assert_eq!(mask.band_and_channel(2), Some((2, 5)));
    }

    #[test]
    fn a_line_that_is_no_number_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r_mask.txt");
        assert_eq!(Mask::read(&path).unwrap(), None);
        fs::write(&path, "3\r\n 4 \n\n").unwrap();
        assert_eq!(Mask::read(&path).unwrap(), Some(Mask::new(vec![3, 4])));
        for same in [
            "3.000000000000000000e+00\n4.000000000000000000e+00\n",
            "# channels\n3 # the first\n\n  4\n# end",
            "3 4\n",
            "+3\n4.\n",
        ] {
            fs::write(&path, same).unwrap();
            assert_eq!(Mask::read(&path).unwrap(), Some(Mask::new(vec![3, 4])), "{same}");
        }
        for wrong in ["3\n4.5\n", "3\n-1\n", "3\n4 5\n", "3\n1e9\n", "3\nnan\n"] {
            fs::write(&path, wrong).unwrap();
            assert!(Mask::read(&path).unwrap_err().to_string().contains("line 2"), "{wrong}");
        }
        fs::write(&path, "3\nx\n").unwrap();
        assert!(Mask::read(&path).unwrap_err().to_string().contains("line 2"));
    }
}
