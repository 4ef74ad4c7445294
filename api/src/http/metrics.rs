//! The service in numbers, as Prometheus reads them (OpenMetrics 1.0): what was counted since the process began, and where
//! things stand at the moment of asking. They name routes and consumers, and nobody's data.

use std::fmt;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use processors::Attempts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::build_info::BuildInfo;

/// The media type of the answer.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Begins every name.
const PREFIX: &str = "datacore";

/// What is counted since the process began.
pub(crate) struct Metrics {
    counted: Registry,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// As it is declared, so that ids make no series of their own.
    route: String,
    status: u16,
}

impl Metrics {
    /// Counts requests, and tells of the attempts that consumers make.
    pub(crate) fn new(build: &BuildInfo, attempts: &Attempts) -> Self {
        // From half a millisecond to half a minute.
        let requests: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 3.0, 11)));
        let mut counted = Registry::with_prefix(PREFIX);
        counted.register("build", "The program", Info::new([("version", build.version), ("commit", build.commit)]));
        let help = "How long requests took until the head of the answer was sent";
        counted.register_with_unit("http_request_duration", help, Unit::Seconds, requests.clone());
        attempts.register(&mut counted);
        Self { counted, requests }
    }

    /// Counts a request that was answered.
    pub(crate) fn count(&self, method: &Method, route: Option<&MatchedPath>, status: StatusCode, took: Duration) {
        let route = route.map_or("none", MatchedPath::as_str).to_owned();
        let labels = RequestLabels { method: named(method), route, status: status.as_u16() };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Everything that was counted, and what is so now.
    ///
    /// # Errors
    /// Never in practice: it is written into memory.
    pub(crate) fn text(&self, gauges: &Gauges) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.counted)?;
        encode_registry(&mut text, &gauges.0)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// Where things stand at the moment of asking.
pub(crate) struct Gauges(Registry);

impl Default for Gauges {
    fn default() -> Self {
        Self(Registry::with_prefix(PREFIX))
    }
}

impl Gauges {
    /// Adds a number, unless it is not known.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.0.register(name, help, ConstGauge::new(number));
        }
    }

    /// Adds a number for each of several things.
    pub(crate) fn gauge_family(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        numbers: impl IntoIterator<Item = (String, u64)>,
    ) {
        let family = Family::<Vec<(String, String)>, Gauge>::default();
        for (thing, number) in numbers {
            family.get_or_create(&vec![(label.to_owned(), thing)]).set(number.cast_signed());
        }
        self.0.register(name, help, family);
    }
}

/// Clients may make methods up; those are one series.
fn named(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| method == name)
        .unwrap_or("other")
}
