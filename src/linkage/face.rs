//! The names and identifiers of face results. As in real ones, the file name has 20 lower-case
//! hexadecimal digits, and the `ArbitraryFileIdentifier` is 11 bytes in URL-safe Base64. How
//! the real system derives them is not known.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;

use super::folder::OutputFile;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::linkage::{FileKind, LinkageSettings};
use crate::domain::terminal::Settings;
use crate::hex;
use crate::institutions::Moment;
use crate::wire::zip;

/// The identifier of a face result: a hash of the institution's seed, its code, and the number
/// of the card among its events.
pub(super) struct FaceId {
    drawn: [u8; 32],
}

impl FaceId {
    /// Returns the identifier of the next card presented at a reader of this institution.
    pub(super) fn next(institution: &Institution) -> Self {
        let number = institution.events.last() + 1;
        let from = format!("face {} {} {number}", institution.presentation.seed, institution.code);
        let digest = digest(&SHA256, from.as_bytes());
        Self { drawn: digest.as_ref().try_into().expect("SHA-256 has 32 bytes") }
    }

    /// Returns the `ArbitraryFileIdentifier`: 16 characters, the last of which is `=`.
    pub(super) fn identifier(&self) -> String {
        BASE64_URL_SAFE.encode(&self.drawn[..11])
    }

    /// Returns the `QualificationConfirmationKey`, if the terminal's settings enable it: 32
    /// hexadecimal digits, an invented form.
    pub(super) fn confirmation_key(&self, settings: &LinkageSettings) -> Option<String> {
        settings.confirmation_key.then(|| hex::encode(&self.drawn[16..]))
    }

    /// Creates the file of the result.
    pub(super) fn file(&self, institution: &Institution, bytes: Vec<u8>, settings: &Settings, moment: Moment) -> OutputFile {
        let (linkage, result_files) = (&settings.linkage, settings.result_files);
        let at = japan::civil(moment.now);
        let (kind, code, id) = (FileKind::Check.stem(), &institution.code, hex::encode(&self.drawn[..10]));
        let stem = format!("{kind}res_face_{code}{id}_{}", at.strftime("%Y%m%d%H%M%S"));
        let name = format!("{stem}.xml");
        if !linkage.encrypt_face {
            return OutputFile { name, bytes, result_files };
        }
        OutputFile { bytes: zip::zip(&name, &bytes, at, Some(&linkage.zip_password)), name: format!("{stem}.zip"), result_files }
    }
}
