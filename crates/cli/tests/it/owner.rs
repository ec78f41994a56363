//! Root and a service share an archive.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};

/// A user that this machine does not have.
const SERVICE: u32 = 54_321;

fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(status.success(), "{text}");
    text
}

#[test]
fn what_root_makes_in_the_archive_of_a_service_belongs_to_the_service() {
    let place = tempfile::tempdir().unwrap();
    if place.path().metadata().unwrap().uid() != 0 {
        let _ = writeln!(
            std::io::stderr(),
            "\n*** NOT TRIED: that root does not lock out a service: it needs root.\n"
        );
        return;
    }
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let archive = place.path().join("fleet");
    fs::create_dir(&archive).unwrap();
    chown(&archive, Some(SERVICE), Some(SERVICE)).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let (blast, quiet) = (samples.join("M529LMOK.DK0W"), samples.join("M529LKIQ.7M0W"));
    // Where that user can run it.
    let program = place.path().join("wavekeep");
    fs::copy(env!("CARGO_BIN_EXE_wavekeep"), &program).unwrap();
    fs::copy(&blast, place.path().join("M529LMOK.DK0W")).unwrap();
    let root = |args: &[&str]| {
        let mut command = Command::new(&program);
        run(command.args(args).arg("--archive").arg(&archive))
    };
    let service = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        let user = SERVICE.to_string();
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(&program);
        run(command.current_dir(place.path()).args(args).arg("--archive").arg(&archive))
    };
    let said = root(&["import", quiet.to_str().unwrap(), "--gnz"]);
    assert!(said.contains("new files belong to 54321"), "{said}");
    root(&["review", "1", "--notes", "by root", "--reviewer", "kim"]);
    root(&["token", "add", "kim"]);
    let drop = place.path().join("drop");
    fs::create_dir(&drop).unwrap();
    fs::copy(&blast, drop.join("M529LMOK.DK0W")).unwrap();
    root(&["watch", "--once", "--settle", "0", drop.to_str().unwrap()]);
    root(&["rebuild", "--index"]);
    for entry in walkdir::WalkDir::new(&archive) {
        let entry = entry.unwrap();
        let found = entry.metadata().unwrap();
        assert_eq!((found.uid(), found.gid()), (SERVICE, SERVICE), "{}", entry.path().display());
    }
    service(&["review", "1", "--notes", "by the service", "--reviewer", "sam"]);
    service(&["import", "M529LMOK.DK0W"]);
    service(&["token", "add", "sam"]);
    assert!(service(&["verify"]).contains("no problems found"));
    let own = place.path().join("own");
    fs::create_dir(&own).unwrap();
    let said = run(Command::new(&program).arg("import").arg(&quiet).arg("--archive").arg(&own));
    assert!(!said.contains("belong"), "{said}");
}
