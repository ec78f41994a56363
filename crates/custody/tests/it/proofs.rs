//! Proofs: made, checked, and altered. The script `docs/custody/check_proof.py` judges all of them too.

use std::io::Cursor;

use wavekeep_custody::merkle::{Tree, leaf_hash};
use wavekeep_custody::proof::{
    CheckOptions, Proof, ProofError, SignatureFinding, StampFinding, check,
};
use wavekeep_custody::signature::{SecretKey, make_key};
use wavekeep_custody::{Action, Hash, Subject, lost_line};

use crate::authority::{Authority, Make, P384, RSA, USUAL};
use crate::sample::*;

#[test]
fn a_proof_says_who_did_what_and_what_was_checked() {
    let checked = checked(&SAMPLE.zip).unwrap();
    assert_eq!(checked.problems, [""; 0]);
    assert!(checked.fits() && checked.is_anchored());
    assert_eq!(checked.event, event());
    let words: Vec<_> = (checked.entries.iter())
        .map(|entry| (entry.entry, entry.at.as_str(), entry.who.as_str(), entry.action.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            (2, "2026-11-28T13:01:00Z", "kim", "import"),
            (4, "2026-11-28T13:03:00Z", "kim", "update"),
            (6, "2026-11-28T13:05:00Z", "kim", "review"),
        ]
    );
    assert_eq!(checked.head, SAMPLE.ledger.head());
    assert_eq!(checked.files, ["M529LKIQ.7M0W", "M529LKIQ.7M0W.TXT", "M529LKIQ.7M0W.sfm.json"]);
    assert_eq!(checked.not_included, ["M529LKIQ.7M0W.gnz"]);
    assert!(matches!(&checked.signature, SignatureFinding::By { key, comment }
        if *key == SAMPLE.key.public.id() && comment.contains("size 7")));
    assert!(
        matches!(&checked.stamp, StampFinding::At(stamped) if stamped.authority == "CN=Test-tsa")
    );
    assert_eq!(python_codes([SAMPLE.zip.as_slice()]), [0]);
}

#[test]
fn both_checkers_print_the_same_of_a_right_proof() {
    let ours = checked(&SAMPLE.zip).unwrap().to_string();
    let file = SAMPLE.authority.path("proof.zip");
    std::fs::write(&file, &SAMPLE.zip).unwrap();
    let output = python()
        .arg(repository().join("docs/custody/check_proof.py"))
        .arg(file)
        .args(["--public-key", &SAMPLE.key.public.to_base64(), "--ca"])
        .arg(SAMPLE.authority.path("ca.pem"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let theirs = String::from_utf8(output.stdout).unwrap();
    // The stamp's time and name, and the comment, are printed in another form.
    let same = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("time stamp"));
        lines.map(|line| line.split(", archive ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(same(&ours), same(&theirs));
    assert_eq!(same(&ours).len(), 11);
}

#[test]
fn the_same_proof_gives_the_same_bytes() {
    assert_eq!(written(&SAMPLE.proof), SAMPLE.zip);
}

#[test]
fn the_page_in_it_names_the_record_the_key_and_how_to_check() {
    let readme = String::from_utf8(content(&SAMPLE.zip).unwrap()["README.txt"].clone()).unwrap();
    let head = SAMPLE.ledger.head();
    for part in [
        "unit BE11529, file M529LKIQ.7M0W",
        &SAMPLE.key.public.id(),
        &format!("{}:{}", head.size, head.root),
        "check_proof.py",
        "What is not proved",
    ] {
        assert!(readme.contains(part), "{part}");
    }
    assert!(readme.lines().all(|line| line.len() <= 110));
}

#[test]
fn without_key_and_certificate_the_claims_are_read_and_marked() {
    let checked = check(Cursor::new(&SAMPLE.zip), &CheckOptions::default()).unwrap();
    assert!(checked.fits() && !checked.is_anchored());
    let key = SAMPLE.key.public.id();
    assert_eq!(checked.signature, SignatureFinding::KeyNotGiven { key });
    assert!(
        matches!(&checked.stamp, StampFinding::CertificateNotGiven(claim) if claim.is_of_the_bytes)
    );
    let text = checked.to_string();
    assert!(text.contains("NOT CHECKED") && text.contains("only if you have this head"), "{text}");
}

#[test]
fn a_signature_or_stamp_that_was_taken_out_is_missed_when_it_was_to_be_checked() {
    for (proof, problem) in [
        (
            Proof { signature: None, ..SAMPLE.proof.clone() },
            "head.txt.minisig: a public key was given",
        ),
        (Proof { stamp: None, ..SAMPLE.proof.clone() }, "head.txt.tsr: a certificate was given"),
    ] {
        let zip = written(&proof);
        let problems = checked(&zip).unwrap().problems;
        assert!(problems.len() == 1 && problems[0].starts_with(problem), "{problems:?}");
        assert_eq!(python_codes([zip.as_slice()]), [3]);
    }
}

/// Names each alteration, makes it, and names what is found.
fn alterations() -> Vec<(&'static str, Proof, &'static str)> {
    let mut all: Vec<(&'static str, Proof, &'static str)> = Vec::new();
    let mut add = |name, found, alter: &dyn Fn(&mut Proof)| {
        let mut proof = SAMPLE.proof.clone();
        alter(&mut proof);
        all.push((name, proof, found));
    };
    let ledger = &SAMPLE.ledger;
    add("first entry removed", "entry 4: the entry of the event before it is entry 2", &|proof| {
        proof.entries.remove(0);
    });
    add(
        "entry between removed",
        "entry 6: the entry of the event before it is entry 4",
        &|proof| {
            proof.entries.remove(1);
        },
    );
    add("last entry removed", "files/M529LKIQ.7M0W.sfm.json: altered", &|proof| {
        proof.entries.pop();
    });
    add("entries exchanged", "entry 2: it stands behind entry 4", &|proof| {
        proof.entries.swap(0, 1)
    });
    add("entry twice", "entry 2: it stands behind entry 2", &|proof| {
        proof.entries.insert(1, proof.entries[0].clone());
    });
    add("entry of another event", "entry 3: it is of another event", &|proof| {
        proof.entries.insert(1, ledger.entry(3));
    });
    add("entry of no event", "entry 1: it is of no event", &|proof| {
        proof.entries.insert(0, ledger.entry(1));
    });
    add("all of another event", "entry 3: it is of another event", &|proof| {
        proof.entries = OF_OTHER.map(|number| ledger.entry(number)).to_vec();
        proof.files.clear();
    });
    add("another event in the title", "proof.json: the event is number 7", &|proof| {
        proof.event.filename = "M529LKVQ.6S0W".to_owned();
    });
    add("text altered", "entry 4: its path does not lead to the root", &|proof| {
        proof.entries[1].text = proof.entries[1].text.replace("kim", "lee");
    });
    add("hash in a text altered", "entry 6: its path does not lead to the root", &|proof| {
        let name = "M529LKIQ.7M0W.TXT";
        proof.files.insert(name.to_owned(), b"PPV 0.1 mm/s".to_vec());
        let (right, wrong) = (Hash::of(&SAMPLE.proof.files[name]), Hash::of(&proof.files[name]));
        proof.entries[2].text =
            proof.entries[2].text.replace(&right.to_string(), &wrong.to_string());
    });
    add("text of another entry", "entry 4: its text is that of entry 5", &|proof| {
        proof.entries[1].text = ledger.entry(5).text;
    });
    add("text that is no entry", "entry 4: its text is no entry", &|proof| {
        proof.entries[1].text = "{}".to_owned();
    });
    add("text given out as lost", "entry 4: its text is lost", &|proof| {
        proof.entries[1].text = lost_line(4, &leaf_hash(ledger.entry(4).text.as_bytes()));
    });
    add("lost hash before a forged text", "entry 6: its path does not", &|proof| {
        let forged = proof.entries[2].text.replace("review", "remove");
        let hash = leaf_hash(proof.entries[2].text.as_bytes());
        proof.entries[2].text = format!("{{\"lost\":\"{hash}\",{}", &forged[1..]);
    });
    add("number altered", "entry 5: its path does not lead to the root", &|proof| {
        proof.entries[1].entry = 5;
    });
    add("number behind the head", "entry 9: the head has the entries 1 to 7", &|proof| {
        proof.entries[2].entry = 9;
    });
    add("number 0", "entry 0: the head has the entries 1 to 7", &|proof| {
        proof.entries[0].entry = 0
    });
    add("path cut", "entry 2: its path does not lead to the root", &|proof| {
        proof.entries[0].path.pop();
    });
    add("path cut to nothing", "entry 2: its path does not lead to the root", &|proof| {
        proof.entries[0].path.clear();
    });
    add("path lengthened", "entry 2: its path does not lead to the root", &|proof| {
        proof.entries[0].path.push(Hash::ZERO);
    });
    add("path of another entry", "entry 2: its path does not lead to the root", &|proof| {
        proof.entries[0].path = ledger.entry(4).path;
    });
    add("file altered", "files/M529LKIQ.7M0W: altered: its SHA-256 is", &|proof| {
        if let Some(bytes) = proof.files.get_mut("M529LKIQ.7M0W") {
            bytes.push(0);
        }
    });
    add("files exchanged", "files/M529LKIQ.7M0W.TXT: altered", &|proof| {
        let report = SAMPLE.proof.files["M529LKIQ.7M0W.TXT"].clone();
        let source = proof.files.insert("M529LKIQ.7M0W".to_owned(), report).unwrap();
        proof.files.insert("M529LKIQ.7M0W.TXT".to_owned(), source);
    });
    add("file added", "files/more: entry 6 has no file of this name", &|proof| {
        proof.files.insert("more".to_owned(), Vec::new());
    });
    add("head of a longer ledger", "head.txt.minisig: the signature", &|proof| {
        let mut tree = ledger.tree.clone();
        tree.push(leaf_hash(b"more"));
        let longer = Tree::of((0..8).map(|_| leaf_hash(b"x")));
        proof.head = ledger.head().to_string().replace(
            &format!("size 7\nroot {}", tree.root(7)),
            &format!("size 8\nroot {}", longer.root(8)),
        );
        proof.head = proof.head.split("blocks").next().unwrap().to_owned();
    });
    add("time of the head altered", "head.txt.tsr: the time stamp is of another file", &|proof| {
        proof.head = proof.head.replace("2026-11-28T13:20", "2025-11-28T13:20");
    });
    add("signature by another key", "head.txt.minisig: signed with the key", &|proof| {
        let other = SecretKey::parse(&make_key(None).unwrap().secret_text, None).unwrap();
        proof.signature = Some(other.sign(proof.head.as_bytes(), "x").unwrap());
    });
    add("signature of another file", "head.txt.minisig: the signature by the key", &|proof| {
        proof.signature = Some(SAMPLE.secret.sign(b"x", "x").unwrap());
    });
    add("trusted comment altered", "head.txt.minisig: the signature by the key", &|proof| {
        let signature = proof.signature.as_ref().unwrap();
        proof.signature = Some(signature.replace("size 7", "size 8"));
    });
    add("signature that is none", "head.txt.minisig: not a signature", &|proof| {
        proof.signature = Some("x".to_owned());
    });
    add("stamp of another file", "head.txt.tsr: the time stamp is of another file", &|proof| {
        proof.stamp = Some(SAMPLE.authority.stamp(b"x", 1));
    });
    add("stamp of another authority", "head.txt.tsr: ", &|proof| {
        let other = Authority::new(USUAL);
        proof.stamp = Some(other.stamp(proof.head.as_bytes(), 1));
    });
    add("time in the stamp altered", "head.txt.tsr: the time stamp was altered", &|proof| {
        let stamp = proof.stamp.as_mut().unwrap();
        let is_time = |bytes: &[u8]| bytes[0] == 0x18 && bytes[2..].starts_with(b"20");
        let at = stamp.windows(4).position(is_time).unwrap();
        // The last digit of the seconds.
        stamp[at + 15] ^= 1;
    });
    add("stamp that is none", "head.txt.tsr: not the answer", &|proof| {
        proof.stamp = Some(b"x".to_vec());
    });
    all
}

#[test]
fn each_kind_of_alteration_is_found_and_located_and_the_script_agrees() {
    let (mut zips, mut names) = (Vec::new(), Vec::new());
    for (name, proof, found) in alterations() {
        let zip = written(&proof);
        let checked = checked(&zip).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            checked.problems.iter().any(|problem| problem.starts_with(found)),
            "{name}: {checked}"
        );
        assert!(checked.to_string().contains("this proves nothing"), "{name}");
        zips.push(zip);
        names.push(name);
    }
    let codes = python_codes(zips.iter().map(Vec::as_slice));
    for (name, code) in names.iter().zip(&codes) {
        assert_eq!(*code, 3, "{name}");
    }
    assert_eq!(codes.len(), names.len());
}

#[test]
fn the_script_agrees_on_stamps_with_all_kinds_of_keys_and_certificates() {
    let content = SAMPLE.authority.content(SAMPLE.proof.stamp.as_ref().unwrap());
    let head = SAMPLE.proof.head.as_bytes();
    let right = |make| {
        let authority = Authority::new(make);
        let stamp = authority.stamp(head, 1);
        (authority, stamp, "ca.pem")
    };
    let forged = |usage| {
        let authority = Authority::new(Make { usage, ..USUAL });
        let stamp = authority.forged(&content);
        (authority, stamp, "ca.pem")
    };
    let (authority, stamp, _) = right(USUAL);
    let leaf_alone = (authority, stamp, "tsa.pem");
    let (authority, ..) = right(USUAL);
    authority.write("head", head);
    authority.openssl("ts -query -data head -sha256 -out own.tsq");
    let stamp = authority.answer(&authority.read("own.tsq"));
    let both = || [authority.read("ca.pem"), authority.read("tsa.pem")].concat();
    authority.write("right.pem", &both());
    authority.issue_again("20480101000000Z");
    authority.write("wrong.pem", &both());
    let zip = written(&Proof { stamp: Some(stamp.clone()), ..SAMPLE.proof.clone() });
    let trusted = authority.path("right.pem");
    assert_eq!(python_reads_with([(zip.as_slice(), trusted.as_path())])[0].code, 0);
    let other_certificate = (authority, stamp, "wrong.pem");
    let between = Make { intermediate: true, ..USUAL };
    let (authority, stamp, _) = right(Make { may_issue: false, ..between });
    let trusted_leaf = (authority, stamp, "between.pem");
    let cases = [
        (0, right(Make { key: RSA, binding: "sha1", ..USUAL })),
        (0, right(Make { key: RSA, hash: "sha384", ..USUAL })),
        (0, right(Make { key: RSA, hash: "sha512", ..USUAL })),
        (0, right(Make { hash: "sha512", binding: "sha512", ..USUAL })),
        (0, right(Make { key: P384, hash: "sha384", binding: "sha384", ..USUAL })),
        (0, right(between)),
        (0, forged("critical,timeStamping")),
        (3, right(Make { includes_chain: false, ..between })),
        (3, right(Make { until: "20210101000000Z", ..USUAL })),
        (3, right(Make { from: "20480101000000Z", ..USUAL })),
        (3, forged("")),
        (3, forged("timeStamping")),
        (3, forged("critical,timeStamping,codeSigning")),
        (3, forged("critical,serverAuth")),
        (3, leaf_alone),
        (3, right(Make { may_issue: false, ..between })),
        (3, trusted_leaf),
        (3, other_certificate),
    ];
    let mut files = Vec::new();
    for (number, (expected, (authority, stamp, trusted))) in cases.iter().enumerate() {
        let zip = written(&Proof { stamp: Some(stamp.clone()), ..SAMPLE.proof.clone() });
        let trusted_ones = authority.certificates(trusted);
        let found = check(Cursor::new(&zip), &options().with_trusted(trusted_ones));
        assert_eq!(code(&found), *expected, "case {number}: {found:?}");
        files.push((zip, authority.path(trusted)));
    }
    let reads = python_reads_with(files.iter().map(|(zip, path)| (zip.as_slice(), path.as_path())));
    let theirs: Vec<i32> = reads.iter().map(|reads| reads.code).collect();
    assert_eq!(theirs, cases.map(|(expected, _)| expected));
}

/// What a holder of the secret key could write, who does not keep to the form of a ledger.
#[test]
fn a_signed_ledger_that_contradicts_itself_is_found() {
    let files = || std::collections::BTreeMap::new();
    let (mine, other) = (event(), other_event());
    /// Number in the text, event, and earlier entry.
    type Written<'a> = (u64, &'a Subject, Option<u64>);
    // Entries, their places in the proof, and what is found.
    let cases: [(&[Written<'_>], &[u64], &str); 4] = [
        (&[(1, &mine, None), (3, &mine, Some(1))], &[1, 2], "entry 2: its text is that of entry 3"),
        (&[(1, &other, None), (2, &mine, Some(1))], &[1, 2], "entry 1: it is of another event"),
        (&[(1, &mine, Some(2)), (2, &mine, None)], &[2, 1], "entry 1: it stands behind entry 2"),
        (
            &[(1, &mine, None), (2, &mine, None)],
            &[1, 2],
            "entry 2: the entry of the event before it is none",
        ),
    ];
    let mut zips = Vec::new();
    for (entries, places, found) in cases {
        let mut ledger = Ledger { lines: Vec::new(), tree: Tree::default() };
        for (number, event, earlier) in entries {
            ledger.push(Action::Update, Some((event, *earlier)), &files());
            let right = format!("\"entry\":{}", ledger.tree.size());
            let line = ledger.lines.pop().unwrap().replace(&right, &format!("\"entry\":{number}"));
            ledger.lines.push(line);
        }
        ledger.tree = Tree::of(ledger.lines.iter().map(|line| leaf_hash(line.as_bytes())));
        let head = ledger.head().to_string();
        let proof = Proof {
            event: mine.clone(),
            entries: places.iter().map(|place| ledger.entry(*place)).collect(),
            signature: Some(SAMPLE.secret.sign(head.as_bytes(), "x").unwrap()),
            stamp: Some(SAMPLE.authority.stamp(head.as_bytes(), 1)),
            head,
            files: files(),
        };
        zips.push(written(&proof));
        let problems = checked(zips.last().unwrap()).unwrap().problems;
        assert!(problems.len() == 1 && problems[0].starts_with(found), "{found}: {problems:?}");
    }
    assert_eq!(python_codes(zips.iter().map(Vec::as_slice)), [3; 4]);
}

/// The limit that the page in the zip names: nothing in a ledger says that an entry is the newest.
#[test]
fn the_newest_entry_left_out_is_not_found_when_no_file_tells() {
    let mut proof = SAMPLE.proof.clone();
    proof.entries.pop();
    proof.files.clear();
    let zip = written(&proof);
    assert!(checked(&zip).unwrap().fits());
    assert_eq!(python_codes([zip.as_slice()]), [0]);
}

#[test]
fn a_flipped_bit_in_any_byte_of_the_zip_file_is_found_or_changes_nothing() {
    let right = checked(&SAMPLE.zip).unwrap();
    let inside = content(&SAMPLE.zip).unwrap();
    let (mut judged, mut unchanged) = (Vec::new(), 0);
    for place in 0..SAMPLE.zip.len() {
        let mut altered = SAMPLE.zip.clone();
        altered[place] ^= 1 << (place % 8);
        if let Ok(found) = checked(&altered)
            && found.fits()
        {
            assert_eq!(found, right, "{place}");
            assert_eq!(content(&altered).as_ref(), Some(&inside), "{place}");
            unchanged += 1;
        }
        if place % stride() == 0 {
            judged.push((place, altered));
        }
    }
    // Dates, versions and attributes of members, twice for each.
    assert!(unchanged < 8 * 40, "{unchanged}");
    judged.push((SAMPLE.zip.len(), SAMPLE.zip.clone()));
    let reads = python_reads(judged.iter().map(|(_, zip)| zip.as_slice()));
    let right = reads.last().unwrap();
    for ((place, _), read) in judged.iter().zip(&reads) {
        assert!(read.code != 0 || read == right, "{place}");
    }
}

#[test]
fn a_flipped_bit_in_any_byte_of_a_part_that_is_packed_again_is_found() {
    let right = checked(&SAMPLE.zip).unwrap();
    let inside = content(&SAMPLE.zip).unwrap();
    let mut judged = Vec::new();
    for (name, bytes) in &inside {
        // The page is for people, and no part of what is proved.
        if name == "README.txt" {
            continue;
        }
        for place in 0..bytes.len() {
            let mut altered = inside.clone();
            altered.get_mut(name).unwrap()[place] ^= 1 << (place % 8);
            let zip = zipped(altered.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
            let found = checked(&zip);
            if let Ok(found) = &found
                && found.fits()
            {
                // Spaces of JSON, an untrusted comment, and what an authority does not sign.
                assert_eq!(*found, right, "{name} {place}");
                assert!(!name.starts_with("files/") && name != "head.txt", "{name} {place}");
            }
            if place % stride() == 0 {
                judged.push((format!("{name} {place}"), code(&found), zip));
            }
        }
    }
    judged.push((String::new(), 0, SAMPLE.zip.clone()));
    let reads = python_reads(judged.iter().map(|(_, _, zip)| zip.as_slice()));
    let right = reads.last().unwrap();
    let mut not_signed = 0;
    for ((name, ours, _), theirs) in judged.iter().zip(&reads) {
        assert!(theirs.code != 0 || theirs.printed == right.printed, "{name}");
        if (*ours == 0) != (theirs.code == 0) {
            // Of what an authority does not sign, this crate reads more than the script.
            assert!(name.starts_with("head.txt.tsr"), "{name}: {ours} here, {theirs:?} in Python");
            not_signed += 1;
        }
    }
    assert!(not_signed < 80 / stride() + 5, "{not_signed}");
}

#[test]
fn a_proof_that_would_be_refused_is_not_written() {
    let write = |alter: &dyn Fn(&mut Proof)| {
        let mut proof = SAMPLE.proof.clone();
        alter(&mut proof);
        proof.write(Cursor::new(Vec::new())).unwrap_err()
    };
    let error = write(&|proof| proof.head = format!("7:{}", Hash::ZERO));
    assert!(matches!(error, ProofError::Malformed { member: "head.txt", .. }), "{error}");
    let error = write(&|proof| proof.entries.clear());
    assert!(matches!(error, ProofError::Malformed { member: "proof.json", .. }), "{error}");
    let error = write(&|proof| {
        proof.files.insert("../x".to_owned(), Vec::new());
    });
    assert!(matches!(error, ProofError::BadName { .. }), "{error}");
    let error = write(&|proof| {
        proof.files = (0..1001).map(|number| (number.to_string(), Vec::new())).collect();
    });
    assert!(matches!(error, ProofError::TooMany { found: 1001, .. }), "{error}");
    let error = write(&|proof| proof.stamp = Some(vec![0; (1 << 20) + 1]));
    assert!(matches!(error, ProofError::TooLarge { .. }), "{error}");
}
