//! Named arrays that no reader should make, and files that are larger than memory.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gnz::{Object, Value};
use wavekeep_core::{ArrayOrder, NamedArray};
use wavekeep_export::{ExportOptions, Target, write_arrays, write_arrays_file};
use wavekeep_formats::{ArrayFile, Opened, Opener};

fn array<'a>(name: &'a str, dtype: &'a str, shape: &'a [usize], bytes: &'a [u8]) -> NamedArray<'a> {
    NamedArray { name, dtype, order: ArrayOrder::RowMajor, shape, bytes }
}

/// Every target of arrays.
fn targets() -> Vec<Target> {
    Target::ALL.into_iter().filter(|target| target.takes_arrays()).collect()
}

/// The bytes of a file, or of all files of a folder.
fn bytes(arrays: &[NamedArray<'_>], target: Target) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (metadata, options) = (Object::new(), ExportOptions::default());
    let written = if target.is_folder() {
        let folder = crate::folders::temporary();
        let path = folder.path().join("result");
        let written = write_arrays_file(arrays, &metadata, target, &path, &options, false);
        if written.is_ok() {
            bytes = crate::folders::bytes(&path);
        }
        written
    } else {
        write_arrays(arrays, &metadata, target, &options, &mut bytes)
    };
    written.map(|()| bytes).map_err(|error| {
        assert_eq!(error.kind(), "unrepresentable", "{error}");
        error.to_string()
    })
}

/// What each target says, where it does not write the file.
fn refusals(arrays: &[NamedArray<'_>]) -> Vec<(Target, String)> {
    targets()
        .into_iter()
        .filter_map(|target| bytes(arrays, target).err().map(|error| (target, error)))
        .collect()
}

fn refusing(arrays: &[NamedArray<'_>]) -> Vec<Target> {
    refusals(arrays).into_iter().map(|(target, _)| target).collect()
}

fn opened(path: &Path) -> ArrayFile {
    match Opener::default().open_any(path) {
        Ok(Opened::Arrays(file)) => file,
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn vectors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data");
    let paths = fs::read_dir(folder).expect("the vectors").flatten().map(|entry| entry.path());
    let paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|of| of == "gnz")).collect();
    assert_eq!(paths.len(), 7);
    paths
}

#[test]
fn a_gnz_file_that_is_written_again_is_the_same_file() {
    for path in vectors() {
        let file = opened(&path);
        let arrays: Vec<_> = file.arrays().collect();
        let options = ExportOptions::default().with_checksums(false);
        let mut again = Vec::new();
        write_arrays(&arrays, file.metadata(), Target::Gnz, &options, &mut again).unwrap();
        assert!(again == fs::read(&path).unwrap(), "{}", path.display());
    }
}

#[test]
fn arrays_go_through_every_format_that_is_opened_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    for path in vectors() {
        let file = opened(&path);
        let arrays: Vec<_> = file.arrays().collect();
        for target in [Target::Npz, Target::Gnz, Target::Safetensors] {
            let name = path.file_stem().unwrap().to_string_lossy();
            let there = folder.path().join(format!("{name}.{target}"));
            let options = ExportOptions::default();
            let written =
                write_arrays_file(&arrays, file.metadata(), target, &there, &options, false);
            if target == Target::Safetensors && name == "dtypes" {
                written.unwrap_err();
                continue;
            }
            written.unwrap();
            let back = opened(&there);
            assert_eq!(back.len(), arrays.len());
            for array in &arrays {
                assert_eq!(back.array(array.name).as_ref(), Some(array), "{target} {name}");
            }
            if target == Target::Gnz {
                assert_eq!(back.metadata(), file.metadata());
                back.gnz().unwrap().verify().unwrap().ok().unwrap();
            }
        }
    }
}

#[test]
fn the_same_arrays_give_the_same_bytes() {
    let a = array("a", "<f4", &[2], &[0; 8]);
    for target in targets() {
        assert!(bytes(&[a], target).unwrap() == bytes(&[a], target).unwrap(), "{target}");
    }
}

#[test]
fn a_mapped_array_far_larger_than_memory_is_handed_on_in_place() {
    /// Counts and forgets; like the file of a disk that is large enough.
    struct Counter(u64);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    const SIZE: u64 = 1 << 40;
    let header = format!(
        r#"{{"arrays": {{"a": {{"dtype": "<f8", "offset": 4096, "order": "C", "shape": [2, {}]}}}}, "metadata": {{}}, "version": 1}}"#,
        SIZE / 16
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.gnz");
    let mut start = b"GNZ1".to_vec();
    start.extend((header.len() as u32).to_le_bytes());
    start.extend(header.as_bytes());
    fs::write(&path, start).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096 + SIZE).unwrap();
    let file = opened(&path);
    let arrays: Vec<_> = file.arrays().collect();
    for target in [Target::Npy, Target::Safetensors, Target::Gnz] {
        let mut counter = Counter(0);
        let options = ExportOptions::default().with_checksums(false);
        write_arrays(&arrays, file.metadata(), target, &options, &mut counter).unwrap();
        assert!((SIZE..SIZE + 8192).contains(&counter.0), "{target}");
    }
}

#[test]
fn a_file_is_complete_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    fs::write(&path, "mine").unwrap();
    let write = |dtype, overwrite| {
        let a = array("a", dtype, &[1], &[1, 2]);
        let options = ExportOptions::default();
        write_arrays_file(&[a], &Object::new(), Target::Npz, &path, &options, overwrite)
    };
    assert_eq!(write("<i2", false).unwrap_err().kind(), "exists");
    assert_eq!(write("BF16", true).unwrap_err().kind(), "unrepresentable");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    write("<i2", true).unwrap();
    assert_eq!(opened(&path).array("a").unwrap().bytes, [1, 2]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_type_that_a_target_does_not_have_is_refused_with_what_to_do() {
    let brain = array("w", "BF16", &[1], &[1, 2]);
    let others: Vec<_> = targets().into_iter().filter(|of| *of != Target::Safetensors).collect();
    assert_eq!(refusing(&[brain]), others);
    let pair = array("z", "<c16", &[1], &[0; 16]);
    assert_eq!(
        refusals(&[pair]),
        [
            (
                Target::Csv,
                "csv cannot hold elements of the type <c16 (array \"z\"): split it into its real \
                 and imaginary parts"
                    .to_owned()
            ),
            (
                Target::Parquet,
                "parquet cannot hold elements of the type <c16 (array \"z\"): split it into its \
                 real and imaginary parts"
                    .to_owned()
            ),
            (
                Target::Arrow,
                "arrow cannot hold elements of the type <c16 (array \"z\"): split it into its \
                 real and imaginary parts"
                    .to_owned()
            ),
            (
                Target::Safetensors,
                "safetensors cannot hold elements of the type <c16 (array \"z\"): it has truth \
                 values, integers, floats and complex pairs of f4: write npz, hdf5 or gnz"
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn an_array_whose_bytes_are_not_as_many_as_it_says_is_written_nowhere() {
    for (shape, bytes) in [(&[3][..], &[0; 4][..]), (&[1], &[0; 4]), (&[usize::MAX, 2], &[])] {
        assert_eq!(refusing(&[array("a", "<i2", shape, bytes)]), targets());
    }
}

#[test]
fn names_that_mean_something_else_are_refused() {
    let of = |name| array(name, "|u1", &[1], &[1]);
    assert_eq!(refusing(&[of("a"), of("a")]), targets());
    let matrix = array("a", "|u1", &[1, 2], &[1, 2]);
    let taken = [of("a_1"), matrix];
    assert_eq!(refusing(&taken), [Target::Csv, Target::Parquet, Target::Arrow, Target::Npy]);
    assert_eq!(refusing(&[of("a/b"), of("a/c")]), [Target::Npy]);
    for folders in [[of("a"), of("a/b")], [of("/a"), of("a/")], [of("a/./b"), of("c")]] {
        assert_eq!(refusing(&folders), [Target::Hdf5, Target::Zarr, Target::Npy]);
    }
    assert_eq!(refusing(&[of("__metadata__")]), [Target::Zarr, Target::Safetensors]);
    let long = "x".repeat(70_000);
    assert_eq!(refusing(&[of(&long)]), [Target::Hdf5, Target::Zarr, Target::Npz]);
}

#[test]
fn shapes_that_are_all_length_and_no_content_cost_nothing() {
    let most = usize::MAX >> 8;
    for shape in [&[0, most][..], &[most, 0], &[most, 0, 3], &[0, most, 1]] {
        refusals(&[array("a", "<f4", shape, &[])]);
        let turned = NamedArray { order: ArrayOrder::ColumnMajor, ..array("a", ">f4", shape, &[]) };
        refusals(&[turned]);
    }
    refusals(&[array("a", "|S0", &[most], &[])]);
    refusals(&[array("a", "|V0", &[most, 2], &[])]);
    let many = vec![1; 1000];
    let tables = [Target::Parquet, Target::Csv, Target::Arrow];
    let refused = refusing(&[array("a", "|u1", &many, &[1])]);
    assert!(tables.iter().all(|target| refused.contains(target)));
    assert!(!refused.contains(&Target::Gnz) && !refused.contains(&Target::Safetensors));
}

#[test]
fn the_key_that_belongs_to_gnz_is_not_overwritten() {
    let mut metadata = Object::new();
    metadata.insert(gnz::CHECKSUM_KEY, Value::from("something else"));
    let write = |target| {
        let a = array("a", "|u1", &[1], &[1]);
        write_arrays(&[a], &metadata, target, &ExportOptions::default(), &mut Vec::new())
    };
    let error = write(Target::Gnz).unwrap_err();
    assert!(error.to_string().ends_with("which is its own: rename the key"), "{error}");
    write(Target::Hdf5).unwrap();
}

#[test]
fn values_in_csv_are_those_that_python_reads() {
    let floats: Vec<u8> = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.1, -0.0, 1e30]
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    let text: Vec<u8> = "a\"b".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let text: Vec<u8> = [text, vec![0; 60]].concat();
    let csv = bytes(
        &[
            array("f", ">f4", &[6], &floats),
            array("b", "|b1", &[6], &[0, 1, 2, 0, 0, 0]),
            array("t,", "<U3", &[6], &text),
        ],
        Target::Csv,
    );
    assert_eq!(
        String::from_utf8(csv.unwrap()).unwrap(),
        "f,b,\"t,\"\nNaN,false,\"a\"\"b\"\ninf,true,\"\"\n-inf,true,\"\"\n0.1,false,\"\"\n\
         -0.0,false,\"\"\n1e+30,false,\"\"\n"
    );
}
