//! The pipeline: noise, latent, pair, simulation, verdict, with every stage reported as it ends.

use std::future::Future;
use std::ops::ControlFlow;

use burn::prelude::*;
use thiserror::Error;

use crate::consistency::{Comparison, compare, deviation};
use crate::diffusion::{Noise, Sampler, SamplerConfig, Step};
use crate::gathers::Gathers;
use crate::manifest::{Manifest, ManifestError, PathPoint};
use crate::model::{Autoencoder, Denoiser, FamilyLabel};
use crate::survey::{Survey, SurveyError};
use crate::velocity_map::{VelocityMap, VelocityMapError};
use crate::wave::{self, Medium};

/// The networks and all that is needed to read what they write.
#[derive(Clone, Debug)]
pub struct PairModel {
    /// What the weights are.
    pub manifest: Manifest,
    /// Encoders, codebook and decoders.
    pub autoencoder: Autoencoder,
    /// Denoiser of the latent.
    pub denoiser: Denoiser,
    /// Where the networks are.
    pub device: Device,
}

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Family that the pair is asked to be of.
    pub label: FamilyLabel,
    /// What the pair is made of.
    pub noise: Noise,
    /// Steps and guidance.
    pub sampler: SamplerConfig,
    /// Whether the pair of every step is simulated and compared too.
    pub path: bool,
    /// Whether every step reports the pair that its latent decodes into, which is about as much work as the step itself.
    pub preview: bool,
}

/// A decoded latent.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedPair {
    /// The velocity map.
    pub velocity: VelocityMap,
    /// Log amplitudes on the model's time axis, (shots, model samples, receivers) row-major.
    pub log_amplitudes: Vec<f32>,
}

/// A generated pair and what the wave equation says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The velocity map.
    pub velocity: VelocityMap,
    /// The gathers that were generated with it.
    pub generated: Gathers,
    /// The gathers that the simulator computes from it.
    pub simulated: Gathers,
    /// How the two compare.
    pub comparison: Comparison,
    /// Deviation after each step, where it was asked for.
    pub path: Vec<PathPoint>,
}

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All denoising steps.
    Sample,
    /// The last step's latent to velocity map and gathers, as far as that step has not decoded it.
    Decode,
    /// Velocity map to gathers, by the wave equation.
    Simulate,
    /// Generated against simulated gathers.
    Compare,
}

/// What the pipeline reports.
#[derive(Debug)]
pub enum Event<'a> {
    /// A denoising step is done.
    Step {
        /// The step, from 1.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The pair that the latent now decodes into, where it was asked for.
        preview: Option<&'a DecodedPair>,
        /// Its deviation, where it was asked for.
        deviation: Option<f64>,
    },
    /// A stage is done.
    Done(Stage),
}

/// Hears of events, and may take its time over them or call the pipeline off.
pub trait Observer {
    /// Called with each event; answers [`ControlFlow::Break`] to call the pipeline off.
    fn event(&mut self, event: Event<'_>) -> impl Future<Output = ControlFlow<()>>;
}

/// An observer that lets everything pass.
#[derive(Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    async fn event(&mut self, _: Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The wave equation, on whatever computes it.
pub trait Simulator {
    /// Gathers of a velocity map. One that can be called off on the way answers [`GenerateError::Cancelled`].
    fn simulate(&self, survey: &Survey, velocity: &VelocityMap)
    -> impl Future<Output = Result<Gathers, GenerateError>>;

    /// Gathers of a velocity map, and what each of its cells, (nz, nx) row-major, would change in their inner product with the
    /// residuals that `residuals` answers to each shot's number and gather, (samples, receivers). Every `stride`-th time step
    /// counts: see [`Medium::differentiate`].
    fn differentiate(
        &self,
        survey: &Survey,
        velocity: &VelocityMap,
        stride: usize,
        residuals: impl Fn(usize, &[f32]) -> Vec<f32> + Sync,
    ) -> impl Future<Output = Result<(Gathers, Vec<f32>), GenerateError>>;
}

/// The solver on the CPU, which runs in one go.
#[derive(Debug)]
pub struct CpuSimulator;

impl Simulator for CpuSimulator {
    async fn simulate(&self, survey: &Survey, velocity: &VelocityMap) -> Result<Gathers, GenerateError> {
        Ok(wave::simulate(survey, velocity)?)
    }

    async fn differentiate(
        &self,
        survey: &Survey,
        velocity: &VelocityMap,
        stride: usize,
        residuals: impl Fn(usize, &[f32]) -> Vec<f32> + Sync,
    ) -> Result<(Gathers, Vec<f32>), GenerateError> {
        Ok(Medium::new(survey, velocity)?.differentiate(stride, residuals))
    }
}

/// Why there is no pair.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The observer called it off.
    #[error("the generation was cancelled")]
    Cancelled,
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The decoder wrote something that is no velocity map.
    #[error("the generated map is no velocity map: {0}")]
    Velocity(#[from] VelocityMapError),
    /// The decoder wrote gathers that are no numbers.
    #[error("the generated gathers hold a value that is not finite")]
    NotFinite,
    /// Gathers of another survey than the weights'.
    #[error("gathers of shape {found:?} (shots, samples, receivers); the weights read {expected:?}")]
    Shape {
        /// Their shape.
        found: [usize; 3],
        /// The survey's.
        expected: [usize; 3],
    },
    /// The survey cannot be run on the generated map.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// The simulator's device failed.
    #[error("the simulator failed: {0}")]
    Simulator(String),
}

impl PairModel {
    /// The networks of a manifest with its weights.
    ///
    /// # Errors
    /// [`ManifestError`] when the weights are not those of the manifest or do not fit the model.
    pub fn load(manifest: Manifest, weights: &[u8], device: &Device) -> Result<Self, ManifestError> {
        let (autoencoder, denoiser) = manifest.load(weights, device)?;
        Ok(Self { manifest, autoencoder, denoiser, device: device.clone() })
    }

    /// Starts a batch of samples, one for each noise (or its seed) and label.
    pub fn sampler(&self, config: SamplerConfig, samples: &[(impl Into<Noise> + Copy, FamilyLabel)]) -> Sampler<'_> {
        let model = &self.manifest.model;
        Sampler::new(&self.denoiser, config, samples, [model.token_count(), model.latent.width()], &self.device)
    }

    /// Starts a batch of samples near a latent (1, tokens, latent width), one for each seed, `start` of the way to noise.
    pub fn sampler_from(&self, config: SamplerConfig, seeds: &[u64], latent: Tensor<3>, start: f32) -> Sampler<'_> {
        Sampler::from_latent(&self.denoiser, config, seeds, latent, start)
    }

    /// Quantises latents (batch, tokens, latent width) and decodes each into a pair.
    ///
    /// # Errors
    /// [`GenerateError`] when the device fails or the decoders write what is no pair.
    pub async fn decode(&self, latent: Tensor<3>) -> Result<Vec<DecodedPair>, GenerateError> {
        let (velocity, seismic) = self.autoencoder.decode(latent);
        self.read_pairs(velocity, seismic).await
    }

    /// Quantises latents (batch, tokens, latent width) and decodes each into a velocity map alone.
    ///
    /// # Errors
    /// [`GenerateError`] when the device fails or the decoder writes what is no velocity map.
    pub async fn decode_velocity(&self, latent: Tensor<3>) -> Result<Vec<VelocityMap>, GenerateError> {
        let quantised = self.autoencoder.codebook.quantise(latent).latent;
        let velocity = read(self.autoencoder.velocity_decoder.forward(quantised)).await?;
        velocity.chunks_exact(self.map_cells()).map(|map| self.velocity_map(map)).collect()
    }

    /// Decodes a batch of one.
    async fn decode_one(&self, latent: Tensor<3>) -> Result<DecodedPair, GenerateError> {
        self.decode(latent).await?.pop().ok_or(GenerateError::NotFinite)
    }

    /// Pairs of what the decoders wrote: normalised velocity (batch, 1, nz, nx) and log amplitudes (batch, shots, samples,
    /// receivers).
    ///
    /// # Errors
    /// [`GenerateError`] when the device fails or this is no pair.
    pub async fn read_pairs(&self, velocity: Tensor<4>, seismic: Tensor<4>) -> Result<Vec<DecodedPair>, GenerateError> {
        let velocity = read(velocity).await?;
        let seismic = read(seismic).await?;
        if seismic.iter().any(|value| !value.is_finite()) {
            return Err(GenerateError::NotFinite);
        }
        let image = self.manifest.model.seismic;
        velocity
            .chunks_exact(self.map_cells())
            .zip(seismic.chunks_exact(image.channels * image.rows * image.columns))
            .map(|(velocity, seismic)| {
                Ok(DecodedPair { velocity: self.velocity_map(velocity)?, log_amplitudes: seismic.to_vec() })
            })
            .collect()
    }

    /// Cells of a velocity map.
    fn map_cells(&self) -> usize {
        self.manifest.model.velocity.rows * self.manifest.model.velocity.columns
    }

    /// The map of normalised velocities.
    pub(crate) fn velocity_map(&self, normalised: &[f32]) -> Result<VelocityMap, GenerateError> {
        let image = self.manifest.model.velocity;
        let metres = normalised.iter().map(|&v| self.manifest.normalisation.restore_velocity(v)).collect();
        Ok(VelocityMap::new(image.rows, image.columns, metres)?)
    }

    /// Raw amplitudes of a decoded pair on the survey's time axis.
    pub fn gathers(&self, pair: &DecodedPair) -> Gathers {
        let image = self.manifest.model.seismic;
        let samples = self.manifest.survey.config().samples;
        self.manifest.normalisation.from_model(&pair.log_amplitudes, image.channels, samples, image.columns)
    }

    /// Generates a pair and lets the wave equation judge it.
    ///
    /// # Errors
    /// [`GenerateError`] when the observer calls it off, or the device or the networks fail.
    pub async fn generate(
        &self,
        request: Request,
        simulator: &impl Simulator,
        observer: &mut impl Observer,
    ) -> Result<Pair, GenerateError> {
        let survey = &self.manifest.survey;
        let mut sampler = self.sampler(request.sampler, &[(request.noise, request.label)]);
        let steps = request.sampler.steps();
        let (mut last, mut path) = (None, Vec::new());
        while let Some(Step { step, latent }) = sampler.advance() {
            let decoded =
                if request.preview || request.path { Some(self.decode_one(latent.clone()).await?) } else { None };
            let mut deviates = None;
            if let Some(pair) = decoded.as_ref().filter(|_| request.path) {
                let simulated = simulator.simulate(survey, &pair.velocity).await?;
                let deviation = deviation(&self.gathers(pair), &simulated);
                path.push(PathPoint { step, deviation });
                deviates = Some(deviation);
            }
            let preview = decoded.as_ref().filter(|_| request.preview);
            proceed(observer.event(Event::Step { step, steps, preview, deviation: deviates }).await)?;
            last = Some((latent, decoded));
        }
        let (latent, decoded) = last.ok_or(GenerateError::Cancelled)?;
        proceed(observer.event(Event::Done(Stage::Sample)).await)?;

        let last = match decoded {
            Some(pair) => pair,
            None => self.decode_one(latent).await?,
        };
        let generated = self.gathers(&last);
        proceed(observer.event(Event::Done(Stage::Decode)).await)?;

        let simulated = simulator.simulate(survey, &last.velocity).await?;
        proceed(observer.event(Event::Done(Stage::Simulate)).await)?;

        let comparison = compare(&generated, &simulated, &self.manifest.normalisation);
        proceed(observer.event(Event::Done(Stage::Compare)).await)?;
        Ok(Pair { velocity: last.velocity, generated, simulated, comparison, path })
    }
}

/// Goes on unless an observer called it off.
pub(crate) fn proceed(flow: ControlFlow<()>) -> Result<(), GenerateError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(GenerateError::Cancelled),
    }
}

/// The values of a tensor.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, GenerateError> {
    let data = tensor.into_data_async().await.map_err(|error| GenerateError::Device(error.to_string()))?;
    data.try_to_vec().map_err(|error| GenerateError::Device(error.to_string()))
}
