//! The commands of `wavediffusion`, one a file.

pub mod ablate;
pub mod bench;
pub mod evaluate;
pub mod example;
pub mod export;
pub mod families;
pub mod invert;
pub mod sample;
pub mod simulate;
pub mod synth;
pub mod train;
pub mod verify;

use std::io::Write;

use anyhow::{Context, Result};

/// Prints a result on the standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot print the result")
}
