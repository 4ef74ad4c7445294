//! How often somebody may ask, how much may be sent, and what browsers are told.

use std::time::{Duration, Instant};

use datacore::config::Settings;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn who_guesses_passwords_is_told_to_come_again_later() {
    let app = TestApp::start_with(Settings { limit_sign_ins: Some(1), ..Settings::default() }).await;
    let guess = json!({"email": "owner@example.com", "password": "not-the-password"});
    let mut statuses = vec![];
    for _ in 0..4 {
        statuses.push(app.request(Method::POST, "/sessions", "").json(&guess).send().await.unwrap());
    }
    let last = statuses.pop().unwrap();
    assert_eq!(last.status(), 429);
    assert_eq!(last.headers()["ratelimit"], "\"sign-ins\";r=0;t=180");
    let wait: u64 = last.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(last.json::<Value>().await.unwrap()["type"], "/problems/too-many-requests");
    // Who is signed in notices nothing.
    app.get("/users/me").await;
}

#[tokio::test]
async fn every_answer_says_what_is_left() {
    let app = TestApp::start_with(Settings { limit_requests: Some(1_000), ..Settings::default() }).await;
    let response = app.own(Method::GET, "/users/me").send().await.unwrap();
    assert_eq!(response.headers()["ratelimit-policy"], "\"requests\";q=1000;w=60");
    assert!(response.headers()["ratelimit"].to_str().unwrap().starts_with("\"requests\";r=9"));
}

#[tokio::test]
async fn uploads_of_a_user_are_counted_by_themselves() {
    let app = TestApp::start_with(Settings { limit_uploads: Some(2), ..Settings::default() }).await;
    for (number, status) in [202, 202, 429].into_iter().enumerate() {
        assert_eq!(app.upload("a.csv", format!("a,b\n{number},1\n")).await.status(), status);
    }
    app.get(&app.below("/uploads")).await;
}

#[tokio::test]
async fn a_forwarded_address_counts_only_when_the_proxy_is_trusted() {
    for (trusted, status) in [(None, 429), (Some(vec!["127.0.0.0/8".to_owned()]), 401)] {
        let settings = Settings { limit_sign_ins: Some(1), trusted_proxies: trusted, ..Settings::default() };
        let app = TestApp::start_with(settings).await;
        let mut last = 0;
        for number in 0..4 {
            let guess = json!({"email": format!("{number}@example.com"), "password": "not-the-password"});
            let request = app.request(Method::POST, "/sessions", "").json(&guess);
            let request = request.header("x-forwarded-for", format!("192.0.2.9, 198.51.100.{number}"));
            last = request.send().await.unwrap().status().as_u16();
        }
        assert_eq!(last, status);
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let large = json!({"name": "x".repeat(1 << 20)});
    assert_eq!(app.own(Method::POST, "/customers").json(&large).send().await.unwrap().status(), 413);
    let query = app.below(&format!("/stores?q={}", "x".repeat(10_000)));
    assert_eq!(app.own(Method::GET, &query).send().await.unwrap().status(), 414);
    // What came with one read may be a little over the limit.
    let header = app.own(Method::GET, "/users/me").header("x-large", "x".repeat(1 << 20)).send().await;
    assert!(header.is_err() || header.is_ok_and(|answer| answer.status() == 431));
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_left() {
    let app = TestApp::start().await;
    let mut slow = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    let _ =
        tokio::time::timeout(Duration::from_secs(25), slow.read_to_end(&mut answer)).await.expect("it is left open");
    assert!(start.elapsed() > Duration::from_secs(5));
}

#[tokio::test]
async fn browsers_are_told_what_they_may_do() {
    let app = TestApp::start().await;
    for path in ["/", "/healthz", "/nope", "/api/v1/users/me", "/docs/"] {
        let response = app.http.get(format!("{}{path}", app.url)).send().await.unwrap();
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-eval"));
        assert_eq!(policy.contains("unsafe-inline"), path == "/docs/", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("strict-transport-security"), "");
        assert_eq!(header("access-control-allow-origin"), "");
        assert_eq!(header("cache-control").contains("private"), path.starts_with("/api"), "{path}");
    }
}

#[tokio::test]
async fn behind_https_the_cookie_and_the_headers_insist_on_it() {
    let settings =
        Settings { public_url: Some("https://datacore.example.com".parse().unwrap()), ..Settings::default() };
    let app = TestApp::start_with(settings).await;
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let response = app.request(Method::POST, "/sessions/page", "").json(&sign_in).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-datacore=") && cookie.contains("; Secure"), "{cookie}");
    assert!(response.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age=31536000"));
}

#[tokio::test]
async fn only_configured_origins_may_call_from_a_browser() {
    let settings = Settings { cors_origins: Some(vec!["https://shop.example.com".into()]), ..Settings::default() };
    let app = TestApp::start_with(settings).await;
    for (origin, allowed) in [("https://shop.example.com", true), ("https://evil.example.com", false)] {
        let ask = app.request(Method::OPTIONS, "/customers", "").header("origin", origin);
        let answer = ask.header("access-control-request-method", "GET").send().await.unwrap();
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), allowed, "{origin}");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    }
}
