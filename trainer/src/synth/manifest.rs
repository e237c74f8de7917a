//! What a directory of synthetic data holds, and how it was made.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use wavediffusion::family::Family;
use wavediffusion::survey::Survey;

use super::{GENERATOR_VERSION, Part, Plan};
use crate::files;

/// Name of the manifest in its directory.
pub(super) const FILE_NAME: &str = "manifest.json";

/// What the names of the manifests of parts start with.
const PART_PREFIX: &str = "manifest-";

/// Name of the manifest of a part.
fn part_name(label: &str) -> String {
    format!("{PART_PREFIX}{label}.json")
}

/// The manifests in `dir`: of the whole, then of parts.
fn manifests(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![dir.join(FILE_NAME)];
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry?.path();
        if parts_of(&path).is_some() {
            found.push(path);
        }
    }
    found[1..].sort();
    Ok(found)
}

/// How many parts there are, from the name of the manifest of one: `manifest-2-of-4.json`.
fn parts_of(path: &Path) -> Option<usize> {
    let label = path.file_name()?.to_str()?.strip_prefix(PART_PREFIX)?.strip_suffix(".json")?;
    label.split_once("-of-")?.1.parse().ok()
}

/// Removes the manifests of parts, whose files the manifest of the whole lists by now.
///
/// # Errors
/// When one cannot be removed.
pub(super) fn remove_parts(dir: &Path) -> Result<()> {
    manifests(dir)?
        .iter()
        .filter(|path| parts_of(path).is_some())
        .try_for_each(|path| fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display())))
}

/// Contents of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Version of the program that wrote the data.
    pub(super) code_version: String,
    /// Version of the map generators.
    pub(super) generator_version: u32,
    /// Seed of every family's sequence.
    pub(super) seed: u64,
    /// Pairs in a full shard.
    pub(super) shard_size: usize,
    /// The survey that was simulated.
    pub(super) survey: Survey,
    /// Finished shards of each family, by number.
    pub(super) families: BTreeMap<Family, BTreeMap<usize, Shard>>,
}

/// One pair of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shard {
    /// Index of the first map in the family's sequence.
    pub(super) first: u64,
    /// Number of pairs.
    pub(super) pairs: usize,
    /// Velocity maps.
    pub(super) velocity: FileEntry,
    /// Shot gathers.
    pub(super) seismic: FileEntry,
    /// How many maps have how many layers (0: smooth).
    pub(super) layers: BTreeMap<usize, usize>,
}

/// A file and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    /// Path relative to the manifest.
    pub(super) path: String,
    /// Size in bytes.
    pub(super) bytes: u64,
}

impl FileEntry {
    /// Entry of the file at `dir`/`path`.
    pub(super) fn of(dir: &Path, path: String) -> Result<Self> {
        let bytes = fs::metadata(dir.join(&path)).with_context(|| format!("cannot look at {path}"))?.len();
        Ok(Self { path, bytes })
    }

    /// Whether the file is there with the size it had.
    fn is_intact(&self, dir: &Path) -> bool {
        fs::metadata(dir.join(&self.path)).is_ok_and(|found| found.len() == self.bytes)
    }
}

impl Manifest {
    /// The manifest of a plan of which nothing is done.
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            generator_version: GENERATOR_VERSION,
            seed: plan.seed,
            shard_size: plan.shard_size,
            survey: plan.survey.clone(),
            families: BTreeMap::new(),
        }
    }

    /// The manifest of this name, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let manifest = serde_json::from_str(&text)
            .with_context(|| format!("{} is no manifest of synthetic data", path.display()))?;
        Ok(Some(manifest))
    }

    /// What the manifest in `dir` and those of parts list, or a new one; data of another seed, survey or version are
    /// refused, and shards whose files are gone or of another size are forgotten.
    ///
    /// # Errors
    /// When the data in `dir` were made otherwise than planned.
    pub(super) fn resume(dir: &Path, plan: &Plan) -> Result<Self> {
        let mut known = Self::new(plan);
        for path in manifests(dir)? {
            if let (Some(part), Some(of)) = (plan.part, parts_of(&path))
                && part.of() != of
            {
                bail!(
                    "{} holds data of parts of {of}, not of {}; a run without --shard puts them together first",
                    dir.display(),
                    part.of()
                );
            }
            let Some(found) = Self::read(&path)? else { continue };
            for (family, shards) in Self::checked(found, dir, &known)?.families {
                known.families.entry(family).or_default().extend(shards);
            }
        }
        Ok(known)
    }

    /// A manifest that was found, without shards that are gone; refused when it is of other data than `fresh`.
    fn checked(mut found: Self, dir: &Path, fresh: &Self) -> Result<Self> {
        let differs = |what: &str, found: &dyn std::fmt::Display, planned: &dyn std::fmt::Display| {
            format!(
                "{} holds data of {what} {found}, not {planned}; choose another directory or the same {what}",
                dir.display()
            )
        };
        if found.seed != fresh.seed {
            bail!(differs("seed", &found.seed, &fresh.seed));
        }
        if found.generator_version != fresh.generator_version {
            bail!(differs("generator version", &found.generator_version, &fresh.generator_version));
        }
        if found.code_version != fresh.code_version {
            bail!(differs("code version", &found.code_version, &fresh.code_version));
        }
        if found.shard_size != fresh.shard_size {
            bail!(differs("shard size", &found.shard_size, &fresh.shard_size));
        }
        if found.survey != fresh.survey {
            bail!("{} holds data of another survey; choose another directory or the same survey", dir.display());
        }
        for shards in found.families.values_mut() {
            shards.retain(|_, shard| shard.velocity.is_intact(dir) && shard.seismic.is_intact(dir));
        }
        Ok(found)
    }

    /// Replaces the manifest of the whole, or of a part, in `dir` at one stroke.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn save(&self, dir: &Path, part: Option<Part>) -> Result<()> {
        let path = dir.join(part.map_or_else(|| FILE_NAME.to_owned(), |part| part_name(&part.label())));
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        files::replace(&path, text.as_bytes())
    }
}
