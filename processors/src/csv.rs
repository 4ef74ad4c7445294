//! From the bytes of a file to typed columns. It knows nothing of events, queues and stores: bytes go in, Arrow arrays come out.

pub(crate) mod bytes;
pub(crate) mod columns;
pub(crate) mod dialect;
pub(crate) mod error;
pub(crate) mod read;
pub(crate) mod values;

pub use self::bytes::binary_content::binary_content;
pub use self::bytes::encoding::encoding_name;
pub use self::error::IngestError;
