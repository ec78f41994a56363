//! Templates of companies, whole and hostile.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wavekeep_period::read_template;

const LOGO: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"/>"#;

/// A folder with a template and a logo.
fn folder(template: &str, logo: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("office.toml"), template).unwrap();
    fs::write(folder.path().join("logo.svg"), logo).unwrap();
    folder
}

fn refusal(template: &str, logo: &[u8]) -> String {
    let folder = folder(template, logo);
    read_template(&folder.path().join("office.toml")).unwrap_err().to_string()
}

#[test]
fn a_template_has_letterhead_texts_and_signatures() {
    let text = r#"
        [company]
        name = "Hartmann & Söhne"
        lines = ["12 Mill Lane", "Leeds"]
        logo = "logo.svg"
        logo_height_mm = 20

        [report]
        title = "Monthly report"
        number = "2026-117"
        prepared_for = ["North Quarry plc"]
        introduction = ["One.", "Two."]
        footer = "Confidential"

        [[signature]]
        name = "J. Okafor"
        role = "Engineer"

        [[signature]]
    "#;
    let folder = folder(text, LOGO.as_bytes());
    let letterhead = read_template(&folder.path().join("office.toml")).unwrap();
    assert_eq!(letterhead.company.as_deref(), Some("Hartmann & Söhne"));
    assert_eq!((letterhead.lines.len(), letterhead.logo_height_mm), (2, Some(20.0)));
    assert!(letterhead.logo.is_some());
    assert_eq!((letterhead.introduction.len(), letterhead.signatures.len()), (2, 2));
}

#[test]
fn an_empty_template_is_one() {
    let folder = folder("", b"");
    assert_eq!(read_template(&folder.path().join("office.toml")).unwrap(), Default::default());
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_the_line() {
    let logo = "[company]\nlogo = \"logo.svg\"\n";
    for (template, words) in [
        ("[company]\nnamee = \"x\"", "line 2: unknown field `namee`"),
        ("[company]\n\nname = 5", "line 3: invalid type"),
        ("[company", "line 1"),
        (
            "[company]\nlogo_height_mm = 1e9",
            "line 2: company.logo_height_mm: 1000000000 is not within",
        ),
        ("[company]\nlogo_height_mm = nan", "company.logo_height_mm"),
        ("[company]\nlogo_height_mm = -3", "company.logo_height_mm"),
        ("[company]\nlogo = \"gone.png\"", "gone.png: cannot be read"),
        ("[company]\nlogo = \".\"", "it is no file"),
        ("[company]\nlogo = \"office.toml\"", "neither"),
    ] {
        let refused = refusal(template, LOGO.as_bytes());
        assert!(
            refused.contains(words) && refused.contains("office.toml") || refused.contains(words),
            "{refused}"
        );
    }
    let long = format!("[report]\ntitle = \"{}\"", "x".repeat(3000));
    assert!(refusal(&long, b"").contains("line 2: report.title: has more than 2000 letters"));
    let many = format!("[report]\nclosing = [{}]", "\"x\",".repeat(500));
    assert!(refusal(&many, b"").contains("report.closing: has more than 20 entries"));
    let signatures = "[[signature]]\n".repeat(50);
    assert!(refusal(&signatures, b"").contains("signature: more than 20"));
    let huge = format!("{LOGO}{}", " ".repeat(3 << 20));
    assert!(refusal(logo, huge.as_bytes()).contains("more than 2097152 bytes"));
    assert!(refusal(logo, b"GIF89a").contains("neither"));
    let whole = format!("# {}", "x".repeat(1 << 20));
    assert!(refusal(&whole, b"").contains("more than 262144 bytes"));
    assert!(read_template(Path::new("/nowhere/office.toml")).is_err());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_logo_is_not_waited_for() {
    let folder = folder("[company]\nlogo = \"pipe\"", b"");
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    assert!(made.unwrap().success());
    let refused = read_template(&folder.path().join("office.toml")).unwrap_err().to_string();
    assert!(refused.contains("it is no file"), "{refused}");
}
