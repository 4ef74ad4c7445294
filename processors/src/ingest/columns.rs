//! From cells to typed columns: what kinds of values a cell may be, which one a column is, its statistics.

pub mod cells;
pub mod census;
pub mod dressed;
pub mod evidence;
pub mod kinds;
pub mod moment;
pub mod month;
pub mod number;
pub mod plan;
pub mod statistics;
pub mod text_builder;
pub mod texts;
