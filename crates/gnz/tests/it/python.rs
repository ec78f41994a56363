//! Files compared with those of a small Python model of the writer, and read by
//! numpy.
//!
//! The Python is named by `WAVEKEEP_PYTHON`; `make test` sets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gnz::{Gnz, Order, Value, Writer};

/// A run of the driver with the Python that has numpy.
fn driver(arguments: &[&str]) -> Output {
    let python = std::env::var_os("WAVEKEEP_PYTHON").map(PathBuf::from).expect(
        "WAVEKEEP_PYTHON is not set: it names the Python with numpy that files are compared with; run `make test`",
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let output = Command::new(&python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(folder.join("driver.py"))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!("cannot run {}: {error}; run `make test`", python.display())
        });
    assert!(
        output.status.success(),
        "driver.py {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or_else(|| panic!("no {key}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    field(value, key).as_str().expect("text")
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn write_case(case: &Value) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.metadata(field(case, "metadata").as_object().expect("object").clone());
    for array in field(case, "arrays").as_list().expect("list") {
        let shape: Vec<usize> = field(array, "shape")
            .as_list()
            .expect("list")
            .iter()
            .map(|length| usize::try_from(length.as_i64().expect("a length")).expect("a length"))
            .collect();
        let order = if text(array, "order") == "F" { Order::F } else { Order::C };
        let dtype = text(array, "dtype").parse().expect("a dtype");
        let bytes = unhex(text(array, "data"));
        writer.add_bytes(text(array, "name"), dtype, order, &shape, bytes).expect("as made");
    }
    writer.to_vec().expect("within limits")
}

#[test]
fn three_thousand_random_files_are_those_of_the_model_and_numpy_reads_them() {
    const COUNT: &str = "3000";
    const SEED: &str = "2026";
    let folder = tempfile::tempdir().expect("a folder");
    let cases = driver(&["make", SEED, COUNT]);
    let lines = String::from_utf8(cases.stdout).expect("UTF-8");
    let mut written = 0;
    for (number, line) in lines.lines().enumerate() {
        let case: Value = line.parse().expect("JSON");
        let file = write_case(&case);
        let gnz = Gnz::from_bytes(file.as_slice()).expect("our own file");
        assert!(gnz.notes().is_empty());
        std::fs::write(folder.path().join(format!("{number}.gnz")), &file).expect("a file");
        written += 1;
    }
    assert_eq!(written.to_string(), COUNT);
    let verdict = driver(&["judge", SEED, COUNT, folder.path().to_str().expect("text")]);
    assert!(String::from_utf8_lossy(&verdict.stdout).starts_with(COUNT));
}
