//! Where the write side keeps its data: the engines, what only the SQL of one can say, and the SQL that both understand.

pub(crate) mod database;
pub(crate) mod postgres;
pub(crate) mod rows;
pub(crate) mod sqlite;
#[cfg(test)]
pub(crate) mod tests;
