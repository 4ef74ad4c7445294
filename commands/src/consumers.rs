//! What consumers have done, have still to do and could not do.

pub(crate) mod checkpoints;
pub(crate) mod dead_letters;
pub(crate) mod work_queue;
