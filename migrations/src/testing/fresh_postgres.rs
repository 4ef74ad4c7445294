//! A PostgreSQL database of its own for a test, on the server that the environment or `deploy/services.sh` names.
#![allow(clippy::unwrap_used, reason = "a test that panics has found something")]

use std::sync::mpsc;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use url::Url;

use super::servers::{fresh_name, server_url};

/// How long a test waits for its database to go.
const PATIENCE: Duration = Duration::from_millis(300);

/// The database; it goes with this value.
pub struct FreshPostgres {
    /// Names the database.
    pub url: Url,
    server: Url,
    name: String,
}

impl FreshPostgres {
    /// Creates a database.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn new() -> Self {
        let (server, name) = (server_url("DATACORE_EVENT_STORE_URL", "postgres"), fresh_name());
        let mut url = server.clone();
        url.set_path(&name);
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Self { url, server, name }
    }
}

impl Drop for FreshPostgres {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        let work = async move {
            // Dropping writes a checkpoint inside a transaction, which holds back the positions of all other tests. Written
            // before, it is short.
            run(&server, "CHECKPOINT").await;
            run(&server, &drop).await;
        };
        let (ended, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            runtime().unwrap().block_on(work);
            let _ = ended.send(());
        });
        // PostgreSQL first hears from everyone who is about to connect, and such a one may be a task of this very thread,
        // which goes on only when the test has ended. A database that is left over harms nobody.
        let _ = waiting.recv_timeout(PATIENCE);
    }
}

async fn run(server: &Url, statement: &str) {
    let connected = PgConnection::connect(server.as_str()).await;
    let mut connection = connected
        .expect("PostgreSQL does not answer: run `deploy/services.sh up`, and look at the URL in the environment");
    connection.execute(statement).await.unwrap();
    let _ = connection.close().await;
}
