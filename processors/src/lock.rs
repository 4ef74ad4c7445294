//! One way to lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic: what was done then has failed, and nobody uses what it left.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
