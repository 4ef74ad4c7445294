//! Makes a dataset of a file: reads it, adds its rows up, stores the frames.

mod accumulator_pool;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod read_dataset;
mod read_pass;

pub use read_dataset::{Ingested, UserHints, aggregate, read_dataset};
