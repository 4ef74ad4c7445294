//! How many segments: one rule over the evidence of all candidates.
//!
//! 1. A candidate is refused when its smallest segment holds less than 1 % of the shoppers (or fewer than five), or when
//!    bootstrap samples give other segments (mean adjusted Rand index below 0.6).
//! 2. If silhouettes of 0.5 and more are left ("a reasonable structure", Kaufman and Rousseeuw 1990), only those are
//!    compared. Otherwise habits shade into each other: there the silhouette is highest for two halves of one cloud,
//!    whatever it looks like, and two halves say no more than "more" and "less"; so three and more are compared.
//! 3. Each measure ranks what is compared: silhouette, Davies-Bouldin, Calinski-Harabasz, stability. The least sum of
//!    ranks wins; among equals the higher silhouette.

use domain::report::{Candidate, Quality};

use crate::segmentation::number_format::{counted, decimals};

const LEAST_SHARE: f64 = 0.01;
const LEAST_SIZE: u64 = 5;
const STABLE: f64 = 0.6;
const STRUCTURED: f64 = 0.5;

/// What is known about one number of clusters.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The number of clusters.
    pub clusters: u32,
    /// How good the partition is.
    pub quality: Quality,
    /// The size of its smallest cluster.
    pub smallest: u64,
}

/// Judges all candidates: exactly one is chosen, each says why or why not. `evidence` is not empty.
pub fn choose(evidence: &[Evidence], shoppers: u64) -> Vec<Candidate> {
    let refusals: Vec<Option<String>> = evidence.iter().map(|one| refusal(one, shoppers)).collect();
    let allowed = allowed(evidence, &refusals, shoppers);
    let compared = comparable(evidence, &allowed);
    let sums = rank_sums(evidence, &compared);
    let best = best(evidence, &compared, &sums);
    let judge = |(index, one): (usize, &Evidence)| {
        let place = compared.iter().position(|other| *other == index);
        let reason = match (place, &refusals[index]) {
            (Some(place), refused) if index == compared[best] => {
                chosen(refused.as_deref(), sums[place], compared.len())
            }
            (_, Some(refused)) => format!("refused: {refused}"),
            (Some(place), None) => beaten(sums[place], sums[best], evidence[compared[best]].clusters),
            (None, None) => set_aside(one),
        };
        Candidate {
            clusters: one.clusters,
            quality: one.quality.clone(),
            smallest: one.smallest,
            chosen: index == compared[best],
            reason,
        }
    };
    evidence.iter().enumerate().map(judge).collect()
}

fn tiny(one: &Evidence, shoppers: u64) -> bool {
    one.smallest < LEAST_SIZE || (one.smallest as f64) < LEAST_SHARE * shoppers as f64
}

fn refusal(one: &Evidence, shoppers: u64) -> Option<String> {
    if tiny(one, shoppers) {
        return Some(format!("its smallest segment has only {} of {}", one.smallest, counted(shoppers, "shopper")));
    }
    let stability = one.quality.stability.filter(|stability| *stability < STABLE)?;
    Some(format!(
        "not stable, samples of the shoppers give other segments (adjusted Rand index {}, less than {})",
        decimals(stability, 2),
        decimals(STABLE, 2)
    ))
}

/// The candidates that are not refused; if all are, those that are at least not tiny; if all are tiny, all.
fn allowed(evidence: &[Evidence], refusals: &[Option<String>], shoppers: u64) -> Vec<usize> {
    let all = 0..evidence.len();
    let sound: Vec<usize> = all.clone().filter(|index| refusals[*index].is_none()).collect();
    if !sound.is_empty() {
        return sound;
    }
    let large: Vec<usize> = all.clone().filter(|index| !tiny(&evidence[*index], shoppers)).collect();
    if !large.is_empty() {
        return large;
    }
    // Here two segments are a handful of outliers and everybody else.
    let several: Vec<usize> = all.clone().filter(|index| evidence[*index].clusters > 2).collect();
    if several.is_empty() { all.collect() } else { several }
}

fn comparable(evidence: &[Evidence], allowed: &[usize]) -> Vec<usize> {
    let structured = |index: &usize| evidence[*index].quality.silhouette.is_some_and(|value| value >= STRUCTURED);
    let several = |index: &usize| evidence[*index].clusters > 2;
    let having = |wanted: &dyn Fn(&usize) -> bool| -> Vec<usize> {
        allowed.iter().copied().filter(|index| wanted(index)).collect()
    };
    let choices = [having(&structured), having(&several), allowed.to_vec()];
    choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default()
}

/// The sum of the four ranks of each compared candidate.
fn rank_sums(evidence: &[Evidence], compared: &[usize]) -> Vec<f64> {
    let measures: [fn(&Quality) -> Option<f64>; 4] = [
        |quality| quality.silhouette,
        |quality| quality.davies_bouldin.map(|index| -index),
        |quality| quality.calinski_harabasz,
        |quality| quality.stability,
    ];
    let mut sums = vec![0.0; compared.len()];
    for measure in measures {
        let values: Vec<f64> =
            compared.iter().map(|index| measure(&evidence[*index].quality).unwrap_or(f64::NEG_INFINITY)).collect();
        sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += rank(*value, &values));
    }
    sums
}

/// 1 for the greatest value; equal values share the mean of their ranks.
fn rank(value: f64, values: &[f64]) -> f64 {
    let greater = values.iter().filter(|other| **other > value).count() as f64;
    let equal = values.iter().filter(|other| **other == value).count() as f64;
    greater + f64::midpoint(equal, 1.0)
}

fn best(evidence: &[Evidence], compared: &[usize], sums: &[f64]) -> usize {
    let silhouette = |place: usize| evidence[compared[place]].quality.silhouette.unwrap_or(-1.0);
    let better = |one: &usize, other: &usize| {
        sums[*one].total_cmp(&sums[*other]).then(silhouette(*other).total_cmp(&silhouette(*one)))
    };
    (0..compared.len()).min_by(better).unwrap_or_default()
}

fn chosen(refused: Option<&str>, sum: f64, compared: usize) -> String {
    let best = match compared {
        1 => "chosen: the only one left to choose".to_owned(),
        _ => format!(
            "chosen: the best of {compared} by silhouette, Davies-Bouldin, Calinski-Harabasz and stability together \
             (sum of ranks {})",
            decimals(sum, 1)
        ),
    };
    match refused {
        Some(refused) => format!("{best}, although {refused}, because every other number is refused too"),
        None => best,
    }
}

fn beaten(sum: f64, least: f64, clusters: u32) -> String {
    if sum == least {
        return format!("ranks as well as {clusters} segments, with a lower silhouette");
    }
    format!("ranks behind {clusters} segments (sum of ranks {} against {})", decimals(sum, 1), decimals(least, 1))
}

fn set_aside(one: &Evidence) -> String {
    match one.quality.silhouette {
        Some(silhouette) if one.clusters > 2 || silhouette < 0.0 => {
            format!("set aside: less distinct (silhouette {}) than others, which reach 0.5", decimals(silhouette, 2))
        }
        Some(_) => "set aside: less distinct than what was compared; two halves say only more or less".to_owned(),
        None => "set aside: cannot be measured".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_groups_are_found_even_if_there_are_only_two() {
        let evidence = [evidence(2, 0.8, 0.3, 900.0, 1.0), evidence(3, 0.6, 0.6, 700.0, 0.8)];
        assert_eq!(number(&evidence), 2);
    }

    #[test]
    fn a_cloud_without_structure_is_not_cut_in_two() {
        let evidence = [
            evidence(2, 0.43, 0.89, 4380.0, 0.98),
            evidence(3, 0.34, 1.04, 3640.0, 0.90),
            evidence(4, 0.33, 1.02, 3345.0, 0.83),
            evidence(5, 0.32, 0.98, 3230.0, 0.85),
        ];
        assert!((3..=5).contains(&number(&evidence)));
        assert!(choose(&evidence, 4338)[0].reason.contains("two halves"));
    }

    #[test]
    fn refuses_a_handful_of_outliers_however_good_it_looks() {
        let outliers = Evidence { smallest: 26, ..evidence(2, 0.95, 0.2, 9000.0, 1.0) };
        let evidence = [outliers, evidence(3, 0.6, 0.7, 5000.0, 0.9)];
        assert_eq!(number(&evidence), 3);
        assert_eq!(choose(&evidence, 4338)[0].reason, "refused: its smallest segment has only 26 of 4,338 shoppers");
    }

    #[test]
    fn refuses_a_partition_that_does_not_come_again() {
        let evidence = [evidence(2, 0.7, 0.3, 96.0, 0.32), evidence(5, 0.55, 0.57, 247.0, 0.97)];
        assert_eq!(number(&evidence), 5);
    }

    #[test]
    fn one_is_chosen_even_if_all_are_refused() {
        let evidence = [evidence(2, 0.2, 1.3, 96.0, 0.3), evidence(3, 0.1, 1.5, 40.0, 0.2)];
        let candidates = choose(&evidence, 4338);
        assert_eq!(candidates.iter().filter(|one| one.chosen).count(), 1);
        assert!(candidates[1].reason.contains("although not stable"));
    }

    #[test]
    fn equal_values_share_their_ranks() {
        let values = [3.0, 1.0, 3.0, 2.0];
        assert_eq!(values.map(|value| rank(value, &values)), [1.5, 4.0, 1.5, 3.0]);
    }

    fn number(evidence: &[Evidence]) -> u32 {
        choose(evidence, 4338).iter().find(|one| one.chosen).unwrap().clusters
    }

    fn evidence(
        clusters: u32,
        silhouette: f64,
        davies_bouldin: f64,
        calinski_harabasz: f64,
        stability: f64,
    ) -> Evidence {
        let quality = Quality {
            silhouette: Some(silhouette),
            davies_bouldin: Some(davies_bouldin),
            calinski_harabasz: Some(calinski_harabasz),
            stability: Some(stability),
            inertia: Some(1.0),
        };
        Evidence { clusters, quality, smallest: 500 }
    }
}
