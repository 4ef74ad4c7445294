//! The read side: views, dataframes and cache. Folds events, answers queries.
#![cfg_attr(test, allow(clippy::unwrap_used))]
