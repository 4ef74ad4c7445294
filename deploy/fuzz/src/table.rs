//! Detection and reading of a file in memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| processors::ingestion::fuzz::table(bytes));
