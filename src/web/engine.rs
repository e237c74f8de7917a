//! The engine: the trained networks and the simulator behind one JavaScript class.

use js_sys::{Float32Array, Function};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use burn::tensor::Device;

use super::control::{Control, Run};
use super::error::{EngineError, ErrorCode};
use super::gpu::Gpu;
use super::report::Reporter;
use super::simulate::BrowserSimulator;
use super::types::{Backend, GenerateRequest, Pair, PairShape, PathPoint, Toward, Wavefield};
use crate::diffusion::{Noise, SamplerConfig};
use crate::family::Family;
use crate::gathers::Gathers;
use crate::generate::{self, GenerateError, PairModel, Request, Simulator};
use crate::manifest::{Manifest, ManifestError};
use crate::model::{FamilyLabel, ImageConfig};
use crate::velocity_map::VelocityMap;
use crate::wave::Medium;

/// The trained networks and the wave simulator, on one backend. Does one thing at a time.
#[wasm_bindgen]
pub struct Engine {
    pub(super) model: PairModel,
    pub(super) gpu: Option<Gpu>,
    pub(super) control: Control,
}

#[wasm_bindgen]
impl Engine {
    /// Gets the networks ready, with a short run of everything.
    ///
    /// `manifest` is the text of the weights' manifest and `weights` the file that it names.
    pub async fn load(
        manifest: String,
        weights: Vec<u8>,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: JsValue,
    ) -> Result<Engine, EngineError> {
        let backend: Backend = serde_wasm_bindgen::from_value(backend).map_err(ErrorCode::BadRequest.wrap())?;
        let manifest = Manifest::parse(&manifest).map_err(ErrorCode::BadManifest.wrap())?;
        let gpu = match backend {
            Backend::WebGpu => Some(Gpu::acquire().await?),
            Backend::Flex => None,
        };
        let device = gpu.as_ref().map_or_else(Device::flex, |gpu| gpu.device.clone());
        let model = PairModel::load(manifest, &weights, &device).map_err(|error| {
            let code = match error {
                ManifestError::Length { .. } | ManifestError::Checksum { .. } | ManifestError::Weights(_) => {
                    ErrorCode::BadWeights
                }
                _ => ErrorCode::BadManifest,
            };
            EngineError::new(code, error)
        })?;
        let engine = Self { model, gpu, control: Control::default() };
        engine.warm_up().await?;
        Ok(engine)
    }

    /// Where the engine computes.
    #[wasm_bindgen(getter, unchecked_return_type = "Backend")]
    pub fn backend(&self) -> Result<JsValue, EngineError> {
        to_js(&self.kind())
    }

    /// Name of the GPU adapter, or of what stands in for it.
    #[wasm_bindgen(getter)]
    pub fn adapter(&self) -> String {
        self.gpu.as_ref().map_or_else(|| "WebAssembly".to_owned(), |gpu| gpu.name.clone())
    }

    /// Names of the families that can be asked for.
    pub fn families(&self) -> Vec<String> {
        self.model.manifest.families.iter().map(|family| family.name().to_owned()).collect()
    }

    /// Shape and axes of the pairs.
    #[wasm_bindgen(unchecked_return_type = "PairShape")]
    pub fn shape(&self) -> Result<JsValue, EngineError> {
        let Manifest { model, normalisation, survey, .. } = &self.model.manifest;
        let survey = survey.config();
        to_js(&PairShape {
            nz: model.velocity.rows,
            nx: model.velocity.columns,
            spacing: survey.spacing,
            shots: survey.sources.len(),
            samples: survey.samples,
            dt: survey.dt,
            receivers: survey.receivers.len(),
            sources_x: survey.sources.iter().map(|source| source.x).collect(),
            model_samples: model.seismic.rows,
            model_dt: survey.dt * normalisation.time_stride as f64,
        })
    }

    /// Generates a pair and lets the wave equation judge it.
    ///
    /// `onEvent` hears of every step and stage; the engine waits for what it returns.
    #[wasm_bindgen(unchecked_return_type = "Pair")]
    pub async fn generate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "GenerateRequest")] request: JsValue,
        #[wasm_bindgen(js_name = "onEvent", unchecked_param_type = "(event: EngineEvent) => void | Promise<void>")]
        on_event: Function,
    ) -> Result<JsValue, EngineError> {
        let _busy = self.control.begin()?;
        let request: GenerateRequest = serde_wasm_bindgen::from_value(request).map_err(ErrorCode::BadRequest.wrap())?;
        let parsed = parse(&request)?;
        let run = Run::new(&self.control, self.gpu.as_ref(), &on_event);
        let simulator = self.simulator(&run);
        let mut reporter = Reporter::new(&run);
        let generated = self.model.generate(parsed, &simulator, &mut reporter).await;
        if let Some(failure) = run.failure().await {
            return Err(failure);
        }
        let pair = generated.map_err(|error| self.fault(error))?;
        to_js(&self.pair(request, pair, reporter))
    }

    /// Calls off the generation that is under way, between two of its steps.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// The shot gathers, (shots, samples, receivers), that the wave equation makes of a velocity map (nz, nx) in m/s.
    ///
    /// `onEvent` hears how far the simulation is.
    pub async fn simulate(
        &self,
        velocity: Vec<f32>,
        #[wasm_bindgen(js_name = "onEvent", unchecked_param_type = "(event: EngineEvent) => void | Promise<void>")]
        on_event: Function,
    ) -> Result<Float32Array, EngineError> {
        let _busy = self.control.begin()?;
        let map = self.velocity_map(velocity)?;
        let run = Run::new(&self.control, self.gpu.as_ref(), &on_event);
        let simulator = self.simulator(&run);
        let simulated = simulator.simulate(&self.model.manifest.survey, &map).await;
        if let Some(failure) = run.failure().await {
            return Err(failure);
        }
        let gathers = simulated.map_err(|error| self.refusal(error))?;
        Ok(Float32Array::from(gathers.values()))
    }

    /// The pressure of one shot on the cells of a velocity map (nz, nx) in m/s, after every `every`-th time step.
    #[wasm_bindgen(unchecked_return_type = "Wavefield")]
    pub async fn wavefield(&self, velocity: Vec<f32>, shot: usize, every: usize) -> Result<JsValue, EngineError> {
        let _busy = self.control.begin()?;
        let refuse = |message: String| EngineError::new(ErrorCode::BadRequest, message);
        if every == 0 {
            return Err(refuse("A frame every 0 time steps makes no film; the least is 1.".to_owned()));
        }
        let map = self.velocity_map(velocity)?;
        let survey = &self.model.manifest.survey;
        let medium = Medium::<f32>::new(survey, &map).map_err(ErrorCode::BadRequest.wrap())?;
        let film = medium
            .wavefield(shot, every)
            .ok_or_else(|| refuse(format!("There is no shot {shot}; the survey has {}.", medium.shots())))?;
        let values = Float32Array::from(&film.values[..]);
        to_js(&Wavefield { frames: film.frames, nz: film.nz, nx: film.nx, every, values })
    }
}

impl Engine {
    fn kind(&self) -> Backend {
        if self.gpu.is_some() { Backend::WebGpu } else { Backend::Flex }
    }

    /// The wave equation where this engine computes.
    pub(super) fn simulator<'a>(&'a self, run: &'a Run<'a>) -> BrowserSimulator<'a> {
        BrowserSimulator { gpu: self.gpu.as_ref().map(|gpu| &gpu.device), run }
    }

    /// A velocity map of the weights' shape, from JavaScript's values.
    pub(super) fn velocity_map(&self, values: Vec<f32>) -> Result<VelocityMap, EngineError> {
        let ImageConfig { rows, columns, .. } = self.model.manifest.model.velocity;
        VelocityMap::new(rows, columns, values).map_err(ErrorCode::BadRequest.wrap())
    }

    /// The error of a simulation of JavaScript's own map.
    pub(super) fn refusal(&self, error: GenerateError) -> EngineError {
        match error {
            GenerateError::Survey(refusal) => EngineError::new(ErrorCode::BadRequest, refusal),
            other => self.fault(other),
        }
    }

    /// The error of a run that nobody called off.
    pub(super) fn fault(&self, error: GenerateError) -> EngineError {
        let code = match error {
            GenerateError::Device(_) | GenerateError::Simulator(_) if self.gpu.is_some() => ErrorCode::GpuError,
            GenerateError::Cancelled => ErrorCode::Cancelled,
            _ => ErrorCode::Internal,
        };
        EngineError::new(code, error)
    }

    fn pair(&self, request: GenerateRequest, pair: generate::Pair, reporter: Reporter<'_>) -> Pair {
        let reference = self.model.manifest.consistency;
        Pair {
            request,
            backend: self.kind(),
            velocity: Float32Array::from(pair.velocity.values()),
            generated: Float32Array::from(pair.generated.values()),
            simulated: Float32Array::from(pair.simulated.values()),
            difference: difference(&pair.generated, &pair.simulated),
            deviation: pair.comparison.deviation,
            ssim: pair.comparison.ssim,
            mse: pair.comparison.mse,
            consistent: reference.accepts(pair.comparison.deviation),
            floor_median: reference.floor_median,
            floor_p90: reference.floor_p90,
            ceiling_median: reference.ceiling_median,
            path: pair.path.iter().map(|point| PathPoint { step: point.step, deviation: point.deviation }).collect(),
            timings: reporter.timings,
        }
    }
}

/// Generated minus simulated.
pub(super) fn difference(generated: &Gathers, simulated: &Gathers) -> Float32Array {
    let values: Vec<f32> = generated.values().iter().zip(simulated.values()).map(|(d, f)| d - f).collect();
    Float32Array::from(&values[..])
}

/// The pipeline's request.
fn parse(request: &GenerateRequest) -> Result<Request, EngineError> {
    let label = match &request.family {
        None => FamilyLabel::Any,
        Some(name) => FamilyLabel::Of(name.parse::<Family>().map_err(ErrorCode::BadRequest.wrap())?),
    };
    let sampler = SamplerConfig::new(request.steps, request.guidance as f32).map_err(ErrorCode::BadRequest.wrap())?;
    let noise = match request.toward {
        None => request.seed.into(),
        Some(Toward { seed, fraction }) => {
            Noise::between(request.seed, seed, fraction).map_err(ErrorCode::BadRequest.wrap())?
        }
    };
    Ok(Request { label, noise, sampler, path: request.path, preview: request.preview })
}

pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, EngineError> {
    serde_wasm_bindgen::to_value(value).map_err(ErrorCode::Internal.wrap())
}
