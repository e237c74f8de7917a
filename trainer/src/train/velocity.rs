//! First stage, first part: the velocity autoencoder and the codebook, on maps that never repeat.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use wavediffusion::model::{LatentConfig, Quantised};

use super::codebook::{CodeUse, CodebookAverages};
use super::config::VelocityConfig;
use super::maps::EndlessMaps;
use super::parts::{VelocityHalf, perturbed};
use super::run::{Figures, Loss, Objective, figure};
use super::validation::HeldOut;

/// Learns the latent: maps come back from their codes.
pub struct VelocityObjective<'a> {
    config: &'a VelocityConfig,
    latent: LatentConfig,
    maps: EndlessMaps,
    held_out: &'a HeldOut,
    codebook: CodebookAverages,
}

impl<'a> VelocityObjective<'a> {
    /// Minimises the reconstruction error of `maps`, validates on `held_out`.
    pub fn new(config: &'a VelocityConfig, latent: LatentConfig, maps: EndlessMaps, held_out: &'a HeldOut) -> Self {
        Self { config, latent, maps, held_out, codebook: CodebookAverages::new(config.codebook_decay) }
    }
}

impl Objective for VelocityObjective<'_> {
    type Model = VelocityHalf;
    type Statistics = CodeUse;

    fn loss(
        &self,
        model: &VelocityHalf,
        step: usize,
        size: usize,
        mut random: ChaCha8Rng,
        device: &Device,
    ) -> Loss<CodeUse> {
        let velocity = self.maps.velocity(&EndlessMaps::draw(size, &mut random), device);
        let latent = perturbed(model.encoder.forward(velocity.clone()), self.config.latent_noise, &mut random);
        let Quantised { latent: quantised, indices } = model.codebook.quantise(latent.clone());
        let statistics = CodeUse::new(latent.clone().inner(), indices, self.latent);
        let quantise = model.quantised && step >= self.config.unquantised_steps;

        let read = if quantise { quantised.clone() } else { latent.clone() };
        let error = (model.decoder.forward(read) - velocity).abs().mean();
        let mut figures = vec![figure("velocity", &error)];
        let mut loss = error;
        if quantise {
            let commitment = (latent - quantised.inner().autodiff()).square().mean();
            figures.push(figure("commitment", &commitment));
            loss = loss + commitment * self.config.commitment;
        }
        Loss { loss, figures, statistics }
    }

    fn after_step(&mut self, mut model: VelocityHalf, step: usize, statistics: Vec<CodeUse>) -> VelocityHalf {
        let start = self.config.unquantised_steps;
        if step + 1 == start {
            model.codebook = self.codebook.start(model.codebook, &statistics, self.config.run.seed);
        } else if step >= start {
            model.codebook = self.codebook.update(model.codebook, &statistics, step);
        }
        model
    }

    fn validate(&self, model: &VelocityHalf, step: usize, directory: &Path) -> Result<Figures> {
        self.held_out.reconstruct_maps(model, &directory.join(format!("maps-{step:06}.png")))
    }
}
