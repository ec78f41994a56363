//! Plots and reports.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn every_kind_is_drawn_in_every_format() {
    let folder = TempDir::new().unwrap();
    for (format, magic) in [("svg", &b"<svg"[..]), ("png", PNG), ("pdf", b"%PDF-")] {
        let inputs = [sample(BLAST), sample(NIGHT), sample(DAMAGED)];
        let mut args =
            vec!["plot", "--kind", "all", "--format", format, "-o", "plots", "--width", "400"];
        args.extend(inputs.iter().map(String::as_str));
        assert_eq!(code(&run_in(folder.path(), &args)), 3);
        for name in ["traces", "spectrum", "third-octaves", "limits"] {
            let path = folder.path().join(format!("plots/{BLAST}.{name}.{format}"));
            let bytes = fs::read(&path).unwrap();
            assert!(
                bytes.starts_with(magic) || bytes.windows(4).take(400).any(|part| part == b"<svg"),
                "{path:?}"
            );
        }
        assert!(folder.path().join(format!("plots/{NIGHT}.histogram.{format}")).is_file());
    }
}

#[test]
fn a_picture_on_standard_output_is_the_picture_in_the_file() {
    let folder = TempDir::new().unwrap();
    let streamed = run_in(folder.path(), &["plot", &sample(BLAST), "-o", "-"]);
    assert_eq!(code(&run_in(folder.path(), &["plot", &sample(BLAST), "-o", "p.png"])), 0);
    assert!(streamed.stdout == fs::read(folder.path().join("p.png")).unwrap());
}

#[test]
fn a_kind_that_a_recording_has_not_is_an_error_that_says_so() {
    let output = run(&["plot", NIGHT, "--kind", "traces", "-o", "-"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("a histogram has no traces"));
}

#[test]
fn a_quantity_and_a_window_are_drawn_and_refused_where_they_change_nothing() {
    let drawn = |arguments: &[&str]| {
        let asked = [&["plot", BLAST, "-o", "-", "--format", "svg"], arguments].concat();
        String::from_utf8(run(&asked).stdout).unwrap()
    };
    assert!(drawn(&["--quantity", "acceleration"]).contains("acceleration, 1024 samples/s"));
    assert!(drawn(&["--quantity", "displacement", "--velocity", "mm/s"]).contains(" mm at "));
    assert!(drawn(&["--quantity", "vector-sum"]).contains("Vector sum ±"));
    assert!(drawn(&["--kind", "spectrum", "--window", "hann"]).contains("Hann window"));
    assert!(drawn(&["--kind", "third-octaves"]).contains("IEC 61260-1"));
    let refused = |arguments: &[&str]| {
        let output = run(&[&["plot", "-o", "-"], arguments].concat());
        (code(&output), stderr(&output))
    };
    let (exit, words) = refused(&[NIGHT, "--quantity", "displacement"]);
    assert!(exit == 1 && words.contains("peaks, not samples"), "{words}");
    let (exit, words) = refused(&[BLAST, "--kind", "limits", "--quantity", "displacement"]);
    assert!(exit == 2 && words.contains("--kind traces"), "{words}");
    let (exit, words) = refused(&[BLAST, "--window", "hann"]);
    assert!(exit == 2 && words.contains("--kind spectrum"), "{words}");
}

#[test]
fn a_report_is_a_pdf_with_a_verdict() {
    let folder = TempDir::new().unwrap();
    let args = ["report", &sample(BLAST), "--json", "-o", "report.pdf"];
    let output = run_in(folder.path(), &args);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(fs::read(folder.path().join("report.pdf")).unwrap().starts_with(b"%PDF-"));
    let verdict = &documents(&output)[0]["verdict"];
    assert_eq!(
        (&verdict["outcome"], &verdict["curve"]),
        (&"within".into(), &"usbm-drywall".into())
    );
}

#[test]
fn a_damaged_event_gets_no_pass() {
    let folder = TempDir::new().unwrap();
    let args = ["report", &sample(DAMAGED), "--json"];
    let verdict = documents(&run_in(folder.path(), &args))[0]["verdict"]["outcome"].clone();
    assert_eq!(verdict, "no_verdict");
}

#[test]
fn a_curve_of_ones_own_is_read_from_a_file() {
    let folder = TempDir::new().unwrap();
    let curve = "[[curve]]\nid = \"permit-7\"\nname = \"Permit 7\"\nunit = \"in/s\"\njudges = \"each component\"\nsource = \"the permit\"\nfrom_hz = 1\npieces = [{ constant = 0.2 }]\n";
    fs::write(folder.path().join("permits.toml"), curve).unwrap();
    let args =
        ["report", &sample(BLAST), "--json", "--curves", "permits.toml", "--curve", "permit-7"];
    let document = &documents(&run_in(folder.path(), &args))[0];
    assert_eq!(document["verdict"]["outcome"], "exceeds");
    fs::write(folder.path().join("permits.toml"), "[[curve]]\nid = 7").unwrap();
    let broken = run_in(folder.path(), &args);
    assert_eq!(code(&broken), 1);
    assert!(stderr(&broken).contains("permits.toml"), "{}", stderr(&broken));
}

#[test]
fn an_unknown_curve_lists_those_that_there_are() {
    let text = stderr(&run(&["plot", QUIET, "--curve", "x"]));
    assert!(text.contains("usbm-drywall") && text.contains("osmre"), "{text}");
}
