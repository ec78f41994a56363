//! Sign-in with an identity provider.

mod outside;
mod provider;
mod roles;
mod sessions;

use std::time::Duration;

use serde_json::{Value, json};
use wavekeep_archive::{Archive, Role, Submission};
use wavekeep_server::{AuditOptions, ClientSecret, OidcOptions, ServeOptions};

use self::provider::*;
use crate::common::*;

/// Sign-in with a provider, for those whom `roles` name.
fn options(provider: &Provider, roles: &[(&str, Role)]) -> OidcOptions {
    let roles = roles.iter().map(|&(who, role)| wavekeep_server::RoleOf {
        who: who.parse().unwrap(),
        role,
        scope: None,
    });
    OidcOptions::new(provider.issuer.parse().unwrap(), CLIENT)
        .with_name("the <office>")
        .with_client_secret(Some(ClientSecret::new(SECRET).unwrap()))
        .with_roles(roles.collect())
        // Only a provider that is asked to be slow takes longer.
        .with_answer_time(Duration::from_secs(3))
}

/// A server with two events, where users of the group `office` review.
fn office(provider: &Provider) -> Running {
    serving(options(provider, &[("group:office", Role::Review)]))
}

fn serving(oidc: OidcOptions) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    for name in [QUIET, BLAST] {
        archive.save(&Submission::new(name, sample(name))).unwrap();
    }
    Running::with(folder, ServeOptions::default().with_oidc(Some(oidc)))
}

/// The value of a cookie that an answer gives.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let given = lines.filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie"));
    let pairs = given.filter_map(|(_, text)| text.split(';').next()?.split_once('='));
    let mut found = pairs.filter(|(of, _)| *of == name).map(|(_, value)| value.to_owned());
    found.next_back().filter(|value| !value.is_empty())
}

/// What an answer says of a cookie.
fn attributes(answer: &Answer, name: &str) -> String {
    let start = format!("set-cookie: {name}=");
    let line = answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&start));
    line.unwrap().split_once("; ").unwrap().1.to_owned()
}

fn with_cookie(server: &Running, path: &str, name: &str, value: &str) -> Answer {
    server.ask("GET", path, &[("Cookie", &format!("x=y; {name}={value}"))], b"")
}

/// A browser that was sent to the provider: where to, and its cookie.
fn begun(server: &Running, path: &str) -> (String, String) {
    let answer = server.get(path);
    assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    (answer.header("location").unwrap().to_owned(), cookie(&answer, "wavekeep_signing_in").unwrap())
}

/// The whole way: what the server answers when the browser comes back.
fn come_back(server: &Running, provider: &Provider) -> Answer {
    let (location, browser) = begun(server, "/sign-in");
    let answer = provider.sign_in(&location);
    with_cookie(server, &format!("/sign-in/callback?{answer}"), "wavekeep_signing_in", &browser)
}

/// The cookie of somebody who signed in.
fn signed_in(server: &Running, provider: &Provider) -> String {
    let answer = come_back(server, provider);
    assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    cookie(&answer, "wavekeep_signed_in").unwrap()
}

fn session(server: &Running, secret: &str) -> Answer {
    with_cookie(server, "/api/v1/session", "wavekeep_signed_in", secret)
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[test]
fn a_user_signs_in_and_reviews_carry_the_name() {
    let provider = Provider::start();
    for signed in [Signed::Rs256(0), Signed::Es256] {
        provider.set().signed = signed;
        let server = office(&provider);
        assert_eq!(server.get("/api/v1/events").status, 401);
        let secret = signed_in(&server, &provider);
        let caller = session(&server, &secret).json();
        assert_eq!((&caller["name"], &caller["role"]), (&json!("kim"), &json!("review")));
        assert_eq!(caller["by"], "oidc");
        assert!(caller["ends_at"].as_str().unwrap().ends_with('Z'));
        let headers = [
            ("Cookie", format!("wavekeep_signed_in={secret}")),
            ("Content-Type", "application/json".to_owned()),
        ];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let body = br#"{"notes": "a lorry"}"#;
        assert_eq!(server.ask("PATCH", "/api/v1/events/1/review", &headers, body).status, 200);
        let listed = with_cookie(&server, "/api/v1/events", "wavekeep_signed_in", &secret).json();
        assert_eq!(listed["total"], 2);
        let archive = Archive::open(server.folder.path()).unwrap();
        assert_eq!(archive.event(1).unwrap().review_notes.as_deref(), Some("a lorry"));
        let ledger = server.folder.path().join(".wavekeep/ledger.jsonl");
        let last = std::fs::read_to_string(ledger).unwrap().lines().last().unwrap().to_owned();
        assert_eq!(serde_json::from_str::<Value>(&last).unwrap()["who"], "kim", "{last}");
    }
}

#[test]
fn a_browser_is_sent_with_all_that_binds_the_answer_to_it() {
    let provider = Provider::start();
    let server = office(&provider);
    let answer = server.get("/sign-in?return=/%3Fevent=4");
    let location = answer.header("location").unwrap();
    let asked = fields(location.split_once('?').unwrap().1);
    let expected = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[name], value);
    }
    assert_eq!(asked["redirect_uri"], format!("http://{}/sign-in/callback", server.address));
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[secret].len(), 43, "{secret}");
    }
    assert!(!asked.contains_key("prompt"));
    let of_browser = attributes(&answer, "wavekeep_signing_in");
    assert_eq!(of_browser, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let again = server.get("/sign-in?again=true");
    assert!(again.header("location").unwrap().contains("&prompt=login"));
    let back = come_back(&server, &provider);
    assert_eq!(back.header("location"), Some("/"));
    let of_user = attributes(&back, "wavekeep_signed_in");
    assert_eq!(of_user, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    let (authorization, form) = provider.set().redeemed.clone();
    assert!(authorization.unwrap().starts_with("Basic ") && !form.contains_key("client_secret"));
}

#[test]
fn the_secret_goes_where_the_provider_takes_it() {
    let provider = Provider::start();
    provider.set().description =
        json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]});
    signed_in(&office(&provider), &provider);
    let (authorization, form) = provider.set().redeemed.clone();
    assert_eq!((authorization, form["client_secret"].as_str()), (None, SECRET));
    // A public client has none.
    let public = options(&provider, &[("user:kim", Role::Read)]).with_client_secret(None);
    signed_in(&serving(public), &provider);
    let (authorization, form) = provider.set().redeemed.clone();
    assert_eq!((authorization, form.get("client_secret")), (None, None));
}

#[test]
fn without_a_provider_nobody_is_sent_to_one() {
    let server = Running::start();
    assert_eq!(server.json("/sign-in/provider"), json!({ "name": null }));
    assert_eq!(server.get("/sign-in").status, 404);
    assert_eq!(server.get("/sign-in/callback?code=x&state=y").status, 404);
    let with_one = office(&Provider::start());
    assert_eq!(with_one.json("/sign-in/provider"), json!({ "name": "the <office>" }));
}

#[test]
fn sign_in_refusal_and_sign_out_are_in_the_audit_log() {
    let provider = Provider::start();
    let (folder, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = beside.path().join("audit.jsonl");
    let oidc = options(&provider, &[("user:kim", Role::Review)]);
    let options =
        ServeOptions::default().with_oidc(Some(oidc)).with_audit(Some(AuditOptions::new(&path)));
    let server = Running::with(folder, options);
    let secret = signed_in(&server, &provider);
    provider.set().claims = with("preferred_username", json!("sam"));
    assert_eq!(come_back(&server, &provider).status, 403);
    assert_eq!(server.get("/sign-in/callback?code=guessed&state=guessed").status, 400);
    let headers = [("Cookie", &*format!("wavekeep_signed_in={secret}"))];
    assert_eq!(server.ask("DELETE", "/api/v1/session", &headers, b"").status, 204);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names = ["who", "role", "by", "method", "path", "status"];
    let noted: Vec<_> =
        lines.iter().map(|line| json!(names.map(|name| line[name].clone()))).collect();
    let expected = [
        json!(["kim", "review", "oidc", "GET", "/sign-in/callback", 303]),
        json!(["sam", null, "oidc", "GET", "/sign-in/callback", 403]),
        json!([null, null, null, "GET", "/sign-in/callback", 400]),
        json!(["kim", "review", "oidc", "DELETE", "/api/v1/session", 204]),
    ];
    assert_eq!(noted, expected);
    assert!(!text.contains("code") && !text.contains("state="), "{text}");
}

#[test]
fn how_sign_ins_end_is_counted() {
    let provider = Provider::start();
    let server = office(&provider);
    let secret = signed_in(&server, &provider);
    provider.set().claims = with("groups", json!([]));
    assert_eq!(come_back(&server, &provider).status, 403);
    provider.set().signed = Signed::None;
    assert_eq!(come_back(&server, &provider).status, 502);
    let metrics = text(&with_cookie(&server, "/metrics", "wavekeep_signed_in", &secret));
    for line in [
        "wavekeep_sign_ins_total{outcome=\"signed_in\"} 1",
        "wavekeep_sign_ins_total{outcome=\"refused\"} 1",
        "wavekeep_sign_ins_total{outcome=\"failed\"} 1",
        "wavekeep_signed_in 1",
        "wavekeep_sign_in_provider_up 1",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line}: {metrics}");
    }
}
