//! How many clusters a report shall have; in JSON a number, or `"auto"`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many clusters: chosen by the evidence, or given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClusterCount {
    /// Chosen from 2 to 10.
    #[default]
    Auto,
    /// Given, 2 to 50.
    Exactly(u32),
}

impl Serialize for ClusterCount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Exactly(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for ClusterCount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "\"auto\" or a number from 2 to 50")]
        enum Form {
            Word(String),
            Count(u32),
        }
        match Form::deserialize(deserializer)? {
            Form::Count(count) => Ok(Self::Exactly(count)),
            Form::Word(word) if word == "auto" => Ok(Self::Auto),
            Form::Word(_) => Err(serde::de::Error::custom("must be \"auto\" or a number from 2 to 50")),
        }
    }
}

impl utoipa::PartialSchema for ClusterCount {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["auto"]));
        let count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(2)).maximum(Some(50));
        OneOfBuilder::new().item(word).item(count).into()
    }
}

impl ToSchema for ClusterCount {
    /// As it has always been published.
    fn name() -> Cow<'static, str> {
        "Clusters".into()
    }
}
