//! Time stamps by an authority of openssl, which judges what is made here as well.

use std::sync::LazyLock;

use proptest::prelude::*;
use wavekeep_custody::Hash;
use wavekeep_custody::stamp::{Certificates, Stamp, StampError, Stamped, check, request};

use crate::authority::*;

const HEAD: &[u8] = include_bytes!("../data/minisign/head.txt");

/// The usual authority, its stamp of the head, and the request.
static USUAL_ONE: LazyLock<(Authority, Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let authority = Authority::new(USUAL);
    let answer = authority.stamp(HEAD, 42);
    (authority, answer, request(HEAD, 42).unwrap())
});

fn none() -> Certificates {
    Certificates::default()
}

fn checked(authority: &Authority, answer: &[u8]) -> Result<Stamped, StampError> {
    check(&Stamp::parse(answer)?, HEAD, None, &authority.trusted(), &none())
}

#[test]
fn stamps_with_all_kinds_of_keys_and_hashes_are_checked_and_openssl_agrees() {
    for (key, hash, binding) in [
        (RSA, "sha256", "sha256"),
        (RSA, "sha384", "sha1"),
        (RSA_4096, "sha512", "sha512"),
        (P256, "sha256", "sha1"),
        (P256, "sha384", "sha384"),
        (P256, "sha512", "sha256"),
        (P384, "sha256", "sha256"),
        (P384, "sha384", "sha256"),
        (P384, "sha512", "sha512"),
    ] {
        let authority = Authority::new(Make { key, hash, binding, ..USUAL });
        let answer = authority.stamp(HEAD, u64::MAX);
        let stamp = parsed(&answer);
        let request = request(HEAD, u64::MAX).unwrap();
        let stamped = check(&stamp, HEAD, Some(&request), &authority.trusted(), &none());
        let stamped = stamped.unwrap_or_else(|error| panic!("{key} {hash} {binding}: {error}"));
        assert_eq!(stamped.authority, "CN=Test-tsa");
        assert_eq!(stamped.policy, "1.2.3.4.1");
        assert_eq!(stamped.serial, "7f02");
        assert!(authority.openssl_verifies(HEAD, &answer), "{key} {hash} {binding}");
    }
}

#[test]
fn the_time_is_that_which_openssl_prints_with_its_fraction() {
    let (authority, answer, _) = &*USUAL_ONE;
    authority.write("time.tsr", answer);
    authority.openssl("ts -reply -in time.tsr -text -out time.txt");
    let text = String::from_utf8(authority.read("time.txt")).unwrap();
    let time = checked(authority, answer).unwrap().time;
    let (day, time) = time.strip_suffix('Z').unwrap().split_once('T').unwrap();
    let (year, day) = (&day[..4], day[8..].trim_start_matches('0'));
    assert!(text.contains(&format!("{day} {time} {year} GMT")), "{time}: {text}");
}

#[test]
fn openssl_reads_a_request_with_any_nonce() {
    let (authority, ..) = &*USUAL_ONE;
    for (nonce, text) in [(0, "0x0"), (127, "0x7F"), (128, "0x80"), (1 << 63, "0x8000000000000000")]
    {
        authority.write("nonce.tsq", &request(HEAD, nonce).unwrap());
        authority.openssl("ts -query -in nonce.tsq -text -out nonce.txt");
        let read = String::from_utf8(authority.read("nonce.txt")).unwrap();
        assert!(read.contains(&format!("Nonce: {text}\n")), "{read}");
        assert!(read.contains("Certificate required: yes") && read.contains("sha256"), "{read}");
    }
}

#[test]
fn a_stamp_answers_its_request_alone() {
    let (authority, answer, request_bytes) = &*USUAL_ONE;
    let against =
        |request: &[u8]| check(&parsed(answer), HEAD, Some(request), &authority.trusted(), &none());
    assert!(against(request_bytes).is_ok());
    assert!(matches!(against(&request(HEAD, 43).unwrap()), Err(StampError::OtherRequest { .. })));
    assert!(matches!(against(&request(b"x", 42).unwrap()), Err(StampError::OtherRequest { .. })));
    assert!(matches!(against(b"x"), Err(StampError::NotARequest { .. })));
}

#[test]
fn a_certificate_between_is_taken_from_the_stamp_or_from_beside_it() {
    for includes_chain in [true, false] {
        let authority = Authority::new(Make { intermediate: true, includes_chain, ..USUAL });
        let answer = authority.stamp(HEAD, 1);
        let stamp = parsed(&answer);
        let alone = check(&stamp, HEAD, None, &authority.trusted(), &none());
        let beside = authority.certificates("between.pem");
        let with = check(&stamp, HEAD, None, &authority.trusted(), &beside);
        assert!(with.is_ok(), "{with:?}");
        match includes_chain {
            true => assert!(alone.is_ok(), "{alone:?}"),
            false => assert!(matches!(alone, Err(StampError::NotTrusted { .. })), "{alone:?}"),
        }
        assert!(authority.openssl_verifies(HEAD, &answer));
    }
}

#[test]
fn a_stamp_without_certificates_needs_that_of_its_signer() {
    let (authority, ..) = &*USUAL_ONE;
    let authority_of = Authority::new(USUAL);
    authority_of.write("head", HEAD);
    authority_of.openssl("ts -query -data head -sha256 -out own.tsq");
    let answer = authority_of.answer(&authority_of.read("own.tsq"));
    let missing = checked(&authority_of, &answer).unwrap_err();
    assert!(matches!(&missing, StampError::NoSigner { wanted } if wanted.contains("CN=Test-ca")));
    let beside = authority_of.certificates("tsa.pem");
    assert!(check(&parsed(&answer), HEAD, None, &authority_of.trusted(), &beside).is_ok());
    // Another certificate with the same issuer and number is not the one that signed.
    let other = authority.certificates("tsa.pem");
    let error = check(&parsed(&answer), HEAD, None, &authority_of.trusted(), &other).unwrap_err();
    assert!(matches!(error, StampError::OtherSigner { .. }), "{error}");
}

#[test]
fn another_certificate_with_the_same_key_and_number_is_not_the_one_that_signed() {
    let authority = Authority::new(USUAL);
    authority.write("head", HEAD);
    authority.openssl("ts -query -data head -sha256 -out own.tsq");
    let answer = authority.answer(&authority.read("own.tsq"));
    let checked = || {
        let beside = authority.certificates("tsa.pem");
        check(&parsed(&answer), HEAD, None, &authority.trusted(), &beside)
    };
    assert!(checked().is_ok());
    authority.issue_again("20480101000000Z");
    let error = checked().unwrap_err();
    assert!(matches!(error, StampError::OtherSigner { .. }), "{error}");
}

#[test]
fn a_certificate_that_may_not_issue_others_is_no_part_of_a_chain() {
    let authority = Authority::new(Make { intermediate: true, may_issue: false, ..USUAL });
    let answer = authority.stamp(HEAD, 1);
    let error = checked(&authority, &answer).unwrap_err();
    assert!(matches!(error, StampError::Chain { .. }), "{error}");
    // Trust in it does not make it an issuer.
    let trusted = authority.certificates("between.pem");
    let error = check(&parsed(&answer), HEAD, None, &trusted, &none()).unwrap_err();
    assert!(matches!(error, StampError::Chain { .. }), "{error}");
}

#[test]
fn another_authority_of_the_same_name_is_not_trusted() {
    let (_, answer, _) = &*USUAL_ONE;
    let other = Authority::new(USUAL);
    let error = checked(&other, answer).unwrap_err();
    assert!(matches!(error, StampError::Chain { .. } | StampError::NotTrusted { .. }), "{error}");
    assert!(!other.openssl_verifies(HEAD, answer));
}

#[test]
fn the_certificate_of_the_authority_alone_is_no_reason_to_trust_it() {
    let (authority, answer, _) = &*USUAL_ONE;
    let error = check(&parsed(answer), HEAD, None, &authority.certificates("tsa.pem"), &none());
    let error = error.unwrap_err();
    assert!(
        matches!(&error, StampError::NotTrusted { trusted, .. } if trusted == &["CN=Test-tsa"])
    );
}

#[test]
fn a_certificate_that_had_expired_or_was_not_valid_yet_is_refused() {
    let expired = Authority::new(Make { until: "20210101000000Z", ..USUAL });
    let error = checked(&expired, &expired.stamp(HEAD, 1)).unwrap_err();
    assert!(
        matches!(&error, StampError::Expired { until, .. } if until == "2021-01-01T00:00:00Z"),
        "{error}"
    );
    let early = Authority::new(Make { from: "20480101000000Z", ..USUAL });
    let error = checked(&early, &early.stamp(HEAD, 1)).unwrap_err();
    assert!(
        matches!(&error, StampError::NotYetValid { from, .. } if from == "2048-01-01T00:00:00Z"),
        "{error}"
    );
}

#[test]
fn a_certificate_that_is_not_for_time_stamps_alone_is_refused() {
    let (usual, answer, _) = &*USUAL_ONE;
    let content = usual.content(answer);
    assert!(checked(usual, &usual.forged(&content)).is_ok(), "the way of forging is right");
    for usage in ["", "timeStamping", "critical,timeStamping,codeSigning", "critical,serverAuth"] {
        let authority = Authority::new(Make { usage, ..USUAL });
        let error = checked(&authority, &authority.forged(&content)).unwrap_err();
        assert!(matches!(error, StampError::NotForTimeStamps { .. }), "{usage}: {error}");
    }
}

#[test]
fn the_stamp_of_another_file_says_both_hashes() {
    let (authority, answer, _) = &*USUAL_ONE;
    let error = check(&parsed(answer), b"another", None, &authority.trusted(), &none());
    let expected = Hash::of(b"another");
    let found = Hash::of(HEAD).to_string();
    assert_eq!(error, Err(StampError::OtherFile { expected, found }));
}

#[test]
fn without_trusted_certificates_the_claim_is_read_and_the_check_says_what_to_give() {
    let (authority, answer, _) = &*USUAL_ONE;
    let stamp = parsed(answer);
    let error = check(&stamp, HEAD, None, &none(), &none()).unwrap_err();
    assert_eq!(error, StampError::NoTrusted);
    assert!(error.to_string().contains("give the certificate"));
    let claim = stamp.unverified(HEAD);
    assert_eq!(claim.time, checked(authority, answer).unwrap().time);
    assert_eq!(claim.certificates, ["CN=Test-tsa"]);
    assert!(claim.is_of_the_bytes && !stamp.unverified(b"x").is_of_the_bytes);
}

#[test]
fn a_refusal_of_the_authority_is_passed_on() {
    let (authority, ..) = &*USUAL_ONE;
    let other = Authority::new(USUAL);
    other.write("head", HEAD);
    other.openssl("ts -query -data head -sha256 -tspolicy 1.2.3.99 -out policy.tsq");
    let error = checked(authority, &other.answer(&other.read("policy.tsq"))).unwrap_err();
    let StampError::NotGranted { status, text } = &error else { panic!("{error}") };
    assert_eq!(status, "rejected");
    assert!(text.contains("policy"), "{text}");
}

#[test]
fn no_altered_bit_of_a_stamp_proves_anything_else() {
    let (authority, answer, request) = &*USUAL_ONE;
    let trusted = authority.trusted();
    let right = checked(authority, answer).unwrap();
    let mut unchanged = 0;
    for place in 0..answer.len() {
        let mut altered = answer.clone();
        altered[place] ^= 1 << (place % 8);
        let Ok(stamp) = Stamp::parse(&altered) else { continue };
        match check(&stamp, HEAD, Some(request), &trusted, &none()) {
            Ok(stamped) => {
                assert_eq!(stamped, right, "{place}");
                unchanged += 1;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // The status, and the list of hashes ahead of the content, are not signed.
    assert!(unchanged < 30, "{unchanged}");
}

#[test]
fn each_cut_of_an_answer_is_refused_without_a_panic() {
    let (_, answer, _) = &*USUAL_ONE;
    for cut in 0..answer.len() {
        assert!(Stamp::parse(&answer[..cut]).is_err(), "{cut}");
    }
    assert!(Stamp::parse(&[answer.as_slice(), b"x"].concat()).is_err());
    assert!(Stamp::parse(&vec![0x30; 2 << 20]).is_err());
}

#[test]
fn certificates_are_read_as_pem_with_text_around_and_as_der() {
    let (authority, answer, _) = &*USUAL_ONE;
    let text = [b"Issued for tests\n".as_slice(), &authority.read("ca.pem")].concat();
    let text = [text.as_slice(), &authority.read("tsa.pem")].concat();
    let pem = Certificates::parse(&text).unwrap();
    assert_eq!(pem.subjects(), ["CN=Test-ca", "CN=Test-tsa"]);
    authority.openssl("x509 -in ca.pem -outform DER -out ca.der");
    let der = authority.certificates("ca.der");
    for trusted in [pem, der] {
        assert!(check(&parsed(answer), HEAD, None, &trusted, &none()).is_ok());
    }
    for wrong in
        [b"".as_slice(), b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        assert!(matches!(Certificates::parse(wrong), Err(StampError::NotACertificate { .. })));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let _ = Stamp::parse(&bytes);
        let _ = Certificates::parse(&bytes);
        let (authority, answer, _) = &*USUAL_ONE;
        let mut altered = answer.clone();
        for (place, byte) in changes {
            altered[place.index(answer.len())] = byte;
        }
        let _ = checked(authority, &altered);
    }
}
