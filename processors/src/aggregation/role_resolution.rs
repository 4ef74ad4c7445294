//! What the rows of a file are, before and after it is known whether shoppers come more than once.

use anyhow::Result;
use domain::dataset::{Column, Roles};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::aggregation::roles::{self, Assignment, Guess};
use crate::aggregation::shopper_totals::Shoppers;
use crate::csv::columns::plan::ColumnPlan;

/// What the rows of a file may be.
pub enum Meaning {
    /// What a person said about an earlier file.
    Remembered(Assignment),
    /// What names and types suggest.
    Guessed(Guess),
}

impl Meaning {
    /// What the rows may be, given how the columns are read.
    pub fn of(plan: &[ColumnPlan], remembered: &Roles) -> Self {
        let columns: Vec<Column> = plan.iter().map(column).collect();
        match roles::remembered(&columns, remembered) {
            Some(assignment) => Self::Remembered(assignment),
            None => Self::Guessed(roles::guess(&columns)),
        }
    }

    /// Whether a person said it, about an earlier file.
    pub fn is_remembered(&self) -> bool {
        matches!(self, Self::Remembered(_))
    }

    /// The sums to take while the file is read, under the likeliest roles.
    pub fn shoppers(&self) -> Option<Shoppers> {
        roles::rows(self.likeliest()).ok().map(Shoppers::new)
    }

    fn likeliest(&self) -> &Assignment {
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
    pub async fn settle(self, shoppers: Option<Shoppers>) -> Result<(Assignment, Option<Shoppers>)> {
        let likeliest = self.likeliest().clone();
        let table = match self {
            Self::Guessed(Guess { purchases: Some(_), shoppers: Some(table), .. }) => table,
            _ => return Ok((likeliest, shoppers)),
        };
        let Some(mut counted) = shoppers else { return Ok((likeliest, None)) };
        let (come_again, counted) =
            spawn_blocking(move || counted.come_again().map(|again| (again, counted))).await??;
        Ok(if come_again { (likeliest, Some(counted)) } else { (table, None) })
    }
}

/// A column of which only the name and the type are known.
fn column(plan: &ColumnPlan) -> Column {
    let column_type = plan.reading.column_type();
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
