//! Numbers as people dress them: with a currency, a percent sign, spaces or apostrophes between the thousands, a minus
//! behind or parentheses instead of one. Undressed they are digits with marks.

/// The longest number.
const MAX_BYTES: usize = 60;
const CURRENCIES: [&str; 30] = [
    "US$", "MX$", "AR$", "R$", "S/", "€", "$", "£", "¥", "₹", "₺", "₽", "₩", "EUR", "USD", "GBP", "CHF", "MXN", "ARS",
    "COP", "CLP", "PEN", "BRL", "JPY", "Fr.", "kr.", "kr", "zł", "Kč", "Ft",
];

/// A number without its dress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecorated {
    /// Digits with marks.
    pub(crate) digits: String,
    /// Whether it is below zero.
    pub(crate) is_negative: bool,
    /// Whether it counts hundredths.
    pub(crate) is_percent: bool,
}

/// Takes the dress off a cell; nothing when it wears none or is no number.
pub(crate) fn undecorated(cell: &[u8]) -> Option<Undecorated> {
    let letters = cell.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if cell.len() > MAX_BYTES || letters > 3 || !cell.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let whole = std::str::from_utf8(cell).ok()?;
    let (mut text, mut is_negative) = negated(whole)?;
    let unsigned = text.strip_suffix('%').map(trimmed);
    let is_percent = unsigned.is_some();
    text = unsigned.unwrap_or(text);
    (text, is_negative) = signed(text, is_negative);
    let bare = without_currency(text);
    let has_currency = bare.len() < text.len();
    (text, is_negative) = signed(bare, is_negative);
    let digits = ungrouped(text, has_currency || is_percent)?;
    let is_plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
    let is_decorated = digits.len() + usize::from(matches!(cell[0], b'-' | b'+')) < cell.len();
    (is_plain && is_decorated && !digits.is_empty()).then_some(Undecorated { digits, is_negative, is_percent })
}

/// A minus behind the number or parentheses around it, as bookkeepers write. Without a mark within it is rather a code.
fn negated(text: &str) -> Option<(&str, bool)> {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).or_else(|| text.strip_suffix('-'));
    match inner {
        Some(inner) => inner.contains(['.', ',']).then(|| (trimmed(inner), true)),
        None => Some((text, false)),
    }
}

fn signed(text: &str, is_negative: bool) -> (&str, bool) {
    match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (trimmed(rest), !is_negative),
        None => (trimmed(text.strip_prefix('+').unwrap_or(text)), is_negative),
    }
}

fn without_currency(text: &str) -> &str {
    let strip = |currency: &&str| text.strip_prefix(*currency).or_else(|| text.strip_suffix(*currency));
    CURRENCIES.iter().find_map(strip).map_or(text, trimmed)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace())
}

/// A number without the spaces or apostrophes between its thousands. A common space must be backed by something else:
/// telephone numbers have such groups too.
fn ungrouped(text: &str, is_backed: bool) -> Option<String> {
    const SEPARATORS: [char; 6] = [' ', '\u{A0}', '\u{202F}', '\u{2009}', '\'', '’'];
    let Some(separator) = text.chars().find(|c| SEPARATORS.contains(c)) else { return Some(text.to_owned()) };
    let end = text.find(['.', ',']).unwrap_or(text.len());
    let (whole, fraction) = text.split_at(end);
    let mut groups = whole.split(separator);
    let is_first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let is_grouped = is_first && groups.all(|group| group.len() == 3);
    let is_backed = is_backed || separator != ' ' || (2..=4).contains(&fraction.len());
    (is_grouped && is_backed).then(|| whole.replace(separator, "") + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_their_decoration() {
        for (cell, expected) in [
            ("€ 1.234,50", "1.234,50"),
            ("12,50 €", "12,50"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("US$1,234.50", "1,234.50"),
            ("12 EUR", "12"),
            ("12,5 %", "12,5%"),
            ("(1,234.50)", "-1,234.50"),
            ("12.50-", "-12.50"),
            ("1 234,50", "1234,50"),
            ("1\u{A0}234\u{A0}567", "1234567"),
            ("1'234.50", "1234.50"),
            ("+ 5 €", "5"),
        ] {
            let Undecorated { digits, is_negative, is_percent } = undecorated(cell.as_bytes()).unwrap();
            let found = format!("{}{digits}{}", if is_negative { "-" } else { "" }, if is_percent { "%" } else { "" });
            assert_eq!(found, expected, "{cell}");
        }
    }

    #[test]
    fn what_is_decorated_otherwise_is_no_number() {
        for cell in ["12", "-12.5", "600 123 456", "(5)", "12-", "5 pcs", "1 23 456", "€", "", "A-12", "12:30", "1/2"]
        {
            assert_eq!(undecorated(cell.as_bytes()), None, "{cell}");
        }
    }
}
