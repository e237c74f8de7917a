//! The commands of `wavediffusion`, one a file.

pub mod synth;
