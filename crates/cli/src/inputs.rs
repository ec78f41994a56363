//! The files that a command works on: found, opened in parallel, handed on in order.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde_json::{Value, json};
use wavekeep_core::Recording;
use wavekeep_export::ExportError;
use wavekeep_formats::{OpenError, Opened, Opener};

use crate::args::{Args, InputArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal::{self, errln};

/// As many inputs as are worked on before their results are handed on: bounds the memory.
const BATCH: usize = 512;

/// A file to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder that was given; the file's name when it was given itself.
    pub relative: PathBuf,
    /// Whether it was given by name: then it has to be a recording.
    pub given: bool,
}

impl Found {
    /// Its path as people and programs know it.
    pub fn shown(&self) -> &Path {
        if self.is_standard_input() { Path::new(STDIN) } else { &self.path }
    }

    fn is_standard_input(&self) -> bool {
        self.relative.as_os_str() == STANDARD_INPUT
            && self.path.parent().is_some_and(|folder| {
                folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY))
            })
    }
}

/// What stands for standard input.
const STDIN: &str = "-";
/// The file that standard input becomes.
const STANDARD_INPUT: &str = "standard-input";
/// How the names of temporary folders of this program begin.
const TEMPORARY: &str = ".wavekeep-";

/// The inputs of a command.
pub struct Inputs {
    pub opener: Opener,
    pub found: Vec<Found>,
    /// As they were named.
    pub paths: Vec<PathBuf>,
    /// Where standard input lies while the command runs.
    _standard_input: Option<tempfile::TempDir>,
}

impl Inputs {
    /// The files that the command line names, folders searched; `events` of an archive in their
    /// place.
    ///
    /// # Errors
    /// When standard input cannot be read, or nothing is to be found.
    pub fn of(input: &InputArgs, events: Option<Vec<PathBuf>>) -> anyhow::Result<Self> {
        let named = events.unwrap_or_else(|| input.paths.clone());
        let (mut paths, mut standard_input) = (Vec::new(), None);
        for path in named {
            if path.as_os_str() != STDIN {
                paths.push(path);
                continue;
            }
            if standard_input.is_some() {
                return Err(Usage("standard input can be read once: one - at most".into()).into());
            }
            let folder = spool().context("standard input cannot be read")?;
            paths.push(folder.path().join(STANDARD_INPUT));
            standard_input = Some(folder);
        }
        let found = find(&paths);
        Ok(Self { opener: input.opener(), found, paths, _standard_input: standard_input })
    }
}

/// Standard input as a file: formats are detected from any part of it, and long runs are mapped.
fn spool() -> io::Result<tempfile::TempDir> {
    let prefix = crate::interrupt::temporary_prefix();
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
    crate::interrupt::cleans_up(&std::env::temp_dir());
    let mut file = std::fs::File::create_new(folder.path().join(STANDARD_INPUT))?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    Ok(folder)
}

/// The files that `paths` name, folders searched, in the order of their names.
fn find(paths: &[PathBuf]) -> Vec<Found> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
            found.push(Found { path: path.clone(), relative, given: true });
            continue;
        }
        let walk = walkdir::WalkDir::new(path).sort_by_file_name().into_iter();
        for entry in walk {
            match entry {
                // A folder's pipes and sockets are not opened at all; a run is opened once, by its
                // first piece.
                Ok(entry) if !entry.path().is_file() => {}
                Ok(entry) if wavekeep_smurf::first_piece_before(entry.path()).is_some() => {}
                Ok(entry) => {
                    let relative =
                        entry.path().strip_prefix(path).unwrap_or(entry.path()).to_owned();
                    found.push(Found { path: entry.into_path(), relative, given: false });
                }
                // What cannot be searched must not look as if it were not there.
                Err(error) => {
                    let path = error.path().unwrap_or(path).to_owned();
                    found.push(Found { relative: path.clone(), path, given: true });
                }
            }
        }
    }
    found
}

/// Why an input gave no result.
#[derive(Debug)]
pub struct Failure {
    pub kind: &'static str,
    pub offset: Option<u64>,
    pub message: String,
}

impl Failure {
    /// Something that went wrong with `path` behind its decoding.
    pub fn new(kind: &'static str, path: &Path, message: impl std::fmt::Display) -> Self {
        Self { kind, offset: None, message: format!("{}: {message}", path.display()) }
    }

    /// A result for `path` that could not be written; `--force` is the program's way to ask for
    /// overwriting.
    pub fn export(path: &Path, error: &ExportError) -> Self {
        let message = match error {
            ExportError::Exists { path } => {
                format!("{} exists already: --force replaces it", path.display())
            }
            ExportError::NotAFile { .. } | ExportError::File { .. } => error.to_string(),
            _ => format!("{}: {error}", path.display()),
        };
        Self { kind: error.kind(), offset: None, message }
    }

    /// The same for people who know the input by another name.
    fn shown(mut self, file: &Found) -> Self {
        if file.is_standard_input() {
            self.message = self.message.replace(&*file.path.to_string_lossy(), STDIN);
        }
        self
    }

    fn json(&self, path: &Path) -> Value {
        let mut error = json!({ "kind": self.kind, "message": self.message });
        if let Some(offset) = self.offset {
            error["offset"] = offset.into();
        }
        json!({ "path": path, "error": error })
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self { kind: error.kind(), offset: error.offset(), message: error.to_string() }
    }
}

/// What a command made of one input.
#[derive(Debug)]
pub struct Done<T> {
    pub result: T,
    /// Whether the input is damaged or incomplete.
    pub damaged: bool,
}

/// Opens all inputs in parallel, lets `work` make something of each, and hands the results to
/// `emit` in the order of the inputs, with standard output to print them to. What fails is printed
/// and counted, and the others go on.
///
/// # Errors
/// Only when `emit` fails: there is nowhere to print to.
pub fn for_each<T: Send>(
    args: &Args,
    inputs: &Inputs,
    work: impl Fn(&Found, Opened) -> Result<Done<T>, Failure> + Sync,
    mut emit: impl FnMut(&mut dyn Write, &Found, T) -> anyhow::Result<()>,
) -> anyhow::Result<Account> {
    let Inputs { opener, found, paths, .. } = inputs;
    let progress = progress(args, found.len());
    let mut account = Account::default();
    let mut out = BufWriter::new(terminal::stdout());
    for batch in found.chunks(BATCH) {
        let results: Vec<_> = batch
            .par_iter()
            .map(|file| {
                let result = one(opener, file, &work);
                progress.inc(1);
                result
            })
            .collect();
        for (file, result) in batch.iter().zip(results) {
            match result {
                Ok(Some(done)) => {
                    account.read(done.damaged);
                    progress.suspend(|| emit(&mut out, file, done.result))?;
                }
                Ok(None) => account.skipped += 1,
                Err(failure) => {
                    account.failed += 1;
                    let failure = failure.shown(file);
                    progress.suspend(|| complain(&mut out, args, file.shown(), &failure))?;
                }
            }
        }
    }
    out.flush()?;
    progress.finish_and_clear();
    if account.inputs() == 0 {
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let others = match account.skipped {
            0 => "nothing is there".to_owned(),
            1 => "1 other file was skipped".to_owned(),
            n => format!("{n} other files were skipped"),
        };
        anyhow::bail!("{}: no recording was found; {others}", paths.join(", "));
    }
    if !args.quiet && !args.json && found.len() > 1 {
        errln!("{account}");
    }
    Ok(account)
}

/// As [`for_each`], for commands that need a time axis: files of arrays are refused when they were
/// given by name and left alone in folders.
///
/// # Errors
/// As [`for_each`].
pub fn for_each_event<T: Send>(
    args: &Args,
    inputs: &Inputs,
    work: impl Fn(&Found, Recording) -> Result<T, Failure> + Sync,
    emit: impl FnMut(&mut dyn Write, &Found, T) -> anyhow::Result<()>,
) -> anyhow::Result<Account> {
    let event = |file: &Found, opened| match opened {
        Opened::Event(recording) => {
            let damaged = recording.report.status().is_finding();
            work(file, *recording).map(|result| Done { result, damaged })
        }
        Opened::Arrays(_) => Err(Failure::new(
            "unsupported",
            &file.path,
            "it holds arrays without a time axis: convert them, or give an event",
        )),
        Opened::Stream(_) => Err(Failure::new(
            "unsupported",
            &file.path,
            "it is a stream: convert a part of it, or give an event",
        )),
    };
    for_each(args, inputs, event, emit)
}

/// `None` for a file of a folder that is nothing for the command.
fn one<T>(
    opener: &Opener,
    file: &Found,
    work: &impl Fn(&Found, Opened) -> Result<Done<T>, Failure>,
) -> Result<Option<Done<T>>, Failure> {
    let opened = opener.open_any(&file.path).map_err(Failure::from);
    match opened.and_then(|opened| work(file, opened)) {
        Ok(done) => Ok(Some(done)),
        Err(failure) if !file.given && matches!(failure.kind, "unknown_format" | "unsupported") => {
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn complain(
    out: &mut dyn Write,
    args: &Args,
    path: &Path,
    failure: &Failure,
) -> anyhow::Result<()> {
    if args.json {
        writeln!(out, "{}", failure.json(path))?;
    }
    render::error(&failure.message);
    Ok(())
}

/// A bar on a terminal for the frames of a long stream; nothing elsewhere.
pub fn frames_bar(args: &Args, frames: u64) -> ProgressBar {
    if args.quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(frames);
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} frames, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// A bar on a terminal, for more than a handful of files; nothing elsewhere.
fn progress(args: &Args, files: usize) -> ProgressBar {
    if args.quiet || files < 10 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} files, {per_sec}, {eta} left",
    );
    let bar = ProgressBar::new(files as u64);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_the_order_of_names_and_files_are_taken_as_given() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["b/two", "a", "c"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let found = find(&[folder.path().to_owned(), "x/absent".into()]);
        let seen: Vec<_> = found.iter().map(|file| (file.relative.as_path(), file.given)).collect();
        let expected = [("a", false), ("b/two", false), ("c", false), ("absent", true)];
        assert_eq!(seen, expected.map(|(path, given)| (Path::new(path), given)));
    }
}
