//! First stage, third part: the seismic encoder, which inverts gathers by the latent that the velocity half has defined.

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use wavediffusion::model::PatchEncoder;

use super::config::SeismicEncoderConfig;
use super::parts::VelocityHalf;
use super::run::{Figures, Loss, Objective, figure};
use super::training_set::TrainingSet;
use super::validation::HeldOut;

/// The encoder learns to write the velocity encoder's latent, judged by the map that the velocity decoder reads in it.
pub struct SeismicEncoderObjective<'a> {
    config: &'a SeismicEncoderConfig,
    data: &'a TrainingSet,
    held_out: &'a HeldOut,
    /// Without gradients.
    velocity: &'a VelocityHalf,
    /// The same, for gradients to pass through.
    reader: VelocityHalf,
}

impl<'a> SeismicEncoderObjective<'a> {
    /// Minimises the errors of the maps and latents of `data`, validates on `held_out`.
    pub fn new(
        config: &'a SeismicEncoderConfig,
        data: &'a TrainingSet,
        held_out: &'a HeldOut,
        velocity: &'a VelocityHalf,
    ) -> Self {
        let reader = velocity.clone().train().no_grad();
        Self { config, data, held_out, velocity, reader }
    }
}

impl Objective for SeismicEncoderObjective<'_> {
    type Model = PatchEncoder;
    type Statistics = ();

    fn loss(&self, model: &PatchEncoder, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
        let batch = self.data.batch(size, &mut random, device);
        let truth = self.velocity.encoder.forward(batch.velocity.clone().inner()).autodiff();
        let latent = model.forward(batch.seismic);
        let apart = (latent.clone() - truth).square().mean();
        let map = self.reader.decoder.forward(self.reader.quantise(latent).latent);
        let error = (map - batch.velocity).abs().mean();
        let figures = vec![figure("velocity", &error), figure("latent", &apart)];
        Loss { loss: error + apart * self.config.alignment, figures, statistics: () }
    }

    fn validate(&self, model: &PatchEncoder, step: usize, directory: &Path) -> Result<Figures> {
        self.held_out.invert(self.velocity, model, &directory.join(format!("maps-{step:06}.png")))
    }
}
