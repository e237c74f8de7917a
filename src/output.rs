//! Files that are either whole or not there: they are written under a temporary name and renamed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ends the name of a file that is being written.
pub const TEMPORARY_SUFFIX: &str = ".part";

/// The name beside `path` under which a file is written that is to be named `path`.
///
/// # Errors
/// When `path` is there and no regular file: renaming would take the place of a device or a folder.
pub fn temporary(path: &Path) -> io::Result<PathBuf> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other(format!("{} is no regular file; it is not replaced", path.display())));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY_SUFFIX);
    Ok(PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_replaced() {
        assert_eq!(temporary(Path::new("no/such/a.npy")).unwrap(), Path::new("no/such/a.npy.part"));
        let folder = std::env::temp_dir();
        assert!(temporary(&folder).unwrap_err().to_string().contains("no regular file"));
        #[cfg(unix)]
        assert!(temporary(Path::new("/dev/null")).is_err());
    }
}
