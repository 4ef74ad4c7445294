//! How often somebody may ask. A bucket for each address or user fills up again evenly; who empties it is told when to
//! come again (429 with `Retry-After`), and everybody sees what is left (`RateLimit`, draft-ietf-httpapi-ratelimit-headers).

mod lasting;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::UserId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::problem::{Problem, RETRY_AFTER, TOO_MANY_REQUESTS, URI_TOO_LONG};
use crate::request;
use lasting::LastingAnswers;

pub use lasting::LastingAnswer;

/// Longest query of an address, in bytes.
const QUERY_MAX_BYTES: usize = 8_192;
/// How often buckets that are full again are forgotten, so that memory follows who came lately.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// Attempts to sign in to one account from one address: NIST SP 800-63B allows at most 100 in a row.
const ACCOUNT: (u32, u32) = (6, 100);
/// Attempts to sign in to one account from anywhere: high, because who tries can lock the owner out.
const ACCOUNT_ANYWHERE: (u32, u32) = (60, 1_000);

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Everybody at an address: an IPv4 address, or the /64 network of an IPv6 one.
    Address(IpAddr),
    /// A user, or what signs a user in.
    User(UserId),
    /// A user from one address.
    UserAt(UserId, IpAddr),
}

/// The buckets of every kind of request.
pub struct Limits {
    requests: Limit,
    sign_ins: Limit,
    account: Limit,
    account_anywhere: Limit,
    sign_ups: Limit,
    uploads: Limit,
    lasting: LastingAnswers,
}

impl Limits {
    /// The limits of a configuration; 0 turns one off.
    pub fn new(config: &Config) -> Self {
        let minute = |name, per_minute| Limit::new(name, per_minute, per_minute);
        let (account, anywhere) =
            if config.limit_sign_ins == 0 { ((0, 0), (0, 0)) } else { (ACCOUNT, ACCOUNT_ANYWHERE) };
        Self {
            requests: minute("requests", config.limit_requests),
            sign_ins: Limit::new("sign-ins", config.limit_sign_ins, config.limit_sign_ins.saturating_mul(3)),
            account: Limit::new("sign-ins-to-account", account.0, account.1),
            account_anywhere: Limit::new("sign-ins-to-account", anywhere.0, anywhere.1),
            sign_ups: minute("sign-ups", config.limit_sign_ups),
            uploads: minute("uploads", config.limit_uploads),
            lasting: LastingAnswers::default(),
        }
    }

    /// Counts any request of a user.
    ///
    /// # Errors
    /// 429; so for every method here.
    pub fn request(&self, user: UserId) -> Result<(), Problem> {
        self.requests.take(Whose::User(user))
    }

    /// Counts an attempt to sign in, before the password is looked at.
    ///
    /// # Errors
    /// 429.
    pub fn sign_in(&self, account: UserId) -> Result<(), Problem> {
        if let Some(address) = request::client() {
            self.sign_ins.take(Whose::Address(network(address)))?;
            self.account.take(Whose::UserAt(account, network(address)))?;
        }
        self.account_anywhere.take(Whose::User(account))
    }

    /// Counts a sign-up.
    ///
    /// # Errors
    /// 429.
    pub fn sign_up(&self) -> Result<(), Problem> {
        request::client().map_or(Ok(()), |address| self.sign_ups.take(Whose::Address(network(address))))
    }

    /// Counts an upload of a user.
    ///
    /// # Errors
    /// 429.
    pub fn upload(&self, user: UserId) -> Result<(), Problem> {
        self.uploads.take(Whose::User(user))
    }

    /// Counts an answer of a user that lasts, for as long as what this gives is kept.
    ///
    /// # Errors
    /// 429.
    pub fn lasting(&self, user: UserId) -> Result<LastingAnswer, Problem> {
        self.lasting.begin(user)
    }

    /// Forgets full buckets now and then, until the service ends.
    pub async fn forget(&self, shutdown: CancellationToken) {
        while tokio::time::timeout(FORGET_EVERY, shutdown.cancelled()).await.is_err() {
            self.all().for_each(Limit::forget);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Limit> {
        [&self.requests, &self.sign_ins, &self.account, &self.account_anywhere, &self.sign_ups, &self.uploads]
            .into_iter()
    }
}

/// Counts a request of its address, and refuses queries that nobody needs.
pub async fn guard(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Result<Response, Problem> {
    if request.uri().query().is_some_and(|query| query.len() > QUERY_MAX_BYTES) {
        return Err(URI_TOO_LONG.because(format!("A query may have at most {QUERY_MAX_BYTES} bytes.")));
    }
    if let Some(address) = request::client() {
        limits.requests.take(Whose::Address(network(address)))?;
    }
    Ok(next.run(request).await)
}

/// What is left of a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    name: &'static str,
    /// What the full bucket holds, and in how many seconds it fills up.
    quota: (u32, u64),
    remaining: u32,
    /// When it is full again, in seconds.
    full_in: u64,
}

impl Left {
    /// Whether less is left than of another one.
    pub fn is_tighter(&self, other: &Self) -> bool {
        let share = |left: &Self| f64::from(left.remaining) / f64::from(left.quota.0);
        share(self) < share(other)
    }

    /// The headers `RateLimit-Policy` and `RateLimit`.
    pub fn headers(&self) -> [String; 2] {
        let Self { name, quota: (quota, window), remaining, full_in } = self;
        [format!("\"{name}\";q={quota};w={window}"), format!("\"{name}\";r={remaining};t={full_in}")]
    }
}

type Buckets = RateLimiter<Whose, DashMapStateStore<Whose>, DefaultClock, StateInformationMiddleware>;

/// One kind of bucket.
struct Limit {
    name: &'static str,
    burst: u32,
    /// How long one more place takes.
    each: Duration,
    /// None when the limit is off.
    buckets: Option<Buckets>,
}

impl Limit {
    fn new(name: &'static str, per_minute: u32, burst: u32) -> Self {
        let quota = NonZeroU32::new(per_minute).zip(NonZeroU32::new(burst));
        let quota = quota.map(|(per_minute, burst)| Quota::per_minute(per_minute).allow_burst(burst));
        let each = quota.map(|quota| quota.replenish_interval()).unwrap_or_default();
        let buckets = quota.map(|quota| RateLimiter::dashmap(quota).with_middleware());
        Self { name, burst, each, buckets }
    }

    fn take(&self, whose: Whose) -> Result<(), Problem> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        match buckets.check_key(&whose) {
            Ok(state) => {
                request::mark_left(self.left(state.remaining_burst_capacity()));
                Ok(())
            }
            Err(until) => {
                request::mark_left(self.left(0));
                let wait = whole_seconds(until.wait_time_from(DefaultClock::default().now())).max(1);
                let detail = format!("Too many {}; come again in {wait} seconds.", self.name.replace('-', " "));
                Err(TOO_MANY_REQUESTS.because(detail).with(RETRY_AFTER, wait))
            }
        }
    }

    fn left(&self, remaining: u32) -> Left {
        let full_in = whole_seconds(self.each * (self.burst - remaining.min(self.burst)));
        Left { name: self.name, quota: (self.burst, whole_seconds(self.each * self.burst)), remaining, full_in }
    }

    fn forget(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Who has one IPv6 address has the whole /64 network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANA: Whose = Whose::User(UserId(Uuid::from_u128(1)));

    #[test]
    fn a_bucket_that_is_empty_says_when_to_come_again() {
        let limit = Limit::new("requests", 6, 2);
        assert!(limit.take(ANA).is_ok() && limit.take(ANA).is_ok());
        let problem = limit.take(ANA).unwrap_err();
        assert_eq!((problem.status, problem.facts[RETRY_AFTER].as_u64()), (429, Some(10)));
        assert!(limit.take(Whose::User(UserId(Uuid::from_u128(2)))).is_ok());
    }

    #[test]
    fn zero_turns_a_limit_off() {
        let limit = Limit::new("requests", 0, 0);
        assert!((0..10_000).all(|_| limit.take(ANA).is_ok()));
    }

    #[test]
    fn full_buckets_take_no_memory() {
        let limit = Limit::new("requests", 60_000_000, 1_000_000);
        for id in 0..1_000 {
            limit.take(Whose::User(UserId(Uuid::from_u128(id)))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
        limit.forget();
        assert_eq!(limit.buckets.unwrap().len(), 0);
    }

    #[test]
    fn what_is_left_is_told_in_the_form_of_the_draft() {
        let left = Limit::new("uploads", 60, 60).left(59);
        assert_eq!(left.headers(), ["\"uploads\";q=60;w=60", "\"uploads\";r=59;t=1"]);
        assert!(left.is_tighter(&Limit::new("requests", 60, 60).left(60)));
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let [one, other]: [IpAddr; 2] = ["2001:db8::1", "2001:db8::ffff:2"].map(|text| text.parse().unwrap());
        assert_eq!(network(one), network(other));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
