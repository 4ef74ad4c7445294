//! Trial, deleted again.
#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::print_stdout)]
use domain::DatasetId;
use processors::ingest::{aggregate, read_dataset};
use projections::frames::{FrameId, Frames};
use std::io::Read;
#[tokio::main]
async fn main() {
    let dir = std::path::PathBuf::from("/tmp/ingest-trial");
    std::fs::create_dir_all(&dir).unwrap();
    let frames = Frames::open(&url::Url::from_directory_path(&dir).unwrap()).await.unwrap();
    let quiet = std::env::var("QUIET").is_ok();
    for path in std::env::args().skip(1) {
        let id = DatasetId(uuid::Uuid::from_u128(1));
        frames.delete_dataset(id).await.unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        let at = std::time::Instant::now();
        let p = path.clone();
        let got = read_dataset(
            &frames,
            id,
            move || Ok(Box::new(std::fs::File::open(&p)?) as Box<dyn Read + Send>),
            Default::default(),
            |_| (),
        )
        .await;
        let s = at.elapsed().as_secs_f64();
        println!("== {path}: {s:.3} s, {:.1} MB/s", size as f64 / 1e6 / s);
        match got {
            Ok(got) => {
                println!(
                    "rows {} rejected {} {} {:?} {:?}",
                    got.row_count, got.rejected_row_count, got.encoding, got.delimiter, got.shoppers
                );
                if !quiet {
                    for c in &got.columns {
                        println!(
                            "   {} {:?} nulls {} {} .. {} {:?}",
                            c.name, c.column_type, c.null_count, c.min, c.max, c.role
                        );
                    }
                    for f in [
                        FrameId::rows(id),
                        FrameId::rejects(id),
                        FrameId::orders(id, 0),
                        FrameId::shoppers(id, 0),
                        FrameId::products(id, 0),
                    ] {
                        match frames.manifest(&f).await.unwrap() {
                            Some(m) => {
                                let b = frames.page(&f, 0, 3, None).await.unwrap();
                                println!(
                                    "{f} {} chunks {} rows\n{}",
                                    m.chunk_rows.len(),
                                    m.rows(),
                                    b[0].columns()
                                        .iter()
                                        .zip(b[0].schema().fields())
                                        .map(|(c, f)| {
                                            let o = arrow::util::display::FormatOptions::new().with_null("∅");
                                            let d = arrow::util::display::ArrayFormatter::try_new(c, &o).unwrap();
                                            format!(
                                                "     {}: {:?}\n",
                                                f.name(),
                                                (0..c.len()).map(|i| d.value(i).to_string()).collect::<Vec<_>>()
                                            )
                                        })
                                        .collect::<String>()
                                );
                            }
                            None => println!("{f} none"),
                        }
                    }
                }
                if std::env::var("ONCE").is_ok() { continue; }
                let at = std::time::Instant::now();
                let again = aggregate(&frames, id, 1, &got.columns).await.unwrap();
                println!("aggregate again {:?} equal {}", at.elapsed(), again == got.shoppers);
            }
            Err(e) => println!("ERROR {e:?}"),
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for l in status.lines().filter(|l| l.starts_with("VmHWM")) {
        println!("{l}");
    }
}
