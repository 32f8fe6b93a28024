//! A zip file in memory that contains one file, with an optional password.

use std::io::{Cursor, Write};

use jiff::civil::DateTime;
use zip::result::ZipResult;
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, System, ZipWriter};

/// Creates a zip that contains `bytes` under `name`, an ASCII file name. `at` is the modification
/// time: a zip stores even seconds, and a year before 1980 or after 2107 becomes 1980-01-01.
///
/// A password (its UTF-8 bytes; an empty one means none) encrypts with PKWARE's traditional
/// ZipCrypto. It is weak, but Windows Explorer and the old unzip libraries of receipt computers can
/// open it. Without a password, the same input gives the same bytes. With one, the crate puts ten
/// random bytes before the data, as ZipCrypto requires, so that only the unpacked content is the
/// same.
///
/// # Panics
/// The operating system has no random bytes, or `name` has almost 64 KiB.
pub fn zip(name: &str, bytes: &[u8], at: DateTime, password: Option<&str>) -> Vec<u8> {
    pack(name, bytes, at, password.filter(|password| !password.is_empty())).expect("memory takes any zip of one short name")
}

fn pack(name: &str, bytes: &[u8], at: DateTime, password: Option<&str>) -> ZipResult<Vec<u8>> {
    // Set explicitly: the crate would write the system that it was built for, and the bytes would
    // differ between machines.
    let plain = SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(dos_time(at).unwrap_or(zip::DateTime::DEFAULT))
        .system(System::Unix)
        .unix_permissions(0o644);
    let options = match password {
        Some(password) => plain.with_deprecated_encryption(password.as_bytes())?,
        None => plain,
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, options)?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner())
}

fn dos_time(at: DateTime) -> Option<zip::DateTime> {
    let [month, day, hour, minute, second] = [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(i8::unsigned_abs);
    zip::DateTime::from_date_and_time(u16::try_from(at.year()).ok()?, month, day, hour, minute, second).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use jiff::civil::datetime;
    use zip::ZipArchive;
    use zip::result::ZipError;

    use super::*;

    const AT: DateTime = datetime(2026, 4, 1, 9, 30, 46, 0);

    fn body() -> Vec<u8> {
        "受診者情報\r\n".repeat(2000).into_bytes()
    }

    fn open(zipped: Vec<u8>) -> ZipArchive<Cursor<Vec<u8>>> {
        ZipArchive::new(Cursor::new(zipped)).unwrap()
    }

    #[test]
    fn a_zip_without_a_password_holds_the_one_file_and_its_time() {
        let mut archive = open(zip("list.csv", &body(), AT, None));
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_name("list.csv").unwrap();
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(read, body());
        assert!(!file.encrypted());
        assert!(file.compressed_size() < file.size());
        assert_eq!(file.last_modified(), zip::DateTime::from_date_and_time(2026, 4, 1, 9, 30, 46).ok());
    }

    #[test]
    fn a_password_opens_what_it_closed_and_no_other_does() {
        for body in [body(), Vec::new()] {
            let mut archive = open(zip("list.csv", &body, AT, Some("Rehearsal-01")));
            assert!(archive.by_index(0).is_err(), "it asks for a password");
            let mut read = Vec::new();
            archive.by_index_decrypt(0, b"Rehearsal-01").unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, body);
            // The check of a password is one byte, the high one of the time, so that a wrong
            // password may pass it; reading the content then fails.
            let wrong = archive.by_index_decrypt(0, b"rehearsal-01");
            let refused = matches!(wrong, Err(ZipError::InvalidPassword));
            assert!(refused || wrong.is_ok_and(|mut file| file.read_to_end(&mut Vec::new()).is_err()));
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_until_a_password_asks_for_randomness() {
        assert_eq!(zip("a.txt", &body(), AT, None), zip("a.txt", &body(), AT, None));
        assert_eq!(zip("a.txt", &body(), AT, Some("")), zip("a.txt", &body(), AT, None));
        assert_ne!(zip("a.txt", &body(), AT, Some("p")), zip("a.txt", &body(), AT, Some("p")));
    }

    #[test]
    fn a_year_a_zip_cannot_say_becomes_its_first() {
        for year in [-1, 1979, 2108, 9999] {
            let mut archive = open(zip("a.txt", b"a", datetime(year, 1, 1, 0, 0, 0, 0), None));
            assert_eq!(archive.by_index(0).unwrap().last_modified(), Some(zip::DateTime::DEFAULT), "{year}");
        }
    }
}
