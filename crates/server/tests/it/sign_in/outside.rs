//! What a provider, a browser or somebody else may send: nobody is signed in by what is not honest.

use std::net::TcpListener;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, Role};
use wavekeep_server::{ServeError, ServeOptions, Server};

use super::provider::*;
use super::*;

/// Nobody is signed in, and a page says that something is wrong.
fn refused(answer: &Answer, status: u16, of: &str) {
    assert_eq!(answer.status, status, "{of}: {}", text(answer));
    assert_eq!(cookie(answer, "wavekeep_signed_in"), None, "{of}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{of}");
    assert!(text(answer).contains("<h1>"), "{of}");
}

#[test]
fn a_token_that_is_not_signed_by_a_key_of_the_provider_signs_nobody_in() {
    let provider = Provider::start();
    let server = office(&provider);
    for signed in [
        Signed::None,
        Signed::Hs256,
        Signed::UnknownKey,
        Signed::OtherKey,
        Signed::Forged,
        Signed::Rs256(1),
    ] {
        provider.set().signed = signed;
        refused(&come_back(&server, &provider), 502, &format!("{signed:?}"));
    }
    // Keys for something else, and a secret in their place.
    for keys in [&[][..], &["ec"], &["oct"], &["encryption"], &["rsa2"]] {
        provider.set().keys = keys.to_vec();
        provider.set().signed = Signed::Rs256(0);
        refused(&come_back(&server, &provider), 502, &format!("{keys:?}"));
    }
    provider.set().keys = vec!["rsa1", "oct"];
    provider.set().signed = Signed::Hs256;
    refused(&come_back(&server, &provider), 502, "a hash with a published secret");
    provider.set().signed = Signed::Rs256(0);
    signed_in(&server, &provider);
}

#[test]
fn a_key_without_a_name_signs_tokens_without_one() {
    let provider = Provider::start();
    let server = office(&provider);
    provider.set().signed = Signed::Nameless;
    provider.set().keys = vec!["rsa2", "nameless"];
    signed_in(&server, &provider);
}

#[test]
fn keys_are_changed_while_the_server_runs() {
    let provider = Provider::start();
    let server = office(&provider);
    signed_in(&server, &provider);
    provider.set().signed = Signed::Rs256(1);
    refused(&come_back(&server, &provider), 502, "a key that is not published");
    provider.set().keys = vec!["rsa1", "rsa2"];
    signed_in(&server, &provider);
    // One that was taken back is not accepted any more.
    provider.set().keys = vec!["rsa2"];
    provider.set().signed = Signed::Rs256(0);
    refused(&come_back(&server, &provider), 502, "a key that was taken back");
}

#[test]
fn a_token_for_somebody_or_something_else_signs_nobody_in() {
    let provider = Provider::start();
    let server = office(&provider);
    let now = Timestamp::now().as_second();
    let issuer = &provider.issuer;
    for claims in [
        json!({"iss": "http://127.0.0.1:1/realm"}),
        json!({"iss": format!("{issuer}/")}),
        json!({"iss": [issuer, "http://127.0.0.1:1"]}),
        json!({"iss": null}),
        json!({"aud": "another"}),
        json!({"aud": []}),
        json!({"aud": null}),
        json!({"aud": [CLIENT, "another"]}),
        json!({"aud": [CLIENT, "another"], "azp": "another"}),
        json!({"azp": "another"}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"nonce": 5}),
        json!({"exp": now - 120}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"nbf": now + 300}),
        json!({"iat": now + 300}),
        json!({"iat": null}),
        json!({"sub": null}),
    ] {
        provider.set().claims = claims.clone();
        refused(&come_back(&server, &provider), 502, &claims.to_string());
    }
    provider.set().claims = json!({"aud": [CLIENT, "another"], "azp": CLIENT});
    signed_in(&server, &provider);
}

#[test]
fn clocks_may_differ_by_less_than_a_minute() {
    let provider = Provider::start();
    let server = office(&provider);
    let now = Timestamp::now().as_second();
    provider.set().claims = json!({"exp": now - 30, "iat": now + 30, "nbf": now + 30});
    signed_in(&server, &provider);
}

#[test]
fn an_answer_that_is_none_signs_nobody_in() {
    let provider = Provider::start();
    let server = office(&provider);
    for id_token in [json!(null), json!(5), json!(""), json!("a.b"), json!("a.b.c"), json!("....")]
    {
        provider.set().answer = with("id_token", id_token.clone());
        refused(&come_back(&server, &provider), 502, &id_token.to_string());
    }
    provider.set().answer = json!({});
    for (path, status) in [("/token", 200), ("/keys", 200), ("/keys", 500), ("/keys", 302)] {
        provider.set().broken = Some((path, status));
        refused(&come_back(&server, &provider), 502, &format!("{path} {status}"));
    }
    // What the provider refuses, it refuses.
    for status in [302, 400, 500] {
        provider.set().broken = Some(("/token", status));
        refused(&come_back(&server, &provider), 403, &format!("/token {status}"));
    }
    assert!(
        !provider.set().asked.iter().any(|path| path == "/elsewhere"),
        "no redirect is followed"
    );
}

#[test]
fn huge_and_slow_answers_are_given_up() {
    let provider = Provider::start();
    for path in ["/token", "/keys"] {
        let server = office(&provider);
        provider.set().huge = Some(path);
        refused(&come_back(&server, &provider), 502, path);
        provider.set().huge = None;
        provider.set().slow = Some(path);
        refused(&come_back(&server, &provider), 502, path);
        provider.set().slow = None;
        signed_in(&server, &provider);
    }
}

#[test]
fn a_description_that_is_not_of_this_provider_sends_nobody_anywhere() {
    for description in [
        json!({"issuer": "https://evil.example"}),
        json!({"issuer": null}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"authorization_endpoint": "http://evil.example/"}),
        json!({"token_endpoint": "http://evil.example/"}),
        json!({"token_endpoint": null}),
        json!({"jwks_uri": "file:///etc/passwd"}),
        json!({"userinfo_endpoint": 5}),
    ] {
        let provider = Provider::start();
        provider.set().description = description.clone();
        let server = office(&provider);
        refused(&server.get("/sign-in"), 502, &description.to_string());
    }
    let provider = Provider::start();
    provider.set().huge = Some("/.well-known/openid-configuration");
    refused(&office(&provider).get("/sign-in"), 502, "huge");
}

#[test]
fn what_the_provider_refuses_is_a_page_with_its_reason() {
    let provider = Provider::start();
    let server = office(&provider);
    let (location, browser) = begun(&server, "/sign-in");
    let state = fields(location.split_once('?').unwrap().1)["state"].clone();
    let path =
        format!("/sign-in/callback?error=%3Cb%3Eaccess_denied&error_description=x&state={state}");
    let answer = with_cookie(&server, &path, "wavekeep_signing_in", &browser);
    refused(&answer, 403, "access_denied");
    let page = text(&answer);
    assert!(page.contains("&lt;b&gt;access_denied") && !page.contains("<b>"), "{page}");
    assert!(page.contains("the &lt;office&gt; refused the sign-in"), "{page}");
}

#[test]
fn a_state_and_a_code_are_used_once_and_by_the_browser_that_began() {
    let provider = Provider::start();
    let server = office(&provider);
    let (location, browser) = begun(&server, "/sign-in");
    let back = format!("/sign-in/callback?{}", provider.sign_in(&location));
    // A page that was sent to somebody else: a sign-in as another user.
    refused(&server.get(&back), 400, "without a cookie");
    let (_, other) = begun(&server, "/sign-in");
    refused(&with_cookie(&server, &back, "wavekeep_signing_in", &other), 400, "another browser");
    let answer = with_cookie(&server, &back, "wavekeep_signing_in", &browser);
    assert_eq!(answer.status, 303);
    refused(&with_cookie(&server, &back, "wavekeep_signing_in", &browser), 400, "again");
    // The code of one sign-in with the state of another.
    let code = fields(back.split_once('?').unwrap().1)["code"].replace(' ', "+");
    let (location, browser) = begun(&server, "/sign-in");
    let state = fields(location.split_once('?').unwrap().1)["state"].clone();
    let path = format!("/sign-in/callback?code={code}&state={state}");
    refused(&with_cookie(&server, &path, "wavekeep_signing_in", &browser), 403, "code again");
    for query in ["", "?", "?code=x", "?state=x", "?code=&state=", "?error=x"] {
        refused(&server.get(&format!("/sign-in/callback{query}")), 400, query);
    }
    assert_eq!(server.get("/sign-in/callback?state=a&state=b").status, 422);
}

#[test]
fn the_code_of_one_browser_does_not_sign_another_one_in() {
    let provider = Provider::start();
    let server = office(&provider);
    let (stolen, _) = begun(&server, "/sign-in");
    let stolen = fields(&provider.sign_in(&stolen))["code"].replace(' ', "+");
    let (location, browser) = begun(&server, "/sign-in");
    let state = fields(location.split_once('?').unwrap().1)["state"].clone();
    let path = format!("/sign-in/callback?code={stolen}&state={state}");
    let answer = with_cookie(&server, &path, "wavekeep_signing_in", &browser);
    refused(&answer, 403, "PKCE: the verifier is of another sign-in");
}

#[test]
fn two_tabs_of_a_browser_sign_in_side_by_side() {
    let provider = Provider::start();
    let server = office(&provider);
    let (first, browser) = begun(&server, "/sign-in?return=/%3Fevent=1");
    let answer =
        with_cookie(&server, "/sign-in?return=/%3Fevent=2", "wavekeep_signing_in", &browser);
    let second = answer.header("location").unwrap();
    assert_eq!(cookie(&answer, "wavekeep_signing_in").as_ref(), Some(&browser));
    for (location, place) in [(second, "/?event=2"), (&first, "/?event=1")] {
        let back = format!("/sign-in/callback?{}", provider.sign_in(location));
        let answer = with_cookie(&server, &back, "wavekeep_signing_in", &browser);
        assert_eq!((answer.status, answer.header("location")), (303, Some(place)));
    }
    // What somebody made up is replaced.
    let answer = with_cookie(&server, "/sign-in", "wavekeep_signing_in", "chosen");
    assert_ne!(cookie(&answer, "wavekeep_signing_in").as_deref(), Some("chosen"));
}

#[test]
fn a_provider_that_names_itself_has_to() {
    let provider = Provider::start();
    provider.set().description =
        with("authorization_response_iss_parameter_supported", json!(true));
    let server = office(&provider);
    let back = |iss: &str| {
        let (location, browser) = begun(&server, "/sign-in");
        let path = format!("/sign-in/callback?{}{iss}", provider.sign_in(&location));
        with_cookie(&server, &path, "wavekeep_signing_in", &browser)
    };
    refused(&back(""), 502, "none");
    refused(&back("&iss=https%3A%2F%2Fevil.example"), 502, "another");
    let own = form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect::<String>();
    assert_eq!(back(&format!("&iss={own}")).status, 303);
}

#[test]
fn no_address_elsewhere_is_returned_to() {
    let provider = Provider::start();
    let server = office(&provider);
    for (asked, place) in [
        ("/%3Fevent=4%26text=%25C3%25A9", "/?event=4&text=%C3%A9"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/%0d%0aSet-Cookie:x=y", "/"),
    ] {
        let (location, browser) = begun(&server, &format!("/sign-in?return={asked}"));
        let back = format!("/sign-in/callback?{}", provider.sign_in(&location));
        let answer = with_cookie(&server, &back, "wavekeep_signing_in", &browser);
        assert_eq!(answer.header("location"), Some(place), "{asked}");
    }
}

#[test]
fn a_provider_that_is_down_stops_neither_the_server_nor_tokens_and_is_asked_again() {
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token = Archive::create(folder.path()).unwrap().add_token("kim", Role::Read).unwrap();
    let down = options(&Provider::start(), &[("group:office", Role::Review)]);
    let issuer = format!("http://{place}/realm").parse().unwrap();
    let oidc = wavekeep_server::OidcOptions::new(issuer, CLIENT)
        .with_client_secret(down.client_secret.clone())
        .with_roles(down.roles.clone());
    let server = Running::with(folder, ServeOptions::default().with_oidc(Some(oidc)));
    let bearer = format!("Bearer {token}");
    let read = |path: &str| server.ask("GET", path, &[("Authorization", &bearer)], b"");
    assert_eq!(read("/api/v1/events").status, 200);
    refused(&server.get("/sign-in"), 502, "down");
    let health = server.get("/health");
    assert_eq!(health.status, 200);
    assert!(health.json()["checks"]["sign_in"].as_str().unwrap().contains("does not answer"));
    assert!(text(&read("/metrics")).contains("wavekeep_sign_in_provider_up 0\n"));
    let provider = Provider::on(TcpListener::bind(place).unwrap());
    // It is left alone for some seconds after it did not answer.
    while server.get("/sign-in").status == 502 {
        std::thread::sleep(Duration::from_millis(200));
    }
    signed_in(&server, &provider);
    // What was found is good for a second.
    while server.get("/health").json()["checks"]["sign_in"] != "ok" {
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_thousand_sign_ins_that_nobody_ends_are_forgotten_and_the_last_one_is_not() {
    let provider = Provider::start();
    let server = office(&provider);
    let (first, of_first) = begun(&server, "/sign-in");
    for _ in 0..1000 {
        begun(&server, "/sign-in");
    }
    signed_in(&server, &provider);
    let back = format!("/sign-in/callback?{}", provider.sign_in(&first));
    refused(&with_cookie(&server, &back, "wavekeep_signing_in", &of_first), 400, "forgotten");
    let described = |path: &&String| path.contains("openid-configuration");
    let asked: Vec<Value> =
        provider.set().asked.iter().filter(described).map(|it| json!(it)).collect();
    assert_eq!(asked.len(), 1, "the provider is asked once, not by everybody");
}

#[test]
fn a_place_that_no_browser_can_be_sent_back_to_needs_a_public_url() {
    let folder = tempfile::tempdir().unwrap();
    let oidc = options(&Provider::start(), &[("user:kim", Role::Read)]);
    let options = ServeOptions::default().with_create(true).with_oidc(Some(oidc));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let everywhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    let bound = runtime.block_on(Server::bind(folder.path(), options.with_listen(everywhere)));
    assert!(matches!(bound, Err(ServeError::NoPublicUrl { .. })), "{bound:?}");
}
