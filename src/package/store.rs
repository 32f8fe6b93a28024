//! The source of package content and hashes.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context;

use super::Content;
use super::files::PackageCatalog;
use super::hashes::{Hash, Hashes};
use crate::domain::campaign::{Campaign, Package};
use crate::domain::ids::CampaignId;

/// The maximum size in bytes of a package whose hash is computed within the request that
/// creates its campaign.
const MAX_INLINE_HASH_SIZE: u64 = 256 * 1024 * 1024;

/// All packages of a server.
#[derive(Debug)]
pub struct Store {
    catalog: PackageCatalog,
    hashes: Hashes,
}

impl Store {
    /// Opens the package directory, if one is given, and starts to hash its files.
    ///
    /// # Errors
    /// The directory's content is invalid; the message says what was expected.
    pub fn open(dir: Option<&Path>) -> anyhow::Result<Self> {
        let catalog = dir.map(PackageCatalog::open).transpose()?.unwrap_or_default();
        let hashes = Hashes::spawn().context("スレッドを開始できません / no thread could be started")?;
        for file in catalog.files() {
            hashes.get_or_queue(file.name(), || Content::File(file.clone()));
        }
        Ok(Self { catalog, hashes })
    }

    /// Sets the size of each package that has a file to the file's size, and removes its
    /// declared hash.
    pub fn apply_catalog(&self, campaign: &mut Campaign) {
        for package in &mut campaign.packages {
            if let Some(file) = self.catalog.file(package.component, &package.version) {
                package.size = file.size;
                package.sha256 = None;
            }
        }
    }

    /// Returns the content of a package.
    pub fn content(&self, campaign: &CampaignId, package: &Package) -> Content {
        match self.catalog.file(package.component, &package.version) {
            Some(file) => Content::File(file.clone()),
            None => Content::seeded(campaign, package),
        }
    }

    /// Returns the state of a package's hash; starts the computation in the background if it is
    /// unknown.
    pub fn hash(&self, campaign: &CampaignId, package: &Package) -> Hash {
        if let Some(declared) = &package.sha256 {
            return Hash::Known(declared.clone());
        }
        let content = || self.content(campaign, package);
        let name = match self.catalog.file(package.component, &package.version) {
            Some(file) => file.name(),
            None => format!("{campaign}/{}/{}/{}", package.component, package.version, package.size),
        };
        self.hashes.get_or_queue(name, content)
    }

    /// Prepares the packages of a new campaign: hashes generated packages of up to 256 MiB at
    /// once, all others in the background. Blocks.
    pub fn prepare(&self, campaign: &mut Campaign) {
        self.apply_catalog(campaign);
        let id = campaign.id.clone();
        for package in campaign.packages.iter_mut().filter(|package| package.sha256.is_none()) {
            match self.content(&id, package) {
                content @ Content::Seeded(_) if package.size <= MAX_INLINE_HASH_SIZE => {
                    package.sha256 = content.sha256(&AtomicBool::new(false)).ok()
                }
                _ => drop(self.hash(&id, package)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::campaign::Component;
    use crate::domain::ids::Version;

    fn package(size: u64) -> Package {
        let [version, replaces] = ["2.0", "1.0"].map(|text| Version::parse(text).unwrap());
        Package { component: Component::LinkageApplication, version, replaces, size, sha256: None, restart_required: true }
    }

    fn wait_for_hash(store: &Store, package: &Package) -> Hash {
        let id = CampaignId::parse("t").unwrap();
        loop {
            match store.hash(&id, package) {
                Hash::Computing => std::thread::sleep(Duration::from_millis(5)),
                hash => return hash,
            }
        }
    }

    #[test]
    fn a_hash_is_computed_in_the_background_and_a_declared_one_is_believed() {
        let store = Store::open(None).unwrap();
        let package = package(3_000_000);
        let whole = Content::seeded(&CampaignId::parse("t").unwrap(), &package).sha256(&AtomicBool::new(false)).unwrap();
        assert_eq!(wait_for_hash(&store, &package), Hash::Known(whole));
        let declared = Package { sha256: Some("0".repeat(64)), ..package };
        assert_eq!(wait_for_hash(&store, &declared), Hash::Known("0".repeat(64)));
    }

    #[test]
    fn a_file_is_read_as_it_was_at_the_start_and_a_change_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("linkage_application");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("2.0"), b"abc").unwrap();
        let store = Store::open(Some(dir.path())).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(wait_for_hash(&store, &package(1)), Hash::Known(abc.to_owned()));
        let content = store.content(&CampaignId::parse("t").unwrap(), &package(1));
        let mut reader = content.clone().open().unwrap();
        assert_eq!(reader.read(1, 2).unwrap(), "bc");
        assert_eq!(reader.read(0, 1).unwrap(), "a");
        std::fs::write(path.join("2.0"), b"abcd").unwrap();
        assert!(reader.read(0, 1).is_err() && content.clone().open().is_err());
        std::fs::remove_file(path.join("2.0")).unwrap();
        assert!(content.open().is_err());
    }

    #[test]
    fn a_name_that_is_no_component_or_version_stops_the_start() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        assert!(Store::open(Some(dir.path())).is_ok());
        let path = dir.path().join("linkage_application");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("2.0.exe"), b"abc").unwrap();
        assert!(Store::open(Some(dir.path())).unwrap_err().to_string().contains("not named after a version"));
        std::fs::rename(path.join("2.0.exe"), path.join("2.0")).unwrap();
        std::fs::write(path.join("2.0"), b"").unwrap();
        assert!(Store::open(Some(dir.path())).unwrap_err().to_string().contains("not a file of 1 to"));
        std::fs::rename(path, dir.path().join("printer")).unwrap();
        assert!(Store::open(Some(dir.path())).unwrap_err().to_string().contains("is no component"));
    }
}
