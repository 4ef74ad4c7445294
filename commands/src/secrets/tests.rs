use super::*;

#[test]
fn refuses_a_short_secret() {
    let error = Secrets::new("hunter2").unwrap_err();
    assert_eq!(error.to_string(), "the secret key has 7 characters; it needs at least 32, drawn at random");
}

#[test]
fn an_email_address_is_one_user_however_it_is_spelled() {
    let ana = secrets('a').user_id("ana@example.com");
    assert_eq!(secrets('a').user_id(" Ana@Example.COM "), ana);
    assert_ne!(secrets('a').user_id("ane@example.com"), ana);
    assert_ne!(secrets('b').user_id("ana@example.com"), ana);
}

#[test]
fn every_purpose_has_a_key_of_its_own() {
    let Secrets { current, data, .. } = secrets('a');
    let ServiceKeys { access_token, wrapping, check, root } = current;
    let DataKeys { email, session_token, request, api_key } = data;
    let keys = [access_token, wrapping, check, root, email, session_token, request, api_key];
    assert_eq!(std::collections::BTreeSet::from(keys).len(), 8);
}

#[test]
fn keys_never_change() {
    let ana = secrets('a').user_id("ana@example.com");
    assert_eq!(ana.to_string(), "313d129b-78b9-583f-a3b1-278457043d22");
}

#[test]
fn tells_nothing_when_it_is_printed() {
    assert_eq!(format!("{:?}", secrets('a')), "Secrets { .. }");
}

#[test]
fn parts_of_a_request_cannot_be_shifted() {
    assert_ne!(secrets('a').request_tag("ab", "c"), secrets('a').request_tag("a", "bc"));
}

#[cfg(unix)]
#[test]
fn a_created_secret_is_kept_and_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let created = Secrets::load_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Secrets::load_or_create(&path).unwrap().token_keys(), created.token_keys());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn all_who_create_a_secret_at_once_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let create = || Secrets::load_or_create(&path).unwrap().token_keys();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_rotated_file_keeps_the_old_secret_as_the_previous_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret_key");
    let old = Secrets::load_or_create(&path).unwrap().token_keys();
    Secrets::rotate_file(&path).unwrap();
    let new = Secrets::load_or_create(&path).unwrap().token_keys();
    assert_ne!(new.0, old.0);
    assert_eq!(new.1, Some(old.0));
}

fn secrets(letter: char) -> Secrets {
    Secrets::new(&letter.to_string().repeat(32)).unwrap()
}
