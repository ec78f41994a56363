//! The control surface by name, so that command line, HTTP and Python use the same words.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::data_writer::DataWriter;
use super::error::WriterError;
use super::layer::FileLayer;

/// What can be done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Access {
    /// [`DataWriter::get`] and [`DataWriter::set`].
    #[serde(rename = "rw")]
    ReadWrite,
    /// [`DataWriter::get`].
    #[serde(rename = "ro")]
    ReadOnly,
    /// [`DataWriter::command`].
    #[serde(rename = "command")]
    Command,
}

/// One name of the surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Control {
    /// The name.
    pub name: &'static str,
    /// What can be done with it.
    pub access: Access,
    /// What it means, in a line.
    pub meaning: &'static str,
}

/// A variable's value. As JSON a bare string, number or boolean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// Bytes or records.
    Number(u64),
    /// Bytes per second.
    Real(f64),
    /// A path.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            // Always with a point, as Python prints it.
            Self::Real(real) => write!(f, "{real:?}"),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Control {
    /// Every name, variables first.
    pub const ALL: [Self; 14] = [
        rw("DataFile", "path"),
        ro("IsOpen", "whether frames are being recorded"),
        rw("BufferSize", "bytes held back before the file system is called; 0 = none"),
        rw("MaxFileSize", "bytes of a piece at most; 0 = no splitting"),
        ro("CurrentSize", "bytes in the present piece, those in the buffer included"),
        ro("TotalSize", "bytes in all pieces of this session, those in the buffer included"),
        ro("FrameCount", "records written on all channels"),
        ro("Bandwidth", "bytes of records written in the last second"),
        rw("DropErrors", "errored frames are not written"),
        rw("RawMode", "payload bytes only"),
        rw("Overwrite", "files that exist are replaced"),
        command("Open", "creates the file and sets all counters to zero"),
        command("Close", "flushes, syncs, closes"),
        command("AutoName", "sets DataFile to data_YYYYMMDD_HHMMSS.dat in its present folder"),
    ];

    fn unknown(name: &str, command: bool) -> WriterError {
        let of_kind = Self::ALL.iter().filter(|it| (it.access == Access::Command) == command);
        WriterError::UnknownName {
            kind: if command { "command" } else { "variable" },
            name: name.to_owned(),
            known: of_kind.map(|it| it.name).collect(),
        }
    }
}

const fn rw(name: &'static str, meaning: &'static str) -> Control {
    Control { name, access: Access::ReadWrite, meaning }
}

const fn ro(name: &'static str, meaning: &'static str) -> Control {
    Control { name, access: Access::ReadOnly, meaning }
}

const fn command(name: &'static str, meaning: &'static str) -> Control {
    Control { name, access: Access::Command, meaning }
}

impl<L: FileLayer> DataWriter<L> {
    /// A variable by its name.
    ///
    /// # Errors
    /// [`WriterError::UnknownName`].
    ///
    /// ```
    /// use wavekeep_recorder::writer::{DataWriter, Value};
    ///
    /// let mut writer = DataWriter::new();
    /// writer.set("MaxFileSize", Value::Number(5000))?;
    /// assert_eq!(writer.get("MaxFileSize")?, Value::Number(5000));
    /// assert_eq!(
    ///     writer.set("IsOpen", Value::Flag(true)).unwrap_err().to_string(),
    ///     "IsOpen can only be read",
    /// );
    /// # Ok::<(), wavekeep_recorder::writer::WriterError>(())
    /// ```
    pub fn get(&self, name: &str) -> Result<Value, WriterError> {
        Ok(match name {
            "DataFile" => Value::Text(self.data_file().display().to_string()),
            "IsOpen" => Value::Flag(self.is_open()),
            "BufferSize" => Value::Number(self.buffer_size() as u64),
            "MaxFileSize" => Value::Number(self.max_file_size()),
            "CurrentSize" => Value::Number(self.current_size()),
            "TotalSize" => Value::Number(self.total_size()),
            "FrameCount" => Value::Number(self.frame_count()),
            "Bandwidth" => Value::Real(self.bandwidth()),
            "DropErrors" => Value::Flag(self.drop_errors()),
            "RawMode" => Value::Flag(self.raw_mode()),
            "Overwrite" => Value::Flag(self.overwrite()),
            _ => return Err(Control::unknown(name, false)),
        })
    }

    /// All variables, in the order of [`Control::ALL`].
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, Value)> + '_ {
        let names = Control::ALL.iter().filter(|control| control.access != Access::Command);
        names.filter_map(|control| Some((control.name, self.get(control.name).ok()?)))
    }

    /// Sets a variable by its name. Text is taken for a number or a flag where one is expected:
    /// `5000`, `true`.
    ///
    /// # Errors
    /// [`WriterError::UnknownName`], [`WriterError::ReadOnly`], [`WriterError::WrongValue`], and
    /// what the variable's own method gives.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), WriterError> {
        let known = Control::ALL.iter().find(|it| it.name == name && it.access != Access::Command);
        let name = known.ok_or_else(|| Control::unknown(name, false))?.name;
        match name {
            "DataFile" => self.set_data_file(text(name, value)?),
            "BufferSize" => {
                let bytes = number(name, value)?;
                let found = bytes.to_string();
                let expected = "a number of bytes that fits into memory";
                let bytes = usize::try_from(bytes).map_err(|_| WriterError::WrongValue {
                    name,
                    expected,
                    found,
                })?;
                return self.set_buffer_size(bytes);
            }
            "MaxFileSize" => return self.set_max_file_size(number(name, value)?),
            "DropErrors" => self.set_drop_errors(flag(name, value)?),
            "RawMode" => return self.set_raw_mode(flag(name, value)?),
            "Overwrite" => self.set_overwrite(flag(name, value)?),
            _ => return Err(WriterError::ReadOnly { name }),
        }
        Ok(())
    }

    /// Runs a command by its name.
    ///
    /// # Errors
    /// [`WriterError::UnknownName`], and what the command's own method gives.
    pub fn command(&mut self, name: &str) -> Result<(), WriterError> {
        match name {
            "Open" => self.open(),
            "Close" => self.close(),
            "AutoName" => {
                self.auto_name();
                Ok(())
            }
            _ => Err(Control::unknown(name, true)),
        }
    }
}

fn text(name: &'static str, value: Value) -> Result<PathBuf, WriterError> {
    match value {
        Value::Text(text) => Ok(PathBuf::from(text)),
        other => Err(wrong(name, "a path", &other)),
    }
}

fn number(name: &'static str, value: Value) -> Result<u64, WriterError> {
    let parsed = match &value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        Value::Flag(_) | Value::Real(_) => None,
    };
    parsed.ok_or_else(|| wrong(name, "a number of bytes, 0 or more", &value))
}

fn flag(name: &'static str, value: Value) -> Result<bool, WriterError> {
    let parsed = match &value {
        Value::Flag(flag) => Some(*flag),
        Value::Text(text) => match text.as_str() {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        },
        Value::Number(_) | Value::Real(_) => None,
    };
    parsed.ok_or_else(|| wrong(name, "true or false", &value))
}

fn wrong(name: &'static str, expected: &'static str, found: &Value) -> WriterError {
    WriterError::WrongValue { name, expected, found: found.to_string() }
}
