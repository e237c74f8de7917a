//! The two autoencoders around their shared codebook.

use burn::prelude::*;

use super::codebook::{Codebook, Quantised};
use super::config::ModelConfig;
use super::patch_transformer::{PatchDecoder, PatchEncoder};
use super::velocity::VelocityEncoder;

/// Both halves of a pair through one vector-quantised latent.
#[derive(Module, Debug)]
pub struct Autoencoder {
    /// Normalised velocity to latent.
    pub velocity_encoder: VelocityEncoder,
    /// Log amplitudes on the model's time axis (see [`crate::signal`]), one channel a shot, to latent.
    pub seismic_encoder: PatchEncoder,
    /// The codes of both.
    pub codebook: Codebook,
    /// Latent to normalised velocity.
    pub velocity_decoder: PatchDecoder,
    /// Latent to log amplitudes.
    pub seismic_decoder: PatchDecoder,
}

/// What a latent is encoded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// The velocity map alone.
    Velocity,
    /// The gathers alone.
    Seismic,
    /// The mean of what both encoders say.
    Both,
}

impl Autoencoder {
    /// Autoencoders with random weights.
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        Self {
            velocity_encoder: VelocityEncoder::new(config, device),
            seismic_encoder: PatchEncoder::of_gathers(config, device),
            codebook: Codebook::new(config.latent, device),
            velocity_decoder: PatchDecoder::new(config.velocity_decoder, config.velocity, config, device),
            seismic_decoder: PatchDecoder::new(config.seismic_decoder, config.seismic, config, device),
        }
    }

    /// Encodes normalised velocity (batch, 1, nz, nx) and log amplitudes (batch, shots, samples, receivers) to the
    /// latent before quantisation, (batch, tokens, latent width).
    pub fn encode(&self, modality: Modality, velocity: Tensor<4>, seismic: Tensor<4>) -> Tensor<3> {
        match modality {
            Modality::Velocity => self.velocity_encoder.forward(velocity),
            Modality::Seismic => self.seismic_encoder.forward(seismic),
            Modality::Both => (self.velocity_encoder.forward(velocity) + self.seismic_encoder.forward(seismic)) * 0.5,
        }
    }

    /// Quantises a latent and decodes it twice: normalised velocity and log amplitudes.
    pub fn decode(&self, latent: Tensor<3>) -> (Tensor<4>, Tensor<4>) {
        let Quantised { latent, .. } = self.codebook.quantise(latent);
        (self.velocity_decoder.forward(latent.clone()), self.seismic_decoder.forward(latent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_modality_encodes_to_one_latent_that_decodes_to_a_pair() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let model = Autoencoder::new(&config, &device);
        let velocity = Tensor::zeros([2, 1, 70, 70], &device);
        let seismic = Tensor::zeros([2, 5, 125, 70], &device);
        for modality in [Modality::Velocity, Modality::Seismic, Modality::Both] {
            let latent = model.encode(modality, velocity.clone(), seismic.clone());
            assert_eq!(latent.dims(), [2, config.token_count(), config.latent.width()]);
            let (velocity, seismic) = model.decode(latent);
            assert_eq!(velocity.dims(), [2, 1, 70, 70]);
            assert_eq!(seismic.dims(), [2, 5, 125, 70]);
        }
    }

    #[test]
    fn quantising_a_quantised_latent_changes_nothing() {
        let config = ModelConfig::tiny();
        let device = Device::flex();
        let model = Autoencoder::new(&config, &device);
        let latent =
            Tensor::random([2, 81, config.latent.width()], burn::tensor::Distribution::Normal(0.0, 1.0), &device);
        let once = model.codebook.quantise(latent);
        let twice = model.codebook.quantise(once.latent.clone());
        assert_eq!(once.latent.to_data(), twice.latent.to_data());
        assert_eq!(once.indices.to_data(), twice.indices.to_data());
    }
}
