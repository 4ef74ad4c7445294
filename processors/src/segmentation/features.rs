//! What shoppers are compared by: features in original units, and how they are made comparable.

pub(crate) mod behaviour_features;
pub(crate) mod category_shares;
pub(crate) mod rfm_scores;
pub(crate) mod scaling;
mod shopper_rows;
pub(crate) mod shopper_table_features;
