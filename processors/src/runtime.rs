//! What the consumers have in common: who they are, what they work with, how they are started and how failures of
//! theirs are treated.

pub(crate) mod consumer;
pub(crate) mod context;
pub(crate) mod log_loop;
pub(crate) mod metrics;
pub(crate) mod positions;
pub(crate) mod reaction;
pub(crate) mod registry;
pub(crate) mod replay;
pub(crate) mod retry;
pub(crate) mod roles;
pub(crate) mod start;
