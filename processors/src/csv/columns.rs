//! From cells to typed columns: which type a column is, how its cells are collected, its statistics.

mod text_builder;

pub(crate) mod column_builder;
pub(crate) mod conclusions;
pub(crate) mod header_names;
pub(crate) mod locale_inference;
pub(crate) mod plan;
pub(crate) mod statistics;
pub(crate) mod string_pool;
pub(crate) mod traits;
pub(crate) mod type_counts;
