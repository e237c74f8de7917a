//! `wavediffusion invert`

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressIterator};
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::generate::CpuSimulator;
use wavediffusion::invert::{InversionConfig, InversionObserver, InvertedMap, MapOrigin, outcome};
use wavediffusion::npy::{NpyArray, NpyWriter};

use crate::evaluate::median;
use crate::files;
use crate::progress::progress_bar;
use crate::weights::WeightsArgs;

/// Invert shot gathers to velocity maps
#[derive(Args, Debug)]
pub struct InvertArgs {
    #[command(flatten)]
    weights: WeightsArgs,
    /// Gathers of OpenFWI's survey, a .npy of shape (5, 1000, 70) or (N, 5, 1000, 70)
    #[arg(long, value_name = "FILE")]
    seismic: PathBuf,
    /// Velocity maps in m/s to write, a .npy of shape (N, samples, nz, nx)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Maps for each set of gathers: the first decodes their latent as it is; each other sends it part of the way to noise
    /// and back, and shows where the gathers leave the map open
    #[arg(long, default_value_t = 1)]
    samples: usize,
    /// How far towards noise, 0 to 1
    #[arg(long, default_value_t = 0.4)]
    spread: f32,
    /// Rounds that first refine the map by the wave equation: each moves its latent twenty steps down the gradient of what the
    /// gathers leave unexplained, seconds of a processor; fewer where they are explained. After twelve they begin anew with
    /// other noise, and the map that explains most is kept
    #[arg(long, default_value_t = 0, value_name = "ROUNDS")]
    refine: usize,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Denoising steps from pure noise; a map takes its share of them
    #[arg(long, default_value_t = SamplerConfig::default().steps())]
    steps: usize,
}

/// Runs the command.
///
/// # Errors
/// When the gathers are not of the model's survey, the weights cannot be used, or the output cannot be written.
pub fn run(args: &InvertArgs) -> Result<()> {
    // The samples are of no family, and guidance leads towards one.
    let sampler = SamplerConfig::new(args.steps, 1.0)?;
    let config = InversionConfig::new(args.samples, args.spread, args.seed, sampler)?.refined(args.refine)?;
    files::check_outputs([&args.out])?;
    let name = args.seismic.display();
    let gathers = NpyArray::read(&args.seismic)
        .and_then(|array| array.gathers())
        .with_context(|| format!("cannot read gathers from {name}"))?;
    let model = args.weights.load()?;
    let expected = model.manifest.survey.shape();
    for (index, set) in gathers.iter().enumerate() {
        let found = set.shape();
        ensure!(found == expected, "gathers {index} of {name} have shape {found:?}; the weights invert {expected:?}");
    }
    let (nz, nx) = (model.manifest.model.velocity.rows, model.manifest.model.velocity.columns);
    let failed = || format!("cannot write {}", args.out.display());
    let mut out = NpyWriter::create(&args.out, &[gathers.len(), args.samples, nz, nx]).with_context(failed)?;
    let mut misfits = Vec::new();
    let bar = progress_bar("inverting gathers", gathers.len());
    for set in gathers.iter().progress_with(bar.clone()) {
        let maps = pollster::block_on(model.invert(set, config, &CpuSimulator, &mut Rounds(&bar)))?;
        for map in outcome(&maps) {
            misfits.push(map.misfit);
            out.write(map.velocity.values()).with_context(failed)?;
        }
    }
    out.finish().with_context(failed)?;
    super::print(&format!(
        "{} maps of {} sets of gathers; simulated again they differ from the gathers by {:.3} (median, relative L2)\n",
        misfits.len(),
        gathers.len(),
        median(&misfits)
    ))
}

/// Tells how far the refinement of the set at hand is.
struct Rounds<'a>(&'a ProgressBar);

impl InversionObserver for Rounds<'_> {
    async fn map(&mut self, _: usize, map: &InvertedMap) -> ControlFlow<()> {
        match map.origin {
            MapOrigin::Refined(round) => self.0.set_message(format!("round {round}, misfit {:.3}", map.misfit)),
            MapOrigin::Encoded | MapOrigin::Sampled => self.0.set_message(""),
        }
        ControlFlow::Continue(())
    }

    async fn stepped(&mut self, _: usize, _: usize) -> ControlFlow<()> {
        self.0.tick();
        ControlFlow::Continue(())
    }
}
