//! Walks every operation of the OpenAPI document as everyone who might come: a route without a right, or with another
//! one than the document says, does not pass.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{TestApp, id};

/// What is open to anyone is decided here, not by forgetting something.
const OPEN: [&str; 9] = [
    "GET /asyncapi.yaml",
    "GET /healthz",
    "GET /metrics",
    "GET /problems/{name}",
    "GET /readyz",
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/page",
    "POST /api/v1/sessions/refresh",
    "POST /api/v1/users",
];
const ROLES: [&str; 3] = ["viewer", "analyst", "owner"];

/// An operation and who may call it: nobody in particular, `user`, or at least a role.
struct Operation {
    method: Method,
    path: String,
    right: Option<String>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[tokio::test]
async fn what_is_open_to_anyone_is_meant_to_be() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let open: Vec<_> = operations.iter().filter(|one| one.right.is_none()).map(Operation::name).collect();
    for name in &open {
        assert!(OPEN.contains(&name.as_str()) || name.starts_with("GET /log/"), "{name} asks nobody who they are");
    }
    let roles = |one: &Operation| one.right.as_deref().is_none_or(|right| right == "user" || ROLES.contains(&right));
    assert!(operations.iter().all(roles));
    let below_customer = |one: &Operation| one.path.contains("{customer_id}");
    let named = |one: &Operation| one.right.as_deref().is_some_and(|right| ROLES.contains(&right));
    for one in operations {
        assert_eq!(below_customer(&one), named(&one), "{}", one.name());
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_of_ours() {
    let app = TestApp::start().await;
    let tokens = bad_tokens(&app);
    for one in operations(&app).await.iter().filter(|one| one.right.is_some()) {
        for (kind, token) in &tokens {
            assert_eq!(call(&app, one, token).await.0, 401, "{} with {kind}", one.name());
        }
    }
}

#[tokio::test]
async fn strangers_and_keys_of_others_find_nothing() {
    let app = TestApp::start().await;
    let stranger = app.sign_up("stranger@example.com").await;
    let other = app.sign_up("other@example.com").await;
    let their = app.request(Method::POST, "/customers", &other).json(&json!({"name": "Other"})).send().await.unwrap();
    let path = format!("/customers/{}/api-keys", id(&their.json().await.unwrap()));
    let key = app.request(Method::POST, &path, &other).json(&json!({"name": "Other", "role": "owner"})).send().await;
    let key = key.unwrap().json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    for one in operations(&app).await {
        match one.right.as_deref() {
            None => {}
            Some("user") => assert_eq!(call(&app, &one, &key).await.0, 403, "{} with an API key", one.name()),
            Some(_) => {
                for token in [&stranger, &other, &key] {
                    assert_eq!(call(&app, &one, token).await.0, 404, "{}", one.name());
                }
            }
        }
    }
}

#[tokio::test]
async fn every_role_may_do_what_the_document_says_and_nothing_else() {
    let app = TestApp::start().await;
    let mut operations = operations(&app).await;
    operations.retain(|one| one.right.as_deref().is_some_and(|right| right != "user"));
    // What ends the customer comes last.
    operations.sort_by_key(|one| (one.method == Method::DELETE, std::cmp::Reverse(one.path.len())));
    for (level, role) in ROLES.into_iter().enumerate() {
        for token in [member(&app, role).await, key(&app, role).await] {
            for one in &operations {
                let needed = ROLES.iter().position(|role| one.right.as_deref() == Some(role)).unwrap();
                let ends_all = one.name() == "DELETE /api/v1/customers/{customer_id}";
                if ends_all && role == "owner" {
                    continue;
                }
                let (status, detail) = call(&app, one, &token).await;
                assert_eq!(status == 403, level < needed, "{} as {role}: {status} {detail}", one.name());
                assert!(status != 401 && !detail.contains("no such customer"), "{} as {role}: {detail}", one.name());
            }
        }
    }
}

async fn member(app: &TestApp, role: &str) -> String {
    let email = format!("{role}@example.net");
    let token = app.sign_up(&email).await;
    app.post(&app.below("/members"), &json!({"email": email, "role": role})).await;
    token
}

async fn key(app: &TestApp, role: &str) -> String {
    let key = app.post(&app.below("/api-keys"), &json!({"name": role, "role": role})).await;
    key["token"].as_str().unwrap().to_owned()
}

async fn operations(app: &TestApp) -> Vec<Operation> {
    let document: Value = app.http.get(format!("{}/openapi.json", app.url)).send().await.unwrap().json().await.unwrap();
    let mut operations = vec![];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            let security =
                operation["security"].as_array().unwrap_or_else(|| panic!("{name} does not say who may call it"));
            let right = security[0].get("bearer").map(|roles| {
                let role = roles[0].as_str().unwrap_or_else(|| panic!("{name} names no role"));
                role.to_owned()
            });
            let method = method.to_uppercase().parse().unwrap();
            operations.push(Operation { method, path: path.clone(), right });
        }
    }
    assert!(operations.len() > 40);
    operations
}

/// The status, and the detail when it is a problem.
async fn call(app: &TestApp, one: &Operation, token: &str) -> (StatusCode, String) {
    let path = one.path.replace("{customer_id}", &app.customer).replace("{position}", "1");
    let filled: Vec<_> = path
        .split('/')
        .map(|part| if part.starts_with('{') { "0197a3c2-9f20-7c11-8e2b-4d6c7b8a9f04" } else { part })
        .collect();
    let mut request = app.http.request(one.method.clone(), format!("{}{}", app.url, filled.join("/")));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if matches!(one.method, Method::POST | Method::PUT | Method::PATCH) {
        request = request.json(&json!({}));
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let is_problem = response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
    let problem: Value = if is_problem { response.json().await.unwrap() } else { Value::Null };
    (status, problem["detail"].as_str().unwrap_or_default().to_owned())
}

/// Tokens that somebody might try; all but the missing one are made from a good one.
fn bad_tokens(app: &TestApp) -> Vec<(&'static str, String)> {
    let kid = jsonwebtoken::decode_header(&app.owner).unwrap().kid;
    let key = app.app.commands.service_keys.token_keys().0;
    let payload = app.owner.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&decoded(payload)).unwrap();
    let with = |changes: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let header = Header { kid: kid.clone(), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key)).unwrap()
    };
    let forged = Header { kid: kid.clone(), ..Header::new(Algorithm::HS256) };
    let forged = jsonwebtoken::encode(&forged, &claims, &EncodingKey::from_secret(b"another key")).unwrap();
    let foreign_user = with(json!({"sub": "0197a3c2-9f20-7c11-8e2b-4d6c7b8a9f04"}));
    vec![
        ("no token", String::new()),
        ("a forged token", forged),
        ("alg=none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")),
        ("an expired token", with(json!({"exp": 1_700_000_000}))),
        ("another audience", with(json!({"aud": "another-api"}))),
        ("another issuer", with(json!({"iss": "someone"}))),
        ("a session that is not there", with(json!({"sid": "0197a3c2-9f20-7c11-8e2b-4d6c7b8a9f04"}))),
        ("the session of someone else", foreign_user),
        ("an API key that is none", "dck_guess".to_owned()),
        ("no token at all", "nonsense".to_owned()),
    ]
}

fn decoded(part: &str) -> Vec<u8> {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
}
