//! The linkage folder (連携アプリケーション): requests and answers as files.

mod card;
mod face;
mod faults;
mod file;
pub mod folder;
mod folders;
mod request;
mod service;

pub use card::{CardResult, FaceFile, present};
pub use file::{HandledFile, handle};
pub use folders::{LOOKED_AT_EVERY, LinkageLocation};
pub use service::LinkageFolders;
