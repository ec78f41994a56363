//! `wavekeep alerts`

use serde_json::json;
use wavekeep_alerts::{Rules, try_out};

use crate::args::{AlertsArgs, AlertsCommand, Args};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Checks rules, or tries them out.
pub fn run(args: &Args, command: &AlertsArgs) -> anyhow::Result<Account> {
    let mut account = Account::default();
    match &command.command {
        AlertsCommand::Check { file } => {
            for target in Rules::read(file)?.targets() {
                match args.json {
                    true => outln!("{}", json!({ "target": target })),
                    false => outln!("{target}"),
                }
                account.whole += 1;
            }
        }
        AlertsCommand::Test { file } => {
            try_out(&Rules::read(file)?, &mut |target, sent| {
                let why = sent.err();
                match (args.json, &why) {
                    (true, _) => outln!(
                        "{}",
                        json!({ "target": target, "sent": why.is_none(), "error": why })
                    ),
                    (false, None) => outln!("{target}: sent"),
                    (false, Some(why)) => render::error(format_args!("{target}: {why}")),
                }
                if why.is_some() { account.failed += 1 } else { account.whole += 1 }
            });
        }
    }
    Ok(account)
}
