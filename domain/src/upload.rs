//! An upload: one content that a customer sent. Its id is the content, so its own stream answers
//! whether these bytes came before.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::csv_dialect::DialectChoice;
use crate::ids::{CustomerId, StoreId, UserId};
use crate::validation::{Invalid, line, optional_line};

/// What is decided about an upload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Upload {
    /// Counts the readings: the first is 1, and each time that the content comes again after it had been deleted, or
    /// is to be read in another way, begins the next.
    generation: u32,
    stored: Option<StoredFile>,
    /// How a person said that the file is to be read.
    dialect: DialectChoice,
}

/// A file that was received and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredFile {
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// The store whose data it holds.
    pub store_id: StoreId,
    /// The name it had.
    pub filename: String,
    /// What its sender said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its size after decompression.
    pub size_bytes: u64,
    /// SHA-256 of its bytes after decompression, in hexadecimal.
    pub sha256: String,
    /// Where the bytes are, relative to the files of all uploads.
    pub location: String,
    /// Who sent it.
    pub uploaded_by: UserId,
    /// The keyed hash of the idempotency key it was sent under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// What can be asked of an upload.
#[derive(Clone, Debug)]
pub enum UploadCommand {
    /// Takes a file whose bytes are stored.
    UploadFile(StoredFile),
    /// Says how the file is to be read, which begins anew.
    ChooseDialect {
        /// What a person says; the rest is found out.
        dialect: DialectChoice,
        chosen_by: UserId,
    },
    /// Removes the file and what was made of it.
    DeleteUpload,
}

/// What happened to an upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum UploadEvent {
    /// New content was stored.
    FileUploaded {
        /// Counts how often the content came.
        generation: u32,
        /// The file.
        #[serde(flatten)]
        file: StoredFile,
    },
    /// The content was there already.
    DuplicateRejected {
        /// The name under which it came again.
        filename: String,
        /// The store it was sent to.
        store_id: StoreId,
        /// Who sent it again.
        uploaded_by: UserId,
    },
    /// Somebody said how the file is to be read. What was made of it before is to be replaced.
    DialectChosen {
        /// The reading that begins.
        generation: u32,
        /// What was said; the rest is found out.
        dialect: DialectChoice,
        /// Who said so.
        chosen_by: UserId,
    },
    /// The file and what was made of it are to be removed.
    UploadDeleted {
        /// The newest reading.
        generation: u32,
        /// Where the bytes are.
        location: String,
    },
}

/// Why something cannot be done to an upload.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UploadError {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// There is no such upload, or no longer.
    #[error("there is no such upload")]
    NotFound,
    /// A field cannot be accepted.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Upload {
    /// Counts the readings of the content.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The file, unless it was deleted.
    pub fn stored(&self) -> Option<&StoredFile> {
        self.stored.as_ref()
    }

    /// How the file is to be read, as far as a person said so.
    pub fn dialect(&self) -> &DialectChoice {
        &self.dialect
    }

    fn decide(&self, command: UploadCommand) -> Result<Vec<UploadEvent>, UploadError> {
        use {UploadCommand::*, UploadEvent::*};
        match (&self.stored, command) {
            (_, UploadFile(file)) if file.size_bytes == 0 => Err(UploadError::Empty),
            (Some(first), UploadFile(file)) if file.request.is_some() && file.request == first.request => Ok(vec![]),
            (Some(_), UploadFile(file)) => {
                let StoredFile { filename, store_id, uploaded_by, .. } = checked(file)?;
                Ok(vec![DuplicateRejected { filename, store_id, uploaded_by }])
            }
            (None, UploadFile(file)) => {
                Ok(vec![FileUploaded { generation: self.generation + 1, file: checked(file)? }])
            }
            (Some(_), ChooseDialect { dialect, .. }) if dialect == self.dialect => Ok(vec![]),
            (Some(_), ChooseDialect { dialect, chosen_by }) => {
                Ok(vec![DialectChosen { generation: self.generation + 1, dialect: dialect.checked()?, chosen_by }])
            }
            (Some(file), DeleteUpload) => {
                Ok(vec![UploadDeleted { generation: self.generation, location: file.location.clone() }])
            }
            (None, ChooseDialect { .. } | DeleteUpload) => Err(UploadError::NotFound),
        }
    }

    fn evolve(&mut self, event: UploadEvent) {
        match event {
            UploadEvent::FileUploaded { generation, file } => {
                self.generation = generation;
                self.stored = Some(file);
                self.dialect = DialectChoice::default();
            }
            UploadEvent::DialectChosen { generation, dialect, .. } => {
                self.generation = generation;
                self.dialect = dialect;
            }
            UploadEvent::DuplicateRejected { .. } => {}
            UploadEvent::UploadDeleted { .. } => self.stored = None,
        }
    }
}

aggregate!(Upload, UploadCommand, UploadEvent, UploadError);

fn checked(file: StoredFile) -> Result<StoredFile, Invalid> {
    Ok(StoredFile {
        filename: line("filename", &file.filename, 255)?,
        description: optional_line("description", file.description, 1_000)?,
        ..file
    })
}

#[cfg(test)]
mod tests;
