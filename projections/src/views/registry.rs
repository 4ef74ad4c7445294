//! Every view there is, a line each: what is folded, emptied and dumped goes by this list.

use anyhow::Result;
use futures::future::BoxFuture;

use super::fold::fold_view;
use super::rows::api_keys::ApiKeyRow;
use super::rows::customers::CustomerRow;
use super::rows::datasets::DatasetRow;
use super::rows::members::MemberRow;
use super::rows::notifications::NotificationRow;
use super::rows::report_summaries::ReportSummary;
use super::rows::reports::ReportRow;
use super::rows::store_roles::StoreRolesRow;
use super::rows::stores::StoreRow;
use super::rows::uploads::UploadRow;
use super::rows::users::UserRow;
use super::sql::ViewTransaction;
use super::view::{Fact, View};

/// The views, in the order in which they are folded.
pub(super) const VIEWS: [RegisteredView; 11] = [
    view::<UserRow>(),
    view::<CustomerRow>(),
    view::<MemberRow>(),
    view::<ApiKeyRow>(),
    view::<StoreRow>(),
    view::<UploadRow>(),
    view::<DatasetRow>(),
    view::<StoreRolesRow>(),
    view::<ReportRow>(),
    view::<ReportSummary>(),
    view::<NotificationRow>(),
];

/// A view whose type is not known to whoever goes through the list.
pub(super) struct RegisteredView {
    pub(super) table: &'static str,
    /// Folds events into the rows of the view.
    pub(super) fold: FoldFn,
}

type FoldFn = for<'a> fn(&'a mut ViewTransaction, &'a [Fact<'a>]) -> BoxFuture<'a, Result<()>>;

const fn view<T: View>() -> RegisteredView {
    RegisteredView { table: T::TABLE, fold: |transaction, facts| Box::pin(fold_view::<T>(transaction, facts)) }
}
