//! Who the shoppers of a dataset are: their rows added up, and the frames that reports are made from.

mod aggregate_fn;
mod external_sort;
mod items;
mod name_column;
mod order_lines;
mod order_values;
mod orders;
mod purchase_frames;
mod purchase_rows;

pub(crate) mod role_resolution;
pub(crate) mod roles;
pub(crate) mod shopper_totals;
