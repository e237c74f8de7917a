//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wavediffusion::output;

/// Writes `bytes` under a temporary name beside `path`, which then takes its place.
///
/// # Errors
/// When the file cannot be written; `path` is then what it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let temporary = output::temporary(path)?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        };
        write().inspect_err(|_| {
            // The first error is the one to report.
            let _ = fs::remove_file(&temporary);
        })
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Refuses files that could not be written, before the work whose outcome they are to hold.
///
/// # Errors
/// When a file's folder is not there, something else than a file has its name, or two have the same.
pub fn check_outputs<'a, P: AsRef<Path> + ?Sized + 'a>(paths: impl IntoIterator<Item = &'a P>) -> Result<()> {
    let mut seen: Vec<&Path> = Vec::new();
    for path in paths.into_iter().map(AsRef::as_ref) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        ensure!(folder.is_dir(), "cannot write {}: there is no folder {}", path.display(), folder.display());
        output::temporary(path).with_context(|| format!("cannot write {}", path.display()))?;
        ensure!(!seen.contains(&path), "two outputs are to be written to {}", path.display());
        seen.push(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let taken = dir.path().join("folder");
        fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(replace(&taken, b"three").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn outputs_that_could_not_be_written_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let refusal = |names: &[&str]| {
            let paths: Vec<_> = names.iter().map(|name| dir.path().join(name)).collect();
            check_outputs(&paths).map_err(|error| format!("{error:#}"))
        };
        fs::create_dir(dir.path().join("folder")).unwrap();
        assert_eq!(refusal(&["a.json", "folder/a.json"]), Ok(()));
        assert!(refusal(&["none/a.json"]).unwrap_err().contains("there is no folder"));
        assert!(refusal(&["folder"]).unwrap_err().contains("no regular file"));
        assert!(refusal(&["a.json", "b.md", "a.json"]).unwrap_err().contains("two outputs"));
        assert_eq!(check_outputs([Path::new("a.json")]).map_err(|error| error.to_string()), Ok(()));
    }
}
