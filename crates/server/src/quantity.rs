//! What of the ground's motion is asked for: the recorded velocity, or what is computed from it.

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_signal::{MotionQuantity, motion_traces};

use crate::cache::Decoded;
use crate::extract::optional;
use crate::problem::Problem;
use crate::state::State;

/// What of the ground's motion is asked for.
#[derive(Debug, Default, Clone, Copy, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct QuantityParams {
    /// `velocity` (the default: the channels as they were recorded), `acceleration` (g),
    /// `displacement` (in or mm) or `vector_sum` (in/s) of the geophones.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<QuantityWord>)]
    pub quantity: Option<QuantityWord>,
}

/// The quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum QuantityWord {
    /// As recorded: in/s, and psi of a microphone.
    Velocity,
    /// (v(i+1) − v(i)) / dt.
    Acceleration,
    /// The integral of the velocity.
    Displacement,
    /// sqrt(T² + V² + L²).
    VectorSum,
}

impl FromStr for QuantityWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "velocity" => Ok(Self::Velocity),
            "acceleration" => Ok(Self::Acceleration),
            "displacement" => Ok(Self::Displacement),
            "vector_sum" => Ok(Self::VectorSum),
            _ => Err("velocity, acceleration, displacement or vector_sum was expected"),
        }
    }
}

impl QuantityParams {
    /// What has to be computed; `None` for the channels as they were recorded.
    pub fn computed(self) -> Option<MotionQuantity> {
        match self.quantity? {
            QuantityWord::Velocity => None,
            QuantityWord::Acceleration => Some(MotionQuantity::Acceleration),
            QuantityWord::Displacement => Some(MotionQuantity::Displacement),
            QuantityWord::VectorSum => Some(MotionQuantity::VectorSum),
        }
    }
}

impl State {
    /// As [`decoded`](Self::decoded), with the traces of a quantity in the place of the channels.
    ///
    /// # Errors
    /// As for [`decoded`](Self::decoded), or when the event has no such traces.
    pub fn decoded_as(
        &self,
        id: i64,
        quantity: Option<MotionQuantity>,
    ) -> Result<Arc<Decoded>, Problem> {
        let decoded = self.decoded(id)?;
        let Some(quantity) = quantity else { return Ok(decoded) };
        let traces = motion_traces(&decoded.recording, quantity)
            .map_err(|none| Problem::conflict("no_such_quantity", none.to_string()))?;
        let (recording, measured) = (traces.recording, traces.measured);
        Ok(Arc::new(Decoded { row: decoded.row.clone(), recording, measured }))
    }
}
