//! The RFM grid: which name a shopper gets for how recently and how much they bought. A customer may rename and re-cut it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Invalid;

/// The ten classic names, best first.
pub const CLASSIC_NAMES: [&str; 10] = [
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cant_lose_them",
    "hibernating",
];

/// The classic grid, as places in [`CLASSIC_NAMES`].
const CLASSIC: [[usize; 5]; 5] = [
    [9, 9, 7, 7, 8], // last seen longest ago
    [9, 9, 7, 7, 8],
    [6, 6, 5, 1, 1],
    [4, 2, 2, 1, 1],
    [3, 2, 2, 0, 0], // seen just now
];

/// The longest name of a cell.
const MOST_CHARS: usize = 60;

/// Five scores of recency by five of value, a name in each cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RfmGrid {
    /// A row per score of recency from 1 (long ago) to 5 (just now), in it a name per score of frequency and monetary
    /// together from 1 (little) to 5 (much).
    #[schema(value_type = Vec<Vec<String>>)]
    pub cells: [[String; 5]; 5],
    /// Where the scores are cut; by default at fifths of the shoppers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<RfmCuts>,
}

/// Four rising limits for each measure; a value gets one score more for each limit that it reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RfmCuts {
    /// Days since the last purchase. Fewer days are a higher score.
    #[schema(value_type = Vec<f64>)]
    pub recency: [f64; 4],
    /// Orders.
    #[schema(value_type = Vec<f64>)]
    pub frequency: [f64; 4],
    /// Money spent.
    #[schema(value_type = Vec<f64>)]
    pub monetary: [f64; 4],
}

impl Default for RfmGrid {
    fn default() -> Self {
        Self { cells: CLASSIC.map(|row| row.map(|name| CLASSIC_NAMES[name].to_owned())), cuts: None }
    }
}

impl RfmGrid {
    /// The different names, best first: the classic ones in their order, then others as they come in the grid.
    pub fn names(&self) -> Vec<String> {
        let own: Vec<&String> = self.cells.iter().rev().flat_map(|row| row.iter().rev()).collect();
        let classic = CLASSIC_NAMES.iter().filter(|name| own.iter().any(|other| other == *name));
        let mut names: Vec<String> = classic.map(|name| (*name).to_owned()).collect();
        for name in own {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Whether every cell has a name and limits rise.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        let named = |name: &String| {
            let is_clean = !name.chars().any(char::is_control) && name.trim() == name;
            !name.is_empty() && name.chars().count() <= MOST_CHARS && is_clean
        };
        if !self.cells.iter().flatten().all(named) {
            return Err(Invalid::new("cells", format!("each needs a name of 1 to {MOST_CHARS} characters")));
        }
        let Some(cuts) = &self.cuts else { return Ok(()) };
        let rising = |limits: &[f64; 4]| limits.iter().all(|limit| limit.is_finite()) && limits.is_sorted();
        if ![&cuts.recency, &cuts.frequency, &cuts.monetary].into_iter().all(rising) {
            return Err(Invalid::new("cuts", "each measure needs four limits that rise"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_grid_has_the_ten_names() {
        assert_eq!(RfmGrid::default().names(), CLASSIC_NAMES);
        assert_eq!(RfmGrid::default().check(), Ok(()));
    }

    #[test]
    fn names_of_a_customer_come_after_the_classic_ones() {
        let mut grid = RfmGrid::default();
        grid.cells[4][4] = "VIP".into();
        grid.cells[4][3] = "VIP".into();
        assert_eq!(grid.names()[0], "loyal");
        assert_eq!(grid.names()[9], "VIP");
    }

    #[test]
    fn refuses_cells_without_a_name_and_limits_that_fall() {
        let mut unnamed = RfmGrid::default();
        unnamed.cells[0][0] = String::new();
        assert_eq!(unnamed.check().unwrap_err().field, "cells");
        let rising = [1.0, 2.0, 3.0, 4.0];
        let cuts = RfmCuts { recency: rising, frequency: [1.0, 3.0, 2.0, 4.0], monetary: rising };
        assert_eq!(RfmGrid { cuts: Some(cuts), ..RfmGrid::default() }.check().unwrap_err().field, "cuts");
    }
}
