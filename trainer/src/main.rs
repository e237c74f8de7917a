//! Makes the data and the weights of WaveDiffusion.

use anyhow::Result;
use clap::{Parser, Subcommand};
use wavediffusion_trainer::commands;

/// Joint generation of velocity maps and seismic data: data, training, evaluation
#[derive(Parser, Debug)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Synth(commands::synth::SynthArgs),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Synth(args) => commands::synth::run(&args),
    }
}
