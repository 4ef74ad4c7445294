//! What is told of a segment, in figures.

/// Below this share of all shoppers a median is low, above its complement high.
const LOW: f64 = 0.4;

/// What a segment is known by; values are in the order of the features.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
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

/// Where a feature of a segment lies among all shoppers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Level {
    Low,
    Middle,
    High,
}

/// The level of a position from 0 (least) to 1 (greatest).
pub(crate) fn level(position: f64) -> Level {
    match position {
        low if low < LOW => Level::Low,
        high if high > 1.0 - LOW => Level::High,
        _ => Level::Middle,
    }
}

/// A column name without its unit in brackets: `Annual Income (k$)` is `Annual Income`.
pub(crate) fn plain(column: &str) -> String {
    let plain = column.split(['(', '[']).next().unwrap_or(column).replace('_', " ");
    if plain.trim().is_empty() { column.to_owned() } else { plain.trim().to_owned() }
}
