//! Whole files, from bytes to frames.

mod foreign;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::UInt64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::dataset::{ColumnRole, ColumnType, Shape};
use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use super::*;

const SALES: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID
1,a,Lamp,2,2020-01-01 10:00,1.50,100.0
1,b,Bulb,1,2020-01-01 10:00,0.10,100.0
C2,a,Lamp,-1,2020-01-03 09:00,1.50,100.0
3,a,Lamp,1,2020-01-02 08:30,1.50,200.0
4,a,Lamp,1,2020-01-05 08:30,0,300.0
5,a,Lamp,7,2020-01-06 08:30,1.50,
";

#[tokio::test]
async fn purchases_are_added_up_by_order_shopper_and_product() {
    let read = ingest(SALES).await;
    let summary = read.ingested.shoppers.as_ref().unwrap();
    assert_eq!((summary.shape, summary.shopper_count, summary.order_count), (Shape::Purchases, 2, 2));
    assert_eq!((summary.purchase_row_count, summary.revenue), (3, 4.6));
    assert_eq!(
        read.rows(FrameId::orders(ID, 0)).await,
        [
            "100|1|2020-01-01T10:00:00|2020-01-01T10:00:00|3100000|3000000|2|0|0",
            "100|C2|2020-01-03T09:00:00||0|0|0|1|1500000",
            "200|3|2020-01-02T08:30:00|2020-01-02T08:30:00|1500000|1000000|1|0|0",
            "300|4|2020-01-05T08:30:00||0|0|0|1|0",
        ]
    );
    assert_eq!(
        read.rows(FrameId::shoppers(ID, 0)).await,
        [
            "100|2020-01-01T10:00:00|2020-01-01T10:00:00|1|3100000|3000000|2|1|1500000",
            "200|2020-01-02T08:30:00|2020-01-02T08:30:00|1|1500000|1000000|1|0|0",
            "300|||0|0|0|0|1|0",
        ]
    );
    assert_eq!(
        read.rows(FrameId::sales(ID, 0)).await,
        ["0|0|0|1000000|100000", "0|0|1|2000000|3000000", "1|2|1|1000000|1500000"],
        "rows of shoppers, orders and items"
    );
    assert_eq!(read.rows(FrameId::items(ID, 0)).await, ["Bulb||1000000|100000", "Lamp||3000000|4500000"]);
}

#[tokio::test]
async fn columns_have_types_statistics_and_roles() {
    let read = ingest(SALES).await;
    let columns: Vec<String> = read.ingested.columns.iter().map(shown).collect();
    assert_eq!(
        columns,
        [
            r#"InvoiceNo Text 0 "1" "C2" Some(Order)"#,
            r#"StockCode Text 0 "a" "b" None"#,
            r#"Description Text 0 "Bulb" "Lamp" Some(Product)"#,
            "Quantity Integer 0 -1 7 Some(Quantity)",
            r#"InvoiceDate Timestamp 0 "2020-01-01T10:00:00" "2020-01-06T08:30:00" Some(Time)"#,
            "UnitPrice Decimal 0 0.0 1.5 Some(UnitPrice)",
            "CustomerID Integer 1 100 300 Some(Shopper)",
        ]
    );
    assert_eq!((read.ingested.encoding.as_str(), read.ingested.delimiter.as_str()), ("UTF-8", ","));
}

#[tokio::test]
async fn without_an_order_column_a_day_is_an_order() {
    let read = ingest("cliente;fecha;importe\nana;1/2/2020;10,5\nana;1/2/2020;1,5\nana;3/2/2020;2\n").await;
    assert_eq!(
        read.rows(FrameId::orders(ID, 0)).await,
        [
            "ana|2020-02-01|2020-02-01T00:00:00|2020-02-01T00:00:00|12000000|2000000|2|0|0",
            "ana|2020-02-03|2020-02-03T00:00:00|2020-02-03T00:00:00|2000000|1000000|1|0|0",
        ]
    );
}

#[tokio::test]
async fn shoppers_that_never_come_again_are_a_table() {
    let read = ingest("customer_id,age,last_date,total\n1,30,2020-01-01,5\n2,40,2020-01-02,6\n").await;
    let roles: Vec<_> = read.ingested.columns.iter().map(|column| column.role).collect();
    assert_eq!(roles, [Some(ColumnRole::Shopper), Some(ColumnRole::Feature), None, Some(ColumnRole::Feature)]);
    let summary = read.ingested.shoppers.as_ref().unwrap();
    assert_eq!((summary.shape, summary.shopper_count), (Shape::Shoppers, 2));
}

#[tokio::test]
async fn new_roles_give_another_revision() {
    let read = ingest("wer,wann,wieviel\nx,2020-01-01,5\nx,2020-01-02,6\ny,2020-01-02,1\n").await;
    let mut columns = read.ingested.columns.clone();
    for (column, role) in columns.iter_mut().zip([ColumnRole::Shopper, ColumnRole::Time, ColumnRole::Amount]) {
        column.role = Some(role);
    }
    let summary = aggregate(&read.frames, ID, 1, &columns).await.unwrap().unwrap();
    assert_eq!((summary.shopper_count, summary.revenue), (2, 12.0));
    assert_eq!(read.rows(FrameId::shoppers(ID, 1)).await.len(), 2);
    columns[2].role = None;
    let sentence = aggregate(&read.frames, ID, 2, &columns).await.unwrap().unwrap_err();
    assert!(sentence.contains("the amount or the unit price"), "{sentence}");
}

#[tokio::test]
async fn what_was_said_of_an_earlier_file_holds_again() {
    let said = [("wer", ColumnRole::Shopper), ("wann", ColumnRole::Time), ("wieviel", ColumnRole::Amount)];
    let said: Roles = said.into_iter().map(|(name, role)| (name.to_owned(), role)).collect();
    let file = "wer,wann,wieviel\nx,2020-01-01,5\ny,2020-01-02,6\n";
    let read = Read::of(file.into(), said).await.unwrap();
    let summary = read.ingested.shoppers.as_ref().unwrap();
    assert_eq!((summary.shape, summary.order_count, summary.revenue), (Shape::Purchases, 2, 11.0));
}

#[tokio::test]
async fn lines_that_do_not_fit_are_rejected_with_a_reason() {
    let good = "1,a,2\n".repeat(20);
    let read = ingest(&format!("id,name,quantity\n{good}2,b\n\n3,\"c\nd\",7,9\n4,e,many\n5,f,6,\n")).await;
    assert_eq!((read.ingested.row_count, read.ingested.rejected_row_count), (21, 3));
    let rejects = read.batch(FrameId::rejects(ID)).await;
    let lines = rejects.column(0).as_primitive::<UInt64Type>().values().to_vec();
    let texts = |column: usize| rejects.column(column).as_string::<i32>().iter().flatten().collect::<Vec<_>>();
    assert_eq!(lines, [22, 24, 26]);
    assert_eq!(texts(1), ["quantity"]);
    assert_eq!(
        texts(2),
        ["has 2 fields; the header has 3", "has 4 fields; the header has 3", "'many' is not a whole number"]
    );
    assert_eq!(texts(3), ["2,b", "3,\"c\nd\",7,9", "4,e,many"]);
}

#[tokio::test]
async fn a_late_surprise_changes_the_type_of_the_whole_column() {
    let mut file = "code,price,when,quantity\n".to_owned();
    file += &"17,1,03/04/2020,1\n".repeat(60_000);
    file += "x7,1.5,12/31/2020,2.5\n";
    let read = ingest(&file).await;
    let types: Vec<_> = read.ingested.columns.iter().map(|column| column.column_type).collect();
    assert_eq!(types, [ColumnType::Text, ColumnType::Decimal, ColumnType::Date, ColumnType::Decimal]);
    assert_eq!((read.ingested.row_count, read.ingested.rejected_row_count), (60_001, 0));
    assert_eq!(read.ingested.columns[2].min, "2020-03-04");
    assert_eq!(read.rows(FrameId::rows(ID)).await[60_000], "x7|1.5|2020-12-31|2.5");
}

#[tokio::test]
async fn a_measure_whose_beginning_misleads_stays_a_measure() {
    let file = format!("name,quantity\n{}{}", "a,?\n".repeat(5_500), "a,3\n".repeat(94_500));
    let read = ingest(&file).await;
    assert_eq!(read.ingested.columns[1].column_type, ColumnType::Integer);
    assert_eq!((read.ingested.row_count, read.ingested.rejected_row_count), (94_500, 5_500));
}

#[tokio::test]
async fn a_late_byte_that_is_not_utf8_makes_it_windows_1252() {
    let mut file = "name,note\n".to_owned().into_bytes();
    file.extend("abc,def\n".repeat(300_000).bytes());
    file.extend(b"caf\xE9,\x80\n");
    let read = Read::of(file, Roles::new()).await.unwrap();
    assert_eq!(read.ingested.encoding, "windows-1252");
    assert_eq!(read.rows(FrameId::rows(ID)).await[300_000], "café|€");
}

#[tokio::test]
async fn utf_16_is_read_by_its_mark() {
    let file: Vec<u8> = "\u{FEFF}a;b\r\n1;ü\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let read = Read::of(file, Roles::new()).await.unwrap();
    assert_eq!(
        (read.ingested.encoding.as_str(), read.rows(FrameId::rows(ID)).await),
        ("UTF-16BE", vec!["1|ü".to_owned()])
    );
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_a_sentence() {
    let endless = "x".repeat(6 << 20);
    for (file, expected) in [
        ("", "no rows"),
        ("a,b,c\n", "column names but no rows"),
        ("a,b,c\n1,2\n3,4\n", "None of the rows could be read. Line 2: has 2 fields"),
        ("%PDF-1.4\nabc", "a PDF document"),
        ("a,b\n1,\0\n", "binary data"),
        (&endless, "more than 4 MB"),
        (&format!("a,b\n1,2\n3,\"{endless}"), "more than 4 MB"),
    ] {
        let Err(IngestError::Unreadable(sentence)) = Read::of(file.into(), Roles::new()).await else {
            panic!("'{expected}' must be refused")
        };
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[tokio::test]
async fn amounts_that_cannot_be_added_exactly_are_said_so() {
    let read = ingest("customer,date,amount\na,2020-01-01,9e18\na,2020-01-01,1\nb,2020-01-01,1\n").await;
    assert!(read.ingested.shoppers.as_ref().unwrap_err().contains("too large"));
}

#[tokio::test]
async fn a_second_run_gives_the_same_frames() {
    let read = ingest(SALES).await;
    let before = read.rows(FrameId::orders(ID, 0)).await;
    let again = read_dataset(&read.frames, ID, reader(SALES.into()), UserHints::default(), |_| ()).await.unwrap();
    assert_eq!((again.columns, again.shoppers), (read.ingested.columns.clone(), read.ingested.shoppers.clone()));
    assert_eq!(read.rows(FrameId::orders(ID, 0)).await, before);
}

#[tokio::test]
async fn repeated_rows_count_and_are_said() {
    let row = "ana;1/2/2020;10,5\n";
    let read = ingest(&format!("cliente;fecha;importe\n{row}{row}ana;3/2/2020;2\n{row}")).await;
    assert_eq!((read.ingested.row_count, read.ingested.repeated_row_count), (4, 2));
    assert_eq!(read.ingested.shoppers.unwrap().revenue, 33.5);
}

#[tokio::test]
async fn a_role_has_a_reason() {
    let read = ingest(SALES).await;
    let reason = |name: &str| {
        let column = read.ingested.columns.iter().find(|column| column.name == name).unwrap();
        column.reason.clone()
    };
    assert_eq!(reason("CustomerID").unwrap(), "is named like who bought, and holds whole numbers");
    assert_eq!(reason("StockCode"), None);
}

#[tokio::test]
async fn progress_is_told_up_to_the_end() {
    let (_folder, frames) = frames().await;
    let done = Arc::new(AtomicU64::new(0));
    let seen = done.clone();
    let progress = move |bytes| seen.store(bytes, Ordering::Relaxed);
    read_dataset(&frames, ID, reader(SALES.into()), UserHints::default(), progress).await.unwrap();
    assert_eq!(done.load(Ordering::Relaxed), SALES.len() as u64);
}

#[tokio::test]
async fn a_reader_that_fails_is_no_fault_of_the_file() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let (_folder, frames) = frames().await;
    let result = read_dataset(&frames, ID, || Ok(Box::new(Broken) as Bytes), UserHints::default(), |_| ()).await;
    assert!(matches!(result, Err(IngestError::Failed(_))));
}

const ID: DatasetId = DatasetId(Uuid::from_u128(7));

struct Read {
    _folder: TempDir,
    frames: Frames,
    ingested: Ingested,
}

impl Read {
    async fn of(file: Vec<u8>, roles: Roles) -> Result<Self, IngestError> {
        Self::hinted(file, UserHints { roles, ..UserHints::default() }).await
    }

    async fn hinted(file: Vec<u8>, hints: UserHints) -> Result<Self, IngestError> {
        let (folder, frames) = frames().await;
        let ingested = read_dataset(&frames, ID, reader(file), hints, |_| ()).await?;
        Ok(Self { _folder: folder, frames, ingested })
    }

    async fn batch(&self, frame: FrameId) -> RecordBatch {
        let batches = self.frames.page(&frame, 0, usize::MAX, None).await.unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    }

    /// Each row as its cells with bars between them.
    async fn rows(&self, frame: FrameId) -> Vec<String> {
        let (batch, options) = (self.batch(frame).await, FormatOptions::new());
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        let row = |row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|");
        (0..batch.num_rows()).map(row).collect()
    }
}

async fn ingest(file: &str) -> Read {
    let read = Read::of(file.into(), Roles::new()).await.unwrap();
    let rows = read.frames.manifest(&FrameId::rows(ID)).await.unwrap().unwrap().rows();
    assert_eq!(rows, read.ingested.row_count);
    read
}

async fn frames() -> (TempDir, Frames) {
    let folder = tempfile::tempdir().unwrap();
    let frames = Frames::open(&Url::from_directory_path(folder.path()).unwrap()).await.unwrap();
    (folder, frames)
}

fn reader(file: Vec<u8>) -> impl Fn() -> Result<Bytes> + Send + 'static {
    move || Ok(Box::new(Cursor::new(file.clone())))
}

fn shown(column: &Column) -> String {
    let Column { name, column_type, null_count, min, max, role, .. } = column;
    format!("{name} {column_type:?} {null_count} {min} {max} {role:?}")
}
