//! Everyone who reacts to single events.

use super::consumer::Consumer;
use crate::consumers::{cleanup, ingest, notify, overlaps, segment};

/// Everyone who reacts to single events, in whatever process.
pub(crate) const REACTIONS: &[Consumer] =
    &[ingest::CONSUMER, overlaps::CONSUMER, cleanup::CONSUMER, segment::CONSUMER, notify::CONSUMER];
