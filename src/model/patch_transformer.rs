//! Transformers between the latent and images that are cut into patches.

use burn::prelude::*;

use super::block::Transformer;
use super::config::{ImageConfig, ModelConfig, TransformerConfig};
use super::patch::{patchify, unpatchify};

/// Images (batch, channels, rows, columns) to the latent (batch, tokens, latent width).
#[derive(Module, Debug)]
pub struct PatchEncoder {
    transformer: Transformer,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    tokens: [usize; 2],
}

impl PatchEncoder {
    /// An encoder of `image` with random weights.
    pub fn new(stack: TransformerConfig, image: ImageConfig, config: &ModelConfig, device: &Device) -> Self {
        Self::with_output(stack, image, config.tokens, config.latent.width(), device)
    }

    /// An encoder to `output` numbers a token.
    pub fn with_output(
        stack: TransformerConfig,
        image: ImageConfig,
        tokens: [usize; 2],
        output: usize,
        device: &Device,
    ) -> Self {
        let transformer = Transformer::new(stack, tokens, image.patch_values(), output, device);
        Self { transformer, image, tokens }
    }

    /// Encodes images.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<3> {
        self.transformer.forward(patchify(image, &self.image, self.tokens))
    }
}

/// The latent (batch, tokens, latent width) to images (batch, channels, rows, columns).
#[derive(Module, Debug)]
pub struct PatchDecoder {
    transformer: Transformer,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    tokens: [usize; 2],
}

impl PatchDecoder {
    /// A decoder to `image` with random weights.
    pub fn new(stack: TransformerConfig, image: ImageConfig, config: &ModelConfig, device: &Device) -> Self {
        let transformer = Transformer::new(stack, config.tokens, config.latent.width(), image.patch_values(), device);
        Self { transformer, image, tokens: config.tokens }
    }

    /// Decodes latents.
    pub fn forward(&self, latent: Tensor<3>) -> Tensor<4> {
        unpatchify(self.transformer.forward(latent), &self.image, self.tokens)
    }
}
