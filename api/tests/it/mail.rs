//! People hear by e-mail what became of their uploads and reports.

use std::sync::{Arc, Mutex};

use datacore::config::Settings;
use domain::Recorded;
use processors::Context;
use processors::consumers::notify;
use processors::email::Mailer;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{TestApp, csv};

const FROM: &str = "DataCore <datacore@example.com>";

#[tokio::test]
async fn whoever_uploads_and_asks_is_told_the_outcome() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(server.settings()).await;
    let upload = app.ingested("year.csv", csv(2_000, 1)).await;
    app.ingested("notes.csv", "only one line").await;
    app.report(&json!({})).await;
    app.settle().await;
    assert_eq!(server.letters().len(), 3);
    let ready = server.letter("year.csv is ready");
    assert!(ready.contains("2000 rows were read"), "{ready}");
    assert!(
        ready.contains("To: owner@example.com") && ready.contains("From: DataCore <datacore@example.com>"),
        "{ready}"
    );
    let place =
        format!("https://data.example.com/#/c/{}/data/{}", app.customer, upload["dataset_id"].as_str().unwrap());
    assert!(ready.contains(&place), "{ready}");
    server.letter("notes.csv could not be read");
    let report = server.letter("Your report is ready");
    assert!(report.contains("\r\n* "), "{report}");
}

#[tokio::test]
async fn who_is_no_longer_a_member_hears_nothing() {
    let server = MailServer::start().await;
    let app = TestApp::start().await;
    let ana = app.sign_up("ana@example.com").await;
    let member = app.post(&app.below("/members"), &json!({"email": "ana@example.com", "role": "analyst"})).await;
    let path = app.below(&format!("/stores/{}/uploads?filename=a.csv", app.store));
    let upload = app.request(Method::POST, &path, &ana).header("content-type", "text/csv").body(csv(500, 1));
    assert_eq!(upload.send().await.unwrap().status(), 202);
    app.settle().await;
    let made = made(&app).await;
    server.tell(&app, made.clone()).await;
    assert_eq!(server.letters().len(), 1);
    let path = app.below(&format!("/members/{}", member["user_id"].as_str().unwrap()));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    server.tell(&app, made).await;
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn nobody_is_flooded_and_a_refused_letter_counts_once() {
    let server = MailServer::start().await;
    *server.refusals.lock().unwrap() = 3;
    let app = TestApp::start_with(server.settings()).await;
    for number in 0..65 {
        let file = format!("shopper,amount\n{number},1\n");
        assert_eq!(app.upload(&format!("{number}.csv"), file).await.status(), 202);
    }
    app.settle().await;
    assert_eq!(server.letters().len(), 60);
}

/// The event that the dataset was made.
async fn made(app: &TestApp) -> Recorded {
    let log = app.app.commands.store.read(0, 100).await.unwrap();
    log.into_iter().find(|event| event.event_type == "DatasetCreated").unwrap()
}

#[tokio::test]
async fn a_mail_server_that_is_busy_is_asked_again() {
    let server = MailServer::start().await;
    *server.refusals.lock().unwrap() = 2;
    let app = TestApp::start_with(server.settings()).await;
    app.ingested("year.csv", csv(500, 1)).await;
    app.settle().await;
    assert_eq!((server.letters().len(), *server.refusals.lock().unwrap()), (1, 0));
}

/// A mail server that keeps what it gets (RFC 5321).
struct MailServer {
    port: u16,
    letters: Arc<Mutex<Vec<String>>>,
    /// How many letters it will not take.
    refusals: Arc<Mutex<u32>>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server =
            Self { port: listener.local_addr().unwrap().port(), letters: Arc::default(), refusals: Arc::default() };
        let (letters, refusals) = (server.letters.clone(), server.refusals.clone());
        #[expect(clippy::disallowed_methods, reason = "the test process owns the server")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, letters.clone(), refusals.clone()));
            }
        });
        server
    }

    fn settings(&self) -> Settings {
        Settings {
            smtp_url: Some(format!("smtp://127.0.0.1:{}", self.port).parse().unwrap()),
            mail_from: Some(FROM.to_owned()),
            public_url: Some("https://data.example.com".parse().unwrap()),
            ..Settings::default()
        }
    }

    /// Has an event written about.
    async fn tell(&self, app: &TestApp, event: Recorded) {
        let (commands, projections) = (app.app.commands.clone(), app.app.projections.clone());
        let mailer = Mailer::new(&format!("smtp://127.0.0.1:{}", self.port).parse().unwrap(), FROM, None).unwrap();
        let context = Context { commands, projections, mailer: Some(mailer), program_version: "test".into() };
        notify::handle(context, event).await.unwrap();
    }

    fn letters(&self) -> Vec<String> {
        self.letters.lock().unwrap().clone()
    }

    /// The letter with a subject; several are sent at once, so they come in any order.
    fn letter(&self, subject: &str) -> String {
        let (letters, header) = (self.letters(), format!("\r\nSubject: {subject}\r\n"));
        let letter = letters.iter().find(|letter| letter.contains(&header));
        letter.unwrap_or_else(|| panic!("no letter says '{subject}': {letters:#?}")).clone()
    }
}

async fn converse(
    stream: TcpStream,
    letters: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u32>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let is_refused = line.starts_with("MAIL") && refuses(&refusals);
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let letter = letter(&mut stream).await?;
                letters.lock().unwrap().push(letter);
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ if is_refused => b"451 later\r\n",
            _ => b"250 yes\r\n",
        };
        stream.write_all(answer).await?;
    }
}

fn refuses(refusals: &Mutex<u32>) -> bool {
    let mut refusals = refusals.lock().unwrap();
    let is_refused = *refusals > 0;
    *refusals = refusals.saturating_sub(1);
    is_refused
}

/// The lines up to the single dot. Lines of the body that were folded are put together again.
async fn letter(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut letter = String::new();
    while !letter.ends_with("\r\n.\r\n") {
        stream.read_line(&mut letter).await?;
    }
    Ok(letter.replace("=\r\n", ""))
}
