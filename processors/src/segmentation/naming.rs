//! Names, descriptions and actions of segments in plain words, from how their medians lie among all shoppers.

mod disambiguate_names;
mod feature_text;
pub(crate) mod profile;
mod purchase_text;
pub(crate) mod text;

use super::feature_table::FeatureTable;
use disambiguate_names::disambiguate_names;
use feature_text::of_table;
use profile::Profile;
use purchase_text::of_purchases;
use text::SegmentText;

/// The texts for the segments of a table.
pub(crate) fn name_segments(table: &FeatureTable, profiles: &[Profile]) -> Vec<SegmentText> {
    let features = &table.features;
    let mut texts: Vec<SegmentText> = profiles
        .iter()
        .map(|profile| match profile.rfm {
            Some(rfm) => of_purchases(features, profile, rfm),
            None => of_table(features, profile),
        })
        .collect();
    let names: Vec<String> = texts.iter().map(|text| text.name.clone()).collect();
    for (text, name) in texts.iter_mut().zip(disambiguate_names(&names, features, profiles)) {
        text.name = name;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segmentation::feature_table::{Feature, FeatureKind};

    #[test]
    fn purchases_get_a_marketers_names() {
        let words = name_segments(
            &purchases(),
            &[profile([9.0, 10.0, 3711.77], [0.1, 0.9, 0.9]), profile([183.0, 1.0, 300.52], [0.8, 0.2, 0.2])],
        );
        assert_eq!(words[0].name, "Best customers");
        assert_eq!(words[1].name, "Lost");
        assert_eq!(
            words[1].description,
            "50 shoppers (25 %) with 10 % of the revenue; the typical one last bought 183 days ago, placed 1 order and \
             spent 300.52."
        );
    }

    #[test]
    fn a_table_is_named_by_its_outstanding_features() {
        let features = ["Annual Income (k$)", "spending_score"].map(Feature::number).to_vec();
        let profile = |positions: [f64; 2]| Profile {
            medians: vec![80.0, 15.0],
            means: vec![80.0, 15.0],
            overall: vec![61.5, 50.0],
            positions: positions.to_vec(),
            size: 35,
            share: 0.175,
            ..Profile::default()
        };
        let table = FeatureTable { features, ..FeatureTable::default() };
        let words = name_segments(&table, &[profile([0.8, 0.1]), profile([0.5, 0.45])]);
        assert_eq!(words[0].name, "High Annual Income, low spending score");
        assert_eq!(words[1].name, "Average in everything");
        assert_eq!(
            words[0].description,
            "35 shoppers (17.5 %); the typical one has Annual Income (k$) 80 and spending_score 15, against 61.5 and 50 \
             of all."
        );
    }

    #[test]
    fn categories_are_named_where_they_are_more_frequent() {
        let category = |name: &str| Feature { name: name.into(), kind: FeatureKind::Category };
        let features = vec![Feature::number("age"), category("Gender: Female"), category("Gender: Male")];
        let profile = Profile {
            medians: vec![33.0, 1.0, 0.0],
            means: vec![33.5, 0.9, 0.1],
            overall: vec![36.0, 1.0, 0.0],
            positions: vec![0.45, 0.9, 0.1],
            size: 40,
            share: 0.2,
            ..Profile::default()
        };
        let words = name_segments(&FeatureTable { features, ..FeatureTable::default() }, &[profile]);
        assert_eq!(words[0].name, "Mostly Female (Gender)");
        assert_eq!(words[0].description, "40 shoppers (20 %); the typical one has age 33, against 36 of all.");
    }

    fn purchases() -> FeatureTable {
        let features = ["recency", "frequency", "monetary"].map(Feature::number).to_vec();
        FeatureTable { features, ..FeatureTable::default() }
    }

    fn profile(medians: [f64; 3], rfm: [f64; 3]) -> Profile {
        Profile {
            size: 50,
            share: 0.25,
            revenue_share: Some(0.1),
            medians: medians.to_vec(),
            positions: rfm.to_vec(),
            rfm: Some(rfm),
            ..Profile::default()
        }
    }
}
