//! What a single cell may be: numbers, dates and truth values, read from its bytes.

mod decorated_number;
mod digits;
mod month_name;

pub(crate) mod datetime;
pub(crate) mod iso8601;
pub(crate) mod kinds;
pub(crate) mod number;
pub(crate) mod recognise;
