//! Encoder of velocity maps.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, PaddingConfig2d};
use burn::prelude::*;
use burn::tensor::activation::relu;

use super::block::linear;
use super::config::{ImageConfig, ModelConfig};

/// Normalised velocity maps (batch, 1, nz, nx) to the latent (batch, tokens, latent width).
///
/// A token sees its patch and half a patch around it, and nothing else, so that latents are as local as the maps and
/// easy to sample.
#[derive(Module, Debug)]
pub struct VelocityEncoder {
    patches: Conv2d,
    hidden: Linear,
    output: Linear,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    tokens: [usize; 2],
}

impl VelocityEncoder {
    /// An encoder with random weights.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        let [height, width] = config.velocity.patch;
        let hidden = config.velocity_encoder;
        let patches = Conv2dConfig::new([1, hidden], [2 * height, 2 * width])
            .with_stride([height, width])
            .with_padding(PaddingConfig2d::Valid)
            .init(device);
        Self {
            patches,
            hidden: linear(hidden, hidden, 1.0, device),
            output: linear(hidden, config.latent.width(), 1.0, device),
            image: config.velocity,
            tokens: config.tokens,
        }
    }

    /// Encodes normalised velocity maps.
    pub fn forward(&self, velocity: Tensor<4>) -> Tensor<3> {
        let neighbourhoods = self.patches.forward(self.pad(velocity));
        let tokens = relu(neighbourhoods.flatten::<3>(2, 3).swap_dims(1, 2));
        self.output.forward(relu(self.hidden.forward(tokens)))
    }

    /// Repeats the map's edges so that every token has its whole neighbourhood.
    fn pad(&self, velocity: Tensor<4>) -> Tensor<4> {
        let mut image = velocity;
        for (dim, have, axis) in [(2, self.image.rows, 0), (3, self.image.columns, 1)] {
            let patch = self.image.patch[axis];
            let before = patch / 2;
            let after = (self.tokens[axis] + 1) * patch - before - have;
            let first = image.clone().narrow(dim, 0, 1).repeat_dim(dim, before);
            let last = image.clone().narrow(dim, have - 1, 1).repeat_dim(dim, after);
            image = Tensor::cat(vec![first, image, last], dim);
        }
        image
    }
}
