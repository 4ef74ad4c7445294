//! Where files are: at an address that their content and chance give, and that leads nowhere else.

use anyhow::{Result, ensure};
use domain::CustomerId;
use uuid::Uuid;

/// Where a new file of a content belongs.
pub(super) fn location(customer: CustomerId, sha256: &[u8; 32]) -> String {
    let digest: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{customer}/{digest}.{}", random_name())
}

pub(super) fn random_name() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Accepts nothing but what [`location`] gives: no way leads out of the place.
pub(super) fn check(location: &str) -> Result<()> {
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let valid = location.split_once('/').is_some_and(|(customer, name)| {
        let name = name.split_once('.').is_some_and(|(digest, random)| is_hex(digest, 64) && is_hex(random, 16));
        customer.parse::<Uuid>().is_ok_and(|id| id.to_string() == customer) && name
    });
    ensure!(valid, "'{location}' is not the location of a file");
    Ok(())
}
