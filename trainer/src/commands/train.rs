//! `wavediffusion train autoencoder|diffusion|classifier`

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use burn::prelude::Device;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wavediffusion::family::Family;
use wavediffusion::generate::PairModel;
use wavediffusion::model::{Denoiser, ModelConfig};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;

use crate::classifier::PairClassifier;
use crate::dataset::Dataset;
use crate::device::DeviceArg;
use crate::train::{
    AutoencoderConfig, ClassifierConfig, ClassifierObjective, DiffusionConfig, DiffusionObjective, EndlessMaps,
    HeldOut, LoopConfig, Parts, SeismicDecoderObjective, SeismicEncoderObjective, TrainingSet,
    VelocityDecoderObjective, VelocityHalf, VelocityObjective, has_checkpoint, latest, read_config, run,
};
use crate::{files, weights};

/// Train one of the two stages, or the classifier that judges them; a run that was stopped goes on where it was.
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(subcommand)]
    stage: Stage,
}

#[derive(Subcommand, Debug)]
enum Stage {
    /// The velocity autoencoder with the codebook, then its decoder alone, the seismic decoder and the seismic encoder on
    /// the same latent
    Autoencoder {
        #[command(flatten)]
        run: RunArgs,
        /// Directory of pairs: from `synth`, or OpenFWI's own
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Start from these exported weights instead of random ones
        #[arg(long, value_name = "DIR")]
        initial: Option<PathBuf>,
        /// Train this part alone; all but the first need a finished velocity half: the run's, or that of the exported
        /// weights
        #[arg(long, value_name = "PART")]
        only: Option<Part>,
    },
    /// The denoiser, on the autoencoders' latents of velocity maps made as they are needed
    Diffusion {
        #[command(flatten)]
        run: RunArgs,
        /// Directory of the autoencoders' run; without it, the latents are those of the exported weights
        #[arg(long, value_name = "DIR", required_unless_present = "initial")]
        autoencoder: Option<PathBuf>,
        /// Start from these exported weights instead of random ones
        #[arg(long, value_name = "DIR")]
        initial: Option<PathBuf>,
    },
    /// The family classifier that `evaluate` measures fidelity with
    Classifier {
        #[command(flatten)]
        run: RunArgs,
        /// Directory of pairs in folders that name their families: from `synth`, or OpenFWI's own
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// A part of the first stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The velocity autoencoder and the codebook
    Velocity,
    /// Latent to velocity, when encoder and codebook stay as they are
    VelocityDecoder,
    /// Latent to seismic
    SeismicDecoder,
    /// Seismic to latent
    SeismicEncoder,
}

impl Part {
    /// Its folder in a run's directory.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Velocity => "velocity",
            Self::VelocityDecoder => "velocity-decoder",
            Self::SeismicDecoder => "seismic-decoder",
            Self::SeismicEncoder => "seismic-encoder",
        }
    }

    /// Its loop, where the configuration has the part.
    pub fn run(self, config: &AutoencoderConfig) -> Option<&LoopConfig> {
        match self {
            Self::Velocity => Some(&config.velocity.run),
            Self::VelocityDecoder => config.velocity_decoder.as_ref().map(|decoder| &decoder.run),
            Self::SeismicDecoder => Some(&config.seismic_decoder.run),
            Self::SeismicEncoder => Some(&config.seismic_encoder.run),
        }
    }
}

#[derive(Args, Debug)]
struct RunArgs {
    /// Configuration
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// Directory of the run: checkpoints, metrics, pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where to compute
    #[arg(long, default_value = "cpu")]
    device: DeviceArg,
    /// Parts that a batch is split into, each on a thread of its own [default: one a core on the CPU, one elsewhere]
    #[arg(long)]
    replicas: Option<NonZeroUsize>,
}

/// Runs the command.
///
/// # Errors
/// When the configuration, the data or the run's directory cannot be used.
pub fn run_command(args: &TrainArgs) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    match &args.stage {
        Stage::Autoencoder { run, data, initial, only } => {
            train_autoencoder(run, data, initial.as_deref(), *only, &stop)
        }
        Stage::Diffusion { run, autoencoder, initial } => {
            train_diffusion(run, autoencoder.as_deref(), initial.as_deref(), &stop)
        }
        Stage::Classifier { run, data } => train_classifier(run, data, &stop),
    }
}

fn train_autoencoder(
    args: &RunArgs,
    data: &Path,
    start: Option<&Path>,
    only: Option<Part>,
    stop: &AtomicBool,
) -> Result<()> {
    let mut config: AutoencoderConfig = read_config(&args.config)?;
    let device = args.device.open()?;
    let start = initial(start, Some(&config.model), &device)?;
    let started = start.is_some();
    if started {
        // The weights bring a codebook that is worth keeping.
        config.velocity.unquantised_steps = 0;
    }
    keep_config(&config, &args.out, |old: &AutoencoderConfig| old.model == config.model)?;
    let device = device.autodiff();
    let (survey, normalisation) = (Survey::openfwi(), Normalisation::OPENFWI);
    let held_out = HeldOut::new(&survey, normalisation, config.model.seismic, config.held_out)?;
    // Found out now rather than after the first part.
    Dataset::open(data)?;
    device.seed(config.velocity.run.seed);
    let random = || Parts::random(&config.model, &device);
    let mut parts = start.map_or_else(random, |start| Parts::split(start.autoencoder));
    parts.velocity.quantised = config.velocity.quantised;
    let wanted = |part| only.is_none_or(|only| only == part);
    let folder = |part: Part| args.out.join(part.folder());

    let maps = EndlessMaps { normalisation, image: config.model.velocity };
    let mut velocity = if wanted(Part::Velocity) {
        let mut objective = VelocityObjective::new(&config.velocity, config.model.latent, maps, &held_out);
        let (model, run_config) = (trainable(parts.velocity, &device), &config.velocity.run);
        run(&mut objective, model, run_config, &folder(Part::Velocity), &device, replicas(args), stop)?
    } else if started && !has_checkpoint(&folder(Part::Velocity)) {
        parts.velocity.valid()
    } else {
        finished(&folder(Part::Velocity), parts.velocity.valid(), &config.velocity.run)?
    };
    if only == Some(Part::Velocity) {
        return Ok(());
    }
    match &config.velocity_decoder {
        Some(alone) if wanted(Part::VelocityDecoder) => {
            let mut objective = VelocityDecoderObjective::new(alone, maps, &held_out, &velocity);
            let model = trainable(velocity.decoder.clone(), &device);
            let folder = folder(Part::VelocityDecoder);
            velocity.decoder = run(&mut objective, model, &alone.run, &folder, &device, replicas(args), stop)?;
        }
        None if only == Some(Part::VelocityDecoder) => {
            bail!("{} has no section `velocity_decoder`", args.config.display())
        }
        _ if has_checkpoint(&folder(Part::VelocityDecoder)) => {
            velocity.decoder = latest(&folder(Part::VelocityDecoder), velocity.decoder)?.0;
        }
        _ => {}
    }
    if only == Some(Part::VelocityDecoder) {
        return Ok(());
    }
    let set = TrainingSet::load(data, &survey, &normalisation, config.model.velocity, config.model.seismic)?;
    if wanted(Part::SeismicDecoder) {
        let mut objective =
            SeismicDecoderObjective::new(&config.seismic_decoder, &set, normalisation, &held_out, &velocity);
        let (model, run_config) = (trainable(parts.seismic_decoder, &device), &config.seismic_decoder.run);
        run(&mut objective, model, run_config, &folder(Part::SeismicDecoder), &device, replicas(args), stop)?;
    }
    if wanted(Part::SeismicEncoder) {
        let mut objective = SeismicEncoderObjective::new(&config.seismic_encoder, &set, &held_out, &velocity);
        let (model, run_config) = (trainable(parts.seismic_encoder, &device), &config.seismic_encoder.run);
        run(&mut objective, model, run_config, &folder(Part::SeismicEncoder), &device, replicas(args), stop)?;
    }
    Ok(())
}

fn train_diffusion(args: &RunArgs, autoencoder: Option<&Path>, start: Option<&Path>, stop: &AtomicBool) -> Result<()> {
    let config: DiffusionConfig = read_config(&args.config)?;
    keep_config(&config, &args.out, |_: &DiffusionConfig| true)?;
    let device = args.device.open()?;
    let trained = autoencoder.map(|run| trained_velocity_half(run, &device)).transpose()?;
    let start = initial(start, trained.as_ref().map(|(sizes, _)| sizes), &device)?;
    let (sizes, velocity) = match (trained, &start) {
        (Some(trained), _) => trained,
        (None, Some(start)) => (start.manifest.model.clone(), Parts::split(start.autoencoder.clone()).velocity),
        (None, None) => bail!("there is nothing to take latents from: neither --autoencoder nor --initial"),
    };
    let device = device.autodiff();
    let maps = EndlessMaps { normalisation: Normalisation::OPENFWI, image: sizes.velocity };
    let mut objective = DiffusionObjective::new(&config, &sizes, maps, &velocity);
    device.seed(config.run.seed);
    let model = start.map_or_else(|| Denoiser::new(&sizes, &device), |start| start.denoiser);
    let model = objective.with_statistics(trainable(model, &device));
    run(&mut objective, model, &config.run, &args.out, &device, replicas(args), stop)?;
    Ok(())
}

fn train_classifier(args: &RunArgs, data: &Path, stop: &AtomicBool) -> Result<()> {
    let config: ClassifierConfig = read_config(&args.config)?;
    keep_config(&config, &args.out, |old: &ClassifierConfig| old.classifier == config.classifier)?;
    let sizes = config.classifier;
    let device = args.device.open()?.autodiff();
    let (survey, normalisation) = (Survey::openfwi(), Normalisation::OPENFWI);
    let set = TrainingSet::load(data, &survey, &normalisation, sizes.velocity, sizes.seismic)?;
    ensure!(
        set.is_labelled(),
        "{} holds pairs in a folder that names no family; the families are {:?}",
        data.display(),
        Family::ALL
    );
    let held_out = HeldOut::new(&survey, normalisation, sizes.seismic, config.held_out)?;
    let maps = EndlessMaps { normalisation, image: sizes.velocity };
    let mut objective = ClassifierObjective::new(&config, maps, &set, &held_out);
    device.seed(config.run.seed);
    let model = trainable(PairClassifier::new(&sizes, &device), &device);
    let trained = run(&mut objective, model, &config.run, &args.out, &device, replicas(args), stop)?;
    let file = args.out.join("classifier.safetensors");
    files::replace(&file, &trained.to_bytes()?)
}

/// The networks' sizes and the velocity half of a run.
fn trained_velocity_half(run: &Path, device: &Device) -> Result<(ModelConfig, VelocityHalf)> {
    let AutoencoderConfig { model, velocity, .. } = read_config(&run.join(CONFIG))?;
    let folder = run.join(Part::Velocity.folder());
    let velocity = finished(&folder, Parts::random(&model, device).velocity, &velocity.run)?;
    Ok((model, velocity))
}

/// What a run has made of `model`, which others build on.
///
/// # Errors
/// When it cannot be read, or has not taken all its steps.
fn finished<M: Module>(directory: &Path, model: M, config: &LoopConfig) -> Result<M> {
    let (model, progress) = latest(directory, model)?;
    ensure!(
        progress.step >= config.steps,
        "{} is at step {} of {}; what follows needs it finished",
        directory.display(),
        progress.step,
        config.steps
    );
    Ok(model)
}

/// The exported weights in `directory`, of networks of these sizes where they are known.
///
/// # Errors
/// When they cannot be read, or are of other networks.
pub fn initial(directory: Option<&Path>, sizes: Option<&ModelConfig>, device: &Device) -> Result<Option<PairModel>> {
    let Some(directory) = directory else { return Ok(None) };
    let model = weights::load(directory, device)?;
    ensure!(
        sizes.is_none_or(|sizes| *sizes == model.manifest.model),
        "cannot start from the weights in {}: they are of other networks than the configuration's",
        directory.display()
    );
    Ok(Some(model))
}

/// The model as the optimiser needs it.
fn trainable<M: Module>(model: M, device: &Device) -> M {
    model.set_require_grad(true).train().fork(device)
}

/// Copy of the configuration in a run's directory.
pub const CONFIG: &str = "config.toml";

/// Writes the configuration into the run's directory, unless a run of other networks is there.
fn keep_config<C: Serialize + DeserializeOwned>(config: &C, out: &Path, same: impl Fn(&C) -> bool) -> Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let path = out.join(CONFIG);
    if let Ok(text) = std::fs::read_to_string(&path) {
        let old = toml::from_str(&text).with_context(|| format!("{} is no configuration", path.display()))?;
        ensure!(same(&old), "{} holds a run of other networks; choose another --out", out.display());
    }
    files::replace(&path, toml::to_string_pretty(config)?.as_bytes())
}

fn replicas(args: &RunArgs) -> usize {
    args.replicas.map_or_else(|| args.device.replicas(), NonZeroUsize::get)
}
