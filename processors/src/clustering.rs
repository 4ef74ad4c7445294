//! Clustering: points into groups, and how good they are. Knows nothing of shoppers, reports or where they come from.

pub(crate) mod dbscan;
pub mod kmeans;
pub mod mixture;
pub mod points;
pub(crate) mod random;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod select_k;
pub mod silhouette;
pub(crate) mod stability;
pub(crate) mod validity;
