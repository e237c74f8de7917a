//! `wavediffusion export`

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use wavediffusion::family::Family;
use wavediffusion::generate::PairModel;
use wavediffusion::manifest::{
    AUTOENCODER, ConsistencyReference, DENOISER, FORMAT, FileEntry, Manifest, Provenance, TrainingRecord,
};
use wavediffusion::model::{Denoiser, collect_weights, write_weights};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;

use super::evaluate::SamplerArgs;
use super::example::{EXAMPLE, example, write};
use super::train::{CONFIG, Part};
use crate::device::DeviceArg;
use crate::evaluate::{Plan, PrecisionChange, evaluate};
use crate::synth::HELD_OUT_SEEDS;
use crate::train::{AutoencoderConfig, DiffusionConfig, LoopConfig, Parts, Progress, latest, read_config};

/// Write the weights of two training runs, their manifest with measured figures, and an example pair
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Directory of the autoencoders' run
    #[arg(long, value_name = "DIR")]
    autoencoder: PathBuf,
    /// Directory of the denoiser's run
    #[arg(long, value_name = "DIR")]
    denoiser: PathBuf,
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
    #[arg(long, default_value = "CurveFault-A")]
    example_family: Family,
    /// Seed of the example pair
    #[arg(long, default_value_t = 1)]
    example_seed: u64,
    #[command(flatten)]
    sampler: SamplerArgs,
}

/// Runs the command.
///
/// # Errors
/// When a run cannot be read, the networks fail, or a file cannot be written.
pub fn run(args: &ExportArgs) -> Result<()> {
    let device = DeviceArg::Cpu.open()?;
    let stage: AutoencoderConfig = read_config(&args.autoencoder.join(CONFIG))?;
    ensure!(
        stage.velocity.quantised,
        "{} holds a run without quantisation; what is exported reads codes",
        args.autoencoder.display()
    );
    let diffusion: DiffusionConfig = read_config(&args.denoiser.join(CONFIG))?;
    let Parts { velocity, seismic_decoder, seismic_encoder } = Parts::random(&stage.model, &device);
    let folder = |part: Part| args.autoencoder.join(part.folder());
    let (velocity, velocity_progress) = latest(&folder(Part::Velocity), velocity)?;
    let (seismic_decoder, decoder_progress) = latest(&folder(Part::SeismicDecoder), seismic_decoder)?;
    let (seismic_encoder, encoder_progress) = latest(&folder(Part::SeismicEncoder), seismic_encoder)?;
    let (denoiser, denoiser_progress) = latest(&args.denoiser, Denoiser::new(&stage.model, &device))?;
    let autoencoder = Parts { velocity, seismic_decoder, seismic_encoder }.join();
    let mut tensors = collect_weights(&autoencoder, AUTOENCODER)?;
    tensors.extend(collect_weights(&denoiser, DENOISER)?);
    let weights = write_weights(&tensors)?;

    let manifest = Manifest {
        format: FORMAT,
        weights: FileEntry::new("weights.safetensors", &weights),
        example: None,
        families: Family::ALL.to_vec(),
        consistency: ConsistencyReference { floor_median: 0.0, floor_p90: 0.0, ceiling_median: 0.0 },
        model: stage.model,
        normalisation: Normalisation::OPENFWI,
        survey: Survey::openfwi(),
        provenance: Provenance {
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            velocity: record(&stage.velocity.run, velocity_progress),
            seismic_decoder: record(&stage.seismic_decoder.run, decoder_progress),
            seismic_encoder: record(&stage.seismic_encoder.run, encoder_progress),
            denoiser: record(&diffusion.run, denoiser_progress),
        },
        metrics: serde_json::Value::Null,
    };
    // What is measured are the weights as others will load them, in half precision.
    let mut model = PairModel::load(manifest, &weights, &device)?;
    let sampler = args.sampler.config()?;
    let plan = Plan { samples: args.samples, paths: args.paths, seed: HELD_OUT_SEEDS, sampler };
    let report = evaluate(&model, plan, None)?;
    let deviation = &report.overall.deviation;
    model.manifest.consistency = ConsistencyReference {
        floor_median: deviation.floor_median,
        floor_p90: deviation.floor_p90,
        ceiling_median: deviation.ceiling_median,
    };
    model.manifest.metrics = serde_json::to_value(&report)?;
    let precision = match args.precision_samples {
        0 => None,
        samples => {
            let single = PairModel { autoencoder, denoiser, ..model.clone() };
            let plan = Plan { samples, paths: 0, ..plan };
            let [single, half] = [&single, &model].map(|model| evaluate(model, plan, None));
            Some(PrecisionChange::new(&single?, &half?))
        }
    };
    if let Some(change) = &precision {
        model.manifest.metrics["half_precision"] = serde_json::to_value(change)?;
    }

    let (example, pair) = example(&model, args.example_family, args.example_seed, args.sampler)?;
    model.manifest.example = Some(example);
    write(&args.out, &[("weights.safetensors", &weights), (EXAMPLE, &pair)], &model.manifest)?;
    super::print(&format!(
        "{}{}\n{:.1} MB of weights in {}\n",
        report.markdown(),
        precision.map_or_else(String::new, |change| format!("\n{}", change.markdown())),
        weights.len() as f64 / 1e6,
        args.out.display()
    ))
}

fn record(config: &LoopConfig, progress: Progress) -> TrainingRecord {
    TrainingRecord { seed: config.seed, steps: progress.step, samples: progress.samples, seconds: progress.seconds }
}
