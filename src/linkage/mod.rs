//! The linkage folder (連携アプリケーション): requests as files, answers as files.

mod file;
pub mod folder;
mod folders;

pub use file::{Handled, face_file, handle, too_large, written};
pub use folders::{Folders, LOOKED_AT_EVERY, Whereabouts};
