//! The page for people at `/`: plain HTML, CSS and JavaScript that is part of the program, so it works offline.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::http::extract::Path;
use crate::http::problem::{NOT_FOUND, Problem};

/// A file of the page.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    /// Hash of the content; weak, because a compressed answer has other bytes.
    tag: String,
}

macro_rules! assets {
    ($($name:literal $content_type:expr),* $(,)?) => {
        [$(Asset::new($name, $content_type, include_bytes!(concat!("../page/", $name)))),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static ASSETS: LazyLock<[Asset; 21]> = LazyLock::new(|| {
    assets![
        "index.html" HTML,
        "style.css" CSS,
        "icon.svg" SVG,
        "app.js" SCRIPT,
        "api.js" SCRIPT,
        "lib/dom.js" SCRIPT,
        "lib/form.js" SCRIPT,
        "lib/words.js" SCRIPT,
        "lib/chart.js" SCRIPT,
        "views/welcome.js" SCRIPT,
        "views/data.js" SCRIPT,
        "views/files.js" SCRIPT,
        "views/dataset.js" SCRIPT,
        "views/dialect.js" SCRIPT,
        "views/segments.js" SCRIPT,
        "views/report.js" SCRIPT,
        "views/shoppers.js" SCRIPT,
        "views/changes.js" SCRIPT,
        "views/notifications.js" SCRIPT,
        "views/people.js" SCRIPT,
        "views/activity.js" SCRIPT,
    ]
});

/// The routes of the page.
pub(crate) fn router() -> Router<App> {
    Router::new().route("/", get(index)).route("/page/{*asset}", get(asset))
}

async fn index() -> Result<impl IntoResponse, Problem> {
    send("index.html")
}

async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    send(&name)
}

fn send(name: &str) -> Result<impl IntoResponse + use<>, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| NOT_FOUND.with_detail("The page has no such file."))?;
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "no-cache"), (ETAG, asset.tag.as_str())];
    Ok((headers, Bytes::from_static(asset.content)))
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        let tag = format!("W/\"{}\"", hexadecimal(&Sha256::digest(content)[..8]));
        Self { name, content_type, content, tag }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use domain::{CustomerEvent, DatasetEvent, ReportEvent, UploadEvent};
    use strum::VariantNames;

    use super::*;

    #[test]
    fn every_module_that_a_script_imports_is_served() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            let script = std::str::from_utf8(asset.content).unwrap();
            // Comments import too, but only types.
            for line in script.lines().filter(|line| line.starts_with("import ") || line.starts_with("} from ")) {
                let Some(import) = line.split('\'').nth(1) else { continue };
                let name = resolved(asset.name, import);
                assert!(ASSETS.iter().any(|asset| asset.name == name), "{} imports {name}", asset.name);
            }
        }
    }

    /// The name of what a script imports by a relative path.
    fn resolved(script: &str, import: &str) -> String {
        let url = url::Url::parse("page:/").and_then(|page| page.join(script)).and_then(|script| script.join(import));
        url.unwrap().path()[1..].to_owned()
    }

    #[test]
    fn the_activity_has_words_for_every_event_of_a_customer() {
        let script = ASSETS.iter().find(|asset| asset.name == "views/activity.js").unwrap();
        let script = std::str::from_utf8(script.content).unwrap();
        let events =
            [CustomerEvent::VARIANTS, UploadEvent::VARIANTS, DatasetEvent::VARIANTS, ReportEvent::VARIANTS].concat();
        for name in events {
            assert!(script.contains(&format!("\n  {name}: (")), "{name}");
        }
    }

    #[test]
    fn nothing_is_loaded_from_another_host() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type != SVG) {
            let text = std::str::from_utf8(asset.content).unwrap();
            let foreign = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("http://") && !foreign.contains("https://"), "{}", asset.name);
        }
    }
}
