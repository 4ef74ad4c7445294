//! What every store of frames must do; each variant runs the whole of it.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use futures::future::join_all;
use migrations::testing::{fresh_name, server_url};
use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn the_folder_is_a_store_of_frames() {
    let folder = tempfile::tempdir().unwrap();
    let url = Url::from_directory_path(folder.path().join("frames")).unwrap();
    conforms(&Frames::open(&url).await.unwrap()).await;
}

#[tokio::test]
async fn mongodb_is_a_store_of_frames() {
    let frames = mongo().await;
    conforms(&frames).await;
    several_runs_at_once_leave_one_frame(&frames).await;
    drop_database(&frames).await;
}

#[tokio::test]
async fn a_published_frame_describes_itself_in_mongodb() {
    let frames = mongo().await;
    write(&frames, FrameId::rows(dataset(1)), &[0, 2, 5]).await;
    let Frames::Mongo(mongo) = &frames else { panic!("it is MongoDB") };
    let found = mongo.database.collection::<Document>("frames").find_one(doc! {"row_count": 5}).await.unwrap().unwrap();
    assert_eq!(found.get_str("_id").unwrap(), FrameId::rows(dataset(1)).to_string());
    assert_eq!(found.get_array("chunk_rows").unwrap(), &[Bson::Int64(2), Bson::Int64(3)]);
    let schema = found.get_array("schema").unwrap();
    assert_eq!(schema[1], Bson::Document(doc! {"name": "text", "type": "Utf8"}));
    drop_database(&frames).await;
}

#[tokio::test]
async fn says_that_mongodb_does_not_answer() {
    let url = Url::parse("mongodb://user:secret@127.0.0.1:1/frames?serverSelectionTimeoutMS=200").unwrap();
    let Err(error) = Frames::open(&url).await else { panic!("nothing listens there") };
    assert_eq!(error.to_string(), "MongoDB does not answer at 127.0.0.1:1");
    assert!(!format!("{error:#}").contains("secret"));
}

#[tokio::test]
async fn refuses_a_url_it_does_not_know() {
    let url = Url::parse("ftp://somewhere/frames").unwrap();
    let Err(error) = Frames::open(&url).await else { panic!("it must be refused") };
    assert!(error.to_string().contains("supported are file: and mongodb:"));
}

async fn conforms(frames: &Frames) {
    frames.check().await.unwrap();
    does_not_exist_until_it_is_finished(frames).await;
    gives_pages_across_chunks(frames).await;
    reads_only_some_columns(frames).await;
    keeps_the_schema_of_a_frame_without_rows(frames).await;
    a_shorter_run_replaces_a_longer_one(frames).await;
    refuses_what_is_incomplete_or_too_large(frames).await;
    deletes_only_what_it_is_told_to(frames).await;
}

async fn does_not_exist_until_it_is_finished(frames: &Frames) {
    let frame = FrameId::rows(dataset(1));
    assert_eq!(frames.manifest(&frame).await.unwrap(), None);
    frames.put_chunk(&frame, 0, encode(&batch(0..3)).unwrap()).await.unwrap();
    assert_eq!(frames.manifest(&frame).await.unwrap(), None);
    assert!(frames.page(&frame, 0, 10, None).await.is_err());
    frames.finish(&frame, &Manifest { chunk_rows: vec![3] }).await.unwrap();
    assert_eq!(frames.manifest(&frame).await.unwrap().unwrap().rows(), 3);
    assert_eq!(frames.chunk(&frame, 0, None).await.unwrap(), batch(0..3));
    assert!(frames.chunk(&frame, 1, None).await.is_err());
}

async fn gives_pages_across_chunks(frames: &Frames) {
    let frame = write(frames, FrameId::rows(dataset(2)), &[0, 10, 10, 25, 26]).await;
    for (offset, limit) in [(0, 26), (0, 100), (9, 2), (10, 15), (25, 1), (24, 2), (3, 4), (26, 5), (900, 5), (4, 0)] {
        let expected: Vec<i64> = (0..26).skip(offset).take(limit).collect();
        assert_eq!(numbers(frames, &frame, offset as u64, limit).await, expected, "{offset} {limit}");
    }
}

async fn reads_only_some_columns(frames: &Frames) {
    let frame = write(frames, FrameId::orders(dataset(2), 7), &[0, 4, 8]).await;
    let page = frames.page(&frame, 3, 2, Some(&[1])).await.unwrap();
    assert_eq!(page.iter().map(RecordBatch::num_columns).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(page[1].column(0).as_string::<i32>().value(0), "row 4");
    assert!(frames.page(&frame, 0, 1, Some(&[2])).await.is_err());
}

async fn keeps_the_schema_of_a_frame_without_rows(frames: &Frames) {
    let frame = write(frames, FrameId::rejects(dataset(2)), &[0, 0]).await;
    let page = frames.page(&frame, 0, 10, None).await.unwrap();
    assert_eq!((page.len(), page[0].num_rows(), page[0].schema()), (1, 0, batch(0..1).schema()));
}

async fn a_shorter_run_replaces_a_longer_one(frames: &Frames) {
    let id = FrameId::shoppers(dataset(3), 0);
    write(frames, id.clone(), &[0, 2, 4, 6]).await;
    write(frames, id.clone(), &[7, 9]).await;
    assert_eq!(numbers(frames, &id, 0, 100).await, [7, 8]);
    assert!(frames.chunk(&id, 1, None).await.is_err(), "chunks of the longer run must go");
}

async fn refuses_what_is_incomplete_or_too_large(frames: &Frames) {
    let frame = FrameId::items(dataset(3), 0);
    assert!(frames.finish(&frame, &Manifest::default()).await.is_err());
    assert!(frames.finish(&frame, &Manifest { chunk_rows: vec![1] }).await.is_err());
    assert!(frames.put_chunk(&frame, 0, vec![0; CHUNK_MAX_BYTES].into()).await.is_err());
}

async fn deletes_only_what_it_is_told_to(frames: &Frames) {
    let gone = write(frames, FrameId::rows(dataset(4)), &[0, 1]).await;
    let kept = write(frames, FrameId::rows(dataset(5)), &[0, 1]).await;
    let report = write(frames, FrameId::assignments(ReportId(Uuid::from_u128(4))), &[0, 1]).await;
    for _ in 0..2 {
        frames.delete_dataset(dataset(4)).await.unwrap();
    }
    assert_eq!(frames.manifest(&gone).await.unwrap(), None);
    assert!(frames.manifest(&kept).await.unwrap().is_some());
    assert!(frames.manifest(&report).await.unwrap().is_some());
    frames.delete_report(ReportId(Uuid::from_u128(4))).await.unwrap();
    assert_eq!(frames.manifest(&report).await.unwrap(), None);
}

/// Work may be delivered to two processes at the same moment.
async fn several_runs_at_once_leave_one_frame(frames: &Frames) {
    let id = FrameId::orders(dataset(6), 1);
    join_all((0..4).map(|_| write(frames, id.clone(), &[0, 3, 6, 9]))).await;
    assert_eq!(numbers(frames, &id, 0, 100).await, (0..9).collect::<Vec<_>>());
    let Frames::Mongo(mongo) = frames else { panic!("it is MongoDB") };
    let chunks = mongo.database.collection::<Document>("chunks");
    assert_eq!(chunks.count_documents(doc! {"frame": id.to_string()}).await.unwrap(), 3);
}

/// A database of its own on the server that there is.
async fn mongo() -> Frames {
    let mut url = server_url("DATACORE_FRAMES_URL", "mongodb");
    url.set_path(&fresh_name());
    Frames::open(&url).await.unwrap()
}

async fn drop_database(frames: &Frames) {
    let Frames::Mongo(mongo) = frames else { panic!("it is MongoDB") };
    mongo.database.drop().await.unwrap();
}

/// Publishes a frame whose chunks hold the numbers between the cuts.
async fn write(frames: &Frames, frame: FrameId, cuts: &[i64]) -> FrameId {
    let mut manifest = Manifest::default();
    for (index, cut) in (0..).zip(cuts.windows(2)) {
        let batch = batch(cut[0]..cut[1]);
        manifest.chunk_rows.push(batch.num_rows() as u64);
        frames.put_chunk(&frame, index, encode(&batch).unwrap()).await.unwrap();
    }
    frames.finish(&frame, &manifest).await.unwrap();
    frame
}

async fn numbers(frames: &Frames, frame: &FrameId, offset: u64, limit: usize) -> Vec<i64> {
    let page = frames.page(frame, offset, limit, None).await.unwrap();
    page.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}

fn batch(rows: std::ops::Range<i64>) -> RecordBatch {
    let fields = vec![Field::new("number", DataType::Int64, true), Field::new("text", DataType::Utf8, true)];
    let text: StringArray = rows.clone().map(|row| Some(format!("row {row}"))).collect();
    let columns = vec![Arc::new(Int64Array::from_iter_values(rows)) as _, Arc::new(text) as _];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn dataset(id: u128) -> DatasetId {
    DatasetId(Uuid::from_u128(id))
}
