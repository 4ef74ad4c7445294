//! From datasets to a report: shoppers are loaded, described by features, clustered, named and stored.

mod assignments;
pub mod changes;
mod cluster;
pub mod compute_report;
mod feature_table;
mod features;
mod frame_batches;
pub mod input;
pub(crate) mod load;
pub mod matching;
mod naming;
mod number_format;
pub(crate) mod overlap;
mod pipeline;
pub mod score;
mod top_products;
