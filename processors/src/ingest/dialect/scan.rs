//! Finds the records and fields of CSV text in place (RFC 4180). It reads what the `csv` crate reads, which
//! the tests compare, without copying the cells; looking at eight bytes at once makes it several times faster.

/// Fields of one record that are kept; of further ones only the number is known.
pub const MAX_FIELDS: usize = 2_000;

/// Splits text into records and remembers the fields of the last one.
pub struct Scanner {
    delimiter: u8,
    fields: Vec<Field>,
    field_count: usize,
    /// Cells with doubled quotes, without the doubling.
    unescaped: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    is_unescaped: bool,
}

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its bytes without the line end.
    pub text_bytes: usize,
    /// Its bytes with the line end.
    pub bytes: usize,
    /// The lines it takes; more than one when a quoted field has line ends.
    pub lines: u64,
}

impl Scanner {
    /// A scanner of fields that are separated by a byte.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, fields: Vec::new(), field_count: 0, unescaped: Vec::new() }
    }

    /// Finds the record that begins with `text`. Nothing when its end is not in the text; where text is the
    /// `last`, it ends every record.
    pub fn next(&mut self, text: &[u8], last: bool) -> Option<Record> {
        self.fields.clear();
        self.unescaped.clear();
        self.field_count = 0;
        let (mut at, mut lines) = (0, 1);
        let needles = [self.delimiter, b'\n', b'\r'].map(repeat);
        loop {
            let (field, end) = if text.get(at) == Some(&b'"') {
                let (field, end) = self.quoted(text, at, last, needles)?;
                lines += text[at..end].iter().filter(|byte| **byte == b'\n').count() as u64;
                (field, end)
            } else {
                let end = find(text, at, needles);
                (Field { start: at, end, is_unescaped: false }, end)
            };
            self.push(field);
            match text.get(end) {
                Some(byte) if *byte == self.delimiter => at = end + 1,
                _ => return line_end(text, end, last).map(|bytes| Record { text_bytes: end, bytes, lines }),
            }
        }
    }

    /// How many fields the last record has.
    pub fn field_count(&self) -> usize {
        self.field_count
    }

    /// The content of a field of the last record, which was found in `text`.
    pub fn field<'a>(&'a self, text: &'a [u8], index: usize) -> &'a [u8] {
        let Field { start, end, is_unescaped } = self.fields[index];
        if is_unescaped { &self.unescaped[start..end] } else { &text[start..end] }
    }

    fn push(&mut self, field: Field) {
        self.field_count += 1;
        if self.field_count <= MAX_FIELDS {
            self.fields.push(field);
        }
    }

    /// The field whose opening quote is at `open`, and where it ends.
    fn quoted(&mut self, text: &[u8], open: usize, last: bool, needles: [u64; 3]) -> Option<(Field, usize)> {
        let unescaped_from = self.unescaped.len();
        let mut from = open + 1;
        loop {
            let quote = find(text, from, [repeat(b'"'); 3]);
            match text.get(quote + 1) {
                _ if quote >= text.len() && !last => return None,
                None if !last => return None,
                Some(b'"') => {
                    self.unescaped.extend_from_slice(&text[from..=quote]);
                    from = quote + 2;
                }
                Some(byte) if *byte != self.delimiter && !matches!(byte, b'\n' | b'\r') => {
                    // Something follows the closing quote: it belongs to the cell, as in the csv crate.
                    let end = find(text, quote + 1, needles);
                    self.unescaped.extend_from_slice(&text[from..quote]);
                    self.unescaped.extend_from_slice(&text[quote + 1..end]);
                    return Some((self.unescaped_field(unescaped_from), end));
                }
                _ => {
                    let end = (quote + 1).min(text.len());
                    return Some((self.closed(text, unescaped_from, from..quote), end));
                }
            }
        }
    }

    fn closed(&mut self, text: &[u8], unescaped_from: usize, rest: std::ops::Range<usize>) -> Field {
        if self.unescaped.len() == unescaped_from {
            return Field { start: rest.start, end: rest.end, is_unescaped: false };
        }
        self.unescaped.extend_from_slice(&text[rest]);
        self.unescaped_field(unescaped_from)
    }

    fn unescaped_field(&self, start: usize) -> Field {
        Field { start, end: self.unescaped.len(), is_unescaped: true }
    }
}

/// Where the next record begins, given that `at` is a line end or the end of the text.
fn line_end(text: &[u8], at: usize, last: bool) -> Option<usize> {
    match (text.get(at), text.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some(at + 2),
        (Some(b'\r'), None) if !last => None,
        (Some(_), _) => Some(at + 1),
        (None, _) => last.then_some(at),
    }
}

fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The first place from `at` on with one of the needles, or the length of the text.
fn find(text: &[u8], mut at: usize, needles: [u64; 3]) -> usize {
    while let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*bytes);
        let hits = zeros(word ^ needles[0]) | zeros(word ^ needles[1]) | zeros(word ^ needles[2]);
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_needle = |byte: &u8| needles.iter().any(|needle| *needle as u8 == *byte);
    text.get(at..).and_then(|rest| rest.iter().position(is_needle)).map_or(text.len(), |place| at + place)
}

/// Marks the zero bytes of a word by their top bits; above the lowest zero byte there may be wrong marks
/// (Hacker's Delight, 6-1).
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_line_ends_and_quotes_of_quoted_fields() {
        assert_eq!(
            records("a,\"b\r\nc\",\"d \"\"e\"\"\"\r\n1,2,3", b','),
            [["a", "b\r\nc", "d \"e\""], ["1", "2", "3"]]
        );
    }

    #[test]
    fn counts_the_lines_of_a_record() {
        let mut scanner = Scanner::new(b',');
        let record = scanner.next(b"a,\"b\nc\nd\"\nnext", false).unwrap();
        assert_eq!(record, Record { text_bytes: 9, bytes: 10, lines: 3 });
    }

    #[test]
    fn waits_for_the_end_of_a_record() {
        for text in ["a", "a,b", "a,\"b", "a,\"b\"", "a\r"] {
            assert_eq!(Scanner::new(b',').next(text.as_bytes(), false), None, "{text:?}");
        }
    }

    #[test]
    fn keeps_a_bounded_number_of_fields() {
        let mut scanner = Scanner::new(b',');
        scanner.next(&vec![b','; 100_000], true).unwrap();
        assert_eq!((scanner.field_count(), scanner.fields.len()), (100_001, MAX_FIELDS));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn reads_what_the_csv_crate_reads(text in "[ab,;\"\r\n é]{0,40}", delimiter in prop::sample::select(vec![b',', b';'])) {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(records(&text, delimiter), expected);
        }

        #[test]
        fn finds_the_same_however_much_it_sees(text in "[ab,\"\r\n]{0,30}\n[ab]") {
            let mut whole = Scanner::new(b',');
            let record = whole.next(text.as_bytes(), true).unwrap();
            for seen in 0..=text.len() {
                if let Some(early) = Scanner::new(b',').next(&text.as_bytes()[..seen], false) {
                    prop_assert_eq!(early, record);
                }
            }
        }
    }

    /// The records that are not blank, as the csv crate leaves blank lines out.
    fn records(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let (mut scanner, mut rest, mut records) = (Scanner::new(delimiter), text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let record = scanner.next(rest, true).unwrap();
            let cell = |index| String::from_utf8(scanner.field(rest, index).to_vec()).unwrap();
            if record.text_bytes > 0 {
                records.push((0..scanner.field_count()).map(cell).collect());
            }
            rest = &rest[record.bytes..];
        }
        records
    }
}
