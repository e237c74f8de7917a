//! The commands of `wavediffusion`, one a file.

pub mod simulate;
pub mod synth;
pub mod train;
