//! Numbers as people write them.

/// A count with its noun: `1 shopper`, `4,338 shoppers`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(&count.to_string()))
}

/// A number with at most this many decimals, without trailing zeros.
pub(crate) fn decimals(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    thousands(if text == "-0" { "0" } else { text })
}

/// A measured value: two decimals, or as many as a small one needs to show anything.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e15 || (size > 0.0 && size < 1e-4) => format!("{value:.2e}"),
        size if size > 0.0 && size < 0.1 => decimals(value, 4),
        _ => decimals(value, 2),
    }
}

/// A share as a percentage with one decimal.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", decimals(100.0 * share, 1))
}

/// A list in a sentence: `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn thousands(text: &str) -> String {
    let digits_end = text.find('.').unwrap_or(text.len());
    let (whole, fraction) = text.split_at(digits_end);
    let mut grouped = String::new();
    for (index, character) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if left % 3 == 0 && grouped.ends_with(|last: char| last.is_ascii_digit()) {
            grouped.push(',');
        }
        grouped.push(character);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_prose() {
        assert_eq!(counted(1, "shopper"), "1 shopper");
        assert_eq!(counted(1_234_567, "shopper"), "1,234,567 shoppers");
        assert_eq!(number(3711.766), "3,711.77");
        assert_eq!(number(-1000.0), "-1,000");
        assert_eq!(number(0.0123), "0.0123");
        assert_eq!(number(1e20), "1.00e20");
        assert_eq!(percent(0.3631), "36.3 %");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
