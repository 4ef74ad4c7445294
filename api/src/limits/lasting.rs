//! How many answers that last, such as streams of events, a user has at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};

use domain::UserId;

use crate::lock;
use crate::problem::{Problem, RETRY_AFTER, TOO_MANY_REQUESTS};

/// Some for every open page.
const MAX: usize = 20;

/// The answers of every user that has some.
#[derive(Clone, Default)]
pub struct LastingAnswers(Arc<Mutex<HashMap<UserId, usize>>>);

/// An answer that lasts; it counts until this is dropped.
pub struct LastingAnswer {
    all: LastingAnswers,
    user: UserId,
}

impl LastingAnswers {
    /// Counts one more.
    ///
    /// # Errors
    /// 429.
    pub fn begin(&self, user: UserId) -> Result<LastingAnswer, Problem> {
        let mut counts = lock(&self.0);
        let count = counts.entry(user).or_default();
        if *count >= MAX {
            let detail = format!("You have {MAX} streams open; close one first.");
            return Err(TOO_MANY_REQUESTS.because(detail).with(RETRY_AFTER, 10));
        }
        *count += 1;
        Ok(LastingAnswer { all: self.clone(), user })
    }
}

impl Drop for LastingAnswer {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = lock(&self.all.0).entry(self.user) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
