//! Recognises a line of totals at the end of a file: its sums would count as one more row.

use crate::csv::dialect::scanner::{MAX_FIELDS, Scanner};
use crate::csv::values::kinds::Kinds;
use crate::csv::values::recognise::{is_null, kinds};

/// What such a line begins with, in small letters.
const WORDS: [&str; 16] = [
    "total",
    "totals",
    "grand total",
    "sum",
    "subtotal",
    "total general",
    "totales",
    "suma",
    "suma total",
    "summe",
    "gesamt",
    "gesamtsumme",
    "insgesamt",
    "somme",
    "totale",
    "total général",
];

/// Where the last record begins, when it is a line of totals.
pub(crate) fn find(text: &[u8], scanner: &mut Scanner) -> Option<usize> {
    let (mut at, mut last) = (0, None);
    while let Some(record) = scanner.next(&text[at..], true).filter(|record| record.bytes > 0) {
        if !text[at..at + record.text_bytes].trim_ascii().is_empty() {
            last = is_footer(scanner, &text[at..]).then_some(at);
        }
        at += record.bytes;
    }
    last
}

/// A word for totals, nothing but numbers besides, and fields without anything.
fn is_footer(scanner: &Scanner, text: &[u8]) -> bool {
    let count = scanner.field_count().min(MAX_FIELDS);
    let mut cells = (0..count).map(|index| scanner.field(text, index).trim_ascii()).filter(|cell| !is_null(cell));
    let Some(word) = cells.next().and_then(|cell| std::str::from_utf8(cell).ok()) else { return false };
    // Most records are told from a footer by their first byte.
    if !word.starts_with(['t', 'T', 's', 'S', 'g', 'G', 'i', 'I']) {
        return false;
    }
    let word = word.trim_end_matches(':').to_lowercase();
    let (mut numbers, mut others) = (0, 0);
    cells.for_each(|cell| if kinds(cell) == Kinds::NONE { others += 1 } else { numbers += 1 });
    WORDS.contains(&word.trim_end()) && others == 0 && (numbers > 0 || count > 1) && numbers + 1 < count.max(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::dialect::record_format::RecordFormat;

    #[test]
    fn only_the_last_record_can_be_totals() {
        assert_eq!(of("a,x,1\nTotal,,1\n"), Some(6));
        assert_eq!(of("a,x,1\n,TOTAL:,3.50\n\n"), Some(6));
        assert_eq!(of("Total,,1\na,x,1\n"), None);
    }

    #[test]
    fn a_product_may_be_called_total() {
        assert_eq!(of("a,x,1\nTotal,cereal,1\n"), None);
        assert_eq!(of("a,x,1\nTotal gym,,1\n"), None);
        assert_eq!(of("total,1,2\n"), None);
    }

    fn of(text: &str) -> Option<usize> {
        find(text.as_bytes(), &mut Scanner::new(&RecordFormat::separated_by(",")))
    }
}
