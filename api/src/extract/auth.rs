//! Who is asking, and what they may do. A handler that forgets this cannot name the customer.

use std::ops::Deref;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use commands::API_KEY_PREFIX;
use domain::{Actor, CustomerId, MemberRole, Metadata, UserId};
use uuid::Uuid;

use crate::app::App;
use crate::problem::{FORBIDDEN, NOT_FOUND, Problem, SIGN_IN_NEEDED, WRONG_ORIGIN};
use crate::request;

/// A person who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: Uuid,
}

/// A member of the customer in the path, or a program with one of its API keys.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The customer in the path.
    pub customer_id: CustomerId,
    /// The user who asks; for a program the one who created its key.
    pub user_id: UserId,
    /// Who asks, as events tell it.
    pub actor: Actor,
    /// What the user may do.
    pub role: MemberRole,
    /// The position that the views had reached by then.
    pub shown: u64,
}

impl SignedIn {
    /// The metadata of what the user causes, for a customer or for the user alone.
    pub fn metadata(&self, customer: Option<CustomerId>) -> Metadata {
        Metadata::of_request(Actor::User(self.user_id), customer, request::id())
    }
}

impl Member {
    /// The metadata of what the member causes.
    pub fn metadata(&self) -> Metadata {
        Metadata::of_request(self.actor, Some(self.customer_id), request::id())
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let user = match bearer(parts) {
            Some(token) if token.starts_with(API_KEY_PREFIX) => return Err(no_person(app, token).await?),
            Some(token) => by_token(app, token).await?,
            None => by_cookie(app, parts).await?,
        };
        app.limits.request(user.user_id)?;
        Ok(user)
    }
}

/// Why an API key, which must be a valid one, does not do where a person is needed.
async fn no_person(app: &App, token: &str) -> Result<Problem, Problem> {
    let known = app.commands.api_keys.find(token, request::now()).await?;
    known
        .map(|_| FORBIDDEN.because("An API key acts only within its customer; this needs a person."))
        .ok_or_else(unknown_key)
}

fn unknown_key() -> Problem {
    SIGN_IN_NEEDED.because("The API key is not valid, or no longer.")
}

async fn by_token(app: &App, token: &str) -> Result<SignedIn, Problem> {
    let refused =
        || SIGN_IN_NEEDED.because("The access token is not valid, or no longer. Sign in again or refresh it.");
    let (user_id, session_id) = app.tokens.check(token).ok_or_else(refused)?;
    match app.commands.sessions.is_open(session_id, request::now()).await? {
        Some(owner) if owner == user_id => Ok(SignedIn { user_id, session_id }),
        _ => Err(refused()),
    }
}

async fn by_cookie(app: &App, parts: &Parts) -> Result<SignedIn, Problem> {
    let nobody = || SIGN_IN_NEEDED.because("This needs someone who is signed in.");
    let token = cookie(parts, cookie_name(app)).ok_or_else(nobody)?;
    if !parts.method.is_safe() && !same_origin(parts) {
        return Err(WRONG_ORIGIN.because("The Origin header names another site."));
    }
    let session = app.commands.sessions.page_user(token, request::now()).await?;
    session.map(|(session_id, user_id)| SignedIn { user_id, session_id }).ok_or_else(nobody)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The name of the page's cookie: browsers tie `__Host-` to https and this host.
pub fn cookie_name(app: &App) -> &'static str {
    if app.is_https() { "__Host-datacore" } else { "datacore" }
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Browsers send `Origin` with every request that changes something; it must be this very host.
fn same_origin(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

impl FromRequestParts<App> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let nowhere = || NOT_FOUND.because("There is no such customer.");
        let key = bearer(parts).filter(|token| token.starts_with(API_KEY_PREFIX));
        let (program, person) = match key {
            Some(token) => (Some(by_api_key(app, token).await?), None),
            None => (None, Some(SignedIn::from_request_parts(parts, app).await?)),
        };
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| nowhere())?;
        let id = params.iter().find(|(name, _)| *name == "customer_id").map(|(_, value)| value);
        let customer_id: CustomerId = id.and_then(|id| id.parse().ok()).ok_or_else(nowhere)?;
        let Some(user_id) = person.map(|person| person.user_id) else {
            return program.filter(|program| program.customer_id == customer_id).ok_or_else(nowhere);
        };
        let membership = app.projections.views.membership(customer_id, user_id).await?;
        let (role, shown) = membership.ok_or_else(nowhere)?;
        Ok(Self { customer_id, user_id, actor: Actor::User(user_id), role, shown })
    }
}

/// What a program may do: the role of its key, at the customer of its key.
async fn by_api_key(app: &App, token: &str) -> Result<Member, Problem> {
    let found = app.commands.api_keys.find(token, request::now()).await?;
    let (key_id, customer_id) = found.ok_or_else(unknown_key)?;
    let shown = app.projections.views.checkpoint().await?;
    let row = app.projections.views.api_key(customer_id, key_id).await?.ok_or_else(unknown_key)?.body;
    app.limits.request(UserId(key_id.0))?;
    Ok(Member { customer_id, user_id: row.created_by, actor: Actor::ApiKey(key_id), role: row.role, shown })
}

macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident, $role:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(Member);

        impl Deref for $name {
            type Target = Member;

            fn deref(&self) -> &Member {
                &self.0
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let member = Member::from_request_parts(parts, app).await?;
                if member.role < $role {
                    return Err(FORBIDDEN.because(format!("Your role is {}; this needs {}.", member.role, $role)));
                }
                Ok(Self(member))
            }
        }
    };
}

at_least! {
    /// A member who may read.
    Viewer, MemberRole::Viewer
}
at_least! {
    /// A member who may also upload and ask for reports.
    Analyst, MemberRole::Analyst
}
at_least! {
    /// A member who may do everything.
    Owner, MemberRole::Owner
}
