//! `wavediffusion sample`

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use wavediffusion::diffusion::Noise;
use wavediffusion::family::Family;
use wavediffusion::generate::{CpuSimulator, Pair, Request, Unobserved};
use wavediffusion::manifest::PathPoint;
use wavediffusion::npy;

use super::evaluate::SamplerArgs;
use crate::files;
use crate::weights::WeightsArgs;

/// Generate a pair and compare it with the simulation of its velocity map
#[derive(Args, Debug)]
pub struct SampleArgs {
    #[command(flatten)]
    weights: WeightsArgs,
    /// Family of the pair; any family without it
    #[arg(long)]
    family: Option<Family>,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Start from noise between that of `--seed` and that of this seed
    #[arg(long, value_name = "SEED", requires = "fraction")]
    toward: Option<u64>,
    /// How much of the way to the other seed's noise, 0 to 1
    #[arg(long, requires = "toward")]
    fraction: Option<f64>,
    #[command(flatten)]
    sampler: SamplerArgs,
    /// Simulate and compare the pair of every step too
    #[arg(long)]
    path: bool,
    /// Write velocity.npy, generated.npy and simulated.npy, in OpenFWI's shapes, into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write settings and verdict as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What is said of a sample.
#[derive(Serialize)]
struct Verdict {
    family: Option<Family>,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    toward: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fraction: Option<f64>,
    steps: usize,
    guidance: f32,
    deviation: f64,
    ssim: f64,
    mse: f64,
    consistent: bool,
    path: Vec<PathPoint>,
}

/// Runs the command.
///
/// # Errors
/// When the weights cannot be used, the networks fail, or a file cannot be written.
pub fn run(args: &SampleArgs) -> Result<()> {
    let noise = match args.toward.zip(args.fraction) {
        None => args.seed.into(),
        Some((other, fraction)) => Noise::between(args.seed, other, fraction)?,
    };
    let model = args.weights.load()?;
    let (label, sampler) = (args.family.into(), args.sampler.config()?);
    let request = Request { label, noise, sampler, path: args.path, preview: false };
    let started = Instant::now();
    let pair = pollster::block_on(model.generate(request, &CpuSimulator, &mut Unobserved))?;
    let seconds = started.elapsed().as_secs_f64();
    let reference = model.manifest.consistency;
    let verdict = Verdict {
        family: args.family,
        seed: args.seed,
        toward: args.toward,
        fraction: args.fraction,
        steps: args.sampler.steps,
        guidance: args.sampler.guidance,
        deviation: pair.comparison.deviation,
        ssim: pair.comparison.ssim,
        mse: pair.comparison.mse,
        consistent: reference.accepts(pair.comparison.deviation),
        path: pair.path.clone(),
    };
    if let Some(directory) = &args.out {
        write_arrays(&pair, directory).with_context(|| format!("cannot write into {}", directory.display()))?;
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&verdict)? + "\n";
        files::replace(path, json.as_bytes())?;
    }
    let mut text = format!(
        "deviation {:.3} (floor {:.3}, its 90th percentile {:.3}, ceiling {:.2}): {}\nwaveform SSIM {:.3}, {seconds:.1} s\n",
        verdict.deviation,
        reference.floor_median,
        reference.floor_p90,
        reference.ceiling_median,
        if verdict.consistent { "consistent" } else { "not consistent" },
        verdict.ssim,
    );
    for point in &verdict.path {
        text.push_str(&format!("step {:3}  deviation {:.3}\n", point.step, point.deviation));
    }
    super::print(&text)
}

fn write_arrays(pair: &Pair, directory: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let map = &pair.velocity;
    let [shots, samples, receivers] = pair.generated.shape();
    for (name, shape, values) in [
        ("velocity.npy", [1, 1, map.nz(), map.nx()], map.values()),
        ("generated.npy", [1, shots, samples, receivers], pair.generated.values()),
        ("simulated.npy", [1, shots, samples, receivers], pair.simulated.values()),
    ] {
        files::replace(&directory.join(name), &npy::to_bytes(&shape, values)?)?;
    }
    Ok(())
}
