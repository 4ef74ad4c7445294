//! What is told of a segment, in figures.

/// What a segment is known by; values are in the order of the features.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers.
    pub share: f64,
    /// Their share of all revenue, for purchases.
    pub revenue_share: Option<f64>,
    /// The median of each feature.
    pub medians: Vec<f64>,
    /// The mean of each feature.
    pub means: Vec<f64>,
    /// The median of each feature among all shoppers.
    pub overall: Vec<f64>,
    /// Where each feature lies among all shoppers, from 0 (least) to 1 (greatest).
    pub positions: Vec<f64>,
    /// Where recency, frequency and monetary lie, for purchases.
    pub rfm: Option<[f64; 3]>,
}

/// A column name without its unit in brackets: `Annual Income (k$)` is `Annual Income`.
pub fn plain(column: &str) -> String {
    let plain = column.split(['(', '[']).next().unwrap_or(column).replace('_', " ");
    if plain.trim().is_empty() { column.to_owned() } else { plain.trim().to_owned() }
}
