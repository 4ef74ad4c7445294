//! Names what generic schemas hold. utoipa writes the argument of `List<StoreRow>` out in full, so that a generated client
//! would have a nameless copy of each type that comes in lists.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{Ref, RefOr};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// In `List_StoreRow` and the like, replaces copies of `StoreRow` by references to it.
pub(super) fn name_arguments(schemas: &mut Schemas) {
    let named = schemas.clone();
    for (name, schema) in schemas {
        let argument = name.split_once('_').and_then(|(_, argument)| named.get_key_value(argument));
        let (Some((argument, copied)), RefOr::T(Schema::Object(generic))) = (argument, schema) else { continue };
        for property in generic.properties.values_mut() {
            refer(property, argument, copied);
        }
    }
}

fn refer(schema: &mut RefOr<Schema>, name: &str, copied: &RefOr<Schema>) {
    if schema == copied {
        *schema = Ref::from_schema_name(name).into();
    } else if let RefOr::T(Schema::Array(array)) = schema
        && let ArrayItems::RefOrSchema(items) = &mut array.items
    {
        refer(items, name, copied);
    }
}
