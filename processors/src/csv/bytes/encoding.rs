//! Finds out the text encoding of a file: by its byte order mark, by whether it is UTF-8, and otherwise by which
//! encoding makes words of its bytes.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use domain::csv_dialect::{Basis, Finding};
use encoding_rs::{MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Valid characters for each invalid byte above which a file is UTF-8 with damage, not of another encoding.
const DAMAGE_RATIO: u64 = 4;

/// The text encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Encoding {
    /// Its definition in the WHATWG Encoding Standard.
    pub(crate) standard: &'static encoding_rs::Encoding,
    /// How many bytes of a byte order mark precede the text.
    pub(crate) mark_bytes: usize,
    /// How sure it is, from 0 to 1.
    pub(crate) confidence: f64,
    /// What it rests on.
    pub(crate) basis: Basis,
}

impl Encoding {
    /// What it is, for a person.
    pub(crate) fn finding(&self) -> Finding<String> {
        Finding { basis: self.basis, ..Finding::detected(self.standard.name().to_owned(), self.confidence) }
    }

    fn detected(standard: &'static encoding_rs::Encoding, confidence: f64) -> Self {
        Self { standard, mark_bytes: 0, confidence, basis: Basis::Detected }
    }
}

/// An encoding by any of its usual names.
pub(crate) fn named(label: &str) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_label(label.as_bytes())
        .filter(|encoding| *encoding != encoding_rs::REPLACEMENT && *encoding != encoding_rs::X_USER_DEFINED)
}

/// The standard's name of a text encoding that has many names.
pub fn encoding_name(label: &str) -> Option<&'static str> {
    named(label).map(encoding_rs::Encoding::name)
}

/// The encoding of a file that begins with these bytes. `chosen` is what a person said, or what an earlier pass found.
pub(crate) fn encoding(first: &[u8], chosen: Option<(&'static encoding_rs::Encoding, Basis)>) -> Encoding {
    let found = marked(first).unwrap_or_else(|| unmarked(first));
    match chosen {
        Some((standard, basis)) if standard == found.standard => Encoding { basis, ..found },
        Some((standard, basis)) => Encoding { basis, ..Encoding::detected(standard, 1.0) },
        None => found,
    }
}

fn marked(first: &[u8]) -> Option<Encoding> {
    let (standard, mark_bytes) = encoding_rs::Encoding::for_bom(first)?;
    Some(Encoding { standard, mark_bytes, confidence: 1.0, basis: Basis::Declared })
}

fn unmarked(first: &[u8]) -> Encoding {
    if let Some(standard) = utf16(first) {
        return Encoding::detected(standard, 0.95);
    }
    let Damage { valid, invalid } = Damage::of(first);
    match (valid, invalid) {
        (0, 0) => Encoding::detected(UTF_8, 0.9),
        (_, 0) => Encoding::detected(UTF_8, 0.99),
        (valid, invalid) if is_utf8(valid, invalid) => Encoding::detected(UTF_8, 0.8),
        _ => legacy(first),
    }
}

/// UTF-16 without a mark: delimiters, digits and line ends have a zero in every other byte.
pub(crate) fn utf16(first: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let (mut even, mut odd) = (0, 0);
    for pair in first.as_chunks::<2>().0 {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    let many = (first.len() / 20).max(2);
    if odd >= many && even * 20 <= odd {
        return Some(UTF_16LE);
    }
    (even >= many && odd * 20 <= even).then_some(UTF_16BE)
}

/// How much of a text is UTF-8 beyond ASCII, and how much is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Valid characters of more than one byte.
    pub(crate) valid: u64,
    /// Sequences that are no characters.
    pub(crate) invalid: u64,
}

impl Damage {
    /// Looks at a text; a character that is cut off at its end counts as neither.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut damage = Self::default();
        for chunk in text.utf8_chunks() {
            damage.valid += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count() as u64;
            damage.invalid += u64::from(!chunk.invalid().is_empty());
        }
        if damage.invalid > 0 && ends_early(text) {
            damage.invalid -= 1;
        }
        damage
    }
}

/// Whether the last character of a text is cut off.
fn ends_early(text: &[u8]) -> bool {
    let start = text.len().saturating_sub(3);
    (start..text.len()).any(|at| {
        std::str::from_utf8(&text[at..]).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    })
}

/// Whether a text with so many valid and invalid sequences is UTF-8 all the same.
pub(crate) fn is_utf8(valid: u64, invalid: u64) -> bool {
    invalid == 0 || valid > invalid * DAMAGE_RATIO
}

/// The encoding that makes words of bytes that are not UTF-8.
pub(crate) fn legacy(bytes: &[u8]) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let mut best = (guess, score(guess, bytes));
    let mut second = i64::MIN;
    for other in [WINDOWS_1252, MACINTOSH] {
        let score = score(other, bytes);
        let is_same = guess != other && other == WINDOWS_1252 && guess.decode(bytes).0 == other.decode(bytes).0;
        if score > best.1 || is_same {
            (best, second) = ((other, score), if is_same { second } else { best.1 });
        } else if other != best.0 {
            second = second.max(score);
        }
    }
    let lead = best.1.saturating_sub(second.max(-best.1.abs()));
    let confidence = 0.5 + 0.45 * (lead as f64 / (2.0 * best.1.abs().max(1) as f64)).clamp(0.0, 1.0);
    Encoding::detected(best.0, confidence)
}

/// How much the bytes look like words in an encoding. Letters belong beside letters, small ones behind small ones.
fn score(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> i64 {
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    let mut score = if malformed { -10 } else { 0 };
    let (mut before, mut chars) = (' ', text.chars().peekable());
    while let Some(letter) = chars.next() {
        if !letter.is_ascii() {
            score += fit(before, letter, chars.peek().copied().unwrap_or(' '));
        }
        before = letter;
    }
    score
}

/// How well a character fits between its neighbours.
fn fit(before: char, letter: char, after: char) -> i64 {
    const USUAL: &str = "€£¥©®°§–—‘’“”•…«»¿¡™·½¼²³µ\u{A0}ªº";
    let is_within = before.is_alphabetic() && after.is_alphabetic();
    let is_beside = before.is_alphabetic() || after.is_alphabetic();
    if letter.is_control() {
        return -6;
    }
    if USUAL.contains(letter) {
        return if is_within && letter != '’' && letter != '·' { -2 } else { 1 };
    }
    if letter.is_lowercase() {
        return if is_beside { 2 } else { 0 };
    }
    if letter.is_uppercase() {
        let is_first = !before.is_alphabetic() && after.is_alphabetic();
        return if before.is_lowercase() { -2 } else { i64::from(is_first || before.is_uppercase()) * 2 };
    }
    if letter.is_alphabetic() {
        let is_foreign = |other: char| !other.is_ascii() && other.is_alphabetic();
        return if is_foreign(before) || is_foreign(after) { 2 } else { -2 * i64::from(is_beside) };
    }
    if is_within { -2 } else { -1 }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251};

    use super::*;

    const FRENCH: &str = "id;nom\n1;Gants \"été\" – café\n2;naïve 30 cm Ø\n3;crème brûlée à la pâtisserie\n";
    const SPANISH: &str = "cliente;artículo\n1;Lámpara de salón\n2;Niño pequeño, ¿cuánto?\n3;AÑO NUEVO 5 €\n";

    #[test]
    fn western_text_is_told_from_that_of_a_macintosh() {
        for text in [FRENCH, SPANISH] {
            assert_eq!(encoding(&WINDOWS_1252.encode(text).0, None).standard, WINDOWS_1252, "{text}");
            assert_eq!(encoding(&macintosh(text), None).standard, MACINTOSH, "{text}");
        }
        assert_eq!(legacy(b"caf\xE9,\x80").standard, WINDOWS_1252);
    }

    #[test]
    fn other_scripts_are_recognised() {
        for (standard, text) in [
            (WINDOWS_1251, "клиент;товар\nИванов;Лампа настольная\nПетров;Чайник электрический\n"),
            (KOI8_R, "клиент;товар\nИванов;Лампа настольная\nПетров;Чайник электрический\n"),
            (WINDOWS_1250, "zákazník;zboží\nŽofie;Příliš žluťoučký kůň úpěl ďábelské ódy\n"),
            (SHIFT_JIS, "顧客,商品\n山田太郎,卓上ランプ\n佐藤花子,やかんとコップのセット\n"),
        ] {
            let bytes = standard.encode(text).0;
            assert_eq!(encoding(&bytes, None).standard.decode(&bytes).0, text);
        }
    }

    #[test]
    fn utf_16_needs_no_mark() {
        let units: Vec<u16> = FRENCH.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(encoding(&little, None).standard, UTF_16LE);
        assert_eq!(encoding(&big, None).standard, UTF_16BE);
        assert_eq!(encoding(b"a\0\0b\0", None).standard, UTF_8);
    }

    #[test]
    fn a_few_bad_bytes_do_not_make_another_encoding() {
        let damaged = [FRENCH.as_bytes(), b"4;\xFF\n"].concat();
        assert_eq!(encoding(&damaged, None).standard, UTF_8);
        assert_eq!(Damage::of("é".as_bytes()), Damage { valid: 1, invalid: 0 });
        assert_eq!(Damage::of(b"\xC3\xA9\xC3"), Damage { valid: 1, invalid: 0 });
        assert_eq!(Damage::of(b"\xC3\xA9\xFF"), Damage { valid: 1, invalid: 1 });
    }

    #[test]
    fn the_mark_declares_and_a_person_decides() {
        let marked = encoding(b"\xEF\xBB\xBFa", None);
        assert_eq!((marked.standard, marked.mark_bytes, marked.basis), (UTF_8, 3, Basis::Declared));
        let chosen = encoding(b"\xEF\xBB\xBFa", Some((WINDOWS_1252, Basis::Chosen)));
        assert_eq!((chosen.standard, chosen.mark_bytes, chosen.basis), (WINDOWS_1252, 0, Basis::Chosen));
        assert_eq!(named("latin1"), Some(WINDOWS_1252));
        assert_eq!((named("klingon"), named("replacement")), (None, None));
    }

    fn macintosh(text: &str) -> Vec<u8> {
        MACINTOSH.encode(text).0.into_owned()
    }
}
