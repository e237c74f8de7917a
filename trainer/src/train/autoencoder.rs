//! First stage: both autoencoders and their codebook.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::model::{Autoencoder, Modality, Quantised};

use super::codebook::{CodeUse, CodebookAverages};
use super::config::AutoencoderConfig;
use super::run::{Figures, Loss, Objective};
use super::training_set::{Batch, TrainingSet};
use super::validation::HeldOut;

/// Both decoders read the same latent, from either encoder or both.
pub struct AutoencoderObjective<'a> {
    config: &'a AutoencoderConfig,
    data: &'a TrainingSet,
    held_out: &'a HeldOut,
    codebook: CodebookAverages,
}

impl<'a> AutoencoderObjective<'a> {
    /// Minimises the reconstruction errors of `data`, validates on `held_out`.
    pub fn new(config: &'a AutoencoderConfig, data: &'a TrainingSet, held_out: &'a HeldOut) -> Self {
        Self { config, data, held_out, codebook: CodebookAverages::new(config.codebook_decay) }
    }

    /// Latent of a batch, and how far the two encoders are apart where both were asked.
    fn encode(&self, model: &Autoencoder, batch: &Batch, random: &mut ChaCha8Rng) -> (Tensor<3>, Option<Tensor<1>>) {
        let chance = f64::from(random.next_u32()) / f64::from(u32::MAX);
        let from_velocity = model.velocity_encoder.forward(batch.velocity.clone());
        if chance >= self.config.seismic_fraction {
            return (from_velocity, None);
        }
        let from_seismic = model.seismic_encoder.forward(batch.seismic.clone());
        let apart = (from_velocity.clone() - from_seismic.clone()).square().mean();
        let modality = if chance < 0.5 * self.config.seismic_fraction { Modality::Seismic } else { Modality::Both };
        let latent = match modality {
            Modality::Seismic => from_seismic,
            _ => (from_velocity + from_seismic) * 0.5,
        };
        (latent, Some(apart))
    }
}

impl Objective for AutoencoderObjective<'_> {
    type Model = Autoencoder;
    type Statistics = CodeUse;

    fn loss(
        &self,
        model: &Autoencoder,
        step: usize,
        size: usize,
        mut random: ChaCha8Rng,
        device: &Device,
    ) -> Loss<CodeUse> {
        let batch = self.data.batch(size, &mut random, device);
        let (latent, apart) = self.encode(model, &batch, &mut random);
        let Quantised { latent: quantised, indices } = model.codebook.quantise(latent.clone());
        let statistics = CodeUse::new(latent.clone().inner(), indices, self.config.model.latent);
        let quantise = step >= self.config.unquantised_steps;
        let read = if quantise { quantised.clone() } else { latent.clone() };

        let velocity = (model.velocity_decoder.forward(read.clone()) - batch.velocity).abs().mean();
        let decoded = model.seismic_decoder.forward(read);
        let error = (decoded - batch.seismic.clone()) * batch.valid.clone();
        let square = error.clone().square();
        let seismic = square.clone().mean() + error.abs().mean() * 0.5;
        // The raw amplitude's error to first order: d(e^|l| - 1) = e^|l| dl.
        let slope = batch.seismic.clone().abs().exp().square();
        let energy = ((batch.seismic.abs().exp() - 1.0).square() * batch.valid).sum_dim(3).sum_dim(2).sum_dim(1);
        let amplitude = ((square * slope).sum_dim(3).sum_dim(2).sum_dim(1) / energy).mean();

        let figure = |tensor: &Tensor<1>| tensor.clone().inner().into_scalar::<f64>();
        let mut figures =
            vec![("velocity", figure(&velocity)), ("seismic", figure(&seismic)), ("amplitude", figure(&amplitude))];
        let weights = &self.config.loss;
        let mut loss = velocity * weights.velocity + seismic * weights.seismic + amplitude * weights.amplitude;
        if quantise {
            let commitment = (latent - quantised.inner().autodiff()).square().mean();
            figures.push(("commitment", figure(&commitment)));
            loss = loss + commitment * weights.commitment;
        }
        if let Some(apart) = apart {
            figures.push(("alignment", figure(&apart)));
            loss = loss + apart * weights.alignment;
        }
        Loss { loss, figures, statistics }
    }

    fn after_step(&mut self, mut model: Autoencoder, step: usize, statistics: Vec<CodeUse>) -> Autoencoder {
        let start = self.config.unquantised_steps;
        if step + 1 == start {
            model.codebook = self.codebook.start(model.codebook, &statistics, self.config.run.seed);
        } else if step >= start {
            model.codebook = self.codebook.update(model.codebook, &statistics, step);
        }
        model
    }

    fn validate(&self, model: &Autoencoder, step: usize, directory: &Path) -> Result<Figures> {
        self.held_out.reconstruct(model, &directory.join(format!("reconstructions-{step:06}.png")))
    }
}
