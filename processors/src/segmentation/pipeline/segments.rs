//! The segments of a report: who is in them, measured and named.

use std::collections::BTreeMap;

use domain::report::{Scaling, Segment, StoreShare};

use super::profiles::{profiles, sum_of};
use crate::segmentation::cluster::Clustering;
use crate::segmentation::feature_table::{Buyers, FeatureTable};
use crate::segmentation::features::scaling;
use crate::segmentation::naming::name_segments;
use crate::segmentation::naming::profile::Profile;
use crate::segmentation::naming::text::SegmentText;

/// The segments, measured and named.
pub(crate) fn segments(
    table: &FeatureTable,
    clustering: &Clustering,
    centroids: &[f64],
    scaling: &[Scaling],
) -> Vec<Segment> {
    let mut members = vec![vec![]; clustering.clusters as usize];
    for (index, label) in clustering.labels.iter().enumerate() {
        if let Some(label) = label {
            members[*label as usize].push(index);
        }
    }
    let profiles = profiles(table, &members);
    let texts = name_segments(table, &profiles);
    let segment = |((index, text), profile): ((usize, SegmentText), &Profile)| Segment {
        name: text.name,
        description: text.description,
        action: text.action,
        size: profile.size,
        share: profile.share,
        revenue: revenue(table, &members[index]),
        revenue_share: profile.revenue_share,
        median: table.names().into_iter().zip(profile.medians.iter().copied()).collect(),
        stores: table.buyers.as_ref().map(|buyers| stores(buyers, &members[index])).unwrap_or_default(),
        ..bare(index, &centroids[index * scaling.len()..][..scaling.len()], scaling)
    };
    texts.into_iter().enumerate().zip(&profiles).map(segment).collect()
}

/// A segment of which only its centroid is known.
pub(crate) fn bare(index: usize, centroid: &[f64], scaling: &[Scaling]) -> Segment {
    Segment {
        index: index as u32,
        name: String::new(),
        description: String::new(),
        action: String::new(),
        size: 0,
        share: 0.0,
        revenue: None,
        revenue_share: None,
        centroid: unscaled(centroid, scaling),
        median: BTreeMap::new(),
        top_products: vec![],
        stores: vec![],
    }
}

/// Where a segment buys, by falling share.
fn stores(buyers: &Buyers, members: &[usize]) -> Vec<StoreShare> {
    let count = buyers.stores.len();
    let mut spent = vec![0_i128; count];
    for member in members.iter().filter(|_| count > 0) {
        let own = &buyers.spend_by_store[member * count..][..count];
        spent.iter_mut().zip(own).for_each(|(sum, own)| *sum += i128::from(*own));
    }
    let total = spent.iter().sum::<i128>().max(1);
    let mut stores: Vec<(i128, StoreShare)> = buyers
        .stores
        .iter()
        .zip(spent)
        .map(|(store_id, spent)| {
            (spent, StoreShare { store_id: *store_id, revenue_share: spent as f64 / total as f64 })
        })
        .collect();
    stores.sort_by_key(|(spent, share)| (std::cmp::Reverse(*spent), share.store_id));
    stores.into_iter().map(|(_, share)| share).collect()
}

fn revenue(table: &FeatureTable, members: &[usize]) -> Option<f64> {
    table.spend().map(|spend| sum_of(members.iter().map(|index| &spend[*index])) as f64 / 1e6)
}

fn unscaled(centroid: &[f64], scaling: &[Scaling]) -> BTreeMap<String, f64> {
    let unscaled = |(value, scaling): (&f64, &Scaling)| (scaling.feature.clone(), scaling::unscaled(*value, scaling));
    centroid.iter().zip(scaling).map(unscaled).collect()
}
