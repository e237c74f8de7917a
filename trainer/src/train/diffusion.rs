//! Second stage: the denoiser, on the latents of velocity maps made as they are needed.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::diffusion::{Sampler, gaussian};
use wavediffusion::family::Family;
use wavediffusion::model::{Denoiser, FamilyLabel, ModelConfig};

use super::config::DiffusionConfig;
use super::maps::EndlessMaps;
use super::parts::VelocityHalf;
use super::preview::save_maps;
use super::run::{Figures, Loss, Objective, figure};

/// Learns the flow from noise to the latents of synthetic maps, which never repeat.
pub struct DiffusionObjective<'a> {
    config: &'a DiffusionConfig,
    model: &'a ModelConfig,
    maps: EndlessMaps,
    /// Without gradients.
    velocity: &'a VelocityHalf,
}

impl<'a> DiffusionObjective<'a> {
    /// Trains on latents of `velocity`, whose weights stay as they are.
    pub fn new(
        config: &'a DiffusionConfig,
        model: &'a ModelConfig,
        maps: EndlessMaps,
        velocity: &'a VelocityHalf,
    ) -> Self {
        Self { config, model, maps, velocity }
    }

    /// A denoiser that knows the latent's mean and standard deviation.
    pub fn with_statistics(&self, denoiser: Denoiser) -> Denoiser {
        let maps: Vec<_> = (0..self.config.statistics_maps)
            .map(|i| (Family::ALL[i % Family::ALL.len()], u64::MAX - i as u64))
            .collect();
        let latent = self.encode(&maps);
        let [batch, tokens, width] = latent.dims();
        let rows = latent.reshape([1, batch * tokens, width]);
        let mean = rows.clone().mean_dim(1);
        let std = (rows - mean.clone()).square().mean_dim(1).sqrt().clamp_min(1e-4);
        denoiser.with_latent_statistics(mean, std)
    }

    /// Latents (batch, tokens, latent width) of maps of the training sequence, without gradients.
    fn encode(&self, maps: &[(Family, u64)]) -> Tensor<3> {
        let device = self.velocity.codebook.codes().device();
        self.velocity.encoder.forward(self.maps.velocity(maps, &device))
    }
}

impl Objective for DiffusionObjective<'_> {
    type Model = Denoiser;
    type Statistics = ();

    fn loss(&self, model: &Denoiser, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
        let maps = EndlessMaps::draw(size, &mut random);
        let labels: Vec<FamilyLabel> = maps
            .iter()
            .map(|&(family, _)| {
                let hidden = f64::from(random.next_u32()) < self.config.unlabelled_fraction * f64::from(u32::MAX);
                if hidden { FamilyLabel::Any } else { FamilyLabel::Of(family) }
            })
            .collect();
        let latent = model.standardise(self.encode(&maps).autodiff()).inner().autodiff();
        let dims = latent.dims();
        let noise = gaussian(random.next_u64(), dims.iter().product());
        let noise: Tensor<3> = Tensor::from_data(TensorData::new(noise, dims), device);
        // Logistic-normal times (arXiv 2403.03206).
        let (mean, std) = (self.config.time_mean as f32, self.config.time_std as f32);
        let time = gaussian(random.next_u64(), size).into_iter().map(|n| 1.0 / (1.0 + (-mean - std * n).exp()));
        let time: Vec<f32> = time.collect();
        let time: Tensor<2> = Tensor::from_data(TensorData::new(time, [size, 1]), device);
        let mix = time.clone().reshape([size, 1, 1]);

        let noisy = latent.clone() * (1.0 - mix.clone()) + noise.clone() * mix;
        let flow = model.forward(noisy, time, model.labels(&labels, device));
        let loss = (flow - (noise - latent)).square().mean();
        let figures = vec![figure("flow", &loss)];
        Loss { loss, figures, statistics: () }
    }

    fn validate(&self, model: &Denoiser, step: usize, directory: &Path) -> Result<Figures> {
        let samples: Vec<(u64, FamilyLabel)> = (0..4)
            .flat_map(|seed| Family::ALL.map(|family| (seed * 100 + family.index() as u64, FamilyLabel::Of(family))))
            .collect();
        let device = self.velocity.codebook.codes().device();
        let config = self.config.preview()?;
        let shape = [self.model.token_count(), self.model.latent.width()];
        let sampler = Sampler::new(model, config, &samples, shape, &device);
        let Some(latent) = sampler.finish() else { return Ok(Vec::new()) };
        let decoded = self.velocity.decoder.forward(self.velocity.quantise(latent.clone()).latent);
        let velocity: Vec<f32> = decoded
            .try_into_vec_as::<f32>()?
            .into_iter()
            .map(|v| self.maps.normalisation.restore_velocity(v))
            .collect();
        save_maps(
            &velocity,
            self.model.velocity.columns,
            Family::ALL.len() as u32,
            &directory.join(format!("samples-{step:06}.png")),
        )?;
        let standardised = model.standardise(latent);
        let deviation = standardised.square().mean().sqrt().into_scalar::<f64>();
        Ok(vec![("latent_deviation", deviation)])
    }
}
