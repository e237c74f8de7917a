//! `wavediffusion export`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use burn::module::Module;
use burn::prelude::*;
use clap::Args;
use serde::de::DeserializeOwned;
use wavediffusion::family::Family;
use wavediffusion::generate::PairModel;
use wavediffusion::manifest::{
    AUTOENCODER, ConsistencyReference, DENOISER, FORMAT, FileEntry, Manifest, Provenance, TrainingRecord,
};
use wavediffusion::model::{Autoencoder, Denoiser, ModelConfig, collect_weights, load_weights, write_weights};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;

use super::evaluate::SamplerArgs;
use super::example::{EXAMPLE, example, write};
use super::train::{CONFIG, Part, initial};
use crate::average::AverageArgs;
use crate::device::DeviceArg;
use crate::evaluate::{Plan, PrecisionChange, evaluate};
use crate::synth::HELD_OUT_SEEDS;
use crate::train::{
    AutoencoderConfig, Checked, DiffusionConfig, LoopConfig, Parts, Progress, SeismicCodebook, has_checkpoint, latest,
    read_config,
};

/// Name of the weights' file.
const WEIGHTS: &str = "weights.safetensors";

/// Write the weights of two training runs, their manifest with measured figures, and an example pair
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Directory of the autoencoders' run
    #[arg(long, value_name = "DIR", required_unless_present = "initial")]
    autoencoder: Option<PathBuf>,
    /// Directory of the denoiser's run
    #[arg(long, value_name = "DIR", required_unless_present = "initial")]
    denoiser: Option<PathBuf>,
    /// Exported weights that the runs started from; what has not been trained since is taken from them
    #[arg(long, value_name = "DIR")]
    initial: Option<PathBuf>,
    /// Directory to write
    #[arg(long, value_name = "DIR", default_value = "www/public/weights")]
    out: PathBuf,
    /// Samples of the evaluation that the manifest keeps
    #[arg(long, default_value_t = 200)]
    samples: usize,
    /// Generated pairs of it whose deviation is measured after every denoising step
    #[arg(long, default_value_t = 50)]
    paths: usize,
    /// Samples on which the weights are measured in single precision too, for what half precision changes
    #[arg(long, default_value_t = 0)]
    precision_samples: usize,
    /// Family of the example pair
    #[arg(long, default_value = "CurveVel-A")]
    example_family: Family,
    /// Seed of the example pair
    #[arg(long, default_value_t = 7)]
    example_seed: u64,
    #[command(flatten)]
    average: AverageArgs,
    #[command(flatten)]
    sampler: SamplerArgs,
}

/// Runs the command.
///
/// # Errors
/// When a run cannot be read, the networks fail, or a file cannot be written.
pub fn run(args: &ExportArgs) -> Result<()> {
    let device = DeviceArg::Cpu.open()?;
    let (mut autoencoder, mut denoiser, model, mut provenance) = trained(args, &device)?;
    let mut tensors = collect_weights(&autoencoder, AUTOENCODER)?;
    tensors.extend(collect_weights(&denoiser, DENOISER)?);
    if args.average.apply(&mut tensors, &model, &mut provenance)? {
        autoencoder = load_weights(autoencoder, AUTOENCODER, &tensors)?;
        denoiser = load_weights(denoiser, DENOISER, &tensors)?;
    }
    let bytes = write_weights(&tensors)?;

    let manifest = Manifest {
        format: FORMAT,
        weights: FileEntry::new(WEIGHTS, &bytes),
        example: None,
        families: Family::ALL.to_vec(),
        consistency: ConsistencyReference { floor_median: 0.0, floor_p90: 0.0, ceiling_median: 0.0 },
        model,
        normalisation: Normalisation::OPENFWI,
        survey: Survey::openfwi(),
        provenance,
        metrics: serde_json::Value::Null,
    };
    // What is measured are the weights as others will load them, in half precision.
    let mut model = PairModel::load(manifest, &bytes, &device)?;
    let sampler = args.sampler.config()?;
    let (samples, paths, families) = (args.samples, args.paths, Family::ALL.to_vec());
    let plan = Plan { samples, families, paths, refinement: None, seed: HELD_OUT_SEEDS, sampler };
    let report = evaluate(&model, &plan, None, None)?;
    let deviation = &report.overall.deviation;
    model.manifest.consistency = ConsistencyReference {
        floor_median: deviation.floor_median,
        floor_p90: deviation.floor_p90,
        ceiling_median: deviation.ceiling_median,
    };
    // By way of its text, in which 1.8 is 1.8 and not the nearest number in single precision.
    model.manifest.metrics = serde_json::from_str(&serde_json::to_string(&report)?)?;
    let precision = match args.precision_samples {
        0 => None,
        samples => {
            let single = PairModel { autoencoder, denoiser, ..model.clone() };
            let plan = Plan { samples, paths: 0, ..plan };
            let [single, half] = [&single, &model].map(|model| evaluate(model, &plan, None, None));
            Some(PrecisionChange::new(&single?, &half?))
        }
    };
    if let Some(change) = &precision {
        model.manifest.metrics["half_precision"] = serde_json::to_value(change)?;
    }

    let (example, pair) = example(&model, args.example_family, args.example_seed, args.sampler)?;
    model.manifest.example = Some(example);
    write(&args.out, &[(WEIGHTS, &bytes), (EXAMPLE, &pair)], &model.manifest)?;
    super::print(&format!(
        "{}{}\n{:.1} MB of weights in {}\n",
        report.markdown(),
        precision.map_or_else(String::new, |change| format!("\n{}", change.markdown())),
        bytes.len() as f64 / 1e6,
        args.out.display()
    ))
}

/// The networks as their runs have left them, or as they were exported, and how they were trained.
fn trained(args: &ExportArgs, device: &Device) -> Result<(Autoencoder, Denoiser, ModelConfig, Provenance)> {
    let stage: Option<(&Path, AutoencoderConfig)> = with_config(args.autoencoder.as_deref())?;
    let diffusion: Option<(&Path, DiffusionConfig)> = with_config(args.denoiser.as_deref())?;
    if let Some((run, _)) = stage.as_ref().filter(|(_, config)| !config.velocity.quantised) {
        bail!("{} holds a run without quantisation; what is exported reads codes", run.display());
    }
    if let Some((run, _)) =
        stage.as_ref().filter(|(_, config)| config.seismic_decoder.codebook != SeismicCodebook::Shared)
    {
        bail!("{} holds a seismic decoder with a codebook of its own; what is exported shares one", run.display());
    }
    let start = initial(args.initial.as_deref(), stage.as_ref().map(|(_, config)| &config.model), device)?;
    let sizes = match (&stage, &start) {
        (Some((_, config)), _) => config.model.clone(),
        (None, Some(start)) => start.manifest.model.clone(),
        (None, None) => bail!("there is nothing to export: neither --autoencoder nor --initial"),
    };
    let exported = start.is_some();
    let (parts, denoiser, mut provenance) = match start {
        Some(start) => (Parts::split(start.autoencoder), start.denoiser, start.manifest.provenance),
        None => (Parts::random(&sizes, device), Denoiser::new(&sizes, device), Provenance::default()),
    };
    env!("CARGO_PKG_VERSION").clone_into(&mut provenance.code_version);
    let run = |part: Part| {
        let (run, config) = stage.as_ref()?;
        Some((run.join(part.folder()), part.run(config)?))
    };
    let records = &mut provenance;
    let mut velocity = trained_part(run(Part::Velocity), parts.velocity, &mut records.velocity, exported)?;
    // The decoder's own run is older than what a new velocity half has left behind.
    if stage.as_ref().is_some_and(|(run, _)| has_checkpoint(&run.join(Part::Velocity.folder()))) {
        records.velocity_decoder = TrainingRecord::default();
    }
    velocity.decoder =
        trained_part(run(Part::VelocityDecoder), velocity.decoder, &mut records.velocity_decoder, exported)?;
    let [decoder, encoder] = [Part::SeismicDecoder, Part::SeismicEncoder].map(run);
    let parts = Parts {
        velocity,
        seismic_decoder: trained_part(decoder, parts.seismic_decoder, &mut records.seismic_decoder, exported)?,
        seismic_encoder: trained_part(encoder, parts.seismic_encoder, &mut records.seismic_encoder, exported)?,
    };
    let run = diffusion.as_ref().map(|(run, config)| (run.to_path_buf(), &config.run));
    let denoiser = trained_part(run, denoiser, &mut provenance.denoiser, false)?;
    Ok((parts.join(), denoiser, sizes, provenance))
}

/// A run's directory with its configuration.
fn with_config<C: DeserializeOwned + Checked>(run: Option<&Path>) -> Result<Option<(&Path, C)>> {
    run.map(|run| Ok((run, read_config(&run.join(CONFIG))?))).transpose()
}

/// What a run has made of `model`, with the `record` of it; the model as it is where there is no run, or where the run
/// has nothing of it and need not, since it was `exported` before.
fn trained_part<M: Module>(
    run: Option<(PathBuf, &LoopConfig)>,
    model: M,
    record: &mut TrainingRecord,
    exported: bool,
) -> Result<M> {
    let Some((run, config)) = run.filter(|(run, _)| !exported || has_checkpoint(run)) else { return Ok(model) };
    let (model, Progress { step, samples, seconds }) = latest(&run, model)?;
    *record = TrainingRecord { seed: config.seed, steps: step, samples, seconds, averaged: None };
    Ok(model)
}
