//! The denoiser: a diffusion transformer (arXiv 2212.09748) over the tokens of the latent, with the shared modulation
//! of PixArt (arXiv 2310.00426).

use burn::module::Param;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear};
use burn::prelude::*;
use burn::tensor::activation::silu;

use super::block::{Block, MODULATIONS, linear, positions};
use super::config::ModelConfig;
use super::stack::Stack;
use crate::family::Family;

/// Sines and cosines that tell the denoiser the time.
const TIME_FEATURES: usize = 128;

/// The family that a sample is asked to be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyLabel {
    /// One family.
    Of(Family),
    /// Whatever comes: the label that guidance departs from.
    Any,
}

impl FamilyLabel {
    /// Row of the label in the embedding of `families` families.
    fn index(self, families: usize) -> i64 {
        match self {
            Self::Of(family) => family.index() as i64,
            Self::Any => families as i64,
        }
    }
}

impl From<Option<Family>> for FamilyLabel {
    fn from(family: Option<Family>) -> Self {
        family.map_or(Self::Any, Self::Of)
    }
}

/// Predicts the velocity of the flow between latent and noise (see [`crate::diffusion`]).
#[derive(Module, Debug)]
pub struct Denoiser {
    input: Linear,
    positions: Param<Tensor<3>>,
    time: Linear,
    families: Embedding,
    modulation: Linear,
    /// Each block's own part of the modulation, (depth, modulations, width).
    offsets: Param<Tensor<3>>,
    blocks: Vec<Block>,
    output: Linear,
    /// Mean of each number of the latent over the training maps, (1, 1, latent width).
    latent_mean: Param<Tensor<3>>,
    /// Standard deviation of the same.
    latent_std: Param<Tensor<3>>,
}

impl Denoiser {
    /// A denoiser with random weights that predicts zero.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        let stack = config.denoiser;
        let (width, latent) = (stack.width, config.latent.width());
        let embedding = EmbeddingConfig::new(config.families + 1, width)
            .with_initializer(Initializer::Normal { mean: 0.0, std: 0.5 });
        Self {
            input: linear(latent, width, 1.0, device),
            positions: positions(config.tokens, width, device),
            time: linear(TIME_FEATURES, width, 1.0, device),
            families: embedding.init(device),
            modulation: linear(width, MODULATIONS * width, 0.1, device),
            offsets: Initializer::Normal { mean: 0.0, std: 0.02 }.init([stack.depth, MODULATIONS, width], device),
            blocks: (0..stack.depth).map(|_| Block::new(stack, device)).collect(),
            output: linear(width, latent, 0.0, device),
            latent_mean: Param::from_tensor(Tensor::zeros([1, 1, latent], device)),
            latent_std: Param::from_tensor(Tensor::ones([1, 1, latent], device)),
        }
    }

    /// A denoiser for tests, which is no longer zero and tells families apart.
    #[cfg(test)]
    pub(crate) fn random(config: &ModelConfig, device: &Device) -> Self {
        use super::{collect_weights, load_weights};
        let random = Self::new(config, device);
        let mut weights = collect_weights(&random, "denoiser").unwrap();
        for weight in weights.values_mut().filter(|weight| weight.values.iter().all(|&v| v == 0.0)) {
            weight.values.iter_mut().enumerate().for_each(|(i, value)| *value = (i as f32).cos());
        }
        load_weights(random, "denoiser", &weights).unwrap()
    }

    /// The flow's velocity at noisy standardised latents (batch, tokens, latent width), times (batch, 1) in 0..1 and
    /// family labels (batch, 1) from [`Denoiser::labels`].
    pub fn forward(&self, noisy: Tensor<3>, time: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<3> {
        let [_, _, width] = self.positions.dims();
        let shared = self.modulate(time, labels).unsqueeze_dim::<4>(0);
        self.flow(noisy, shared + self.offsets.val().reshape([-1, 1, MODULATIONS as i32, width as i32]))
    }

    /// What each of `times` and `labels` say to each block, (times, depth, labels, modulations, width).
    pub fn conditions(&self, times: &[f32], labels: &[FamilyLabel], device: &Device) -> Tensor<5> {
        let [_, _, width] = self.positions.dims();
        let time: Vec<f32> = times.iter().flat_map(|&time| vec![time; labels.len()]).collect();
        let time = Tensor::<1>::from_data(time.as_slice(), device).unsqueeze_dim(1);
        let shared = self.modulate(time, self.labels(labels, device).repeat_dim(0, times.len()));
        shared.reshape([times.len(), 1, labels.len(), MODULATIONS, width])
            + self.offsets.val().reshape([1, -1, 1, MODULATIONS as i32, width as i32])
    }

    /// [`Denoiser::forward`] with what times and labels say to each block, (depth, batch, modulations, width).
    pub fn flow(&self, noisy: Tensor<3>, condition: Tensor<4>) -> Tensor<3> {
        self.stack().forward(noisy, Some(condition))
    }

    /// [`Denoiser::flow`], and its transposed derivative there: from what is asked of the flow to what that asks of the noisy
    /// latents.
    pub fn pullback(
        &self,
        noisy: Tensor<3>,
        condition: Tensor<4>,
    ) -> (Tensor<3>, impl Fn(Tensor<3>) -> Tensor<3> + use<>) {
        self.stack().pullback(noisy, Some(condition))
    }

    fn stack(&self) -> Stack<'_> {
        let Self { input, positions, blocks, output, .. } = self;
        Stack { input, positions, blocks, output }
    }

    /// What all blocks are told of times (batch, 1) and labels (batch, 1): (batch, modulations, width).
    fn modulate(&self, time: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<3> {
        let [_, _, width] = self.positions.dims();
        let condition = silu(self.time.forward(time_features(time)) + self.families.forward(labels).squeeze_dim(1));
        let [batch, _] = condition.dims();
        self.modulation.forward(condition).reshape([batch, MODULATIONS, width])
    }

    /// Labels as a tensor (batch, 1).
    pub fn labels(&self, labels: &[FamilyLabel], device: &Device) -> Tensor<2, Int> {
        let families = self.families.weight.dims()[0] - 1;
        let indices: Vec<i64> = labels.iter().map(|label| label.index(families)).collect();
        Tensor::<1, Int>::from_data(indices.as_slice(), device).reshape([labels.len(), 1])
    }

    /// Sets what [`Denoiser::standardise`] subtracts and divides by, (1, 1, latent width) each.
    pub fn with_latent_statistics(mut self, mean: Tensor<3>, std: Tensor<3>) -> Self {
        self.latent_mean = self.latent_mean.map(|old| mean.to_device(&old.device()));
        self.latent_std = self.latent_std.map(|old| std.to_device(&old.device()));
        self
    }

    /// A latent of the encoders in units of its standard deviation.
    pub fn standardise(&self, latent: Tensor<3>) -> Tensor<3> {
        (latent - self.latent_mean.val()) / self.latent_std.val()
    }

    /// A latent of the encoders with standard noise of its shape, at `time` of the way to it.
    pub fn noisy(&self, latent: Tensor<3>, noise: Tensor<3>, time: f32) -> Tensor<3> {
        self.standardise(latent) * (1.0 - time) + noise * time
    }

    /// What one in a standardised latent is in the encoders' units, (1, 1, latent width).
    pub fn scale(&self) -> Tensor<3> {
        self.latent_std.val()
    }

    /// The latent that [`Denoiser::standardise`] was given.
    pub fn restore(&self, standardised: Tensor<3>) -> Tensor<3> {
        standardised * self.latent_std.val() + self.latent_mean.val()
    }
}

/// Sines and cosines (batch, features) of times (batch, 1), times angular frequencies from 1 to 1,000 in equal ratios.
fn time_features(time: Tensor<2>) -> Tensor<2> {
    let half = TIME_FEATURES / 2;
    let device = time.device();
    let frequencies: Vec<f32> = (0..half).map(|i| 1000f32.powf(i as f32 / (half - 1) as f32)).collect();
    let angles = time.matmul(Tensor::<1>::from_data(frequencies.as_slice(), &device).reshape([1, half]));
    Tensor::cat(vec![angles.clone().sin(), angles.cos()], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prediction_has_the_latents_shape_and_starts_at_zero() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let denoiser = Denoiser::new(&config, &device);
        let noisy = Tensor::ones([2, 81, config.latent.width()], &device);
        let time = Tensor::full([2, 1], 0.5, &device);
        let labels = denoiser.labels(&[FamilyLabel::Any, FamilyLabel::Of(Family::StyleB)], &device);
        let velocity = denoiser.forward(noisy.clone(), time, labels);
        assert_eq!(velocity.dims(), noisy.dims());
        assert_eq!(velocity.abs().max().into_scalar::<f32>(), 0.0);
    }

    #[test]
    fn conditions_are_worked_out_for_many_steps_at_once() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let mut denoiser = Denoiser::new(&config, &device);
        denoiser.output = linear(config.denoiser.width, config.latent.width(), 1.0, &device);
        let labels = [FamilyLabel::Of(Family::StyleB), FamilyLabel::Any];
        let noisy = Tensor::ones([2, 81, config.latent.width()], &device);
        let conditions = denoiser.conditions(&[0.9, 0.3], &labels, &device);
        for (step, time) in [(0, 0.9), (1, 0.3)] {
            let time = Tensor::full([2, 1], time, &device);
            let expected = denoiser.forward(noisy.clone(), time, denoiser.labels(&labels, &device));
            let found = denoiser.flow(noisy.clone(), conditions.clone().narrow(0, step, 1).squeeze_dim(0));
            assert!((found - expected).abs().max().into_scalar::<f32>() < 1e-5, "step {step}");
        }
    }
}
