//! Which detector each sample of a section belongs to: by the mask file, or by the metadata.

use std::sync::{Arc, PoisonError};

use serde_json::Value;

use crate::error::Result;
use crate::files::mask::{CHANNELS_IN_BAND, Mask};
use crate::files::pieces::beside;
use crate::metadata::Config;
use crate::run::Run;

/// Offsets of tones in a band above this are frequencies of their own, MHz.
const LEAST_ABSOLUTE_MHZ: f64 = 1000.0;

/// What states which channels were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskSource {
    /// The file beside the run, or [`Run::set_mask`].
    File,
    /// `ChannelMapper.Mask` of the metadata.
    Metadata,
}

/// The detectors of a section.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChannelMap {
    /// Absolute channel numbers, one for each sample, or for each pair of them.
    pub mask: Mask,
    /// Samples of a frame that belong to one line of the mask: 1, or 2 for I and Q.
    pub words: usize,
    /// Resonator frequencies in MHz by line of the mask; NaN where none is known.
    pub frequencies_mhz: Option<Vec<f64>>,
    /// What states the mask.
    pub source: MaskSource,
}

/// A detector.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Detector {
    /// The band.
    pub band: u32,
    /// The channel in the band, 0 to 511.
    pub channel: u32,
    /// Frequency of its resonator in MHz.
    pub frequency_mhz: Option<f64>,
}

/// The detectors of a section, or the reason why they are not known, as a sentence.
pub type Detectors = std::result::Result<Arc<ChannelMap>, String>;

impl ChannelMap {
    /// The detector of a value, where `words` samples make one.
    pub fn detector(&self, index: usize, words: usize) -> Option<Detector> {
        let line = index * words / self.words;
        let (band, channel) = self.mask.band_and_channel(line)?;
        let frequencies = self.frequencies_mhz.as_ref();
        let known = frequencies.and_then(|all| all.get(line)).copied();
        let frequency_mhz = known.filter(|frequency| frequency.is_finite());
        Some(Detector { band, channel, frequency_mhz })
    }

    /// `2:107`; `2:107 I` and `2:107 Q` for samples of a pair.
    pub fn name(&self, index: usize, words: usize) -> Option<String> {
        let Detector { band, channel, .. } = self.detector(index, words)?;
        Some(match (self.words, words) {
            (2, 1) => {
                format!("{band}:{channel} {}", if index.is_multiple_of(2) { "I" } else { "Q" })
            }
            _ => format!("{band}:{channel}"),
        })
    }
}

impl Run {
    /// The detectors of a section.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Shrunk`](crate::Error::Shrunk).
    pub fn channel_map(&self, section: usize) -> Result<Detectors> {
        let mut kept = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, map)) = kept.as_ref().filter(|(of, _)| *of == section) {
            return Ok(map.clone());
        }
        let map = self.find_channel_map(section)?.map(Arc::new);
        *kept = Some((section, map.clone()));
        Ok(map)
    }

    /// The mask of the first section, or where it does not fit the one beside the run.
    ///
    /// # Errors
    /// As [`channel_map`](Self::channel_map).
    pub fn table_mask(&self) -> Result<Option<Mask>> {
        Ok(match self.channel_map(0)? {
            Ok(map) => Some(map.mask.clone()),
            Err(_) => self.mask().cloned(),
        })
    }

    fn find_channel_map(&self, section: usize) -> Result<std::result::Result<ChannelMap, String>> {
        let Some(section) = self.index().sections().get(section) else {
            return Ok(Err("the run has no frames".to_owned()));
        };
        let channels = section.channels as usize;
        let file = self.mask().and_then(|mask| Some((mask, words_for(mask, channels)?)));
        if let Some((mask, words)) = file {
            let beside = self.frequencies_mhz().map(<[f64]>::to_vec);
            let fits = beside.filter(|all| all.len() == mask.channels().len());
            let frequencies_mhz = match fits {
                Some(fits) => Some(fits),
                None => frequencies(&self.metadata()?.config_at(section.frames.start), mask),
            };
            let (mask, source) = (mask.clone(), MaskSource::File);
            return Ok(Ok(ChannelMap { mask, words, frequencies_mhz, source }));
        }
        let config = self.metadata()?.config_at(section.frames.start);
        if let Some((mask, words)) = stated(&config, channels) {
            let frequencies_mhz = frequencies(&config, &mask);
            return Ok(Ok(ChannelMap {
                mask,
                words,
                frequencies_mhz,
                source: MaskSource::Metadata,
            }));
        }
        let metadata = match config.find("ChannelMapper").and_then(|it| it.get("Mask")) {
            Some(_) => "the mask in the metadata has another number too",
            None => "the metadata before it states no mask",
        };
        Ok(Err(match self.mask() {
            Some(mask) => format!(
                "the mask lists {} channels, frames of this section have {channels} samples, and {metadata}",
                mask.channels().len()
            ),
            None => format!(
                "there is no mask file {}, and {metadata}",
                beside(self.name(), "_mask.txt").display()
            ),
        }))
    }
}

/// How many samples belong to a line of the mask, if it fits.
fn words_for(mask: &Mask, channels: usize) -> Option<usize> {
    match mask.channels().len() {
        lines if lines == channels => Some(1),
        lines if lines > 0 && lines * 2 == channels => Some(2),
        _ => None,
    }
}

/// The mask that the metadata states, if it fits.
fn stated(config: &Config, channels: usize) -> Option<(Mask, usize)> {
    let numbers = Config::numbers_in(config.find("ChannelMapper")?.get("Mask")?)?;
    let whole = |number: f64| {
        (number >= 0.0 && number.fract() == 0.0 && number < f64::from(u32::MAX))
            .then_some(number as u32)
    };
    let numbers: Vec<u32> = numbers.into_iter().map(whole).collect::<Option<_>>()?;
    if numbers.len() != channels {
        return None;
    }
    // With I and Q the mapper's entries are samples: 2k and 2k + 1 are those of channel k.
    let mode = config.value_of("modeStream").and_then(Value::as_f64);
    let (pairs, rest) = numbers.as_chunks::<2>();
    if mode == Some(1.0) && rest.is_empty() && pairs.iter().all(|[i, q]| i % 2 == 0 && *q == i + 1)
    {
        return Some((Mask::new(pairs.iter().map(|[i, _]| i / 2).collect()), 2));
    }
    Some((Mask::new(numbers), 1))
}

/// The frequencies that the metadata states: the centre of the band, the offset of the tone, and
/// that of the resonator.
fn frequencies(config: &Config, mask: &Mask) -> Option<Vec<f64>> {
    let mut bands: Vec<Option<Vec<f64>>> = Vec::new();
    let frequency = |absolute: u32| {
        let (band, channel) = (absolute / CHANNELS_IN_BAND, absolute % CHANNELS_IN_BAND);
        while bands.len() <= band as usize {
            bands.push(band_frequencies(config, bands.len()));
        }
        let found = bands[band as usize].as_ref().and_then(|all| all.get(channel as usize));
        found.copied().unwrap_or(f64::NAN)
    };
    let all: Vec<f64> = mask.channels().iter().copied().map(frequency).collect();
    all.iter().any(|frequency| frequency.is_finite()).then_some(all)
}

fn band_frequencies(config: &Config, band: usize) -> Option<Vec<f64>> {
    let base = config.find(&format!("Base[{band}]"))?;
    let values = |name: &str| Config::numbers_in(Config::value_in(base, name)?);
    let offsets = ["centerFrequencyArray", "centerFrequencyMHz"].into_iter().find_map(values)?;
    let center = values("bandCenterMHz").and_then(|all| all.first().copied());
    let tones = values("toneFrequencyOffsetMHz");
    let frequency = |(channel, offset): (usize, f64)| match center {
        _ if offset >= LEAST_ABSOLUTE_MHZ => offset,
        Some(center) => {
            let tone = tones.as_ref().and_then(|tones| tones.get(channel)).copied();
            center + tone.unwrap_or(0.0) + offset
        }
        None => f64::NAN,
    };
    Some(offsets.into_iter().enumerate().map(frequency).collect())
}
