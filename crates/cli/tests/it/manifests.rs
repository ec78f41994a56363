//! Every crate can be published, and a reader of its package alone can start with it.

use std::fs;
use std::path::{Path, PathBuf};

/// The page that describes the format, the folder or the API of a crate: a link in the crate, which
/// cargo follows when it packages.
const PAGES: [(&str, &str, &str); 12] = [
    ("archive", "ARCHIVE.md", "docs/archive.md"),
    ("blastware", "FORMAT.md", "docs/formats/blastware.md"),
    ("custody", "FORMAT.md", "docs/ledger.md"),
    ("export", "FORMAT.md", "docs/formats/miniseed.md"),
    ("formats", "FORMAT.md", "docs/formats/arrays.md"),
    ("gnz", "FORMAT.md", "docs/formats/gnz.md"),
    ("lake", "LAKE.md", "docs/lake.md"),
    ("period", "REPORT.md", "docs/reports.md"),
    ("recorder", "FORMAT.md", "docs/formats/smurf.md"),
    ("server", "API.md", "docs/api.md"),
    ("smurf", "FORMAT.md", "docs/formats/smurf.md"),
    ("thor", "FORMAT.md", "docs/formats/thor.md"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table(path: &Path) -> toml::Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Folder and manifest of every crate that is published.
fn published() -> Vec<(PathBuf, toml::Table)> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let all = folders.map(|folder| (folder.clone(), table(&folder.join("Cargo.toml"))));
    let published: Vec<_> =
        all.filter(|(_, manifest)| manifest["package"].get("publish").is_none()).collect();
    assert_eq!(published.len(), 19);
    published
}

/// Those of them that are libraries.
fn libraries() -> Vec<(PathBuf, toml::Table)> {
    let mut all = published();
    all.retain(|(folder, _)| folder.join("src/lib.rs").exists());
    assert_eq!(all.len(), 18);
    all
}

#[test]
fn every_manifest_describes_its_crate_to_the_registry() {
    for (folder, manifest) in published() {
        let package = &manifest["package"];
        assert!(!package["description"].as_str().unwrap().is_empty());
        let keywords = package["keywords"].as_array().unwrap();
        // The registry refuses more, and longer ones.
        assert!((1..=5).contains(&keywords.len()), "{folder:?}");
        assert!(keywords.iter().all(|word| word.as_str().unwrap().len() <= 20), "{folder:?}");
        let categories = package["categories"].as_array().unwrap();
        assert!((1..=5).contains(&categories.len()), "{folder:?}");
    }
}

#[test]
fn every_library_is_documented_with_all_features() {
    for (folder, manifest) in libraries() {
        let docs = &manifest["package"]["metadata"]["docs"]["rs"];
        assert_eq!(docs["all-features"].as_bool(), Some(true), "{folder:?}");
    }
}

#[test]
fn crates_require_each_other_in_the_version_of_the_workspace() {
    let workspace = table(&root().join("Cargo.toml"));
    let version = &workspace["workspace"]["package"]["version"];
    for (name, dependency) in workspace["workspace"]["dependencies"].as_table().unwrap() {
        if dependency.get("path").is_some() {
            assert_eq!(dependency.get("version"), Some(version), "{name}");
        }
    }
}

#[test]
fn every_readme_has_an_example_that_is_compiled() {
    for (folder, _) in libraries() {
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.contains("\n```rust"), "{folder:?}");
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(library.contains(r#"#[doc = include_str!("../README.md")]"#), "{folder:?}");
    }
}

#[test]
fn every_readme_names_a_program_that_is_in_the_package() {
    for (folder, manifest) in libraries() {
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        let (_, name) = readme.split_once("[examples/").unwrap();
        let (name, _) = name.split_once(']').unwrap();
        assert!(folder.join("examples").join(name).is_file(), "{folder:?}: {name}");
        let excluded = manifest["package"]["exclude"].as_array().unwrap();
        let excluded: Vec<_> = excluded.iter().map(|path| path.as_str().unwrap()).collect();
        assert!(!excluded.contains(&"/examples"), "{folder:?}");
        assert!(!excluded.contains(&&*format!("/examples/{name}")), "{folder:?}");
    }
}

#[test]
fn every_crate_holds_its_page_and_the_licences() {
    let held = |path: PathBuf, page: &str| {
        let text = fs::read_to_string(&path).unwrap();
        // Where the system has no links, git writes their target into a file.
        let followed = text == fs::read_to_string(root().join(page)).unwrap();
        assert!(followed || text.ends_with(page), "{path:?} is not {page}");
    };
    for (folder, name, page) in PAGES {
        let folder = root().join("crates").join(folder);
        held(folder.join(name), page);
        assert!(fs::read_to_string(folder.join("README.md")).unwrap().contains(name));
    }
    for (folder, _) in published() {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            held(folder.join(licence), licence);
        }
    }
}

#[test]
fn no_source_includes_a_file_outside_of_its_package() {
    for (folder, _) in published() {
        for entry in walkdir::WalkDir::new(folder.join("src")) {
            let path = entry.unwrap().into_path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let depth = path.strip_prefix(&folder).unwrap().components().count() - 1;
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| line.contains("include_")) {
                assert!(line.matches("../").count() <= depth, "{path:?}: {line}");
            }
        }
    }
}
