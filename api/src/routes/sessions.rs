//! Signing in and out.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use chrono::{DateTime, Utc};
use commands::{RefreshError, Session, SignInKind};
use domain::{User, UserId};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::http::extract::{Json, SignedIn, cookie_name};
use crate::http::problem::{Problem, SIGN_IN_NEEDED, WRONG_CREDENTIALS};
use crate::http::request;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(refresh))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(sign_in_page))
}

/// E-mail address and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
struct PasswordSignIn {
    email: String,
    #[schema(format = "password")]
    password: String,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

/// What a client needs to act for the user.
#[derive(Serialize, ToSchema)]
struct SessionBody {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// When the access token ends.
    expires_in: i64,
    /// Good for one refresh; each gives a new one.
    refresh_token: String,
    /// When the session ends unless it is refreshed.
    session_expires_at: DateTime<Utc>,
}

type NotCached<T> = (AppendHeaders<[(axum::http::HeaderName, &'static str); 1]>, T);

/// Signs in.
///
/// Gives an access token for the header `Authorization`, which is good for some minutes, and a refresh token to
/// exchange for new ones. An unknown address and a wrong password get the same answer after the same time.
#[utoipa::path(post, path = "/sessions", tag = "sessions", security(()),
    request_body = PasswordSignIn,
    responses((status = 200, description = "The tokens of a new session", body = SessionBody)))]
async fn sign_in(
    State(app): State<App>,
    Json(given): Json<PasswordSignIn>,
) -> Result<NotCached<axum::Json<SessionBody>>, Problem> {
    let user = checked(&app, &given).await?;
    let session = app.commands.sessions.open(user, request::now()).await?;
    opened(&app, user, session)
}

/// Exchanges a refresh token for new tokens.
///
/// A refresh token is good for one exchange. One that was used before ends its whole session, because somebody else may
/// have it.
#[utoipa::path(post, path = "/sessions/refresh", tag = "sessions", security(()),
    request_body = Refresh,
    responses((status = 200, description = "New tokens of the same session", body = SessionBody)))]
async fn refresh(
    State(app): State<App>,
    Json(given): Json<Refresh>,
) -> Result<NotCached<axum::Json<SessionBody>>, Problem> {
    match app.commands.sessions.refresh(&given.refresh_token, request::now()).await {
        Ok((user, session)) => opened(&app, user, session),
        Err(RefreshError::Unknown) => Err(SIGN_IN_NEEDED.with_detail("The refresh token is not valid, or no longer.")),
        Err(RefreshError::Reused(user)) => {
            app.record_sign_in(user, SignInKind::TokenReused);
            Err(SIGN_IN_NEEDED
                .with_detail("The refresh token was used before, so its session was ended. Sign in again."))
        }
        Err(RefreshError::Failed(error)) => Err(error.into()),
    }
}

/// Signs out.
///
/// The session's tokens are worth nothing from now on, and a browser drops the page's cookie.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", security(("bearer" = ["user"])),
    responses((status = 204, description = "The session has ended")))]
async fn sign_out(State(app): State<App>, user: SignedIn) -> Result<impl IntoResponse, Problem> {
    app.commands.sessions.end(user.session_id, request::now()).await?;
    app.record_sign_in(user.user_id, SignInKind::SignedOut);
    Ok((StatusCode::NO_CONTENT, cookie(&app, "", 0)?))
}

/// Signs out everywhere.
///
/// All sessions of the user end, this one too.
#[utoipa::path(delete, path = "/sessions", tag = "sessions", security(("bearer" = ["user"])),
    responses((status = 204, description = "All sessions have ended")))]
async fn sign_out_everywhere(State(app): State<App>, user: SignedIn) -> Result<impl IntoResponse, Problem> {
    app.commands.sessions.end_all(user.user_id).await?;
    app.record_sign_in(user.user_id, SignInKind::SignedOutEverywhere);
    Ok((StatusCode::NO_CONTENT, cookie(&app, "", 0)?))
}

/// Signs the page in.
///
/// For DataCore's own page: the session is a cookie that scripts cannot read. A program signs in with `POST
/// /api/v1/sessions`, or has an API key.
#[utoipa::path(post, path = "/sessions/page", tag = "sessions", security(()),
    request_body = PasswordSignIn,
    responses((status = 204, description = "Signed in; the answer sets the cookie")))]
async fn sign_in_page(State(app): State<App>, Json(given): Json<PasswordSignIn>) -> Result<impl IntoResponse, Problem> {
    let user = checked(&app, &given).await?;
    let session = app.commands.sessions.open_page(user, request::now()).await?;
    let life = session.expires_at - request::now();
    Ok((StatusCode::NO_CONTENT, cookie(&app, &session.token, life.num_seconds())?))
}

/// When a refusal is answered at the earliest. Known and unknown addresses take the same steps; what little they still
/// differ by, such as the size of a row, is over by then.
const REFUSED_AFTER: Duration = Duration::from_millis(50);
/// Whose attempts are noted when there is no such user.
const NOBODY: UserId = UserId(Uuid::nil());

/// The user, when the password is right. An unknown e-mail costs the same time and gets the same answer.
async fn checked(app: &App, given: &PasswordSignIn) -> Result<UserId, Problem> {
    let answered = Instant::now() + REFUSED_AFTER;
    let id = app.commands.service_keys.user_id(&given.email);
    app.limits.sign_in(id)?;
    let user = app.commands.store.load::<User>(id.0).await?.aggregate;
    let credential = user.registration().map(|user| user.credential_id);
    let right = app.commands.credentials.verify(credential, &given.password).await?;
    let noted = credential.map_or(NOBODY, |_| id);
    app.record_sign_in(noted, if right { SignInKind::SignedIn } else { SignInKind::Refused });
    if !right {
        sleep_until(answered).await;
        return Err(WRONG_CREDENTIALS.with_detail("The e-mail address or the password is wrong."));
    }
    Ok(id)
}

fn opened(app: &App, user: UserId, session: Session) -> Result<NotCached<axum::Json<SessionBody>>, Problem> {
    let (access_token, expires_in) = app.tokens.issue(user, session.id, request::now())?;
    let body = SessionBody {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: session.token,
        session_expires_at: session.expires_at,
    };
    Ok((AppendHeaders([(CACHE_CONTROL, "no-store")]), axum::Json(body)))
}

fn cookie(app: &App, token: &str, seconds: i64) -> Result<HeaderMap, Problem> {
    let secure = if app.is_https() { "; Secure" } else { "" };
    let text = format!("{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", cookie_name(app));
    let value = HeaderValue::from_str(&text).map_err(anyhow::Error::from)?;
    Ok(HeaderMap::from_iter([(SET_COOKIE, value)]))
}
