//! Which tables a database is opened for. Events and views may stand in one database of PostgreSQL, each in a schema of
//! its own.

use std::fmt;

use sqlx::migrate::Migrator;

/// Tables that are migrated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Events, their log, and what belongs to people: the truth.
    Events,
    /// What is folded from the events, and can be folded again.
    Views,
}

impl Tables {
    /// The schema in PostgreSQL.
    pub(crate) fn schema(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Views => "views",
        }
    }

    /// Whether what is committed has to survive a power cut. The views' rows and checkpoint go together, so that what
    /// a cut takes is folded once more.
    pub(crate) fn are_durable(self) -> bool {
        self == Self::Events
    }

    pub(crate) fn in_postgres(self) -> Migrator {
        match self {
            Self::Events => sqlx::migrate!("./postgres/events"),
            Self::Views => sqlx::migrate!("./postgres/views"),
        }
    }

    pub(crate) fn in_sqlite(self) -> Migrator {
        match self {
            Self::Events => sqlx::migrate!("./sqlite/events"),
            Self::Views => sqlx::migrate!("./sqlite/views"),
        }
    }
}

/// As messages name them.
impl fmt::Display for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "the event store",
            Self::Views => "the views",
        })
    }
}
