//! Inversion and prediction: from gathers to velocity maps, and from a map to the gathers that the model expects.

use std::ops::ControlFlow;

use js_sys::{Float32Array, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::control::Run;
use super::engine::{Engine, difference, to_js};
use super::error::{EngineError, ErrorCode};
use super::report::Clock;
use super::types::{EngineEvent, Inversion, InvertRequest, Origin, Prediction};
use crate::consistency::compare;
use crate::diffusion::SamplerConfig;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, Simulator};
use crate::invert::{InversionConfig, InversionObserver, InvertedMap, MapOrigin, mean_and_spread, outcome};
use crate::npy::{self, NpyArray};
use crate::velocity_map::VelocityMap;
use crate::wave::direct_wave_end;

#[wasm_bindgen]
impl Engine {
    /// Velocity maps that may have given `gathers`, (shots, samples, receivers) of the weights' survey, raw amplitudes.
    ///
    /// Where the map that gave them is known, `truth` (nz, nx) in m/s, each map's error is told. `onEvent` hears of every
    /// map and of how far its simulation is.
    #[wasm_bindgen(unchecked_return_type = "Inversion")]
    pub async fn invert(
        &self,
        gathers: Vec<f32>,
        truth: Option<Vec<f32>>,
        #[wasm_bindgen(unchecked_param_type = "InvertRequest")] request: JsValue,
        #[wasm_bindgen(js_name = "onEvent", unchecked_param_type = "(event: EngineEvent) => void | Promise<void>")]
        on_event: Function,
    ) -> Result<JsValue, EngineError> {
        let _busy = self.control.begin()?;
        let request: InvertRequest = serde_wasm_bindgen::from_value(request).map_err(ErrorCode::BadRequest.wrap())?;
        let sampler = SamplerConfig::new(request.steps, 1.0).map_err(ErrorCode::BadRequest.wrap())?;
        let config = InversionConfig::new(request.samples, request.spread, request.seed, sampler)
            .and_then(|config| config.refined(request.rounds))
            .map_err(ErrorCode::BadRequest.wrap())?;
        let gathers = self.gathers_of(gathers)?;
        let truth = truth.map(|truth| self.velocity_map(truth)).transpose()?;
        let run = Run::new(&self.control, self.gpu.as_ref(), &on_event);
        let simulator = self.simulator(&run);
        let clock = Clock::new();
        let (samples, since) = (config.maps(), clock.milliseconds());
        let mut reporter = MapReporter { run: &run, clock, since, maps: 0, samples, truth };
        let inverted = self.model.invert(&gathers, config, &simulator, &mut reporter).await;
        if let Some(failure) = run.failure().await {
            return Err(failure);
        }
        let maps = inverted.map_err(|error| self.fault(error))?;
        let (mean, spread) = mean_and_spread(outcome(&maps));
        let joined = |values: fn(&InvertedMap) -> &[f32]| {
            Float32Array::from(&maps.iter().flat_map(values).copied().collect::<Vec<_>>()[..])
        };
        to_js(&Inversion {
            request,
            velocities: joined(|map| map.velocity.values()),
            simulated: joined(|map| map.simulated.values()),
            misfits: maps.iter().map(|map| map.misfit).collect(),
            mean: Float32Array::from(&mean[..]),
            spread: Float32Array::from(&spread[..]),
        })
    }

    /// The gathers that the model expects of a velocity map (nz, nx) in m/s, held against those that the wave equation
    /// makes of it.
    ///
    /// `onEvent` hears how far the simulation is, and gets its gathers before the model is asked.
    #[wasm_bindgen(unchecked_return_type = "Prediction")]
    pub async fn predict(
        &self,
        velocity: Vec<f32>,
        #[wasm_bindgen(js_name = "onEvent", unchecked_param_type = "(event: EngineEvent) => void | Promise<void>")]
        on_event: Function,
    ) -> Result<JsValue, EngineError> {
        let _busy = self.control.begin()?;
        let map = self.velocity_map(velocity)?;
        let run = Run::new(&self.control, self.gpu.as_ref(), &on_event);
        let manifest = &self.model.manifest;
        let both = async {
            let simulated = self.simulator(&run).simulate(&manifest.survey, &map).await?;
            let early = EngineEvent::Simulated { gathers: Float32Array::from(simulated.values()) };
            if run.report(&early).await.is_break() {
                return Err(GenerateError::Cancelled);
            }
            Ok((self.model.predict(&map).await?, simulated))
        };
        let both = both.await;
        if let Some(failure) = run.failure().await {
            return Err(failure);
        }
        let (generated, simulated) = both.map_err(|error| self.refusal(error))?;
        let comparison = compare(&generated, &simulated, &manifest.normalisation);
        to_js(&Prediction {
            generated: Float32Array::from(generated.values()),
            simulated: Float32Array::from(simulated.values()),
            difference: difference(&generated, &simulated),
            deviation: comparison.deviation,
            ssim: comparison.ssim,
            mse: comparison.mse,
            consistent: manifest.consistency.accepts(comparison.deviation),
        })
    }

    /// Seconds after which the direct wave through a velocity map (nz, nx) in m/s has passed each receiver,
    /// (shots, receivers): for muting it.
    #[wasm_bindgen(js_name = "directWaveEnd")]
    pub fn direct_wave_end(&self, velocity: Vec<f32>) -> Result<Float32Array, EngineError> {
        let end = direct_wave_end(&self.model.manifest.survey, &self.velocity_map(velocity)?);
        end.map(|end| Float32Array::from(&end[..])).map_err(ErrorCode::BadRequest.wrap())
    }

    /// The gathers in a .npy file of shape (shots, samples, receivers) or (N, shots, samples, receivers), the first of
    /// N, if they are of the weights' survey.
    #[wasm_bindgen(js_name = "readGathers")]
    pub fn read_gathers(&self, file: &[u8]) -> Result<Float32Array, EngineError> {
        let sets = NpyArray::first_record(file).and_then(|array| array.gathers()).map_err(ErrorCode::BadFile.wrap())?;
        let first =
            sets.into_iter().next().ok_or_else(|| EngineError::new(ErrorCode::BadFile, "The file is empty."))?;
        let (found, expected) = (first.shape(), self.model.manifest.survey.shape());
        if found != expected {
            let message = format!(
                "The file holds gathers of shape {found:?} (shots, samples, receivers); the weights invert {expected:?}."
            );
            return Err(EngineError::new(ErrorCode::BadFile, message));
        }
        Ok(Float32Array::from(first.values()))
    }

    /// A .npy file of a velocity map (nz, nx), in OpenFWI's shape (1, 1, nz, nx).
    #[wasm_bindgen(js_name = "writeVelocity")]
    pub fn write_velocity(&self, velocity: Vec<f32>) -> Result<Vec<u8>, EngineError> {
        let map = self.velocity_map(velocity)?;
        npy::to_bytes(&[1, 1, map.nz(), map.nx()], map.values()).map_err(ErrorCode::BadRequest.wrap())
    }

    /// A .npy file of gathers of the weights' survey, in OpenFWI's shape (1, shots, samples, receivers).
    #[wasm_bindgen(js_name = "writeGathers")]
    pub fn write_gathers(&self, gathers: Vec<f32>) -> Result<Vec<u8>, EngineError> {
        let gathers = self.gathers_of(gathers)?;
        let [shots, samples, receivers] = gathers.shape();
        npy::to_bytes(&[1, shots, samples, receivers], gathers.values()).map_err(ErrorCode::BadRequest.wrap())
    }

    /// The velocity map in a .npy file of shape (nz, nx), (1, nz, nx) or (N, 1, nz, nx), the first of N, if it is of the
    /// weights' size.
    #[wasm_bindgen(js_name = "readVelocity")]
    pub fn read_velocity(&self, file: &[u8]) -> Result<Float32Array, EngineError> {
        let maps =
            NpyArray::first_record(file).and_then(|array| array.velocity_maps()).map_err(ErrorCode::BadFile.wrap())?;
        let first =
            maps.into_iter().next().ok_or_else(|| EngineError::new(ErrorCode::BadFile, "The file is empty."))?;
        let image = self.model.manifest.model.velocity;
        let (found, expected) = ((first.nz(), first.nx()), (image.rows, image.columns));
        if found != expected {
            let message =
                format!("The file holds a velocity map of shape {found:?} (nz, nx); the weights take {expected:?}.");
            return Err(EngineError::new(ErrorCode::BadFile, message));
        }
        Ok(Float32Array::from(first.values()))
    }
}

impl Engine {
    /// Gathers of the weights' survey, from JavaScript's values.
    fn gathers_of(&self, values: Vec<f32>) -> Result<Gathers, EngineError> {
        if values.iter().any(|value| !value.is_finite()) {
            return Err(EngineError::new(ErrorCode::BadRequest, "The gathers hold a value that is not finite."));
        }
        let [shots, samples, receivers] = self.model.manifest.survey.shape();
        Gathers::new(shots, samples, receivers, values).map_err(ErrorCode::BadRequest.wrap())
    }
}

/// Passes each map of an inversion on.
struct MapReporter<'a> {
    run: &'a Run<'a>,
    clock: Clock,
    since: f64,
    /// Maps so far, and in all.
    maps: usize,
    samples: usize,
    truth: Option<VelocityMap>,
}

impl InversionObserver for MapReporter<'_> {
    async fn map(&mut self, index: usize, map: &InvertedMap) -> ControlFlow<()> {
        let now = self.clock.milliseconds();
        self.maps = index + 1;
        let event = EngineEvent::Inverted {
            index,
            samples: self.samples,
            origin: match map.origin {
                MapOrigin::Encoded => Origin::Encoded,
                MapOrigin::Refined(_) => Origin::Refined,
                MapOrigin::Sampled => Origin::Sampled,
            },
            velocity: Float32Array::from(map.velocity.values()),
            misfit: map.misfit,
            error: self.truth.as_ref().map(|truth| truth.mean_error(&map.velocity)),
            milliseconds: now - self.since,
        };
        let flow = self.run.report(&event).await;
        self.since = self.clock.milliseconds();
        flow
    }

    async fn stepped(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        let (index, samples) = (self.maps, self.samples);
        self.run.report(&EngineEvent::Refining { index, samples, done, total }).await
    }
}
