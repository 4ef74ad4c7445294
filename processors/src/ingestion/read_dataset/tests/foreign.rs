//! One table, written in every way that tills, spreadsheets and old systems write: it must always come out the same.

use std::io::Write;

use domain::csv_dialect::{Compression, DateOrder, DecimalMark, Escape, LineEnd};
use encoding_rs::{MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::*;

/// The rows as they are read: types and cells.
const EXPECTED: [&str; 4] = [
    "S-1|0042|2010-12-01T08:26:00|Weiße Lampe, 30 cm Ø|6|2.55",
    "S-1|C-7|2010-12-01T08:28:00|Gants \"été\" – café|-1|1234.5",
    "S-2|013047|2010-12-31T23:59:00|two\nlines naïve|3|0.0",
    "S-2|=1+1|2012-02-29T00:00:00|plain|10|1.0",
];
const NAMES: [&str; 6] = ["store", "customer_id", "invoice_date", "description", "quantity", "unit_price"];
const CELLS: [[&str; 6]; 4] = [
    ["S-1", "0042", "01/12/2010 08:26", "Weiße Lampe, 30 cm Ø", "6", "2,55"],
    ["S-1", "C-7", "01/12/2010 08:28", "Gants \"été\" – café", "-1", "1.234,50"],
    ["S-2", "013047", "31/12/2010 23:59", "two\nlines naïve", "3", "0,00"],
    ["S-2", "=1+1", "29/02/2012 00:00", "plain", "10", "1"],
];

#[tokio::test]
async fn every_encoding_gives_the_same_table() {
    let text = written(",", "\r\n", quoted);
    for (name, bytes) in [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8", format!("\u{FEFF}{text}").into_bytes()),
        ("UTF-16LE", utf16(&text, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&text, u16::to_be_bytes)),
        (UTF_16LE.name(), utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes)),
        (UTF_16BE.name(), utf16(&format!("\u{FEFF}{text}"), u16::to_be_bytes)),
        (WINDOWS_1252.name(), WINDOWS_1252.encode(&text).0.into_owned()),
        (MACINTOSH.name(), MACINTOSH.encode(&text).0.into_owned()),
    ] {
        assert_eq!(gives(bytes, name).await.encoding.value, name);
    }
}

#[tokio::test]
async fn every_delimiter_gives_the_same_table() {
    for delimiter in [",", ";", "\t", "|", ", ", "||", " ; ", "^", "~", "\u{1}", "\u{1F}"] {
        let dialect = gives(written(delimiter, "\n", quoted).into_bytes(), delimiter).await;
        assert_eq!(dialect.delimiter.value, delimiter);
        assert_eq!(dialect.decimal_mark.unwrap().value, DecimalMark::Comma);
        assert_eq!(dialect.date_order.unwrap().value, DateOrder::DayMonthYear);
    }
}

#[tokio::test]
async fn every_line_end_gives_the_same_table() {
    for line_end in ["\n", "\r\n", "\r"] {
        gives(written(";", line_end, quoted).into_bytes(), line_end).await;
    }
    // Where \r ends the lines, a \n needs no quotes.
    let dialect = gives(written(";", "\r", str::to_owned).into_bytes(), "bare").await;
    assert_eq!(dialect.line_end.value, LineEnd::Cr);
    let mixed = written(",", "\r\n", quoted).replacen("\r\n", "\n", 2).replacen("\r\n", "\r", 1);
    gives(mixed.into_bytes(), "mixed").await;
}

#[tokio::test]
async fn every_way_to_quote_gives_the_same_table() {
    let single = |cell: &str| format!("'{}'", cell.replace('\'', "''"));
    assert_eq!(gives(written(",", "\n", single).into_bytes(), "single").await.quote.value, "'");
    let always = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    assert_eq!(gives(written(",", "\n", always).into_bytes(), "always").await.quote.value, "\"");
    let backslash = |cell: &str| format!("\"{}\"", cell.replace('"', "\\\""));
    assert_eq!(gives(written(",", "\n", backslash).into_bytes(), "backslash").await.escape.value, Escape::Backslash);
}

#[tokio::test]
async fn what_stands_around_the_table_does_not_matter() {
    let text = written(";", "\n", quoted);
    for (header_line, text) in [
        (2, format!("sep=;\n{text}")),
        (3, format!("Sales of all stores\n\n{text}")),
        (4, format!("Sales;;;;;\nFrom;01/12/2010;;;;\n;;;;;\n{text}")),
        (1, format!("{text}\n\n")),
        (1, format!("{text}Total;;;;18;1.238,05\n")),
        (1, text.replace('\n', ";;\n").replace("two;;\n", "two\n")),
    ] {
        assert_eq!(gives(text.clone().into_bytes(), &text).await.header_line.value, header_line);
    }
}

#[tokio::test]
async fn packed_files_give_the_same_table() {
    let text = written(";", "\n", quoted).into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("sales.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&text).unwrap();
    for (compression, bytes) in [
        (Compression::Gzip, gzip.finish().unwrap()),
        (Compression::Zstd, zstd::encode_all(text.as_slice(), 1).unwrap()),
        (Compression::Zip, zip.finish().unwrap().into_inner()),
    ] {
        assert_eq!(gives(bytes, "packed").await.compression, Some(compression));
    }
}

#[tokio::test]
async fn what_a_person_says_holds() {
    let file = "a;b\n01/02/2020;1,5\n03/04/2020;2,5\n";
    let asked = Read::of(file.into(), Roles::new()).await.unwrap().ingested;
    assert_eq!(asked.questions.iter().map(|question| question.about.as_str()).collect::<Vec<_>>(), ["date_order"]);
    let dialect = DialectChoice {
        date_order: Some(DateOrder::MonthDayYear),
        decimal_mark: Some(DecimalMark::Dot),
        header_line: Some(0),
        ..DialectChoice::default()
    };
    let read = Read::hinted(file.into(), UserHints { dialect, ..UserHints::default() }).await.unwrap();
    assert_eq!(read.rows(FrameId::rows(ID)).await, ["a|b", "01/02/2020|1,5", "03/04/2020|2,5"]);
    let dialect = DialectChoice { date_order: Some(DateOrder::MonthDayYear), ..DialectChoice::default() };
    let read = Read::hinted(file.into(), UserHints { dialect, ..UserHints::default() }).await.unwrap();
    assert_eq!(read.rows(FrameId::rows(ID)).await[1], "2020-03-04|2.5");
    assert!(read.ingested.questions.is_empty());
}

#[tokio::test]
async fn aligned_columns_without_a_header_are_read() {
    let file = " 00004 0001 19970101  2   29.33\n 00004 0001 19970118 12   29.73\n 00021 0002 19970101  3   63.34\n";
    let read = ingest(file).await;
    assert_eq!(read.ingested.delimiter, "whitespace");
    assert_eq!(read.rows(FrameId::rows(ID)).await[1], "00004|0001|1997-01-18|12|29.73");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_rejected_with_their_place() {
    let mut file = "id,café\n".to_owned().into_bytes();
    file.extend("1,crème brûlée\n".repeat(5).bytes());
    file.extend(b"2,caf\xE9\n3,a\0b\n");
    let read = Read::of(file, Roles::new()).await;
    let Err(IngestError::Unreadable(sentence)) = read else { panic!("a NUL in the beginning is binary") };
    assert!(sentence.contains("binary data"), "{sentence}");
    let mut file = "id,café\n".to_owned().into_bytes();
    file.extend("1,crème brûlée\n".repeat(100_000).bytes());
    file.extend(b"2,caf\xE9\n3,a\0b\n4,\"open\n5,x\n");
    let read = Read::of(file, Roles::new()).await.unwrap();
    assert_eq!((read.ingested.encoding.as_str(), read.ingested.row_count), ("UTF-8", 100_001));
    assert_eq!(
        read.rows(FrameId::rejects(ID)).await.iter().map(|row| row.replace('\0', "NUL")).collect::<Vec<_>>(),
        [
            "100002|café|character 6 of the line: the byte 0xE9 is not UTF-8|2,caf\u{FFFD}",
            "100003|café|character 4 of the line: a NUL byte is no text|3,aNULb",
            "100004||a quotation mark is opened and never properly closed|4,\"open\n",
        ]
    );
}

/// Reads a file, which must give the table, and tells how it was written.
async fn gives(file: Vec<u8>, what: &str) -> domain::csv_dialect::Dialect {
    let read = Read::of(file, Roles::new()).await.unwrap();
    let names: Vec<&str> = read.ingested.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, NAMES, "{what:?} {:?}", read.ingested.dialect);
    assert_eq!(read.rows(FrameId::rows(ID)).await, EXPECTED, "{what:?} {:?}", read.ingested.dialect);
    read.ingested.dialect
}

fn written(delimiter: &str, line_end: &str, cell: impl Fn(&str) -> String) -> String {
    let mut text = NAMES.join(delimiter) + line_end;
    for row in CELLS {
        text += &(row.map(&cell).join(delimiter) + line_end);
    }
    text
}

/// A cell as spreadsheets write it.
fn quoted(cell: &str) -> String {
    let is_special = cell.contains([',', ';', '"', '\n', '\r', '\t', '|', '^', '~', ' ']);
    if is_special { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}
