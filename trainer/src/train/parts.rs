//! The autoencoders as they are trained: the latent first, then those who learn to read and to write it.

use burn::module::Module;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::diffusion::gaussian;
use wavediffusion::model::{
    Autoencoder, Codebook, ModelConfig, PatchDecoder, PatchEncoder, Quantised, VelocityEncoder,
};

/// The velocity autoencoder and the codebook, which define the latent.
#[derive(Module, Debug)]
pub struct VelocityHalf {
    /// Velocity to latent.
    pub encoder: VelocityEncoder,
    /// The codes of both modalities.
    pub codebook: Codebook,
    /// Latent to velocity.
    pub decoder: PatchDecoder,
    /// Whether decoders read codes; without, they read latents as they are, for an ablation.
    #[module(skip)]
    pub quantised: bool,
}

impl VelocityHalf {
    /// What decoders read of a latent: its codes, or the latent itself where nothing is quantised.
    pub fn quantise(&self, latent: Tensor<3>) -> Quantised {
        let Quantised { latent: codes, indices } = self.codebook.quantise(latent.clone());
        Quantised { latent: if self.quantised { codes } else { latent }, indices }
    }
}

/// The parts of an autoencoder, in the order that they are trained; the last two need the first, but not each other.
pub struct Parts {
    /// What defines the latent.
    pub velocity: VelocityHalf,
    /// Latent to seismic.
    pub seismic_decoder: PatchDecoder,
    /// Seismic to latent.
    pub seismic_encoder: PatchEncoder,
}

impl Parts {
    /// The parts with random weights.
    pub fn random(config: &ModelConfig, device: &Device) -> Self {
        Self::split(Autoencoder::new(config, device))
    }

    /// The parts of an autoencoder.
    pub fn split(model: Autoencoder) -> Self {
        let Autoencoder { velocity_encoder, seismic_encoder, codebook, velocity_decoder, seismic_decoder } = model;
        let velocity = VelocityHalf { encoder: velocity_encoder, codebook, decoder: velocity_decoder, quantised: true };
        Self { velocity, seismic_decoder, seismic_encoder }
    }

    /// The autoencoder of these parts.
    pub fn join(self) -> Autoencoder {
        let VelocityHalf { encoder, codebook, decoder, .. } = self.velocity;
        Autoencoder {
            velocity_encoder: encoder,
            seismic_encoder: self.seismic_encoder,
            codebook,
            velocity_decoder: decoder,
            seismic_decoder: self.seismic_decoder,
        }
    }
}

/// The latent with Gaussian noise of up to `most` standard deviations of each of its numbers, another amount for each
/// sample: decoders trained on it read latents that the denoiser got nearly right.
pub fn perturbed(latent: Tensor<3>, most: f64, random: &mut ChaCha8Rng) -> Tensor<3> {
    if most == 0.0 {
        return latent;
    }
    let plain = latent.clone().inner();
    let ([batch, tokens, width], device) = (plain.dims(), plain.device());
    let rows = plain.reshape([1, batch * tokens, width]);
    let spread = (rows.clone() - rows.mean_dim(1)).square().mean_dim(1).sqrt();
    let amounts: Vec<f32> =
        (0..batch).map(|_| (most * f64::from(random.next_u32()) / f64::from(u32::MAX)) as f32).collect();
    let amounts = Tensor::from_data(TensorData::new(amounts, [batch, 1, 1]), &device);
    let noise = gaussian(random.next_u64(), batch * tokens * width);
    let noise = Tensor::from_data(TensorData::new(noise, [batch, tokens, width]), &device) * amounts * spread;
    if latent.is_autodiff() { latent + noise.autodiff() } else { latent + noise }
}
