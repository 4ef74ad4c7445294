//! How a file is written: found out from its beginning, and split into blocks, records and fields by it.

pub(crate) mod block_splitter;
pub(crate) mod detect;
pub(crate) mod header;
pub(crate) mod record_format;
pub(crate) mod scanner;
pub(crate) mod sniff;
