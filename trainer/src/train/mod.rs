//! Training: one loop for both stages, and the two objectives that it minimises.

mod autoencoder;
mod checkpoint;
mod codebook;
mod config;
mod diffusion;
mod ema;
mod log;
mod preview;
mod run;
mod training_set;
mod validation;

pub use autoencoder::AutoencoderObjective;
pub use checkpoint::{Progress, latest_autoencoder, latest_denoiser};
pub use config::{AutoencoderConfig, DiffusionConfig, LoopConfig, read_config};
pub use diffusion::DiffusionObjective;
pub use preview::{save_maps, save_pairs};
pub use run::{Figures, Loss, Objective, run};
pub use training_set::TrainingSet;
pub use validation::HeldOut;
