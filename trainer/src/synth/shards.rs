//! Writes synthetic pairs as OpenFWI's files, shard by shard, so that an interruption at any point costs at most the
//! shard being written.
//!
//! A family's shard `k` (from 1) is `<family>/model<k>.npy`, (pairs, 1, 70, 70), and `<family>/data<k>.npy`,
//! (pairs, shots, samples, receivers), both `f32`. Files take their final names when complete and the manifest lists
//! them after that. Families take turns, so that an early stop leaves a balanced set.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use rayon::prelude::*;
use wavediffusion::family::Family;
use wavediffusion::npy::NpyWriter;
use wavediffusion::survey::Survey;
use wavediffusion::wave;

use super::manifest::{FileEntry, Manifest, Shard};
use super::{CELLS, Sketch, sketch};

/// Pairs that are held in memory at once.
const BATCH: usize = 32;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Families, in turn.
    pub families: Vec<Family>,
    /// Pairs of each family.
    pub count: usize,
    /// Seed of every family's sequence.
    pub seed: u64,
    /// Pairs in a file.
    pub shard_size: usize,
    /// The survey to simulate.
    pub survey: Survey,
}

impl Plan {
    /// Family, number (from 0) and number of pairs of each shard, in the order of making.
    fn shards(&self) -> impl Iterator<Item = (Family, usize, usize)> + '_ {
        (0..self.count.div_ceil(self.shard_size)).flat_map(move |number| {
            let pairs = self.shard_size.min(self.count - number * self.shard_size);
            self.families.iter().map(move |&family| (family, number, pairs))
        })
    }

    /// Number of pairs in all.
    pub fn pairs(&self) -> usize {
        self.families.len() * self.count
    }
}

/// How far [`write`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is there.
    Complete,
    /// Told to stop; running it again goes on from the last finished shard.
    Interrupted,
}

/// What [`write`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A shard of so many pairs was there already.
    Kept(usize),
    /// So many more pairs are made.
    Made(usize),
}

/// Makes what the plan asks for and `dir` lacks. Reports every step, and looks at `stop` between them.
///
/// # Errors
/// When `dir` holds data made otherwise, or a file cannot be written.
pub fn write(dir: &Path, plan: &Plan, stop: &AtomicBool, report: impl Fn(Step)) -> Result<Outcome> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut manifest = Manifest::resume(dir, plan)?;
    remove_unfinished(dir)?;
    for (family, number, pairs) in plan.shards() {
        let finished = manifest.families.entry(family).or_default();
        if finished.get(&number).is_some_and(|shard| shard.pairs >= pairs) {
            report(Step::Kept(pairs));
            continue;
        }
        let Some(shard) = write_shard(dir, plan, (family, number, pairs), stop, &report)? else {
            return Ok(Outcome::Interrupted);
        };
        finished.insert(number, shard);
        manifest.save(dir)?;
    }
    manifest.save(dir)?;
    Ok(Outcome::Complete)
}

/// Removes what an interrupted run left half-written in `dir` and its folders of families.
fn remove_unfinished(dir: &Path) -> Result<()> {
    let folders = Family::ALL.map(|family| dir.join(family.name()));
    for folder in folders.iter().map(|folder| folder.as_path()).chain([dir]).filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(NpyWriter::TEMPORARY_SUFFIX) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Writes one shard; nothing when told to stop before its end.
fn write_shard(
    dir: &Path,
    plan: &Plan,
    (family, number, pairs): (Family, usize, usize),
    stop: &AtomicBool,
    report: &impl Fn(Step),
) -> Result<Option<Shard>> {
    let name = |kind: &str| format!("{family}/{kind}{}.npy", number + 1);
    let (velocity_name, seismic_name) = (name("model"), name("data"));
    let failed = || format!("cannot write {velocity_name} and {seismic_name} in {}", dir.display());
    fs::create_dir_all(dir.join(family.name())).with_context(failed)?;
    let survey = plan.survey.config();
    let traces = [survey.sources.len(), survey.samples, survey.receivers.len()];
    let mut velocities =
        NpyWriter::create(&dir.join(&velocity_name), &[pairs, 1, CELLS, CELLS]).with_context(failed)?;
    let seismic_shape = [pairs, traces[0], traces[1], traces[2]];
    let mut seismic = NpyWriter::create(&dir.join(&seismic_name), &seismic_shape).with_context(failed)?;
    let mut layers = BTreeMap::new();
    let first = (number * plan.shard_size) as u64;
    let indices: Vec<u64> = (first..first + pairs as u64).collect();
    for batch in indices.chunks(BATCH) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let made = batch
            .par_iter()
            .map(|&index| {
                let sketch = sketch(family, plan.seed, index);
                let gathers = wave::simulate(&plan.survey, &sketch.velocity)?;
                Ok((sketch, gathers))
            })
            .collect::<Result<Vec<_>>>()?;
        for (Sketch { velocity, layers: count }, gathers) in made {
            velocities.write(velocity.values()).with_context(failed)?;
            seismic.write(gathers.values()).with_context(failed)?;
            *layers.entry(count).or_default() += 1;
        }
        report(Step::Made(batch.len()));
    }
    velocities.finish().with_context(failed)?;
    seismic.finish().with_context(failed)?;
    let velocity = FileEntry::of(dir, velocity_name.clone())?;
    let seismic = FileEntry::of(dir, seismic_name.clone())?;
    Ok(Some(Shard { first, pairs, velocity, seismic, layers }))
}
