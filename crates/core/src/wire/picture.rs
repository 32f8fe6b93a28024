//! Pictures without their metadata: a PNG or JPEG file, told by its content, keeps only what is
//! needed to show it. Pixels are not decoded.

use crate::domain::screenshot::PictureFormat;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_SIGNATURE: &[u8] = b"\xff\xd8\xff";

/// Why a picture was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// It is neither PNG nor JPEG.
    #[error("it is neither PNG nor JPEG")]
    OtherFormat,
    /// It is truncated or malformed.
    #[error("the picture is truncated or malformed")]
    Malformed,
}

/// Returns the format of a picture.
pub fn format_of(picture: &[u8]) -> Option<PictureFormat> {
    if picture.starts_with(PNG_SIGNATURE) {
        Some(PictureFormat::Png)
    } else if picture.starts_with(JPEG_SIGNATURE) {
        Some(PictureFormat::Jpeg)
    } else {
        None
    }
}

/// Returns the format of a picture, and the picture without its metadata.
///
/// # Errors
/// It is neither PNG nor JPEG, or it is truncated or malformed.
pub fn without_metadata(picture: &[u8]) -> Result<(PictureFormat, Vec<u8>), PictureError> {
    let format = format_of(picture).ok_or(PictureError::OtherFormat)?;
    let stripped = match format {
        PictureFormat::Png => png(picture),
        PictureFormat::Jpeg => jpeg(picture),
    };
    stripped.map(|stripped| (format, stripped)).ok_or(PictureError::Malformed)
}

/// Keeps the chunks `IHDR`, `PLTE`, `tRNS`, `IDAT` and `IEND`. What follows `IEND` is dropped.
fn png(picture: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(picture.len());
    kept.extend(PNG_SIGNATURE);
    let mut rest = picture.strip_prefix(PNG_SIGNATURE)?;
    let (mut has_header, mut has_pixels) = (false, false);
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        // The length, the type, the data, and a checksum.
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        rest = after;
        match &chunk[4..8] {
            b"IHDR" if !has_header && length == 13 => has_header = true,
            _ if !has_header => return None,
            b"PLTE" if length <= 3 * 256 => {}
            b"tRNS" if length <= 256 => {}
            b"IDAT" => has_pixels = true,
            b"IEND" if length == 0 && has_pixels => {
                kept.extend(chunk);
                return Some(kept);
            }
            b"IHDR" | b"PLTE" | b"tRNS" | b"IEND" => return None,
            _ => continue,
        }
        kept.extend(chunk);
    }
}

/// Keeps the segments that the decoding needs, JFIF without its thumbnail, and Adobe's, on which
/// the colours depend. Other application data, comments, and what follows the end are dropped.
fn jpeg(picture: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(picture.len());
    kept.extend([0xFF, 0xD8]);
    let mut rest = picture.get(2..)?;
    let mut has_pixels = false;
    loop {
        let (marker, after) = marker(rest)?;
        if marker == 0xD9 {
            kept.extend([0xFF, marker]);
            return has_pixels.then_some(kept);
        }
        if !(0xC0..=0xFE).contains(&marker) || (0xD0..=0xD8).contains(&marker) {
            return None;
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
        let (segment, after) = after.split_at_checked(length)?;
        let data = segment.get(2..)?;
        rest = after;
        match marker {
            0xE0 if data.starts_with(b"JFIF\0") => {
                kept.extend([0xFF, marker, 0, 16]);
                kept.extend(data.get(..12)?);
                // The width and the height of the thumbnail.
                kept.extend([0, 0]);
            }
            0xEE if data.starts_with(b"Adobe") => {
                kept.extend([0xFF, marker, 0, 14]);
                kept.extend(data.get(..12)?);
            }
            0xC0..=0xCF | 0xDA..=0xDD => {
                kept.extend([0xFF, marker]);
                kept.extend(segment);
            }
            _ => {}
        }
        if marker == 0xDA {
            has_pixels = true;
            let (pixels, after) = rest.split_at_checked(end_of_scan(rest)?)?;
            kept.extend(pixels);
            rest = after;
        }
    }
}

/// Returns the marker at the beginning, and what follows. It may be filled up with `FF`.
fn marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let after = bytes.strip_prefix(&[0xFF])?;
    let at = after.iter().position(|byte| *byte != 0xFF)?;
    Some((after[at], &after[at + 1..]))
}

/// Returns where the compressed pixels end: at a marker that is no restart marker.
fn end_of_scan(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes(), &name[..], data, b"crc!"].concat()
    }

    fn png_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let chunks: Vec<u8> = chunks.iter().flat_map(|(name, data)| chunk(name, data)).collect();
        [PNG_SIGNATURE, &chunks].concat()
    }

    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        [&[0xFF, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
    }

    fn jpeg_of(segments: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
        [&[0xFF, 0xD8][..], &segments.concat(), &[0xFF, 0xD9], after].concat()
    }

    fn scan() -> Vec<u8> {
        [segment(0xDA, b"scan"), b"ab\xff\x00c\xff\xd0de".to_vec()].concat()
    }

    #[test]
    fn a_png_keeps_only_what_shows_it() {
        let header = (b"IHDR", &b"thirteen byte"[..]);
        let needed = [header, (b"PLTE", b"abc"), (b"tRNS", b"a"), (b"IDAT", b"one"), (b"IDAT", b"two"), (b"IEND", b"")];
        let mut all = needed.to_vec();
        all.insert(1, (b"tEXt", b"Author\0T. Mogi"));
        all.insert(4, (b"eXIf", b"GPS"));
        let picture = [png_of(&all), b"hidden".to_vec()].concat();
        assert_eq!(without_metadata(&picture), Ok((PictureFormat::Png, png_of(&needed))));
        for wrong in [
            png_of(&[]),
            png_of(&[(b"IDAT", b"one"), (b"IEND", b"")]),
            png_of(&[header, (b"IEND", b"")]),
            png_of(&[header, header, (b"IDAT", b"one"), (b"IEND", b"")]),
            png_of(&[header, (b"IDAT", b"one"), (b"IEND", b"text")]),
            [png_of(&[header]), b"\xff\xff\xff\xffIDAT".to_vec()].concat(),
        ] {
            assert_eq!(without_metadata(&wrong), Err(PictureError::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_jpeg_keeps_only_what_shows_it() {
        let (table, frame) = (segment(0xDB, b"table"), segment(0xC0, b"frame"));
        let picture = jpeg_of(
            &[
                segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x02\x01thumb!"),
                segment(0xE0, b"JFXX\0thumbnail"),
                segment(0xE1, b"Exif\0\0GPS"),
                segment(0xEE, b"Adobe\0d\0\0\0\0\x01more"),
                segment(0xFE, b"a comment"),
                vec![0xFF, 0xFF],
                table.clone(),
                frame.clone(),
                scan(),
                scan(),
            ],
            b"hidden",
        );
        let (jfif, adobe) = (segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"), segment(0xEE, b"Adobe\0d\0\0\0\0\x01"));
        let expected = jpeg_of(&[jfif, adobe, table, frame, scan(), scan()], b"");
        assert_eq!(without_metadata(&picture), Ok((PictureFormat::Jpeg, expected)));
        for wrong in [
            jpeg_of(&[], b""),
            jpeg_of(&[segment(0xE0, b"JFIF\0")], b""),
            jpeg_of(&[vec![0xFF, 0xDB, 0, 1]], b""),
            jpeg_of(&[vec![0xFF, 0xDB, 0xFF, 0xFF]], b""),
            jpeg_of(&[vec![0xFF, 0xD8], scan()], b""),
            [vec![0xFF, 0xD8], scan()].concat(),
        ] {
            assert_eq!(without_metadata(&wrong), Err(PictureError::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn another_format_is_told_by_the_content() {
        for other in [&b""[..], b"text", b"GIF89a", b"<svg/>", b"\xff\xd8"] {
            assert_eq!(without_metadata(other), Err(PictureError::OtherFormat));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(png in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let signature = if png { PNG_SIGNATURE } else { JPEG_SIGNATURE };
            if let Ok((_, stripped)) = without_metadata(&[signature, &bytes].concat()) {
                prop_assert_eq!(without_metadata(&stripped).unwrap().1, stripped);
            }
        }

        #[test]
        fn a_cut_picture_is_refused(cut in 1_usize..40) {
            let header = (b"IHDR", &b"thirteen byte"[..]);
            let png = png_of(&[header, (b"IDAT", b"one"), (b"IEND", b"")]);
            let jpeg = jpeg_of(&[segment(0xDB, b"a table of some length"), scan()], b"");
            for whole in [png, jpeg] {
                prop_assert!(without_metadata(&whole).is_ok());
                prop_assert!(without_metadata(&whole[..whole.len().saturating_sub(cut)]).is_err());
            }
        }
    }
}
