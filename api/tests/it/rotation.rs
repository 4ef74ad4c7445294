//! The secret key is changed under a service that has users: everything goes on, and the old key opens nothing.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use datacore::app::App;
use datacore::config::{Config, Settings};
use datacore::http::server;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tower::ServiceExt;

use crate::app::PASSWORD;

const OLD: &str = "zK4vQ8mW1xT6bN9rJ3pL7cF2hD5gS0aY";
const NEW: &str = "eR7uI2oP9wA4sX6dC1fV8gB3hN5jM0kL";

#[tokio::test]
async fn keys_are_rotated_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let before = Service::start(&folder, None, None).await;
    let session = before.with_users().await;
    before.app.stop().await;
    let key = folder.path().join("secret_key");
    let old = std::fs::read_to_string(&key).unwrap();

    let said = datacore(&folder, "rotate-keys").await;
    let new = std::fs::read_to_string(&key).unwrap();
    assert!(new != old && !said.contains(old.trim()) && !said.contains(new.trim()), "{said}");
    let between = Service::start(&folder, None, None).await;
    assert_eq!(between.ask(Method::GET, "/users/me", &session, None).await.0, 200);
    between.app.stop().await;

    std::fs::remove_file(folder.path().join("secret_key_previous")).unwrap();
    let after = Service::start(&folder, None, None).await;
    after.goes_on_without(&session).await;
    after.app.stop().await;
    assert!(datacore(&folder, "verify").await.contains("every leaf hash as recorded"));
}

#[tokio::test]
async fn keys_that_the_configuration_gives_are_rotated_by_giving_both() {
    let folder = tempfile::tempdir().unwrap();
    let before = Service::start(&folder, Some(OLD), None).await;
    let session = before.with_users().await;
    before.app.stop().await;
    let between = Service::start(&folder, Some(NEW), Some(OLD)).await;
    assert_eq!(between.ask(Method::GET, "/users/me", &session, None).await.0, 200);
    between.app.stop().await;
    let after = Service::start(&folder, Some(NEW), None).await;
    after.goes_on_without(&session).await;
    after.app.stop().await;
    let error = App::start(config(&folder, Some(OLD), None)).await.err().unwrap();
    assert!(!format!("{error:#}").contains(OLD) && !format!("{error:#}").contains(NEW), "{error:#}");
}

#[tokio::test]
async fn secrets_come_from_files_and_are_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let config = |key: &str, url: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_datacore"));
        program.env_clear().arg("config").arg("--data").arg(folder.path());
        program.env("DATACORE_SECRET_KEY_FILE", folder.path().join(key));
        program.env("DATACORE_EVENT_STORE_URL_FILE", folder.path().join(url)).output()
    };
    std::fs::write(folder.path().join("key"), format!("{NEW}\n")).unwrap();
    std::fs::write(folder.path().join("weak"), "weak-weak").unwrap();
    std::fs::write(folder.path().join("url"), "postgres://ana:sesame@localhost/events\n").unwrap();

    let shown = config("key", "url").await.unwrap();
    let text = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
    assert!(shown.status.success() && text.contains("localhost/events"), "{text}");
    assert!(!text.contains(NEW) && !text.contains("sesame"), "{text}");
    for (key, url, reason) in [("weak", "url", "secret_key is weak"), ("key", "nowhere", "cannot be read")] {
        let refused = config(key, url).await.unwrap();
        let text = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && text.contains(reason), "{text}");
        assert!(!text.contains("weak-weak") && !text.contains(NEW), "{text}");
    }
}

struct Service {
    app: App,
    router: Router,
}

impl Service {
    async fn start(folder: &TempDir, key: Option<&str>, previous: Option<&str>) -> Self {
        let app = App::start(config(folder, key, previous)).await.unwrap();
        Self { router: server::router(app.clone()), app }
    }

    /// Two people; the access token of the first.
    async fn with_users(&self) -> String {
        for name in ["ana", "bea"] {
            let user = json!({"email": format!("{name}@example.com"), "name": name, "password": PASSWORD});
            assert_eq!(self.ask(Method::POST, "/users", "", Some(user)).await.0, 201);
        }
        self.sign_in("ana").await.1["access_token"].as_str().unwrap().to_owned()
    }

    /// Everybody is still there, can be erased, and a token of the old key is worth nothing.
    async fn goes_on_without(&self, old_token: &str) {
        assert_eq!(self.ask(Method::GET, "/users/me", old_token, None).await.0, 401);
        for name in ["ana", "bea"] {
            let (status, session) = self.sign_in(name).await;
            assert_eq!(status, 200);
            let token = session["access_token"].as_str().unwrap();
            let (_, me) = self.ask(Method::GET, "/users/me", token, None).await;
            assert_eq!((&me["name"], &me["email"]), (&json!(name), &json!(format!("{name}@example.com"))));
        }
        let bea = self.sign_in("bea").await.1["access_token"].as_str().unwrap().to_owned();
        assert_eq!(self.ask(Method::DELETE, "/users/me", &bea, None).await.0, 204);
        assert_eq!(self.sign_in("bea").await.0, 401);
    }

    async fn sign_in(&self, name: &str) -> (u16, Value) {
        let credentials = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        self.ask(Method::POST, "/sessions", "", Some(credentials)).await
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json");
        let body = Body::from(body.map(|body| body.to_string()).unwrap_or_default());
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn config(folder: &TempDir, key: Option<&str>, previous: Option<&str>) -> Config {
    let secret = |key: &str| key.to_owned().into();
    let (secret_key, secret_key_previous) = (key.map(secret), previous.map(secret));
    let data = Some(folder.path().to_owned());
    Config::with_defaults(Settings { data, secret_key, secret_key_previous, ..Settings::default() }).unwrap()
}

/// Runs the program on the folder, successfully; what it says.
async fn datacore(folder: &TempDir, command: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_datacore"));
    let program = program.env_clear().arg(command).arg("--data").arg(folder.path());
    let output = program.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success(), "{said}");
    said
}
