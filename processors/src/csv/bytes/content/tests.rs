use std::io::{Cursor, Write};

use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const TEXT: &str = "a,b\n1,2\n";

#[test]
fn packed_and_plain_contents_are_the_same() {
    let zip = zipped(&[("__MACOSX/._a.csv", "x"), ("folder/a.csv", TEXT)]);
    for (bytes, expected) in [
        (TEXT.as_bytes().to_vec(), None),
        (gzipped(TEXT.as_bytes()), Some(Compression::Gzip)),
        ([gzipped(b"a,b\n"), gzipped(b"1,2\n")].concat(), Some(Compression::Gzip)),
        (zstd::encode_all(TEXT.as_bytes(), 1).unwrap(), Some(Compression::Zstd)),
        (zip, Some(Compression::Zip)),
    ] {
        let content = content(bytes).unwrap();
        assert_eq!(content.compression(), expected);
        for _ in 0..2 {
            let mut text = String::new();
            content.reader().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, TEXT);
        }
    }
}

#[test]
fn an_archive_must_hold_one_file() {
    for (files, expected) in [
        (vec![], "holds 0 files"),
        (vec![("a.csv", TEXT), ("b.csv", TEXT)], "holds 2 files"),
        (vec![("a", "x"), ("xl/workbook.xml", "x")], "Excel workbook"),
    ] {
        let Err(IngestError::Unreadable(sentence)) = content(zipped(&files)) else { panic!("must be refused") };
        assert!(sentence.contains(expected), "{sentence}");
    }
    let Err(IngestError::Unreadable(sentence)) = content(b"PK\x03\x04nothing".to_vec()) else { panic!() };
    assert!(sentence.contains("cannot be unpacked"), "{sentence}");
}

#[test]
fn damaged_data_is_the_fault_of_the_file() {
    let mut bytes = gzipped(TEXT.repeat(100).as_bytes());
    bytes.truncate(bytes.len() / 2);
    let error = io::copy(&mut content(bytes).unwrap().reader().unwrap(), &mut io::sink()).unwrap_err();
    assert!(error.get_ref().unwrap().is::<Damaged>());
}

#[test]
fn a_bomb_is_given_up() {
    let bomb = zstd::encode_all(io::repeat(b',').take(UNPACKED_MIN_BYTES * 2), 1).unwrap();
    assert!(bomb.len() < 1 << 20);
    let error = io::copy(&mut content(bomb).unwrap().reader().unwrap(), &mut io::sink()).unwrap_err();
    assert!(error.to_string().contains("times its size"));
}

fn content(bytes: Vec<u8>) -> Result<Content<impl Fn() -> Result<Bytes>>, IngestError> {
    Content::new(move || Ok(Box::new(Cursor::new(bytes.clone())) as Bytes), Arc::new(|_| ()))
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
