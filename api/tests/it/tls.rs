//! The service speaks https itself when it has a certificate.

use std::ffi::OsStr;
use std::sync::Arc;

use datacore::app::App;
use datacore::config::{Config, Settings};
use datacore::http::server;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn a_certificate_makes_it_speak_https() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let data = Some(folder.path().join("data"));
    let settings = Settings { data, tls_cert: Some(cert.clone()), tls_key: Some(key.clone()), ..Settings::default() };
    let app = App::start(Config::with_defaults(settings).unwrap()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test process owns the server")]
    tokio::spawn(server::serve(app, listener, std::future::pending()));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = TlsConnector::from(Arc::new(client.with_root_certificates(roots).with_no_client_auth()));
    let tcp = TcpStream::connect(address).await.unwrap();
    let mut tls = client.connect(ServerName::try_from("localhost").unwrap(), tcp).await.unwrap();
    tls.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");

    let health = |settings: &[&OsStr]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_datacore"));
        program.env_clear().arg("health").arg("--listen").arg(address.to_string()).args(settings).output()
    };
    let certificate = ["--tls-cert".as_ref(), cert.as_os_str(), "--tls-key".as_ref(), key.as_os_str()];
    let asked = health(&certificate).await.unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert!(!health(&[]).await.unwrap().status.success());
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let settings = Settings { tls_cert: Some("cert.pem".into()), ..Settings::default() };
    let error = Config::with_defaults(settings).err().unwrap();
    assert!(error.to_string().starts_with("tls_cert and tls_key belong together"), "{error}");
}
