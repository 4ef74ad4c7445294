//! What the columns of a file mean to the segmentation: guessed from names and types, or said before.

pub(crate) mod assignment;
pub(crate) mod guess;
pub(crate) mod reason;
pub(crate) mod row_shape;

#[cfg(test)]
mod tests;
