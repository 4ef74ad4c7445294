//! People: signing up, their own data, leaving.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use commands::{SignIn, SignInKind, check_password};
use domain::{Customer, CustomerCommand, Encrypted, Patch, SubjectKey, User, UserCommand, UserId};
use projections::{Row, UserRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{IdempotencyKey, IfMatch, Json, Query, SignedIn, given};
use crate::http::problem::{NOT_FOUND, Problem, WRONG_CREDENTIALS};
use crate::http::request;
use crate::http::response::{Created, List, Paging, Tagged, cursor, encode_cursor, limit};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(me, change_me, erase_me))
        .routes(routes!(change_password))
        .routes(routes!(list_sign_ins))
}

/// A person who signs up.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// The address to sign in with.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// The full name.
    name: String,
    /// At least 8 characters.
    #[schema(format = "password", min_length = 8, max_length = 256)]
    password: String,
    phone_number: Option<String>,
}

/// A change to one's own data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileChanges {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone_number: Patch<String>,
}

/// A change of the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current_password: String,
    #[schema(format = "password", min_length = 8, max_length = 256)]
    new_password: String,
}

/// A user, with personal data opened.
#[derive(Serialize, ToSchema)]
struct UserBody {
    id: UserId,
    email: String,
    name: String,
    phone_number: Option<String>,
    created_at: DateTime<Utc>,
}

/// A sign-in or the like.
#[derive(Serialize, ToSchema)]
struct SignInBody {
    at: DateTime<Utc>,
    /// `signed_in`, `refused`, `signed_out`, `signed_out_everywhere`, `token_reused` or `password_changed`.
    kind: String,
    /// The address that the request came from.
    address: Option<String>,
}

/// Signs up.
///
/// Makes a person who can sign in. The personal data is stored encrypted. Whoever was invited by this address becomes a
/// member on signing up with it. A taken address answers 409 `/problems/email-taken`; a password that is short or
/// easily guessed answers 422.
#[utoipa::path(post, path = "/users", tag = "users", security(()),
    params(IdempotencyKey), request_body = NewUser,
    responses((status = 201, description = "The new user", body = UserBody)))]
async fn sign_up(
    State(app): State<App>,
    key: IdempotencyKey,
    Json(new): Json<NewUser>,
) -> Result<Created<UserBody>, Problem> {
    app.limits.sign_up()?;
    let email = checked_email(&new.email)?;
    let name = checked_line("name", &new.name)?;
    let phone = new.phone_number.as_deref().filter(|phone| !phone.trim().is_empty());
    let phone = phone.map(|phone| checked_line("phone_number", phone)).transpose()?;
    check_password(&new.password, &[&email, &name])?;
    let id = app.commands.service_keys.user_id(&email);
    let request = key.0.as_deref().map(|key| app.commands.service_keys.request_tag("-", key));
    let register = async {
        let key = app.commands.subject_keys.create().await?;
        let command = UserCommand::RegisterUser {
            email: app.commands.subject_keys.encrypt(&key, &email),
            name: app.commands.subject_keys.encrypt(&key, &name),
            phone_number: phone.as_deref().map(|phone| app.commands.subject_keys.encrypt(&key, phone)),
            credential_id: app.commands.credentials.create(&new.password).await?,
            request,
        };
        let metadata = SignedIn { user_id: id, session_id: request::id() }.metadata(None);
        app.execute::<User>(id.0, command, &metadata).await?;
        user(&app, id).await
    };
    let resource = app.idempotent(None, key.0.as_deref(), &new, register).await?;
    Ok(Created { location: "/api/v1/users/me".into(), resource })
}

/// Shows the user who is signed in.
///
/// With the personal data, which only the user and the members of the same customers see.
#[utoipa::path(get, path = "/users/me", tag = "users", security(("bearer" = ["user"])),
    responses((status = 200, description = "The user", body = UserBody)))]
async fn me(State(app): State<App>, user_: SignedIn) -> Result<Tagged<UserBody>, Problem> {
    user(&app, user_.user_id).await
}

/// Changes name or phone number.
///
/// What is left out stays as it is; `null` removes the phone number.
#[utoipa::path(patch, path = "/users/me", tag = "users", security(("bearer" = ["user"])),
    params(IfMatch), request_body = ProfileChanges,
    responses((status = 200, description = "The user after the change", body = UserBody)))]
async fn change_me(
    State(app): State<App>,
    caller: SignedIn,
    seen: IfMatch,
    Json(changes): Json<ProfileChanges>,
) -> Result<Tagged<UserBody>, Problem> {
    let row = row(&app, caller.user_id).await?;
    seen.check(row.version)?;
    let key = app.commands.subject_keys.key(row.body.email.key_id).await?;
    let key = key.ok_or_else(|| NOT_FOUND.with_detail("There is no such user."))?;
    let name = changes.name.map(|name| seal(&app, &key, "name", &name)).transpose()?;
    let phone_number = match changes.phone_number {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(phone) => Some(Some(seal(&app, &key, "phone_number", &phone)?)),
    };
    if name.is_some() || phone_number.is_some() {
        let command = UserCommand::ChangeProfile { name, phone_number };
        app.execute::<User>(caller.user_id.0, command, &caller.metadata(None)).await?;
    }
    user(&app, caller.user_id).await
}

/// Changes the password.
///
/// Ends the user's other sessions. A wrong current password answers 401 `/problems/wrong-credentials`, and its attempts
/// are limited like those of signing in. A new password that is short or easily guessed answers 422.
#[utoipa::path(post, path = "/users/me/password", tag = "users", security(("bearer" = ["user"])),
    request_body = NewPassword,
    responses((status = 204, description = "The password is changed")))]
async fn change_password(
    State(app): State<App>,
    caller: SignedIn,
    Json(passwords): Json<NewPassword>,
) -> Result<StatusCode, Problem> {
    app.limits.sign_in(caller.user_id)?;
    let user = app.commands.store.load::<User>(caller.user_id.0).await?.aggregate;
    let credential = user.registration().map(|user| user.credential_id);
    if !app.commands.credentials.verify(credential, &passwords.current_password).await? {
        return Err(WRONG_CREDENTIALS.with_detail("The current password is wrong."));
    }
    let UserBody { email, name, .. } = self::user(&app, caller.user_id).await?.body;
    check_password(&passwords.new_password, &[&email, &name])
        .map_err(|invalid| Problem::field("/new_password", invalid.reason))?;
    let credential_id = app.commands.credentials.create(&passwords.new_password).await?;
    let command = UserCommand::ChangePassword { credential_id };
    app.execute::<User>(caller.user_id.0, command, &caller.metadata(None)).await?;
    app.commands.sessions.end_others(caller.user_id, caller.session_id, request::now()).await?;
    app.record_sign_in(caller.user_id, SignInKind::PasswordChanged);
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the user's sign-ins, newest first.
///
/// Also refused attempts, sign-outs, refresh tokens that came twice, and changes of the password: the last 200 of at
/// most 90 days.
#[utoipa::path(get, path = "/users/me/sign-ins", tag = "users", security(("bearer" = ["user"])),
    params(Paging),
    responses((status = 200, description = "A page of the list", body = List<SignInBody>)))]
async fn list_sign_ins(
    State(app): State<App>,
    caller: SignedIn,
    Query(paging): Query<Paging>,
) -> Result<List<SignInBody>, Problem> {
    let (before, limit) = (cursor(paging.cursor.as_deref())?, limit(paging.limit)?);
    let mut entries = app.commands.sign_ins.of(caller.user_id, before, limit + 1).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|(id, _)| encode_cursor(*id));
    let body = |(_, SignIn { at, kind, address })| SignInBody { at, kind: kind.to_string(), address };
    Ok(List { items: entries.into_iter().map(body).collect(), next })
}

/// Leaves: memberships end, personal data is erased for good.
///
/// All sessions end too. It cannot be undone: the key that the personal data is encrypted with is destroyed. The last
/// owner of a customer gets 409 `/problems/last-owner`.
#[utoipa::path(delete, path = "/users/me", tag = "users", security(("bearer" = ["user"])),
    responses((status = 204, description = "The user is gone")))]
async fn erase_me(State(app): State<App>, caller: SignedIn) -> Result<StatusCode, Problem> {
    for customer_id in app.projections.views.customer_ids_of(caller.user_id).await? {
        let command = CustomerCommand::RemoveMember { user_id: caller.user_id, expected_version: None };
        app.execute::<Customer>(customer_id.0, command, &caller.metadata(Some(customer_id))).await?;
    }
    app.execute::<User>(caller.user_id.0, UserCommand::EraseUser, &caller.metadata(None)).await?;
    app.commands.sessions.end_all(caller.user_id).await?;
    app.commands.sign_ins.forget(caller.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user(app: &App, id: UserId) -> Result<Tagged<UserBody>, Problem> {
    let Row { body, version, .. } = row(app, id).await?;
    let gone = || NOT_FOUND.with_detail("There is no such user.");
    let body = UserBody {
        id,
        email: app.commands.subject_keys.decrypt(&body.email).await?.ok_or_else(gone)?,
        name: app.commands.subject_keys.decrypt(&body.name).await?.ok_or_else(gone)?,
        phone_number: match &body.phone_number {
            Some(phone) => app.commands.subject_keys.decrypt(phone).await?,
            None => None,
        },
        created_at: body.created_at,
    };
    Ok(Tagged { body, version: Some(version) })
}

async fn row(app: &App, id: UserId) -> Result<Row<UserRow>, Problem> {
    app.projections.views.user(id).await?.ok_or_else(|| NOT_FOUND.with_detail("There is no such user."))
}

fn seal(app: &App, key: &SubjectKey, field: &'static str, text: &str) -> Result<Encrypted, Problem> {
    Ok(app.commands.subject_keys.encrypt(key, &checked_line(field, text)?))
}

/// Sealed fields are checked here because the domain cannot see into them.
fn checked_line(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Problem::field(format!("/{field}"), "must have 1 to 200 characters, no control characters"));
    }
    Ok(text.to_owned())
}

pub(super) fn checked_email(text: &str) -> Result<String, Problem> {
    let email = text.trim();
    let plausible = email.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.contains('@') && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    if !plausible || email.len() > 254 || email.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err(Problem::field("/email", "must be an e-mail address, such as ana@example.com"));
    }
    Ok(email.to_owned())
}
