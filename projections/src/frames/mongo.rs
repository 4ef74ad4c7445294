//! Frames in MongoDB: a document for each published frame in `frames`, and one for each chunk in `chunks`, found by
//! frame and index. Chunks come first and the frame's document last, so a reader never meets half a frame.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, RawDocumentBuf, doc};
use mongodb::options::{ClientOptions, IndexOptions, WriteConcern};
use mongodb::{Client, Collection, IndexModel};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use url::Url;

use super::codec::decode;
use super::frame_id::FrameId;
use super::manifest::Manifest;

/// The database, unless the URL names one.
const DATABASE: &str = "datacore";
/// How long to look for a server that takes the operation, unless the URL says.
const SELECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may take to open, unless the URL says.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a server may take to say that it is there.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// A database that holds frames.
#[derive(Clone)]
pub struct Mongo {
    pub(super) database: mongodb::Database,
    frames: Collection<FrameDocument>,
    chunks: Collection<ChunkDocument>,
}

/// A published frame.
#[derive(Serialize, Deserialize)]
struct FrameDocument {
    #[serde(rename = "_id")]
    frame: String,
    row_count: i64,
    size_bytes: i64,
    chunk_rows: Vec<i64>,
    schema: Vec<ColumnDocument>,
}

/// A column as Arrow names and types it.
#[derive(Serialize, Deserialize)]
struct ColumnDocument {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
}

/// Some rows of a frame, as one Arrow IPC stream.
#[derive(Serialize, Deserialize)]
struct ChunkDocument {
    frame: String,
    index: i64,
    size_bytes: i64,
    data: Binary,
}

impl Mongo {
    /// Connects, and makes sure that chunks are found by frame and index and exist once.
    pub(super) async fn open(url: &Url) -> Result<Self> {
        let mut options = ClientOptions::parse(url.as_str()).await.context("reading the frames URL")?;
        options.app_name.get_or_insert_with(|| "datacore".into());
        options.server_selection_timeout.get_or_insert(SELECT_WITHIN);
        options.connect_timeout.get_or_insert(CONNECT_WITHIN);
        // What is acknowledged survives the loss of a member and a power cut.
        options.write_concern.get_or_insert_with(durable);
        let hosts = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let name = options.default_database.clone().unwrap_or_else(|| DATABASE.into());
        let database = Client::with_options(options)?.database(&name);
        let mongo = Self { frames: database.collection("frames"), chunks: database.collection("chunks"), database };
        mongo.ensure_index().await.with_context(|| format!("MongoDB does not answer at {hosts}"))?;
        Ok(mongo)
    }

    async fn ensure_index(&self) -> Result<()> {
        let once = IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder().keys(doc! {"frame": 1, "index": 1}).options(once).build();
        self.chunks.create_index(index).await?;
        Ok(())
    }

    pub(super) async fn put_chunk(&self, frame: &FrameId, index: u32, bytes: Bytes) -> Result<()> {
        let chunk = ChunkDocument {
            frame: frame.to_string(),
            index: index.into(),
            size_bytes: bytes.len() as i64,
            data: Binary { subtype: BinarySubtype::Generic, bytes: bytes.into() },
        };
        self.chunks.replace_one(one(frame, index), chunk).upsert(true).await?;
        Ok(())
    }

    pub(super) async fn finish(&self, frame: &FrameId, manifest: &Manifest) -> Result<()> {
        let chunks = manifest.chunk_rows.len() as i64;
        let sizes = self.sizes(frame, chunks).await?;
        ensure!(sizes.len() as i64 == chunks, "{} of {chunks} chunks are stored", sizes.len());
        let published = FrameDocument {
            frame: frame.to_string(),
            row_count: manifest.rows().cast_signed(),
            size_bytes: sizes.iter().sum(),
            chunk_rows: manifest.chunk_rows.iter().map(|rows| rows.cast_signed()).collect(),
            schema: self.schema(frame).await?,
        };
        self.frames.replace_one(doc! {"_id": frame.to_string()}, published).upsert(true).await?;
        self.chunks.delete_many(doc! {"frame": frame.to_string(), "index": {"$gte": chunks}}).await?;
        Ok(())
    }

    pub(super) async fn manifest(&self, frame: &FrameId) -> Result<Option<Manifest>> {
        let found = self.frames.find_one(doc! {"_id": frame.to_string()}).await?;
        Ok(found
            .map(|frame| Manifest { chunk_rows: frame.chunk_rows.iter().map(|rows| rows.cast_unsigned()).collect() }))
    }

    pub(super) async fn chunk(&self, frame: &FrameId, index: u32, columns: Option<&[usize]>) -> Result<RecordBatch> {
        let (bytes, columns) = (self.bytes(frame, index).await?, columns.map(<[usize]>::to_vec));
        spawn_blocking(move || decode(bytes.get_binary("data")?.bytes, columns.as_deref())).await?
    }

    /// Removes what belongs to an owner: the frame first, so that nobody finds one without its chunks.
    pub(super) async fn delete(&self, owner: &str) -> Result<()> {
        // The names of an owner's frames begin with its name and a slash; the character after the slash is '0'.
        let owned = doc! {"$gte": format!("{owner}/"), "$lt": format!("{owner}0")};
        self.frames.delete_many(doc! {"_id": owned.clone()}).await?;
        self.chunks.delete_many(doc! {"frame": owned}).await?;
        Ok(())
    }

    pub(super) async fn check(&self) -> Result<()> {
        let answer = tokio::time::timeout(CHECK_WITHIN, self.database.run_command(doc! {"ping": 1})).await;
        answer.context("MongoDB does not answer")??;
        Ok(())
    }

    /// The sizes of the first chunks of a frame, as far as they are stored.
    async fn sizes(&self, frame: &FrameId, chunks: i64) -> Result<Vec<i64>> {
        let stored = self.chunks.clone_with_type::<Document>();
        let first = doc! {"frame": frame.to_string(), "index": {"$lt": chunks}};
        let found = stored.find(first).projection(doc! {"_id": 0, "size_bytes": 1}).await?;
        found.map_err(Into::into).and_then(async |chunk| Ok(chunk.get_i64("size_bytes")?)).try_collect().await
    }

    async fn schema(&self, frame: &FrameId) -> Result<Vec<ColumnDocument>> {
        let schema = self.chunk(frame, 0, None).await?.schema();
        let fields = schema.fields().iter();
        Ok(fields
            .map(|field| ColumnDocument { name: field.name().clone(), data_type: field.data_type().to_string() })
            .collect())
    }

    async fn bytes(&self, frame: &FrameId, index: u32) -> Result<RawDocumentBuf> {
        let chunks = self.chunks.clone_with_type::<RawDocumentBuf>();
        chunks.find_one(one(frame, index)).await?.context("there is no such chunk")
    }
}

fn durable() -> WriteConcern {
    let mut concern = WriteConcern::majority();
    concern.journal = Some(true);
    concern
}

fn one(frame: &FrameId, index: u32) -> Document {
    doc! {"frame": frame.to_string(), "index": i64::from(index)}
}
