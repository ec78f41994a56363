//! How people sign in with an identity provider, and what they may do.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use derive_setters::Setters;
use reqwest::Url;
use wavekeep_archive::{Role, Scope};

/// A URL that secrets may be sent to: `https`, or `http` on this machine.
///
/// # Errors
/// What is wrong with it.
pub(super) fn safe_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{text:?} is not a URL: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_local = host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => return Err(format!("{text:?} is not https; http is for this machine alone")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(format!("{text:?} has a user, a password or a fragment"));
    }
    Ok(url)
}

/// The identity provider, by the URL that its tokens carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    host: String,
}

impl Issuer {
    /// The URL as it was given: providers compare it letter by letter.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where its description is.
    pub(super) fn description(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.text.trim_end_matches('/'))
    }
}

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = safe_url(text)?;
        if url.query().is_some() {
            return Err(format!("{text:?} has a query; an issuer has none"));
        }
        Ok(Self { text: text.to_owned(), host: url.host_str().unwrap_or_default().to_owned() })
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What the server proves to the provider that it is itself with. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Whitespace around it, such as the end of a line, does not belong to it.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "" => Err("it is empty; the secret of the client was expected"),
            secret => Ok(Self(secret.to_owned())),
        }
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// A user, or all users of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By the name that the claim of the user states.
    User(String),
    /// By an element of the claim of the groups.
    Group(String),
}

impl Who {
    fn is(&self, user: &str, groups: &[String]) -> bool {
        match self {
            Self::User(name) => name == user,
            Self::Group(name) => groups.contains(name),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("user", name)) if !name.is_empty() => Ok(Self::User(name.to_owned())),
            Some(("group", name)) if !name.is_empty() => Ok(Self::Group(name.to_owned())),
            _ => Err(format!("{text:?} is not of the form user:NAME or group:NAME")),
        }
    }
}

/// What a user or a group may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOf {
    /// Who.
    pub who: Who,
    /// What they may do.
    pub role: Role,
    /// The units and projects that it is for; `None` for all.
    pub scope: Option<Scope>,
}

/// What somebody who signed in may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The units and projects that it is for; `None` for all.
    pub scope: Option<Scope>,
}

/// Sign-in with an identity provider, by OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct OidcOptions {
    /// The provider.
    #[setters(skip)]
    pub issuer: Issuer,
    /// The name by which the provider knows this server.
    #[setters(skip)]
    pub client_id: String,
    /// The secret that the provider gave for it; `None` for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What the button says after "Sign in with".
    #[setters(into)]
    pub name: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the name that reviews carry.
    #[setters(into)]
    pub user_claim: String,
    /// The claim with the groups: its name, or a path with dots.
    #[setters(into)]
    pub groups_claim: String,
    /// Who may do what: the first that fits gives the role.
    pub roles: Vec<RoleOf>,
    /// The role of everybody else; `None` refuses them.
    pub others: Option<Role>,
    /// How long somebody stays signed in.
    pub session_time: Duration,
    /// How long an answer of the provider may take as a whole.
    pub answer_time: Duration,
}

/// How long somebody stays signed in.
const SESSION_TIME: Duration = Duration::from_secs(12 * 3600);
/// How long an answer of the provider may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);

impl OidcOptions {
    /// Sign-in for nobody yet, with the usual claims.
    pub fn new(issuer: Issuer, client_id: impl Into<String>) -> Self {
        Self {
            name: issuer.host.clone(),
            issuer,
            client_id: client_id.into(),
            client_secret: None,
            scopes: ["profile", "email"].map(str::to_owned).into(),
            user_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: Vec::new(),
            others: None,
            session_time: SESSION_TIME,
            answer_time: ANSWER_TIME,
        }
    }

    /// What a user may do; `None` is nothing.
    ///
    /// The first entry that fits gives the role. Of further ones with the same role, units and projects are
    /// added up; one without any is for the whole archive.
    pub fn grant(&self, user: &str, groups: &[String]) -> Option<Grant> {
        let mut fitting = self.roles.iter().filter(|entry| entry.who.is(user, groups));
        let Some(first) = fitting.next() else {
            return self.others.map(|role| Grant { role, scope: None });
        };
        let mut grant = Grant { role: first.role, scope: first.scope.clone() };
        for entry in fitting.filter(|entry| entry.role == first.role) {
            grant.scope = match (grant.scope, &entry.scope) {
                (Some(mut scope), Some(more)) => {
                    scope.units.extend(more.units.iter().cloned());
                    scope.projects.extend(more.projects.iter().cloned());
                    Some(scope)
                }
                _ => None,
            };
        }
        Some(grant)
    }

    /// Those of some groups that a role depends on, each once.
    pub(super) fn known_groups(&self, groups: &[&str]) -> Vec<String> {
        let mut known = Vec::new();
        for entry in &self.roles {
            if let Who::Group(name) = &entry.who
                && groups.contains(&name.as_str())
                && !known.contains(name)
            {
                known.push(name.clone());
            }
        }
        known
    }

    /// Whether a role depends on groups.
    pub(super) fn needs_groups(&self) -> bool {
        self.roles.iter().any(|entry| matches!(entry.who, Who::Group(_)))
    }

    /// The provider and the name by which it knows this server: what signs people in.
    pub(super) fn provider(&self) -> String {
        format!("{} {}", self.issuer, self.client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(roles: &[(&str, Role, &[&str])]) -> OidcOptions {
        let issuer = "https://id.example/realm".parse().unwrap();
        let roles = roles.iter().map(|(who, role, units)| RoleOf {
            who: who.parse().unwrap(),
            role: *role,
            scope: Scope::new(units.iter().map(|&unit| unit.to_owned()).collect(), Vec::new()),
        });
        OidcOptions::new(issuer, "wavekeep").with_roles(roles.collect())
    }

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for right in [
            "https://id.example",
            "https://id.example/realms/office/",
            "http://127.0.0.1:8080/realm",
            "http://[::1]:80",
            "http://localhost:5556/dex",
        ] {
            assert_eq!(right.parse::<Issuer>().unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "id.example",
            "http://id.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://10.0.0.1",
            "ftp://id.example",
            "https://kim@id.example",
            "https://id.example/?a",
            "https://id.example/#a",
        ] {
            assert!(wrong.parse::<Issuer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_entry_that_fits_gives_the_role() {
        let options = options(&[
            ("group:admins", Role::Admin, &[]),
            ("user:kim", Role::Review, &[]),
            ("group:all", Role::Read, &[]),
        ]);
        let role = |user: &str, groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|&group| group.to_owned()).collect();
            options.grant(user, &groups).map(|grant| grant.role)
        };
        assert_eq!(role("kim", &["all"]), Some(Role::Review));
        assert_eq!(role("kim", &["all", "admins"]), Some(Role::Admin));
        assert_eq!(role("sam", &["all"]), Some(Role::Read));
        assert_eq!(role("sam", &["kim", "All"]), None);
        assert_eq!(role("admins", &[]), None, "a user is not a group of that name");
        let others = options.clone().with_others(Some(Role::Read));
        assert_eq!(others.grant("sam", &[]).unwrap().role, Role::Read);
    }

    #[test]
    fn parts_of_the_same_role_add_up() {
        let options = options(&[
            ("group:four", Role::Review, &["BE1"]),
            ("group:five", Role::Review, &["BE2"]),
            ("group:six", Role::Read, &["BE3"]),
            ("group:all", Role::Review, &[]),
        ]);
        let units = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|&group| group.to_owned()).collect();
            options.grant("kim", &groups).unwrap().scope.map(|scope| scope.units.join(" "))
        };
        assert_eq!(units(&["four", "five", "six"]).as_deref(), Some("BE1 BE2"));
        assert_eq!(units(&["six"]).as_deref(), Some("BE3"));
        assert_eq!(units(&["five", "all"]), None);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = ClientSecret::new("s3cret\n").unwrap();
        assert_eq!(secret.expose(), "s3cret");
        let options = options(&[]).with_client_secret(Some(secret));
        assert!(!format!("{options:?}").contains("s3cret"));
        assert!(ClientSecret::new(" \n").is_err());
    }
}
