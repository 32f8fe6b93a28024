//! What commands write on standard output and standard error. The reader of either may close it
//! before the end, as `head` does: the rest is not written then, and the command ends with its own
//! exit code.

use std::fmt::{Arguments, Display};
use std::io::{self, ErrorKind, Write};

/// Writes a line to standard output, as `println!` does.
macro_rules! outln {
    ($($words:tt)*) => {
        $crate::cli::output::write_out(format_args!("{}\n", format_args!($($words)*))).expect("standard output can be written")
    };
}

/// Writes a line to standard error, as `eprintln!` does.
macro_rules! errln {
    ($($words:tt)*) => {
        $crate::cli::output::write_err(format_args!("{}\n", format_args!($($words)*)))
    };
}

/// Writes to standard output. One that its reader has closed is no error.
pub(super) fn write_out(words: Arguments<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_fmt(words).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to standard error. If that fails, there is nobody to tell.
pub(super) fn write_err(words: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(words);
}

/// Writes an error, the program's last word, to standard error.
pub fn print_error(error: impl Display) {
    errln!("エラー error: {error:#}");
}
