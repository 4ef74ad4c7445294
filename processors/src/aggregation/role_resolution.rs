//! What the rows of a file are, before and after it is known whether shoppers come more than once.

use anyhow::Result;
use domain::dataset::{Column, Roles};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::aggregation::roles::assignment::{self, RoleAssignment};
use crate::aggregation::roles::guess::{RoleGuess, guess};
use crate::aggregation::roles::row_shape::row_shape;
use crate::aggregation::shopper_totals::ShopperTotals;
use crate::csv::columns::plan::ColumnPlan;

/// What the rows of a file may be.
pub(crate) enum RoleResolution {
    /// What a person said about an earlier file.
    Remembered(RoleAssignment),
    /// What names and types suggest.
    Guessed(RoleGuess),
}

impl RoleResolution {
    /// What the rows may be, given how the columns are read.
    pub(crate) fn of(plan: &[ColumnPlan], remembered: &Roles) -> Self {
        let columns: Vec<Column> = plan.iter().map(column).collect();
        match assignment::remembered(&columns, remembered) {
            Some(assignment) => Self::Remembered(assignment),
            None => Self::Guessed(guess(&columns)),
        }
    }

    /// Whether a person said it, about an earlier file.
    pub(crate) fn is_remembered(&self) -> bool {
        matches!(self, Self::Remembered(_))
    }

    /// The sums to take while the file is read, under the likeliest roles.
    pub(crate) fn shoppers(&self) -> Option<ShopperTotals> {
        row_shape(self.likeliest()).ok().map(ShopperTotals::new)
    }

    fn likeliest(&self) -> &RoleAssignment {
        match self {
            Self::Remembered(assignment) => assignment,
            Self::Guessed(guess) => guess.purchases.as_ref().or(guess.shoppers.as_ref()).unwrap_or(&guess.recognised),
        }
    }

    /// The roles now that the sums are taken, and the sums if they hold under them. Where no shopper came twice,
    /// the rows are not purchases but shoppers, if numbers describe them.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(crate) async fn settle(
        self,
        shoppers: Option<ShopperTotals>,
    ) -> Result<(RoleAssignment, Option<ShopperTotals>)> {
        let likeliest = self.likeliest().clone();
        let table = match self {
            Self::Guessed(RoleGuess { purchases: Some(_), shoppers: Some(table), .. }) => table,
            _ => return Ok((likeliest, shoppers)),
        };
        let Some(mut counted) = shoppers else { return Ok((likeliest, None)) };
        let (has_repeat_shoppers, counted) =
            spawn_blocking(move || counted.has_repeat_shoppers().map(|again| (again, counted))).await??;
        Ok(if has_repeat_shoppers { (likeliest, Some(counted)) } else { (table, None) })
    }
}

/// A column of which only the name and the type are known.
fn column(plan: &ColumnPlan) -> Column {
    let column_type = plan.cell_format.column_type();
    Column {
        name: plan.name.clone(),
        column_type,
        null_count: 0,
        min: Value::Null,
        max: Value::Null,
        role: None,
        reason: None,
    }
}
