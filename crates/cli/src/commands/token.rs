//! `wavekeep token`

use serde_json::json;
use wavekeep_archive::Archive;

use super::archive::{look, open};
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
        TokenCommand::Add { name, role, create } => {
            let archive = if *create { Archive::create(path)? } else { open(path)? };
            let token = archive.add_token(name, *role)?;
            match args.json {
                true => outln!("{}", json!({ "name": name, "role": role, "token": token })),
                false => outln!("{token}"),
            }
        }
        TokenCommand::List => {
            for entry in look(args, path)?.tokens()? {
                let (name, role, at) = (&entry.name, entry.role, &entry.created_at);
                match args.json {
                    true => outln!("{}", json!({ "name": name, "role": role, "created_at": at })),
                    false => outln!("{role:<7} {at} {name}"),
                }
            }
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
