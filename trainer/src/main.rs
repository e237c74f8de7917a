//! Makes the data and the weights of WaveDiffusion.

use std::process::ExitCode;

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
    Simulate(Box<commands::simulate::SimulateArgs>),
    Train(commands::train::TrainArgs),
    Export(commands::export::ExportArgs),
    Example(commands::example::ExampleArgs),
    Sample(commands::sample::SampleArgs),
    Evaluate(commands::evaluate::EvaluateArgs),
    Ablate(commands::ablate::AblateArgs),
    Invert(commands::invert::InvertArgs),
    Verify(commands::verify::VerifyArgs),
    Bench(commands::bench::BenchArgs),
}

/// `mi_option_purge_delay` of mimalloc.h, which the bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets the allocator keep the memory that it was given: a step of training frees and needs the same again.
fn keep_memory() {
    // SAFETY: sets an integer option that mimalloc reads atomically; -1 is its documented value for "never".
    #[expect(unsafe_code, reason = "the allocator's options have no safe interface")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
}

fn main() -> ExitCode {
    keep_memory();
    let result = match Cli::parse().command {
        Command::Synth(args) => commands::synth::run(&args),
        Command::Simulate(args) => commands::simulate::run(&args),
        Command::Train(args) => commands::train::run_command(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Example(args) => commands::example::run(&args),
        Command::Sample(args) => commands::sample::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Ablate(args) => commands::ablate::run(&args),
        Command::Invert(args) => commands::invert::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
