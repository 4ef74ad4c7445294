//! Recognises what is no text at all, such as a workbook, by its first bytes.

use crate::csv::bytes::content::compression;
use crate::csv::bytes::encoding::utf16;

/// What is said of a file with bytes that no text has.
pub(crate) const NOT_TEXT: &str =
    "The file holds binary data, not text. Export the data as CSV (comma-separated, UTF-8) and upload that.";

/// A sentence saying what a file is, given its first bytes, when it is not text that can be unpacked.
pub fn binary_content(bytes: &[u8]) -> Option<String> {
    const SIGNATURES: [(&[u8], &str); 10] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF-", "a PDF document"),
        (b"PK\x03\x04", "an Excel workbook (.xlsx) or another office document"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook (.xls)"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xBC\xAF", "a 7z archive"),
        (b"BZh", "a bzip2 archive"),
        (b"PAR1", "a Parquet file"),
    ];
    if compression(bytes).is_some() {
        return None;
    }
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Some(format!(
            "The file is {what}, not CSV. Export the data as CSV (comma-separated, UTF-8) and upload that."
        ));
    }
    let is_utf16 = utf16(bytes).is_some() || bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    (!is_utf16 && bytes.contains(&0)).then(|| NOT_TEXT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_binary_content() {
        for (bytes, expected) in [
            (b"\x89PNG\r\n".as_slice(), "PNG picture"),
            (b"PK\x03\x04xxxxxxxxxxxxxxxxxxxxxxxxxx[Content_Types].xml", "Excel workbook"),
            (b"%PDF-1.7", "PDF"),
            (b"a\0b", "binary data"),
        ] {
            assert!(binary_content(bytes).unwrap().contains(expected));
        }
        assert_eq!(binary_content(b"\xFF\xFEa\0,\0b\0"), None);
        assert_eq!(binary_content(b"a\0,\0b\0\n\0"), None);
        assert_eq!(binary_content("año,b".as_bytes()), None);
        assert_eq!(binary_content(b"\x1F\x8B\x08"), None);
    }
}
