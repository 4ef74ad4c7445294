//! The questions that the views answer. Each names the customer it is about, so that nothing of another
//! customer can be read; only users stand outside of customers.

use anyhow::Result;
use domain::dataset::Roles;
use domain::{ApiKeyId, CustomerId, DatasetId, MemberRole, Recorded, ReportId, StoreId, UploadId, UserId};
use uuid::Uuid;

use super::fold::{Fact, View};
use super::row::Selection;
use super::store_roles::ASSIGNED;
use super::{
    ApiKeyRow, CustomerRow, DatasetFilter, DatasetRow, MemberRow, NotificationRow, Page, ReportRow, ReportSummary, Row,
    StoreFilter, StoreRolesRow, StoreRow, UploadFilter, UploadRow, UploadStatus, UserRow, Views, on_engine,
};

impl Views {
    /// A registered user.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn user(&self, user: UserId) -> Result<Option<Row<UserRow>>> {
        on_engine!(self, views => views.get(&user.to_string()).await)
    }

    /// A customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customer(&self, customer: CustomerId) -> Result<Option<Row<CustomerRow>>> {
        self.owned(customer, customer).await
    }

    /// The customers that a user is a member of, oldest first, with what the user may do there.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customers_of(
        &self,
        user: UserId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<(Row<CustomerRow>, MemberRole)>> {
        let rows = on_engine!(self, views => views.customers_of(user, after, Some(limit.saturating_add(1))).await?);
        let rows = rows.into_iter().map(|(customer, member)| (customer, member.role)).collect();
        Ok(Page::of(rows, limit, |(customer, _)| customer.position))
    }

    /// All customers that a user is a member of.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customer_ids_of(&self, user: UserId) -> Result<Vec<CustomerId>> {
        let customers = on_engine!(self, views => views.customers_of(user, None, None).await?);
        Ok(customers.into_iter().map(|(customer, _)| customer.body.id).collect())
    }

    /// A member of a customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn member(&self, customer: CustomerId, user: UserId) -> Result<Option<Row<MemberRow>>> {
        on_engine!(self, views => views.member(customer, user).await)
    }

    /// What a user may do for a customer: none when not a member, or when the customer left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn role(&self, customer: CustomerId, user: UserId) -> Result<Option<MemberRole>> {
        Ok(self.member(customer, user).await?.map(|member| member.body.role))
    }

    /// What a user may do for a customer, and up to which position the views were folded when that was read. Whatever
    /// is read after it is at least as new.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn membership(&self, customer: CustomerId, user: UserId) -> Result<Option<(MemberRole, u64)>> {
        on_engine!(self, views => views.membership(customer, user).await)
    }

    /// The members of a customer, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn members(&self, customer: CustomerId, after: Option<u64>, limit: u32) -> Result<Page<Row<MemberRow>>> {
        self.page(Selection::of(customer), after, limit).await
    }

    /// An API key of a customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn api_key(&self, customer: CustomerId, key: ApiKeyId) -> Result<Option<Row<ApiKeyRow>>> {
        if self.customer(customer).await?.is_none() {
            return Ok(None);
        }
        self.owned(customer, key).await
    }

    /// The API keys of a customer, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn api_keys(&self, customer: CustomerId, after: Option<u64>, limit: u32) -> Result<Page<Row<ApiKeyRow>>> {
        self.page(Selection::of(customer), after, limit).await
    }

    /// An open store.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn store(&self, customer: CustomerId, store: StoreId) -> Result<Option<Row<StoreRow>>> {
        self.owned(customer, store).await
    }

    /// The open stores that a filter lets through, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn stores(
        &self,
        customer: CustomerId,
        filter: &StoreFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<StoreRow>>> {
        if filter.is_open() {
            return self.page(Selection::of(customer), after, limit).await;
        }
        // Databases fold the case of letters differently, so names are compared here. A customer has few stores.
        let mut rows = self.all::<StoreRow>(Selection { after, ..Selection::of(customer) }).await?;
        rows.retain(|row| filter.matches(&row.body));
        Ok(Page::of(rows, limit, |row| row.position))
    }

    /// An upload, also when it was deleted.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn upload(&self, customer: CustomerId, upload: UploadId) -> Result<Option<Row<UploadRow>>> {
        self.owned(customer, upload).await
    }

    /// The uploads that a filter lets through, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn uploads(
        &self,
        customer: CustomerId,
        filter: &UploadFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<UploadRow>>> {
        let status = filter.status.map(Into::into);
        let hidden = if status.is_none() { Some(UploadStatus::Deleted.into()) } else { None };
        let selection = Selection { store_id: filter.store_id, status, hidden, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }

    /// All uploads of a customer that are not deleted.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn upload_ids(&self, customer: CustomerId) -> Result<Vec<UploadId>> {
        let selection = Selection { hidden: Some(UploadStatus::Deleted.into()), ..Selection::of(customer) };
        Ok(self.all::<UploadRow>(selection).await?.into_iter().map(|row| row.body.id).collect())
    }

    /// A dataset.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn dataset(&self, customer: CustomerId, dataset: DatasetId) -> Result<Option<Row<DatasetRow>>> {
        self.owned(customer, dataset).await
    }

    /// The datasets that a filter lets through, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn datasets(
        &self,
        customer: CustomerId,
        filter: &DatasetFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<DatasetRow>>> {
        let selection = Selection { store_id: filter.store_id, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }

    /// The roles that people assigned last to the columns of a file of this store; empty when nobody did.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn store_roles(&self, customer: CustomerId, store: StoreId) -> Result<Roles> {
        let selection = Selection { store_id: Some(store), status: Some(ASSIGNED), ..Selection::of(customer) };
        let rows = self.all::<StoreRolesRow>(Selection { limit: Some(1), ..selection.newest_first() }).await?;
        Ok(rows.into_iter().find_map(|row| row.body.roles).unwrap_or_default())
    }

    /// A report with its findings.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn report(&self, customer: CustomerId, report: ReportId) -> Result<Option<Row<ReportRow>>> {
        self.owned(customer, report).await
    }

    /// A report that is completed or failed, as the JSON that is stored: findings are large, and to read them only to
    /// write them again would be most of the work of showing them.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn settled_report(&self, customer: CustomerId, report: ReportId) -> Result<Option<Row<String>>> {
        let row = on_engine!(self, views => views.text(ReportRow::TABLE, &report.to_string()).await?);
        // Within a string the quotation marks would be escaped.
        let is_settled = |row: &Row<String>| !row.body.contains(r#""status":"requested""#);
        Ok(row.filter(|row| row.customer_id == Some(customer) && is_settled(row)))
    }

    /// The reports without their findings, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn reports(
        &self,
        customer: CustomerId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<ReportSummary>>> {
        self.page(Selection::of(customer).newest_first(), after, limit).await
    }

    /// All reports of a customer.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn report_ids(&self, customer: CustomerId) -> Result<Vec<ReportId>> {
        let rows = self.all::<ReportSummary>(Selection::of(customer)).await?;
        Ok(rows.into_iter().map(|row| row.body.id).collect())
    }

    /// What a user is told, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn notifications(
        &self,
        customer: CustomerId,
        user: UserId,
        unread_only: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<NotificationRow>>> {
        let (status, hidden) = (unread_only.then_some(NotificationRow::UNREAD), Some(NotificationRow::WAITING));
        let selection = Selection { user_id: Some(user), status, hidden, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }

    /// What a user is told about an upload or a report; also while there is nothing to say.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn notification(&self, customer: CustomerId, id: Uuid) -> Result<Option<Row<NotificationRow>>> {
        self.owned(customer, id).await
    }

    /// What an event gives to tell, unless that is gone or replaced already.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn told_by(&self, customer: CustomerId, event: &Recorded) -> Result<Option<NotificationRow>> {
        let Some(id) = NotificationRow::key(&Fact::of(event)?) else { return Ok(None) };
        let row = self.owned::<NotificationRow>(customer, id).await?.map(|row| row.body);
        Ok(row.filter(|row| row.news.as_ref().is_some_and(|news| news.outcome == event.id())))
    }

    async fn owned<T: View>(&self, customer: CustomerId, id: impl ToString) -> Result<Option<Row<T>>> {
        let row = on_engine!(self, views => views.get::<T>(&id.to_string()).await?);
        Ok(row.filter(|row| row.customer_id == Some(customer)))
    }

    async fn page<T: View>(&self, selection: Selection, after: Option<u64>, limit: u32) -> Result<Page<Row<T>>> {
        let rows = self.all(selection.page(after, limit)).await?;
        Ok(Page::of(rows, limit, |row| row.position))
    }

    async fn all<T: View>(&self, selection: Selection) -> Result<Vec<Row<T>>> {
        on_engine!(self, views => views.rows(&selection).await)
    }
}
