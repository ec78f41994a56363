//! Limits for untrusted zip files: both checkers refuse them, within bounds and without a panic.

use std::collections::BTreeMap;
use std::io::Cursor;

use proptest::prelude::*;
use wavekeep_custody::proof::{CheckOptions, ProofError, check};

use crate::sample::*;

fn parts() -> BTreeMap<String, Vec<u8>> {
    content(&SAMPLE.zip).unwrap()
}

fn zip_of(parts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    zipped(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// The sample, packed again with another part.
fn with(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut parts = parts();
    parts.insert(name.to_owned(), bytes.to_vec());
    zip_of(&parts)
}

/// Another text of the same length, wherever it stands.
fn replaced(zip: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut zip = zip.to_vec();
    let places: Vec<usize> =
        (0..zip.len() - from.len()).filter(|at| zip[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        zip[at..at + to.len()].copy_from_slice(to);
    }
    zip
}

/// Checks that both refuse, and gives the errors.
fn refused(zips: Vec<Vec<u8>>) -> Vec<ProofError> {
    let errors = zips.iter().map(|zip| checked(zip).expect_err("refused")).collect();
    assert_eq!(python_codes(zips.iter().map(Vec::as_slice)), vec![1; zips.len()]);
    errors
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let names = [
        "files/../x",
        "files/a/../../x",
        "files//x",
        "files/./x",
        "files/",
        "files/a/",
        "/etc/passwd",
        "files/C:x",
        "files/a\\b",
        "files/a\nb",
        "../head.txt",
        "more.txt",
        "files",
        "HEAD.TXT",
    ];
    let long = format!("files/{}", "x".repeat(1001));
    let names = names.into_iter().chain([long.as_str()]);
    for error in refused(names.map(|name| with(name, b"x")).collect()) {
        assert!(matches!(error, ProofError::BadName { .. }), "{error}");
    }
}

#[test]
fn a_name_outside_ascii_is_possible_when_it_is_marked() {
    let zip = with("files/ü", b"x");
    let problems = checked(&zip).unwrap().problems;
    assert!(problems.len() == 1 && problems[0].starts_with("files/ü: entry 6"), "{problems:?}");
    assert_eq!(python_codes([zip.as_slice()]), [3]);
}

#[test]
fn two_members_of_the_same_name_are_refused() {
    let zip = with("files/twice1", b"one");
    let mut parts = content(&zip).unwrap();
    parts.insert("files/twice2".to_owned(), b"two".to_vec());
    let zip = replaced(&zip_of(&parts), b"files/twice2", b"files/twice1");
    assert_eq!(refused(vec![zip]), [ProofError::Twice]);
}

#[test]
fn a_member_without_which_there_is_no_proof_is_named() {
    for member in ["README.txt", "proof.json", "head.txt"] {
        let mut parts = parts();
        parts.remove(member);
        assert_eq!(refused(vec![zip_of(&parts)]), [ProofError::Missing { member }]);
    }
}

#[test]
fn too_many_members_are_refused_before_they_are_read() {
    let mut parts = parts();
    parts.extend((0..1001).map(|number| (format!("files/{number}"), Vec::new())));
    let errors = refused(vec![zip_of(&parts)]);
    assert!(matches!(errors[..], [ProofError::TooMany { .. }]), "{errors:?}");
}

#[test]
fn members_that_unpack_to_more_than_their_bound_are_refused() {
    let zeros = vec![0; (16 << 20) + 1];
    let mut zips = vec![with("proof.json", &zeros)];
    for name in ["head.txt", "head.txt.minisig", "head.txt.tsr", "README.txt"] {
        zips.push(with(name, &zeros[..(1 << 20) + 1]));
    }
    assert!(zips.iter().all(|zip| zip.len() < 50_000));
    for error in refused(zips) {
        assert!(matches!(error, ProofError::TooLarge { .. }), "{error}");
    }
    let options = CheckOptions::default().with_most_file_bytes(100);
    let error = check(Cursor::new(with("files/x", &zeros[..101])), &options).unwrap_err();
    assert_eq!(error, ProofError::TooLarge { member: "all files together".to_owned(), most: 100 });
}

#[test]
fn a_member_that_unpacks_to_more_than_it_says_is_not_read_further() {
    // Its size stands in both headers: 5000 bytes are given out as 50.
    let zip = with("head.txt", &[b'x'; 5000]);
    let zip = replaced(&zip, &5000u32.to_le_bytes(), &50u32.to_le_bytes());
    assert!(matches!(refused(vec![zip])[..], [ProofError::Damaged { .. }]));
    let zip = with("files/x", &[b'x'; 5000]);
    let zip = replaced(&zip, &5000u32.to_le_bytes(), &50u32.to_le_bytes());
    let problems = checked(&zip).unwrap().problems;
    assert!(problems[0].starts_with("files/x: it cannot be read"), "{problems:?}");
    assert_eq!(python_codes([zip.as_slice()]), [3]);
}

#[test]
fn a_zip_file_with_something_before_or_behind_it_is_refused() {
    let end = SAMPLE.zip.len() - 22;
    let mut comment = SAMPLE.zip.clone();
    comment[end + 20] = 1;
    comment.push(b'x');
    let mut many = SAMPLE.zip.clone();
    many[end + 4] = 1;
    let zips = vec![
        [b"x", SAMPLE.zip.as_slice()].concat(),
        [SAMPLE.zip.as_slice(), b"x"].concat(),
        [SAMPLE.zip.as_slice(), SAMPLE.zip.as_slice()].concat(),
        comment,
        many,
        Vec::new(),
        b"PK\x05\x06".to_vec(),
        vec![0; 100],
    ];
    for error in refused(zips) {
        assert!(matches!(error, ProofError::NotAZip { .. }), "{error}");
    }
}

#[test]
fn members_that_are_encrypted_or_packed_otherwise_are_refused() {
    // The flags and the method of each member, ahead of it and in the directory.
    let altered = |at: usize, bits: u8| {
        let mut zip = SAMPLE.zip.clone();
        for start in 0..zip.len() - 4 {
            match &zip[start..start + 4] {
                b"PK\x03\x04" => zip[start + 6 + at] |= bits,
                b"PK\x01\x02" => zip[start + 8 + at] |= bits,
                _ => {}
            }
        }
        zip
    };
    refused(vec![
        altered(0, 1),
        altered(0, 1 << 5),
        altered(0, 1 << 6),
        altered(1, 1 << 5),
        altered(2, 4),
    ]);
}

#[test]
fn each_cut_of_a_proof_is_refused() {
    for cut in 0..SAMPLE.zip.len() {
        assert!(checked(&SAMPLE.zip[..cut]).is_err(), "{cut}");
    }
    let cuts = (0..SAMPLE.zip.len()).step_by(31).map(|cut| &SAMPLE.zip[..cut]);
    assert!(python_codes(cuts).iter().all(|code| *code == 1));
}

#[test]
fn json_of_another_form_is_refused() {
    let right = String::from_utf8(parts()["proof.json"].clone()).unwrap();
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let texts = [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"version\": 1}",
        "\u{feff}{}",
        &nested,
        &right.replace("\"version\": 1", "\"version\": 0.5"),
        &right.replace("\"version\": 1", "\"version\": NaN"),
        &right.replace("\"version\": 1", "\"version\": 1, \"version\": 1"),
        &right.replace("\"entry\": 4", "\"entry\": -4"),
        &right.replace("\"entry\": 4", "\"entry\": 4.0"),
        &right.replace("\"entry\": 4", "\"entry\": true"),
        &right.replace("\"entry\": 4", "\"entry\": 123456789012345678901234567890"),
        &right.replace("\"path\": [", "\"path\": [\"x\","),
        &right.replace("\"path\"", "\"bath\""),
        &right.replace("\"id\": 7", "\"id\": \"7\""),
        &right.replace("M529LKIQ.7M0W\"\n", "\\ud800\"\n"),
        &format!("{right} x"),
    ]
    .map(|text| with("proof.json", text.as_bytes()));
    let zips = texts.into_iter().chain([with("proof.json", b"\"\xff\"")]).collect();
    for error in refused(zips) {
        assert!(matches!(error, ProofError::Malformed { member: "proof.json", .. }), "{error}");
    }
}

#[test]
fn a_newer_version_asks_for_a_newer_program() {
    let right = String::from_utf8(parts()["proof.json"].clone()).unwrap();
    let newer = with("proof.json", right.replace("\"version\": 1", "\"version\": 2").as_bytes());
    assert_eq!(refused(vec![newer]), [ProofError::Newer { found: 2 }]);
}

#[test]
fn a_head_of_another_form_is_refused() {
    let right = SAMPLE.proof.head.clone();
    let root = SAMPLE.ledger.head().root;
    let texts = [
        String::new(),
        format!("7:{root}"),
        right.replace("wavekeep head 1", "wavekeep head 2"),
        right.replace("size 7", "size -7"),
        right.replace("root ", "toor "),
        right.replace("archive 0f", "archive 0g"),
    ];
    for error in refused(texts.iter().map(|text| with("head.txt", text.as_bytes())).collect()) {
        assert!(matches!(error, ProofError::Malformed { member: "head.txt", .. }), "{error}");
    }
}

#[test]
fn untrusted_texts_are_printed_without_control_characters() {
    let right = String::from_utf8(parts()["proof.json"].clone()).unwrap();
    let zip = with("proof.json", right.replace("\"BE11529\"", "\"\\u001b[2J\"").as_bytes());
    let text = checked(&zip).unwrap().to_string();
    assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_proof_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let _ = checked(&bytes);
        let mut altered = SAMPLE.zip.clone();
        for (place, byte) in changes {
            altered[place.index(SAMPLE.zip.len())] = byte;
        }
        let _ = checked(&altered);
    }
}
