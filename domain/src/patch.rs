//! Changes to optional fields: a request can leave a field alone, clear it or set it (RFC 7396).

use serde::{Deserialize, Deserializer, Serialize};

/// A change to an optional field: left alone, cleared or set. In JSON: absent, `null`, a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Patch<T> {
    /// The field keeps its value.
    #[default]
    Keep,
    /// The field loses its value.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// The value of the field after the change.
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}
