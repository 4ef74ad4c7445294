//! Token buckets: each key has one, which fills up again evenly.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use domain::UserId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::http::problem::{Problem, RETRY_AFTER, TOO_MANY_REQUESTS};
use crate::http::request::{self, Remaining};

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RateKey {
    /// Everybody at an address: an IPv4 address, or the /64 network of an IPv6 one.
    Address(IpAddr),
    /// A user, or what signs a user in.
    User(UserId),
    /// A user from one address.
    UserAt(UserId, IpAddr),
}

type Buckets = RateLimiter<RateKey, DashMapStateStore<RateKey>, DefaultClock, StateInformationMiddleware>;

/// The buckets of one kind of request.
pub(super) struct TokenBuckets {
    name: &'static str,
    burst: u32,
    /// How long one more place takes.
    each: Duration,
    /// None when the limit is off.
    buckets: Option<Buckets>,
}

impl TokenBuckets {
    pub(super) fn new(name: &'static str, per_minute: u32, burst: u32) -> Self {
        let quota = NonZeroU32::new(per_minute).zip(NonZeroU32::new(burst));
        let quota = quota.map(|(per_minute, burst)| Quota::per_minute(per_minute).allow_burst(burst));
        let each = quota.map(|quota| quota.replenish_interval()).unwrap_or_default();
        let buckets = quota.map(|quota| RateLimiter::dashmap(quota).with_middleware());
        Self { name, burst, each, buckets }
    }

    pub(super) fn take(&self, key: RateKey) -> Result<(), Problem> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        match buckets.check_key(&key) {
            Ok(state) => {
                request::mark_remaining(self.remaining(state.remaining_burst_capacity()));
                Ok(())
            }
            Err(until) => {
                request::mark_remaining(self.remaining(0));
                let wait = whole_seconds(until.wait_time_from(DefaultClock::default().now())).max(1);
                let detail = format!("Too many {}; come again in {wait} seconds.", self.name.replace('-', " "));
                Err(TOO_MANY_REQUESTS.with_detail(detail).with(RETRY_AFTER, wait))
            }
        }
    }

    fn remaining(&self, remaining: u32) -> Remaining {
        let full_in = whole_seconds(self.each * (self.burst - remaining.min(self.burst)));
        Remaining { name: self.name, quota: (self.burst, whole_seconds(self.each * self.burst)), remaining, full_in }
    }

    /// Forgets full buckets.
    pub(super) fn forget(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANA: RateKey = RateKey::User(UserId(Uuid::from_u128(1)));

    #[test]
    fn a_bucket_that_is_empty_says_when_to_come_again() {
        let limit = TokenBuckets::new("requests", 6, 2);
        assert!(limit.take(ANA).is_ok() && limit.take(ANA).is_ok());
        let problem = limit.take(ANA).unwrap_err();
        assert_eq!((problem.status, problem.facts[RETRY_AFTER].as_u64()), (429, Some(10)));
        assert!(limit.take(RateKey::User(UserId(Uuid::from_u128(2)))).is_ok());
    }

    #[test]
    fn zero_turns_a_limit_off() {
        let limit = TokenBuckets::new("requests", 0, 0);
        assert!((0..10_000).all(|_| limit.take(ANA).is_ok()));
    }

    #[test]
    fn full_buckets_take_no_memory() {
        let limit = TokenBuckets::new("requests", 60_000_000, 1_000_000);
        for id in 0..1_000 {
            limit.take(RateKey::User(UserId(Uuid::from_u128(id)))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
        limit.forget();
        assert_eq!(limit.buckets.unwrap().len(), 0);
    }

    #[test]
    fn what_is_left_is_told_in_the_form_of_the_draft() {
        let remaining = TokenBuckets::new("uploads", 60, 60).remaining(59);
        assert_eq!(remaining.headers(), ["\"uploads\";q=60;w=60", "\"uploads\";r=59;t=1"]);
        assert!(remaining.is_tighter(&TokenBuckets::new("requests", 60, 60).remaining(60)));
    }
}
