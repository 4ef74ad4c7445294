//! What datasets know of shoppers, read from their frames and merged.

pub(crate) mod orders;
pub(crate) mod purchase_totals;
pub(crate) mod purchases;
pub(crate) mod replaced_orders;
pub(crate) mod sales;
