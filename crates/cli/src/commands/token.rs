//! `wavekeep token`

use serde_json::json;
use wavekeep_archive::Archive;
use wavekeep_server::Tokens;

use crate::args::{Args, TokenArgs, TokenCommand};
use crate::exit::Account;
use crate::terminal::outln;

/// Makes, lists or takes away tokens of an archive.
pub fn run(args: &Args, command: &TokenArgs) -> anyhow::Result<Account> {
    let archive = Archive::open(&command.archive)?;
    let tokens = Tokens::open(&archive.layout().own_folder())?;
    match &command.command {
        TokenCommand::Add { name, role } => {
            let token = tokens.add(name, *role)?;
            match args.json {
                true => outln!("{}", json!({ "name": name, "role": role, "token": token })),
                false => outln!("{token}"),
            }
        }
        TokenCommand::List => {
            for entry in tokens.list()? {
                let (name, role, at) = (&entry.name, entry.role, &entry.created_at);
                match args.json {
                    true => outln!("{}", json!({ "name": name, "role": role, "created_at": at })),
                    false => outln!("{role:<7} {at} {name}"),
                }
            }
        }
        TokenCommand::Revoke { name } => {
            tokens.revoke(name)?;
            if args.json {
                outln!("{}", json!({ "revoked": name }));
            }
        }
    }
    Ok(Account::default())
}
