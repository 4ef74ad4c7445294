//! Clustering: points into groups, and how good they are. Knows nothing of shoppers, reports or where they come from.

pub mod dbscan;
pub mod kmeans;
pub mod mixture;
pub mod points;
pub mod random;
#[cfg(test)]
pub mod samples;
pub mod select_k;
pub mod silhouette;
pub mod stability;
pub mod validity;
