//! Segments of a shopper table, by the features that are farthest from the middle.

use super::profile::{Level, Profile, level, plain};
use super::text::{SegmentText, shoppers};
use crate::segmentation::feature_table::{Feature, FeatureKind};
use crate::segmentation::number_format::{list, number};

/// Features that a name or a sentence mentions.
const MENTIONED: usize = 3;

/// The name, description and action for a segment of these features.
pub(crate) fn of_table(features: &[Feature], profile: &Profile) -> SegmentText {
    let traits = outstanding(features, profile);
    let indices: Vec<usize> = most_outstanding(profile, |index| features[index].kind == FeatureKind::Number);
    let own: Vec<String> =
        indices.iter().map(|index| format!("{} {}", features[*index].name, number(profile.medians[*index]))).collect();
    let all: Vec<String> = indices.iter().map(|index| number(profile.overall[*index])).collect();
    let typical = match own.is_empty() {
        true => String::new(),
        false => format!("; the typical one has {}, against {} of all", list(&own), list(&all)),
    };
    let name = if traits.is_empty() { "Average in everything".to_owned() } else { capitalised(&traits) };
    SegmentText { name, description: format!("{}{typical}.", shoppers(profile)), action: advice(&traits) }
}

/// The up to three features that are farthest from the middle: `high income, low score`.
fn outstanding(features: &[Feature], profile: &Profile) -> String {
    let tells = |index: usize| match (features[index].kind, level(profile.positions[index])) {
        (_, Level::Middle) => false,
        // That a category is rarer is said by the one that is more frequent.
        (kind, level) => kind == FeatureKind::Number || level == Level::High,
    };
    let word = |index: &usize| {
        let name = plain(&features[*index].name);
        match (features[*index].kind, level(profile.positions[*index])) {
            (FeatureKind::Category, _) if profile.means[*index] > 0.5 => format!("mostly {}", category(&name)),
            (FeatureKind::Category, _) => format!("more often {}", category(&name)),
            (_, Level::Low) => format!("low {name}"),
            _ => format!("high {name}"),
        }
    };
    most_outstanding(profile, tells).iter().map(word).collect::<Vec<_>>().join(", ")
}

/// The indices of up to three features that are farthest from the middle, of those that count.
fn most_outstanding(profile: &Profile, counts: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..profile.positions.len()).filter(|index| counts(*index)).collect();
    let distance = |index: &usize| (profile.positions[*index] - 0.5).abs();
    indices.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    indices.truncate(MENTIONED);
    indices.sort_unstable();
    indices
}

/// `Gender: Female` as `Female (Gender)`.
fn category(feature: &str) -> String {
    feature.split_once(": ").map_or_else(|| feature.to_owned(), |(column, value)| format!("{value} ({column})"))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

fn advice(traits: &str) -> String {
    match traits {
        "" => "Use them as the yardstick: what works here works for most shoppers.".to_owned(),
        _ => format!("Make one offer for shoppers with {traits}, try it on some of them and compare with the others."),
    }
}
