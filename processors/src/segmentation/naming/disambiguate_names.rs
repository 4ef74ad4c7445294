//! Makes the names of a report's segments different in words: where several segments are of one kind, each says in what it
//! differs from the others.

use super::profile::{Profile, plain};
use crate::segmentation::feature_table::{Feature, FeatureKind};
use crate::segmentation::number_format::{number, percent};

/// Words for ranks, for segments that no figure tells apart.
const RANKS: [&str; 8] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];

/// The names, with what tells apart those that are equal.
pub(crate) fn disambiguate_names(names: &[String], features: &[Feature], profiles: &[Profile]) -> Vec<String> {
    let mut distinct = names.to_vec();
    for alike in alike(names) {
        let feature = telling(&alike, features, profiles);
        let telling = match (feature, &alike[..]) {
            (Some(feature), [a, b]) => compared(*a, *b, feature, features, profiles),
            (Some(feature), _) => ranked(&alike, feature, features, profiles),
            (None, _) => vec![],
        };
        for (index, words) in alike.iter().zip(telling) {
            distinct[*index] = format!("{}, {words}", names[*index]);
        }
    }
    for alike in alike(&distinct.clone()) {
        for (rank, index) in alike.iter().enumerate() {
            let rank = RANKS.get(rank).map_or_else(|| format!("{}th", rank + 1), |word| (*word).to_owned());
            distinct[*index] = format!("{}, {rank} group", distinct[*index]);
        }
    }
    distinct
}

/// The indices of names that come more than once, together.
fn alike(names: &[String]) -> Vec<Vec<usize>> {
    let first = |index: &usize| !names[..*index].contains(&names[*index]);
    let same = |index: usize| (0..names.len()).filter(|other| names[*other] == names[index]).collect();
    let groups: Vec<Vec<usize>> = (0..names.len()).filter(first).map(same).collect();
    groups.into_iter().filter(|group| group.len() > 1).collect()
}

/// The feature that lies farthest apart in some segments, if any does.
fn telling(segments: &[usize], features: &[Feature], profiles: &[Profile]) -> Option<usize> {
    let spread = |feature: &usize| {
        let positions = || segments.iter().map(|segment| profiles[*segment].positions[*feature]);
        positions().fold(f64::MIN, f64::max) - positions().fold(f64::MAX, f64::min)
    };
    let differ = |feature: &usize| spread(feature) > 0.0;
    (0..features.len()).filter(differ).max_by(|a, b| spread(a).total_cmp(&spread(b)).then(b.cmp(a)))
}

/// Two segments say which of them has more.
fn compared(a: usize, b: usize, feature: usize, features: &[Feature], profiles: &[Profile]) -> Vec<String> {
    let (less, more) = degrees(&features[feature]);
    match profiles[a].positions[feature] > profiles[b].positions[feature] {
        true => vec![more, less],
        false => vec![less, more],
    }
}

/// Words for less and more of a feature.
fn degrees(feature: &Feature) -> (String, String) {
    let pair = |less: &str, more: &str| (less.to_owned(), more.to_owned());
    match feature.name.as_str() {
        "recency" => pair("seen more recently", "away for longer"),
        "frequency" => pair("ordering less often", "ordering more often"),
        "monetary" => pair("spending less", "spending more"),
        "average_basket" => pair("with smaller baskets", "with larger baskets"),
        "items_per_order" => pair("with fewer pieces per order", "with more pieces per order"),
        "days_between_orders" => pair("coming at shorter intervals", "coming at longer intervals"),
        "tenure" => pair("known for a shorter time", "known for longer"),
        "return_rate" => pair("returning less", "returning more"),
        name => match (name.strip_prefix("share of "), feature.kind) {
            (Some(category), _) => (format!("less for {category}"), format!("more for {category}")),
            (_, FeatureKind::Category) => {
                (format!("less often {}", plain(name)), format!("more often {}", plain(name)))
            }
            _ => (format!("lower {}", plain(name)), format!("higher {}", plain(name))),
        },
    }
}

/// More segments say how much each has.
fn ranked(segments: &[usize], feature: usize, features: &[Feature], profiles: &[Profile]) -> Vec<String> {
    let figure = |segment: &usize| {
        let profile = &profiles[*segment];
        match features[feature].kind {
            FeatureKind::Number => figure(&features[feature].name, profile.medians[feature]),
            FeatureKind::Category => format!("{} {}", percent(profile.means[feature]), plain(&features[feature].name)),
        }
    };
    segments.iter().map(figure).collect()
}

fn figure(feature: &str, value: f64) -> String {
    let amount = number(value);
    let several = if value == 1.0 { "" } else { "s" };
    match feature {
        "recency" => format!("last seen {amount} day{several} ago"),
        "frequency" => format!("about {amount} order{several}"),
        "monetary" => format!("about {amount} spent"),
        "average_basket" => format!("baskets of about {amount}"),
        "items_per_order" => format!("about {amount} piece{several} per order"),
        "days_between_orders" => format!("every {amount} day{several} or so"),
        "tenure" => format!("known for about {amount} day{several}"),
        "return_rate" => format!("{} returned", percent(value)),
        other => match other.strip_prefix("share of ") {
            Some(category) => format!("{} for {category}", percent(value)),
            None => format!("{} about {amount}", plain(other)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_a_kind_say_which_has_more() {
        let profiles = [profile([180.0, 1.0], [0.7, 0.2]), profile([320.0, 1.0], [0.95, 0.2])];
        assert_eq!(named(2, &profiles), ["Lost, seen more recently", "Lost, away for longer"]);
    }

    #[test]
    fn several_of_a_kind_say_how_much_each_has() {
        let profiles = [180.0, 250.0, 320.0].map(|days| profile([days, 1.0], [days / 400.0, 0.2]));
        assert_eq!(
            named(3, &profiles),
            ["Lost, last seen 180 days ago", "Lost, last seen 250 days ago", "Lost, last seen 320 days ago"]
        );
    }

    #[test]
    fn segments_without_a_difference_are_counted_in_words() {
        let same = || profile([5.0, 5.0], [0.5, 0.5]);
        assert_eq!(named(2, &[same(), same()]), ["Lost, first group", "Lost, second group"]);
    }

    fn named(count: usize, profiles: &[Profile]) -> Vec<String> {
        disambiguate_names(&vec!["Lost".to_owned(); count], &["recency", "frequency"].map(Feature::number), profiles)
    }

    fn profile(medians: [f64; 2], positions: [f64; 2]) -> Profile {
        Profile { medians: medians.to_vec(), positions: positions.to_vec(), ..Profile::default() }
    }
}
