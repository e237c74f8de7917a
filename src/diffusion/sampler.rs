//! From noise to latents.

use std::ops::RangeInclusive;

use burn::prelude::*;
use thiserror::Error;

use super::{Noise, times};
use crate::model::{Denoiser, FamilyLabel};

/// How a sample is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerConfig {
    steps: usize,
    guidance: f32,
}

/// Settings that no sampler accepts.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SamplerConfigError {
    /// Too few or too many steps.
    #[error("{0} steps; a sample takes 1 to {max}", max = SamplerConfig::MAX_STEPS)]
    Steps(usize),
    /// Guidance that is no number or out of range.
    #[error("guidance {0}; it lies between 0 and {max}", max = SamplerConfig::MAX_GUIDANCE)]
    Guidance(f32),
}

impl Default for SamplerConfig {
    /// What the weights are measured with.
    fn default() -> Self {
        Self { steps: 20, guidance: 1.8 }
    }
}

impl SamplerConfig {
    /// Most steps that a sample may take.
    pub const MAX_STEPS: usize = 1000;
    /// Strongest guidance.
    pub const MAX_GUIDANCE: f32 = 20.0;

    /// `steps` of the second-order multistep solver, with classifier-free guidance (arXiv 2207.12598) of strength
    /// `guidance` while the map's structure forms: 1 follows the family's own prediction, 0 ignores the family then.
    ///
    /// # Errors
    /// [`SamplerConfigError`] when a setting is out of range.
    pub fn new(steps: usize, guidance: f32) -> Result<Self, SamplerConfigError> {
        if steps == 0 || steps > Self::MAX_STEPS {
            return Err(SamplerConfigError::Steps(steps));
        }
        if !(0.0..=Self::MAX_GUIDANCE).contains(&guidance) {
            return Err(SamplerConfigError::Guidance(guidance));
        }
        Ok(Self { steps, guidance })
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Strength of the guidance.
    pub fn guidance(&self) -> f32 {
        self.guidance
    }
}

/// Times at which samples are guided. Earlier, where all is noise, guidance costs variety, and later, where the structure
/// stands, it only costs time (arXiv 2404.07724).
const GUIDED: RangeInclusive<f32> = 0.4..=0.93;

/// Times and labels that the denoiser's conditions are worked out for at once.
const CONDITIONS: usize = 64;

/// A batch of latents on its way from noise.
#[derive(Debug)]
pub struct Sampler<'a> {
    denoiser: &'a Denoiser,
    guidance: f32,
    /// The samples' labels; where these are guided, followed by as many of any family.
    labels: Vec<FamilyLabel>,
    times: Vec<f32>,
    step: usize,
    noisy: Tensor<3>,
    /// What the denoiser is told at each of the next steps, see [`Denoiser::conditions`].
    conditions: Option<Tensor<5>>,
    /// The flow at the step before and the length of that step.
    previous: Option<(Tensor<3>, f32)>,
}

/// What a step of the sampler arrives at.
#[derive(Debug)]
pub struct Step {
    /// Steps taken.
    pub step: usize,
    /// The latents (batch, tokens, latent width) in the encoders' units: less noise each time, none after the last step.
    pub latent: Tensor<3>,
}

impl<'a> Sampler<'a> {
    /// Starts one sample for each noise (or its seed) and label, on the denoiser's device. `shape` is that of one latent:
    /// tokens and latent width.
    pub fn new(
        denoiser: &'a Denoiser,
        config: SamplerConfig,
        samples: &[(impl Into<Noise> + Copy, FamilyLabel)],
        shape: [usize; 2],
        device: &Device,
    ) -> Self {
        let [tokens, width] = shape;
        let noise: Vec<f32> = samples.iter().flat_map(|&(noise, _)| noise.into().values(tokens * width)).collect();
        let mut labels: Vec<_> = samples.iter().map(|&(_, label)| label).collect();
        if config.guidance != 1.0 && labels.iter().any(|&label| label != FamilyLabel::Any) {
            labels.extend(vec![FamilyLabel::Any; samples.len()]);
        }
        Self {
            denoiser,
            guidance: config.guidance,
            labels,
            times: times(config.steps),
            step: 0,
            noisy: Tensor::from_data(TensorData::new(noise, [samples.len(), tokens, width]), device),
            conditions: None,
            previous: None,
        }
    }

    /// Starts from a latent (1, tokens, latent width) in the encoders' units that is sent to time `start` (0..1) with the
    /// noise of each seed (SDEdit, arXiv 2108.01073), any family.
    pub fn from_latent(
        denoiser: &'a Denoiser,
        config: SamplerConfig,
        seeds: &[u64],
        latent: Tensor<3>,
        start: f32,
    ) -> Self {
        let [_, tokens, width] = latent.dims();
        let samples: Vec<_> = seeds.iter().map(|&seed| (seed, FamilyLabel::Any)).collect();
        let device = latent.device();
        let noise = Self::new(denoiser, config, &samples, [tokens, width], &device);
        let noisy = denoiser.noisy(latent, noise.noisy.clone(), start);
        Self { times: noise.times.iter().map(|t| t * start).collect(), noisy, ..noise }
    }

    /// Takes the next step; `None` when there is none left.
    ///
    /// Second-order Adams-Bashforth with variable steps: the flow's slope comes from the step before, so that a step
    /// costs one evaluation. The last step ends on the denoiser's own estimate of the latent.
    pub fn advance(&mut self) -> Option<Step> {
        let (&now, &next) = (self.times.get(self.step)?, self.times.get(self.step + 1)?);
        let flow = self.flow();
        let length = next - now;
        let direction = match self.previous.take() {
            Some((before, length_before)) if next > 0.0 => {
                let slope = length / (2.0 * length_before);
                flow.clone() * (1.0 + slope) - before * slope
            }
            _ => flow.clone(),
        };
        self.noisy = self.noisy.clone() + direction * length;
        self.previous = Some((flow, length));
        self.step += 1;
        Some(Step { step: self.step, latent: self.denoiser.restore(self.noisy.clone()) })
    }

    /// Takes all the steps that are left: the latents of the last one, or `None` if there is none left.
    pub fn finish(mut self) -> Option<Tensor<3>> {
        std::iter::from_fn(|| self.advance()).last().map(|step| step.latent)
    }

    /// The flow at the step at hand, guided at its time: then both branches of the guidance are one batch.
    fn flow(&mut self) -> Tensor<3> {
        let [batch, ..] = self.noisy.dims();
        let condition = self.condition();
        if self.labels.len() == batch || !GUIDED.contains(&self.times[self.step]) {
            return self.denoiser.flow(self.noisy.clone(), condition.narrow(1, 0, batch));
        }
        let both = self.denoiser.flow(self.noisy.clone().repeat_dim(0, 2), condition);
        let family = both.clone().narrow(0, 0, batch);
        let any = both.narrow(0, batch, batch);
        any.clone() + (family - any) * self.guidance
    }

    /// What the denoiser is told of the step at hand, (depth, labels, modulations, width), worked out for several steps at
    /// once.
    fn condition(&mut self) -> Tensor<4> {
        let ahead = (CONDITIONS / self.labels.len()).max(1);
        let index = self.step % ahead;
        let conditions = match self.conditions.take() {
            Some(conditions) if index > 0 => conditions,
            _ => {
                let end = (self.step + ahead).min(self.times.len() - 1);
                self.denoiser.conditions(&self.times[self.step..end], &self.labels, &self.noisy.device())
            }
        };
        self.conditions = Some(conditions.clone());
        conditions.narrow(0, index, 1).squeeze_dim(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;
    use crate::model::ModelConfig;

    #[test]
    fn guidance_leaves_the_noise_alone_and_pulls_afterwards() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let denoiser = Denoiser::random(&config, &device);
        let shape = [config.token_count(), config.latent.width()];
        let latents = |guidance: f32| -> Vec<Vec<f32>> {
            let samples = [(1_u64, FamilyLabel::Of(Family::StyleA))];
            let config = SamplerConfig::new(3, guidance).unwrap();
            let mut sampler = Sampler::new(&denoiser, config, &samples, shape, &device);
            std::iter::from_fn(|| sampler.advance()).map(|step| step.latent.try_into_vec_as().unwrap()).collect()
        };
        let (plain, guided) = (latents(1.0), latents(3.0));
        let apart = |step: usize| plain[step].iter().zip(&guided[step]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart(0) < 1e-5 && apart(1) > 1e-2, "{} {}", apart(0), apart(1));
    }

    #[test]
    fn a_sampler_takes_its_steps_and_stops() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let denoiser = Denoiser::new(&config, &device);
        let samples = [(1_u64, FamilyLabel::Any), (2, FamilyLabel::Of(Family::StyleA))];
        let shape = [config.token_count(), config.latent.width()];
        let mut sampler = Sampler::new(&denoiser, SamplerConfig::new(4, 2.0).unwrap(), &samples, shape, &device);
        let mut steps = 0;
        while let Some(step) = sampler.advance() {
            steps += 1;
            assert_eq!(step.step, steps);
            assert_eq!(step.latent.dims(), [2, shape[0], shape[1]]);
        }
        assert_eq!(steps, 4);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(SamplerConfig::new(0, 1.0), Err(SamplerConfigError::Steps(0)));
        assert!(matches!(SamplerConfig::new(1, f32::NAN), Err(SamplerConfigError::Guidance(_))));
        assert!(matches!(SamplerConfig::new(1, -1.0), Err(SamplerConfigError::Guidance(_))));
    }
}
