//! How a file is written: found out from its beginning, and split into blocks, records and fields by it.

pub mod cut;
pub mod detect;
pub mod format;
pub mod header;
pub mod scan;
pub mod sniff;
