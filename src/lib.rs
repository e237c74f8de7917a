//! Joint generation of subsurface velocity maps and the seismic data that follow from them.
//!
//! An implementation of WaveDiffusion (arXiv 2410.09002): two autoencoders share one vector-quantised latent space, a
//! diffusion model samples it, and every sample decodes into a velocity map *and* its shot gathers. A finite-difference
//! simulator then tells how nearly the pair satisfies the acoustic wave equation.
//!
//! The crate is what the browser and the native `wavediffusion` program have in common. `survey`, `wave`, `signal` and
//! `consistency` know nothing of neural networks; `model` and `diffusion` know nothing of waves; only `web` knows that a
//! browser exists.

pub mod consistency;
pub mod diffusion;
pub mod family;
pub mod gathers;
pub mod generate;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
mod gpu;
pub mod invert;
pub mod manifest;
pub mod model;
pub mod npy;
pub mod output;
mod refine;
pub mod signal;
pub mod survey;
pub mod velocity_map;
pub mod wave;
#[cfg(target_arch = "wasm32")]
pub mod web;
