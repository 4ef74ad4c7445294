//! From the bytes of a file to UTF-8 text: unpacked and decoded.

pub mod content;
pub mod encoding;
pub mod source;
