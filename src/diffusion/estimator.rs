//! The latent that the denoiser makes out in a noisy one, and what a change of it asks of that.

use burn::prelude::*;

use super::Noise;
use crate::model::{Denoiser, FamilyLabel};

/// The denoiser at one time, for latents of any family.
#[derive(Debug)]
pub struct Estimator<'a> {
    denoiser: &'a Denoiser,
    time: f32,
    condition: Tensor<4>,
}

impl<'a> Estimator<'a> {
    /// The denoiser at `time`, from 0, no noise, to 1, nothing else.
    pub fn new(denoiser: &'a Denoiser, time: f32, device: &Device) -> Self {
        let condition = denoiser.conditions(&[time], &[FamilyLabel::Any], device).squeeze_dim(0);
        Self { denoiser, time, condition }
    }

    /// A latent (1, tokens, latent width) in the encoders' units with as much noise as belongs to the time.
    pub fn noisy(&self, latent: Tensor<3>, noise: Noise) -> Tensor<3> {
        let (shape, device) = (latent.dims(), latent.device());
        let noise = Tensor::from_data(TensorData::new(noise.values(shape.iter().product()), shape), &device);
        self.denoiser.noisy(latent, noise, self.time)
    }

    /// The latent that is expected behind a noisy one, in the encoders' units, and the transposed derivative there: from
    /// what is asked of the latent to what that asks of the noisy one.
    ///
    /// The flow leads from the latent straight to the noise: `x_0 = x_t - t v`. For a denoiser that knows the distribution
    /// this is the mean of what is possible, and its derivative the covariance of that (Efron 2011,
    /// doi 10.1198/jasa.2011.tm11181).
    pub fn pullback(&self, noisy: Tensor<3>) -> (Tensor<3>, impl Fn(Tensor<3>) -> Tensor<3> + use<>) {
        let (flow, back) = self.denoiser.pullback(noisy.clone(), self.condition.clone());
        let (time, scale) = (self.time, self.denoiser.scale());
        let back = move |asked: Tensor<3>| {
            let asked = asked * scale.clone();
            asked.clone() - back(asked) * time
        };
        (self.denoiser.restore(noisy - flow * time), back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::{Sampler, SamplerConfig};
    use crate::model::ModelConfig;

    /// A denoiser that is no longer zero, and latents that are no standard ones.
    fn denoiser(device: &Device) -> Denoiser {
        let config = ModelConfig::tiny();
        let width = config.latent.width();
        let [mean, std] = [0.3, 1.7].map(|value| Tensor::full([1, 1, width], value, device));
        Denoiser::random(&config, device).with_latent_statistics(mean, std)
    }

    fn normal(seed: u64, device: &Device) -> Tensor<3> {
        let config = ModelConfig::tiny();
        let shape = [1, config.token_count(), config.latent.width()];
        Tensor::from_data(TensorData::new(Noise::from(seed).values(shape.iter().product()), shape), device)
    }

    #[test]
    fn the_estimate_is_where_a_sampler_ends_in_one_step() {
        let device = Device::flex();
        let (denoiser, latent) = (denoiser(&device), normal(1, &device));
        let estimator = Estimator::new(&denoiser, 0.4, &device);
        let (found, _) = estimator.pullback(estimator.noisy(latent.clone(), Noise::from(5)));
        let config = SamplerConfig::new(1, 1.0).unwrap();
        let expected = Sampler::from_latent(&denoiser, config, &[5], latent, 0.4).finish().unwrap();
        assert!((found - expected).abs().max().into_scalar::<f32>() < 1e-5);
    }

    #[test]
    fn the_transposed_derivative_is_that_of_the_estimate() {
        let device = Device::flex();
        let denoiser = denoiser(&device);
        let estimator = Estimator::new(&denoiser, 0.4, &device);
        let [noisy, change] = [1, 2].map(|seed| normal(seed, &device));
        let moved = |by: f32| estimator.pullback(noisy.clone() + change.clone() * by).0;
        // What is asked is what follows from the change, so that nothing cancels in the inner product.
        let asked = (moved(1e-3) - moved(-1e-3)) / 2e-3;
        let expected = asked.clone().square().sum().into_scalar::<f32>();
        let found = (estimator.pullback(noisy.clone()).1(asked) * change.clone()).sum().into_scalar::<f32>();
        assert!((found - expected).abs() < 1e-2 * expected.abs(), "{found} for {expected}");
    }
}
