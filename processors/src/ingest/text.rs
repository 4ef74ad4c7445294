//! From the bytes of a file to UTF-8 text.

pub mod source;
