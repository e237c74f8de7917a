//! The networks: two autoencoders that meet in one codebook, and the denoiser of their shared latent.
//!
//! A pair is encoded on a grid of tokens. Both encoders write the same latent, (batch, tokens, [`LatentConfig::width`]),
//! which [`Codebook`] quantises; both decoders read the quantised latent. The design follows WaveDiffusion
//! (arXiv 2410.09002) with transformers (arXiv 1706.03762) in place of its convolutions: time and depth do not align,
//! so what a token of a gather shows depends on tokens anywhere in the map.

mod autoencoder;
mod block;
mod codebook;
mod config;
mod denoiser;
mod patch;
mod patch_transformer;
mod stack;
mod velocity;
mod weights;

pub use autoencoder::{Autoencoder, Modality};
pub use codebook::{Codebook, Quantised};
pub use config::{GainConfig, ImageConfig, LatentConfig, ModelConfig, ModelConfigError, TransformerConfig};
pub use denoiser::{Denoiser, FamilyLabel};
pub use patch_transformer::{PatchDecoder, PatchEncoder};
pub use velocity::VelocityEncoder;
pub use weights::{Weight, Weights, WeightsError, collect_weights, load_weights, read_weights, write_weights};
