//! Dependencies between the crates point one way, and lock files follow the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates a crate may use. `ARCHITECTURE.md` has the same table.
const ALLOWED: [(&str, &[&str]); 20] = [
    ("core", &[]),
    ("custody", &[]),
    ("gnz", &[]),
    ("report-text", &["core"]),
    ("blastware", &["core", "report-text"]),
    ("smurf", &["core"]),
    ("recorder", &["smurf"]),
    ("link", &["smurf", "recorder"]),
    ("thor", &["core", "blastware", "report-text"]),
    ("formats", &["core", "gnz", "blastware", "signal", "smurf", "thor"]),
    ("signal", &["core"]),
    ("export", &["core", "gnz"]),
    ("report", &["core", "signal"]),
    (
        "archive",
        &["core", "custody", "report-text", "blastware", "smurf", "formats", "signal", "export"],
    ),
    ("period", &["core", "signal", "report", "archive"]),
    ("lake", &["core", "archive"]),
    ("alerts", &["core", "signal", "report", "archive"]),
    (
        "server",
        &[
            "core", "custody", "archive", "lake", "alerts", "formats", "signal", "export",
            "report", "period", "smurf", "recorder", "link",
        ],
    ),
    (
        "cli",
        &[
            "archive", "custody", "lake", "alerts", "server", "core", "gnz", "smurf", "formats",
            "signal", "export", "report", "period", "recorder", "link",
        ],
    ),
    (
        "py",
        &[
            "core", "gnz", "smurf", "formats", "signal", "export", "report", "period", "archive",
            "recorder", "link",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates that each crate uses, by the manifests; what only tests use does not count.
fn used() -> BTreeMap<String, Vec<String>> {
    let folders = fs::read_dir(root().join("crates")).unwrap();
    folders
        .map(|folder| {
            let folder = folder.unwrap().path();
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            let manifest: toml::Table = manifest.parse().unwrap();
            let dependencies = manifest["dependencies"].as_table().unwrap();
            let ours = dependencies.keys().filter_map(|name| match name.as_str() {
                "gnz" => Some("gnz".to_owned()),
                other => other.strip_prefix("wavekeep-").map(str::to_owned),
            });
            (folder.file_name().unwrap().to_string_lossy().into_owned(), ours.collect())
        })
        .collect()
}

#[test]
fn every_crate_uses_only_the_crates_that_it_may() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let used = used();
    assert_eq!(
        used.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>()
    );
    for (user, others) in used {
        for other in others {
            assert!(
                allowed[user.as_str()].contains(&other.as_str()),
                "{user} must not use {other}"
            );
        }
    }
}

#[test]
fn every_crate_is_on_the_architecture_page() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (name, _) in ALLOWED {
        assert!(
            page.contains(&format!("`crates/{name}`")),
            "crates/{name} is not in ARCHITECTURE.md"
        );
    }
}

/// Benchmarks and fuzz targets are workspaces of their own, with lock files that no test compiles by.
#[test]
fn every_lock_file_knows_the_crates_as_the_manifests_do() {
    let used = used();
    let package = |folder: &str| match folder {
        "gnz" => "gnz".to_owned(),
        "cli" => "wavekeep".to_owned(),
        other => format!("wavekeep-{other}"),
    };
    let benchmarks = fs::read_dir(root().join("bench")).unwrap().map(|entry| entry.unwrap().path());
    let folders = benchmarks.chain([root().join("fuzz")]);
    let locks: Vec<_> =
        folders.map(|folder| folder.join("Cargo.lock")).filter(|lock| lock.exists()).collect();
    assert!(locks.len() > 3, "{locks:?}");
    for lock in locks {
        let text: toml::Table = fs::read_to_string(&lock).unwrap().parse().unwrap();
        let packages = text["package"].as_array().unwrap();
        for (folder, others) in &used {
            let is_it = |found: &&toml::Value| found["name"].as_str() == Some(&*package(folder));
            let Some(found) = packages.iter().find(is_it) else { continue };
            let known = found.get("dependencies").and_then(|all| all.as_array());
            let known: BTreeSet<&str> =
                known.into_iter().flatten().filter_map(|name| name.as_str()).collect();
            for other in others.iter().map(|other| package(other)) {
                let (lock, of) = (lock.display(), package(folder));
                assert!(
                    known.contains(&*other),
                    "{lock}: {of} uses {other}: run `cargo metadata` there"
                );
            }
        }
    }
}

/// Each package that is compiled for the target, with its features: those of the workspace as its tests
/// need it, or of one package.
fn features(of: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["tree", "--locked", "--offline", "--prefix", "none"]);
    let tree = cargo.args(["--format", "{p}|{f}"]).args(of).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// With other features of a leaf, all that stands on it would be compiled a second time for the wheel.
#[test]
fn the_wheel_takes_its_dependencies_as_the_tests_compiled_them() {
    let tests = features(&["--workspace", "--all-features", "--edges", "normal,dev,no-proc-macro"]);
    let wheel = features(&["--package", "wavekeep-py", "--edges", "normal,no-proc-macro"]);
    let other: Vec<_> = wheel.difference(&tests).collect();
    assert!(other.is_empty(), "crates/py/Cargo.toml has to name the features of {other:?}");
}

/// The Rust files of a folder and of those in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The sources of a crate, by its folder.
fn sources_of(crate_folder: &str) -> Vec<PathBuf> {
    sources(&root().join("crates").join(crate_folder).join("src"))
}

#[test]
fn only_memory_maps_and_code_for_one_kind_of_processor_are_unsafe() {
    let crates = root().join("crates");
    let with_unsafe: BTreeSet<_> = ALLOWED
        .iter()
        .flat_map(|(name, _)| sources_of(name))
        .filter(|path| fs::read_to_string(path).unwrap().contains("unsafe {"))
        .map(|path| path.strip_prefix(&crates).unwrap().to_string_lossy().replace('\\', "/"))
        .collect();
    assert_eq!(
        with_unsafe.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "gnz/src/map.rs",
            "smurf/src/machine/lines.rs",
            "smurf/src/machine/map.rs",
            "smurf/src/machine/processor.rs",
        ]
    );
}

/// A field more would break who builds them by name.
#[test]
fn options_are_built_by_methods() {
    let mut open = Vec::new();
    let mut options = 0;
    let libraries = ALLOWED.iter().filter(|(name, _)| !["cli", "py"].contains(name));
    for source in libraries.flat_map(|(name, _)| sources_of(name)) {
        let source = fs::read_to_string(source).unwrap();
        let lines: Vec<_> = source.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = line.strip_prefix("pub struct ") else { continue };
            let name = name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap();
            let of_options = ["Options", "Limits", "Config"].iter().any(|end| name.ends_with(end));
            // The configuration that a run states is read, not built.
            if !of_options || name == "Config" {
                continue;
            }
            options += 1;
            let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
            if !above.any(|line| *line == "#[non_exhaustive]") {
                open.push(name.to_owned());
            }
        }
    }
    assert!(options > 20, "{options}");
    assert!(open.is_empty(), "#[non_exhaustive], with `with_…` methods: {open:?}");
}
