//! The commands of the README: `cargo xtask demo`, `cargo xtask test`, `cargo xtask build` and `cargo xtask bench-web`.
//!
//! Each installs what it needs and is missing, says what it is doing, one line a step, and does again only what has
//! changed. `tools` knows what is installed and how, `engine` and `page` how the two halves of the page are built.
#![expect(clippy::print_stdout, reason = "a program that talks to a person")]

mod audit;
mod bench_web;
mod count;
mod demo;
mod engine;
mod fuzz;
mod package;
mod page;
mod peer;
mod process;
mod size;
mod soak;
mod step;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Chores of WaveDiffusion.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the page and serves it on this machine.
    Demo {
        /// Port on localhost.
        #[arg(long, default_value_t = 4173)]
        port: u16,
    },
    /// Builds the page into `www/dist`, a folder that any web server can offer.
    Build,
    /// Runs every check and test; the last line tells how many passed and failed.
    Test {
        /// Only what needs no browser: formatting, lints, native tests, the page's own tests.
        #[arg(long)]
        quick: bool,
    },
    /// Reads damaged input for a while, and fails when anything panics, hangs or allocates too much.
    Fuzz(fuzz::Options),
    /// Generates hundreds of pairs in headless Chromium and fails when the engine's memory grows.
    Soak(soak::Options),
    /// Packs the engine for npm.
    Pack,
    /// Prints what a visitor loads, and what takes the bytes; fails above the budget.
    Size,
    /// Prints what a pair takes in headless Chromium, stage by stage, or the engine beside a peer.
    BenchWeb(bench_web::Options),
}

fn main() -> ExitCode {
    let root = process::root();
    let succeeded = |result: Result<()>| result.inspect_err(|error| eprintln!("error: {error:#}")).is_ok();
    let passed = match Cli::parse().command {
        Command::Demo { port } => succeeded(demo::run(&root, port)),
        Command::Build => succeeded(demo::build(&root)),
        Command::Test { quick } => test::run(&root, quick),
        Command::Fuzz(options) => succeeded(fuzz::fuzz(&root, &options)),
        Command::Soak(options) => succeeded(soak::soak(&root, &options)),
        Command::Pack => succeeded(package::run(&root)),
        Command::Size => succeeded(size::run(&root)),
        Command::BenchWeb(options) => succeeded(bench_web::bench(&root, &options)),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
