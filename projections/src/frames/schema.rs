//! What each kind of frame holds, a file each. It alone knows the names of its columns, their order and their types; who
//! writes a frame gives it rows, who reads one asks for columns by the names that stand here. Only the rows of a dataset
//! have no schema of ours: they have the columns of its file.

mod assignments;
mod changes;
mod column;
mod items;
mod orders;
mod rejects;
mod row_builder;
mod sales;
mod shoppers;

#[cfg(test)]
mod tests;

pub use assignments::{AssignmentRow, AssignmentsBuilder, AssignmentsFrame};
pub use changes::{ChangeRow, ChangesFrame};
pub use column::{ColumnValues, FrameColumn};
pub use items::{ItemRow, ItemsFrame};
pub use orders::{OrderRow, OrdersBatch, OrdersFrame};
pub use rejects::{RejectsBuilder, RejectsFrame};
pub use row_builder::{RowBuilder, RowColumns, RowFrame};
pub use sales::{SaleRow, SalesBuilder, SalesFrame};
pub use shoppers::{ShopperRow, ShoppersBatch, ShoppersFrame};
