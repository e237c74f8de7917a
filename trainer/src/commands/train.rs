//! `wavediffusion train autoencoder|diffusion`

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::prelude::Device;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wavediffusion::manifest::{AUTOENCODER, DENOISER};
use wavediffusion::model::{Autoencoder, Denoiser, ModelConfig, load_weights, read_weights};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;

use crate::dataset::Dataset;
use crate::device::DeviceArg;
use crate::train::{
    AutoencoderConfig, DiffusionConfig, DiffusionObjective, EndlessMaps, HeldOut, SeismicObjective, TrainingSet,
    VelocityObjective, latest, random_halves, read_config, run, split,
};
use crate::{files, weights};

/// Train one of the two stages; a run that was stopped goes on where it was.
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(subcommand)]
    stage: Stage,
}

#[derive(Subcommand, Debug)]
enum Stage {
    /// The velocity autoencoder with the codebook, then the seismic autoencoder on the same latent
    Autoencoder {
        #[command(flatten)]
        run: RunArgs,
        /// Directory of pairs: from `synth`, or OpenFWI's own
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// The denoiser, on the autoencoders' latents of velocity maps made as they are needed
    Diffusion {
        #[command(flatten)]
        run: RunArgs,
        /// Directory of the autoencoders' run
        #[arg(long, value_name = "DIR")]
        autoencoder: PathBuf,
    },
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
    /// Start from these exported weights instead of random ones
    #[arg(long, value_name = "DIR")]
    initial: Option<PathBuf>,
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
        Stage::Autoencoder { run, data } => train_autoencoder(run, data, &stop),
        Stage::Diffusion { run, autoencoder } => train_diffusion(run, autoencoder, &stop),
    }
}

fn train_autoencoder(args: &RunArgs, data: &Path, stop: &AtomicBool) -> Result<()> {
    let mut config: AutoencoderConfig = read_config(&args.config)?;
    if args.initial.is_some() {
        // The weights bring a codebook that is worth keeping.
        config.velocity.unquantised_steps = 0;
    }
    keep_config(&config, &args.out, |old: &AutoencoderConfig| old.model == config.model)?;
    let device = args.device.open()?.autodiff();
    let (survey, normalisation) = (Survey::openfwi(), Normalisation::OPENFWI);
    let held_out = HeldOut::new(&survey, normalisation, &config.model, config.held_out)?;
    // Found out now rather than after the first half.
    Dataset::open(data)?;
    device.seed(config.velocity.run.seed);
    let (velocity, seismic) = match &args.initial {
        None => random_halves(&config.model, &device),
        Some(directory) => {
            split(initial(Autoencoder::new(&config.model, &device), AUTOENCODER, &config.model, directory)?)
        }
    };

    let maps = EndlessMaps { normalisation, image: config.model.velocity };
    let mut objective = VelocityObjective::new(&config.velocity, config.model.latent, maps, &held_out);
    let out = args.out.join(VELOCITY);
    let velocity =
        run(&mut objective, trainable(velocity, &device), &config.velocity.run, &out, &device, replicas(args), stop)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(());
    }
    let set = TrainingSet::load(data, &survey, &normalisation, &config.model)?;
    let mut objective = SeismicObjective::new(&config.seismic, &set, &held_out, &velocity);
    let out = args.out.join(SEISMIC);
    run(&mut objective, trainable(seismic, &device), &config.seismic.run, &out, &device, replicas(args), stop)?;
    Ok(())
}

fn train_diffusion(args: &RunArgs, autoencoder: &Path, stop: &AtomicBool) -> Result<()> {
    let config: DiffusionConfig = read_config(&args.config)?;
    keep_config(&config, &args.out, |_: &DiffusionConfig| true)?;
    let sizes = read_config::<AutoencoderConfig>(&autoencoder.join(CONFIG))?.model;
    let device = args.device.open()?;
    let (velocity, _) = latest(&autoencoder.join(VELOCITY), random_halves(&sizes, &device).0)?;
    let device = device.autodiff();
    let maps = EndlessMaps { normalisation: Normalisation::OPENFWI, image: sizes.velocity };
    let mut objective = DiffusionObjective::new(&config, &sizes, maps, &velocity);
    device.seed(config.run.seed);
    let mut model = Denoiser::new(&sizes, &device);
    if let Some(directory) = &args.initial {
        model = initial(model, DENOISER, &sizes, directory)?;
    }
    let model = objective.with_statistics(trainable(model, &device));
    run(&mut objective, model, &config.run, &args.out, &device, replicas(args), stop)?;
    Ok(())
}

/// The model with the exported weights in `directory`.
fn initial<M: Module>(model: M, prefix: &str, sizes: &ModelConfig, directory: &Path) -> Result<M> {
    let read = || -> Result<M> {
        let (manifest, bytes) = weights::read(directory)?;
        ensure!(manifest.model == *sizes, "they are of other networks than the configuration's");
        Ok(load_weights(model.valid(), prefix, &read_weights(&bytes)?)?)
    };
    read().with_context(|| format!("cannot start from the weights in {}", directory.display()))
}

/// The model as the optimiser needs it.
fn trainable<M: Module>(model: M, device: &Device) -> M {
    model.set_require_grad(true).train().fork(device)
}

/// A run's folders of the two halves of the first stage.
pub const VELOCITY: &str = "velocity";
/// See [`VELOCITY`].
pub const SEISMIC: &str = "seismic";

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
        .with_context(|| format!("cannot write {}", path.display()))
}

fn replicas(args: &RunArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    args.replicas.map_or_else(|| if args.device.is_cpu() { cores() } else { 1 }, NonZeroUsize::get)
}
