//! Which keys a service secret gives, and how its file is kept.

use super::*;
use crate::keys::secret_file::rotate_secret_file;

#[test]
fn refuses_a_short_secret() {
    let error = ServiceKeys::new("hunter2").unwrap_err();
    assert_eq!(error.to_string(), "the secret key has 7 characters; it needs at least 32, drawn at random");
}

#[test]
fn an_email_address_is_one_user_however_it_is_spelled() {
    let ana = keys_of('a').user_id("ana@example.com");
    assert_eq!(keys_of('a').user_id(" Ana@Example.COM "), ana);
    assert_ne!(keys_of('a').user_id("ane@example.com"), ana);
    assert_ne!(keys_of('b').user_id("ana@example.com"), ana);
}

#[test]
fn every_purpose_has_a_key_of_its_own() {
    let ServiceKeys { current, data, .. } = keys_of('a');
    let RotatingKeys { access_token, wrapping, check, root } = current;
    let DataKeys { email, session_token, request, api_key } = data;
    let keys = [access_token, wrapping, check, root, email, session_token, request, api_key];
    assert_eq!(std::collections::BTreeSet::from(keys).len(), 8);
}

#[test]
fn keys_never_change() {
    let ana = keys_of('a').user_id("ana@example.com");
    assert_eq!(ana.to_string(), "313d129b-78b9-583f-a3b1-278457043d22");
}

#[test]
fn tells_nothing_when_it_is_printed() {
    assert_eq!(format!("{:?}", keys_of('a')), "ServiceKeys { .. }");
}

#[test]
fn parts_of_a_request_cannot_be_shifted() {
    assert_ne!(keys_of('a').request_tag("ab", "c"), keys_of('a').request_tag("a", "bc"));
}

#[cfg(unix)]
#[test]
fn a_created_secret_is_kept_and_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let created = ServiceKeys::load_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(ServiceKeys::load_or_create(&path).unwrap().token_keys(), created.token_keys());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn all_who_create_a_secret_at_once_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let create = || ServiceKeys::load_or_create(&path).unwrap().token_keys();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_rotated_file_keeps_the_old_secret_as_the_previous_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let old = ServiceKeys::load_or_create(&path).unwrap().token_keys();
    rotate_secret_file(&path).unwrap();
    let new = ServiceKeys::load_or_create(&path).unwrap().token_keys();
    assert_ne!(new.0, old.0);
    assert_eq!(new.1, Some(old.0));
}

fn keys_of(letter: char) -> ServiceKeys {
    ServiceKeys::new(&letter.to_string().repeat(32)).unwrap()
}
