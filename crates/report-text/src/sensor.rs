//! What a report states of one sensor: its channels and its vector sum.

use wavekeep_core::{ChannelStatement, Frequency, Reading, Unit, weighting_by_words};

use crate::date;
use crate::label::{ChannelField, MICROPHONE, SumField, key};
use crate::moment::Moment;
use crate::not_understood::shortened;
use crate::number::NoValue;
use crate::printed::Printed;
use crate::statement::{Builder, Field, KEPT_CHARACTERS, set};

/// What `OORANGE` stands for in a PSPL.
const PSPL_LIMIT: Reading = Reading::new(140.0, Unit::DecibelLinear);

/// One sensor: its channels and vector sum.
#[derive(Debug, Clone, Default)]
pub(crate) struct SensorFields {
    pub number: u32,
    pub channels: [ChannelStatement; 4],
    pub peaks_at: [Moment; 4],
    pub sum: Option<Reading>,
    pub sum_time_s: Option<f64>,
    pub sum_at: Moment,
}

impl Builder<'_> {
    /// The unit of velocities that carry none; `None` when nothing says it.
    fn velocity(&self) -> Option<Unit> {
        self.range.map(|range| range.unit).or(self.units.velocity)
    }

    /// What `OORANGE` stands for: the range, which is the normal one where nothing says it.
    fn limit(&self) -> Reading {
        let normal = Reading::new(10.0, Unit::InchPerSecond);
        let unit = self.velocity().unwrap_or(normal.unit);
        self.range.unwrap_or_else(|| normal.to(unit).unwrap_or(normal))
    }

    /// A velocity; one without a unit is none when nothing says its unit.
    fn velocity_reading(&self, text: &str, limit: Reading) -> Result<Reading, NoValue> {
        let printed = self.printed(text)?;
        if let Printed::Number { unit, .. } = printed
            && unit.is_empty()
            && self.velocity().is_none()
        {
            return Err(NoValue::NotUnderstood);
        }
        printed.reading(limit.unit, Some(limit))
    }

    pub(crate) fn channel(
        &mut self,
        place: usize,
        channel: usize,
        of: ChannelField,
        field: &Field,
    ) -> Result<(), NoValue> {
        let text = field.value.as_str();
        let is_microphone = channel == MICROPHONE;
        let limit = self.limit();
        let frequency = |printed: Result<Printed<'_>, NoValue>| match printed {
            Err(NoValue::NotAvailable) if !text.trim().is_empty() => Ok(Frequency::NotAvailable),
            printed => printed?.frequency(),
        };
        let is_other = match of {
            ChannelField::Ppv | ChannelField::Pspl if is_microphone => {
                let reading = self.level(field)?;
                set(&mut self.at(place, channel).peak, reading)
            }
            ChannelField::Ppv => {
                let reading = self.velocity_reading(text, limit)?;
                set(&mut self.at(place, channel).peak, reading)
            }
            ChannelField::Pspl => return Err(NoValue::NotUnderstood),
            ChannelField::ZcFrequency => {
                let hz = frequency(self.printed(text))?;
                set(&mut self.at(place, channel).zc_frequency, hz)
            }
            ChannelField::TestFrequency => {
                let hz = frequency(self.printed(text))?;
                set(&mut self.at(place, channel).test_frequency, hz)
            }
            ChannelField::TimeOfPeak => {
                let seconds = self.printed(text)?.seconds()?;
                set(&mut self.at(place, channel).time_of_peak_s, seconds)
            }
            ChannelField::PeakAcceleration => {
                let reading = self.printed(text)?.reading(Unit::Gravity, None)?;
                set(&mut self.at(place, channel).peak_acceleration, reading)
            }
            ChannelField::PeakDisplacement => {
                let inches = limit.unit == Unit::InchPerSecond;
                let unit = if inches { Unit::Inch } else { Unit::Millimetre };
                let reading = self.printed(text)?.reading(unit, None)?;
                set(&mut self.at(place, channel).peak_displacement, reading)
            }
            ChannelField::TestRatio => {
                let ratio = self.printed(text)?.number(&[])?;
                set(&mut self.at(place, channel).test_ratio, ratio)
            }
            ChannelField::TestAmplitude => {
                let reading = self.printed(text)?.reading(Unit::Millivolt, None)?;
                set(&mut self.at(place, channel).test_amplitude, reading)
            }
            ChannelField::TestResults => {
                let text = text.trim();
                if text.is_empty() {
                    return Ok(());
                }
                let results = shortened(text, KEPT_CHARACTERS);
                set(&mut self.at(place, channel).test_results, results)
            }
            ChannelField::PeakTime => {
                return self.sensors[place].peaks_at[channel].take_time(text);
            }
            ChannelField::PeakDate => {
                return self.sensors[place].peaks_at[channel].take_date(field);
            }
            ChannelField::KeptAsWritten => false,
        };
        self.stated_twice += u64::from(is_other);
        Ok(())
    }

    fn at(&mut self, place: usize, channel: usize) -> &mut ChannelStatement {
        &mut self.sensors[place].channels[channel]
    }

    /// The level or pressure of a microphone. A weighted level is another quantity than a linear
    /// one; where its unit does not say the weighting, its label or the kind of microphone does.
    fn level(&self, field: &Field) -> Result<Reading, NoValue> {
        let printed = self.printed(&field.value)?;
        let by_label = match key(&field.name) {
            label if label.starts_with("mica") => Some(Unit::DecibelA),
            label if label.starts_with("micc") => Some(Unit::DecibelC),
            _ => self.out.statement.microphone.as_deref().and_then(weighting_by_words),
        };
        let weighted = match printed {
            Printed::Number { unit, .. } => match unit.weighted() {
                None if unit.is_empty() || unit.0.trim().eq_ignore_ascii_case("db") => by_label,
                by_unit => by_unit,
            },
            Printed::OutOfRange => by_label,
        };
        match (weighted, printed) {
            (Some(unit), Printed::Number { value, decimals, flag, .. }) => {
                Ok(Reading { flag, ..Reading::new(value, unit).with_decimals(decimals) })
            }
            // What a weighted level is at most is not known.
            (Some(_), Printed::OutOfRange) => Err(NoValue::NotUnderstood),
            (None, _) => printed.reading(PSPL_LIMIT.unit, Some(PSPL_LIMIT)),
        }
    }

    pub(crate) fn vector_sum(
        &mut self,
        place: usize,
        of: SumField,
        field: &Field,
    ) -> Result<(), NoValue> {
        let text = field.value.as_str();
        let is_other = match of {
            SumField::Value => {
                let limit = self.limit();
                let limit = Reading::new(limit.value * 3f64.sqrt(), limit.unit);
                let reading = self.velocity_reading(text, limit)?;
                set(&mut self.sensors[place].sum, reading)
            }
            SumField::Time if date::printed_time(text).is_some() => {
                return self.sensors[place].sum_at.take_time(text);
            }
            SumField::Time => {
                let seconds = self.printed(text)?.seconds()?;
                set(&mut self.sensors[place].sum_time_s, seconds)
            }
            SumField::Date => return self.sensors[place].sum_at.take_date(field),
        };
        self.stated_twice += u64::from(is_other);
        Ok(())
    }
}
