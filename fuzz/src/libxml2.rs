//! What libxml2 says of a document, by its C interface.

use std::ffi::{c_char, c_int, c_void};

/// The beginning of `xmlError`, which has been the same in all versions of libxml2.
#[repr(C)]
struct XmlError {
    _domain: c_int,
    code: c_int,
    _message: *const c_char,
    level: c_int,
}

type ErrorHandler = extern "C" fn(*mut c_void, *const XmlError);

#[link(name = "xml2")]
unsafe extern "C" {
    fn xmlSetStructuredErrorFunc(context: *mut c_void, handler: Option<ErrorHandler>);
    fn xmlReadMemory(bytes: *const c_char, size: c_int, url: *const c_char, encoding: *const c_char, options: c_int) -> *mut c_void;
    fn xmlFreeDoc(document: *mut c_void);
}

/// `XML_PARSE_NONET` and `XML_PARSE_IGNORE_ENC`: nothing is fetched, and the declared character
/// set is not used, since the text was decoded already.
const OPTIONS: c_int = 1 << 11 | 1 << 21;
/// `XML_ERR_ERROR`: namespace errors have this level, warnings are below it.
const LEVEL_OF_ERRORS: c_int = 2;

/// Returns the codes (`xmlParserErrors`) of all errors in a document; none if it is well-formed and
/// its namespaces are.
pub fn errors(text: &str) -> Vec<i32> {
    // With a mark, so that libxml2 takes a second one at the beginning for content, as XML does.
    let text = format!("\u{feff}{text}");
    let size = c_int::try_from(text.len()).expect("inputs are short");
    let mut codes: Vec<i32> = Vec::new();
    // SAFETY: the handler gets the pointer to `codes` only within the calls below, and the text
    // outlives the document.
    unsafe {
        xmlSetStructuredErrorFunc((&raw mut codes).cast(), Some(collect));
        let document = xmlReadMemory(text.as_ptr().cast(), size, std::ptr::null(), c"UTF-8".as_ptr(), OPTIONS);
        xmlSetStructuredErrorFunc(std::ptr::null_mut(), None);
        if !document.is_null() {
            xmlFreeDoc(document);
        }
    }
    codes
}

extern "C" fn collect(codes: *mut c_void, error: *const XmlError) {
    // SAFETY: libxml2 passes on what `errors` gave it, and an error that lives during the call.
    let (codes, error) = unsafe { (&mut *codes.cast::<Vec<i32>>(), &*error) };
    if error.level >= LEVEL_OF_ERRORS {
        codes.push(error.code);
    }
}
