//! The writer of PKCS#12 files (RFC 7292): a private key and its certificates under a password.
//!
//! The files are encrypted with PBE-SHA1-3DES and authenticated with SHA-1, the only scheme
//! that every system in use can read. Windows before 10 1709, Windows Server 2016 and Java
//! before 8u301 do not read AES. OpenSSL 3 reads 3DES without its legacy provider (but not
//! RC2). The scheme is old, so the caller has to choose a long password.

#![expect(deprecated, reason = "3DES, as said above")]

use aws_lc_rs::cipher::{DES_EDE3_FOR_LEGACY_USE_ONLY, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, DERWriterSeq, Tag, construct_der};

use crate::random;

/// Iterations of the key derivation; the same as OpenSSL's.
const ITERATIONS: u32 = 2048;

/// The block length and the output length of SHA-1, in bytes.
const BLOCK: usize = 64;
const SHA1_LENGTH: usize = 20;

const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];
const ENCRYPTED_DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 6];
const X509_CERTIFICATE: &[u64] = &[1, 2, 840, 113_549, 1, 9, 22, 1];
const FRIENDLY_NAME: &[u64] = &[1, 2, 840, 113_549, 1, 9, 20];
const LOCAL_KEY_ID: &[u64] = &[1, 2, 840, 113_549, 1, 9, 21];
const PBE_SHA1_3DES: &[u64] = &[1, 2, 840, 113_549, 1, 12, 1, 3];
const ENCRYPTED_KEY_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 2];
const CERTIFICATE_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 3];
const SHA1: &[u64] = &[1, 3, 14, 3, 2, 26];

/// Creates a PKCS#12 file of a private key (PKCS#8), its certificate and the certificates of
/// its issuers, all DER. Programs list it under `name`.
pub(super) fn encode(name: &str, key: &[u8], certificate: &[u8], issuers: &[&[u8]], password: &str) -> Result<Vec<u8>, Unspecified> {
    let password = Password::new(password);
    let key_id = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate);
    let owner = Some(Owner { name, key_id: key_id.as_ref() });

    let key = password.encrypt(key.to_vec())?;
    let keys = sequence(|bags| {
        bag(bags.next(), ENCRYPTED_KEY_BAG, owner, |value| {
            value.write_sequence(|info| {
                key.write_algorithm(info.next());
                info.next().write_bytes(&key.bytes);
            });
        });
    });
    let certificates = password.encrypt(sequence(|bags| {
        certificate_bag(bags.next(), certificate, owner);
        issuers.iter().for_each(|issuer| certificate_bag(bags.next(), issuer, None));
    }))?;

    let contents = sequence(|contents| {
        content(contents.next(), ENCRYPTED_DATA, |value| encrypted_data(value, &certificates));
        content(contents.next(), DATA, |value| value.write_bytes(&keys));
    });
    let mac_salt = random::bytes::<8>();
    let mac = password.mac(&mac_salt, &contents);
    Ok(sequence(|file| {
        file.next().write_u8(3);
        content(file.next(), DATA, |value| value.write_bytes(&contents));
        file.next().write_sequence(|data| {
            data.next().write_sequence(|info| {
                info.next().write_sequence(|algorithm| {
                    oid(algorithm.next(), SHA1);
                    algorithm.next().write_null();
                });
                info.next().write_bytes(mac.as_ref());
            });
            data.next().write_bytes(&mac_salt);
            data.next().write_u32(ITERATIONS);
        });
    }))
}

/// Attributes that a key and its certificate share; programs use them to match the two.
#[derive(Clone, Copy)]
struct Owner<'a> {
    name: &'a str,
    key_id: &'a [u8],
}

fn sequence(items: impl FnOnce(&mut DERWriterSeq<'_>)) -> Vec<u8> {
    construct_der(|writer| writer.write_sequence(items))
}

fn oid(writer: DERWriter<'_>, components: &[u64]) {
    writer.write_oid(&ObjectIdentifier::from_slice(components));
}

/// Writes a `ContentInfo`.
fn content(writer: DERWriter<'_>, kind: &[u64], value: impl FnOnce(DERWriter<'_>)) {
    writer.write_sequence(|content| {
        oid(content.next(), kind);
        content.next().write_tagged(Tag::context(0), value);
    });
}

/// Writes an `EncryptedData`.
fn encrypted_data(writer: DERWriter<'_>, encrypted: &Encrypted) {
    writer.write_sequence(|data| {
        data.next().write_u8(0);
        data.next().write_sequence(|info| {
            oid(info.next(), DATA);
            encrypted.write_algorithm(info.next());
            info.next().write_tagged_implicit(Tag::context(0), |value| value.write_bytes(&encrypted.bytes));
        });
    });
}

/// Writes a `SafeBag`.
fn bag(writer: DERWriter<'_>, kind: &[u64], owner: Option<Owner<'_>>, value: impl FnOnce(DERWriter<'_>)) {
    writer.write_sequence(|bag| {
        oid(bag.next(), kind);
        bag.next().write_tagged(Tag::context(0), value);
        if let Some(Owner { name, key_id }) = owner {
            bag.next().write_set_of(|attributes| {
                attribute(attributes.next(), FRIENDLY_NAME, |value| value.write_bmp_string(name));
                attribute(attributes.next(), LOCAL_KEY_ID, |value| value.write_bytes(key_id));
            });
        }
    });
}

fn attribute(writer: DERWriter<'_>, kind: &[u64], value: impl FnOnce(DERWriter<'_>)) {
    writer.write_sequence(|attribute| {
        oid(attribute.next(), kind);
        attribute.next().write_set_of(|values| value(values.next()));
    });
}

fn certificate_bag(writer: DERWriter<'_>, certificate: &[u8], owner: Option<Owner<'_>>) {
    bag(writer, CERTIFICATE_BAG, owner, |value| {
        value.write_sequence(|bag| {
            oid(bag.next(), X509_CERTIFICATE);
            bag.next().write_tagged(Tag::context(0), |value| value.write_bytes(certificate));
        });
    });
}

/// Encrypted bytes, and the salt from which their key was derived.
struct Encrypted {
    salt: [u8; 8],
    bytes: Vec<u8>,
}

impl Encrypted {
    /// Writes the `AlgorithmIdentifier`.
    fn write_algorithm(&self, writer: DERWriter<'_>) {
        writer.write_sequence(|algorithm| {
            oid(algorithm.next(), PBE_SHA1_3DES);
            algorithm.next().write_sequence(|parameters| {
                parameters.next().write_bytes(&self.salt);
                parameters.next().write_u32(ITERATIONS);
            });
        });
    }
}

/// A password in UTF-16, big-endian, terminated by a zero.
struct Password(Vec<u8>);

impl Password {
    fn new(password: &str) -> Self {
        Self(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect())
    }

    fn encrypt(&self, mut bytes: Vec<u8>) -> Result<Encrypted, Unspecified> {
        let salt = random::bytes::<8>();
        let key = UnboundCipherKey::new(&DES_EDE3_FOR_LEGACY_USE_ONLY, &self.derive::<24>(Purpose::Key, &salt))?;
        let iv = FixedLength::from(&self.derive::<8>(Purpose::Iv, &salt));
        PaddedBlockEncryptingKey::cbc_pkcs7(key)?.less_safe_encrypt(&mut bytes, EncryptionContext::Iv64(iv))?;
        Ok(Encrypted { salt, bytes })
    }

    fn mac(&self, salt: &[u8; 8], bytes: &[u8]) -> hmac::Tag {
        let key = self.derive::<20>(Purpose::Mac, salt);
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), bytes)
    }

    /// Derives key material (RFC 7292, appendix B.2) with SHA-1.
    fn derive<const N: usize>(&self, purpose: Purpose, salt: &[u8; 8]) -> [u8; N] {
        let fill = |bytes: &[u8]| bytes.iter().copied().cycle().take(bytes.len().next_multiple_of(BLOCK)).collect::<Vec<_>>();
        let mut input = [fill(salt), fill(&self.0)].concat();
        let mut derived = [0; N];
        for part in derived.chunks_mut(SHA1_LENGTH) {
            let mut hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&[purpose as u8; BLOCK], &*input].concat());
            for _ in 1..ITERATIONS {
                hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, hash.as_ref());
            }
            part.copy_from_slice(&hash.as_ref()[..part.len()]);
            for block in input.chunks_mut(BLOCK) {
                add_one_and(block, hash.as_ref());
            }
        }
        derived
    }
}

/// The purpose of derived key material; the values are those of the RFC.
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Adds `hash`, repeated to the length of `block`, and one to `block`, as big-endian numbers;
/// the carry out of the first byte is dropped.
fn add_one_and(block: &mut [u8], hash: &[u8]) {
    let mut carry = 1;
    for (index, byte) in block.iter_mut().enumerate().rev() {
        let sum = u16::from(*byte) + u16::from(hash[index % hash.len()]) + carry;
        *byte = sum.to_be_bytes()[1];
        carry = sum >> 8;
    }
}
