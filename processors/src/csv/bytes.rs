//! From the bytes of a file to UTF-8 text: unpacked and decoded.

pub(crate) mod binary_content;
pub(crate) mod content;
pub(crate) mod encoding;
pub(crate) mod source;
