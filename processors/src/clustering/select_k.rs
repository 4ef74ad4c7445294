//! How many segments: one rule over the evidence of all candidates.
//!
//! 1. A candidate is refused when its smallest segment holds less than 1 % of the points (or fewer than five), or when
//!    bootstrap samples give other segments (mean adjusted Rand index below 0.6).
//! 2. If silhouettes of 0.5 and more are left ("a reasonable structure", Kaufman and Rousseeuw 1990), only those are
//!    compared. Otherwise groups shade into each other: there the silhouette is highest for two halves of one cloud,
//!    whatever it looks like, and two halves say no more than "more" and "less"; so three and more are compared.
//! 3. Each measure ranks what is compared: silhouette, Davies-Bouldin, Calinski-Harabasz, stability. The least sum of
//!    ranks wins; among equals the higher silhouette.

use super::validity::Validity;

const MIN_SHARE: f64 = 0.01;
const MIN_SIZE: u64 = 5;
/// The mean adjusted Rand index from which a partition is stable.
pub(crate) const MIN_STABILITY: f64 = 0.6;
/// The silhouette of a reasonable structure.
const MIN_STRUCTURE: f64 = 0.5;

/// What is known about one number of clusters.
#[derive(Clone, Debug)]
pub(crate) struct CandidateK {
    /// The number of clusters.
    pub clusters: u32,
    /// How good the partition is.
    pub validity: Validity,
    /// The size of its smallest cluster.
    pub smallest: u64,
}

/// What became of a candidate, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is the best of those that were compared.
    Chosen {
        /// The sum of its ranks.
        rank_sum: f64,
        /// How many were compared.
        compared: usize,
        /// Why it would be refused, if not all were.
        despite: Option<Refusal>,
    },
    /// It was not compared.
    Refused(Refusal),
    /// Another one ranks better.
    Beaten {
        /// The sum of its ranks.
        rank_sum: f64,
        /// The sum of the ranks of the one that is chosen.
        best_rank_sum: f64,
        /// The number of clusters that is chosen.
        best_clusters: u32,
    },
    /// It was not compared, as others are more distinct.
    SetAside,
}

/// Why a candidate is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// Its smallest cluster is too small.
    Tiny,
    /// Bootstrap samples give other clusters.
    Unstable {
        /// The mean adjusted Rand index.
        stability: f64,
    },
}

/// Judges all candidates for partitions of so many points: exactly one is chosen. There is at least one candidate.
pub(crate) fn select_k(candidates: &[CandidateK], points: u64) -> Vec<Verdict> {
    let refusals: Vec<Option<Refusal>> = candidates.iter().map(|candidate| refusal(candidate, points)).collect();
    let allowed = allowed(candidates, &refusals, points);
    let compared = comparable(candidates, &allowed);
    let sums = rank_sums(candidates, &compared);
    let best = best(candidates, &compared, &sums);
    let judge = |index: usize| match (compared.iter().position(|other| *other == index), refusals[index]) {
        (Some(rank), despite) if rank == best => {
            Verdict::Chosen { rank_sum: sums[rank], compared: compared.len(), despite }
        }
        (_, Some(refusal)) => Verdict::Refused(refusal),
        (Some(rank), None) => Verdict::Beaten {
            rank_sum: sums[rank],
            best_rank_sum: sums[best],
            best_clusters: candidates[compared[best]].clusters,
        },
        (None, None) => Verdict::SetAside,
    };
    (0..candidates.len()).map(judge).collect()
}

fn is_tiny(candidate: &CandidateK, points: u64) -> bool {
    candidate.smallest < MIN_SIZE || (candidate.smallest as f64) < MIN_SHARE * points as f64
}

fn refusal(candidate: &CandidateK, points: u64) -> Option<Refusal> {
    if is_tiny(candidate, points) {
        return Some(Refusal::Tiny);
    }
    let stability = candidate.validity.stability.filter(|stability| *stability < MIN_STABILITY)?;
    Some(Refusal::Unstable { stability })
}

/// The candidates that are not refused; if all are, those that are at least not tiny; if all are tiny, all.
fn allowed(candidates: &[CandidateK], refusals: &[Option<Refusal>], points: u64) -> Vec<usize> {
    let all = 0..candidates.len();
    let sound: Vec<usize> = all.clone().filter(|index| refusals[*index].is_none()).collect();
    if !sound.is_empty() {
        return sound;
    }
    let large: Vec<usize> = all.clone().filter(|index| !is_tiny(&candidates[*index], points)).collect();
    if !large.is_empty() {
        return large;
    }
    // Here two clusters are a handful of outliers and everything else.
    let several: Vec<usize> = all.clone().filter(|index| candidates[*index].clusters > 2).collect();
    if several.is_empty() { all.collect() } else { several }
}

fn comparable(candidates: &[CandidateK], allowed: &[usize]) -> Vec<usize> {
    let structured = |index: &usize| candidates[*index].validity.silhouette.is_some_and(|value| value >= MIN_STRUCTURE);
    let several = |index: &usize| candidates[*index].clusters > 2;
    let having = |wanted: &dyn Fn(&usize) -> bool| -> Vec<usize> {
        allowed.iter().copied().filter(|index| wanted(index)).collect()
    };
    let choices = [having(&structured), having(&several), allowed.to_vec()];
    choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default()
}

/// The sum of the four ranks of each compared candidate.
fn rank_sums(candidates: &[CandidateK], compared: &[usize]) -> Vec<f64> {
    let measures: [fn(&Validity) -> Option<f64>; 4] = [
        |validity| validity.silhouette,
        |validity| validity.davies_bouldin.map(|index| -index),
        |validity| validity.calinski_harabasz,
        |validity| validity.stability,
    ];
    let mut sums = vec![0.0; compared.len()];
    for measure in measures {
        let values: Vec<f64> =
            compared.iter().map(|index| measure(&candidates[*index].validity).unwrap_or(f64::NEG_INFINITY)).collect();
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

fn best(candidates: &[CandidateK], compared: &[usize], sums: &[f64]) -> usize {
    let silhouette = |index: usize| candidates[compared[index]].validity.silhouette.unwrap_or(-1.0);
    let better = |a: &usize, b: &usize| sums[*a].total_cmp(&sums[*b]).then(silhouette(*b).total_cmp(&silhouette(*a)));
    (0..compared.len()).min_by(better).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_groups_are_found_even_if_there_are_only_two() {
        let candidates = [candidate(2, 0.8, 0.3, 900.0, 1.0), candidate(3, 0.6, 0.6, 700.0, 0.8)];
        assert_eq!(number(&candidates), 2);
    }

    #[test]
    fn a_cloud_without_structure_is_not_cut_in_two() {
        let candidates = [
            candidate(2, 0.43, 0.89, 4380.0, 0.98),
            candidate(3, 0.34, 1.04, 3640.0, 0.90),
            candidate(4, 0.33, 1.02, 3345.0, 0.83),
            candidate(5, 0.32, 0.98, 3230.0, 0.85),
        ];
        assert!((3..=5).contains(&number(&candidates)));
        assert_eq!(select_k(&candidates, 4338)[0], Verdict::SetAside);
    }

    #[test]
    fn refuses_a_handful_of_outliers_however_good_it_looks() {
        let outliers = CandidateK { smallest: 26, ..candidate(2, 0.95, 0.2, 9000.0, 1.0) };
        let candidates = [outliers, candidate(3, 0.6, 0.7, 5000.0, 0.9)];
        assert_eq!(number(&candidates), 3);
        assert_eq!(select_k(&candidates, 4338)[0], Verdict::Refused(Refusal::Tiny));
    }

    #[test]
    fn refuses_a_partition_that_does_not_come_again() {
        let candidates = [candidate(2, 0.7, 0.3, 96.0, 0.32), candidate(5, 0.55, 0.57, 247.0, 0.97)];
        assert_eq!(number(&candidates), 5);
    }

    #[test]
    fn one_is_chosen_even_if_all_are_refused() {
        let candidates = [candidate(2, 0.2, 1.3, 96.0, 0.3), candidate(3, 0.1, 1.5, 40.0, 0.2)];
        let verdicts = select_k(&candidates, 4338);
        assert!(matches!(verdicts[0], Verdict::Refused(_)));
        let despite = Some(Refusal::Unstable { stability: 0.2 });
        assert!(matches!(verdicts[1], Verdict::Chosen { despite: found, .. } if found == despite));
    }

    #[test]
    fn equal_values_share_their_ranks() {
        let values = [3.0, 1.0, 3.0, 2.0];
        assert_eq!(values.map(|value| rank(value, &values)), [1.5, 4.0, 1.5, 3.0]);
    }

    fn number(candidates: &[CandidateK]) -> u32 {
        let chosen = |verdict: &Verdict| matches!(verdict, Verdict::Chosen { .. });
        candidates[select_k(candidates, 4338).iter().position(chosen).unwrap()].clusters
    }

    fn candidate(
        clusters: u32,
        silhouette: f64,
        davies_bouldin: f64,
        calinski_harabasz: f64,
        stability: f64,
    ) -> CandidateK {
        let validity = Validity {
            silhouette: Some(silhouette),
            davies_bouldin: Some(davies_bouldin),
            calinski_harabasz: Some(calinski_harabasz),
            stability: Some(stability),
            inertia: Some(1.0),
        };
        CandidateK { clusters, validity, smallest: 500 }
    }
}
