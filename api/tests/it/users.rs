//! Signing up, in and out.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, id};

#[tokio::test]
async fn a_user_sees_and_changes_their_own_data() {
    let app = TestApp::start().await;
    let me = app.get("/users/me").await;
    assert_eq!(
        (&me["email"], &me["name"], &me["phone_number"]),
        (&json!("owner@example.com"), &json!("Someone"), &Value::Null)
    );
    let changed = app.own(Method::PATCH, "/users/me").json(&json!({"phone_number": "+34 600"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let me = app.get("/users/me").await;
    assert_eq!((&me["name"], &me["phone_number"]), (&json!("Someone"), &json!("+34 600")));
    let cleared = app.own(Method::PATCH, "/users/me").json(&json!({"phone_number": null})).send().await.unwrap();
    assert_eq!(cleared.json::<Value>().await.unwrap()["phone_number"], Value::Null);
}

#[tokio::test]
async fn an_email_is_taken_in_any_case() {
    let app = TestApp::start().await;
    let again = json!({"email": " OWNER@example.com", "name": "X", "password": PASSWORD});
    let response = app.request(Method::POST, "/users", "").json(&again).send().await.unwrap();
    assert_eq!(response.status(), 409);
    assert_eq!(response.json::<Value>().await.unwrap()["type"], "/problems/email-taken");
}

#[tokio::test]
async fn two_people_cannot_take_one_email_at_the_same_moment() {
    let app = TestApp::start().await;
    let register = |password: &'static str| {
        let user = json!({"email": "race@example.com", "name": "X", "password": password});
        let request = app.request(Method::POST, "/users", "").json(&user);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let (first, second) = tokio::join!(register("password-of-first"), register("password-of-second"));
    assert_eq!([first.min(second), first.max(second)], [201, 409]);
    let winner = if first == 201 { "password-of-first" } else { "password-of-second" };
    for password in ["password-of-first", "password-of-second"] {
        let body = json!({"email": "race@example.com", "password": password});
        let signed = app.request(Method::POST, "/sessions", "").json(&body).send().await.unwrap();
        assert_eq!(signed.status() == 200, password == winner);
    }
}

#[tokio::test]
async fn wrong_password_and_unknown_email_get_the_same_answer() {
    let app = TestApp::start().await;
    let mut answers = vec![];
    for email in ["owner@example.com", "nobody@example.com"] {
        let body = json!({"email": email, "password": "not-the-password"});
        let response = app.request(Method::POST, "/sessions", "").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 401);
        let mut problem = response.json::<Value>().await.unwrap();
        problem["request_id"].take();
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_reused_one_ends_the_session() {
    let app = TestApp::start().await;
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let session: Value =
        app.request(Method::POST, "/sessions", "").json(&sign_in).send().await.unwrap().json().await.unwrap();
    let refresh =
        |token: Value| app.request(Method::POST, "/sessions/refresh", "").json(&json!({"refresh_token": token})).send();
    let renewed = refresh(session["refresh_token"].clone()).await.unwrap();
    assert_eq!(renewed.status(), 200);
    let renewed: Value = renewed.json().await.unwrap();
    assert_eq!(refresh(session["refresh_token"].clone()).await.unwrap().status(), 401);
    assert_eq!(refresh(renewed["refresh_token"].clone()).await.unwrap().status(), 401);
    let token = renewed["access_token"].as_str().unwrap();
    assert_eq!(app.request(Method::GET, "/users/me", token).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let other: Value =
        app.request(Method::POST, "/sessions", "").json(&sign_in).send().await.unwrap().json().await.unwrap();
    let change = json!({"current_password": PASSWORD, "new_password": "another-good-one"});
    let response = app.own(Method::POST, "/users/me/password").json(&change).send().await.unwrap();
    assert_eq!(response.status(), 204);
    let other = other["access_token"].as_str().unwrap();
    assert_eq!(app.request(Method::GET, "/users/me", other).send().await.unwrap().status(), 401);
    app.get("/users/me").await;
    assert_eq!(app.request(Method::POST, "/sessions", "").json(&sign_in).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    assert_eq!(app.own(Method::DELETE, "/sessions/current").send().await.unwrap().status(), 204);
    assert_eq!(app.own(Method::GET, "/users/me").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_last_owner_cannot_leave_but_others_are_erased_for_good() {
    let app = TestApp::start().await;
    assert_eq!(app.own(Method::DELETE, "/users/me").send().await.unwrap().status(), 409);
    let leaver = app.sign_up("leaver@example.com").await;
    let member = json!({"email": "leaver@example.com", "role": "viewer"});
    app.post(&app.below("/members"), &member).await;
    assert_eq!(app.request(Method::DELETE, "/users/me", &leaver).send().await.unwrap().status(), 204);
    assert_eq!(app.request(Method::GET, "/users/me", &leaver).send().await.unwrap().status(), 401);
    app.settle().await;
    assert_eq!(app.get(&app.below("/members")).await["items"].as_array().unwrap().len(), 1);
    let log = serde_json::to_string(
        &app.app
            .commands
            .store
            .read(0, 100)
            .await
            .unwrap()
            .iter()
            .map(|event| event.payload.clone())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    assert!(!log.contains("leaver@example.com"), "personal data must be sealed in the log");
    let again = app.sign_up("leaver@example.com").await;
    assert_eq!(app.request(Method::GET, "/users/me", &again).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_page_signs_in_with_a_cookie_that_other_sites_cannot_use() {
    let app = TestApp::start().await;
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let response = app.request(Method::POST, "/sessions/page", "").json(&sign_in).send().await.unwrap();
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with = |method, path: &str| app.request(method, path, "").header("cookie", &cookie);
    assert_eq!(with(Method::GET, "/users/me").send().await.unwrap().status(), 200);
    let patch = json!({"name": "New"});
    let foreign = with(Method::PATCH, "/users/me").header("origin", "http://evil.example").json(&patch);
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(with(Method::PATCH, "/users/me").json(&patch).send().await.unwrap().status(), 403);
    let own = with(Method::PATCH, "/users/me").header("origin", &app.url).json(&patch);
    assert_eq!(own.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn signing_up_twice_under_one_key_is_one_user() {
    let app = TestApp::start().await;
    let sign_up = |name: &str| {
        let user = json!({"email": "key@example.com", "name": name, "password": PASSWORD});
        app.request(Method::POST, "/users", "").header("idempotency-key", "k1").json(&user).send()
    };
    let first: Value = sign_up("Kay").await.unwrap().json().await.unwrap();
    let second = sign_up("Kay").await.unwrap();
    assert_eq!(second.status(), 201);
    assert_eq!(id(&second.json().await.unwrap()), id(&first));
    assert_eq!(sign_up("Other").await.unwrap().status(), 422);
}

#[tokio::test]
async fn passwords_that_are_guessed_first_are_refused_with_advice() {
    let app = TestApp::start().await;
    for password in ["password123", "qwertyuiop", "firstnamelastname"] {
        let user = json!({"email": "firstname@example.org", "name": "Firstname Lastname", "password": password});
        let response = app.request(Method::POST, "/users", "").json(&user).send().await.unwrap();
        assert_eq!(response.status(), 422, "{password}");
        let problem = response.json::<Value>().await.unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/password");
        assert!(problem["detail"].as_str().unwrap().contains("choose a longer one"), "{problem}");
        assert!(!problem.to_string().contains(password));
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session() {
    let app = TestApp::start().await;
    let sign_in = json!({"email": "owner@example.com", "password": PASSWORD});
    let other: Value =
        app.request(Method::POST, "/sessions", "").json(&sign_in).send().await.unwrap().json().await.unwrap();
    assert_eq!(app.own(Method::DELETE, "/sessions").send().await.unwrap().status(), 204);
    for token in [&app.owner, other["access_token"].as_str().unwrap()] {
        assert_eq!(app.request(Method::GET, "/users/me", token).send().await.unwrap().status(), 401);
    }
    let refresh = json!({"refresh_token": other["refresh_token"]});
    assert_eq!(app.request(Method::POST, "/sessions/refresh", "").json(&refresh).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_person_sees_who_tried_to_sign_in() {
    let app = TestApp::start().await;
    let wrong = json!({"email": "owner@example.com", "password": "not-the-password"});
    assert_eq!(app.request(Method::POST, "/sessions", "").json(&wrong).send().await.unwrap().status(), 401);
    // It is noted after the answer.
    let noted = async {
        loop {
            let seen = app.get("/users/me/sign-ins").await["items"].clone();
            if seen.as_array().unwrap().len() == 2 {
                return seen;
            }
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(60), noted).await.expect("both attempts are noted");
    assert_eq!((&seen[0]["kind"], &seen[1]["kind"]), (&json!("refused"), &json!("signed_in")));
    assert_eq!(seen[0]["address"], "127.0.0.1");
    assert!(!seen.to_string().contains("not-the-password"));
}

#[tokio::test]
async fn an_attempt_for_an_unknown_address_is_noted_like_any_other() {
    let app = TestApp::start().await;
    let unknown = json!({"email": "nobody@example.com", "password": "not-the-password"});
    let refused = app.request(Method::POST, "/sessions", "").json(&unknown).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let sign_ins = &app.app.commands.sign_ins;
    while sign_ins.of(domain::UserId(uuid::Uuid::nil()), None, 10).await.unwrap().len() != 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(app.get("/users/me/sign-ins").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_of_an_erased_person_can_be_opened_and_the_log_still_verifies() {
    let app = TestApp::start().await;
    let leaver = app.sign_up("leaver@example.com").await;
    let me: Value = app.request(Method::GET, "/users/me", &leaver).send().await.unwrap().json().await.unwrap();
    app.settle().await;
    let mut events = app.app.commands.store.read(0, 100).await.unwrap().into_iter();
    let event = events.rfind(|event| event.event_type == "UserRegistered").unwrap();
    let sealed = serde_json::from_value(event.data()["email"].clone()).unwrap();
    let opened = app.app.commands.subject_keys.decrypt(&sealed).await.unwrap();
    assert_eq!(opened.as_deref(), me["email"].as_str());

    assert_eq!(app.request(Method::DELETE, "/users/me", &leaver).send().await.unwrap().status(), 204);
    app.settle().await;
    assert_eq!(app.app.commands.subject_keys.decrypt(&sealed).await.unwrap(), None);
    let user = domain::UserId(event.aggregate_id);
    assert!(app.app.projections.views.user(user).await.unwrap().is_none());
    assert_eq!(app.app.commands.sign_ins.of(user, None, 10).await.unwrap(), []);
    let verified = app.app.commands.store.verify().await.unwrap();
    assert_eq!(verified.problems.len(), 0);
}
