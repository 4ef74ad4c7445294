//! A few seconds of looking: random bytes, random pieces of files, and changes to the kept corpus.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use url::Url;

use super::*;

/// What files are made of, and what breaks readers.
const PIECES: [&[u8]; 36] = [
    b",",
    b";",
    b"\t",
    b"|",
    b", ",
    b"||",
    b" ",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"\\\"",
    b"sep=;\n",
    b"Total",
    b"customer_id",
    b"date",
    b"quantity",
    b"1",
    b"0042",
    b"1,5",
    b"1.234,50",
    b"\xE2\x82\xAC 5",
    b"12%",
    b"03/04/2020",
    b"20200403",
    b"1291191960",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\x00",
    b"\xE9",
    b"\xC3\xA9",
    b"\x1F\x8B\x08",
    b"PK\x03\x04",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        table(&bytes);
    }

    #[test]
    fn any_pieces_of_files_are_read_or_refused(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..120)) {
        table(&pieces.concat());
    }

    #[test]
    fn what_was_found_interesting_is_read_or_refused_however_it_is_changed(bytes in changed(corpus())) {
        table(&bytes);
    }
}

#[tokio::test]
async fn what_was_found_interesting_is_made_a_dataset_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let frames = Frames::open(&Url::from_directory_path(folder.path()).unwrap()).await.unwrap();
    for bytes in corpus() {
        table(&bytes);
        upload(&frames, &bytes).await;
    }
}

/// A few seconds' worth of cases, always the same, so that what a change of the code breaks is seen with it. As many as the
/// environment says are always others.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if default.cases == 256 { ProptestConfig { cases: 1_500, rng_seed: RngSeed::Fixed(1), ..default } } else { default }
}

/// The inputs that are kept for the targets `table` and `upload`.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/fuzz/corpus/csv");
    let files = std::fs::read_dir(folder).unwrap();
    let mut corpus: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(corpus.len() > 20);
    corpus.sort();
    corpus
}

/// One of them with a few pieces put over its bytes or between them.
fn changed(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, piece), 1..6);
    (prop::sample::select(corpus), changes).prop_map(|(mut bytes, changes)| {
        for (at, length, piece) in changes {
            let begin = at.index(bytes.len() + 1);
            bytes.splice(begin..bytes.len().min(begin + length), piece);
        }
        bytes
    })
}
