//! Who is asking, and what they may do. A handler that forgets this cannot name the customer.

use std::ops::Deref;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use commands::API_KEY_PREFIX;
use domain::{Actor, ApiKeyId, CustomerId, MemberRole, Metadata, UserId};
use uuid::Uuid;

use crate::app::App;
use crate::http::problem::{FORBIDDEN, NOT_FOUND, Problem, SIGN_IN_NEEDED, WRONG_ORIGIN};
use crate::http::request;

/// A person who is signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedIn {
    /// The user.
    pub(crate) user_id: UserId,
    /// The session.
    pub(crate) session_id: Uuid,
}

/// A member of the customer in the path, or a program with one of its API keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// The customer in the path.
    pub(crate) customer_id: CustomerId,
    /// The user who asks; for a program the one who created its key.
    pub(crate) user_id: UserId,
    /// Who asks, as events tell it.
    pub(crate) actor: Actor,
    /// What the user may do.
    pub(crate) role: MemberRole,
    /// The position that the views had reached by then.
    pub(crate) views_position: u64,
}

impl SignedIn {
    /// The metadata of what the user causes, for a customer or for the user alone.
    pub(crate) fn metadata(&self, customer: Option<CustomerId>) -> Metadata {
        Metadata::of_request(Actor::User(self.user_id), customer, request::id())
    }
}

impl Member {
    /// The metadata of what the member causes.
    pub(crate) fn metadata(&self) -> Metadata {
        Metadata::of_request(self.actor, Some(self.customer_id), request::id())
    }

    /// Looks again at who asks, for an answer that takes long: the session may have ended, or the membership.
    ///
    /// # Errors
    /// As for a new request with the same head.
    pub(crate) async fn again(&self, parts: &Parts, app: &App) -> Result<Self, Problem> {
        Caller::of(parts, app).await?.at(self.customer_id, app).await
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Caller::counted(parts, app).await? {
            Caller::Person(person) => Ok(person),
            Caller::Program { .. } => {
                Err(FORBIDDEN.with_detail("An API key acts only within its customer; this needs a person."))
            }
        }
    }
}

/// Whose credentials a request has.
enum Caller {
    Person(SignedIn),
    Program { key_id: ApiKeyId, customer_id: CustomerId },
}

impl Caller {
    async fn of(parts: &Parts, app: &App) -> Result<Self, Problem> {
        match bearer(parts) {
            Some(token) if token.starts_with(API_KEY_PREFIX) => by_api_key(app, token).await,
            Some(token) => by_token(app, token).await.map(Self::Person),
            None => by_cookie(app, parts).await.map(Self::Person),
        }
    }

    async fn counted(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let caller = Self::of(parts, app).await?;
        app.limits.request(match caller {
            Self::Person(person) => person.user_id,
            Self::Program { key_id, .. } => UserId(key_id.0),
        })?;
        Ok(caller)
    }

    /// What the caller may do at a customer.
    async fn at(self, customer_id: CustomerId, app: &App) -> Result<Member, Problem> {
        let views = &app.projections.views;
        match self {
            Self::Person(SignedIn { user_id, .. }) => {
                let (role, views_position) = views.membership(customer_id, user_id).await?.ok_or_else(nowhere)?;
                Ok(Member { customer_id, user_id, actor: Actor::User(user_id), role, views_position })
            }
            Self::Program { customer_id: own, .. } if own != customer_id => Err(nowhere()),
            Self::Program { key_id, .. } => {
                let views_position = views.checkpoint().await?;
                let row = views.api_key(customer_id, key_id).await?.ok_or_else(unknown_key)?.body;
                let actor = Actor::ApiKey(key_id);
                Ok(Member { customer_id, user_id: row.created_by, actor, role: row.role, views_position })
            }
        }
    }
}

fn nowhere() -> Problem {
    NOT_FOUND.with_detail("There is no such customer.")
}

fn unknown_key() -> Problem {
    SIGN_IN_NEEDED.with_detail("The API key is not valid, or no longer.")
}

async fn by_api_key(app: &App, token: &str) -> Result<Caller, Problem> {
    let found = app.commands.api_keys.find(token, request::now()).await?;
    let (key_id, customer_id) = found.ok_or_else(unknown_key)?;
    Ok(Caller::Program { key_id, customer_id })
}

async fn by_token(app: &App, token: &str) -> Result<SignedIn, Problem> {
    let refused =
        || SIGN_IN_NEEDED.with_detail("The access token is not valid, or no longer. Sign in again or refresh it.");
    let (user_id, session_id) = app.tokens.check(token).ok_or_else(refused)?;
    match app.commands.sessions.is_open(session_id, request::now()).await? {
        Some(owner) if owner == user_id => Ok(SignedIn { user_id, session_id }),
        _ => Err(refused()),
    }
}

async fn by_cookie(app: &App, parts: &Parts) -> Result<SignedIn, Problem> {
    let nobody = || SIGN_IN_NEEDED.with_detail("This needs someone who is signed in.");
    let token = cookie(parts, cookie_name(app)).ok_or_else(nobody)?;
    if !parts.method.is_safe() && !same_origin(parts) {
        return Err(WRONG_ORIGIN.with_detail("The Origin header names another site."));
    }
    let session = app.commands.sessions.page_user(token, request::now()).await?;
    session.map(|(session_id, user_id)| SignedIn { user_id, session_id }).ok_or_else(nobody)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The name of the page's cookie: browsers tie `__Host-` to https and this host.
pub(crate) fn cookie_name(app: &App) -> &'static str {
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
        let caller = Caller::counted(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| nowhere())?;
        let id = params.iter().find(|(name, _)| *name == "customer_id").map(|(_, value)| value);
        caller.at(id.and_then(|id| id.parse().ok()).ok_or_else(nowhere)?, app).await
    }
}

macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident, $role:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name(Member);

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
                    return Err(FORBIDDEN.with_detail(format!("Your role is {}; this needs {}.", member.role, $role)));
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
