//! Whether an error says that a server is away: the same request may succeed in a moment.

use std::error::Error;

use mongodb::error::{Error as MongoError, ErrorKind, RETRYABLE_WRITE_ERROR};

/// Whether a database did not answer, or is about to end or to begin.
pub(crate) fn is_outage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| of_sql(cause) || of_mongo(cause))
}

fn of_sql(cause: &(dyn Error + 'static)) -> bool {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
    match cause.downcast_ref() {
        Some(Io(_) | Tls(_) | PoolTimedOut | PoolClosed | WorkerCrashed) => true,
        Some(Database(error)) => error.code().is_some_and(|code| is_state_of_outage(&code)),
        _ => false,
    }
}

/// The states of PostgreSQL (its manual, appendix A) that say something about the server and nothing about the
/// statement: the connection broke, resources are used up, the server stops or starts, or is no primary any more.
fn is_state_of_outage(code: &str) -> bool {
    ["08", "53", "57P"].iter().any(|class| code.starts_with(class) && code.len() == 5) || code == "25006"
}

fn of_mongo(cause: &(dyn Error + 'static)) -> bool {
    let Some(error) = cause.downcast_ref::<MongoError>() else { return false };
    let is_away = matches!(
        *error.kind,
        ErrorKind::Io(_) | ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. }
    );
    is_away || error.contains_label(RETRYABLE_WRITE_ERROR)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn a_server_that_is_away_is_an_outage_whatever_was_being_done() {
        let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for error in [sqlx::Error::Io(refused()), sqlx::Error::PoolTimedOut] {
            assert!(is_outage(&anyhow::Error::from(error).context("reading the log")));
        }
        let mongo = Err::<(), _>(MongoError::from(refused())).context("writing chunk 1").unwrap_err();
        assert!(is_outage(&mongo));
    }

    #[test]
    fn states_of_the_server_are_told_from_those_of_a_statement() {
        for code in ["57P01", "57P02", "57P03", "08006", "53300", "25006"] {
            assert!(is_state_of_outage(code), "{code}");
        }
        for code in ["57014", "23505", "22P05", "42P01", "5", "25001"] {
            assert!(!is_state_of_outage(code), "{code}");
        }
    }

    #[test]
    fn a_mistake_of_ours_is_no_outage() {
        for error in [anyhow!("a frame without a chunk"), sqlx::Error::RowNotFound.into()] {
            assert!(!is_outage(&error), "{error}");
        }
    }
}
