//! How a CSV file is written. Nothing says so in the file itself, so it is found out or said by a person.

mod choice;
mod dialect;
mod terms;

pub use choice::DialectChoice;
pub use dialect::{Basis, Dialect, Finding, Question};
pub use terms::{Compression, DateOrder, DecimalMark, Escape, LineEnd, NO_QUOTE, WHITESPACE};
