//! Training: one loop for all stages, and the objectives that it minimises.

mod bench;
mod checkpoint;
mod classifier;
mod codebook;
mod config;
mod diffusion;
mod ema;
mod log;
mod maps;
mod optimiser;
mod parts;
mod preview;
mod run;
mod seismic_decoder;
mod seismic_encoder;
mod similarity;
mod training_set;
mod validation;
mod velocity;
mod velocity_decoder;

pub use bench::{StepMeasurement, measure_step};
pub use checkpoint::{Progress, has_checkpoint, latest};
pub use classifier::ClassifierObjective;
pub use config::{
    AutoencoderConfig, Checked, ClassifierConfig, DiffusionConfig, LoopConfig, SeismicCodebook, read_config,
};
pub use diffusion::DiffusionObjective;
pub use log::{Curve, curves};
pub use maps::EndlessMaps;
pub use parts::{Parts, VelocityHalf};
pub use preview::{save_maps, save_pairs};
pub use run::{Figures, Loss, Objective, random_of, run};
pub use seismic_decoder::SeismicDecoderObjective;
pub use seismic_encoder::SeismicEncoderObjective;
pub use training_set::TrainingSet;
pub use validation::HeldOut;
pub use velocity::VelocityObjective;
pub use velocity_decoder::VelocityDecoderObjective;
