//! The digits that a text begins with.

/// The number that a text begins with, how many digits it has, and the rest.
#[inline]
pub(crate) fn digits(text: &[u8], at_most: usize) -> Option<(u32, usize, &[u8])> {
    let (mut value, mut count) = (0, 0);
    while let Some(byte @ b'0'..=b'9') = text.get(count).filter(|_| count < at_most) {
        value = value * 10 + u32::from(byte - b'0');
        count += 1;
    }
    (count > 0).then_some((value, count, &text[count..]))
}
