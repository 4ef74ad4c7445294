//! How a file is written: found out from its beginning, and split into records and fields by it.

pub mod scan;
pub mod sniff;
