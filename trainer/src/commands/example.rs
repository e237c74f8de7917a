//! `wavediffusion example`

use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::generate::{CpuSimulator, Pair, PairModel, Request, Unobserved};
use wavediffusion::manifest::{ExamplePair, FileEntry, Manifest};

use super::evaluate::SamplerArgs;
use crate::files;
use crate::weights::{MANIFEST, WeightsArgs};

/// Name of the example pair's file.
pub const EXAMPLE: &str = "example.bin";

/// One in so many samples of the example pair's gathers is kept: 4 ms is enough for a picture.
const STRIDE: usize = 4;

/// Choose another example pair, which the page shows before its engine is there
#[derive(Args, Debug)]
pub struct ExampleArgs {
    #[command(flatten)]
    weights: WeightsArgs,
    /// Family of the pair
    #[arg(long)]
    family: Family,
    /// Seed of the pair
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    sampler: SamplerArgs,
}

/// Runs the command.
///
/// # Errors
/// When the weights cannot be used or a file cannot be written.
pub fn run(args: &ExampleArgs) -> Result<()> {
    let mut model = args.weights.load()?;
    let (entry, bytes) = example(&model, args.family, args.seed, args.sampler)?;
    super::print(&format!("deviation {:.3}, waveform SSIM {:.3}\n", entry.deviation, entry.ssim))?;
    model.manifest.example = Some(entry);
    write(&args.weights.weights, &[(EXAMPLE, &bytes)], &model.manifest)
}

/// A generated pair beside the weights: its manifest entry and its file.
///
/// # Errors
/// When the settings are out of range or the networks fail.
pub fn example(model: &PairModel, family: Family, seed: u64, sampler: SamplerArgs) -> Result<(ExamplePair, Vec<u8>)> {
    let (label, noise) = (Some(family).into(), seed.into());
    let request = Request { label, noise, sampler: sampler.config()?, path: true, preview: false };
    let pair = pollster::block_on(model.generate(request, &CpuSimulator, &mut Unobserved))?;
    let bytes = to_bytes(&pair);
    let config = model.manifest.survey.config();
    let entry = ExamplePair {
        entry: FileEntry::new(EXAMPLE, &bytes),
        family: Some(family),
        seed,
        steps: sampler.steps,
        guidance: sampler.guidance,
        samples: config.samples.div_ceil(STRIDE),
        dt: config.dt * STRIDE as f64,
        deviation: pair.comparison.deviation,
        ssim: pair.comparison.ssim,
        mse: pair.comparison.mse,
        consistent: model.manifest.consistency.accepts(pair.comparison.deviation),
        path: pair.path,
    };
    Ok((entry, bytes))
}

/// Writes files and the manifest, which comes last: it names the others by their checksums.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path, contents: &[(&str, &[u8])], manifest: &Manifest) -> Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let manifest = serde_json::to_string_pretty(manifest)? + "\n";
    Manifest::parse(&manifest).context("the manifest would not be readable; nothing was written")?;
    for (name, bytes) in contents.iter().copied().chain([(MANIFEST, manifest.as_bytes())]) {
        let path = directory.join(name);
        files::replace(&path, bytes)?;
    }
    Ok(())
}

/// Little-endian f32 of the velocity map, the generated and the simulated gathers, every fourth sample of them.
fn to_bytes(pair: &Pair) -> Vec<u8> {
    let coarse = |gathers: &Gathers| -> Vec<f32> {
        let row = gathers.receivers();
        (0..gathers.shots())
            .flat_map(|shot| gathers.shot(shot).chunks_exact(row).step_by(STRIDE).flatten().copied())
            .collect()
    };
    let gathers = [coarse(&pair.generated), coarse(&pair.simulated)].concat();
    pair.velocity.values().iter().chain(&gathers).flat_map(|v| v.to_le_bytes()).collect()
}
