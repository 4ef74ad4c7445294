//! Times the kernels of the segmentation on the data, starts and iterations that `deploy/bench-segments.sh` gave to
//! scikit-learn, and prints both beside each other. Without a folder there is nothing to compare with, so nothing is timed.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use ndarray::Array2;
use processors::clustering::points::Points;
use processors::clustering::{kmeans, mixture, silhouette};

/// The least of so many times counts, as for scikit-learn.
const REPETITIONS: usize = 5;

fn main() {
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else { return };
    let cases = std::fs::read_to_string(Path::new(&folder).join("cases.txt")).unwrap();
    println!("| what | scikit-learn, s | here, s | times faster | result there | result here |");
    println!("|---|---|---|---|---|---|");
    for case in cases.lines() {
        let fields: Vec<&str> = case.split(' ').collect();
        let [name, rows, dims, clusters, iterations, seconds, result] = fields[..] else { panic!("{case}") };
        let number = |text: &str| text.parse::<usize>().unwrap();
        let read = |kind: &str| floats(&Path::new(&folder).join(format!("{name}-{rows}.{kind}")));
        let matrix = Array2::from_shape_vec((number(rows), number(dims)), read("data")).unwrap();
        let start = read("start");
        let (ours, found) = match name {
            "kmeans" => timed(|| {
                let points = Points::of_rows(matrix.view());
                kmeans::lloyd(&points, start.clone(), 0.0, number(iterations) as u32).inertia
            }),
            "silhouette" => timed(|| {
                let labels: Vec<u32> = start.iter().map(|label| *label as u32).collect();
                silhouette::silhouettes(&Points::of_rows(matrix.view()), &[&labels])[0].unwrap()
            }),
            _ => timed(|| {
                let points = Points::of_rows(matrix.view());
                let mixture = mixture::fit(&points, number(clusters), mixture::NEARLY_REST, 1).unwrap();
                mixture.mean_log_likelihood(&points)
            }),
        };
        let seconds: f64 = seconds.parse().unwrap();
        let result: f64 = result.parse().unwrap();
        let faster = seconds / ours;
        println!("| {name}, {rows} x {dims} | {seconds:.4} | {ours:.4} | {faster:.1} | {result:.6} | {found:.6} |");
    }
}

fn timed(mut work: impl FnMut() -> f64) -> (f64, f64) {
    let mut best = f64::INFINITY;
    let mut result = 0.0;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        result = work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    (best, result)
}

fn floats(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}
