//! SEED codes, by the rule of the miniSEED files that are written.

use pyo3::prelude::*;
use wavekeep_export::seed::{self, Identifier};

/// Network, station, location, channel.
pub type Codes = (&'static str, String, String, String);

/// The codes as ObsPy has them.
pub fn codes(identifier: Identifier) -> Codes {
    let channel = identifier.channel_code();
    (Identifier::NETWORK, identifier.station, identifier.location, channel)
}

/// The station's code of a serial number.
#[pyfunction]
#[pyo3(signature = (serial))]
pub fn seed_station(serial: Option<&str>) -> String {
    seed::station(serial).0
}

/// The serial number of two letters and five digits that a station stands for.
#[pyfunction]
pub fn seed_serial(station: &str, location: &str) -> Option<String> {
    seed::serial_of(station, location)
}

/// The codes of the channel of a stream, where its index has some.
#[pyfunction]
pub fn seed_stream(index: usize, rate_hz: f64) -> Option<Codes> {
    seed::of_stream(index, rate_hz).map(codes)
}
