//! `wavekeep serve`

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;
use wavekeep_server::{ServeOptions, Server, asked_to_stop};

use crate::args::{Args, ServeArgs};
use crate::exit::Account;

/// Serves the archive until somebody asks the program to end.
pub fn run(args: &Args, command: &ServeArgs) -> anyhow::Result<Account> {
    let options = ServeOptions {
        listen: command.listen,
        require_tokens: command.require_tokens,
        ..ServeOptions::default()
    };
    serve(args, &command.archive, options)
}

/// Serves the archive in a folder; says where it can be reached before it answers.
pub fn serve(args: &Args, archive: &Path, options: ServeOptions) -> anyhow::Result<Account> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(archive, options).await?;
        told(args, server.address(), archive);
        server.run(asked_to_stop()).await
    })?;
    Ok(Account::default())
}

fn told(args: &Args, address: SocketAddr, archive: &Path) {
    if args.json {
        println!("{}", json!({ "listening": address, "archive": archive }));
    } else {
        anstream::println!("{} is at http://{address}/ (Ctrl-C ends it)", archive.display());
    }
}
