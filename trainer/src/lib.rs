//! What the `wavediffusion` program is made of: its commands, and the data and training behind them.

pub mod commands;
pub mod synth;
