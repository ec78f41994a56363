//! Sign-in with an identity provider: arguments of `wavekeep serve`, and what they mean together.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use wavekeep_archive::{Role, Scope};
use wavekeep_server::{ClientSecret, Issuer, OidcOptions, RoleOf, Who};

/// The environment variable with the secret of the client. It is no option, so that the secret is neither in
/// a list of processes nor in what `config show` prints.
const SECRET_VARIABLE: &str = "WAVEKEEP_OIDC_CLIENT_SECRET";

/// Sign-in with an identity provider.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Sign-in with OpenID Connect")]
pub struct OidcArgs {
    /// The identity provider: its issuer URL, letter by letter, such as https://id.example/realms/office.
    #[arg(long, value_name = "URL", requires = "oidc_client_id")]
    pub oidc_issuer: Option<Issuer>,
    /// The name by which the provider knows this server.
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    pub oidc_client_id: Option<String>,
    /// A file with the secret of the client; without it, the variable WAVEKEEP_OIDC_CLIENT_SECRET has the
    /// secret, or there is none.
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What the button says after "Sign in with"; by default the host of the provider.
    #[arg(long, value_name = "NAME", requires = "oidc_issuer")]
    pub oidc_name: Option<String>,
    /// A scope to ask for beside openid; repeatable. By default profile and email.
    #[arg(long = "oidc-scope", value_name = "SCOPE", requires = "oidc_issuer", value_parser = scope)]
    pub oidc_scopes: Vec<String>,
    /// The claim with the name that reviews carry. Users must not be able to change it themselves.
    #[arg(
        long,
        value_name = "CLAIM",
        requires = "oidc_issuer",
        default_value = "preferred_username"
    )]
    pub oidc_user_claim: String,
    /// The claim with the groups of a user: its name, or a path such as realm_access.roles.
    #[arg(long, value_name = "CLAIM", requires = "oidc_issuer", default_value = "groups")]
    pub oidc_groups_claim: String,
    /// The role of a user or a group, as user:NAME=ROLE or group:NAME=ROLE; repeatable. The first that fits
    /// applies.
    #[arg(long = "oidc-role", value_name = "WHO=ROLE", requires = "oidc_issuer", value_parser = who_with_role)]
    pub oidc_roles: Vec<(Who, Role)>,
    /// Only the events of this unit for a user or group of --oidc-role, as group:NAME=SERIAL; repeatable. With
    /// roles read and review.
    #[arg(long = "oidc-unit", value_name = "WHO=SERIAL", requires = "oidc_issuer")]
    pub oidc_units: Vec<String>,
    /// Only the events of this project, as group:NAME=PROJECT; repeatable. With roles read and review.
    #[arg(long = "oidc-project", value_name = "WHO=PROJECT", requires = "oidc_issuer")]
    pub oidc_projects: Vec<String>,
    /// The role of everybody else whom the provider signs in; without it they are refused.
    #[arg(long, value_name = "ROLE", requires = "oidc_issuer")]
    pub oidc_other_users: Option<Role>,
    /// How long somebody stays signed in, in hours.
    #[arg(long, value_name = "HOURS", requires = "oidc_issuer", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub oidc_session_hours: u32,
}

/// An option that contradicts others, or the disk.
#[derive(Debug, thiserror::Error)]
#[error("{option}: {what}")]
pub struct Contradiction {
    /// The option, without dashes.
    pub option: &'static str,
    /// What is wrong.
    pub what: String,
}

impl OidcArgs {
    /// The options of the server. The file with the secret is read.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn options(&self) -> Result<Option<OidcOptions>, Contradiction> {
        let Some((issuer, client_id)) = self.oidc_issuer.clone().zip(self.oidc_client_id.clone())
        else {
            return Ok(None);
        };
        let wrong = |option, what: String| Contradiction { option, what };
        if client_id.trim().is_empty() {
            return Err(wrong("oidc-client-id", "it is empty".to_owned()));
        }
        if self.oidc_roles.is_empty() && self.oidc_other_users.is_none() {
            let what = "nobody could sign in: give roles with oidc-role, or oidc-other-users";
            return Err(wrong("oidc-issuer", what.to_owned()));
        }
        let mut roles: Vec<RoleOf> = Vec::new();
        for (who, role) in &self.oidc_roles {
            if roles.iter().any(|other| other.who == *who) {
                return Err(wrong("oidc-role", format!("{who} has two roles")));
            }
            roles.push(RoleOf { who: who.clone(), role: *role, scope: None });
        }
        for (option, texts) in
            [("oidc-unit", &self.oidc_units), ("oidc-project", &self.oidc_projects)]
        {
            for text in texts {
                let (of, part) = limited(&mut roles, text).map_err(|what| wrong(option, what))?;
                let scope = of.scope.get_or_insert_with(Scope::default);
                let parts =
                    if option == "oidc-unit" { &mut scope.units } else { &mut scope.projects };
                parts.push(part);
            }
        }
        let defaults = OidcOptions::new(issuer, client_id);
        let name = self.oidc_name.clone().unwrap_or_else(|| defaults.name.clone());
        let scopes = match self.oidc_scopes.is_empty() {
            true => defaults.scopes.clone(),
            false => self.oidc_scopes.clone(),
        };
        let hours = u64::from(self.oidc_session_hours);
        let options = defaults
            .with_client_secret(self.secret()?)
            .with_name(name)
            .with_scopes(scopes)
            .with_user_claim(&self.oidc_user_claim)
            .with_groups_claim(&self.oidc_groups_claim)
            .with_roles(roles)
            .with_others(self.oidc_other_users)
            .with_session_time(Duration::from_secs(hours * 3600));
        Ok(Some(options))
    }

    fn secret(&self) -> Result<Option<ClientSecret>, Contradiction> {
        let option = "oidc-client-secret-file";
        let (text, place) = match (&self.oidc_client_secret_file, std::env::var(SECRET_VARIABLE)) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path).map_err(|error| Contradiction {
                    option,
                    what: format!("{}: cannot be read: {error}", path.display()),
                })?;
                (text, path.display().to_string())
            }
            (None, Ok(text)) => (text, SECRET_VARIABLE.to_owned()),
            (None, Err(_)) => return Ok(None),
        };
        let secret = ClientSecret::new(&text);
        secret.map(Some).map_err(|what| Contradiction { option, what: format!("{place}: {what}") })
    }
}

/// The entry that `WHO=PART` limits, and the part. Names of groups and projects may have `=` themselves.
fn limited<'a>(roles: &'a mut [RoleOf], text: &str) -> Result<(&'a mut RoleOf, String), String> {
    let found = text.match_indices('=').find_map(|(at, _)| {
        let who: Who = text[..at].parse().ok()?;
        let place = roles.iter().position(|entry| entry.who == who)?;
        Some((place, text[at + 1..].to_owned()))
    });
    let (place, part) = found.ok_or_else(|| {
        format!("{text:?} is not of the form WHO=NAME, with a user or group of oidc-role")
    })?;
    let entry = &mut roles[place];
    if part.is_empty() {
        return Err(format!("{text:?} names nothing behind the sign ="));
    }
    match entry.role {
        Role::Read | Role::Review => Ok((entry, part)),
        role => Err(format!(
            "{} has the role {role}, which is for the whole archive; read and review can be limited",
            entry.who
        )),
    }
}

fn scope(text: &str) -> Result<String, &'static str> {
    // RFC 6749, section 3.3.
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    match !text.is_empty() && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("one scope was expected, without spaces"),
    }
}

fn who_with_role(text: &str) -> Result<(Who, Role), String> {
    let (who, role) = text.rsplit_once('=').ok_or_else(|| {
        format!("{text:?} is not of the form WHO=ROLE, such as group:office=review")
    })?;
    let role = role.parse().map_err(|error: <Role as std::str::FromStr>::Err| error.to_string())?;
    Ok((who.parse()?, role))
}
