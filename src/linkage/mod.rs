//! The linkage folder (連携アプリケーション): requests and answers as files.

mod card;
mod face;
mod faults;
mod file;
pub mod folder;
mod folders;
mod request;
mod service;

pub use card::{CardResult, FaceFile, present_card};
pub use file::{HandledFile, handle};
pub use folders::{LinkageLocation, SCAN_INTERVAL};
pub use service::LinkageFolders;
