//! The SQL that both engines understand: written once, and compiled for each, because a function that is generic over the
//! databases of sqlx would say more about their types than about what it does. `super` is the engine.

mod api_keys;
mod consumers;
mod credentials;
mod events;
mod idempotency;
mod keyring;
pub(super) mod log;
mod sessions;
mod sign_ins;
mod subject_keys;

use super::{Connection, Engine, EngineRow, EventRepository, Pool, integer, recorded_at};
