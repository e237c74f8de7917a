//! The wave equation in the browser: on the GPU, or on the processor in slices that let messages in.

use burn::tensor::Device;

use super::control::Run;
use super::types::EngineEvent;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, Simulator, one_by_one};
use crate::survey::Survey;
use crate::velocity_map::VelocityMap;
use crate::wave::gpu::{self, GpuBatch, GpuError};
use crate::wave::{Horizon, Medium};

/// Time steps of one shot between two looks at the worker's messages, about a tenth of a second.
const STEPS_PER_SLICE: usize = 500;

/// Maps that a GPU simulates together: one alone leaves most of it idle.
const TOGETHER: usize = 8;

/// The simulator of a run: where it computes, and who hears how far it is.
pub(super) struct BrowserSimulator<'a> {
    /// The GPU; the processor without it.
    pub(super) gpu: Option<&'a Device>,
    /// The run.
    pub(super) run: &'a Run<'a>,
}

impl Simulator for BrowserSimulator<'_> {
    async fn simulate(&self, survey: &Survey, velocity: &VelocityMap) -> Result<Gathers, GenerateError> {
        let medium = Medium::new(survey, velocity)?;
        let Some(device) = self.gpu else { return self.on_cpu(&medium).await };
        let gathers = self.on_gpu(device, &[medium]).await?.pop();
        gathers.ok_or_else(|| GenerateError::Simulator("the GPU gave no gathers".to_owned()))
    }

    fn together(&self) -> usize {
        if self.gpu.is_some() { TOGETHER } else { 1 }
    }

    async fn simulate_all(&self, survey: &Survey, maps: &[VelocityMap]) -> Result<Vec<Gathers>, GenerateError> {
        let Some(device) = self.gpu else { return one_by_one(self, survey, maps).await };
        let media = maps.iter().map(|map| Medium::new(survey, map)).collect::<Result<Vec<_>, _>>()?;
        self.on_gpu(device, &media).await
    }
}

impl BrowserSimulator<'_> {
    async fn on_gpu(&self, device: &Device, media: &[Medium<f32>]) -> Result<Vec<Gathers>, GenerateError> {
        let failed = |error: GpuError| match error {
            GpuError::Cancelled => GenerateError::Cancelled,
            other => GenerateError::Simulator(other.to_string()),
        };
        let batch = gpu::client(device).and_then(|client| GpuBatch::new(client, media)).map_err(failed)?;
        let total = media.first().map_or(0, Medium::samples);
        batch.simulate(|done| self.run.notify(&EngineEvent::Simulating { done, total })).await.map_err(failed)
    }

    async fn on_cpu(&self, medium: &Medium<f32>) -> Result<Gathers, GenerateError> {
        let (samples, receivers) = (medium.samples(), medium.receivers());
        let total = medium.shots() * samples;
        let mut values = vec![0.0; total * receivers];
        let mut done = 0;
        let horizon = Horizon::new(medium);
        for (shot, gather) in values.chunks_exact_mut(samples * receivers).enumerate() {
            let Some(mut field) = horizon.shot(shot) else { continue };
            for slice in gather.chunks_mut(STEPS_PER_SLICE * receivers) {
                for traces in slice.chunks_exact_mut(receivers) {
                    field.step();
                    field.record(traces);
                    done += 1;
                }
                if self.run.report(&EngineEvent::Simulating { done, total }).await.is_break() {
                    return Err(GenerateError::Cancelled);
                }
            }
        }
        Gathers::new(medium.shots(), samples, receivers, values)
            .map_err(|error| GenerateError::Simulator(error.to_string()))
    }
}
