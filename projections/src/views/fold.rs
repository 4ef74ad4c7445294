//! The fold: each view takes the events that concern it, row by row, without IO; this file brings rows and
//! events together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::sql::ViewTransaction;
use super::view::{Fact, Row, View};

/// Reads each row that the events concern once, and writes it once.
pub(super) async fn fold_view<T: View>(transaction: &mut ViewTransaction, facts: &[Fact<'_>]) -> Result<()> {
    let keys: BTreeSet<String> = facts.iter().flat_map(T::keys).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut rows = transaction.load::<T>(&keys).await?;
    let before: Vec<String> = rows.keys().cloned().collect();
    evolve_all(&mut rows, facts);
    transaction.put(&rows).await?;
    let gone: BTreeSet<String> = before.into_iter().filter(|id| !rows.contains_key(id)).collect();
    transaction.remove(T::TABLE, &gone).await
}

/// Takes events in order.
pub(super) fn evolve_all<T: View>(rows: &mut BTreeMap<String, Row<T>>, facts: &[Fact<'_>]) {
    for fact in facts {
        for key in T::keys(fact) {
            if let Some(row) = T::evolve(rows.remove(&key), fact) {
                rows.insert(key, row);
            }
        }
    }
}
