//! What shoppers are compared by: features in original units, and how they are made comparable.

pub mod behaviour_features;
pub mod category_shares;
pub mod rfm_scores;
pub mod scaling;
pub mod shopper_table_features;
