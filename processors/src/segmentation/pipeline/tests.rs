use domain::ReportId;
use domain::report::{Algorithm, ClusterCount, Features, Scale};
use ndarray::{Array2, Axis};

use super::*;
use crate::clustering::samples::{blobs, labels};
use crate::clustering::stability::adjusted_rand_index;
use crate::segmentation::feature_table::{Buyers, Feature};

const CENTRES: [[f64; 2]; 8] =
    [[0.0, 0.0], [15.0, 2.0], [2.0, 17.0], [31.0, -3.0], [18.0, 20.0], [-14.0, 9.0], [35.0, 15.0], [-9.0, -13.0]];

#[test]
fn finds_how_many_separate_groups_there_are() {
    for count in 2..=CENTRES.len() {
        let found = segment(table(blobs(&CENTRES[..count], 60, 1.0)), &parameters(), None).unwrap();
        assert_eq!(found.result.clusters as usize, count);
        let segments: Vec<u32> = found.segments.into_iter().flatten().collect();
        assert!(adjusted_rand_index(&segments, &labels(count, 60)) > 0.99, "{count}");
    }
}

#[test]
fn is_the_same_to_the_last_byte_on_one_thread_and_on_two() {
    for algorithm in [Algorithm::Kmeans, Algorithm::GaussianMixture] {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let parameters = Parameters { algorithm, ..parameters() };
            let found = pool.install(|| segment(table(blobs(&CENTRES[..4], 200, 3.0)), &parameters, None)).unwrap();
            (serde_json::to_string(&found.result).unwrap(), format!("{:?}", found.distances))
        };
        assert_eq!(on(1), on(2));
    }
}

#[test]
fn purchases_are_ordered_by_revenue_and_add_up() {
    let found = segment(purchases(200), &parameters(), None).unwrap();
    let segments = &found.result.segments;
    assert!(segments.is_sorted_by(|a, b| a.revenue >= b.revenue));
    assert!((segments.iter().filter_map(|segment| segment.revenue_share).sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(segments.iter().map(|segment| segment.size).sum::<u64>(), 200);
    let names: std::collections::HashSet<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names.len(), segments.len());
    assert_eq!(found.result.rfm.unwrap().iter().map(|group| group.size).sum::<u64>(), 200);
}

#[test]
fn a_table_is_ordered_by_size() {
    let mut rows = blobs(&CENTRES[..2], 40, 1.0);
    rows.append(Axis(0), blobs(&[[60.0, 60.0]], 70, 1.0).view()).unwrap();
    let sizes: Vec<u64> =
        segment(table(rows), &parameters(), None).unwrap().result.segments.iter().map(|segment| segment.size).collect();
    assert_eq!(sizes, [70, 40, 40]);
}

#[test]
fn segments_keep_their_numbers_from_one_report_to_the_next() {
    let sizes = |found: &Segmentation| found.result.segments.iter().map(|segment| segment.size).collect::<Vec<_>>();
    let grow = |third: usize| {
        let mut rows = blobs(&CENTRES[..2], 60, 1.0);
        rows.append(Axis(0), blobs(&CENTRES[2..3], third, 1.0).view()).unwrap();
        table(rows)
    };
    let first = segment(grow(40), &parameters(), None).unwrap();
    assert_eq!(sizes(&first), [60, 60, 40]);
    let segments = first.result.segments;
    let earlier = EarlierReport { report_id: ReportId::default(), segments };
    // By size the third one would come first now.
    let next = segment(grow(90), &parameters(), Some(&earlier)).unwrap();
    assert_eq!(sizes(&next), [60, 60, 90]);
    assert_eq!(next.result.previous.unwrap().continues, [Some(0), Some(1), Some(2)]);
}

#[test]
fn noise_is_in_no_segment_and_counted() {
    let mut rows = blobs(&CENTRES[..2], 60, 1.0);
    rows.push_row(ndarray::aview1(&[500.0, 500.0])).unwrap();
    let dbscan = Parameters {
        algorithm: Algorithm::Dbscan,
        scale: Scale::None,
        epsilon: Some(3.0),
        min_points: Some(5),
        ..parameters()
    };
    let found = segment(table(rows), &dbscan, None).unwrap();
    assert_eq!((found.result.clusters, found.result.noise_count), (2, 1));
    assert_eq!((found.segments[120], found.distances[120]), (None, None));
}

#[test]
fn too_few_shoppers_are_an_answer_in_words() {
    let reason = segment(purchases(29), &parameters(), None).unwrap_err();
    assert_eq!(reason, "There are only 29 shoppers with a purchase; at least 30 are needed.");
    let many = Parameters { clusters: ClusterCount::Exactly(50), ..parameters() };
    assert!(segment(table(blobs(&CENTRES[..2], 40, 1.0)), &many, None).unwrap_err().contains("at least 100"));
}

#[test]
fn more_segments_than_different_shoppers_are_refused() {
    let rows = Array2::from_shape_fn((60, 1), |(row, _)| (row % 3) as f64);
    let five = Parameters { clusters: ClusterCount::Exactly(5), ..parameters() };
    assert!(segment(table(rows.clone()), &five, None).unwrap_err().contains("only 3 different"));
    assert_eq!(segment(table(rows), &parameters(), None).unwrap().result.clusters, 3);
}

#[test]
fn nothing_infinite_leaves() {
    let rows = Array2::from_shape_fn(
        (40, 2),
        |(row, column)| if column == 0 { 1e99 * row as f64 } else { 1e-300 * row as f64 },
    );
    for scale in [Scale::Auto, Scale::Standard, Scale::None] {
        let Ok(found) = segment(table(rows.clone()), &Parameters { scale, ..parameters() }, None) else { continue };
        let json = serde_json::to_value(&found.result).unwrap();
        assert!(!json["segments"][0]["centroid"]["f0"].is_null());
        assert!(found.distances.iter().flatten().all(|distance| distance.is_finite()));
    }
}

fn parameters() -> Parameters {
    Parameters {
        features: Features::Rfm,
        scale: Scale::Auto,
        algorithm: Algorithm::Kmeans,
        clusters: ClusterCount::Auto,
        epsilon: None,
        min_points: None,
        as_of: None,
        rfm_grid: None,
        seed: 5,
    }
}

fn table(values: Array2<f64>) -> FeatureTable {
    FeatureTable {
        shoppers: (0..values.nrows()).map(|row| format!("{row:04}")).collect(),
        features: (0..values.ncols()).map(|column| Feature::number(format!("f{column}"))).collect(),
        values,
        ..FeatureTable::default()
    }
}

fn purchases(count: usize) -> FeatureTable {
    let value = |(row, feature): (usize, usize)| match feature {
        0 => (1 + row * 37 % 300) as f64,
        1 => (1 + row * row % 9) as f64,
        _ => (10 + row * row * 7 % 5_000) as f64,
    };
    let values = Array2::from_shape_fn((count, 3), value);
    let column = |index| values.column(index).to_vec();
    let buyers = Buyers {
        spend: values.column(2).iter().map(|value| (value * 1e6) as i64).collect(),
        recency: column(0),
        frequency: column(1),
        monetary: column(2),
        ..Buyers::default()
    };
    let features = ["recency", "frequency", "monetary"].map(Feature::number).to_vec();
    FeatureTable { features, buyers: Some(buyers), ..table(values) }
}
