//! Makes the data and the weights of WaveDiffusion.

use anyhow::Result;
use clap::{Parser, Subcommand};
use wavediffusion_trainer::commands;

/// Training makes and drops large tensors at a rate at which the system's allocator spends its time in page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    Train(commands::train::TrainArgs),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Synth(args) => commands::synth::run(&args),
        Command::Train(args) => commands::train::run_command(&args),
    }
}
