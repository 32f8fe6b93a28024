//! Real files that replace generated content: `DIR/<component>/<version>`, found once at the
//! start. No path ever comes from a request.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, read_dir};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use bytes::Bytes;

use crate::domain::campaign::{Component, MAX_PACKAGE_SIZE};
use crate::domain::ids::Version;

/// The files of a package directory.
#[derive(Debug, Default)]
pub(super) struct PackageCatalog(BTreeMap<(Component, Version), CatalogFile>);

/// A package's file as found at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFile {
    path: PathBuf,
    /// In bytes.
    pub size: u64,
    modified: Option<SystemTime>,
}

/// A package's file, open.
#[derive(Debug)]
pub struct OpenedFile {
    file: File,
    catalog_file: CatalogFile,
    at: u64,
}

impl PackageCatalog {
    /// Reads a package directory.
    ///
    /// # Errors
    /// The directory cannot be read, a name is not a component or a version, or a file is empty
    /// or too large.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        for (name, path) in entries(dir)? {
            let known = Component::ALL.into_iter().find(|component| component.name() == name);
            let Some(component) = known else {
                let names = Component::ALL.map(Component::name).join(", ");
                bail!("package-dir: {0} はコンポーネントの名前ではありません / {0} is no component; expected {names}", path.display());
            };
            for (name, path) in entries(&path)? {
                let version = Version::parse(&name).with_context(|| {
                    format!("package-dir: {0} はバージョンの名前ではありません / {0} is not named after a version", path.display())
                })?;
                files.insert((component, version), catalog_file(path)?);
            }
        }
        Ok(Self(files))
    }

    /// Returns the file of a component's version.
    pub(super) fn file(&self, component: Component, version: &Version) -> Option<&CatalogFile> {
        self.0.get(&(component, version.clone()))
    }

    /// Returns all files.
    pub(super) fn files(&self) -> impl Iterator<Item = &CatalogFile> {
        self.0.values()
    }
}

/// Lists the names and paths in a directory, sorted, without hidden ones.
fn entries(dir: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let unreadable = || format!("package-dir: {0} を読めません / {0} cannot be read", dir.display());
    let mut found = Vec::new();
    for entry in read_dir(dir).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn catalog_file(path: PathBuf) -> anyhow::Result<CatalogFile> {
    let metadata = path.metadata().with_context(|| format!("package-dir: {0} を読めません / {0} cannot be read", path.display()))?;
    let size = metadata.len();
    if !metadata.is_file() || size == 0 || size > MAX_PACKAGE_SIZE {
        bail!(
            "package-dir: {0} は 1 から {MAX_PACKAGE_SIZE} バイトのファイルではありません / {0} is not a file of 1 to {MAX_PACKAGE_SIZE} bytes",
            path.display()
        );
    }
    Ok(CatalogFile { path, size, modified: metadata.modified().ok() })
}

impl CatalogFile {
    /// Returns the path, which identifies the file.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Opens the file, if it has not changed since the start.
    pub(super) fn open(self) -> io::Result<OpenedFile> {
        let file = File::open(&self.path)?;
        self.is_same(&file.metadata()?)?;
        Ok(OpenedFile { file, catalog_file: self, at: 0 })
    }

    fn is_same(&self, metadata: &Metadata) -> io::Result<()> {
        if metadata.len() == self.size && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "it has changed since the server was started"))
    }
}

impl OpenedFile {
    /// Reads from an offset, after a check that the file has not changed.
    pub(super) fn read(&mut self, at: u64, most: u64) -> io::Result<Bytes> {
        self.catalog_file.is_same(&self.file.metadata()?)?;
        if self.at != at {
            self.file.seek(SeekFrom::Start(at))?;
        }
        let mut bytes = vec![0; usize::try_from(most).unwrap_or(usize::MAX)];
        self.file.read_exact(&mut bytes)?;
        self.at = at + most;
        Ok(bytes.into())
    }
}
