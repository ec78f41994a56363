//! `wavekeep serve`

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use wavekeep_period::read_template;
use wavekeep_server::{
    AuditOptions, Limits, ServeError, ServeOptions, Server, TlsFiles, VerifyPlan, asked_to_stop,
};

use crate::args::{Args, ServeArgs};
use crate::exit::{Account, Usage};
use crate::service;
use crate::terminal::{errln, outln};

/// Serves the archive until somebody asks the program to end.
pub fn run(args: &Args, command: &ServeArgs) -> anyhow::Result<Account> {
    serve(args, &command.archive.archive, options(command)?)
}

pub fn options(command: &ServeArgs) -> anyhow::Result<ServeOptions> {
    let tls = command.tls_cert.clone().zip(command.tls_key.clone());
    let defaults = Limits::default();
    // Names and boundaries come on top.
    let of_file = command.max_file_bytes.saturating_add(1 << 20);
    let request_bytes = defaults.request_bytes.max(of_file);
    let limits = defaults
        .with_rate_per_s(command.rate.map(|rate| rate.get().into()))
        .with_file_bytes(command.max_file_bytes)
        .with_request_bytes(request_bytes);
    let letterhead = command.report_template.as_deref().map(read_template).transpose()?;
    Ok(ServeOptions::default()
        .with_letterhead(letterhead.unwrap_or_default())
        .with_listen(command.listen.clone())
        .with_proxy(command.proxy.options())
        .with_require_tokens(command.require_tokens)
        .with_read_only(command.read_only)
        .with_create(command.create)
        .with_tls(tls.map(|(certificate, key)| TlsFiles { certificate, key }))
        .with_bridges(command.bridges.clone())
        .with_audit(command.audit.as_ref().map(|path| {
            AuditOptions::new(path)
                .with_reads(command.audit_reads)
                .with_webhook(command.audit_webhook.clone())
        }))
        .with_alerts(command.alerts.clone())
        .with_verify(command.verify_at.map(|at| VerifyPlan { at, days: command.verify_days }))
        .with_oidc(command.oidc.options().map_err(|error| Usage(error.to_string()))?)
        .with_lake(command.lake.follower()?.map(Arc::new))
        .with_limits(limits))
}

/// Serves the archive in a folder; says where it can be reached before it answers.
pub fn serve(args: &Args, archive: &Path, options: ServeOptions) -> anyhow::Result<Account> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(archive, options.clone()).await?;
        // Before anybody knows that it is there.
        let stop = asked_to_stop();
        let reloading = service::reload_when_asked(server.reload(), options);
        announce(args, &server, archive);
        let watchdog = service::ready();
        server.run(stop).await;
        service::stopping();
        watchdog.abort();
        reloading.abort();
        Ok::<(), ServeError>(())
    })?;
    Ok(Account::default())
}

/// Says where the server is, and what is open to whom.
fn announce(args: &Args, server: &Server, archive: &Path) {
    let notes = server.notes();
    if args.json {
        let tokens_required = server.tokens_required();
        outln!(
            "{}",
            json!({ "listening": server.place().to_string(), "url": server.url(), "archive": archive,
                "tokens_required": tokens_required, "notes": notes })
        );
    } else {
        outln!("serving {} at {} (Ctrl-C stops)", archive.display(), server.url());
        for note in notes {
            errln!("  {note}");
        }
    }
}
