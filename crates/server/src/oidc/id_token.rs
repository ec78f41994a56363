//! ID tokens: OpenID Connect Core 1.0, section 3.1.3.7.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

/// How far the clocks of provider and server may be apart, in seconds.
const CLOCK_SKEW_S: u64 = 60;
/// Keys of a provider that are looked at.
const MOST_KEYS: usize = 100;

/// What a token has to state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The number that this sign-in was begun with.
    pub nonce: &'a str,
}

/// The claims of a token: for this server, by this provider, of this sign-in, and of now.
///
/// # Errors
/// Why it is not believed.
pub(super) fn verified(
    token: &str,
    keys: &Value,
    expected: Expected<'_>,
) -> Result<Map<String, Value>, String> {
    let header = decode_header(token).map_err(|error| format!("no ID token: {error}"))?;
    if header.alg.family() == AlgorithmFamily::Hmac {
        return Err(format!("the ID token is signed with {:?}, not with a key pair", header.alg));
    }
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    validation.leeway = CLOCK_SKEW_S;
    validation.validate_nbf = true;
    let mut why = match &header.kid {
        Some(kid) => {
            format!(
                "the provider has no key {kid:?} for {:?}, with which the ID token is signed",
                header.alg
            )
        }
        None => format!("the provider has no key for {:?}", header.alg),
    };
    let listed = keys["keys"].as_array().map_or(&[][..], Vec::as_slice);
    let keys =
        listed.iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value(key.clone()).ok());
    let fitting = keys.filter(|key: &Jwk| {
        let has_name = header.kid.is_none() || key.common.key_id == header.kid;
        has_name && signs(key, header.alg)
    });
    for key in fitting {
        let decoded = DecodingKey::from_jwk(&key)
            .and_then(|key| decode::<Map<String, Value>>(token, &key, &validation));
        match decoded {
            Ok(found) => return own_claims(found.claims, expected),
            Err(error) => why = format!("the ID token is not accepted: {error}"),
        }
    }
    Err(why)
}

/// Whether a key is for signatures of this kind.
fn signs(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_for_signatures =
        key.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let states_other =
        key.common.key_algorithm.is_some_and(|stated| stated != KeyAlgorithm::from(algorithm));
    let fits = match &key.algorithm {
        AlgorithmParameters::RSA(_) => algorithm.family() == AlgorithmFamily::Rsa,
        AlgorithmParameters::EllipticCurve(of) => match of.curve {
            EllipticCurve::P256 => algorithm == Algorithm::ES256,
            EllipticCurve::P384 => algorithm == Algorithm::ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(of) => {
            of.curve == EllipticCurve::Ed25519 && algorithm == Algorithm::EdDSA
        }
        _ => false,
    };
    is_for_signatures && !states_other && fits
}

/// What the library does not look at.
fn own_claims(
    claims: Map<String, Value>,
    expected: Expected<'_>,
) -> Result<Map<String, Value>, String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // One issuer, not a list with this one in it.
    if text("iss") != Some(expected.issuer) {
        return Err("the ID token has more than one issuer".to_owned());
    }
    if text("nonce") != Some(expected.nonce) {
        return Err("the ID token is of another sign-in: its nonce differs".to_owned());
    }
    let is_for_others = claims.get("aud").and_then(Value::as_array).is_some_and(|of| of.len() > 1);
    match claims.get("azp") {
        Some(party) if party.as_str() != Some(expected.client_id) => {
            return Err("the ID token was issued to another client: azp".to_owned());
        }
        None if is_for_others => {
            return Err(
                "the ID token is for several clients, and azp does not state which".to_owned()
            );
        }
        _ => {}
    }
    let latest = jsonwebtoken::get_current_timestamp() + CLOCK_SKEW_S;
    match claims.get("iat").and_then(Value::as_f64) {
        Some(issued) if issued <= latest as f64 => Ok(claims),
        Some(_) => Err("the ID token was issued in the future: compare the clocks".to_owned()),
        None => Err("the ID token does not state when it was issued".to_owned()),
    }
}
