//! Which channels go on.

use super::error::ChainError;

/// Picks channels: output channel *k* is input channel `mask[k]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapper {
    mask: Option<Vec<u32>>,
    largest: Option<u32>,
}

impl Mapper {
    /// A mapper with this mask; `None` passes every channel in its order.
    pub fn new(mask: Option<Vec<u32>>) -> Self {
        let largest = mask.iter().flatten().max().copied();
        Self { mask, largest }
    }

    /// Channels that go on from a frame of `channels` channels.
    pub fn channels(&self, channels: u32) -> usize {
        self.mask.as_ref().map_or(channels as usize, Vec::len)
    }

    /// Fills `output`, one sample a mapped channel, from `input`, one sample a channel.
    ///
    /// # Errors
    /// [`ChainError::MaskPastInput`] when the mask asks for more than `input` has; `output` is
    /// untouched then.
    ///
    /// ```
    /// use wavekeep_smurf::chain::Mapper;
    ///
    /// let mut output = Vec::new();
    /// Mapper::new(Some(vec![2, 0, 2])).run(&[10, 11, 12], &mut output)?;
    /// assert_eq!(output, [12, 10, 12]);
    /// # Ok::<(), wavekeep_smurf::chain::ChainError>(())
    /// ```
    pub fn run(&self, input: &[i32], output: &mut Vec<i32>) -> Result<(), ChainError> {
        let Some(mask) = &self.mask else {
            output.clear();
            output.extend_from_slice(input);
            return Ok(());
        };
        if self.largest.is_some_and(|largest| largest as usize >= input.len()) {
            return Err(past_input(mask, input.len()));
        }
        output.clear();
        output.extend(mask.iter().map(|&index| input[index as usize]));
        Ok(())
    }
}

fn past_input(mask: &[u32], channels: usize) -> ChainError {
    let position = mask.iter().position(|&index| index as usize >= channels).unwrap_or_default();
    ChainError::MaskPastInput { position, index: mask[position], channels: channels as u32 }
}
