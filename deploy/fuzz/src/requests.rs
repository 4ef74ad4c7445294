//! The whole service in one process, asked one request at a time.
#![no_main]

use std::sync::LazyLock;

use datacore::fuzz::Service;
use tokio::runtime::Runtime;

static SERVICE: LazyLock<(Runtime, Service)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let service = runtime.block_on(Service::start());
    (runtime, service)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| SERVICE.0.block_on(SERVICE.1.ask(bytes)));
