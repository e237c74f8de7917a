//! What a run needs to go on, kept whole: written beside the old checkpoint, which then gives way.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::prelude::*;
use serde::{Deserialize, Serialize};

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps taken.
    pub step: usize,
    /// Samples seen.
    pub samples: usize,
    /// Time spent, in seconds.
    pub seconds: f64,
}

/// A run between two steps.
pub struct Checkpoint<M> {
    /// The model that the optimiser moves, on the training device.
    pub model: M,
    /// Moving average of the model, without gradients.
    pub averaged: M,
    /// The optimiser and its moments.
    pub optimiser: ModuleOptimizer,
    /// How far it has come.
    pub progress: Progress,
}

const MODEL: &str = "model.bpk";
const AVERAGED: &str = "averaged.bpk";
const OPTIMISER: &str = "optimiser.bpk";
const PROGRESS: &str = "progress.json";

impl<M: Module> Checkpoint<M> {
    /// The run in `directory`, or one that starts with `model`.
    ///
    /// # Errors
    /// When there is a checkpoint that cannot be read.
    pub fn resume(directory: &Path, model: M, optimiser: ModuleOptimizer, device: &Device) -> Result<Self> {
        let Some(folder) = folder(directory) else {
            let averaged = model.clone().valid();
            return Ok(Self { model, averaged, optimiser, progress: Progress::default() });
        };
        let load = || -> Result<Self> {
            let progress = read_progress(&folder)?;
            let model = model.try_load_file(folder.join(MODEL))?.fork(device);
            let averaged = model.clone().valid().try_load_file(folder.join(AVERAGED))?;
            let optimiser = optimiser.load(folder.join(OPTIMISER))?;
            Ok(Self { model, averaged, optimiser, progress })
        };
        load().with_context(|| format!("cannot continue from the checkpoint {}", folder.display()))
    }

    /// Writes the run; a crash at any moment leaves the old checkpoint or the new one.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn save(&self, directory: &Path) -> Result<()> {
        let [current, fresh, old] = folders(directory);
        let write = || -> Result<()> {
            remove(&fresh)?;
            fs::create_dir_all(&fresh)?;
            self.model.clone().valid().save_file(fresh.join(MODEL))?;
            self.averaged.clone().save_file(fresh.join(AVERAGED))?;
            self.optimiser.save(fresh.join(OPTIMISER))?;
            fs::write(fresh.join(PROGRESS), serde_json::to_string_pretty(&self.progress)?)?;
            remove(&old)?;
            if current.exists() {
                fs::rename(&current, &old)?;
            }
            fs::rename(&fresh, &current)?;
            remove(&old)
        };
        write().with_context(|| format!("cannot write the checkpoint {}", current.display()))
    }
}

/// Whether there is a run in `directory`.
pub fn has_checkpoint(directory: &Path) -> bool {
    folder(directory).is_some()
}

/// Averaged weights of the run in `directory`, in place of those of `model`, and how far the run has come.
///
/// # Errors
/// When there is no checkpoint, or one of other networks.
pub fn latest<M: Module>(directory: &Path, model: M) -> Result<(M, Progress)> {
    let folder = folder(directory).with_context(|| format!("{} holds no checkpoint", directory.display()))?;
    let load =
        || -> Result<(M, Progress)> { Ok((model.try_load_file(folder.join(AVERAGED))?, read_progress(&folder)?)) };
    load().with_context(|| format!("cannot read the checkpoint {}", folder.display()))
}

/// The checkpoint, the one being written, the one that gives way.
fn folders(directory: &Path) -> [PathBuf; 3] {
    ["checkpoint", "checkpoint.new", "checkpoint.old"].map(|name| directory.join(name))
}

/// The folder of the newest whole checkpoint.
fn folder(directory: &Path) -> Option<PathBuf> {
    let [current, _, old] = folders(directory);
    [current, old].into_iter().find(|folder| folder.exists())
}

fn read_progress(folder: &Path) -> Result<Progress> {
    Ok(serde_json::from_str(&fs::read_to_string(folder.join(PROGRESS))?)?)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::{AdamWConfig, GradientsParams};

    fn step(state: &mut Checkpoint<Linear>, device: &Device) {
        let loss = state.model.forward(Tensor::<2>::ones([1, 3], device)).square().mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &state.model);
        state.model = state.optimiser.step(0.1, state.model.clone(), gradients);
        state.progress.step += 1;
    }

    fn start(directory: &Path, device: &Device) -> Checkpoint<Linear> {
        let model = LinearConfig::new(3, 2).init(device);
        Checkpoint::resume(directory, model, AdamWConfig::new().init(), device).unwrap()
    }

    #[test]
    fn a_resumed_run_goes_on_as_if_it_had_not_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let device = Device::flex().autodiff();
        let mut straight = start(directory.path(), &device);
        (0..3).for_each(|_| step(&mut straight, &device));
        straight.save(directory.path()).unwrap();
        let mut resumed = start(directory.path(), &device);
        assert_eq!(resumed.progress.step, 3);
        step(&mut straight, &device);
        step(&mut resumed, &device);
        let [a, b] = [straight, resumed].map(|state| state.model.weight.val().inner().to_data());
        assert_eq!(a, b);
    }
}
