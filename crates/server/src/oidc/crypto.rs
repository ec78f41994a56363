//! The signatures of ID tokens, by ring. Only signatures of public keys are known: a token whose signature is
//! a hash with a shared secret is refused before any key is looked at.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as Refused, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm};

/// What verifies signatures. It signs nothing.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring what verifies the tokens of this process.
pub(super) fn install() {
    // A second server in the process has installed the same.
    let _ = PROVIDER.install_default();
}

/// How a signature is verified.
#[derive(Clone, Copy)]
enum By {
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

struct OfKey {
    algorithm: Algorithm,
    by: By,
    key: DecodingKey,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let by = match algorithm {
        Algorithm::RS256 => By::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => By::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => By::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => By::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => By::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => By::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => By::Point(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => By::Point(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => By::Point(&signature::ED25519),
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    if key.family() != algorithm.family() || key.family() == AlgorithmFamily::Hmac {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(OfKey { algorithm: *algorithm, by, key: key.clone() }))
}

impl Verifier<Vec<u8>> for OfKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Refused> {
        let verified = match (self.by, self.key.kind()) {
            (By::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (By::Point(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                signature::UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            _ => return Err(Refused::new()),
        };
        verified.map_err(|_| Refused::new())
    }
}

impl JwtVerifier for OfKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
