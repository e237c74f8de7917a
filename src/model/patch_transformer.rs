//! Transformers between the latent and images that are cut into patches.

use burn::prelude::*;

use super::block::Transformer;
use super::config::{GainConfig, ImageConfig, ModelConfig, TransformerConfig};
use super::patch::{patchify, unpatchify, unpatchify_transposed};

/// Images (batch, channels, rows, columns) to the latent (batch, tokens, latent width).
#[derive(Module, Debug)]
pub struct PatchEncoder {
    transformer: Transformer,
    #[module(skip)]
    image: ImageConfig,
    #[module(skip)]
    gain: Option<GainConfig>,
    #[module(skip)]
    tokens: [usize; 2],
}

impl PatchEncoder {
    /// An encoder of gathers with random weights.
    pub fn of_gathers(config: &ModelConfig, device: &Device) -> Self {
        let encoder = Self::new(config.seismic_encoder, config.seismic, config.tokens, config.latent.width(), device);
        Self { gain: config.seismic_gain, ..encoder }
    }

    /// An encoder of `image` to `output` numbers a token, with random weights.
    pub fn new(
        stack: TransformerConfig,
        image: ImageConfig,
        tokens: [usize; 2],
        output: usize,
        device: &Device,
    ) -> Self {
        let transformer = Transformer::new(stack, tokens, image.patch_values(), output, device);
        Self { transformer, image, gain: None, tokens }
    }

    /// Encodes images.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<3> {
        let image = match self.gain {
            Some(gain) => amplify(image, gain),
            None => image,
        };
        self.transformer.forward(patchify(image, &self.image, self.tokens))
    }
}

/// Multiplies each row of images (batch, channels, rows, columns) by its gain.
fn amplify(image: Tensor<4>, gain: GainConfig) -> Tensor<4> {
    let (rows, device) = (image.dims()[2], image.device());
    let factors: Vec<f32> = (0..rows).map(|row| gain.at(row)).collect();
    image * Tensor::from_data(TensorData::new(factors, [1, 1, rows, 1]), &device)
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

    /// Decodes latents, and answers what a change asked of the images, (batch, channels, rows, columns), asks of the latents.
    pub fn pullback(&self, latent: Tensor<3>) -> (Tensor<4>, impl Fn(Tensor<4>) -> Tensor<3> + use<>) {
        let (patches, transformer) = self.transformer.pullback(latent);
        let (image, tokens) = (self.image, self.tokens);
        let pullback = move |asked| transformer(unpatchify_transposed(asked, &image, tokens));
        (unpatchify(patches, &image, tokens), pullback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_amplified_by_their_gain() {
        let image = Tensor::<4>::ones([1, 1, 4, 2], &Device::flex());
        let loud: Vec<f32> = amplify(image, GainConfig { from: 1, doubling: 1 }).try_into_vec_as().unwrap();
        assert_eq!(loud, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0]);
    }

    #[test]
    fn gathers_are_encoded_after_their_gain() {
        let device = Device::flex();
        let config = ModelConfig::tiny();
        let encoder = PatchEncoder::of_gathers(&config, &device);
        let plain = PatchEncoder { gain: None, ..encoder.clone() };
        let [rows, columns] = [config.seismic.rows, config.seismic.columns];
        let gathers = Tensor::<4>::ones([1, config.seismic.channels, rows, columns], &device);
        let loud = amplify(gathers.clone(), config.seismic_gain.unwrap());
        assert_eq!(encoder.forward(gathers).to_data(), plain.forward(loud).to_data());
    }
}
