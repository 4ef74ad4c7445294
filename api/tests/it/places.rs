//! Where a test keeps its data: in its folder, or on the servers of the distributed profile when
//! `DATACORE_TEST_PROFILE=distributed` says so, in places that no other test has.
#![allow(clippy::disallowed_methods, reason = "a test reads where the servers are")]

use std::any::Any;
use std::future::Future;

use datacore::config::Settings;
use migrations::testing::{FreshPostgres, fresh_name, server_url};
use projections::Views;
use reqwest::{Client, Method};
use url::Url;

/// Where one instance of the service keeps its data; it goes with this value.
pub enum Places {
    /// In the data folder.
    Folder,
    /// On the servers.
    Servers(Box<Servers>),
}

/// Places on the servers.
pub struct Servers {
    vhost: Vhost,
    frames: Url,
    cache: Url,
    /// Goes last: it may have to wait until the test has ended.
    postgres: FreshPostgres,
}

impl Places {
    /// The places that this run of the tests asks for.
    pub async fn of_this_run() -> Self {
        match std::env::var("DATACORE_TEST_PROFILE").as_deref() {
            Ok("distributed") => Self::on_servers().await,
            Ok("embedded") | Err(_) => Self::Folder,
            Ok(other) => panic!("DATACORE_TEST_PROFILE is '{other}'; there are embedded and distributed"),
        }
    }

    /// On the servers, whatever the profile of this run is.
    pub async fn on_servers() -> Self {
        Self::Servers(Box::new(Servers::fresh().await))
    }

    /// Empty views of the same kind, and what must live as long as they are used.
    pub async fn cold_views(&self) -> (Views, Box<dyn Any>) {
        match self {
            Self::Folder => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join("views.sqlite").display()).parse().unwrap();
                (Views::open(&url).await.unwrap(), Box::new(folder))
            }
            Self::Servers(_) => {
                let postgres = FreshPostgres::new().await;
                (Views::open(&postgres.url).await.unwrap(), Box::new(postgres))
            }
        }
    }

    /// Settings that lead there.
    pub fn settings(&self, settings: Settings) -> Settings {
        match self {
            Self::Folder => settings,
            Self::Servers(servers) => servers.settings(settings),
        }
    }
}

impl Servers {
    /// Places that nobody else has.
    pub async fn fresh() -> Self {
        let name = fresh_name();
        let mut frames = server_url("DATACORE_FRAMES_URL", "mongodb");
        frames.set_path(&name);
        let mut cache = server_url("DATACORE_CACHE_URL", "redis");
        cache.query_pairs_mut().append_pair("prefix", &name);
        Self { vhost: Vhost::new(&name).await, frames, cache, postgres: FreshPostgres::new().await }
    }

    /// Settings that lead there.
    pub fn settings(&self, settings: Settings) -> Settings {
        Settings {
            event_store_url: Some(self.postgres.url.clone()),
            views_url: Some(self.postgres.url.clone()),
            bus_url: Some(self.vhost.url.clone()),
            frames_url: Some(self.frames.clone()),
            cache_url: Some(self.cache.clone()),
            secret_key: Some("a secret of this test, long enough to be taken".to_owned().into()),
            ..settings
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let frames = self.frames.clone();
        // Left-over data harms nobody; a second panic would hide the first.
        let _ = in_a_thread(async move {
            let database = frames.path().trim_start_matches('/').to_owned();
            let client = mongodb::Client::with_uri_str(frames.as_str()).await.unwrap();
            client.database(&database).drop().await.unwrap();
        });
    }
}

/// A virtual host of RabbitMQ; everything in it goes with this value.
struct Vhost {
    url: Url,
    api: Url,
}

impl Vhost {
    async fn new(name: &str) -> Self {
        let mut url = server_url("DATACORE_BUS_URL", "amqp");
        let mut api = server_url("RABBITMQ_API", "http");
        url.set_path(name);
        api.set_path(&format!("/api/vhosts/{name}"));
        let made = Client::new().put(api.clone()).header("content-type", "application/json").body("{}").send().await;
        assert!(made.unwrap().status().is_success(), "RabbitMQ's management does not make virtual hosts");
        Self { url, api }
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let api = self.api.clone();
        let _ = in_a_thread(async move {
            Client::new().request(Method::DELETE, api).send().await.unwrap();
        });
    }
}

/// Runs something to its end where the runtime of the test cannot: it may be the one that is being dropped.
fn in_a_thread(work: impl Future<Output = ()> + Send + 'static) -> std::thread::Result<()> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    std::thread::spawn(move || runtime().unwrap().block_on(work)).join()
}
