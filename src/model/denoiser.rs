//! The denoiser: a diffusion transformer (arXiv 2212.09748) over the tokens of the latent, with the shared modulation
//! of PixArt (arXiv 2310.00426).

use burn::module::Param;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear};
use burn::prelude::*;
use burn::tensor::activation::silu;

use super::block::{Block, linear, positions, rms_norm};
use super::config::ModelConfig;
use crate::family::Family;

/// Sines and cosines that tell the denoiser the time.
const TIME_FEATURES: usize = 128;

/// Shift, scale and gate of the attention and of the feed-forward part.
const MODULATIONS: usize = 6;

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

    /// The flow's velocity at noisy standardised latents (batch, tokens, latent width), times (batch, 1) in 0..1 and
    /// family labels (batch, 1) from [`Denoiser::labels`].
    pub fn forward(&self, noisy: Tensor<3>, time: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<3> {
        let width = self.positions.dims()[2];
        let condition = silu(self.time.forward(time_features(time)) + self.families.forward(labels).squeeze_dim(1));
        let batch = condition.dims()[0];
        let shared = self.modulation.forward(condition).reshape([batch, MODULATIONS, width]);

        let mut tokens = self.input.forward(noisy) + self.positions.val();
        for (index, block) in self.blocks.iter().enumerate() {
            let modulation = shared.clone() + self.offsets.val().narrow(0, index, 1);
            let part = |part| modulation.clone().narrow(1, part, 1);
            let attended = block.attend(rms_norm(tokens.clone()) * (part(0) + 1.0) + part(1));
            tokens = tokens + attended * (part(2) + 1.0);
            let fed = block.feed_forward(rms_norm(tokens.clone()) * (part(3) + 1.0) + part(4));
            tokens = tokens + fed * (part(5) + 1.0);
        }
        self.output.forward(rms_norm(tokens))
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

    /// The latent that [`Denoiser::standardise`] was given.
    pub fn restore(&self, standardised: Tensor<3>) -> Tensor<3> {
        standardised * self.latent_std.val() + self.latent_mean.val()
    }
}

/// Sines and cosines (batch, features) of times (batch, 1), in octaves from one period to a thousand.
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
}
