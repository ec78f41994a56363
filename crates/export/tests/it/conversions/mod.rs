//! Files of arrays that other programs wrote, converted to every target.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use wavekeep_core::NamedArray;
use wavekeep_export::{ExportOptions, Target, write_arrays_file};
use wavekeep_formats::{ArrayFile, Opened, Opener};

/// Files of the field whose arrays numpy reads, by the folder of the case.
const FIELD: [&str; 4] = [
    "04-npy-descr-spellings",
    "10-hdf5-names-with-slash",
    "18-csv-readers",
    "24-channels-by-number",
];

/// Has the judges write their sources below `folder`, converts these and the files that belong to
/// the format GNZ, and tells in `conversions.json` what became of each.
pub fn write(folder: &Path, python: &OsStr, judges: &Path) {
    let sources = folder.join("sources");
    fs::create_dir(&sources).expect("a folder to write to");
    let made = Command::new(python)
        .arg(judges.join("make_sources.py"))
        .arg(&sources)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("a Python that runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data")) {
        if path.extension() == Some(OsStr::new("gnz")) {
            let name = path.file_name().expect("a file").to_string_lossy();
            fs::copy(&path, sources.join(format!("vector.{name}"))).expect("a readable vector");
        }
    }
    let field = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/data/field");
    for case in FIELD {
        for path in files(&field.join(case)) {
            let name = path.file_name().expect("a file").to_string_lossy();
            fs::copy(&path, sources.join(format!("field.{name}"))).expect("a readable case");
        }
    }

    let mut all = Map::new();
    for path in files(&sources) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let Ok(Opened::Arrays(file)) = Opener::default().open_any(&path) else {
            panic!("{name} is not opened as arrays");
        };
        let outcomes: Map<String, Value> = Target::ALL
            .into_iter()
            .filter(|target| target.takes_arrays())
            .map(|target| (target.word().to_owned(), convert(&file, target, folder, &name)))
            .collect();
        all.insert(name, Value::Object(outcomes));
    }
    fs::write(folder.join("conversions.json"), Value::Object(all).to_string())
        .expect("a folder to write to");
}

fn convert(file: &ArrayFile, target: Target, folder: &Path, name: &str) -> Value {
    let arrays: Vec<NamedArray<'_>> = file.arrays().collect();
    let converted = format!("converted.{name}.{}", target.extension());
    let options = ExportOptions::default();
    let path = folder.join(&converted);
    match write_arrays_file(&arrays, file.metadata(), target, &path, &options, false) {
        Ok(()) => json!({ "file": converted }),
        Err(error) => json!({ "error": error.to_string(), "word": error.kind() }),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths
}
