//! The program as a service: what it says to systemd, and what it does when it is asked to read its files
//! again. Without systemd nothing is said.

use std::time::Duration;

use tokio::task::JoinHandle;
use wavekeep_server::{Reload, ServeOptions};

/// Says that the service does its work.
pub fn working() {
    notify("READY=1");
}

/// Says that the service answers, and from then on, as often as systemd asks for it, that it still does: a
/// runtime that hangs says nothing.
pub fn ready() -> JoinHandle<()> {
    working();
    let every = watchdog();
    tokio::spawn(async move {
        let Some(every) = every else { return };
        loop {
            tokio::time::sleep(every / 2).await;
            notify("WATCHDOG=1");
        }
    })
}

/// Says what the service is doing, for `systemctl status`.
pub fn status(what: &str) {
    notify(&format!("STATUS={what}"));
}

/// Says that the service still works.
pub fn alive() {
    notify("WATCHDOG=1");
}

/// Says that the service ends.
pub fn stopping() {
    notify("STOPPING=1");
}

#[cfg(target_os = "linux")]
fn notify(state: &str) {
    let state = sd_notify::NotifyState::Custom(state);
    if let Err(error) = sd_notify::notify(false, &[state]) {
        tracing::warn!("systemd cannot be notified: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_: &str) {}

#[cfg(target_os = "linux")]
fn watchdog() -> Option<Duration> {
    let mut microseconds = 0;
    let asked = sd_notify::watchdog_enabled(false, &mut microseconds);
    asked.then(|| Duration::from_micros(microseconds))
}

#[cfg(not(target_os = "linux"))]
fn watchdog() -> Option<Duration> {
    None
}

/// At SIGHUP, reads configuration and certificates again. Tokens are read at every request.
#[cfg(unix)]
pub fn reload_when_asked(reload: Reload, started: ServeOptions) -> JoinHandle<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // From now on: one that comes before the first poll does not end the program.
    let hangup = signal(SignalKind::hangup());
    tokio::spawn(async move {
        let mut hangup = match hangup {
            Ok(hangup) => hangup,
            Err(error) => return tracing::warn!("SIGHUP is not heard: {error}"),
        };
        while hangup.recv().await.is_some() {
            notify("RELOADING=1");
            match again(&reload, &started) {
                Ok(()) => tracing::warn!("certificates and configuration were read again"),
                Err(error) => tracing::error!("nothing was changed: {error:#}"),
            }
            notify("READY=1");
        }
    })
}

#[cfg(unix)]
fn again(reload: &Reload, started: &ServeOptions) -> anyhow::Result<()> {
    let args = crate::config::command_line(crate::arguments().collect())?;
    // The demo has no configuration.
    let crate::args::Command::Serve(command) = &args.command else {
        return Ok(reload.with(started)?);
    };
    let options = crate::commands::serve_options(command)?;
    crate::log::change(&args.log())?;
    reload.with(&options)?;
    for what in differences(started, &options) {
        tracing::warn!("{what} changed in the configuration: it applies after a restart");
    }
    Ok(())
}

/// Options that only a restart changes.
#[cfg(unix)]
fn differences(started: &ServeOptions, now: &ServeOptions) -> Vec<&'static str> {
    let changed = [
        ("listen", started.listen != now.listen),
        ("read-only", started.read_only != now.read_only),
        ("require-tokens", started.require_tokens != now.require_tokens),
        ("tls-cert or tls-key", started.tls != now.tls),
        ("bridge", started.bridges != now.bridges),
        ("audit, audit-reads or audit-webhook", started.audit != now.audit),
        ("verify-at or verify-days", started.verify != now.verify),
        ("max-file-bytes", started.limits.file_bytes != now.limits.file_bytes),
    ];
    changed.into_iter().filter_map(|(what, changed)| changed.then_some(what)).collect()
}

#[cfg(not(unix))]
pub fn reload_when_asked(_: Reload, _: ServeOptions) -> JoinHandle<()> {
    tokio::spawn(async {})
}
