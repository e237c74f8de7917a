//! Measurements in a file, as they are made: an evaluation that was stopped goes on from there.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files;

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// What is evaluated and how, in words.
    evaluation: String,
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
struct Line<M> {
    slot: usize,
    measurement: M,
}

/// The file.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    file: Mutex<File>,
}

impl Kept {
    /// Opens the file at `path` for an evaluation that `evaluation` tells from others, or creates it. Returns what it holds,
    /// by slot; the last line is dropped if it was not written to its end.
    ///
    /// # Errors
    /// When the file cannot be read or written, is of another evaluation, or is in use.
    pub(super) fn open<M: DeserializeOwned>(path: &Path, evaluation: String) -> Result<(Self, BTreeMap<usize, M>)> {
        let (shown, header) = (path.display(), Header { evaluation });
        if !path.exists() {
            files::replace(path, line(&header)?.as_bytes())?;
        }
        let file = OpenOptions::new().append(true).open(path).with_context(|| format!("cannot write {shown}"))?;
        ensure!(file.try_lock().is_ok(), "another evaluation is writing to {shown}; wait for it or stop it");
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        let found = lines.next().and_then(|first| serde_json::from_str::<Header>(first).ok());
        let found = found.with_context(|| format!("{shown} holds no measurements of `evaluate --keep`"))?;
        ensure!(
            found.evaluation == header.evaluation,
            "{shown} is of another evaluation: {}; this is: {}",
            found.evaluation,
            header.evaluation
        );
        let mut kept = BTreeMap::new();
        for (index, text) in lines.enumerate() {
            let damaged = || format!("line {} of {shown} is damaged", index + 2);
            let Line { slot, measurement } =
                serde_json::from_str::<Line<serde_json::Value>>(text).with_context(damaged)?;
            // JSON has no infinities: what came out as one is measured again.
            if let Ok(measurement) = serde_json::from_value(measurement) {
                kept.insert(slot, measurement);
            }
        }
        file.set_len(whole as u64).with_context(|| format!("cannot write {shown}"))?;
        Ok((Self { path: path.to_owned(), file: Mutex::new(file) }, kept))
    }

    /// Adds the measurements of some slots.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn add(&self, slots: &[usize], measurements: &[impl Serialize]) -> Result<()> {
        let lines = slots.iter().zip(measurements).map(|(&slot, measurement)| line(&Line { slot, measurement }));
        let lines = lines.collect::<Result<String>>()?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let write = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
        write.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn line(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, evaluation: &str) -> Result<(Kept, BTreeMap<usize, f64>)> {
        Kept::open(path, evaluation.to_owned())
    }

    #[test]
    fn what_was_added_is_there_the_next_time_but_for_a_line_without_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.jsonl");
        let (kept, none) = open(&path, "one").unwrap();
        assert_eq!(none, BTreeMap::new());
        kept.add(&[3, 1, 5], &[0.3, 0.1, f64::NAN]).unwrap();
        kept.file.lock().unwrap().write_all(b"{\"slot\":2,\"measu").unwrap();
        assert!(format!("{:#}", open(&path, "one").unwrap_err()).contains("another evaluation is writing"));
        drop(kept);
        let (kept, some) = open(&path, "one").unwrap();
        assert_eq!(some, BTreeMap::from([(1, 0.1), (3, 0.3)]));
        kept.add(&[2], &[0.2]).unwrap();
        drop(kept);
        assert_eq!(open(&path, "one").unwrap().1, BTreeMap::from([(1, 0.1), (2, 0.2), (3, 0.3)]));
    }

    #[test]
    fn files_of_something_else_are_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.jsonl");
        let refusal = |text: &str| {
            fs::write(&path, text).unwrap();
            let refusal = format!("{:#}", open(&path, "one").unwrap_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            refusal
        };
        assert!(refusal("my diary\n").contains("holds no measurements"));
        assert!(refusal("").contains("holds no measurements"));
        let other = refusal("{\"evaluation\":\"two\"}\n");
        assert!(other.ends_with("is of another evaluation: two; this is: one"), "{other}");
        assert!(refusal("{\"evaluation\":\"one\"}\n{}\n").contains("line 2"));
        assert!(format!("{:#}", open(dir.path(), "one").unwrap_err()).contains("cannot write"));
    }
}
