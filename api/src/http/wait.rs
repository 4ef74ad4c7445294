//! Waiting for the end result of long work (`Prefer: wait`).

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::http::problem::Problem;

/// How often a row is read again without having been woken.
const POLL: Duration = Duration::from_millis(500);

/// Reads something again and again as the views move on, until it is as wished or the wait is over.
///
/// # Errors
/// The problem of reading.
pub(crate) async fn wait_until<T, F>(
    app: &App,
    wait: Option<Duration>,
    mut read: impl FnMut() -> F,
    wished: impl Fn(&T) -> bool,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    let deadline = Instant::now() + wait.unwrap_or_default();
    let mut positions = app.projections.views.positions();
    loop {
        positions.mark_unchanged();
        let found = read().await?;
        if wished(&found) || Instant::now() >= deadline || app.shutdown.is_cancelled() {
            return Ok(found);
        }
        // Whatever ends this pause, the row is read again.
        let _ = timeout_at(deadline.min(Instant::now() + POLL), positions.changed()).await;
    }
}
