//! The linkage folder (連携アプリケーション): requests as files, answers as files.

mod card;
mod face;
mod faults;
mod file;
pub mod folder;
mod folders;
mod institution;
mod request;

pub use card::{FaceFile, Seen, present};
pub use file::{Handled, handle};
pub use folder::Outgoing;
pub use folders::{Folders, LOOKED_AT_EVERY, Whereabouts};
pub use institution::{deliver_face, prepare_folders, prepare_folders_of};
