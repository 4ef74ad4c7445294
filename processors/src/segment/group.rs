//! From a table of shoppers to segments: prepared, clustered, ordered, measured and named. Pure computation.

use domain::report::{Findings, Parameters, Scaling, Segment};
use ndarray::Axis;

use super::clustering::{self, Clustering};
use super::naming::{self, Profile};
use super::points::Points;
use super::table::Table;
use super::{features, rfm};

/// Fewer shoppers with purchases than this have no habits to tell apart.
const LEAST_BUYERS: usize = 30;
/// Fewer rows of a shopper table than this cannot be grouped.
const LEAST_ROWS: usize = 10;

/// The answer, and what is stored of each shopper.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// The shoppers with the features that were used.
    pub table: Table,
    /// The segment of each, as its index in the report; none is noise.
    pub segments: Vec<Option<u32>>,
    /// The distance of each to the centroid of its segment, in the space that was clustered.
    pub distances: Vec<Option<f64>>,
    /// The place in [`rfm::NAMES`] of each; absent in a shopper table.
    pub rfm: Option<Vec<u8>>,
    /// The report, still without top products.
    pub findings: Findings,
}

/// Groups shoppers.
///
/// # Errors
/// A sentence on what is missing for an answer.
pub fn group(table: Table, parameters: &Parameters) -> Result<Grouped, String> {
    enough(&table, parameters)?;
    // The classic grid needs recency, frequency and monetary even where all shoppers are equal.
    let rfm = table.spend.is_some().then(|| {
        let column = |place| table.values.column(place).to_vec();
        rfm::names(&column(0), &column(1), &column(2))
    });
    let table = features::without_constants(table)?;
    let (rows, scaling) = features::scaled(&table, parameters.scale);
    let mut clustering = clustering::cluster(&rows, parameters)?;
    order(&mut clustering, table.spend.as_deref());
    let points = Points::of_rows(rows.view());
    let centroids = centroids(&points, &clustering);
    let segments = segments(&table, &clustering, &centroids, &scaling);
    let distances = distances(&points, &clustering, &centroids);
    let findings = findings(&table, &clustering, segments, scaling, rfm.as_deref());
    Ok(Grouped { segments: clustering.labels, distances, rfm, findings, table })
}

fn enough(table: &Table, parameters: &Parameters) -> Result<(), String> {
    let given = match parameters.clusters {
        domain::report::Clusters::Exactly(count) => 2 * count as usize,
        domain::report::Clusters::Auto => 0,
    };
    let (least, what) = match table.spend {
        Some(_) => (LEAST_BUYERS.max(given), "shoppers with a purchase"),
        None => (LEAST_ROWS.max(given), "shoppers with a value in every feature"),
    };
    if table.count() < least {
        let notes = table.notes.iter().map(|note| format!(" {note}")).collect::<String>();
        return Err(format!("There are only {} {what}; at least {least} are needed.{notes}", table.count()));
    }
    Ok(())
}

/// Renumbers the clusters by falling revenue, or size in a shopper table; then by their first shopper.
fn order(clustering: &mut Clustering, spend: Option<&[i64]>) {
    let mut weights = vec![(0_i128, 0_u64, usize::MAX); clustering.clusters as usize];
    for (place, label) in clustering.labels.iter().enumerate() {
        let Some(label) = label else { continue };
        let (revenue, size, first) = &mut weights[*label as usize];
        *revenue += spend.map_or(0, |spend| i128::from(spend[place]));
        *size += 1;
        *first = place.min(*first);
    }
    let mut ranked: Vec<usize> = (0..weights.len()).collect();
    ranked.sort_by_key(|cluster| {
        let (revenue, size, first) = weights[*cluster];
        (std::cmp::Reverse((revenue, size)), first)
    });
    let mut rank = vec![0; ranked.len()];
    ranked.iter().enumerate().for_each(|(place, cluster)| rank[*cluster] = place as u32);
    clustering.labels.iter_mut().flatten().for_each(|label| *label = rank[*label as usize]);
}

/// The mean of each cluster in the space that was clustered.
fn centroids(points: &Points, clustering: &Clustering) -> Vec<f64> {
    let places: Vec<usize> = (0..points.count()).filter(|place| clustering.labels[*place].is_some()).collect();
    let labels: Vec<u32> = clustering.labels.iter().copied().flatten().collect();
    points.gather(&places).means(&labels, clustering.clusters as usize).0
}

fn distances(points: &Points, clustering: &Clustering, centroids: &[f64]) -> Vec<Option<f64>> {
    let centroid = |label: u32| &centroids[label as usize * points.dims()..][..points.dims()];
    let distance = |(place, label): (usize, &Option<u32>)| {
        label.map(|label| points.squared_distance(place, centroid(label)).sqrt())
    };
    clustering.labels.iter().enumerate().map(distance).collect()
}

fn segments(table: &Table, clustering: &Clustering, centroids: &[f64], scaling: &[Scaling]) -> Vec<Segment> {
    let mut sorted: Vec<Vec<f64>> = table.values.axis_iter(Axis(1)).map(|column| column.to_vec()).collect();
    sorted.iter_mut().for_each(|column| column.sort_by(f64::total_cmp));
    let mut members = vec![vec![]; clustering.clusters as usize];
    for (place, label) in clustering.labels.iter().enumerate() {
        if let Some(label) = label {
            members[*label as usize].push(place);
        }
    }
    let profiles: Vec<Profile> = members.iter().map(|members| profile(table, members, &sorted)).collect();
    let words = match table.spend {
        Some(_) => naming::name_purchases(&table.features, &profiles),
        None => {
            let overall: Vec<f64> = sorted.iter().map(|column| median(column)).collect();
            naming::name_table(&table.features, &overall, &profiles)
        }
    };
    let segment = |((index, words), profile): ((usize, naming::Words), &Profile)| Segment {
        index: index as u32,
        name: words.name,
        description: words.description,
        action: words.action,
        size: profile.size,
        share: profile.share,
        revenue: revenue(table, &members[index]),
        revenue_share: profile.revenue_share,
        centroid: unscaled(&centroids[index * scaling.len()..][..scaling.len()], scaling),
        median: table.features.iter().cloned().zip(profile.medians.iter().copied()).collect(),
        top_products: vec![],
    };
    words.into_iter().enumerate().zip(&profiles).map(segment).collect()
}

fn unscaled(centroid: &[f64], scaling: &[Scaling]) -> std::collections::BTreeMap<String, f64> {
    let unscaled = |(value, scaling): (&f64, &Scaling)| (scaling.feature.clone(), features::unscaled(*value, scaling));
    centroid.iter().zip(scaling).map(unscaled).collect()
}

fn profile(table: &Table, members: &[usize], sorted: &[Vec<f64>]) -> Profile {
    let mut medians = vec![];
    for column in table.values.axis_iter(Axis(1)) {
        let mut values: Vec<f64> = members.iter().map(|place| column[*place]).collect();
        values.sort_by(f64::total_cmp);
        medians.push(median(&values));
    }
    let positions = medians.iter().zip(sorted).map(|(median, column)| position(*median, column)).collect();
    let total = table.spend.as_ref().map(|spend| sum_of(spend.iter()));
    let spent = table.spend.as_ref().map(|spend| sum_of(members.iter().map(|place| &spend[*place])));
    Profile {
        size: members.len() as u64,
        share: members.len() as f64 / table.count() as f64,
        revenue_share: spent.zip(total).map(|(spent, total)| spent as f64 / total.max(1) as f64),
        medians,
        positions,
    }
}

fn revenue(table: &Table, members: &[usize]) -> Option<f64> {
    table.spend.as_ref().map(|spend| sum_of(members.iter().map(|place| &spend[*place])) as f64 / 1e6)
}

fn sum_of<'a>(micros: impl Iterator<Item = &'a i64>) -> i128 {
    micros.map(|micros| i128::from(*micros)).sum()
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// The share of sorted values below a value; equal ones count half.
fn position(value: f64, sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|other| *other < value);
    let through = sorted.partition_point(|other| *other <= value);
    (below + through) as f64 / (2 * sorted.len()) as f64
}

fn findings(
    table: &Table,
    clustering: &Clustering,
    segments: Vec<Segment>,
    scaling: Vec<Scaling>,
    rfm: Option<&[u8]>,
) -> Findings {
    Findings {
        as_of: table.as_of,
        shopper_count: table.count() as u64,
        features: table.features.clone(),
        scaling,
        clusters: clustering.clusters,
        noise_count: clustering.labels.iter().filter(|label| label.is_none()).count() as u64,
        iterations: clustering.iterations,
        converged: clustering.converged,
        quality: clustering.quality.clone(),
        candidates: clustering.candidates.clone(),
        segments,
        rfm: rfm.zip(table.spend.as_deref()).map(|(names, spend)| rfm::groups(names, spend)),
        notes: table.notes.iter().chain(&clustering.notes).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use domain::report::{Algorithm, Clusters, Features, Scale};
    use ndarray::Array2;

    use super::super::samples::{blobs, labels};
    use super::super::stability::adjusted_rand_index;
    use super::*;

    const CENTRES: [[f64; 2]; 8] =
        [[0.0, 0.0], [15.0, 2.0], [2.0, 17.0], [31.0, -3.0], [18.0, 20.0], [-14.0, 9.0], [35.0, 15.0], [-9.0, -13.0]];

    #[test]
    fn finds_how_many_separate_groups_there_are() {
        for count in 2..=CENTRES.len() {
            let found = group(table(blobs(&CENTRES[..count], 60, 1.0)), &parameters()).unwrap();
            assert_eq!(found.findings.clusters as usize, count);
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
                let found = pool.install(|| group(table(blobs(&CENTRES[..4], 200, 3.0)), &parameters)).unwrap();
                (serde_json::to_string(&found.findings).unwrap(), format!("{:?}", found.distances))
            };
            assert_eq!(on(1), on(2));
        }
    }

    #[test]
    fn purchases_are_ordered_by_revenue_and_add_up() {
        let found = group(purchases(200), &parameters()).unwrap();
        let segments = &found.findings.segments;
        assert!(segments.is_sorted_by(|one, other| one.revenue >= other.revenue));
        assert!((segments.iter().filter_map(|segment| segment.revenue_share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(segments.iter().map(|segment| segment.size).sum::<u64>(), 200);
        let names: std::collections::HashSet<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
        assert_eq!(names.len(), segments.len());
        assert_eq!(found.findings.rfm.unwrap().iter().map(|group| group.size).sum::<u64>(), 200);
    }

    #[test]
    fn a_table_is_ordered_by_size() {
        let mut rows = blobs(&CENTRES[..2], 40, 1.0);
        rows.append(Axis(0), blobs(&[[60.0, 60.0]], 70, 1.0).view()).unwrap();
        let sizes: Vec<u64> =
            group(table(rows), &parameters()).unwrap().findings.segments.iter().map(|segment| segment.size).collect();
        assert_eq!(sizes, [70, 40, 40]);
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
        let found = group(table(rows), &dbscan).unwrap();
        assert_eq!((found.findings.clusters, found.findings.noise_count), (2, 1));
        assert_eq!((found.segments[120], found.distances[120]), (None, None));
    }

    #[test]
    fn too_few_shoppers_are_an_answer_in_words() {
        let reason = group(purchases(29), &parameters()).unwrap_err();
        assert_eq!(reason, "There are only 29 shoppers with a purchase; at least 30 are needed.");
        let many = Parameters { clusters: Clusters::Exactly(50), ..parameters() };
        assert!(group(table(blobs(&CENTRES[..2], 40, 1.0)), &many).unwrap_err().contains("at least 100"));
    }

    #[test]
    fn more_segments_than_different_shoppers_are_refused() {
        let rows = Array2::from_shape_fn((60, 1), |(row, _)| (row % 3) as f64);
        let five = Parameters { clusters: Clusters::Exactly(5), ..parameters() };
        assert!(group(table(rows.clone()), &five).unwrap_err().contains("only 3 different"));
        assert_eq!(group(table(rows), &parameters()).unwrap().findings.clusters, 3);
    }

    #[test]
    fn nothing_infinite_leaves() {
        let rows = Array2::from_shape_fn(
            (40, 2),
            |(row, column)| if column == 0 { 1e99 * row as f64 } else { 1e-300 * row as f64 },
        );
        for scale in [Scale::Auto, Scale::Standard, Scale::None] {
            let Ok(found) = group(table(rows.clone()), &Parameters { scale, ..parameters() }) else { continue };
            let json = serde_json::to_value(&found.findings).unwrap();
            assert!(!json["segments"][0]["centroid"]["f0"].is_null());
            assert!(found.distances.iter().flatten().all(|distance| distance.is_finite()));
        }
    }

    fn parameters() -> Parameters {
        Parameters {
            features: Features::Rfm,
            scale: Scale::Auto,
            algorithm: Algorithm::Kmeans,
            clusters: Clusters::Auto,
            epsilon: None,
            min_points: None,
            as_of: None,
            seed: 5,
        }
    }

    fn table(values: Array2<f64>) -> Table {
        Table {
            shoppers: (0..values.nrows()).map(|row| format!("{row:04}")).collect(),
            features: (0..values.ncols()).map(|column| format!("f{column}")).collect(),
            values,
            spend: None,
            as_of: None,
            notes: vec![],
        }
    }

    fn purchases(count: usize) -> Table {
        let value = |(row, feature): (usize, usize)| match feature {
            0 => (1 + row * 37 % 300) as f64,
            1 => (1 + row * row % 9) as f64,
            _ => (10 + row * row * 7 % 5_000) as f64,
        };
        let values = Array2::from_shape_fn((count, 3), value);
        let spend = values.column(2).iter().map(|value| (value * 1e6) as i64).collect();
        let features = ["recency", "frequency", "monetary"].map(str::to_owned).to_vec();
        Table { features, spend: Some(spend), ..table(values) }
    }
}
