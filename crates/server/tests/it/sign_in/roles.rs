//! Who may do what: claims, roles, and parts of the archive.

use serde_json::json;
use wavekeep_archive::{Role, Scope};
use wavekeep_server::RoleOf;

use super::provider::*;
use super::*;

fn role(server: &Running, provider: &Provider) -> serde_json::Value {
    let secret = signed_in(server, provider);
    session(server, &secret).json()["role"].clone()
}

#[test]
fn a_user_without_a_role_is_refused_with_a_page_that_names_the_user() {
    let provider = Provider::start();
    let server = office(&provider);
    provider.set().claims = json!({"groups": ["staff"], "preferred_username": "<script>x & y"});
    let answer = come_back(&server, &provider);
    assert_eq!((answer.status, cookie(&answer, "wavekeep_signed_in")), (403, None));
    let page = text(&answer);
    assert!(page.contains("“&lt;script&gt;x &amp; y”") && !page.contains("<script>"), "{page}");
    assert!(page.contains("href=\"../sign-in?again=true\""), "{page}");
}

#[test]
fn everybody_else_has_the_role_of_others() {
    let provider = Provider::start();
    let oidc = options(&provider, &[("user:sam", Role::Admin)]).with_others(Some(Role::Read));
    let server = serving(oidc);
    assert_eq!(role(&server, &provider), "read");
    provider.set().claims = with("preferred_username", json!("sam"));
    assert_eq!(role(&server, &provider), "admin");
}

#[test]
fn claims_have_other_names_at_other_providers() {
    let provider = Provider::start();
    let oidc = options(&provider, &[("group:wavekeep-admin", Role::Admin)])
        .with_user_claim("email")
        .with_groups_claim("resource_access.wavekeep.roles");
    let server = serving(oidc);
    provider.set().claims = json!({
        "email": "kim@office.example", "email_verified": true,
        "resource_access": {"wavekeep": {"roles": ["wavekeep-admin"]}},
    });
    let secret = signed_in(&server, &provider);
    let caller = session(&server, &secret).json();
    assert_eq!((&caller["name"], &caller["role"]), (&json!("kim@office.example"), &json!("admin")));
    // An address that anybody could have entered.
    provider.set().claims["email_verified"] = json!(false);
    assert_eq!(come_back(&server, &provider).status, 403);
    provider.set().claims = json!({
        "email": "kim@office.example", "resource_access": {"wavekeep": {"roles": "wavekeep-admin"}},
    });
    assert_eq!(role(&server, &provider), "admin", "one group as a text");
}

#[test]
fn what_the_token_leaves_out_is_asked_for() {
    let provider = Provider::start();
    let server = office(&provider);
    provider.set().claims = json!({"preferred_username": null, "groups": null});
    assert_eq!(come_back(&server, &provider).status, 403);
    provider.set().user_info =
        json!({"sub": "4711", "preferred_username": "sam", "groups": ["office"], "iss": "x"});
    let secret = signed_in(&server, &provider);
    assert_eq!(session(&server, &secret).json()["name"], "sam");
    provider.set().user_info["sub"] = json!("another");
    assert_eq!(come_back(&server, &provider).status, 502);
    // A token that states all of it is enough.
    provider.set().claims = json!({});
    provider.set().asked.clear();
    signed_in(&server, &provider);
    assert!(!provider.set().asked.iter().any(|path| path == "/userinfo"));
}

#[test]
fn a_name_that_cannot_be_shown_in_one_line_is_refused() {
    let provider = Provider::start();
    let server = serving(options(&provider, &[]).with_others(Some(Role::Read)));
    let long = "x".repeat(81);
    for name in ["", "  ", "a\nb", "a\u{0}", "kim\u{202e}nimda", &long] {
        provider.set().claims = with("preferred_username", json!(name));
        assert_eq!(come_back(&server, &provider).status, 403, "{name:?}");
    }
    provider.set().claims = with("preferred_username", json!(["kim"]));
    assert_eq!(come_back(&server, &provider).status, 403);
    provider.set().claims = with("preferred_username", json!(" Kim Ödegård "));
    let secret = signed_in(&server, &provider);
    assert_eq!(session(&server, &secret).json()["name"], "Kim Ödegård");
}

#[test]
fn a_group_can_be_for_a_part_of_the_archive() {
    let provider = Provider::start();
    let group = |scope| RoleOf { who: "group:office".parse().unwrap(), role: Role::Read, scope };
    let scope = Scope::new(vec!["BE0".to_owned()], Vec::new());
    let server = serving(options(&provider, &[]).with_roles(vec![group(scope)]));
    let secret = signed_in(&server, &provider);
    let get = |path: &str| with_cookie(&server, path, "wavekeep_signed_in", &secret);
    assert_eq!(get("/api/v1/events").json()["total"], 0);
    assert_eq!(get("/api/v1/events/1").status, 404);
    assert_eq!(get("/api/v1/verification").status, 403);
    assert_eq!(session(&server, &secret).json()["scope"], json!({"units": ["BE0"]}));
    let scope = Scope::new(vec!["BE11529".to_owned()], Vec::new());
    let server = serving(options(&provider, &[]).with_roles(vec![group(scope)]));
    let secret = signed_in(&server, &provider);
    let listed = with_cookie(&server, "/api/v1/events", "wavekeep_signed_in", &secret);
    assert_eq!(listed.json()["total"], 2);
}

#[test]
fn a_role_allows_no_more_than_that_of_a_token() {
    let provider = Provider::start();
    let server = serving(options(&provider, &[("user:kim", Role::Read)]));
    let secret = signed_in(&server, &provider);
    let cookies = format!("wavekeep_signed_in={secret}");
    let review = |origin: &str| {
        let headers =
            [("Cookie", &*cookies), ("Content-Type", "application/json"), ("Origin", origin)];
        server.ask("PATCH", "/api/v1/events/1/review", &headers, b"{}").json()["type"].clone()
    };
    assert_eq!(review("http://localhost"), "urn:wavekeep:role");
    assert_eq!(review("http://evil.example"), "urn:wavekeep:origin");
}
