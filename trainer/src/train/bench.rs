//! How fast a training step is: the seismic decoder, the largest network, on random latents and gathers.

use std::time::Instant;

use anyhow::{Result, ensure};
use burn::optim::GradientsAccumulator;
use burn::prelude::*;
use burn::tensor::Distribution;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use wavediffusion::model::{ModelConfig, PatchDecoder};

use super::config::{LoopConfig, Optimiser};
use super::optimiser::optimiser;
use super::run::{Loss, Objective, gradients, split};
use crate::evaluate::median;

/// Rows and columns of the matrices whose product is the peak that a step is held against.
const PEAK_SIZE: usize = 1536;

/// What a benchmark measured.
#[derive(Clone, Debug, Serialize)]
pub struct StepMeasurement {
    /// Samples in a step.
    pub batch: usize,
    /// Threads with a part of the batch each.
    pub replicas: usize,
    /// Steps, after two that are not counted.
    pub repeat: usize,
    /// Median time of a step, in seconds.
    pub seconds: f64,
    /// Samples a second.
    pub samples_per_s: f64,
    /// Multiplications and additions of the matrix products, forward and backward, in 1e9 a second.
    pub gflop_per_s: f64,
    /// The same of one large product.
    pub matmul_gflop_per_s: f64,
    /// The step's in parts of the large product's.
    pub share_of_matmul: f64,
}

/// Mean squared error of random gathers.
struct Random {
    latent: Tensor<3>,
    seismic: Tensor<4>,
}

impl Objective for Random {
    type Model = PatchDecoder;
    type Statistics = ();

    fn loss(&self, model: &PatchDecoder, _: usize, size: usize, _: ChaCha8Rng, _: &Device) -> Loss<()> {
        let decoded = model.forward(self.latent.clone().narrow(0, 0, size).autodiff());
        let loss = (decoded - self.seismic.clone().narrow(0, 0, size).autodiff()).square().mean();
        Loss { loss, figures: Vec::new(), statistics: () }
    }

    fn validate(&self, _: &PatchDecoder, _: usize, _: &std::path::Path) -> Result<super::run::Figures> {
        Ok(Vec::new())
    }
}

/// Takes `repeat` steps of `batch` samples, split over `replicas`, with AdamW.
///
/// # Errors
/// When the device fails.
pub fn measure_step(
    model: &ModelConfig,
    batch: usize,
    replicas: usize,
    repeat: usize,
    device: &Device,
) -> Result<StepMeasurement> {
    let matmul = matmul_speed(repeat, device)?;
    let normal = Distribution::Normal(0.0, 1.0);
    let image = model.seismic;
    let objective = Random {
        latent: Tensor::random([batch, model.token_count(), model.latent.width()], normal, device),
        seismic: Tensor::random([batch, image.channels, image.rows, image.columns], normal, device),
    };
    let device = device.clone().autodiff();
    let mut network = PatchDecoder::new(model.seismic_decoder, image, model, &device);
    let config = LoopConfig {
        seed: 1,
        steps: repeat,
        batch,
        optimiser: Optimiser::AdamW,
        learning_rate: 1e-3,
        warmup: 1,
        decay: 0.0,
        weight_decay: 0.01,
        clip: 1.0,
        ema: 0.0,
        checkpoint_every: 1,
        validate_every: 1,
    };
    let mut optimiser = optimiser(&config);
    let parts = split(batch, replicas);
    let mut once = |step: usize| -> Result<f64> {
        let start = Instant::now();
        let mut sum = GradientsAccumulator::new();
        for (part, ..) in gradients(&objective, &network, step, &parts, config.seed, &device) {
            sum.accumulate(&network, part);
        }
        network = optimiser.step(config.learning_rate, network.clone(), sum.grads());
        device.sync()?;
        Ok(start.elapsed().as_secs_f64())
    };
    for step in 0..2 {
        once(step)?;
    }
    let seconds = median(&(0..repeat).map(&mut once).collect::<Result<Vec<_>>>()?);
    let gflop_per_s = step_operations(model, batch) / seconds / 1e9;
    Ok(StepMeasurement {
        batch,
        replicas: parts.len(),
        repeat,
        seconds,
        samples_per_s: batch as f64 / seconds,
        gflop_per_s,
        matmul_gflop_per_s: matmul,
        share_of_matmul: gflop_per_s / matmul,
    })
}

/// Multiplications and additions of a step's matrix products: once forward and twice backward.
fn step_operations(model: &ModelConfig, batch: usize) -> f64 {
    let (stack, tokens) = (model.seismic_decoder, model.token_count());
    let (width, ends) = (stack.width, model.latent.width() + model.seismic.patch_values());
    // Queries, keys, values, the output, and four widths up and down; then the scores and what they mix.
    let block = 12 * width * width + 2 * tokens * width;
    (3 * 2 * batch * tokens * (width * ends + stack.depth * block)) as f64
}

/// Speed of one large matrix product, 1e9 operations a second.
fn matmul_speed(repeat: usize, device: &Device) -> Result<f64> {
    let [a, b] = [0, 1].map(|_| Tensor::<2>::random([PEAK_SIZE; 2], Distribution::Default, device));
    let once = || {
        let start = Instant::now();
        // Reading a number waits for the product where the device computes in its own time. All factors are positive.
        let number = a.clone().matmul(b.clone()).narrow(0, 0, 1).narrow(1, 0, 1).try_into_scalar::<f64>()?;
        ensure!(number > 0.0, "the device computed no product of two matrices of {PEAK_SIZE} rows");
        Ok(start.elapsed().as_secs_f64())
    };
    once()?;
    let seconds = median(&(0..repeat).map(|_| once()).collect::<Result<Vec<_>>>()?);
    Ok(2.0 * (PEAK_SIZE as f64).powi(3) / seconds / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steps_operations_are_those_of_its_products() {
        // One block of width 16 on 81 tokens between 8 and 640 numbers.
        let forward = 81 * (16 * 648 + 12 * 256 + 2 * 81 * 16);
        assert_eq!(step_operations(&ModelConfig::tiny(), 2), (2 * 3 * 2 * forward) as f64);
    }

    #[test]
    fn a_step_of_two_replicas_is_measured() {
        let found = measure_step(&ModelConfig::tiny(), 3, 2, 1, &Device::flex()).unwrap();
        assert_eq!((found.batch, found.replicas), (3, 2));
        assert!(found.samples_per_s > 0.0 && found.share_of_matmul > 0.0);
    }
}
