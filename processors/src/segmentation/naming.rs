//! Names, descriptions and actions of segments in plain words, from how their medians lie among all shoppers.

mod disambiguate_names;
pub mod profile;

use super::feature_table::{Feature, FeatureKind, FeatureTable};
use super::number_format::{counted, list, number, percent};
use disambiguate_names::disambiguate_names;
use profile::{Profile, plain};

/// Below this share of all shoppers a median is low, above its complement high.
const LOW: f64 = 0.4;
/// Features that a name or a sentence mentions.
const MENTIONED: usize = 3;
/// Habits that a sentence mentions.
const HABITS: usize = 5;

/// What a segment is called and what to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentText {
    /// Unique within the report.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// A suggestion.
    pub action: String,
}

/// The texts for the segments of a table.
pub fn name_segments(table: &FeatureTable, profiles: &[Profile]) -> Vec<SegmentText> {
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

fn of_purchases(features: &[Feature], profile: &Profile, rfm: [f64; 3]) -> SegmentText {
    let (name, action) = kind(rfm);
    let told = features.iter().zip(&profile.medians).take(HABITS);
    let facts: Vec<String> = told.map(|(feature, value)| fact(&feature.name, *value)).collect();
    let revenue =
        profile.revenue_share.map_or(String::new(), |share| format!(" with {} of the revenue", percent(share)));
    SegmentText {
        name: name.to_owned(),
        description: format!("{}{revenue}; the typical one {}.", shoppers(profile), list(&facts)),
        action: action.to_owned(),
    }
}

fn of_table(features: &[Feature], profile: &Profile) -> SegmentText {
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

fn shoppers(profile: &Profile) -> String {
    format!("{} ({})", counted(profile.size, "shopper"), percent(profile.share))
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Low,
    Middle,
    High,
}

fn level(position: f64) -> Level {
    match position {
        low if low < LOW => Level::Low,
        high if high > 1.0 - LOW => Level::High,
        _ => Level::Middle,
    }
}

/// The marketer's name and the action for how recently and how much a segment buys.
fn kind([recency, frequency, monetary]: [f64; 3]) -> (&'static str, &'static str) {
    match (level(recency), level(f64::midpoint(frequency, monetary))) {
        (Level::Low, Level::High) => {
            ("Best customers", "Thank them: early access, a personal contact, a reason to recommend you. No discounts.")
        }
        (Level::Low, Level::Middle) => (
            "Active, with room to grow",
            "Invite them to a loyalty programme and show what goes with what they bought.",
        ),
        (Level::Low, Level::Low) => {
            ("New or occasional", "Welcome them and make the next order easy: a first-repeat offer within a few weeks.")
        }
        (Level::Middle, Level::High) => {
            ("Loyal regulars", "Keep them coming: points or early news, and larger baskets through bundles.")
        }
        (Level::Middle, Level::Middle) => {
            ("Steady shoppers", "Remind them at their usual rhythm and suggest a second category.")
        }
        (Level::Middle, Level::Low) => (
            "Occasional shoppers",
            "Reach them on occasions such as seasons and holidays, with little effort per shopper.",
        ),
        (Level::High, Level::High) => (
            "Slipping away",
            "Call them back now, in person where possible: ask what went wrong and make a strong offer.",
        ),
        (Level::High, Level::Middle) => {
            ("Cooling off", "Send a reminder with what is new since their last order, and an offer that ends soon.")
        }
        (Level::High, Level::Low) => ("Lost", "Try one low-cost attempt to win them back, then stop spending on them."),
    }
}

fn fact(feature: &str, value: f64) -> String {
    let several = if value == 1.0 { "" } else { "s" };
    let share = feature.strip_prefix("share of ");
    match feature {
        "recency" => format!("last bought {} day{several} ago", number(value)),
        "frequency" => format!("placed {} order{several}", number(value)),
        "monetary" => format!("spent {}", number(value)),
        "average_basket" => format!("spends {} per order", number(value)),
        "items_per_order" => format!("takes {} piece{several} per order", number(value)),
        "days_between_orders" => format!("orders every {} day{several}", number(value)),
        "tenure" => format!("first bought {} day{several} ago", number(value)),
        "return_rate" => format!("takes {} of the rows back", percent(value)),
        _ if share.is_some() => format!("spends {} on {}", percent(value), share.unwrap_or_default()),
        other => format!("has {other} {}", number(value)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
