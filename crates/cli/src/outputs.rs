//! Where results go: decided, and checked against each other, before anything is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wavekeep_export::Target;
use wavekeep_formats::Opener;

use crate::args::OutputArgs;
use crate::exit::Usage;
use crate::inputs::{Failure, Found, Inputs};
use crate::interrupt;

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
    /// when nothing was asked for; `extensions` are those that a result of this command may have.
    ///
    /// # Errors
    /// [`Usage`] when several results were asked into one file, or when the name of the file does
    /// not say what is to be written.
    pub fn choose(
        args: &OutputArgs,
        inputs: &[PathBuf],
        streams: bool,
        extensions: &[&str],
    ) -> Result<Self, Usage> {
        let several = inputs.len() > 1 || inputs.iter().any(|path| path.is_dir());
        let Some(output) = &args.output else {
            return Ok(match several || !streams {
                true => Self::Folder(PathBuf::new()),
                false => Self::Stdout,
            });
        };
        if output.as_os_str() == "-" {
            return match several {
                true => {
                    Err(Usage("several inputs cannot be written to standard output".to_owned()))
                }
                false => Ok(Self::Stdout),
            };
        }
        let named_as_folder = output.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        // A result may be a folder itself.
        let is_result = extension(output).is_some_and(|extension| {
            let of = |target: &Target| target.extensions().contains(&extension.as_str());
            Target::ALL.iter().any(|target| target.is_folder() && of(target))
        });
        if named_as_folder || (several || !is_result) && output.is_dir() {
            return Ok(Self::Folder(output.clone()));
        }
        let shown = output.display();
        let is_file_name = extension(output).is_some_and(|extension| {
            Target::ALL.iter().any(|to| to.extensions().contains(&extension.as_str()))
                || extensions.contains(&extension.as_str())
        });
        match several {
            true if output.exists() || is_file_name => Err(Usage(format!(
                "several inputs cannot go to one file: name a folder with -o {shown}/"
            ))),
            true => Ok(Self::Folder(output.clone())),
            // A pipe or a device has no extension to go by.
            false if output.exists() && !output.is_file() => Ok(Self::File(output.clone())),
            false if extension(output).is_some_and(|it| extensions.contains(&it.as_str())) => {
                Ok(Self::File(output.clone()))
            }
            false => Err(Usage(format!(
                "{shown} does not end with what is written here: one of .{}; a folder is named with -o {shown}/",
                extensions.join(", .")
            ))),
        }
    }

    /// The file for the result of `input` that ends with `suffix`; `None` for standard output.
    /// Folders in between are made.
    ///
    /// # Errors
    /// [`Failure`] when a folder cannot be made.
    pub fn path(&self, input: &Found, suffix: &str) -> Result<Option<PathBuf>, Failure> {
        let mut name = input.relative.clone().into_os_string();
        name.push(suffix);
        self.path_of(Path::new(&name))
    }

    /// The file for a result that is called `name` in a folder; `None` for standard output. Folders in
    /// between are made.
    ///
    /// # Errors
    /// [`Failure`] when a folder cannot be made.
    pub fn path_of(&self, name: impl AsRef<Path>) -> Result<Option<PathBuf>, Failure> {
        let folder = match self {
            Self::Stdout => return Ok(None),
            Self::File(path) => {
                interrupt::cleans_up(path.parent().unwrap_or(Path::new("")));
                return Ok(Some(path.clone()));
            }
            Self::Folder(folder) => folder,
        };
        let path = folder.join(name);
        interrupt::cleans_up(path.parent().unwrap_or(Path::new("")));
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| {
                Failure::new("io", parent, format!("cannot make the folder: {error}"))
            })?;
        }
        Ok(Some(path))
    }

    /// Refuses inputs of which two would give a result of one name, or of names that differ by
    /// case alone and are one file on Windows; and a result in place of its own input.
    ///
    /// # Errors
    /// [`Usage`] naming the inputs.
    pub fn refuse_clashes(&self, inputs: &Inputs) -> Result<(), Usage> {
        let Inputs { opener, found, .. } = inputs;
        match self {
            Self::Stdout => Ok(()),
            Self::File(output) => {
                let same = |file: &&Found| is_same_file(&file.path, output);
                match found.iter().find(same) {
                    Some(file) => Err(Usage(format!(
                        "{} is the input: name another file with -o",
                        file.path.display()
                    ))),
                    None => Ok(()),
                }
            }
            Self::Folder(_) => {
                let mut by_name: BTreeMap<String, Vec<&Found>> = BTreeMap::new();
                for file in found {
                    let name = file.relative.to_string_lossy().to_lowercase();
                    by_name.entry(name).or_default().push(file);
                }
                for same in by_name.values().filter(|same| same.len() > 1) {
                    // What a folder holds beside recordings gives no results.
                    let results = same.iter().filter(|file| file.given || opens(opener, file));
                    let paths: Vec<String> =
                        results.map(|file| file.path.display().to_string()).collect();
                    if paths.len() > 1 {
                        return Err(Usage(format!(
                            "{} would give results of one name: give the folder above them, or one after the other with folders of their own",
                            paths.join(" and ")
                        )));
                    }
                }
                Ok(())
            }
        }
    }
}

fn opens(opener: &Opener, file: &Found) -> bool {
    match opener.open_any(&file.path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), "unknown_format" | "unsupported"),
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The extension of a file name in lower case.
pub fn extension(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase())
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
        Place::choose(&args, &inputs, streams, &["h5", "hdf5"])
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

    #[test]
    fn several_results_and_the_name_of_a_file_are_wrong_usage() {
        for output in ["out.h5", "out.csv", "out.H5"] {
            assert!(choose(Some(output), &["a", "b"], false).is_err(), "{output}");
        }
    }

    #[test]
    fn a_file_name_that_does_not_say_what_is_written_is_wrong_usage() {
        for output in ["out.jpg", "out.csv", "out", ".h5"] {
            let message = choose(Some(output), &["a"], false).unwrap_err().to_string();
            assert!(message.contains(".h5, .hdf5"), "{message}");
        }
    }
}
