//! How long somebody is signed in, and where.

use std::time::Duration;

use serde_json::json;
use wavekeep_archive::{Archive, Role};
use wavekeep_server::{ProxyOptions, ServeOptions};

use super::provider::*;
use super::*;

fn sign_out(server: &Running, secret: &str) -> Answer {
    let headers = [("Cookie", &*format!("wavekeep_signed_in={secret}"))];
    server.ask("DELETE", "/api/v1/session", &headers, b"")
}

#[test]
fn who_signs_out_is_signed_out_in_this_browser_alone() {
    let provider = Provider::start();
    let server = office(&provider);
    let (one, other) = (signed_in(&server, &provider), signed_in(&server, &provider));
    assert_ne!(one, other);
    let answer = sign_out(&server, &one);
    assert_eq!(answer.status, 204);
    assert!(attributes(&answer, "wavekeep_signed_in").contains("Max-Age=0"));
    assert_eq!(session(&server, &one).status, 401);
    assert_eq!(session(&server, &other).status, 200);
    assert_eq!(sign_out(&server, &one).status, 401);
    // Not after a restart either.
    let oidc = options(&provider, &[("group:office", Role::Review)]);
    let options = ServeOptions::default().with_oidc(Some(oidc));
    let server = Running::with(server.stop(), options);
    assert_eq!(session(&server, &one).status, 401);
}

#[test]
fn somebody_stays_signed_in_over_a_restart_and_only_hashes_are_kept() {
    let provider = Provider::start();
    let server = office(&provider);
    let secret = signed_in(&server, &provider);
    let kept = server.folder.path().join(".wavekeep/signed-in.json");
    let found = loop {
        match std::fs::read_to_string(&kept) {
            Ok(found) => break found,
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(found.contains("kim") && !found.contains(&secret), "{found}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let folder = server.stop();
    let again = |folder, oidc| Running::with(folder, ServeOptions::default().with_oidc(Some(oidc)));
    let server = again(folder, options(&provider, &[("group:office", Role::Read)]));
    let caller = session(&server, &secret).json();
    assert_eq!((&caller["name"], &caller["role"]), (&json!("kim"), &json!("read")));
    // Another provider signed nobody in.
    let other = options(&Provider::start(), &[("group:office", Role::Read)]);
    let server = again(server.stop(), other);
    assert_eq!(session(&server, &secret).status, 403);
    // Without one, nobody is.
    let token = Archive::open(server.folder.path()).unwrap().add_token("x", Role::Read).unwrap();
    let server = Running::with(server.stop(), ServeOptions::default());
    assert_eq!(session(&server, &secret).status, 401);
    let headers = [("Authorization", &*format!("Bearer {token}"))];
    assert_eq!(server.ask("GET", "/api/v1/session", &headers, b"").status, 200);
}

#[test]
fn a_list_that_cannot_be_understood_means_signing_in_again() {
    let provider = Provider::start();
    let server = office(&provider);
    let folder = server.stop();
    for nonsense in ["", "[{\"sha256\": 5}]", "{}", "[[[[", "\u{0}"] {
        std::fs::write(folder.path().join(".wavekeep/signed-in.json"), nonsense).unwrap();
        let oidc = options(&provider, &[("group:office", Role::Review)]);
        let copy = tempfile::tempdir().unwrap();
        Archive::create(copy.path()).unwrap();
        let from = folder.path().join(".wavekeep/signed-in.json");
        std::fs::copy(from, copy.path().join(".wavekeep/signed-in.json")).unwrap();
        let server = Running::with(copy, ServeOptions::default().with_oidc(Some(oidc)));
        let secret = signed_in(&server, &provider);
        assert_eq!(session(&server, &secret).status, 200, "{nonsense:?}");
    }
}

#[test]
fn a_session_ends() {
    let provider = Provider::start();
    let oidc = options(&provider, &[("user:kim", Role::Read)]);
    let server = serving(oidc.with_session_time(Duration::ZERO));
    let answer = come_back(&server, &provider);
    let secret = cookie(&answer, "wavekeep_signed_in").unwrap();
    let after = session(&server, &secret);
    assert_eq!((after.status, &after.json()["type"]), (401, &json!("urn:wavekeep:token")));
}

#[test]
fn what_nobody_was_given_signs_nobody_in() {
    let provider = Provider::start();
    let server = office(&provider);
    let secret = signed_in(&server, &provider);
    let kept = server.folder.path().join(".wavekeep/signed-in.json");
    while !kept.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let found: serde_json::Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    let hash = found[0]["sha256"].as_str().unwrap().to_owned();
    for other in ["", "x", &hash, &secret[1..], &secret.to_lowercase()] {
        assert_eq!(session(&server, other).status, 401, "{other:?}");
    }
}

#[test]
fn a_server_that_only_reads_signs_people_in_and_writes_nothing() {
    let provider = Provider::start();
    let folder = office(&provider).stop();
    let oidc = options(&provider, &[("group:office", Role::Review)]);
    let only_reads = ServeOptions::default().with_read_only(true).with_oidc(Some(oidc));
    let server = Running::with(folder, only_reads);
    let secret = signed_in(&server, &provider);
    assert_eq!(session(&server, &secret).json()["read_only"], true);
    assert_eq!(sign_out(&server, &secret).status, 204);
    assert_eq!(session(&server, &secret).status, 401);
    let folder = server.stop();
    assert!(!folder.path().join(".wavekeep/signed-in.json").exists());
}

#[test]
fn who_listens_to_changes_hears_nothing_after_signing_out() {
    let provider = Provider::start();
    let server = office(&provider);
    let secret = signed_in(&server, &provider);
    let mut listening = server.listen_as(&format!("Cookie: wavekeep_signed_in={secret}\r\n"));
    assert_eq!(sign_out(&server, &secret).status, 204);
    listening.until_its_end();
}

#[test]
fn roles_that_change_while_the_server_runs_apply_at_once() {
    let provider = Provider::start();
    let server = office(&provider);
    let secret = signed_in(&server, &provider);
    let (location, browser) = begun(&server, "/sign-in");
    let with_roles = |roles: &[(&str, Role)]| {
        let oidc = options(&provider, roles);
        server.reload.with(&ServeOptions::default().with_oidc(Some(oidc))).unwrap();
    };
    // Nothing changed: a sign-in that was begun goes on.
    with_roles(&[("group:office", Role::Review)]);
    let back = format!("/sign-in/callback?{}", provider.sign_in(&location));
    assert_eq!(with_cookie(&server, &back, "wavekeep_signing_in", &browser).status, 303);
    with_roles(&[("group:office", Role::Admin)]);
    assert_eq!(session(&server, &secret).json()["role"], "admin");
    with_roles(&[("user:sam", Role::Admin)]);
    let refused = session(&server, &secret);
    assert_eq!((refused.status, &refused.json()["type"]), (403, &json!("urn:wavekeep:user")));
    assert_eq!(server.get("/").status, 200, "the page is there to sign in");
}

#[test]
fn a_token_of_a_script_is_used_beside_it() {
    let provider = Provider::start();
    let server = office(&provider);
    let archive = Archive::open(server.folder.path()).unwrap();
    let token = archive.add_token("the script", Role::Import).unwrap();
    let secret = signed_in(&server, &provider);
    let cookies = format!("wavekeep_signed_in={secret}");
    let both = [("Authorization", &*format!("Bearer {token}")), ("Cookie", &*cookies)];
    assert_eq!(server.ask("GET", "/api/v1/session", &both, b"").json()["name"], "the script");
    // The cookie of a token that was revoked is no obstacle.
    let cookies = format!("wavekeep_token={token}; {cookies}");
    archive.revoke_token("the script").unwrap();
    let answer = server.ask("GET", "/api/v1/session", &[("Cookie", &cookies)], b"");
    assert_eq!(answer.json()["name"], "kim");
}

#[test]
fn below_a_path_behind_a_proxy_addresses_and_cookies_are_those_of_the_public_url() {
    let provider = Provider::start();
    let folder = tempfile::tempdir().unwrap();
    let proxy = ProxyOptions::default()
        .with_public_url(Some("https://office.example/wavekeep/".parse().unwrap()))
        .with_trusted(vec!["127.0.0.1".parse().unwrap()]);
    let oidc = options(&provider, &[("user:kim", Role::Read)]);
    let options = ServeOptions::default().with_proxy(proxy).with_oidc(Some(oidc));
    let server = Running::with(folder, options);
    // What a client says of the host is not where the browser is sent back to.
    let headers = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "203.0.113.9")];
    let answer = server.ask("GET", "/wavekeep/sign-in?return=/%3Fevent=4", &headers, b"");
    let location = answer.header("location").unwrap();
    let asked = fields(location.split_once('?').unwrap().1);
    assert_eq!(asked["redirect_uri"], "https://office.example/wavekeep/sign-in/callback");
    let of_browser = attributes(&answer, "wavekeep_signing_in");
    assert_eq!(of_browser, "Path=/wavekeep; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
    let browser = cookie(&answer, "wavekeep_signing_in").unwrap();
    // The proxy may take the path off.
    let back = format!("/sign-in/callback?{}", provider.sign_in(location));
    let answer = with_cookie(&server, &back, "wavekeep_signing_in", &browser);
    assert_eq!(answer.header("location"), Some("/wavekeep/?event=4"));
    let of_user = attributes(&answer, "wavekeep_signed_in");
    assert_eq!(of_user, "Path=/wavekeep; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
}

#[test]
fn two_servers_of_an_archive_keep_those_of_each_other() {
    let provider = Provider::start();
    let oidc = options(&provider, &[("group:office", Role::Review)]);
    let one = serving(oidc.clone());
    let path = one.folder.path().to_owned();
    let beside = tempfile::tempdir().unwrap();
    let other = Running::on(beside, &path, ServeOptions::default().with_oidc(Some(oidc.clone())));
    let secrets: Vec<_> =
        (0..8).map(|n| signed_in(if n % 2 == 0 { &one } else { &other }, &provider)).collect();
    let kept = path.join(".wavekeep/signed-in.json");
    let count = || std::fs::read_to_string(&kept).unwrap_or_default().matches("sha256").count();
    while count() < secrets.len() {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(other);
    let again = Running::with(one.stop(), ServeOptions::default().with_oidc(Some(oidc)));
    for secret in &secrets {
        assert_eq!(session(&again, secret).status, 200);
    }
}

#[test]
fn somebody_is_signed_in_and_out_though_it_cannot_be_kept() {
    let provider = Provider::start();
    let server = office(&provider);
    let kept = server.folder.path().join(".wavekeep/signed-in.json");
    std::fs::create_dir(&kept).unwrap();
    let secret = signed_in(&server, &provider);
    assert_eq!(session(&server, &secret).status, 200);
    assert_eq!(sign_out(&server, &secret).status, 204);
    assert_eq!(session(&server, &secret).status, 401);
    assert!(kept.is_dir());
}
