//! Real files in place of seeded bytes: `DIR/<component>/<version>`, found once at start-up. No path ever comes from a request.

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

/// A package's file as it was at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFile {
    path: PathBuf,
    /// Bytes.
    pub size: u64,
    modified: Option<SystemTime>,
}

/// A package's file, open.
#[derive(Debug)]
pub struct Opened {
    file: File,
    catalog_file: CatalogFile,
    at: u64,
}

impl PackageCatalog {
    /// Looks through a package directory.
    ///
    /// # Errors
    /// A directory that cannot be read, a name that is no component or version, an empty file or one that is too large.
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
                    format!("package-dir: {0} は版の名前ではありません / {0} is not named after a version", path.display())
                })?;
                files.insert((component, version), catalog_file(path)?);
            }
        }
        Ok(Self(files))
    }

    /// The file of a component's version.
    pub(super) fn file(&self, component: Component, version: &Version) -> Option<&CatalogFile> {
        self.0.get(&(component, version.clone()))
    }

    /// All files.
    pub(super) fn files(&self) -> impl Iterator<Item = &CatalogFile> {
        self.0.values()
    }
}

/// The names and paths in a directory, in order; hidden ones left out.
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
    /// What tells it from other files.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Opens it, where it is still the file of start-up.
    pub(super) fn open(self) -> io::Result<Opened> {
        let file = File::open(&self.path)?;
        self.is_same(&file.metadata()?)?;
        Ok(Opened { file, catalog_file: self, at: 0 })
    }

    fn is_same(&self, metadata: &Metadata) -> io::Result<()> {
        if metadata.len() == self.size && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "it has changed since the server was started"))
    }
}

impl Opened {
    /// Some bytes from an offset on; looks first whether the file has changed.
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
