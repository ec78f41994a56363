//! A time-stamp authority in a temporary folder: the program openssl, with certificates made for it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use wavekeep_custody::stamp::{Certificates, Stamp, request};

/// How an authority's key and certificate are made, and how it answers.
#[derive(Clone, Copy)]
pub struct Make {
    /// As `openssl genpkey` has them.
    pub key: &'static str,
    /// The hash of certificates and stamps.
    pub hash: &'static str,
    /// The hash that binds the certificate.
    pub binding: &'static str,
    /// The extended key usage; none where it is empty.
    pub usage: &'static str,
    /// `YYYYMMDDHHMMSSZ`.
    pub from: &'static str,
    pub until: &'static str,
    /// Whether another certificate stands between.
    pub intermediate: bool,
    /// Whether it is one that may issue others.
    pub may_issue: bool,
    /// Whether it is included in the answers.
    pub includes_chain: bool,
}

pub const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
pub const RSA_4096: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:4096";
pub const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
pub const P384: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384";

pub const USUAL: Make = Make {
    key: P256,
    hash: "sha256",
    binding: "sha256",
    usage: "critical,timeStamping",
    from: "20200101000000Z",
    until: "20490101000000Z",
    intermediate: false,
    may_issue: true,
    includes_chain: true,
};

pub struct Authority {
    folder: TempDir,
    hash: &'static str,
    /// Tests that share an authority use the same names of files.
    one_at_a_time: Mutex<()>,
}

const CONFIGURATION: &str = "
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
";

impl Authority {
    pub fn new(make: Make) -> Self {
        let authority = Self {
            folder: TempDir::new().unwrap(),
            hash: make.hash,
            one_at_a_time: Mutex::new(()),
        };
        let usage = match make.usage {
            "" => String::new(),
            usage => format!("extendedKeyUsage = {usage}\n"),
        };
        let times = format!(
            "[tsa]\ndefault_tsa = stamps\n[stamps]\nserial = stamp.serial\ndefault_policy = 1.2.3.4.1\n\
             digests = sha256, sha384, sha512\nsigner_digest = {}\nclock_precision_digits = 3\n\
             accuracy = secs:1, millisecs:500\nordering = yes\ntsa_name = yes\ness_cert_id_alg = {}\n",
            make.hash, make.binding
        );
        authority.write("openssl.cnf", format!("{CONFIGURATION}{usage}{times}").as_bytes());
        authority.write("index.txt", b"");
        authority.write("serial", b"1000");
        authority.write("stamp.serial", b"7F01");
        authority.key("ca.key", make.key);
        authority.sign("ca", "root", "-selfsign -keyfile ca.key", USUAL);
        let mut issuer = "ca";
        authority.write("chain.pem", b"");
        if make.intermediate {
            let extensions = if make.may_issue { "root" } else { "signer" };
            authority.issue("between", extensions, issuer, make);
            issuer = "between";
            if make.includes_chain {
                fs::copy(authority.path("between.pem"), authority.path("chain.pem")).unwrap();
            }
        }
        authority.issue("tsa", "signer", issuer, make);
        authority
    }

    fn key(&self, name: &str, kind: &str) {
        self.openssl(&format!("genpkey -out {name} {kind}"));
    }

    fn issue(&self, name: &str, extensions: &str, issuer: &str, make: Make) {
        self.key(&format!("{name}.key"), make.key);
        let issuer = format!("-cert {issuer}.pem -keyfile {issuer}.key");
        self.sign(name, extensions, &issuer, make);
    }

    /// Another certificate with the number and the key of the one before.
    pub fn issue_again(&self, until: &'static str) {
        self.write("index.txt", b"");
        self.write("serial", b"1001");
        self.sign("tsa", "signer", "-cert ca.pem -keyfile ca.key", Make { until, ..USUAL });
    }

    /// A certificate for the key `name`.
    fn sign(&self, name: &str, extensions: &str, issuer: &str, make: Make) {
        self.openssl(&format!(
            "req -new -key {name}.key -subj /CN=Test-{name} -config openssl.cnf -out {name}.csr"
        ));
        let (hash, from, until) = (self.hash, make.from, make.until);
        self.openssl(&format!(
            "ca -batch -notext -config openssl.cnf -md {hash} -extensions {extensions} {issuer} \
             -startdate {from} -enddate {until} -in {name}.csr -out {name}.pem"
        ));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new("openssl");
        command.args(line.split_ascii_whitespace()).current_dir(self.folder.path());
        command.output().expect("the program openssl is needed for this test")
    }

    /// Runs openssl in the folder.
    pub fn openssl(&self, line: &str) {
        let output = self.run(line);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {line}: {complaint}");
    }

    /// The answer to a request of this crate, as it comes.
    pub fn stamp(&self, bytes: &[u8], nonce: u64) -> Vec<u8> {
        self.answer(&request(bytes, nonce).unwrap())
    }

    /// The answer to any request.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let _alone = self.alone();
        self.write("request.tsq", request);
        let chain = if self.read("chain.pem").is_empty() { "" } else { "-chain chain.pem" };
        self.openssl(&format!(
            "ts -reply -config openssl.cnf -queryfile request.tsq -signer tsa.pem -inkey tsa.key {chain} \
             -out answer.tsr"
        ));
        self.read("answer.tsr")
    }

    /// A stamp with the content of `answer`, by the certificate of this authority, which need not be one
    /// for time stamps: openssl itself refuses to answer with such a one.
    pub fn forged(&self, content: &[u8]) -> Vec<u8> {
        let _alone = self.alone();
        self.write("content.der", content);
        self.openssl(&format!(
            "cms -sign -binary -nodetach -cades -md {} -econtent_type 1.2.840.113549.1.9.16.1.4 \
             -signer tsa.pem -inkey tsa.key -in content.der -outform DER -out token.der",
            self.hash
        ));
        let token = self.read("token.der");
        let mut answer = vec![0x30, 0x82];
        answer.extend(u16::try_from(token.len() + 5).unwrap().to_be_bytes());
        answer.extend([0x30, 3, 2, 1, 0]);
        answer.extend(token);
        answer
    }

    /// The signed content of an answer.
    pub fn content(&self, answer: &[u8]) -> Vec<u8> {
        let _alone = self.alone();
        self.write("answer.tsr", answer);
        self.openssl("ts -reply -in answer.tsr -token_out -out token.der");
        self.openssl("cms -verify -noverify -inform DER -in token.der -out content.der -binary");
        self.read("content.der")
    }

    /// Whether `openssl ts -verify` finds that an answer is of `bytes` and of the last request.
    pub fn openssl_verifies(&self, bytes: &[u8], answer: &[u8]) -> bool {
        let _alone = self.alone();
        self.write("answer.tsr", answer);
        self.write("data", bytes);
        let between = self.path("between.pem").exists();
        let untrusted = if between { "-untrusted between.pem" } else { "" };
        ["-queryfile request.tsq", "-data data"].iter().all(|source| {
            let verify = format!("ts -verify -in answer.tsr -CAfile ca.pem {untrusted} {source}");
            self.run(&verify).status.success()
        })
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn trusted(&self) -> Certificates {
        self.certificates("ca.pem")
    }

    pub fn certificates(&self, name: &str) -> Certificates {
        Certificates::parse(&self.read(name)).unwrap()
    }
}

pub fn parsed(answer: &[u8]) -> Stamp {
    Stamp::parse(answer).unwrap()
}
