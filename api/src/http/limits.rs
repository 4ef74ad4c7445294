//! How often somebody may ask. A bucket for each address or user fills up again evenly; who empties it is told when to
//! come again (429 with `Retry-After`), and everybody sees what is left (`RateLimit`, draft-ietf-httpapi-ratelimit-headers).

pub(crate) mod stream_limit;
mod token_bucket;

use std::net::IpAddr;
use std::time::Duration;

use domain::UserId;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::http::problem::Problem;
use crate::http::request;
use stream_limit::{OpenStream, StreamLimit};
use token_bucket::{RateKey, TokenBuckets};

/// How often buckets that are full again are forgotten, so that memory follows who came lately.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// Attempts to sign in to one account from one address: NIST SP 800-63B allows at most 100 in a row.
const ACCOUNT: (u32, u32) = (6, 100);
/// Attempts to sign in to one account from anywhere: high, because who tries can lock the owner out.
const ACCOUNT_ANYWHERE: (u32, u32) = (60, 1_000);

/// The buckets of every kind of request.
pub(crate) struct Limits {
    requests: TokenBuckets,
    sign_ins: TokenBuckets,
    account: TokenBuckets,
    account_anywhere: TokenBuckets,
    sign_ups: TokenBuckets,
    uploads: TokenBuckets,
    streams: StreamLimit,
}

impl Limits {
    /// The limits of a configuration; 0 turns one off.
    pub(crate) fn new(config: &Config) -> Self {
        let minute = |name, per_minute| TokenBuckets::new(name, per_minute, per_minute);
        let (account, anywhere) =
            if config.limit_sign_ins == 0 { ((0, 0), (0, 0)) } else { (ACCOUNT, ACCOUNT_ANYWHERE) };
        Self {
            requests: minute("requests", config.limit_requests),
            sign_ins: TokenBuckets::new("sign-ins", config.limit_sign_ins, config.limit_sign_ins.saturating_mul(3)),
            account: TokenBuckets::new("sign-ins-to-account", account.0, account.1),
            account_anywhere: TokenBuckets::new("sign-ins-to-account", anywhere.0, anywhere.1),
            sign_ups: minute("sign-ups", config.limit_sign_ups),
            uploads: minute("uploads", config.limit_uploads),
            streams: StreamLimit::default(),
        }
    }

    /// Counts any request at the address that it came from, whoever makes it.
    ///
    /// # Errors
    /// 429; so for every method here.
    pub(crate) fn request_from_address(&self) -> Result<(), Problem> {
        request::client().map_or(Ok(()), |address| self.requests.take(RateKey::Address(network(address))))
    }

    /// Counts any request of a user.
    ///
    /// # Errors
    /// 429; so for every method here.
    pub(crate) fn request(&self, user: UserId) -> Result<(), Problem> {
        self.requests.take(RateKey::User(user))
    }

    /// Counts an attempt to sign in, before the password is looked at.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn sign_in(&self, account: UserId) -> Result<(), Problem> {
        if let Some(address) = request::client() {
            self.sign_ins.take(RateKey::Address(network(address)))?;
            self.account.take(RateKey::UserAt(account, network(address)))?;
        }
        self.account_anywhere.take(RateKey::User(account))
    }

    /// Counts a sign-up.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn sign_up(&self) -> Result<(), Problem> {
        request::client().map_or(Ok(()), |address| self.sign_ups.take(RateKey::Address(network(address))))
    }

    /// Counts an upload of a user.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn upload(&self, user: UserId) -> Result<(), Problem> {
        self.uploads.take(RateKey::User(user))
    }

    /// Counts a stream that is sent to a user, for as long as what this gives is kept.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn stream(&self, user: UserId) -> Result<OpenStream, Problem> {
        self.streams.open(user)
    }

    /// Forgets full buckets now and then, until the service ends.
    pub(crate) async fn forget(&self, shutdown: CancellationToken) {
        while tokio::time::timeout(FORGET_EVERY, shutdown.cancelled()).await.is_err() {
            self.all().for_each(TokenBuckets::forget);
        }
    }

    fn all(&self) -> impl Iterator<Item = &TokenBuckets> {
        [&self.requests, &self.sign_ins, &self.account, &self.account_anywhere, &self.sign_ups, &self.uploads]
            .into_iter()
    }
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
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_address() {
        let [a, b]: [IpAddr; 2] = ["2001:db8::1", "2001:db8::ffff:2"].map(|text| text.parse().unwrap());
        assert_eq!(network(a), network(b));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
