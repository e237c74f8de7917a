//! The autoencoders as they are trained: one half after the other, meeting in the codebook.

use burn::module::Module;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::diffusion::gaussian;
use wavediffusion::model::{Autoencoder, Codebook, ModelConfig, PatchDecoder, PatchEncoder, VelocityEncoder};

/// The velocity autoencoder and the codebook, which define the latent.
#[derive(Module, Debug)]
pub struct VelocityHalf {
    /// Velocity to latent.
    pub encoder: VelocityEncoder,
    /// The codes of both modalities.
    pub codebook: Codebook,
    /// Latent to velocity.
    pub decoder: PatchDecoder,
}

/// The seismic autoencoder, which learns to speak the latent.
#[derive(Module, Debug)]
pub struct SeismicHalf {
    /// Seismic to latent.
    pub encoder: PatchEncoder,
    /// Latent to seismic.
    pub decoder: PatchDecoder,
}

/// Both halves with random weights.
pub fn random_halves(config: &ModelConfig, device: &Device) -> (VelocityHalf, SeismicHalf) {
    split(Autoencoder::new(config, device))
}

/// The halves of an autoencoder.
pub fn split(model: Autoencoder) -> (VelocityHalf, SeismicHalf) {
    let Autoencoder { velocity_encoder, seismic_encoder, codebook, velocity_decoder, seismic_decoder } = model;
    (
        VelocityHalf { encoder: velocity_encoder, codebook, decoder: velocity_decoder },
        SeismicHalf { encoder: seismic_encoder, decoder: seismic_decoder },
    )
}

/// The autoencoder of two halves.
pub fn join(velocity: VelocityHalf, seismic: SeismicHalf) -> Autoencoder {
    Autoencoder {
        velocity_encoder: velocity.encoder,
        seismic_encoder: seismic.encoder,
        codebook: velocity.codebook,
        velocity_decoder: velocity.decoder,
        seismic_decoder: seismic.decoder,
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
