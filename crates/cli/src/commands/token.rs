//! `wavekeep token`

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use wavekeep_archive::{Archive, NewToken, Scope, TokenEntry};

use super::archive::{look, open, opened};
use crate::args::{Args, TokenArgs, TokenCommand};
use crate::exit::{Account, Usage};
use crate::terminal::outln;

/// Makes, lists or takes away tokens of an archive.
pub fn run(args: &Args, command: &TokenArgs) -> anyhow::Result<Account> {
    let Some(path) = &command.archive else {
        return Err(
            Usage("say which archive: --archive DIR, or WAVEKEEP_ARCHIVE".to_owned()).into()
        );
    };
    match &command.command {
        TokenCommand::Add { name, role, create, expires, units, projects } => {
            let archive = if *create { opened(Archive::create(path)?) } else { open(path)? };
            let scope = Scope::new(units.clone(), projects.clone());
            let new = NewToken::new(name, *role)
                .with_expires_at(expires.map(|expires| expires.0))
                .with_scope(scope.clone());
            let token = archive.make_token(&new)?;
            match args.json {
                true => {
                    let expires_at = expires.map(|expires| expires.0.to_string());
                    outln!(
                        "{}",
                        json!({ "name": name, "role": role, "expires_at": expires_at, "scope": scope,
                            "token": token })
                    );
                }
                false => outln!("{token}"),
            }
        }
        TokenCommand::List => {
            let archive = look(args, path)?;
            list(args, &archive.tokens()?, &archive.token_uses()?);
        }
        TokenCommand::Revoke { name } => {
            open(path)?.revoke_token(name)?;
            if args.json {
                outln!("{}", json!({ "revoked": name }));
            }
        }
    }
    Ok(Account::default())
}

fn list(args: &Args, tokens: &[TokenEntry], uses: &BTreeMap<String, String>) {
    if tokens.is_empty() {
        return;
    }
    let now = Timestamp::now();
    if !args.json {
        outln!("{:<7} {:<20} {:<20} {:<20} NAME", "ROLE", "CREATED", "EXPIRES", "LAST USED");
    }
    for entry in tokens {
        let used = uses.get(&entry.sha256);
        let is_expired = entry.is_expired(now);
        if args.json {
            outln!(
                "{}",
                json!({ "name": entry.name, "role": entry.role, "created_at": entry.created_at,
                    "scope": entry.scope, "expires_at": entry.expires_at, "is_expired": is_expired, "last_used_at": used })
            );
            continue;
        }
        let expires = match &entry.expires_at {
            Some(_) if is_expired => "expired",
            Some(at) => at,
            None => "never",
        };
        let used = used.map_or("never", String::as_str);
        let role = entry.role.word();
        let name = &entry.name;
        let scope = entry.scope.as_ref().map(words).unwrap_or_default();
        outln!("{role:<7} {:<20} {expires:<20} {used:<20} {name}{scope}", entry.created_at);
    }
}

/// ` (units BE1, BE2; projects Quarry)`
fn words(scope: &Scope) -> String {
    let list = |what: &str, of: &[String]| match of {
        [] => None,
        [one] => Some(format!("{what} {one}")),
        of => Some(format!("{what}s {}", of.join(", "))),
    };
    let parts = [list("unit", &scope.units), list("project", &scope.projects)];
    format!(" ({})", parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}
