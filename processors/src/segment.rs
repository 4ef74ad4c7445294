//! Segmentation: from datasets to groups of shoppers.

pub mod choose;
pub mod clustering;
pub mod density;
pub mod features;
pub mod group;
pub mod kmeans;
pub mod mixture;
pub mod naming;
pub mod points;
pub mod quality;
pub mod random;
pub mod rfm;
#[cfg(test)]
mod samples;
pub mod stability;
pub mod table;
pub mod words;
