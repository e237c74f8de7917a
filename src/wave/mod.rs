//! Acoustic finite differences: OpenFWI's forward model.
//!
//! The constant-density wave equation `u_tt = v^2 (u_xx + u_zz) + s`, second order in time and fourth in space, on the
//! velocity map padded with copies of its edge by a sponge of `survey.sponge` cells. With `alpha = (v dt / dx)^2`, a
//! damping `k` that is zero on the map, `near` the sum of the four neighbours one cell away and `far` of the four two
//! cells away, each cell follows
//!
//! ```text
//! new = now + (1 - k) (now - before) + alpha (4/3 near - 1/12 far - 5 now)
//! ```
//!
//! after which the source's cell gains `(v dt)^2 s[t]`, and then the receivers record. The damping grows quadratically
//! from the map's edge, `k(i) = 3 v_min ln(1e7) dt / (2 w) (i / (sponge - 1))^2` at the `i`-th sponge cell, with
//! `w = (sponge - 1) dx` and `v_min` the map's slowest velocity; beside the map, and in the corners, the distance counts
//! horizontally, above and below it vertically. The padded grid is periodic at its rim. A survey may have a free surface
//! instead of the sponge above the map: its first row stays at zero, and the field is odd about it.
//!
//! This is the scheme behind OpenFWI's data (arXiv 2111.02926, appendix), after Jerry Schuster's `a2d_mod_abc24`;
//! `tests/reference/openfwi_forward.py` states it in NumPy. [`Medium`] holds what one map and one survey make of it,
//! [`Propagator`] advances one shot on the CPU, [`Medium::misfit`] differentiates, and `gpu::GpuSimulator` all shots on a GPU where the build has one
//! (wasm32, or the feature `vulkan` or `cuda`).

mod adjoint;
mod cpu;
mod field;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
pub mod gpu;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
mod kernel;
mod medium;

pub use adjoint::Misfit;
pub use cpu::{Propagator, Wavefield, simulate};
pub use medium::{Medium, Real};

/// Weight of the four neighbours one cell away in the fourth-order Laplacian.
const NEAR: f64 = 4.0 / 3.0;
/// Weight of the four neighbours two cells away.
const FAR: f64 = -1.0 / 12.0;
/// Weight of the cell itself.
const CENTRE: f64 = -5.0;
