//! Which channels go on.

use std::ops::Range;

use super::error::ChainError;

/// Picks channels: output channel *k* is input channel `mask[k]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapper {
    mask: Option<Vec<u32>>,
    largest: Option<u32>,
    /// The mask as stretches of channels that follow each other, where those are long: whole
    /// stretches are copied several times as fast as channels one by one.
    stretches: Option<Vec<Range<usize>>>,
}

/// Channels of a stretch, on average, from which on it is worth it.
const LONG: usize = 8;

impl Mapper {
    /// A mapper with this mask; `None` passes every channel in its order.
    pub fn new(mask: Option<Vec<u32>>) -> Self {
        let largest = mask.iter().flatten().max().copied();
        let stretches = mask.as_deref().and_then(stretches);
        Self { mask, largest, stretches }
    }

    /// Channels that go on from a frame of `channels` channels.
    pub fn channels(&self, channels: u32) -> usize {
        self.mask.as_ref().map_or(channels as usize, Vec::len)
    }

    /// Appends one sample a mapped channel to `output`, from `input`, one sample a channel.
    ///
    /// # Errors
    /// [`ChainError::MaskPastInput`] when the mask asks for more than `input` has; `output` is
    /// untouched then.
    ///
    /// ```
    /// use wavekeep_recorder::chain::Mapper;
    ///
    /// let mut output = Vec::new();
    /// Mapper::new(Some(vec![2, 0, 2])).run(&[10, 11, 12], &mut output)?;
    /// assert_eq!(output, [12, 10, 12]);
    /// # Ok::<(), wavekeep_recorder::chain::ChainError>(())
    /// ```
    pub fn run(&self, input: &[i32], output: &mut Vec<i32>) -> Result<(), ChainError> {
        let Some(mask) = &self.mask else {
            output.extend_from_slice(input);
            return Ok(());
        };
        if self.largest.is_some_and(|largest| largest as usize >= input.len()) {
            return Err(past_input(mask, input.len()));
        }
        if let Some(stretches) = &self.stretches {
            stretches
                .iter()
                .for_each(|channels| output.extend_from_slice(&input[channels.clone()]));
            return Ok(());
        }
        output.extend(mask.iter().map(|&index| input[index as usize]));
        Ok(())
    }
}

fn stretches(mask: &[u32]) -> Option<Vec<Range<usize>>> {
    let stretches = mask.chunk_by(|channel, next| channel.checked_add(1) == Some(*next));
    let stretches: Vec<Range<usize>> = stretches
        .filter_map(|stretch| Some(*stretch.first()? as usize..*stretch.last()? as usize + 1))
        .collect();
    (stretches.len() * LONG <= mask.len()).then_some(stretches)
}

fn past_input(mask: &[u32], channels: usize) -> ChainError {
    let position = mask.iter().position(|&index| index as usize >= channels).unwrap_or_default();
    ChainError::MaskPastInput { position, index: mask[position], channels: channels as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stretches_and_single_channels_are_picked_alike() {
        let input: Vec<i32> = (0..100).map(|channel| channel * 3).collect();
        let of_stretches: Vec<u32> = (40..60).chain(0..20).chain([99]).collect();
        let of_single: Vec<u32> = (0..50).map(|channel| 99 - channel).collect();
        for (mask, has_stretches) in [(of_stretches, true), (of_single, false)] {
            let mapper = Mapper::new(Some(mask.clone()));
            assert_eq!(mapper.stretches.is_some(), has_stretches);
            let mut output = Vec::new();
            mapper.run(&input, &mut output).unwrap();
            let expected: Vec<i32> = mask.iter().map(|&channel| channel as i32 * 3).collect();
            assert_eq!(output, expected);
        }
    }
}
