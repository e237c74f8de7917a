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
//! [`Propagator`] advances one shot on the CPU, a [`Horizon`] tells how long the receivers can hear it,
//! [`Medium::misfit`] differentiates, and `gpu::GpuSimulator` simulates all shots on a GPU where the build has one (wasm32, or
//! the feature `vulkan` or `cuda`).
//!
//! One map:
//!
//! ```
//! use wavediffusion::survey::Survey;
//! use wavediffusion::velocity_map::VelocityMap;
//! use wavediffusion::wave;
//!
//! let layers = (0..70 * 70).map(|i| if i < 35 * 70 { 1800.0 } else { 3000.0 }).collect();
//! let map = VelocityMap::new(70, 70, layers)?;
//! let gathers = wave::simulate(&Survey::openfwi(), &map)?;
//! assert_eq!(gathers.shape(), [5, 1000, 70]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Many maps, a shot at a time, and what passes by on the way (with the feature `rayon` a single map already keeps as many
//! cores busy as it has shots):
//!
//! ```
//! use wavediffusion::survey::{Survey, SurveyConfig};
//! use wavediffusion::velocity_map::VelocityMap;
//! use wavediffusion::wave::Medium;
//!
//! let survey = Survey::new(SurveyConfig { samples: 50, ..Survey::openfwi().config().clone() })?;
//! for velocity in [2000.0, 3000.0] {
//!     let medium = Medium::<f32>::new(&survey, &VelocityMap::new(70, 70, vec![velocity; 4900])?)?;
//!     let mut shot = medium.shot(2).ok_or("the survey has five shots")?;
//!     for _ in 0..survey.config().samples {
//!         shot.step();
//!     }
//!     assert!(shot.row(1)[34] != 0.0);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How the misfit of a first guess changes with its velocity:
//!
//! ```
//! use wavediffusion::survey::{Survey, SurveyConfig};
//! use wavediffusion::velocity_map::VelocityMap;
//! use wavediffusion::wave::Medium;
//!
//! let survey = Survey::new(SurveyConfig { samples: 100, ..Survey::openfwi().config().clone() })?;
//! let medium = |velocity| Ok::<_, Box<dyn std::error::Error>>(
//!     Medium::<f64>::new(&survey, &VelocityMap::new(70, 70, vec![velocity; 4900])?)?
//! );
//! let observed = medium(2100.0)?.simulate();
//! let misfit = medium(2000.0)?.misfit(&observed);
//! // Faster everywhere is better.
//! assert!(misfit.value > 0.0 && misfit.gradient.iter().sum::<f64>() < 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adjoint;
mod cpu;
mod direct;
mod field;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
pub mod gpu;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
mod gpu_adjoint;
mod horizon;
#[cfg(any(target_arch = "wasm32", feature = "vulkan", feature = "cuda"))]
mod kernel;
mod medium;

pub use adjoint::{Differentiated, Misfit};
pub use cpu::{Propagator, Wavefield, simulate};
pub use direct::{direct_wave_end, first_reflected_sample};
pub use horizon::Horizon;
pub use medium::{Medium, Real};

/// Weight of the four neighbours one cell away in the fourth-order Laplacian.
const NEAR: f64 = 4.0 / 3.0;
/// Weight of the four neighbours two cells away.
const FAR: f64 = -1.0 / 12.0;
/// Weight of the cell itself.
const CENTRE: f64 = -5.0;
