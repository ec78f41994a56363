//! Signatures, and those of the program minisign. `tests/data/minisign/README.md` says how its files
//! were made.

use proptest::prelude::*;
use wavekeep_custody::Head;
use wavekeep_custody::signature::{
    PublicKey, SecretKey, SignatureError, comment_of, make_key, signed_with, verify,
};

const HEAD: &str = include_str!("../data/minisign/head.txt");
const PLAIN_PUB: &str = include_str!("../data/minisign/plain.pub");
const PLAIN_KEY: &str = include_str!("../data/minisign/plain.key");
const PLAIN_SIGNATURE: &str = include_str!("../data/minisign/plain.minisig");
const LEGACY_SIGNATURE: &str = include_str!("../data/minisign/legacy.minisig");
const LOCKED_PUB: &str = include_str!("../data/minisign/locked.pub");
const LOCKED_KEY: &str = include_str!("../data/minisign/locked.key");
const LOCKED_SIGNATURE: &str = include_str!("../data/minisign/locked.minisig");

#[test]
fn what_a_new_key_signs_fits_and_nothing_else_does() {
    let key = make_key(None).unwrap();
    let secret = SecretKey::parse(&key.secret_text, None).unwrap();
    assert_eq!(secret.public().unwrap(), key.public);
    let head: Head = HEAD.parse().unwrap();
    let signature = secret.sign(HEAD.as_bytes(), &comment_of(&head)).unwrap();
    let keys = [key.public.clone()];
    let verified = verify(&signature, HEAD.as_bytes(), &keys).unwrap();
    assert_eq!(verified.key, key.public.id());
    assert_eq!(
        verified.comment,
        "archive 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f size 2 time 2026-11-28T13:20:00Z"
    );
    let does_not_fit = Err(SignatureError::DoesNotFit { key: key.public.id() });
    assert_eq!(verify(&signature, b"another head", &keys), does_not_fit);
    let other_comment = signature.replace("size 2", "size 3");
    assert_eq!(verify(&other_comment, HEAD.as_bytes(), &keys), does_not_fit);
}

#[test]
fn a_public_key_is_read_from_its_file_and_from_its_line() {
    let key = make_key(None).unwrap();
    assert_eq!(PublicKey::parse(&key.public_text), Ok(key.public.clone()));
    assert_eq!(PublicKey::parse(&key.public_text.replace('\n', "\r\n")), Ok(key.public.clone()));
    assert_eq!(PublicKey::parse(&format!(" {}\n", key.public.to_base64())), Ok(key.public));
}

#[test]
fn a_key_with_a_password_opens_with_that_one_alone() {
    let key = make_key(Some("a password")).unwrap();
    let open = |password| SecretKey::parse(&key.secret_text, password);
    assert_eq!(open(None).err(), Some(SignatureError::PasswordNeeded));
    assert_eq!(open(Some("another")).err(), Some(SignatureError::WrongPassword));
    let long = "x".repeat(1025);
    assert_eq!(open(Some(&long)).err(), Some(SignatureError::PasswordTooLong { bytes: 1025 }));
    let signature = open(Some("a password")).unwrap().sign(b"x", "comment").unwrap();
    assert!(verify(&signature, b"x", &[key.public]).is_ok());
}

#[test]
fn a_signature_by_another_key_names_both_keys() {
    let other = make_key(None).unwrap().public;
    let expected = SignatureError::OtherKey {
        signed_with: "EBB59FDC9B186EE".to_owned(),
        given: vec![other.id()],
    };
    let error = verify(PLAIN_SIGNATURE, HEAD.as_bytes(), &[other]).unwrap_err();
    assert_eq!(error, expected);
    assert!(error.to_string().contains("EBB59FDC9B186EE"));
    let error = verify(PLAIN_SIGNATURE, HEAD.as_bytes(), &[]).unwrap_err();
    assert_eq!(error, SignatureError::NoKey { signed_with: "EBB59FDC9B186EE".to_owned() });
}

#[test]
fn the_key_that_a_signature_names_is_found_among_several() {
    let other = make_key(None).unwrap().public;
    let keys = [other, PublicKey::parse(PLAIN_PUB).unwrap()];
    assert!(verify(PLAIN_SIGNATURE, HEAD.as_bytes(), &keys).is_ok());
}

#[test]
fn keys_and_signatures_of_minisign_are_read() {
    for (public, key, password, signature) in [
        (PLAIN_PUB, PLAIN_KEY, None, PLAIN_SIGNATURE),
        (LOCKED_PUB, LOCKED_KEY, Some("a password"), LOCKED_SIGNATURE),
    ] {
        let public = PublicKey::parse(public).unwrap();
        assert_eq!(signed_with(signature), Ok(public.id()));
        assert!(verify(signature, HEAD.as_bytes(), std::slice::from_ref(&public)).is_ok());
        let secret = SecretKey::parse(key, password).unwrap();
        assert_eq!(secret.public().unwrap(), public);
        let signature = secret.sign(HEAD.as_bytes(), "comment").unwrap();
        assert!(verify(&signature, HEAD.as_bytes(), &[public]).is_ok());
    }
}

#[test]
fn the_old_algorithm_that_does_not_hash_first_is_refused() {
    let key = PublicKey::parse(PLAIN_PUB).unwrap();
    let error = verify(LEGACY_SIGNATURE, HEAD.as_bytes(), &[key]).unwrap_err();
    assert!(
        matches!(&error, SignatureError::NotASignature { reason } if reason.contains("\"Ed\""))
    );
}

#[test]
fn a_damaged_secret_key_signs_nothing() {
    let (comment, line) = PLAIN_KEY.trim().split_once('\n').unwrap();
    for place in [100, 130] {
        let mut damaged = line.to_owned();
        damaged.replace_range(place..place + 4, "AAAA");
        let secret = SecretKey::parse(&format!("{comment}\n{damaged}\n"), None).unwrap();
        assert!(matches!(secret.sign(b"x", "y"), Err(SignatureError::NotMade { .. })), "{place}");
    }
}

#[test]
fn a_comment_of_two_lines_is_refused() {
    let secret = SecretKey::parse(PLAIN_KEY, None).unwrap();
    for comment in ["two\nlines", " spaces ", "\u{7f}"] {
        assert!(matches!(secret.sign(b"x", comment), Err(SignatureError::BadComment { .. })));
    }
}

#[test]
fn a_key_file_that_asks_for_unbounded_work_is_refused() {
    // The fields are at bytes 38 to 54: behind 8 bytes of names and a salt.
    let (comment, line) = LOCKED_KEY.trim().split_once('\n').unwrap();
    for place in [56, 60, 64, 68] {
        let mut hostile = line.to_owned();
        hostile.replace_range(place..place + 4, "////");
        let error = SecretKey::parse(&format!("{comment}\n{hostile}\n"), Some("x")).unwrap_err();
        assert!(matches!(error, SignatureError::NotASecretKey { .. }), "{place}: {error}");
    }
}

#[test]
fn no_message_and_no_debug_text_has_the_secret() {
    let line = PLAIN_KEY.lines().nth(1).unwrap();
    let error = SecretKey::parse(&PLAIN_KEY.replace("RWQ", "RXQ"), None).unwrap_err();
    assert!(!error.to_string().contains(&line[80..90]), "{error}");
    let secret = SecretKey::parse(PLAIN_KEY, None).unwrap();
    assert_eq!(format!("{secret:?}"), "SecretKey(EBB59FDC9B186EE)");
    assert!(!format!("{:?}", make_key(None).unwrap()).contains("secret key"));
}

#[test]
fn each_changed_byte_of_what_was_signed_is_found() {
    let key = [PublicKey::parse(PLAIN_PUB).unwrap()];
    for place in 0..HEAD.len() {
        let mut bytes = HEAD.as_bytes().to_vec();
        bytes[place] ^= 1;
        assert!(verify(PLAIN_SIGNATURE, &bytes, &key).is_err(), "{place}");
    }
}

#[test]
fn each_cut_of_a_key_or_signature_is_refused_without_a_panic() {
    let key = [PublicKey::parse(PLAIN_PUB).unwrap()];
    let cuts = |text: &'static str| (0..text.trim().len()).map(move |cut| &text[..cut]);
    for cut in cuts(PLAIN_SIGNATURE) {
        assert!(verify(cut, HEAD.as_bytes(), &key).is_err(), "{cut}");
    }
    for cut in cuts(PLAIN_PUB) {
        assert!(PublicKey::parse(cut).is_err(), "{cut}");
    }
    for cut in cuts(PLAIN_KEY) {
        assert!(SecretKey::parse(cut, None).is_err(), "{cut}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,300}", lines in "([A-Za-z0-9+/=: ]{0,110}\n){0,5}") {
        for text in [&text, &lines, &format!("untrusted comment: x\n{lines}")] {
            let _ = verify(text, b"x", &[PublicKey::parse(PLAIN_PUB).unwrap()]);
            let _ = PublicKey::parse(text);
            let _ = SecretKey::parse(text, Some("x"));
        }
    }

    #[test]
    fn any_length_of_the_parts_of_a_signature_is_refused(
        signature in "[A-Za-z0-9+/]{0,26}", comment_signature in "[A-Za-z0-9+/]{0,26}"
    ) {
        let text = format!(
            "untrusted comment: x\nRUTuhrHJ/Vm7{}\ntrusted comment: y\n{}\n",
            signature.repeat(4), comment_signature.repeat(4)
        );
        prop_assert!(verify(&text, b"x", &[PublicKey::parse(PLAIN_PUB).unwrap()]).is_err());
    }
}
