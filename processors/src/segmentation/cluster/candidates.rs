//! What a report tells of the numbers of clusters that were tried: which was chosen, and in words why not the others.

use domain::report::{Candidate, Quality};

use crate::clustering::select_k::{CandidateK, MIN_STABILITY, Refusal, Verdict, select_k};
use crate::clustering::validity::Validity;
use crate::segmentation::number_format::{counted, decimals};

/// All candidates with their verdicts; exactly one is chosen. There is at least one.
pub(crate) fn judged(candidates: &[CandidateK], shoppers: u64) -> Vec<Candidate> {
    let verdicts = select_k(candidates, shoppers);
    let judged = |(candidate, verdict): (&CandidateK, &Verdict)| Candidate {
        clusters: candidate.clusters,
        quality: quality(&candidate.validity),
        smallest: candidate.smallest,
        chosen: matches!(verdict, Verdict::Chosen { .. }),
        reason: reason(candidate, verdict, shoppers),
    };
    candidates.iter().zip(&verdicts).map(judged).collect()
}

/// The measures as a report holds them.
pub(crate) fn quality(validity: &Validity) -> Quality {
    let Validity { silhouette, davies_bouldin, calinski_harabasz, stability, inertia } = *validity;
    Quality { silhouette, davies_bouldin, calinski_harabasz, stability, inertia }
}

fn reason(candidate: &CandidateK, verdict: &Verdict, shoppers: u64) -> String {
    match verdict {
        Verdict::Chosen { rank_sum, compared, despite } => {
            let despite = despite.map(|refusal| refused(candidate, refusal, shoppers));
            chosen(despite.as_deref(), *rank_sum, *compared)
        }
        Verdict::Refused(refusal) => format!("refused: {}", refused(candidate, *refusal, shoppers)),
        Verdict::Beaten { rank_sum, best_rank_sum, best_clusters } => beaten(*rank_sum, *best_rank_sum, *best_clusters),
        Verdict::SetAside => set_aside(candidate),
    }
}

fn refused(candidate: &CandidateK, refusal: Refusal, shoppers: u64) -> String {
    match refusal {
        Refusal::Tiny => {
            format!("its smallest segment has only {} of {}", candidate.smallest, counted(shoppers, "shopper"))
        }
        Refusal::Unstable { stability } => format!(
            "not stable, samples of the shoppers give other segments (adjusted Rand index {}, less than {})",
            decimals(stability, 2),
            decimals(MIN_STABILITY, 2)
        ),
    }
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

fn set_aside(candidate: &CandidateK) -> String {
    match candidate.validity.silhouette {
        Some(silhouette) if candidate.clusters > 2 || silhouette < 0.0 => {
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
    fn two_halves_of_a_cloud_are_set_aside_in_words() {
        let candidates = [candidate(2, 0.43, 0.98), candidate(3, 0.34, 0.90)];
        assert!(judged(&candidates, 4338)[0].reason.contains("two halves"));
    }

    #[test]
    fn a_handful_of_outliers_is_refused_in_words() {
        let outliers = CandidateK { smallest: 26, ..candidate(2, 0.95, 1.0) };
        let candidates = judged(&[outliers, candidate(3, 0.6, 0.9)], 4338);
        assert_eq!(candidates[0].reason, "refused: its smallest segment has only 26 of 4,338 shoppers");
    }

    #[test]
    fn one_is_chosen_even_if_all_are_refused() {
        let candidates = judged(&[candidate(2, 0.2, 0.3), candidate(3, 0.1, 0.2)], 4338);
        assert_eq!(candidates.iter().filter(|candidate| candidate.chosen).count(), 1);
        assert!(candidates[1].reason.contains("although not stable"));
    }

    fn candidate(clusters: u32, silhouette: f64, stability: f64) -> CandidateK {
        let validity = Validity { silhouette: Some(silhouette), stability: Some(stability), ..Validity::default() };
        CandidateK { clusters, validity, smallest: 500 }
    }
}
