//! How many streams of events a user has open at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};

use domain::UserId;

use crate::http::problem::{Problem, RETRY_AFTER, TOO_MANY_REQUESTS};
use crate::lock::lock;

/// Some for every open page.
const MAX_STREAMS: usize = 20;

/// The number of open streams of every user that has some.
#[derive(Clone, Default)]
pub(crate) struct StreamLimit(Arc<Mutex<HashMap<UserId, usize>>>);

/// A stream that is open; it counts until this is dropped.
pub(crate) struct OpenStream {
    all: StreamLimit,
    user: UserId,
}

impl StreamLimit {
    /// Counts one more.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn open(&self, user: UserId) -> Result<OpenStream, Problem> {
        let mut counts = lock(&self.0);
        let count = counts.entry(user).or_default();
        if *count >= MAX_STREAMS {
            let detail = format!("You have {MAX_STREAMS} streams open; close one first.");
            return Err(TOO_MANY_REQUESTS.with_detail(detail).with(RETRY_AFTER, 10));
        }
        *count += 1;
        Ok(OpenStream { all: self.clone(), user })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = lock(&self.all.0).entry(self.user) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
