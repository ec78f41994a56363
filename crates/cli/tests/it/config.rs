//! The configuration file: what it sets, what takes precedence over it, what is wrong in it.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

struct Office {
    folder: TempDir,
}

impl Office {
    /// A folder with this configuration.
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("office.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("wavekeep").unwrap();
        command.current_dir(self.path()).env("WAVEKEEP_CONFIG", "office.toml").args(args);
        command.env_remove("WAVEKEEP_ARCHIVE");
        command
    }

    /// Exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// An option as `config show` has it.
    fn shown(&self, command: &str, option: &str, variables: &[(&str, &str)]) -> Value {
        let mut run = self.command(&["config", "show", "--json", command]);
        let output = run.envs(variables.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.into_iter().find(|it| it["option"] == option).unwrap()
    }
}

#[test]
fn a_watcher_takes_its_options_from_the_file() {
    let office = Office::with(
        "archive = 'fleet'\n\n[watch]\nfolder = 'arriving'\nsettle = 0\nonce = true\n",
    );
    fs::create_dir(office.path().join("arriving")).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/M529LKIQ.7M0W");
    fs::copy(sample, office.path().join("arriving/M529LKIQ.7M0W")).unwrap();
    wavekeep_archive::Archive::create(office.path().join("fleet")).unwrap();
    let (code, _, said) = office.run(&["watch"]);
    assert_eq!(code, 0, "{said}");
    let (code, listed, said) = office.run(&["list"]);
    assert_eq!((code, listed.matches("BE11529").count()), (0, 1), "{said}");
}

#[test]
fn events_of_the_archive_are_inputs_only_where_some_are_selected() {
    let office = Office::with("archive = 'fleet'\n");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/M529LKIQ.7M0W");
    let sample = sample.to_str().unwrap();
    assert_eq!(office.run(&["import", "--quiet", "--archive", "fleet", sample]).0, 0);
    let (code, _, said) = office.run(&["plot", "-o", "one.png", "--id", "1"]);
    assert_eq!(code, 0, "{said}");
    let (code, _, said) = office.run(&["plot", "-o", "two.png", sample]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(office.run(&["plot", "-o", "three.png"]).0, 2);
    // The variable is an archive like that of the file; without both there is none.
    let nothing = Office::with("");
    assert_eq!(nothing.run(&["report", "--id", "1"]).0, 2);
    let mut report = nothing.command(&["report", "--id", "1", "-o", "one.pdf"]);
    report.env("WAVEKEEP_ARCHIVE", office.path().join("fleet")).assert().success();
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let office = Office::with("[record]\nframes = 7\nchannels = 4\nrate = 0\noutput = 'run.dat'\n");
    let frames = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = office.command(&["--json", "record"]);
        let output = command.args(args).envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let length = fs::metadata(office.path().join("run.dat")).unwrap().len();
        fs::remove_file(office.path().join("run.dat")).unwrap();
        // A record has 8 bytes, a frame 128 and 4 for each of 4 channels.
        length / (8 + 128 + 16)
    };
    let variable = [("WAVEKEEP_RECORD_FRAMES", "5")];
    assert_eq!(frames(&[], &[]), 7);
    assert_eq!(frames(&[], &variable), 5);
    assert_eq!(frames(&["--frames", "3"], &variable), 3);
    assert_eq!(frames(&["--frames=2"], &[]), 2);
}

#[test]
fn a_command_has_its_own_archive_before_that_of_all() {
    let office = Office::with("archive = 'other'\n[serve]\narchive = 'fleet'\n");
    assert_eq!(office.shown("serve", "archive", &[])["value"], "fleet");
    assert_eq!(office.shown("watch", "archive", &[])["value"], "other");
    let (code, _, said) = office.run(&["serve"]);
    assert_eq!(code, 1);
    assert!(said.contains("fleet is not an archive"), "{said}");
}

#[test]
fn a_flag_excludes_what_contradicts_it_in_the_file() {
    let office = Office::with("archive = 'fleet'\n[serve]\ncreate = true\n");
    let (code, _, said) = office.run(&["serve", "--read-only", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 1);
    assert!(said.contains("is not an archive"), "{said}");
}

#[test]
fn show_says_where_each_value_comes_from() {
    let office = Office::with("# ours\n[serve]\nlisten = '127.0.0.1:9000'\nrate = 5\n");
    let listen = office.shown("serve", "listen", &[]);
    assert_eq!((&listen["value"], &listen["from"]["line"]), (&"127.0.0.1:9000".into(), &3.into()));
    let variable = [("WAVEKEEP_SERVE_LISTEN", "127.0.0.1:9001")];
    let listen = office.shown("serve", "listen", &variable);
    assert_eq!(listen["value"], "127.0.0.1:9001");
    assert_eq!(listen["from"]["variable"], "WAVEKEEP_SERVE_LISTEN");
    let settle = office.shown("watch", "settle", &[]);
    assert_eq!((&settle["value"], &settle["from"]["source"]), (&30.into(), &"default".into()));
    let archive = office.shown("serve", "archive", &[("WAVEKEEP_ARCHIVE", "/srv/fleet")]);
    assert_eq!(archive["from"]["variable"], "WAVEKEEP_ARCHIVE");
}

/// What `show` prints is a file again, with the same values.
#[test]
fn what_show_prints_is_a_configuration() {
    let office = Office::with(
        "[serve]\nbridge = ['tcp://smurf:8001', 'tcp://smurf:8002']\nlog-json = true\n[watch]\nfolder = 'a \"b\"\\\\c'\n",
    );
    let (code, first, said) = office.run(&["config", "show"]);
    assert_eq!(code, 0, "{said}");
    fs::write(office.path().join("office.toml"), &first).unwrap();
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(" # ").next().unwrap().trim().to_owned()).collect()
    };
    let (code, second, said) = office.run(&["config", "show"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(values(&first), values(&second));
    assert!(second.contains("bridge = [\"tcp://smurf:8001\", \"tcp://smurf:8002\"]"), "{second}");
}

#[test]
fn every_fault_is_listed_with_its_line() {
    let office = Office::with(
        "archive = 5\nserver = 1\n[serve]\nlistn = 'x'\nlisten = 'nowhere'\ncreate = 'yes'\nrate = -1\nbridge = 'x'\n\
         [watch]\nsettle = [1, 2]\nonce = 1\nrescan = 1979-05-27\n[record]\nshape = 'circle'\n",
    );
    let (code, _, said) = office.run(&["config", "check"]);
    assert_eq!(code, 2, "{said}");
    for (line, what) in [
        (2, "did you mean \"serve\""),
        (4, "did you mean \"listen\""),
        (5, "listen: invalid value 'nowhere'"),
        (6, "create: true or false was expected; found a string"),
        (7, "rate: invalid value '-1'"),
        (8, "bridge: invalid value 'x'"),
        (10, "settle: one value was expected; found an array"),
        (11, "once: true or false was expected; found an integer"),
        (12, "rescan: a text or a number was expected; found a datetime"),
        (14, "shape: invalid value 'circle'"),
    ] {
        let found = said.lines().find(|found| found.contains(&format!("office.toml:{line}: ")));
        assert!(found.is_some_and(|found| found.contains(what)), "{line} {what}\n{said}");
    }
    assert_eq!(said.lines().filter(|line| line.contains("office.toml:")).count(), 10, "{said}");
    // A command that uses the file says the same; one that does not runs.
    assert_eq!(office.run(&["serve", "--archive", "x"]).0, 2);
    assert_eq!(office.run(&["list", "--archive", "x"]).0, 1);
}

#[test]
fn what_is_no_toml_is_a_fault_with_its_line() {
    for text in [
        "[serve",
        "listen = ",
        "[serve]\nlisten = '127.0.0.1:1'\nlisten = '127.0.0.1:2'\n",
        "\u{0}",
    ] {
        let office = Office::with(text);
        let (code, _, said) = office.run(&["config", "check"]);
        assert_eq!(code, 2, "{text:?}: {said}");
        assert!(said.contains("office.toml:"), "{said}");
    }
}

#[test]
fn a_named_file_has_to_be_there() {
    let office = Office::with("");
    let (code, _, said) = office.run(&["--config", "other.toml", "serve", "--archive", "x"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("other.toml: cannot be read"), "{said}");
    let (code, out, _) = office.run(&["config", "check"]);
    assert_eq!((code, out.as_str()), (0, "office.toml: 0 settings, no faults\n"));
}

#[test]
fn every_option_of_the_long_commands_has_its_place_in_the_file() {
    let office = Office::with("");
    for command in ["serve", "watch", "record"] {
        let (_, help, _) = office.run(&[command, "--help"]);
        let (_, shown, _) = office.run(&["config", "show", command]);
        for option in help.split_whitespace().filter_map(|word| word.strip_prefix("--")) {
            let option = option.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            let global = ["json", "color", "quiet", "config", "help", "version"].contains(&option);
            // Of another command, or a part of an example.
            let is_own = help.contains(&format!("      --{option}"))
                || help.contains(&format!(", --{option}"));
            if is_own && !global {
                let set = shown
                    .lines()
                    .any(|line| line.trim_start_matches("# ").split(' ').next() == Some(option));
                assert!(set, "{command} --{option}:\n{shown}");
            }
        }
    }
}

#[test]
fn the_configurations_of_the_page_and_of_the_package_have_no_faults() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/configuration.md")).unwrap();
    let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let package = fs::read_to_string(root.join("packaging/debian/config.toml")).unwrap();
    for (text, settings) in [(block, 13), (package.as_str(), 2)] {
        let (code, out, said) = Office::with(text).run(&["config", "check"]);
        assert_eq!(
            (code, out),
            (0, format!("office.toml: {settings} settings, no faults\n")),
            "{said}"
        );
    }
    // With what is only commented out, too.
    let complete = package
        .replace("# folder", "folder")
        .replace("# from", "from")
        .replace("# output", "output");
    let (code, _, said) = Office::with(&complete).run(&["config", "check"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn tokens_are_those_of_the_archive_in_the_file() {
    let office = Office::with("archive = 'fleet'\n");
    let (code, _, said) = office.run(&["token", "add", "kim", "--create"]);
    assert_eq!(code, 0, "{said}");
    let (code, listed, _) = office.run(&["token", "list"]);
    assert!(code == 0 && listed.contains("kim"), "{listed}");
}

/// A configuration with sign-in by an identity provider, and the secret in a file beside it.
fn with_provider(more: &str) -> Office {
    let base = "archive = 'fleet'\n[serve]\noidc-issuer = 'https://id.example/realms/office'\n\
        oidc-client-id = 'wavekeep'\noidc-client-secret-file = 'secret'\n";
    let office = Office::with(&format!("{base}{more}\n"));
    fs::write(office.path().join("secret"), "s3cret\n").unwrap();
    office
}

#[test]
fn sign_in_with_a_provider_is_checked_as_a_whole() {
    let right = "oidc-role = ['group:admins=admin', 'group:cn=four,ou=x=review', 'user:kim=read']\n\
        oidc-unit = ['group:cn=four,ou=x=BE11529']\noidc-project = ['user:kim=Quarry = 4']";
    let (code, out, said) = with_provider(right).run(&["config", "check"]);
    assert_eq!((code, out.as_str()), (0, "office.toml: 7 settings, no faults\n"), "{said}");
    for (more, what) in [
        ("", "office.toml:3: oidc-issuer: nobody could sign in"),
        ("oidc-role = ['group:x=admn']", "one of read, review, import, admin was expected"),
        ("oidc-role = ['admins=admin']", "is not of the form user:NAME or group:NAME"),
        ("oidc-role = ['user:=admin']", "is not of the form user:NAME or group:NAME"),
        ("oidc-role = ['user:kim']", "is not of the form WHO=ROLE"),
        (
            "oidc-role = ['user:a=read', 'user:a=admin']",
            "office.toml:6: oidc-role: user:a has two roles",
        ),
        (
            "oidc-other-users = 'read'\noidc-unit = ['group:x=BE1']",
            "office.toml:7: oidc-unit: \"group:x=BE1\" is not of the form WHO=NAME, with a user or group of oidc-role",
        ),
        (
            "oidc-role = ['group:x=import']\noidc-unit = ['group:x=BE1']",
            "office.toml:7: oidc-unit: group:x has the role import, which is for the whole archive",
        ),
        (
            "oidc-role = ['group:x=read']\noidc-unit = ['group:x=']",
            "names nothing behind the sign =",
        ),
        ("oidc-other-users = 'everybody'", "one of read, review, import, admin was expected"),
        ("oidc-other-users = 'read'\noidc-scope = ['openid profile']", "one scope was expected"),
        ("oidc-other-users = 'read'\noidc-session-hours = 0", "0 is not in 1..=720"),
    ] {
        let (code, _, said) = with_provider(more).run(&["config", "check"]);
        assert!(code == 2 && said.contains(what), "{more}: {said}");
    }
    for (text, what) in [
        ("oidc-issuer = 'http://id.example'\noidc-client-id = 'x'", "is not https"),
        ("oidc-issuer = 'id.example'\noidc-client-id = 'x'", "is not a URL"),
        ("oidc-issuer = 'https://id.example'", "--oidc-client-id"),
        ("oidc-client-id = 'x'", "--oidc-issuer"),
        (
            "oidc-issuer = 'https://id.example'\noidc-client-id = ' '\noidc-other-users = 'read'",
            "it is empty",
        ),
    ] {
        let (code, _, said) = Office::with(&format!("[serve]\n{text}\n")).run(&["config", "check"]);
        assert!(code == 2 && said.contains(what), "{text}: {said}");
    }
}

#[test]
fn the_secret_of_the_client_has_to_be_there_and_is_never_shown() {
    let office = with_provider("oidc-other-users = 'read'");
    let variable = ("WAVEKEEP_OIDC_CLIENT_SECRET", "s3cret");
    let shown = office.command(&["config", "show", "serve"]).env(variable.0, variable.1).output();
    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert!(shown.contains("oidc-client-secret-file = \"secret\"") && !shown.contains("s3cret"));
    fs::write(office.path().join("secret"), " \n").unwrap();
    let (code, _, said) = office.run(&["config", "check"]);
    assert!(
        code == 2 && said.contains("office.toml:5: oidc-client-secret-file: secret: it is empty"),
        "{said}"
    );
    fs::remove_file(office.path().join("secret")).unwrap();
    for args in [["config", "check"], ["serve", "--create"]] {
        let (code, _, said) = office.run(&args);
        assert!(
            code == 2 && said.contains("oidc-client-secret-file: secret: cannot be read"),
            "{said}"
        );
    }
    // What does not need the secret does not ask for it.
    assert_eq!(office.run(&["token", "add", "kim", "--create"]).0, 0);
}

#[test]
fn options_of_serve_that_contradict_each_other_are_faults() {
    for (text, what) in [
        ("create = true\nread-only = true", "cannot be used with"),
        ("user-header = 'X-Remote-User'", "--trusted-proxy"),
        ("tls-cert = 'office.pem'", "--tls-key"),
    ] {
        let (code, _, said) = Office::with(&format!("[serve]\n{text}\n")).run(&["config", "check"]);
        assert!(
            code == 2 && said.contains("office.toml: [serve]: ") && said.contains(what),
            "{said}"
        );
    }
}

#[test]
fn the_configurations_of_the_page_about_sign_in_have_no_faults() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/sign-in.md")).unwrap();
    let blocks: Vec<_> = page.split("```toml\n").skip(1).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let text =
            block.split("```").next().unwrap().replace("/etc/wavekeep/oidc-secret", "secret");
        let office = Office::with(&text);
        fs::write(office.path().join("secret"), "s3cret").unwrap();
        let (code, _, said) = office.run(&["config", "check"]);
        assert_eq!(code, 0, "{text}: {said}");
    }
}
