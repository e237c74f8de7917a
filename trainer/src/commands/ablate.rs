//! `wavediffusion ablate`

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use wavediffusion::diffusion::SamplerConfig;

use super::evaluate::{SamplerArgs, check_seed, write};
use crate::ablation::{Coding, ablate};
use crate::files;
use crate::synth::HELD_OUT_SEEDS;
use crate::weights::WeightsArgs;

/// Measure what each part of the design does: steps, guidance, one latent and one codebook for both halves, quantisation
#[derive(Args, Debug)]
pub struct AblateArgs {
    #[command(flatten)]
    weights: WeightsArgs,
    /// Generated pairs of each variant, and held-out pairs
    #[arg(long, default_value_t = 100)]
    samples: usize,
    /// Seed of the noise and of the held-out maps; one that training never uses
    #[arg(long, default_value_t = HELD_OUT_SEEDS)]
    seed: u64,
    /// Numbers of denoising steps to compare
    #[arg(long, value_delimiter = ',', default_values_t = [5usize, 10, 20, 50])]
    steps: Vec<usize>,
    /// Strengths of guidance to compare
    #[arg(long, value_delimiter = ',', default_values_t = [1.0f32, 1.5, 2.0, 4.0])]
    guidance: Vec<f32>,
    /// Write the outcomes as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When a setting is out of range, the weights cannot be used or a report cannot be written.
pub fn run(args: &AblateArgs) -> Result<()> {
    ensure!(args.samples > 1, "`--samples` is {}; it must be at least 2", args.samples);
    check_seed(args.seed)?;
    files::check_outputs([&args.json, &args.markdown].into_iter().flatten())?;
    let variants = variants(&args.steps, &args.guidance, SamplerArgs::default())?;
    let outcome = ablate(&args.weights.load()?, &variants, args.samples, args.seed)?;
    let markdown = outcome.markdown();
    super::print(&markdown)?;
    write(args.json.as_deref(), &(serde_json::to_string_pretty(&outcome)? + "\n"))?;
    write(args.markdown.as_deref(), &markdown)
}

/// The design with each number of steps and each guidance, and each other coding at its usual ones.
fn variants(steps: &[usize], guidance: &[f32], usual: SamplerArgs) -> Result<Vec<(SamplerConfig, Coding)>> {
    let sampler = |steps, guidance| Ok((SamplerConfig::new(steps, guidance)?, Coding::Shared));
    let mut variants = steps.iter().map(|&steps| sampler(steps, usual.guidance)).collect::<Result<Vec<_>>>()?;
    for &guidance in guidance {
        let variant = sampler(usual.steps, guidance)?;
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    let usual = usual.config()?;
    variants.extend([Coding::Unquantised, Coding::TwoCodebooks, Coding::Separate].map(|coding| (usual, coding)));
    Ok(variants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variant_is_measured_twice() {
        let found = variants(&[5, 20], &[1.0, 1.8], SamplerArgs::default()).unwrap();
        let shared: Vec<(usize, f32)> = found
            .iter()
            .filter(|(_, coding)| *coding == Coding::Shared)
            .map(|(sampler, _)| (sampler.steps(), sampler.guidance()))
            .collect();
        assert_eq!(shared, [(5, 1.8), (20, 1.8), (20, 1.0)]);
        assert_eq!(found.len(), 6);
        assert!(variants(&[0], &[], SamplerArgs::default()).is_err());
    }
}
