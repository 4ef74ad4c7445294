//! Segments of shoppers with purchases, in a marketer's words.

use super::profile::{Level, Profile, level};
use super::text::{SegmentText, shoppers};
use crate::segmentation::feature_table::Feature;
use crate::segmentation::number_format::{list, number, percent};

/// Habits that a sentence mentions.
const HABITS: usize = 5;

/// The name, description and action for a segment that bought so recently, often and much.
pub(crate) fn of_purchases(features: &[Feature], profile: &Profile, rfm: [f64; 3]) -> SegmentText {
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
