//! First stage, second part: the seismic decoder, on the latent that the velocity half has defined.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use wavediffusion::model::PatchDecoder;
use wavediffusion::signal::Normalisation;

use super::config::{SeismicCodebook, SeismicDecoderConfig};
use super::parts::{VelocityHalf, perturbed};
use super::run::{Figures, Loss, Objective, figure};
use super::similarity::dissimilarity;
use super::training_set::{Batch, TrainingSet};
use super::validation::HeldOut;
use crate::kmeans;

/// The decoder learns to read the codes of velocity maps.
pub struct SeismicDecoderObjective<'a> {
    config: &'a SeismicDecoderConfig,
    data: &'a TrainingSet,
    held_out: &'a HeldOut,
    normalisation: Normalisation,
    /// Without gradients.
    velocity: &'a VelocityHalf,
    /// The same, with the codebook whose codes the decoder reads.
    reader: VelocityHalf,
}

impl<'a> SeismicDecoderObjective<'a> {
    /// Minimises the errors of the gathers of `data`, of this normalisation, validates on `held_out`.
    pub fn new(
        config: &'a SeismicDecoderConfig,
        data: &'a TrainingSet,
        normalisation: Normalisation,
        held_out: &'a HeldOut,
        velocity: &'a VelocityHalf,
    ) -> Self {
        let reader = match config.codebook {
            SeismicCodebook::Shared => velocity.clone(),
            SeismicCodebook::Own => with_own_codebook(velocity, data, config.run.seed),
        };
        Self { config, data, held_out, normalisation, velocity, reader }
    }
}

/// Pairs whose latents a codebook is fitted to.
const FITTED_TO: usize = 256;

/// The velocity half with another codebook where its latents are.
fn with_own_codebook(velocity: &VelocityHalf, data: &TrainingSet, seed: u64) -> VelocityHalf {
    let device = velocity.codebook.codes().device();
    let batch = data.batch(FITTED_TO, &mut ChaCha8Rng::seed_from_u64(seed), &device);
    let codebook = kmeans::fit(&velocity.codebook, &velocity.encoder.forward(batch.velocity));
    VelocityHalf { codebook, ..velocity.clone() }
}

impl Objective for SeismicDecoderObjective<'_> {
    type Model = PatchDecoder;
    type Statistics = ();

    fn loss(&self, model: &PatchDecoder, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
        let batch = self.data.batch(size, &mut random, device);
        let latent = self.velocity.encoder.forward(batch.velocity.clone().inner());
        let read = perturbed(latent, self.config.latent_noise, &mut random);
        let read = self.reader.quantise(read).latent.autodiff();
        let decoded = model.forward(read);
        let Errors { log, amplitude, reflected } = errors(decoded.clone(), &batch, self.config.gain);
        let mut figures = vec![figure("log", &log), figure("amplitude", &amplitude), figure("reflected", &reflected)];
        let mut loss = log + amplitude * self.config.amplitude + reflected * self.config.reflected;
        if self.config.similarity > 0.0 {
            let lacks = (dissimilarity(decoded, batch.seismic, &self.normalisation) * batch.valid).mean();
            figures.push(figure("dissimilarity", &lacks));
            loss = loss + lacks * self.config.similarity;
        }
        Loss { loss, figures, statistics: () }
    }

    fn validate(&self, model: &PatchDecoder, step: usize, directory: &Path) -> Result<Figures> {
        let picture = directory.join(format!("pairs-{step:06}.png"));
        self.held_out.reconstruct_pairs(self.velocity, &self.reader, model, &picture)
    }
}

/// Errors of decoded gathers.
struct Errors {
    /// Mean squared error of the log amplitudes, and half the mean absolute error of the same after a gain.
    log: Tensor<1>,
    /// Relative error of the raw amplitudes (the deviation), to first order.
    amplitude: Tensor<1>,
    /// The same over what arrives when the direct wave is gone, relative to the energy of that alone.
    reflected: Tensor<1>,
}

/// Share of a pair's energy that is added to that of its reflections, so that ground without any asks for nothing.
const SILENCE: f64 = 1e-4;

/// Keeps the slope of a root finite.
const EPSILON: f64 = 1e-6;

/// Errors of decoded log amplitudes l = sign(d) log(1 + |d|).
///
/// Reflections are some twenty times weaker than the direct wave. The absolute error is therefore that of
/// log(1 + g |d|), to first order: dl times g e^|l| / (1 + g (e^|l| - 1)), which is g where nothing arrives and 1 in the
/// direct wave.
///
/// Relative errors count as they are, not squared: one pair that is far off would outweigh all the others of a batch.
fn errors(decoded: Tensor<4>, batch: &Batch, gain: f64) -> Errors {
    let error = (decoded - batch.seismic.clone()) * batch.valid.clone();
    let growth = batch.seismic.clone().inner().abs().exp();
    let weight = (growth.clone() * gain) / ((growth.clone() - 1.0) * gain + 1.0);
    let square = error.clone().square();
    let log = square.clone().mean() + (error.abs() * weight.autodiff()).mean() * 0.5;

    // d(e^|l| - 1) = e^|l| dl
    let per_sample = |values: Tensor<4>| values.sum_dim(3).sum_dim(2).sum_dim(1);
    let raw = (growth.clone() - 1.0).square() * batch.valid.clone().inner();
    let slope = growth.square();
    let relative = |slope: Tensor<4>, energy: Tensor<4>| {
        (per_sample(square.clone() * (slope / energy).autodiff()) + EPSILON).sqrt().mean()
    };
    let reflections = from_on(batch.reflected_from.clone().inner(), batch.seismic.dims()[2]);
    let energy = per_sample(raw.clone());
    let reflected_energy = per_sample(raw * reflections.clone()) + energy.clone() * SILENCE;
    Errors {
        log,
        amplitude: relative(slope.clone(), energy),
        reflected: relative(slope * reflections, reflected_energy),
    }
}

/// 1 for each receiver's `first` sample, (batch, shots, 1, receivers), and those after it, 0 for those before: (batch,
/// shots, samples, receivers).
fn from_on(first: Tensor<4>, samples: usize) -> Tensor<4> {
    let sample = Tensor::<1, Int>::arange(0..samples as i64, &first.device()).float().reshape([1, 1, samples, 1]);
    let [batch, shots, _, receivers] = first.dims();
    let shape = [batch, shots, samples, receivers];
    sample.expand(shape).greater_equal(first.expand(shape)).float()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One shot of two samples at one receiver; the direct wave is gone at the second.
    fn batch(logs: [f32; 2]) -> Batch {
        let device = Device::flex().autodiff();
        let column = |values: [f32; 2]| Tensor::<1>::from_data(values, &device).reshape([1, 1, 2, 1]);
        Batch {
            velocity: column(logs),
            seismic: column(logs),
            valid: Tensor::ones([1, 1, 1, 1], &device),
            reflected_from: Tensor::ones([1, 1, 1, 1], &device),
            families: vec![None],
        }
    }

    fn found(decoded: [f32; 2], truth: [f32; 2], gain: f64) -> [f32; 3] {
        let device = Device::flex().autodiff();
        let decoded = Tensor::<1>::from_data(decoded, &device).reshape([1, 1, 2, 1]);
        let Errors { log, amplitude, reflected } = errors(decoded, &batch(truth), gain);
        [log, amplitude, reflected].map(|error| error.into_scalar::<f32>())
    }

    #[test]
    fn samples_count_from_each_receivers_first_on() {
        let first = Tensor::<1>::from_data([1.0, 0.0, 2.0], &Device::flex()).reshape([1, 1, 1, 3]);
        let counted: Vec<f32> = from_on(first, 3).try_into_vec_as().unwrap();
        assert_eq!(counted, [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_small_error_costs_its_relative_amplitude() {
        let truth = [3.0f32, 0.5];
        let off = [0.001, 0.002];
        let raw = |log: f32| log.exp() - 1.0;
        let decoded = [truth[0] + off[0], truth[1] + off[1]];
        let difference: f32 = (0..2).map(|i| (raw(decoded[i]) - raw(truth[i])).powi(2)).sum();
        let energy: f32 = truth.iter().map(|&log| raw(log).powi(2)).sum();
        let root = |relative: f32| (relative + EPSILON as f32).sqrt();
        let [_, amplitude, reflected] = found(decoded, truth, 1.0);
        assert!((amplitude / root(difference / energy) - 1.0).abs() < 0.01, "{amplitude}");
        let reflections = raw(truth[1]).powi(2) + SILENCE as f32 * energy;
        let expected = root((raw(decoded[1]) - raw(truth[1])).powi(2) / reflections);
        assert!((reflected / expected - 1.0).abs() < 0.01, "{reflected}");
    }

    #[test]
    fn ground_that_reflects_nothing_asks_for_little() {
        let [.., reflected] = found([3.0, 0.01], [3.0, 0.0], 1.0);
        assert!(reflected < 0.1, "{reflected}");
    }

    #[test]
    fn gain_weighs_what_is_weak_and_leaves_the_direct_wave() {
        let weak = |gain| found([0.01, 0.0], [0.0, 0.0], gain)[0];
        let strong = |gain| found([4.01, 0.0], [4.0, 0.0], gain)[0];
        assert!((weak(4.0) / weak(1.0) - 4.0).abs() < 0.1);
        assert!((strong(4.0) / strong(1.0) - 1.0).abs() < 0.1);
    }
}
