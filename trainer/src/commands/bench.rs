//! `wavediffusion bench`

use std::num::NonZeroUsize;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use wavediffusion::model::ModelConfig;

use crate::bench::{Measurement, SCALING, Size, simulate};
use crate::device::DeviceArg;
use crate::train::measure_step;

/// Measure how fast the program is
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// One survey of OpenFWI's, as JSON
    Simulate {
        /// What computes it
        #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
        device: DeviceArg,
        /// Runs whose median counts
        #[arg(long, default_value_t = 5)]
        repeat: usize,
        /// Rows and columns of the map
        #[arg(long, default_value_t = Size::OPENFWI.cells)]
        cells: usize,
        /// Shots
        #[arg(long, default_value_t = Size::OPENFWI.shots)]
        shots: usize,
        /// Time steps
        #[arg(long, default_value_t = Size::OPENFWI.steps)]
        steps: usize,
        /// Instead, several sizes as a table
        #[arg(long, conflicts_with_all = ["cells", "shots", "steps"])]
        scaling: bool,
    },
    /// A training step of the seismic decoder, as JSON
    Train {
        /// What computes it
        #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
        device: DeviceArg,
        /// Steps whose median counts
        #[arg(long, default_value_t = 5)]
        repeat: usize,
        /// Samples in a step
        #[arg(long, default_value_t = 32)]
        batch: usize,
        /// Parts that a batch is split into, each on a thread of its own [default: one a core]
        #[arg(long)]
        replicas: Option<NonZeroUsize>,
    },
}

/// Runs the command.
///
/// # Errors
/// When the device is not there or the size makes no survey.
pub fn run(args: &BenchArgs) -> Result<()> {
    let (device, repeat, cells, shots, steps, scaling) = match args.what {
        What::Simulate { device, repeat, cells, shots, steps, scaling } => {
            (device, repeat, cells, shots, steps, scaling)
        }
        What::Train { device, repeat, batch, replicas } => return train(device, repeat, batch, replicas),
    };
    ensure!(repeat > 0, "--repeat is 0; it must be at least 1");
    ensure!(cells > 1 && shots > 0, "a survey needs at least 2 cells and 1 shot");
    let name = device.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let opened = device.open()?;
    if scaling {
        let rows = SCALING.into_iter().map(|size| Ok(row(&simulate(size, &name, &opened, repeat)?)));
        let rows = rows.collect::<Result<String>>()?;
        let head = "| cells | shots | steps | seconds | Gcell/s | without the horizon |\n|---|---|---|---|---|---|\n";
        return super::print(&format!("{head}{rows}"));
    }
    let measured = simulate(Size { cells, shots, steps }, &name, &opened, repeat)?;
    super::print(&(serde_json::to_string_pretty(&measured)? + "\n"))
}

fn train(device: DeviceArg, repeat: usize, batch: usize, replicas: Option<NonZeroUsize>) -> Result<()> {
    ensure!(repeat > 0 && batch > 0, "--repeat and --batch must be at least 1");
    let replicas = replicas.map_or_else(|| device.replicas(), NonZeroUsize::get);
    let measured = measure_step(&ModelConfig::standard(), batch, replicas, repeat, &device.open()?)?;
    super::print(&(serde_json::to_string_pretty(&measured)? + "\n"))
}

fn row(measured: &Measurement) -> String {
    let Size { cells, shots, steps } = measured.size;
    let ratio = measured.without_horizon.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    let (seconds, rate) = (measured.seconds, measured.gcell_per_s);
    format!("| {cells} x {cells} | {shots} | {steps} | {seconds:.3} | {rate:.2} | {ratio} |\n")
}
