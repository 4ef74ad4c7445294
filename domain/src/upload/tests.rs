//! What uploads accept and refuse: given, when, then.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

type Uploads = TestFramework<Upload>;

#[test]
fn takes_new_content() {
    Uploads::with(())
        .given_no_previous_events()
        .when(UploadCommand::UploadFile(file("a.csv", None)))
        .then_expect_events(vec![uploaded(1, "a.csv", None)]);
}

#[test]
fn rejects_content_it_already_has() {
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", None)])
        .when(UploadCommand::UploadFile(file("b.csv", None)))
        .then_expect_events(vec![UploadEvent::DuplicateRejected {
            filename: "b.csv".into(),
            store_id: StoreId(Uuid::nil()),
            uploaded_by: UserId(Uuid::nil()),
        }]);
}

#[test]
fn a_repeated_request_changes_nothing() {
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", Some("key"))])
        .when(UploadCommand::UploadFile(file("a.csv", Some("key"))))
        .then_expect_events(vec![]);
}

#[test]
fn deleted_content_may_come_again() {
    let deleted = UploadEvent::UploadDeleted { generation: 1, location: "here".into() };
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", None), deleted])
        .when(UploadCommand::UploadFile(file("a.csv", None)))
        .then_expect_events(vec![uploaded(2, "a.csv", None)]);
}

#[test]
fn rejects_an_empty_file() {
    Uploads::with(())
        .given_no_previous_events()
        .when(UploadCommand::UploadFile(StoredFile { size_bytes: 0, ..file("a.csv", None) }))
        .then_expect_error(UploadError::Empty);
}

#[test]
fn deletes_only_what_is_there() {
    Uploads::with(())
        .given_no_previous_events()
        .when(UploadCommand::DeleteUpload)
        .then_expect_error(UploadError::NotFound);
}

#[test]
fn another_dialect_begins_another_reading() {
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", None)])
        .when(choose(";"))
        .then_expect_events(vec![chosen(2, ";")]);
}

#[test]
fn the_same_dialect_again_changes_nothing() {
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", None), chosen(2, ";")])
        .when(choose(";"))
        .then_expect_events(vec![]);
}

#[test]
fn refuses_a_delimiter_that_tears_cells_apart() {
    let reason = "must not hold letters, digits, quotes, signs or line ends";
    Uploads::with(())
        .given(vec![uploaded(1, "a.csv", None)])
        .when(choose("a"))
        .then_expect_error(Invalid::new("delimiter", reason).into());
}

#[test]
fn only_a_stored_file_can_be_read_in_another_way() {
    Uploads::with(()).given_no_previous_events().when(choose(";")).then_expect_error(UploadError::NotFound);
}

fn choose(delimiter: &str) -> UploadCommand {
    UploadCommand::ChooseDialect { dialect: separated(delimiter), chosen_by: UserId(Uuid::nil()) }
}

fn chosen(generation: u32, delimiter: &str) -> UploadEvent {
    UploadEvent::DialectChosen { generation, dialect: separated(delimiter), chosen_by: UserId(Uuid::nil()) }
}

fn separated(delimiter: &str) -> DialectChoice {
    DialectChoice { delimiter: Some(delimiter.into()), ..DialectChoice::default() }
}

fn uploaded(generation: u32, name: &str, request: Option<&str>) -> UploadEvent {
    UploadEvent::FileUploaded { generation, file: file(name, request) }
}

fn file(name: &str, request: Option<&str>) -> StoredFile {
    StoredFile {
        customer_id: CustomerId(Uuid::nil()),
        store_id: StoreId(Uuid::nil()),
        filename: name.into(),
        description: None,
        size_bytes: 3,
        sha256: "00".into(),
        location: "here".into(),
        uploaded_by: UserId(Uuid::nil()),
        request: request.map(str::to_owned),
    }
}
