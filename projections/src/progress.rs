//! How far running work is. No fact: it lives in the cache, and losing it loses nothing.

use std::time::Duration;

use bytes::Bytes;
use domain::{ReportId, UploadId};
use serde::{Deserialize, Serialize};

use crate::Cache;

/// Work that says nothing for so long is taken for ended.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// How far running work is, seen from every process that shares the cache.
#[derive(Clone)]
pub struct Progress(Cache);

/// How much of an upload has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProgress {
    /// Bytes that were read.
    pub bytes_done: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
}

impl Progress {
    /// Progress that is kept in a cache.
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// How much of an upload has been read; none when nobody reads it.
    pub async fn upload(&self, upload: UploadId) -> Option<UploadProgress> {
        let json = self.0.get(&upload_key(upload)).await?;
        serde_json::from_slice(&json).ok()
    }

    /// Says how much of an upload has been read.
    pub async fn set_upload(&self, upload: UploadId, bytes_done: u64, bytes_total: u64) {
        if let Ok(json) = serde_json::to_vec(&UploadProgress { bytes_done, bytes_total }) {
            self.0.put(upload_key(upload), json.into(), LIFE).await;
        }
    }

    /// Says that nobody reads the upload any more.
    pub async fn end_upload(&self, upload: UploadId) {
        self.0.remove(&upload_key(upload)).await;
    }

    /// Whether a report is being made.
    pub async fn report_is_running(&self, report: ReportId) -> bool {
        self.0.get(&report_key(report)).await.is_some()
    }

    /// Says that a report is being made.
    pub async fn set_report_running(&self, report: ReportId) {
        self.0.put(report_key(report), Bytes::from_static(b"1"), LIFE).await;
    }

    /// Says that a report is no longer being made.
    pub async fn end_report(&self, report: ReportId) {
        self.0.remove(&report_key(report)).await;
    }
}

fn upload_key(upload: UploadId) -> String {
    format!("progress/upload/{upload}")
}

fn report_key(report: ReportId) -> String {
    format!("progress/report/{report}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shows_work_while_it_runs() {
        let progress = Progress::new(Cache::open(&"memory:".parse().unwrap()).unwrap());
        let (upload, report) = (UploadId::default(), ReportId::default());
        assert_eq!(progress.upload(upload).await, None);
        progress.set_upload(upload, 3, 10).await;
        progress.set_upload(upload, 5, 10).await;
        assert_eq!(progress.upload(upload).await, Some(UploadProgress { bytes_done: 5, bytes_total: 10 }));
        progress.end_upload(upload).await;
        assert_eq!(progress.upload(upload).await, None);

        assert!(!progress.report_is_running(report).await);
        progress.set_report_running(report).await;
        assert!(progress.report_is_running(report).await);
        progress.end_report(report).await;
        assert!(!progress.report_is_running(report).await);
    }
}
