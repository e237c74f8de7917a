//! Diffusion in the latent as a rectified flow (arXiv 2209.03003): on the straight line `x_t = (1 - t) x_0 + t n` from a
//! standardised latent `x_0` to Gaussian noise `n` the denoiser learns the velocity `n - x_0`; sampling follows it back
//! from `t = 1` to `t = 0`.

mod estimator;
mod noise;
mod sampler;
mod schedule;

pub use estimator::Estimator;
pub use noise::{FractionError, Noise, gaussian};
pub use sampler::{Sampler, SamplerConfig, SamplerConfigError, Step};
pub use schedule::times;
