//! What a training run is told, in TOML.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::model::ModelConfig;

use crate::classifier::ClassifierSizes;

/// The loop that both stages share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopConfig {
    /// Fixes the initial weights and every batch.
    pub seed: u64,
    /// Optimiser steps.
    pub steps: usize,
    /// Samples in a step.
    pub batch: usize,
    /// Optimiser of the transformer blocks' matrices; everything else takes AdamW.
    pub optimiser: Optimiser,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises.
    pub warmup: usize,
    /// Fraction of the steps, at the end, over which it falls to zero.
    pub decay: f64,
    /// Weight decay.
    pub weight_decay: f32,
    /// Norm to which a tensor's gradient is clipped on its way to AdamW.
    pub clip: f32,
    /// Decay of the moving average of the weights.
    pub ema: f64,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    /// Steps between validations and previews.
    pub validate_every: usize,
}

/// How the matrices of transformer blocks are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimiser {
    /// AdamW (arXiv 1711.05101)
    AdamW,
    /// Muon at AdamW's step size (arXiv 2502.16982)
    Muon,
}

impl LoopConfig {
    /// Learning rate of a step, counted from 0: a rise, a plateau, a fall to zero.
    pub fn learning_rate(&self, step: usize) -> f64 {
        let rise = ((step + 1) as f64 / self.warmup.max(1) as f64).min(1.0);
        let falling = (self.decay * self.steps as f64).max(1.0);
        let fall = ((self.steps - step.min(self.steps)) as f64 / falling).min(1.0);
        self.learning_rate * rise * fall
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [
            ("steps", self.steps),
            ("batch", self.batch),
            ("checkpoint_every", self.checkpoint_every),
            ("validate_every", self.validate_every),
        ] {
            ensure!(value > 0, "`{name}` is 0; it must be at least 1");
        }
        ensure!(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            "`learning_rate` is {}; it must be above 0",
            self.learning_rate
        );
        ensure!((0.0..1.0).contains(&self.ema), "`ema` is {}; it lies in 0..1", self.ema);
        ensure!((0.0..=1.0).contains(&self.decay), "`decay` is {}; it lies in 0..=1", self.decay);
        let weight_decay = self.weight_decay;
        ensure!(
            weight_decay.is_finite() && weight_decay >= 0.0,
            "`weight_decay` is {weight_decay}; it must not be negative"
        );
        ensure!(self.clip > 0.0, "`clip` is {}; it must be above 0", self.clip);
        Ok(())
    }
}

/// `train autoencoder`: one part after the other
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Held-out pairs of each family that the run is validated on.
    pub held_out: u64,
    /// The velocity half and the codebook.
    pub velocity: VelocityConfig,
    /// The velocity decoder, alone; without, it stays as the velocity half has left it.
    #[serde(default)]
    pub velocity_decoder: Option<VelocityDecoderConfig>,
    /// The seismic decoder.
    pub seismic_decoder: SeismicDecoderConfig,
    /// The seismic encoder.
    pub seismic_encoder: SeismicEncoderConfig,
    /// Sizes of the networks.
    pub model: ModelConfig,
}

/// The velocity half and the codebook, on maps that never repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VelocityConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Weight of the term that pulls latents to their codes, beside the mean absolute error of the normalised velocity.
    pub commitment: f64,
    /// First steps that leave the latent as it is.
    pub unquantised_steps: usize,
    /// Whether decoders read codes. Without, they read latents as they are: an ablation, which is not exported.
    #[serde(default = "yes")]
    pub quantised: bool,
    /// Decay of the moving averages that the codebook follows.
    pub codebook_decay: f32,
    /// Most noise on the latent that the decoder reads, in standard deviations.
    pub latent_noise: f64,
}

/// The velocity decoder, on the latent of a finished velocity half and on maps that never repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VelocityDecoderConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Weight of the mean absolute error of the differences between neighbouring cells, beside that of the normalised
    /// velocity.
    pub jumps: f64,
    /// Most noise on the latent that the decoder reads, in standard deviations.
    pub latent_noise: f64,
}

/// The seismic decoder, on the latent of a finished velocity half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeismicDecoderConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Gain at which weak amplitudes enter the absolute error of the log amplitudes.
    pub gain: f64,
    /// Weight of the relative error of the raw amplitudes, beside the errors of the log amplitudes.
    pub amplitude: f64,
    /// Weight of the same over what arrives when the direct wave is gone, relative to the energy of that alone.
    pub reflected: f64,
    /// Weight of what the normalised gathers lack of a structural similarity of 1, see [`dissimilarity`](super::similarity::dissimilarity).
    #[serde(default)]
    pub similarity: f64,
    /// Most noise on the latent that the decoder reads, in standard deviations.
    pub latent_noise: f64,
    /// Whose codes the decoder reads.
    #[serde(default)]
    pub codebook: SeismicCodebook,
}

/// The codebook of the seismic decoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeismicCodebook {
    /// That of the velocity half.
    #[default]
    Shared,
    /// One of its own, as large, fitted to the same latents: an ablation, which is not exported.
    Own,
}

/// The seismic encoder, to the latent of a finished velocity half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeismicEncoderConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Weight of the squared distance of the encoder's latent from the velocity encoder's, beside the mean absolute error
    /// of the normalised velocity.
    pub alignment: f64,
}

/// `train diffusion`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffusionConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Fraction of the samples whose family is kept from the denoiser, for guidance.
    pub unlabelled_fraction: f64,
    /// Mean of the normal distribution whose logistic the training times follow: above 0, most are on the noise's side,
    /// where the flow decides on the map's structure.
    pub time_mean: f64,
    /// Its standard deviation.
    pub time_std: f64,
    /// Maps from which mean and deviation of the latent are measured.
    pub statistics_maps: usize,
    /// Steps of a preview's samples.
    pub preview_steps: usize,
}

/// `train classifier`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig {
    /// The loop.
    #[serde(rename = "loop")]
    pub run: LoopConfig,
    /// Held-out pairs of each family that the run is validated on.
    pub held_out: u64,
    /// Standard deviation of the noise on normalised velocity and log amplitudes.
    pub input_noise: f64,
    /// Sizes of the networks.
    pub classifier: ClassifierSizes,
}

fn yes() -> bool {
    true
}

/// A configuration that can say what is wrong with it.
pub trait Checked {
    /// Tells whether the settings make sense.
    ///
    /// # Errors
    /// A sentence that names the first setting that does not.
    fn check(&self) -> Result<()>;
}

impl Checked for AutoencoderConfig {
    fn check(&self) -> Result<()> {
        self.velocity.run.check()?;
        if let Some(decoder) = &self.velocity_decoder {
            decoder.run.check()?;
            let weight = decoder.jumps;
            ensure!(weight.is_finite() && weight >= 0.0, "`jumps` is {weight}; it must not be negative");
        }
        self.seismic_decoder.run.check()?;
        self.seismic_encoder.run.check()?;
        self.model.check()?;
        let alone = self.velocity_decoder.as_ref().map(|decoder| decoder.latent_noise);
        for noise in [self.velocity.latent_noise, self.seismic_decoder.latent_noise].into_iter().chain(alone) {
            ensure!(noise.is_finite() && noise >= 0.0, "`latent_noise` is {noise}; it must not be negative");
        }
        for (name, weight) in [
            ("commitment", self.velocity.commitment),
            ("amplitude", self.seismic_decoder.amplitude),
            ("reflected", self.seismic_decoder.reflected),
            ("similarity", self.seismic_decoder.similarity),
            ("alignment", self.seismic_encoder.alignment),
        ] {
            ensure!(weight.is_finite() && weight >= 0.0, "`{name}` is {weight}; it must not be negative");
        }
        let decay = self.velocity.codebook_decay;
        ensure!((0.0..1.0).contains(&decay), "`codebook_decay` is {decay}; it lies in 0..1");
        let gain = self.seismic_decoder.gain;
        ensure!(gain >= 1.0, "`gain` is {gain}; it must be at least 1");
        ensure!(self.held_out > 0, "`held_out` is 0; it must be at least 1");
        Ok(())
    }
}

impl Checked for DiffusionConfig {
    fn check(&self) -> Result<()> {
        self.run.check()?;
        let fraction = self.unlabelled_fraction;
        ensure!((0.0..=1.0).contains(&fraction), "`unlabelled_fraction` is {fraction}; it lies in 0..=1");
        let (mean, std) = (self.time_mean, self.time_std);
        ensure!(mean.is_finite(), "`time_mean` is {mean}; it must be finite");
        ensure!(std.is_finite() && std > 0.0, "`time_std` is {std}; it must be above 0");
        ensure!(self.statistics_maps > 1, "`statistics_maps` is {}; it must be at least 2", self.statistics_maps);
        self.preview()?;
        Ok(())
    }
}

impl DiffusionConfig {
    /// How previews are sampled.
    ///
    /// # Errors
    /// When they take too few or too many steps.
    pub fn preview(&self) -> Result<SamplerConfig> {
        SamplerConfig::new(self.preview_steps, SamplerConfig::default().guidance())
            .context("`preview_steps` cannot be used")
    }
}

impl Checked for ClassifierConfig {
    fn check(&self) -> Result<()> {
        self.run.check()?;
        ensure!(self.held_out > 0, "`held_out` is 0; it must be at least 1");
        ensure!(self.classifier.features > 0, "`features` is 0; it must be at least 1");
        let noise = self.input_noise;
        ensure!(noise.is_finite() && noise >= 0.0, "`input_noise` is {noise}; it must not be negative");
        for stack in [self.classifier.map_blocks, self.classifier.gather_blocks] {
            let (width, heads) = (stack.width, stack.heads);
            ensure!(heads > 0 && width > 0 && width % heads == 0, "width {width} is no multiple of {heads} heads");
        }
        Ok(())
    }
}

/// Reads a configuration and checks it.
///
/// # Errors
/// When the file cannot be read, holds an unknown setting, lacks one, or makes no sense.
pub fn read_config<C: DeserializeOwned + Checked>(path: &Path) -> Result<C> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parse = || -> Result<C> {
        let config: C = toml::from_str(&text)?;
        config.check()?;
        Ok(config)
    };
    parse().with_context(|| format!("{} is not a configuration of this command", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::manifest::Manifest;

    #[test]
    fn the_committed_configurations_are_valid() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        let shipped = read_config::<AutoencoderConfig>(&directory.join("autoencoder.toml")).unwrap().model;
        assert_eq!(shipped, ModelConfig::standard());
        let manifest = include_str!("../../../www/public/weights/manifest.json");
        assert_eq!(shipped, Manifest::parse(manifest).unwrap().model);
        let ablation = |name| read_config::<AutoencoderConfig>(&directory.join("ablations").join(name)).unwrap();
        let quantised = ablation("quantised.toml");
        let mut unquantised = quantised.clone();
        unquantised.velocity.quantised = false;
        assert_eq!(ablation("unquantised.toml"), unquantised);
        let mut two_codebooks = quantised;
        two_codebooks.seismic_decoder.codebook = SeismicCodebook::Own;
        assert_eq!(ablation("two_codebooks.toml"), two_codebooks);
        for name in ["diffusion.toml", "diffusion-fine.toml"] {
            read_config::<DiffusionConfig>(&directory.join(name)).unwrap();
        }
        read_config::<ClassifierConfig>(&directory.join("classifier.toml")).unwrap();
    }

    #[test]
    fn the_learning_rate_rises_stays_and_falls_to_zero() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/diffusion.toml");
        let config = LoopConfig {
            steps: 100,
            warmup: 10,
            decay: 0.2,
            learning_rate: 1.0,
            ..read_config::<DiffusionConfig>(&path).unwrap().run
        };
        assert_eq!(config.learning_rate(0), 0.1);
        assert_eq!(config.learning_rate(50), 1.0);
        assert!((config.learning_rate(90) - 0.5).abs() < 1e-9);
        assert_eq!(config.learning_rate(100), 0.0);
    }

    #[test]
    fn a_setting_that_would_end_the_run_later_is_refused_before_it() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/diffusion.toml");
        let config = DiffusionConfig { preview_steps: 0, ..read_config(&path).unwrap() };
        assert!(format!("{:#}", config.check().unwrap_err()).contains("`preview_steps`"));
        let path = path.with_file_name("autoencoder.toml");
        let mut config: AutoencoderConfig = read_config(&path).unwrap();
        config.seismic_decoder.reflected = f64::NAN;
        assert!(config.check().unwrap_err().to_string().contains("`reflected` is NaN"));
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "stepps = 3").unwrap();
        let message = format!("{:#}", read_config::<DiffusionConfig>(file.path()).unwrap_err());
        assert!(message.contains("stepps"), "{message}");
    }
}
