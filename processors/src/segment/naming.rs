//! Names, descriptions and actions of segments in plain words, from how their medians lie among all shoppers.

use super::words::{counted, list, number, percent};

/// Below this share of all shoppers a median is low, above its complement high.
const LOW: f64 = 0.4;

/// What a segment is known by.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers.
    pub share: f64,
    /// Their share of all revenue, for purchases.
    pub revenue_share: Option<f64>,
    /// The median of each feature.
    pub medians: Vec<f64>,
    /// Where each median lies among all shoppers, from 0 (least) to 1 (greatest).
    pub positions: Vec<f64>,
}

/// What a segment is called and what to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// Unique within the report.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// A suggestion.
    pub action: String,
}

/// The words for the segments of purchases; `features` are some of recency, frequency and monetary.
pub fn name_purchases(features: &[String], profiles: &[Profile]) -> Vec<Words> {
    let kinds: Vec<(&str, &str)> = profiles.iter().map(|profile| kind(features, profile)).collect();
    let names: Vec<String> = kinds.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = unique(&names, features, profiles);
    let describe = |profile: &Profile| {
        let facts: Vec<String> =
            features.iter().zip(&profile.medians).map(|(name, value)| fact(name, *value)).collect();
        let revenue =
            profile.revenue_share.map_or(String::new(), |share| format!(" with {} of the revenue", percent(share)));
        format!("{}{revenue}; the typical one {}.", shoppers(profile), list(&facts))
    };
    let words = |((name, profile), (_, action)): ((String, &Profile), &(&str, &str))| Words {
        name,
        description: describe(profile),
        action: (*action).to_owned(),
    };
    names.into_iter().zip(profiles).zip(&kinds).map(words).collect()
}

/// The words for the segments of a shopper table; `overall` are the medians of all shoppers.
pub fn name_table(features: &[String], overall: &[f64], profiles: &[Profile]) -> Vec<Words> {
    let traits: Vec<String> = profiles.iter().map(|profile| outstanding(features, profile)).collect();
    let titles = traits.iter().map(|traits| match traits.is_empty() {
        true => "Average in everything".to_owned(),
        false => capitalised(traits),
    });
    let names = unique(&titles.collect::<Vec<_>>(), features, profiles);
    let overall: Vec<String> = overall.iter().map(|value| number(*value)).collect();
    let describe = |profile: &Profile| {
        let facts: Vec<String> =
            features.iter().zip(&profile.medians).map(|(name, value)| format!("{name} {}", number(*value))).collect();
        format!("{}; the typical one has {}, against {} of all.", shoppers(profile), list(&facts), list(&overall))
    };
    let words = |((name, profile), traits): ((String, &Profile), &String)| Words {
        name,
        description: describe(profile),
        action: advice(traits),
    };
    names.into_iter().zip(profiles).zip(&traits).map(words).collect()
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
fn kind(features: &[String], profile: &Profile) -> (&'static str, &'static str) {
    let position = |feature: &str| {
        features.iter().position(|other| other == feature).map_or(0.5, |index| profile.positions[index])
    };
    let value = f64::midpoint(position("frequency"), position("monetary"));
    match (level(position("recency")), level(value)) {
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
    match feature {
        "recency" => format!("last bought {} day{several} ago", number(value)),
        "frequency" => format!("placed {} order{several}", number(value)),
        "monetary" => format!("spent {}", number(value)),
        other => format!("has {other} {}", number(value)),
    }
}

/// The up to three features whose medians are farthest from the middle: `high income, low score`.
fn outstanding(features: &[String], profile: &Profile) -> String {
    let mut places: Vec<usize> =
        (0..features.len()).filter(|place| level(profile.positions[*place]) != Level::Middle).collect();
    let distance = |place: &usize| (profile.positions[*place] - 0.5).abs();
    places.sort_by(|one, other| distance(other).total_cmp(&distance(one)));
    places.truncate(3);
    places.sort_unstable();
    let word = |place: &usize| match level(profile.positions[*place]) {
        Level::Low => format!("low {}", plain(&features[*place])),
        _ => format!("high {}", plain(&features[*place])),
    };
    places.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// A column name without its unit in brackets: `Annual Income (k$)` is `Annual Income`.
fn plain(column: &str) -> String {
    let plain = column.split(['(', '[']).next().unwrap_or(column).replace('_', " ");
    if plain.trim().is_empty() { column.to_owned() } else { plain.trim().to_owned() }
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

/// Makes names different: segments of one name add the figure in which they differ most, or else a number.
fn unique(names: &[String], features: &[String], profiles: &[Profile]) -> Vec<String> {
    let mut unique = names.to_vec();
    for name in names {
        let alike: Vec<usize> = (0..names.len()).filter(|place| names[*place] == *name).collect();
        if alike.len() < 2 {
            continue;
        }
        let feature = telling(&alike, features.len(), profiles);
        for place in &alike {
            let value = number(profiles[*place].medians[feature]);
            unique[*place] = format!("{name}, {}", figure(&features[feature], &value));
        }
    }
    let repeated = unique.clone();
    for place in 0..unique.len() {
        let before = repeated[..place].iter().filter(|other| **other == repeated[place]).count();
        if before > 0 {
            unique[place] = format!("{} ({})", repeated[place], before + 1);
        }
    }
    unique
}

/// The feature whose medians in some segments are farthest apart.
fn telling(segments: &[usize], features: usize, profiles: &[Profile]) -> usize {
    let spread = |feature: usize| {
        let positions = || segments.iter().map(|segment| profiles[*segment].positions[feature]);
        positions().fold(f64::MIN, f64::max) - positions().fold(f64::MAX, f64::min)
    };
    (0..features).max_by(|one, other| spread(*one).total_cmp(&spread(*other)).then(other.cmp(one))).unwrap_or_default()
}

fn figure(feature: &str, value: &str) -> String {
    match feature {
        "recency" => format!("last seen {value} days ago"),
        "frequency" => format!("about {value} orders"),
        "monetary" => format!("about {value} spent"),
        other => format!("{} about {value}", plain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_get_a_marketers_names() {
        let words = name_purchases(
            &rfm(),
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
    fn segments_of_one_kind_are_told_apart_by_the_figure_that_differs_most() {
        let words = name_purchases(
            &rfm(),
            &[profile([180.0, 1.0, 300.0], [0.7, 0.2, 0.2]), profile([320.0, 1.0, 310.0], [0.95, 0.2, 0.22])],
        );
        assert_eq!(words[0].name, "Lost, last seen 180 days ago");
        assert_eq!(words[1].name, "Lost, last seen 320 days ago");
    }

    #[test]
    fn segments_with_the_same_medians_still_have_different_names() {
        let same = || profile([5.0, 5.0, 5.0], [0.5, 0.5, 0.5]);
        let mut names: Vec<String> =
            name_purchases(&rfm(), &[same(), same(), same()]).into_iter().map(|words| words.name).collect();
        names.dedup();
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn a_table_is_named_by_its_outstanding_features() {
        let features = ["Annual Income (k$)".to_owned(), "spending_score".to_owned()];
        let profile = |positions: [f64; 2]| Profile {
            medians: vec![80.0, 15.0],
            positions: positions.to_vec(),
            size: 35,
            share: 0.175,
            ..Profile::default()
        };
        let words = name_table(&features, &[61.5, 50.0], &[profile([0.8, 0.1]), profile([0.5, 0.45])]);
        assert_eq!(words[0].name, "High Annual Income, low spending score");
        assert_eq!(words[1].name, "Average in everything");
        assert_eq!(
            words[0].description,
            "35 shoppers (17.5 %); the typical one has Annual Income (k$) 80 and spending_score 15, against 61.5 and 50 \
             of all."
        );
    }

    fn rfm() -> Vec<String> {
        ["recency", "frequency", "monetary"].map(str::to_owned).to_vec()
    }

    fn profile(medians: [f64; 3], positions: [f64; 3]) -> Profile {
        Profile {
            size: 50,
            share: 0.25,
            revenue_share: Some(0.1),
            medians: medians.to_vec(),
            positions: positions.to_vec(),
        }
    }
}
