//! The linkage folder and its route: request files, their answers, bulk requests, and cards.

mod bulk;
mod bulk_forms;
mod cards;
mod crash;
mod files;
mod folder;
mod hostile;
mod route;
mod watchers;
