//! Where results go.

use std::path::{Path, PathBuf};

use crate::args::OutputArgs;
use crate::exit::Usage;
use crate::inputs::{Failure, Found};

/// Where the results of a command go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To standard output.
    Stdout,
    /// Into this one file.
    File(PathBuf),
    /// Into files below this folder, named after the inputs.
    Folder(PathBuf),
}

impl Place {
    /// Decides by what was asked for. `streams` says that one result may go to standard output
    /// when nothing was asked for.
    ///
    /// # Errors
    /// [`Usage`] when several results were asked into one file.
    pub fn choose(args: &OutputArgs, inputs: &[PathBuf], streams: bool) -> Result<Self, Usage> {
        let several = inputs.len() > 1 || inputs.iter().any(|path| path.is_dir());
        let Some(output) = &args.output else {
            return Ok(if several || !streams {
                Self::Folder(PathBuf::new())
            } else {
                Self::Stdout
            });
        };
        let named_as_folder = output.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        match (several, output.as_os_str() == "-") {
            (true, true) => {
                Err(Usage("several inputs cannot go to one standard output".to_owned()))
            }
            (false, true) => Ok(Self::Stdout),
            (true, false) if output.is_file() => Err(Usage(format!(
                "several inputs cannot go to one file: {} is not a folder",
                output.display()
            ))),
            (false, false) if !named_as_folder && !output.is_dir() => {
                Ok(Self::File(output.clone()))
            }
            _ => Ok(Self::Folder(output.clone())),
        }
    }

    /// The file for the result of `input` that ends with `suffix`; `None` for standard output.
    /// Folders in between are made.
    ///
    /// # Errors
    /// [`Failure`] when a folder cannot be made.
    pub fn path(&self, input: &Found, suffix: &str) -> Result<Option<PathBuf>, Failure> {
        let Self::Folder(folder) = self else {
            return Ok(match self {
                Self::File(path) => Some(path.clone()),
                _ => None,
            });
        };
        let mut name = input.relative.clone().into_os_string();
        name.push(suffix);
        let path = folder.join(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| {
                Failure::new("io", parent, format!("cannot make the folder: {error}"))
            })?;
        }
        Ok(Some(path))
    }
}

/// Writes the whole of a file, or nothing. A file that exists is refused unless `force`.
///
/// # Errors
/// [`Failure`] naming the file and the reason.
pub fn write_whole(path: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    wavekeep_export::publish(path, force, |out| Ok(out.write_all(bytes)?))
        .map_err(|error| Failure::export(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(output: Option<&str>, inputs: &[&str], streams: bool) -> Result<Place, Usage> {
        let args = OutputArgs { output: output.map(PathBuf::from), force: false };
        let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
        Place::choose(&args, &inputs, streams)
    }

    #[test]
    fn one_text_streams_and_all_else_goes_to_files() {
        assert_eq!(choose(None, &["a"], true).unwrap(), Place::Stdout);
        assert_eq!(choose(None, &["a"], false).unwrap(), Place::Folder("".into()));
        assert_eq!(choose(None, &["a", "b"], true).unwrap(), Place::Folder("".into()));
        assert_eq!(choose(Some("out.h5"), &["a"], false).unwrap(), Place::File("out.h5".into()));
        assert_eq!(choose(Some("out/"), &["a"], false).unwrap(), Place::Folder("out/".into()));
        assert_eq!(choose(Some("out"), &["a", "b"], false).unwrap(), Place::Folder("out".into()));
        assert_eq!(choose(Some("-"), &["a"], false).unwrap(), Place::Stdout);
        assert!(choose(Some("-"), &["a", "b"], true).is_err());
    }
}
