//! The training loop: batches split over replicas, an optimiser, a moving average of the weights, checkpoints.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::checkpoint::{Checkpoint, Progress};
use super::config::LoopConfig;
use super::ema::average;
use super::log::{self, Log};
use super::optimiser::optimiser;
use crate::figure::save_curves;
use crate::progress::progress_bar;

/// Named numbers to show and log.
pub type Figures = Vec<(&'static str, f64)>;

/// A named number that is still on the training device: reading it would wait for all that it follows from.
pub type Figure = (&'static str, Tensor<1>);

/// A number of the graph, as a figure without.
pub fn figure(name: &'static str, value: &Tensor<1>) -> Figure {
    (name, value.clone().inner())
}

/// What an objective makes of a batch.
pub struct Loss<S> {
    /// The loss, on the training device.
    pub loss: Tensor<1>,
    /// What the batch tells about itself.
    pub figures: Vec<Figure>,
    /// What [`Objective::after_step`] needs.
    pub statistics: S,
}

/// Something to minimise.
pub trait Objective: Sync {
    /// What is trained.
    type Model: Module + 'static;
    /// What a batch leaves behind for [`Objective::after_step`].
    type Statistics: Send;

    /// Loss of a batch of `size` samples drawn with `random`, at step `step`.
    fn loss(
        &self,
        model: &Self::Model,
        step: usize,
        size: usize,
        random: ChaCha8Rng,
        device: &Device,
    ) -> Loss<Self::Statistics>;

    /// Changes the model after the optimiser has, for what has no gradient.
    fn after_step(&mut self, model: Self::Model, _step: usize, _statistics: Vec<Self::Statistics>) -> Self::Model {
        model
    }

    /// Measures the averaged model on held-out data and draws an early look into `directory`.
    ///
    /// # Errors
    /// When the picture cannot be written.
    fn validate(&self, model: &Self::Model, step: usize, directory: &Path) -> Result<Figures>;
}

/// Trains `model` in `directory`, continuing from the checkpoint there if there is one. Returns the averaged weights.
///
/// The batch of a step depends on the seed and the step alone, so that a run that was interrupted sees what it would
/// have seen. `stop` ends the run after the step at hand, with a checkpoint.
///
/// # Errors
/// When it was stopped before its end, the directory cannot be read or written, or the loss is no number.
pub fn run<O: Objective>(
    objective: &mut O,
    model: O::Model,
    config: &LoopConfig,
    directory: &Path,
    device: &Device,
    replicas: usize,
    stop: &AtomicBool,
) -> Result<O::Model> {
    let mut state = Checkpoint::resume(directory, model, optimiser(config), device)?;
    let mut log = Log::open(directory, state.progress.step)?;
    let bar = progress_bar("training steps", config.steps).with_position(state.progress.step as u64);
    bar.reset_eta();
    let started = Instant::now();
    let earlier = state.progress.seconds;

    while state.progress.step < config.steps {
        let step = state.progress.step;
        let parts = split(config.batch, replicas);
        let results = gradients(objective, &state.model, step, &parts, config.seed, device);

        let mut sum = GradientsAccumulator::new();
        let (mut figures, mut statistics) = (Vec::new(), Vec::new());
        for (gradient, batch_figures, batch_statistics) in results {
            sum.accumulate(&state.model, gradient);
            figures.push(batch_figures);
            statistics.push(batch_statistics);
        }
        state.model = state.optimiser.step(config.learning_rate(step), state.model, sum.grads());
        state.model = objective.after_step(state.model, step, statistics);
        let decay = config.ema.min((1 + step) as f64 / (10 + step) as f64);
        state.averaged = average(state.averaged, &state.model, decay);
        let figures = mean_figures(&figures.into_iter().map(read).collect::<Result<Vec<_>>>()?);
        if let Some((name, _)) = figures.iter().find(|(_, value)| !value.is_finite()) {
            bail!("`{name}` is not finite at step {step}; the last checkpoint in {} is whole", directory.display());
        }

        state.progress = Progress {
            step: step + 1,
            samples: state.progress.samples + config.batch,
            seconds: earlier + started.elapsed().as_secs_f64(),
        };
        log.step(step + 1, state.progress.samples, state.progress.seconds, &figures)?;
        bar.set_message(describe(&figures));
        bar.inc(1);

        let done = state.progress.step == config.steps;
        let stopping = stop.load(Ordering::Relaxed);
        if done || stopping || state.progress.step % config.checkpoint_every == 0 {
            state.save(directory)?;
        }
        if done || state.progress.step % config.validate_every == 0 {
            let figures = objective.validate(&state.averaged, state.progress.step, directory)?;
            log.validation(state.progress.step, state.progress.samples, state.progress.seconds, &figures)?;
            bar.suspend(|| log::info(state.progress.step, &figures));
            save_curves(directory)?;
        }
        if stopping && !done {
            bar.abandon();
            bail!(
                "stopped after step {} of {}; the same command goes on from there",
                state.progress.step,
                config.steps
            );
        }
    }
    Ok(state.averaged)
}

/// The numbers of figures, in one transfer from their device.
fn read(figures: Vec<Figure>) -> Result<Figures> {
    if figures.is_empty() {
        return Ok(Vec::new());
    }
    let (names, values): (Vec<_>, Vec<_>) = figures.into_iter().unzip();
    Ok(names.into_iter().zip(Tensor::cat(values, 0).try_into_vec_as::<f64>()?).collect())
}

/// Loss and gradients of each part of a batch, on a thread of its own.
pub(super) fn gradients<O: Objective>(
    objective: &O,
    model: &O::Model,
    step: usize,
    parts: &[usize],
    seed: u64,
    device: &Device,
) -> Vec<(GradientsParams, Vec<Figure>, O::Statistics)> {
    let total: usize = parts.iter().sum();
    let work = |model: O::Model, part: usize| {
        let random = random_of(seed, step, [part, parts.len()]);
        let Loss { loss, figures, statistics } = objective.loss(&model, step, parts[part], random, device);
        let share = parts[part] as f64 / total as f64;
        (GradientsParams::from_grads((loss * share).backward(), &model), figures, statistics)
    };
    if parts.len() == 1 {
        return vec![work(model.clone(), 0)];
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..parts.len())
            .map(|part| {
                // A graph of its own: backward passes of threads that share leaves can lock each other out for good
                // (burn-autodiff 0.22.1 takes the locks of the graph and of their directory in either order).
                let model = model.clone().fork(device);
                let work = &work;
                scope.spawn(move || work(model, part))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// The random numbers of a step and of one of its parts.
pub fn random_of(seed: u64, step: usize, [part, parts]: [usize; 2]) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((step * parts + part) as u64);
    random
}

/// Sizes of `replicas` nearly equal parts of a batch.
pub(super) fn split(batch: usize, replicas: usize) -> Vec<usize> {
    let replicas = replicas.clamp(1, batch);
    (0..replicas).map(|part| batch / replicas + usize::from(part < batch % replicas)).collect()
}

/// Mean of each figure over the parts that have it.
fn mean_figures(parts: &[Figures]) -> Figures {
    let mut means: Vec<(&'static str, f64, usize)> = Vec::new();
    for &(name, value) in parts.iter().flatten() {
        match means.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + value, *count + 1),
            None => means.push((name, value, 1)),
        }
    }
    means.into_iter().map(|(name, sum, count)| (name, sum / count as f64)).collect()
}

fn describe(figures: &Figures) -> String {
    figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::checkpoint::latest;
    use crate::train::config::Optimiser;
    use burn::nn::{Linear, LinearConfig};
    use rand_chacha::rand_core::RngCore;
    use wavediffusion::diffusion::gaussian;

    #[test]
    fn a_batch_is_split_evenly_and_wholly() {
        assert_eq!(split(32, 2), [16, 16]);
        assert_eq!(split(7, 3), [3, 2, 2]);
        assert_eq!(split(1, 8), [1]);
    }

    /// Squares of what a linear layer makes of random numbers.
    struct Squares;

    impl Objective for Squares {
        type Model = Linear;
        type Statistics = ();

        fn loss(&self, model: &Linear, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
            let input = gaussian(random.next_u64(), size * 3);
            let input: Tensor<2> = Tensor::from_data(TensorData::new(input, [size, 3]), device);
            Loss { loss: model.forward(input).square().mean(), figures: Vec::new(), statistics: () }
        }

        fn validate(&self, _: &Linear, _: usize, _: &Path) -> Result<Figures> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn replicas_on_threads_of_their_own_add_up_to_the_gradient_of_the_whole_batch() {
        let device = Device::flex().autodiff();
        let model = LinearConfig::new(3, 2).init(&device);
        let parts = [3, 2, 2];
        let mut sum = GradientsAccumulator::new();
        for (gradient, ..) in gradients(&Squares, &model, 5, &parts, 1, &device) {
            sum.accumulate(&model, gradient);
        }
        // The same samples in one batch, on this thread.
        let numbers = (0..3).flat_map(|part| gaussian(random_of(1, 5, [part, 3]).next_u64(), parts[part] * 3));
        let whole: Tensor<2> = Tensor::from_data(TensorData::new(numbers.collect::<Vec<f32>>(), [7, 3]), &device);
        let expected = GradientsParams::from_grads(model.forward(whole).square().mean().backward(), &model);
        let of = |gradients: &GradientsParams| -> Vec<f32> {
            let weight = gradients.get::<2>(model.weight.id).unwrap();
            weight.try_into_vec_as().unwrap()
        };
        for (found, expected) in of(&sum.grads()).into_iter().zip(of(&expected)) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn a_run_that_is_stopped_fails_with_a_checkpoint_that_the_next_goes_on_from() {
        let directory = tempfile::tempdir().unwrap();
        let device = Device::flex().autodiff();
        let config = LoopConfig {
            seed: 1,
            steps: 3,
            batch: 2,
            optimiser: Optimiser::AdamW,
            learning_rate: 1e-3,
            warmup: 0,
            decay: 0.0,
            weight_decay: 0.0,
            clip: 1.0,
            ema: 0.9,
            checkpoint_every: 100,
            validate_every: 100,
        };
        let start = || LinearConfig::new(3, 2).init(&device);
        let go = |stop: bool| run(&mut Squares, start(), &config, directory.path(), &device, 1, &AtomicBool::new(stop));
        let steps = || latest(directory.path(), start().valid()).unwrap().1.step;
        assert!(go(true).unwrap_err().to_string().contains("stopped after step 1 of 3"));
        assert_eq!(steps(), 1);
        go(false).unwrap();
        assert_eq!(steps(), 3);
    }

    #[test]
    fn figures_average_over_the_parts_that_have_them() {
        let means = mean_figures(&[vec![("a", 1.0), ("b", 2.0)], vec![("a", 3.0)]]);
        assert_eq!(means, [("a", 2.0), ("b", 2.0)]);
    }
}
