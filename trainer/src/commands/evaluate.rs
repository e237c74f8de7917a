//! `wavediffusion evaluate`

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::invert::InversionConfig;

use super::families::FamiliesArg;
use crate::dataset::Dataset;
use crate::evaluate::{Plan, evaluate, unseen_pairs};
use crate::figure::{save_paths, save_unseen};
use crate::files;
use crate::synth::HELD_OUT_SEEDS;
use crate::weights::WeightsArgs;

/// Measure the weights: deviation of generated pairs with floor and ceiling, fidelity, reconstruction, inversion
#[derive(Args, Debug)]
pub struct EvaluateArgs {
    #[command(flatten)]
    weights: WeightsArgs,
    /// Generated pairs, and held-out pairs, over the families, which take turns
    #[arg(long, default_value_t = 200)]
    samples: usize,
    #[command(flatten)]
    families: FamiliesArg,
    /// Generated pairs whose deviation is measured after every denoising step
    #[arg(long, default_value_t = 50)]
    paths: usize,
    /// Rounds of refinement by the wave equation after each inversion, see `invert --refine`; a round takes some seconds
    /// of a processor
    #[arg(long, default_value_t = 0, value_name = "ROUNDS")]
    refine: usize,
    /// Seed of the noise and of the held-out maps; one that training never uses
    #[arg(long, default_value_t = HELD_OUT_SEEDS)]
    seed: u64,
    #[command(flatten)]
    sampler: SamplerArgs,
    /// True pairs to measure on instead of synthetic ones: OpenFWI's own, say
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep what is measured in FILE, pair by pair; the same command goes on from there if it was stopped
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Draw the deviation along the denoising path of each family as a PNG
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// Draw the pairs that no family made, and what the networks make of them, as a PNG
    #[arg(long, value_name = "FILE")]
    unseen_figure: Option<PathBuf>,
}

/// How samples are drawn.
#[derive(Args, Clone, Copy, Debug)]
pub struct SamplerArgs {
    /// Denoising steps
    #[arg(long, default_value_t = SamplerArgs::default().steps)]
    pub steps: usize,
    /// Strength of the guidance towards the family; 1 is none
    #[arg(long, default_value_t = SamplerArgs::default().guidance)]
    pub guidance: f32,
}

impl Default for SamplerArgs {
    fn default() -> Self {
        let usual = SamplerConfig::default();
        Self { steps: usual.steps(), guidance: usual.guidance() }
    }
}

impl SamplerArgs {
    /// The sampler's settings.
    ///
    /// # Errors
    /// When they are out of range.
    pub fn config(self) -> Result<SamplerConfig> {
        Ok(SamplerConfig::new(self.steps, self.guidance)?)
    }
}

/// Runs the command.
///
/// # Errors
/// When the weights or the data cannot be used, or a report cannot be written.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    check_seed(args.seed)?;
    let sampler = args.sampler.config()?;
    let refined = InversionConfig::new(1, 1.0, args.seed, sampler)?.refined(args.refine)?;
    let refinement = (args.refine > 0).then_some(refined);
    let families = args.families.list().to_vec();
    let plan = Plan { samples: args.samples, families, paths: args.paths, refinement, seed: args.seed, sampler };
    ensure!(
        args.figure.is_none() || args.paths > 0,
        "`--figure` draws paths, and `--paths` is 0; it must be at least 1"
    );
    let outputs = [&args.json, &args.markdown, &args.figure, &args.unseen_figure, &args.keep];
    files::check_outputs(outputs.into_iter().flatten())?;
    let data = args.data.as_deref().map(Dataset::open).transpose()?;
    let model = args.weights.load()?;
    let report = evaluate(&model, &plan, data.as_ref(), args.keep.as_deref())?;
    let markdown = report.markdown();
    super::print(&markdown)?;
    write(args.json.as_deref(), &(serde_json::to_string_pretty(&report)? + "\n"))?;
    write(args.markdown.as_deref(), &markdown)?;
    if let Some(path) = &args.figure {
        save_paths(&report, path)?;
    }
    if let Some(path) = &args.unseen_figure {
        save_unseen(&unseen_pairs(&model)?, &model.manifest.normalisation, path)?;
    }
    Ok(())
}

/// Refuses a seed whose maps may have been trained on.
pub(super) fn check_seed(seed: u64) -> Result<()> {
    ensure!(
        seed >= HELD_OUT_SEEDS,
        "seed {seed} may have been trained on; seeds from {HELD_OUT_SEEDS} on are held out"
    );
    Ok(())
}

/// Writes a report where one is asked for.
pub(super) fn write(path: Option<&Path>, text: &str) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    files::replace(path, text.as_bytes())
}
