//! An identity provider on a port of its own. It knows one user, and misbehaves as it is asked to.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT: &str = "wave keep";
pub const SECRET: &str = "s3cret:+%";

/// How an ID token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// With the first or second RSA key.
    Rs256(usize),
    /// With the elliptic key.
    Es256,
    /// Not at all.
    None,
    /// With a hash, whose secret is what everybody knows: the public RSA key.
    Hs256,
    /// With the first RSA key, in the name of one that nobody knows.
    UnknownKey,
    /// With the first RSA key, in the name of the elliptic one.
    OtherKey,
    /// With the second RSA key, in the name of the first.
    Forged,
    /// With the first RSA key, which has no name.
    Nameless,
}

/// What the provider does.
pub struct Behaviour {
    pub signed: Signed,
    /// Claims that replace those of an honest token; null leaves one out.
    pub claims: Value,
    /// Replaces members of the description.
    pub description: Value,
    /// Members of the answer to a code; null leaves one out.
    pub answer: Value,
    /// The claims at their own place.
    pub user_info: Value,
    /// The names of the keys that it publishes.
    pub keys: Vec<&'static str>,
    /// Bytes of blanks before each answer of this path.
    pub huge: Option<&'static str>,
    /// A path that takes longer than the server waits.
    pub slow: Option<&'static str>,
    /// A path that answers with this status, and no JSON.
    pub broken: Option<(&'static str, u16)>,
    /// Codes that were given: what was asked for with each.
    codes: HashMap<String, HashMap<String, String>>,
    /// The last request for a token: its `Authorization`, and its form.
    pub redeemed: (Option<String>, HashMap<String, String>),
    pub asked: Vec<String>,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    behaviour: Arc<Mutex<Behaviour>>,
}

fn rsa(which: usize) -> &'static RsaKeyPair {
    static KEYS: OnceLock<[RsaKeyPair; 2]> = OnceLock::new();
    &KEYS.get_or_init(|| {
        [(); 2].map(|()| {
            let made = Command::new("openssl")
                .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
                .args(["-outform", "DER"])
                .output()
                .unwrap();
            // Versions of OpenSSL write one form or the other.
            let key = RsaKeyPair::from_pkcs8(&made.stdout);
            key.or_else(|_| RsaKeyPair::from_der(&made.stdout)).unwrap()
        })
    })[which]
}

fn elliptic() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| {
        let (of, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(of, made.as_ref(), &random).unwrap()
    })
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn published(name: &str) -> Value {
    if name == "ec" {
        // A point that is not compressed: 4, x, y.
        let point = elliptic().public_key().as_ref();
        let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
        return json!({"kty": "EC", "crv": "P-256", "kid": name, "use": "sig", "x": x, "y": y});
    }
    let key = rsa(usize::from(name == "rsa2"));
    let parts: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
    let (n, e) = (encoded(parts.n), encoded(parts.e));
    match name {
        "nameless" => json!({"kty": "RSA", "n": n, "e": e}),
        "oct" => json!({"kty": "oct", "kid": "rsa1", "k": encoded("secret")}),
        "encryption" => json!({"kty": "RSA", "kid": "rsa1", "use": "enc", "n": n, "e": e}),
        _ => json!({"kty": "RSA", "kid": name, "alg": "RS256", "n": n, "e": e}),
    }
}

fn token(signed: Signed, claims: &Value) -> String {
    let header = match signed {
        Signed::Rs256(0) | Signed::Forged => json!({"alg": "RS256", "kid": "rsa1"}),
        Signed::Rs256(_) => json!({"alg": "RS256", "kid": "rsa2"}),
        Signed::Es256 => json!({"alg": "ES256", "kid": "ec", "typ": "JWT"}),
        Signed::None => json!({"alg": "none"}),
        Signed::Hs256 => json!({"alg": "HS256", "kid": "rsa1"}),
        Signed::UnknownKey => json!({"alg": "RS256", "kid": "rsa9"}),
        Signed::OtherKey => json!({"alg": "RS256", "kid": "ec"}),
        Signed::Nameless => json!({"alg": "RS256"}),
    };
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let random = SystemRandom::new();
    let signature = match signed {
        Signed::None => Vec::new(),
        Signed::Es256 => elliptic().sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
        Signed::Hs256 => {
            let public = rsa(0).public().as_ref();
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public);
            ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
        }
        of => {
            let key = rsa(usize::from(matches!(of, Signed::Rs256(1) | Signed::Forged)));
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
            signature
        }
    };
    format!("{message}.{}", encoded(signature))
}

/// The fields of a query or form.
pub fn fields(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// `honest` with the members of `other`; null takes one away.
fn replaced(mut honest: Value, other: &Value) -> Value {
    let all = honest.as_object_mut().unwrap();
    for (name, value) in other.as_object().unwrap() {
        match value {
            Value::Null => drop(all.remove(name)),
            value => drop(all.insert(name.clone(), value.clone())),
        }
    }
    honest
}

impl Provider {
    pub fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// A provider that listens there.
    pub fn on(listener: TcpListener) -> Self {
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let behaviour = Behaviour {
            signed: Signed::Rs256(0),
            claims: json!({}),
            description: json!({}),
            answer: json!({}),
            user_info: json!({"sub": "4711"}),
            keys: vec!["rsa1", "ec"],
            huge: None,
            slow: None,
            broken: None,
            codes: HashMap::new(),
            redeemed: Default::default(),
            asked: Vec::new(),
        };
        let provider = Self { issuer, behaviour: Arc::new(Mutex::new(behaviour)) };
        let answering = provider.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let answering = answering.clone();
                std::thread::spawn(move || answering.answer(stream.unwrap()));
            }
        });
        provider
    }

    pub fn set(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap()
    }

    /// The user signs in where the server sent the browser: what the browser comes back with.
    pub fn sign_in(&self, location: &str) -> String {
        let (place, query) = location.split_once('?').unwrap();
        assert_eq!(place, format!("{}/authorize", self.issuer));
        let asked = fields(query);
        let state = asked["state"].clone();
        let mut behaviour = self.set();
        let code = format!("code {}", behaviour.codes.len());
        behaviour.codes.insert(code.clone(), asked);
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer
            .append_pair("code", &code)
            .append_pair("state", &state)
            .append_pair("session_state", "x");
        answer.finish()
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                break;
            }
            if let Some(of) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = of.trim().parse().unwrap();
            }
            head.push(line.trim_end().to_owned());
        }
        let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
        let path = path.strip_prefix("/realm").unwrap_or(path).to_owned();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let authorization = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("authorization").then(|| value.to_owned())
        });
        let (slow, huge, broken) = {
            let mut behaviour = self.set();
            behaviour.asked.push(path.clone());
            (behaviour.slow, behaviour.huge, behaviour.broken)
        };
        if slow == Some(&path) {
            std::thread::sleep(Duration::from_secs(5));
        }
        let (status, mut text) = match broken {
            Some((of, status)) if of == path => (status, "<html>".to_owned()),
            _ => {
                let (status, found) =
                    self.found(&path, authorization, &String::from_utf8(body).unwrap());
                (status, found.to_string())
            }
        };
        if huge == Some(&path) {
            text = format!("{}{text}", " ".repeat(2 << 20));
        }
        let head = format!(
            "HTTP/1.1 {status} X\r\nLocation: {}/elsewhere\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.issuer,
            text.len()
        );
        // A server that has read enough may have gone.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
    }

    fn found(&self, path: &str, authorization: Option<String>, body: &str) -> (u16, Value) {
        let of = |name: &str| format!("{}/{name}", self.issuer);
        let mut behaviour = self.set();
        match path {
            "/.well-known/openid-configuration" => {
                let honest = json!({
                    "issuer": self.issuer, "authorization_endpoint": of("authorize"),
                    "token_endpoint": of("token"), "jwks_uri": of("keys"), "userinfo_endpoint": of("userinfo"),
                });
                (200, replaced(honest, &behaviour.description))
            }
            "/keys" => (
                200,
                json!({ "keys": behaviour.keys.iter().map(|key| published(key)).collect::<Value>() }),
            ),
            "/userinfo" => match authorization.as_deref() {
                Some("Bearer access") => (200, behaviour.user_info.clone()),
                _ => (401, json!({"error": "invalid_token"})),
            },
            "/token" => {
                let form = fields(body);
                behaviour.redeemed = (authorization.clone(), form.clone());
                let refused =
                    |error: &str| (400, json!({"error": error, "error_description": "<b>no</b>"}));
                let encoded = "wave+keep:s3cret%3A%2B%25";
                let is_client = match authorization {
                    Some(basic) => basic == format!("Basic {}", STANDARD.encode(encoded)),
                    None => form["client_id"] == CLIENT,
                };
                if !is_client {
                    return refused("invalid_client");
                }
                // A code is given out once.
                let Some(asked) = form.get("code").and_then(|code| behaviour.codes.remove(code))
                else {
                    return refused("invalid_grant");
                };
                let challenge = encoded_hash(&form["code_verifier"]);
                if asked["code_challenge"] != challenge
                    || asked["redirect_uri"] != form["redirect_uri"]
                {
                    return refused("invalid_grant");
                }
                let now = Timestamp::now().as_second();
                let claims = replaced(
                    json!({
                        "iss": self.issuer, "sub": "4711", "aud": CLIENT, "exp": now + 300, "iat": now,
                        "nonce": asked["nonce"], "preferred_username": "kim", "groups": ["office", "staff"],
                    }),
                    &behaviour.claims,
                );
                let id_token = token(behaviour.signed, &claims);
                let honest =
                    json!({"access_token": "access", "token_type": "Bearer", "id_token": id_token});
                (200, replaced(honest, &behaviour.answer))
            }
            _ => (404, Value::Null),
        }
    }
}

fn encoded_hash(text: &str) -> String {
    encoded(Sha256::digest(text))
}

/// Claims, or members of an answer, with one replaced.
pub fn with(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}
