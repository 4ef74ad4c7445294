//! Which build of the program this is. The binary knows the commit that it was made from, and passes it down.

use std::fmt;

/// A build of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// The version, such as `0.1.0`.
    pub(crate) version: &'static str,
    /// The commit, such as `abcdef123456`, followed by `-dirty` when it is not quite that; `unknown` where nobody knows.
    pub(crate) commit: &'static str,
}

impl BuildInfo {
    /// The build of a commit.
    pub const fn of_commit(commit: &'static str) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), commit }
    }

    /// As people read it.
    pub(crate) fn sentence(&self) -> String {
        format!("{} (commit {})", self.version, self.commit)
    }
}

/// One word for programs and keys: version and build metadata (Semantic Versioning 2.0.0).
impl fmt::Display for BuildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.version, self.commit)
    }
}
