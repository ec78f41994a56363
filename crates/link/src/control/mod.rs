//! Control while recording: Rogue's JSON requests over ZeroMQ.
//!
//! A [`ControlServer`] is a REP socket as the one at port B + 2 of a Rogue server. A request names a
//! path, an attribute and its arguments,
//!
//! ```json
//! {"path": "AMCc.SmurfProcessor.FileWriter.DataFile", "attr": "setDisp", "args": ["/data/x.dat"], "kwargs": {}}
//! ```
//!
//! and the answer is what Python prints of the result: `True`, `12`, `None`, a text. Errors begin
//! with `EXCEPTION: `; a path that there is not gives `None`. The sockets beside it, which speak
//! pickles, have no counterpart here: to load one runs code.
//!
//! Requests are handed to the recorder ([`ControlServer::next`]), which answers them between two
//! frames: what is asked sees exactly what is recorded so far.

mod request;
mod server;

use wavekeep_recorder::writer::{DataWriter, FileLayer, Value};

pub use request::{DEFAULT_PREFIX, Operation};
pub use server::{ControlError, ControlServer, Pending};

/// What can be controlled by name.
pub trait Surface {
    /// A variable.
    ///
    /// # Errors
    /// Why not.
    fn get(&mut self, name: &str) -> Result<Value, String>;

    /// Sets a variable.
    ///
    /// # Errors
    /// Why not.
    fn set(&mut self, name: &str, value: Value) -> Result<(), String>;

    /// Runs a command.
    ///
    /// # Errors
    /// Why not.
    fn command(&mut self, name: &str) -> Result<(), String>;
}

impl<L: FileLayer> Surface for DataWriter<L> {
    fn get(&mut self, name: &str) -> Result<Value, String> {
        DataWriter::get(self, name).map_err(|error| error.to_string())
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        DataWriter::set(self, name, value).map_err(|error| error.to_string())
    }

    fn command(&mut self, name: &str) -> Result<(), String> {
        DataWriter::command(self, name).map_err(|error| error.to_string())
    }
}
