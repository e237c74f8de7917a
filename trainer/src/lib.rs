//! What the `wavediffusion` program is made of: its commands, and the data and training behind them.

pub mod ablation;
pub mod average;
pub mod batches;
pub mod bench;
pub mod classifier;
pub mod commands;
pub mod dataset;
pub mod device;
pub mod evaluate;
pub mod fidelity;
pub mod figure;
pub mod files;
pub mod kmeans;
pub mod picture;
pub mod progress;
pub mod simulation;
pub mod survey_options;
pub mod synth;
pub mod train;
pub mod verify;
pub mod weights;
