//! What datasets know of shoppers, read from their frames and merged.

pub mod orders;
pub mod purchase_totals;
pub mod purchases;
pub mod replaced_orders;
pub mod sales;
