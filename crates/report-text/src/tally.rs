//! Printed samples against counts, taken together as they are read.

use std::collections::HashMap;

use wavekeep_core::Channel;

/// Pairs beside the first one of each count: a table that a factor explains has hardly any.
const MOST_FURTHER: usize = 1 << 16;
/// Counts from -32768 to 32767.
const COUNTS: usize = 1 << 16;

/// A count, what is printed for it, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The count of the file.
    pub count: f64,
    /// The number that the report prints for it.
    pub printed: f64,
    /// How many samples are so.
    pub samples: u64,
}

/// What a table prints for the counts of a channel. Memory does not grow with the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// What is printed first for each count, and how often.
    first: Vec<(f64, u64)>,
    further: HashMap<(i32, u64), u64>,
    not_kept: u64,
}

impl Tally {
    fn add(&mut self, count: f64, printed: f64) {
        if self.first.is_empty() {
            self.first = vec![(0.0, 0); COUNTS];
        }
        // Counts of waveforms are 16 bits.
        let count = (count as i32).clamp(-32_768, 32_767);
        let first = &mut self.first[(count + 32_768) as usize];
        if first.1 == 0 || first.0 == printed {
            *first = (printed, first.1 + 1);
            return;
        }
        let key = (count, printed.to_bits());
        let is_full = self.further.len() >= MOST_FURTHER;
        match self.further.get_mut(&key) {
            Some(samples) => *samples += 1,
            None if is_full => self.not_kept += 1,
            None => {
                self.further.insert(key, 1);
            }
        }
    }

    /// The pairs, by count.
    pub fn pairs(&self) -> Vec<Pair> {
        let first = self.first.iter().enumerate().filter(|(_, (_, samples))| *samples > 0);
        let first = first.map(|(index, &(printed, samples))| Pair {
            count: index as f64 - 32_768.0,
            printed,
            samples,
        });
        let further = self.further.iter().map(|(&(count, printed), &samples)| Pair {
            count: count.into(),
            printed: f64::from_bits(printed),
            samples,
        });
        let mut pairs: Vec<Pair> = first.chain(further).collect();
        pairs.sort_by(|a, b| a.count.total_cmp(&b.count).then(a.printed.total_cmp(&b.printed)));
        pairs
    }

    /// Samples that were not kept: so many different numbers are printed for the same counts that
    /// the table is another event's.
    pub fn not_kept(&self) -> u64 {
        self.not_kept
    }
}

/// The samples of up to four channels, walked through beside the rows of a table.
pub(crate) struct Walk<'c> {
    counts: [Option<Box<dyn Iterator<Item = Option<f64>> + 'c>>; 4],
    pub(crate) tallies: [Tally; 4],
}

impl<'c> Walk<'c> {
    pub(crate) fn new(channels: [Option<&'c Channel>; 4]) -> Self {
        let counts = channels.map(|channel| {
            channel.map(|channel| Box::new(channel.counts()) as Box<dyn Iterator<Item = _> + 'c>)
        });
        Self { counts, tallies: Default::default() }
    }

    /// Takes the next row.
    pub(crate) fn take(&mut self, row: [Option<f64>; 4]) {
        for ((counts, tally), printed) in self.counts.iter_mut().zip(&mut self.tallies).zip(row) {
            let count = counts.as_mut().and_then(|counts| counts.next().flatten());
            if let (Some(count), Some(printed)) = (count, printed) {
                tally.add(count, printed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pairs_are_one_and_others_stay_apart() {
        let mut tally = Tally::default();
        for (count, printed) in [(3.0, 0.015), (3.0, 0.015), (3.0, 0.016), (-32_768.0, -1.0)] {
            tally.add(count, printed);
        }
        let pair = |count, printed, samples| Pair { count, printed, samples };
        assert_eq!(
            tally.pairs(),
            [pair(-32_768.0, -1.0, 1), pair(3.0, 0.015, 2), pair(3.0, 0.016, 1)]
        );
    }

    #[test]
    fn a_table_of_another_event_takes_bounded_memory() {
        let mut tally = Tally::default();
        for index in 0..200_000 {
            tally.add(f64::from(index % 7), f64::from(index));
        }
        assert!(tally.pairs().len() <= MOST_FURTHER + 7);
        let kept: u64 = tally.pairs().iter().map(|pair| pair.samples).sum();
        assert_eq!(kept + tally.not_kept(), 200_000);
    }
}
