//! Autoencoder half of shot gathers, as log amplitudes on the model's time axis (see [`crate::signal`]).

use burn::prelude::*;

use super::block::Transformer;
use super::config::{ImageConfig, ModelConfig};
use super::patch::{patchify, unpatchify};

/// Log amplitudes (batch, shots, samples, receivers) to the latent (batch, tokens, latent width).
#[derive(Module, Debug)]
pub struct SeismicEncoder {
    transformer: Transformer,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    tokens: [usize; 2],
}

impl SeismicEncoder {
    /// An encoder with random weights.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        let (input, output) = (config.seismic.patch_values(), config.latent.width());
        Self {
            transformer: Transformer::new(config.seismic_encoder, config.tokens, input, output, device),
            image: config.seismic,
            tokens: config.tokens,
        }
    }

    /// Encodes log amplitudes.
    pub fn forward(&self, seismic: Tensor<4>) -> Tensor<3> {
        self.transformer.forward(patchify(seismic, &self.image, self.tokens))
    }
}

/// The latent (batch, tokens, latent width) to log amplitudes (batch, shots, samples, receivers).
#[derive(Module, Debug)]
pub struct SeismicDecoder {
    transformer: Transformer,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    tokens: [usize; 2],
}

impl SeismicDecoder {
    /// A decoder with random weights.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        let (input, output) = (config.latent.width(), config.seismic.patch_values());
        Self {
            transformer: Transformer::new(config.seismic_decoder, config.tokens, input, output, device),
            image: config.seismic,
            tokens: config.tokens,
        }
    }

    /// Decodes to log amplitudes.
    pub fn forward(&self, latent: Tensor<3>) -> Tensor<4> {
        unpatchify(self.transformer.forward(latent), &self.image, self.tokens)
    }
}
