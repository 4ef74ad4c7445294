//! `datacore demo`: the real service on a temporary folder, with a company, two stores, two years of purchases
//! and a report after each, all made through the HTTP interface.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::App;
use crate::build_info::BuildInfo;
use crate::cli::sample_data::{self, Plan};
use crate::config::{Config, Settings};
use crate::http::server;

const EMAIL: &str = "demo@example.com";
const PASSWORD: &str = "shoppers-and-stores";

/// Runs the demo until it is stopped; a temporary folder goes with it.
///
/// # Errors
/// When the service cannot start.
pub(crate) async fn run(file: Option<&Path>, flags: &Settings, rows: u64, build: BuildInfo) -> Result<()> {
    let folder = tempfile::tempdir().context("creating a temporary folder")?;
    let settings = settings(Config::settings(file, flags)?, flags, folder.path());
    let config = Config { build, ..Config::with_defaults(settings)? };
    let listener = server::bind(config.listen).await?;
    let app = App::start(config).await?;
    let url = format!("{}://{}", app.config.scheme(), listener.local_addr()?);
    let show = async {
        let client = Client { router: server::router(app.clone()), token: None };
        // In a folder that was given it may have been there before.
        if client.sign_in().await.is_err() {
            fill(&client, rows).await?;
        }
        introduce(&url, flags.data.as_deref())
    };
    let served = tokio::try_join!(server::serve(app.clone(), listener, server::stop_signal()), show);
    app.stop().await;
    served.map(drop)
}

/// Settings as they are configured, but for where data are, who works on them and mail: of those only flags count.
fn settings(configured: Settings, flags: &Settings, folder: &Path) -> Settings {
    let Settings { event_store_url, files_url, frames_url, views_url, bus_url, cache_url, .. } = flags.clone();
    let Settings { data, migrate, roles, smtp_url, mail_from, .. } = flags.clone();
    let data = data.or_else(|| Some(folder.to_owned()));
    let stores =
        Settings { data, event_store_url, files_url, frames_url, views_url, bus_url, cache_url, migrate, ..configured };
    Settings { roles, smtp_url, mail_from, ..stores }
}

fn introduce(url: &str, data: Option<&Path>) -> Result<()> {
    let end = match data {
        None => "Ctrl-C ends the demo and removes its data.".to_owned(),
        Some(folder) => format!("Ctrl-C ends the demo; its data stay in {}.", folder.display()),
    };
    writeln!(
        std::io::stdout(),
        "\nDataCore is ready: {url}\n\n  Sign in with   {EMAIL}\n  Password       {PASSWORD}\n\n\
         Look at Segments (two reports are ready), at Data (two stores, four files) and at Activity.\n\
         The HTTP interface is described at {url}/docs. {end}\n"
    )
    .context("writing to the terminal")
}

async fn fill(client: &Client, rows: u64) -> Result<()> {
    let user = json!({"email": EMAIL, "name": "Demo", "password": PASSWORD});
    client.post("/users", &user).await?;
    let client = client.sign_in().await?;
    let customer = json!({"name": "Harbour & Hill", "description": "Gifts and homeware"});
    let customer = client.post("/customers", &customer).await?;
    let base = format!("/customers/{}", text(&customer, "id")?);
    let mut stores = vec![];
    for (seed, name, city) in [(1, "Harbour Street", "Valencia"), (2, "Hill Road", "Leeds")] {
        let store = client.post(&format!("{base}/stores"), &json!({"name": name, "city": city})).await?;
        stores.push((seed, text(&store, "id")?.to_owned()));
    }
    // The second year changes the habits of some shoppers, so that the second report has something to tell.
    for year in [1, 2] {
        for (seed, store) in &stores {
            let mut csv = Vec::new();
            sample_data::purchases(&Plan { rows, seed: *seed, shoppers: None, year }, &mut csv)?;
            let path = format!("{base}/stores/{store}/uploads?filename={seed}-purchases-{}.csv", 2024 + year);
            client.send(Method::POST, &path, "text/csv", csv).await?;
        }
        client.post(&format!("{base}/reports"), &json!({})).await?;
    }
    Ok(())
}

/// Talks to the service in process.
#[derive(Clone)]
struct Client {
    router: Router,
    token: Option<String>,
}

impl Client {
    /// This client as the user of the demo.
    async fn sign_in(&self) -> Result<Self> {
        let session = self.post("/sessions", &json!({"email": EMAIL, "password": PASSWORD})).await?;
        Ok(Self { token: session["access_token"].as_str().map(str::to_owned), ..self.clone() })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, "application/json", body.to_string().into_bytes()).await
    }

    async fn send(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(CONTENT_TYPE, content_type)
            .header("prefer", "wait=60");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body))?).await?;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await?;
        ensure!(status.is_success(), "{path} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().with_context(|| format!("the answer has no {field}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_but_for_where_data_are_and_who_works_on_them() {
        let server = || Some("postgres://localhost/datacore".parse().unwrap());
        let configured = Settings {
            limit_requests: Some(7),
            data: Some("/var/lib/datacore".into()),
            event_store_url: server(),
            views_url: server(),
            mail_from: Some("datacore@example.com".to_owned()),
            migrate: Some(false),
            ..Settings::default()
        };
        let flags = Settings { views_url: server(), ..Settings::default() };
        let demo = settings(configured.clone(), &flags, Path::new("/tmp/demo"));
        assert_eq!((demo.limit_requests, demo.data), (Some(7), Some("/tmp/demo".into())));
        assert_eq!((demo.event_store_url, demo.views_url), (None, server()));
        assert_eq!((demo.mail_from, demo.migrate), (None, None));
        let flags = Settings { data: Some("/kept".into()), ..Settings::default() };
        assert_eq!(settings(configured, &flags, Path::new("/tmp/demo")).data, Some("/kept".into()));
    }
}
