//! `wavekeep recover`

use anyhow::Context;
use serde_json::json;

use crate::args::{Args, RecoverArgs};
use crate::exit::Account;

/// Saves what is whole of a damaged file and says what was lost.
pub fn run(args: &Args, command: &RecoverArgs) -> anyhow::Result<Account> {
    let limits = gnz::Limits::default();
    let recovery = gnz::recover(&command.path, &command.output, command.force, &limits)
        .with_context(|| format!("{}: nothing can be saved", command.path.display()))?;
    let lost: Vec<_> = recovery
        .lost
        .iter()
        .map(|lost| json!({ "array": lost.array, "reason": lost.reason.to_string() }))
        .collect();
    if args.json {
        let document = json!({
            "path": command.path,
            "output": command.output,
            "saved": recovery.saved,
            "lost": lost,
        });
        println!("{document}");
    } else {
        anstream::println!(
            "{} → {}: {} arrays saved, {} lost",
            command.path.display(),
            command.output.display(),
            recovery.saved.len(),
            recovery.lost.len()
        );
        for lost in &recovery.lost {
            anstream::println!("  lost {:?}: {}", lost.array, lost.reason);
        }
    }
    let mut account = Account::default();
    account.read(!recovery.lost.is_empty());
    Ok(account)
}
