//! Sends e-mail over SMTP.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tracing::warn;
use url::Url;
use uuid::Uuid;

use crate::lock::lock;

/// How long a server may take to answer a command.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// E-mails an hour to one address from one process. Addresses are not verified, so nobody may be flooded in another's name;
/// and nobody reads more.
const EMAILS_AN_HOUR: NonZero<u32> = NonZero::new(60).expect("it is not 0");

/// Writes to people.
#[derive(Clone)]
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    page: Option<Url>,
    limit: Arc<DefaultKeyedRateLimiter<String>>,
    /// E-mails that were counted and not taken by the server. They come again, and count once.
    waiting: Arc<Mutex<HashSet<Uuid>>>,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// In a few words.
    pub subject: String,
    /// In some sentences.
    pub text: String,
    /// The part of the page that shows more, such as `#/c/<customer>`.
    pub place: String,
}

impl Mailer {
    /// Will send from an address over a server: `smtps://user:password@host`, `smtp://host:587?tls=required`, or
    /// `smtp://host` without encryption. `page` is where people find the page, if that is known. Nothing is connected yet.
    ///
    /// # Errors
    /// Says in a sentence what is wrong with the URL or the address.
    pub fn new(server: &Url, from: &str, page: Option<Url>) -> Result<Self> {
        let is_safe =
            server.scheme() == "smtps" || server.query_pairs().any(|pair| pair == ("tls".into(), "required".into()));
        ensure!(
            is_safe || server.password().is_none(),
            "smtp_url would send its password unencrypted; begin it with smtps: or end it with ?tls=required"
        );
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.as_str())
            .context("smtp_url is no mail server, such as smtps://user:password@mail.example.com")?
            .timeout(Some(ANSWER_WITHIN))
            .build();
        let from = from.parse().with_context(|| format!("mail_from '{from}' is no e-mail address"))?;
        let limit = Arc::new(RateLimiter::keyed(Quota::per_hour(EMAILS_AN_HOUR)));
        Ok(Self { server, from, page, limit, waiting: Arc::default() })
    }

    /// Sends an e-mail, unless that address has got too many. `id` tells the recipient's mail program that one which
    /// comes twice is one.
    ///
    /// # Errors
    /// When the address is none, or the server does not take the e-mail.
    pub async fn send(&self, to: &str, id: Uuid, email: &Email) -> Result<()> {
        self.limit.retain_recent();
        let is_counted = lock(&self.waiting).remove(&id);
        if !is_counted && self.limit.check_key(&to.to_owned()).is_err() {
            warn!(%id, "somebody gets too many letters; this one is not sent");
            return Ok(());
        }
        let page = self.page.as_ref().map(|page| format!("\n\n{page}{}", email.place));
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().context("the e-mail address is none")?)
            .subject(&email.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}{}\n", email.text, page.unwrap_or_default()))
            .context("writing a letter")?;
        if let Err(error) = self.server.send(message).await {
            lock(&self.waiting).insert(id);
            return Err(error).context("the mail server did not take a letter");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_only_sent_encrypted() {
        let refused = |url: &str| Mailer::new(&url.parse().unwrap(), "DataCore <a@example.com>", None).err();
        assert!(refused("smtp://user:secret@example.com").unwrap().to_string().contains("unencrypted"));
        assert!(refused("smtp://user:secret@example.com:587?tls=required").is_none());
        assert!(refused("smtps://user:secret@example.com").is_none() && refused("smtp://localhost").is_none());
    }

    #[tokio::test]
    async fn says_what_is_wrong_with_a_setting() {
        let error = |url: &str, from: &str| Mailer::new(&url.parse().unwrap(), from, None).err().unwrap().to_string();
        assert!(error("http://example.com", "a@example.com").starts_with("smtp_url is no mail server"));
        assert_eq!(error("smtp://localhost", "nobody"), "mail_from 'nobody' is no e-mail address");
    }
}
