//! Control while recording, by the names that labs script against.

use std::path::{Path, PathBuf};
use std::time::Duration;

use wavekeep_link::control::{ControlServer, Surface};
use wavekeep_recorder::Recorder;
use wavekeep_recorder::chain::{Chain, ChainConfig};
use wavekeep_recorder::writer::{Below, DataWriter, FileLayer, Value};

use crate::args::RecordArgs;
use crate::exit::Usage;

/// Requests, and what they may do.
#[derive(Debug)]
pub struct Control {
    server: ControlServer,
    below: Below,
    /// Made anew at each `Open`: its filter begins at rest.
    config: Option<ChainConfig>,
}

impl Control {
    /// Listens, if that is asked for. Files are below the folder that `command` names.
    pub fn listen(
        command: &RecordArgs,
        config: Option<&ChainConfig>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(address) = &command.instrument.control else { return Ok(None) };
        let below = Below::new(std::path::absolute(root(command)?)?);
        let server = ControlServer::bind(address, &command.instrument.control_prefix)?;
        crate::render::care(format_args!(
            "control at {}, files below {}",
            server.address(),
            below.root().display()
        ));
        if !server.address().is_loopback() {
            crate::render::care(format_args!(
                "every client that reaches {} can control this recording: there is no password",
                server.address()
            ));
        }
        Ok(Some(Self { server, below, config: config.cloned() }))
    }

    /// The files that there may be.
    pub fn below(&self) -> &Below {
        &self.below
    }

    /// Answers all who have asked.
    pub fn answer<L: FileLayer>(&self, recorder: &mut Recorder<L>) {
        while let Some(pending) = self.server.next(Duration::ZERO) {
            pending.answer(&mut Controlled { control: self, recorder });
        }
    }
}

/// The folder below which files may be.
fn root(command: &RecordArgs) -> anyhow::Result<PathBuf> {
    let folder_of = |file: &Path| match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let names_folder = command.auto_name || command.instrument.wait_for_open;
    let root = match (&command.instrument.root, &command.output) {
        (Some(root), _) => root.clone(),
        (None, None) => PathBuf::from("."),
        (None, Some(output)) if names_folder && output.is_dir() => output.clone(),
        (None, Some(output)) => folder_of(output),
    };
    match root.is_dir() {
        true => Ok(root),
        false => Err(Usage(format!("{} is no folder", root.display())).into()),
    }
}

/// What one request sees.
struct Controlled<'a, L: FileLayer> {
    control: &'a Control,
    recorder: &'a mut Recorder<L>,
}

impl<L: FileLayer> Controlled<'_, L> {
    fn writer(&mut self) -> &mut DataWriter<L> {
        self.recorder.writer_mut()
    }
}

impl<L: FileLayer> Surface for Controlled<'_, L> {
    fn get(&mut self, name: &str) -> Result<Value, String> {
        Surface::get(self.writer(), name)
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        if let ("DataFile", Value::Text(text)) = (name, &value) {
            let root = self.control.below.root().display();
            let refused =
                |error| format!("DataFile cannot be {text:?}: {error}; files are below {root}");
            self.control.below.path(text).map_err(refused)?;
        }
        Surface::set(self.writer(), name, value)
    }

    fn command(&mut self, name: &str) -> Result<(), String> {
        match name {
            "Open" => {
                let chain = self.control.config.clone().map(Chain::new).transpose();
                let chain = chain.map_err(|error| error.to_string())?;
                Surface::command(self.writer(), name)?;
                self.recorder.restart(chain);
                Ok(())
            }
            "AutoName" if self.writer().data_file().as_os_str().is_empty() => {
                let first = self.control.below.root().join("data.dat");
                self.writer().set_data_file(first);
                Surface::command(self.writer(), name)
            }
            _ => Surface::command(self.writer(), name),
        }
    }
}
