//! The stream bridges that the server may record from.
//!
//! A request names an address, and the server connects to it or listens there. So that nobody sends
//! the server anywhere, the addresses are those that it was started with. A bridge shares its frames
//! out among all that are connected: one recording at a time has it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use wavekeep_link::Address;
use wavekeep_link::bridge::{Bridge, BridgeOptions};

use super::form::BridgeForm;
use crate::problem::Problem;
use crate::state::State;

/// The bridges that there may be, and those that are being recorded.
#[derive(Debug, Default)]
pub struct Bridges {
    allowed: BTreeSet<Address>,
    used: Mutex<BTreeSet<Address>>,
}

/// A bridge that nobody else records meanwhile.
pub struct UsedBridge {
    state: State,
    addresses: Vec<Address>,
}

impl Bridges {
    /// With these addresses and no others.
    pub fn new(allowed: impl IntoIterator<Item = Address>) -> Self {
        Self { allowed: allowed.into_iter().collect(), used: Mutex::default() }
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<Address>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses that a request names.
    ///
    /// # Errors
    /// When one is no address, or none of those that are allowed.
    pub fn options(&self, form: &BridgeForm) -> Result<BridgeOptions, Problem> {
        let address = |text: &str| {
            let address: Address = text
                .parse()
                .map_err(|error| Problem::unprocessable("address", format!("{error}")))?;
            match self.allowed.contains(&address) {
                true => Ok(address),
                false => {
                    let detail = format!(
                        "{address} is not among the bridges that this server was started with \
                         (wavekeep serve --bridge {address})"
                    );
                    Err(Problem::new(StatusCode::FORBIDDEN, "bridge", detail))
                }
            }
        };
        let mut options = BridgeOptions::new(address(&form.address)?);
        options.metadata = form.metadata.as_deref().map(address).transpose()?;
        options.bind = form.bind;
        Ok(options)
    }
}

impl UsedBridge {
    /// Opens a bridge.
    ///
    /// # Errors
    /// When another recording has it, or it cannot be bound.
    pub fn open(state: &State, options: &BridgeOptions) -> Result<(Bridge, Self), Problem> {
        let addresses: Vec<_> = [Some(&options.data), options.metadata.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        {
            let mut used = state.bridges.used();
            if let Some(taken) = addresses.iter().find(|address| used.contains(address)) {
                let detail = format!(
                    "{taken} is being recorded already: a bridge shares its frames out among all \
                     that are connected, so that each would get a part of them"
                );
                return Err(Problem::conflict("bridge", detail));
            }
            used.extend(addresses.iter().cloned());
        }
        let used = Self { state: state.clone(), addresses };
        let bridge = Bridge::open(options);
        Ok((bridge.map_err(|error| Problem::conflict("bridge", error.to_string()))?, used))
    }
}

impl Drop for UsedBridge {
    fn drop(&mut self) {
        let mut used = self.state.bridges.used();
        used.retain(|address| !self.addresses.contains(address));
    }
}
