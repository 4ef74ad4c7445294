//! `datacore demo`: the real service on a temporary folder, with a company, two stores, two years of purchases
//! and a report after each, all made through the HTTP interface.

use std::io::Write;

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

/// Runs the demo until it is stopped; its folder goes with it.
///
/// # Errors
/// When the service cannot start.
pub(crate) async fn run(settings: &Settings, rows: u64, build: BuildInfo) -> Result<()> {
    let folder = tempfile::tempdir().context("creating a temporary folder")?;
    let settings = Settings { data: Some(folder.path().to_owned()), ..settings.clone() };
    let config = Config { build, ..Config::with_defaults(settings)? };
    let listener = server::bind(config.listen).await?;
    let app = App::start(config).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let show = async {
        fill(&Client { router: server::router(app.clone()), token: None }, rows).await?;
        introduce(&url)
    };
    let served = tokio::try_join!(server::serve(app.clone(), listener, server::stop_signal()), show);
    app.stop().await;
    served.map(drop)
}

fn introduce(url: &str) -> Result<()> {
    writeln!(
        std::io::stdout(),
        "\nDataCore is ready: {url}\n\n  Sign in with   {EMAIL}\n  Password       {PASSWORD}\n\n\
         Look at Segments (two reports are ready), at Data (two stores, four files) and at Activity.\n\
         The HTTP interface is described at {url}/docs. Ctrl-C ends the demo and removes its data.\n"
    )
    .context("writing to the terminal")
}

async fn fill(client: &Client, rows: u64) -> Result<()> {
    let user = json!({"email": EMAIL, "name": "Demo", "password": PASSWORD});
    client.post("/users", &user).await?;
    let session = client.post("/sessions", &json!({"email": EMAIL, "password": PASSWORD})).await?;
    let client = Client { token: session["access_token"].as_str().map(str::to_owned), ..client.clone() };
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
