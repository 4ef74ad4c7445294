use super::*;

#[test]
fn splits_roles_only_over_servers_that_all_processes_reach() {
    assert_eq!(refused(Settings::default()), "event_store_url begins with 'sqlite:' and must begin with 'postgres:'");
    assert_eq!(
        refused(Settings { bus_url: url("log:"), ..distributed() }),
        "bus_url begins with 'log:' and must begin with 'amqp:'"
    );
    assert_eq!(
        refused(Settings { cache_url: url("memory:"), ..distributed() }),
        "cache_url begins with 'memory:' and must begin with 'redis:'"
    );
    let Err(error) = split(Settings { secret_key: None, ..distributed() }) else { panic!("it has no secret") };
    assert!(error.to_string().contains("set DATACORE_SECRET_KEY"), "{error}");
    assert!(split(distributed()).is_ok());
}

#[test]
fn a_process_takes_connections_as_its_roles_need() {
    let of = |roles: &[Role]| {
        Config::with_defaults(Settings { roles: Some(roles.to_vec()), ..distributed() }).unwrap().database_connections
    };
    assert!(of(&[Role::Relay]) < of(&[Role::Ingest]) && of(&[Role::Ingest]) < of(&[Role::Api]));
    assert!(of(&Role::ALL) < 50, "events and views of such a process fit into a server as it comes");
}

/// What is wrong with a setting.
fn refused(settings: Settings) -> String {
    let Err(error) = split(settings) else { panic!("it must be refused") };
    let sentence = error.to_string();
    let start = sentence.find("reach: ").map_or(0, |place| place + "reach: ".len());
    sentence[start..].split(';').next().unwrap_or_default().to_owned()
}

fn split(settings: Settings) -> Result<Config> {
    Config::with_defaults(Settings { roles: Some(vec![Role::Ingest]), ..settings })
}

fn distributed() -> Settings {
    Settings {
        secret_key: Some(SecretText::from("a secret of this test, long enough to be taken".to_owned())),
        event_store_url: url("postgres://localhost/datacore"),
        views_url: url("postgres://localhost/datacore"),
        bus_url: url("amqp://localhost/%2f"),
        frames_url: url("mongodb://localhost/datacore"),
        cache_url: url("redis://localhost/0"),
        ..Settings::default()
    }
}

fn url(text: &str) -> Option<Url> {
    Some(text.parse().unwrap())
}

#[test]
fn several_processes_need_a_strong_secret() {
    let shared = |secret: Option<&str>| {
        let event_store_url = Some("postgres://localhost/datacore".parse().unwrap());
        let secret_key = secret.map(|secret| SecretText::from(secret.to_owned()));
        Config::with_defaults(Settings { event_store_url, secret_key, ..Settings::default() })
    };
    let reason = |secret| shared(secret).err().unwrap().to_string();
    assert!(reason(None).starts_with("processes on a server database need"));
    assert!(reason(Some("hunter2")).starts_with("secret_key is weak"));
    assert!(reason(Some(&"a".repeat(64))).starts_with("secret_key is weak"));
    assert!(shared(Some("qPz0hX2mCk7wV9sLrT4uYb6nJ8dFgA1e")).is_ok());
}

#[test]
fn secrets_are_never_printed() {
    let secret = "qPz0hX2mCk7wV9sLrT4uYb6nJ8dFgA1e";
    let secret_key = Some(SecretText::from(secret.to_owned()));
    let views_url = Some(format!("postgres://me:{secret}@localhost/views").parse().unwrap());
    let settings = Settings { secret_key: secret_key.clone(), secret_key_previous: secret_key, ..Settings::default() };
    assert!(!format!("{settings:?}").contains(secret));
    let shown = Config::with_defaults(Settings { views_url, ..settings }).unwrap().shown().unwrap();
    assert!(!shown.contains(secret), "{shown}");
}

#[test]
fn what_cannot_work_is_refused_with_a_sentence() {
    let reason = |settings| Config::with_defaults(settings).err().unwrap().to_string();
    let proxies = Settings { trusted_proxies: Some(vec!["proxy".into()]), ..Settings::default() };
    assert!(reason(proxies).contains("neither an address nor a network"));
    let origins = Settings { cors_origins: Some(vec!["https://shop.example.com/".into()]), ..Settings::default() };
    assert!(reason(origins).contains("is no origin"));
}
