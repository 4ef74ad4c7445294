//! What a single cell may be: numbers, dates and truth values, read from its bytes.

mod decorated_number;
mod month_name;

pub(crate) mod datetime;
pub(crate) mod kinds;
pub(crate) mod number;
