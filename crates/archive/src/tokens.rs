//! Who may use a server of the archive: names, roles and the hashes of tokens, in a file of the
//! archive's own folder.
//!
//! Tokens are added and revoked under the archive's lock, and the file is replaced as a whole and
//! synced with its folder. Checking one reads the file each time: what is revoked is refused from
//! the moment at which the revoking returns. The file carries a checksum, which `verify` looks at.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use derive_setters::Setters;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use wavekeep_custody::{Action, Hash};

use crate::journal::{Change, stage_private};
use crate::ledger::Draft;
use crate::remake::sha256;
use crate::scope::Scope;
use crate::{Archive, ArchiveError};

/// What tokens begin with, so that people and scanners know one when they see it.
const PREFIX: &str = "wk_";
/// The latest version of the file. The list alone, without version and checksum, is 0.
const VERSION: u64 = 2;
/// The first version in which tokens expire or are for a part: a program that knows nothing of it must not
/// accept them.
const WITH_LIMITS: u64 = 2;
/// The version of a list in which none is limited.
const WITHOUT_LIMITS: u64 = 1;
/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// What stands in the place of the checksum while it is computed.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    Read,
    /// Read, and say what is a false trigger.
    Review,
    /// Read, bring events in, and record.
    Import,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Review, Self::Import, Self::Admin];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Review => "review",
            Self::Import => "import",
            Self::Admin => "admin",
        }
    }

    /// Whether this role may do what needs the role `needed`.
    pub fn allows(self, needed: Self) -> bool {
        self == Self::Admin || self == needed || needed == Self::Read
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.word() == word);
        found.ok_or("one of read, review, import, admin was expected")
    }
}

/// A token as it is kept: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenEntry {
    /// Whose it is; reviews are signed with it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the token in hexadecimal. The token has 256 random bits: nothing slower is needed.
    pub sha256: String,
    /// When it was made, in UTC.
    pub created_at: String,
    /// From when on it is refused, in UTC; nothing for a token that does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The part of the archive that it is for; nothing for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct NewToken {
    /// Whose it is.
    #[setters(skip)]
    pub name: String,
    /// What it may do.
    #[setters(skip)]
    pub role: Role,
    /// From when on it is refused; nothing for a token that does not expire.
    pub expires_at: Option<Timestamp>,
    /// The part of the archive that it is for; nothing for all of it.
    pub scope: Option<Scope>,
}

impl NewToken {
    /// A token for the whole archive that does not expire.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role, expires_at: None, scope: None }
    }
}

impl TokenEntry {
    /// Whether this is the entry of `token`. The time that it takes says nothing of the hash.
    pub fn is_of(&self, token: &str) -> bool {
        let asked = sha256(token.as_bytes());
        let pairs = self.sha256.bytes().zip(asked.bytes());
        let differ = pairs.fold(0, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0 && self.sha256.len() == asked.len()
    }

    /// Whether it is refused at this moment. A time that cannot be read has passed.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let ends = self.expires_at.as_ref().map(|at| at.parse::<Timestamp>());
        ends.is_some_and(|ends| ends.map_or(true, |ends| ends <= now))
    }
}

/// The file as it is written; the checksum is the last of it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u64,
    tokens: Vec<TokenEntry>,
    /// SHA-256 of the file with 64 zeros in its place.
    sha256: String,
}

/// Why tokens cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The archive failed, or the file of tokens cannot be understood.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// There is one already.
    #[error("there is a token called {name:?} already: revoke it first, or take another name")]
    Exists {
        /// The name.
        name: String,
    },
    /// There is none.
    #[error("there is no token called {name:?}")]
    NoSuchToken {
        /// The name.
        name: String,
    },
    /// A part of the archive for one who may bring events into all of it.
    #[error(
        "a token for some units or projects can read or review, not {role}: its imports could not be limited"
    )]
    Scope {
        /// The role.
        role: Role,
    },
    /// A name that cannot be shown in one line.
    #[error("{name:?} is no name for a token: 1 to 80 characters of one line were expected")]
    Name {
        /// The name.
        name: String,
    },
    /// The system has no random numbers.
    #[error("the system gave no random numbers: {0}")]
    Random(String),
}

impl Archive {
    /// The tokens as they are kept now.
    ///
    /// # Errors
    /// When the file cannot be read or understood: nobody has a token then.
    pub fn tokens(&self) -> Result<Vec<TokenEntry>, ArchiveError> {
        let path = self.layout().tokens();
        let len = self.files().len(&path);
        match len.map_err(ArchiveError::io(&path, "look at the tokens"))? {
            None => return Ok(Vec::new()),
            Some(len) if len > MOST_BYTES => {
                return Err(self.damaged_tokens(&format!("it has {len} bytes")));
            }
            Some(_) => {}
        }
        let bytes = self.files().read(&path).map_err(ArchiveError::io(&path, "read the tokens"))?;
        self.tokens_of(&bytes)
    }

    fn tokens_of(&self, bytes: &[u8]) -> Result<Vec<TokenEntry>, ArchiveError> {
        if bytes.trim_ascii_start().starts_with(b"[") {
            return serde_json::from_slice(bytes)
                .map_err(|error| self.damaged_tokens(&error.to_string()));
        }
        let kept: serde_json::Value = serde_json::from_slice(bytes)
            .map_err(|error| self.damaged_tokens(&error.to_string()))?;
        match kept["version"].as_u64() {
            Some(found) if found > VERSION => {
                let path = self.layout().tokens();
                return Err(ArchiveError::Newer {
                    path,
                    what: "list of tokens",
                    found,
                    known: VERSION,
                });
            }
            _ => {}
        }
        let kept: Kept = serde_json::from_value(kept)
            .map_err(|error| self.damaged_tokens(&error.to_string()))?;
        if !is_intact(bytes, &kept) {
            return Err(self.damaged_tokens("its checksum does not fit"));
        }
        Ok(kept.tokens)
    }

    fn damaged_tokens(&self, why: &str) -> ArchiveError {
        let what = format!(
            "not the list of tokens that was written ({why}): no token is valid; put it back from a \
             backup, or delete the file and add the tokens again"
        );
        ArchiveError::Damaged { path: self.layout().tokens(), what }
    }

    /// What is wrong with the file of tokens, and whether it carries no checksum yet.
    pub(crate) fn tokens_problem(&self) -> Result<(Option<String>, bool), ArchiveError> {
        let path = self.layout().tokens();
        let bytes = match self.read_if_there(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok((None, false)),
            // The owner alone may read it.
            Err(ArchiveError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                return Ok((None, false));
            }
            Err(error) => return Ok((Some(error.to_string()), false)),
        };
        match self.tokens_of(&bytes) {
            Ok(_) => Ok((None, bytes.trim_ascii_start().starts_with(b"["))),
            Err(ArchiveError::Damaged { what, .. }) => Ok((Some(what), false)),
            Err(error) => Ok((Some(error.to_string()), false)),
        }
    }

    /// Makes a token. It is shown once: only its hash is kept.
    ///
    /// # Errors
    /// [`TokenError`]; nothing was changed then.
    pub fn add_token(&self, name: &str, role: Role) -> Result<String, TokenError> {
        self.make_token(&NewToken::new(name, role))
    }

    /// As [`add_token`](Self::add_token), with all that a token can have.
    ///
    /// # Errors
    /// As [`add_token`](Self::add_token).
    pub fn make_token(&self, new: &NewToken) -> Result<String, TokenError> {
        let (name, role) = (new.name.as_str(), new.role);
        let expires_at = new.expires_at.map(|at| at.to_string());
        if new.scope.is_some() && !matches!(role, Role::Read | Role::Review) {
            return Err(TokenError::Scope { role });
        }
        if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
            return Err(TokenError::Name { name: name.to_owned() });
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| TokenError::Random(error.to_string()))?;
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let token = format!("{PREFIX}{hex}");
        let note = |draft: Draft| {
            let draft = draft.with("token", name).with("role", role.word());
            let draft = match &expires_at {
                Some(at) => draft.with("expires_at", at.as_str()),
                None => draft,
            };
            let draft = match &new.scope {
                Some(scope) => draft
                    .with("units", scope.units.clone())
                    .with("projects", scope.projects.clone()),
                None => draft,
            };
            draft.with("change", "added")
        };
        let entry = TokenEntry {
            name: name.to_owned(),
            role,
            sha256: sha256(token.as_bytes()),
            created_at: crate::now(),
            expires_at: expires_at.clone(),
            scope: new.scope.clone(),
        };
        self.change_tokens(note, |tokens| {
            if tokens.iter().any(|entry| entry.name == name) {
                return Err(TokenError::Exists { name: name.to_owned() });
            }
            tokens.push(entry);
            Ok(())
        })?;
        Ok(token)
    }

    /// Takes a token away. It is refused from the moment at which this returns.
    ///
    /// # Errors
    /// [`TokenError`]; it is still valid then.
    pub fn revoke_token(&self, name: &str) -> Result<(), TokenError> {
        let note = |draft: Draft| draft.with("token", name).with("change", "revoked");
        self.change_tokens(note, |tokens| {
            let before = tokens.len();
            tokens.retain(|entry| entry.name != name);
            match tokens.len() == before {
                true => Err(TokenError::NoSuchToken { name: name.to_owned() }),
                false => Ok(()),
            }
        })
    }

    fn change_tokens(
        &self,
        note: impl FnOnce(Draft) -> Draft,
        change: impl FnOnce(&mut Vec<TokenEntry>) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        // What the change itself refuses is no failure of the archive.
        self.with_lock(|writer| {
            let mut tokens = self.tokens()?;
            if let Err(refused) = change(&mut tokens) {
                return Ok(Err(refused));
            }
            let path = self.layout().tokens();
            let bytes = sealed(tokens);
            let mut draft = note(Draft::new(Action::Token, self.actor().clone()));
            draft
                .files
                .insert(self.relative(&path).to_string_lossy().into_owned(), Hash::of(&bytes));
            let lines = self.entry_of(writer, draft)?;
            let mut happening = Change::new(self.files(), self.layout());
            happening.own_file(stage_private(self.files(), self.layout(), &path, &bytes)?);
            happening.ledger(&lines);
            happening.happen(|| self.commit(writer, |transaction| lines.store(transaction)))?;
            Ok(Ok(()))
        })?
    }
}

/// The file of these tokens.
fn sealed(tokens: Vec<TokenEntry>) -> Vec<u8> {
    let is_limited = |entry: &TokenEntry| entry.expires_at.is_some() || entry.scope.is_some();
    let version = match tokens.iter().any(is_limited) {
        true => WITH_LIMITS,
        false => WITHOUT_LIMITS,
    };
    let kept = Kept { version, tokens, sha256: ZEROS.to_owned() };
    // Plain data always has a JSON form.
    let mut text = serde_json::to_string_pretty(&kept).unwrap_or_default();
    text.push('\n');
    let sum = sha256(text.as_bytes());
    if let Some(at) = text.rfind(ZEROS) {
        text.replace_range(at..at + ZEROS.len(), &sum);
    }
    text.into_bytes()
}

fn is_intact(bytes: &[u8], kept: &Kept) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let names: HashSet<&str> = kept.tokens.iter().map(|entry| entry.name.as_str()).collect();
    let Some(at) = text.rfind(kept.sha256.as_str()) else { return false };
    let before = format!("{}{ZEROS}{}", &text[..at], &text[at + kept.sha256.len()..]);
    names.len() == kept.tokens.len() && sha256(before.as_bytes()) == kept.sha256
}
