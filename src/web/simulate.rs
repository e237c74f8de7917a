//! The wave equation in the browser: on the GPU, or on the processor in slices that let messages in.

use burn::tensor::Device;

use super::control::Run;
use super::types::EngineEvent;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, Simulator};
use crate::survey::Survey;
use crate::velocity_map::VelocityMap;
use crate::wave::gpu::{self, GpuError, GpuSimulator};
use crate::wave::{Horizon, Medium};

/// Time steps of one shot between two looks at the worker's messages, about a tenth of a second.
const STEPS_PER_SLICE: usize = 500;

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
        let simulator = on_gpu(device, &medium)?;
        let total = medium.samples();
        simulator.simulate(|done| self.run.notify(&EngineEvent::Simulating { done, total })).await.map_err(failed)
    }

    async fn differentiate(
        &self,
        survey: &Survey,
        velocity: &VelocityMap,
        stride: usize,
        residuals: impl Fn(usize, &[f32]) -> Vec<f32> + Sync,
    ) -> Result<(Gathers, Vec<f32>), GenerateError> {
        let medium = Medium::new(survey, velocity)?;
        let (shots, samples) = (medium.shots(), medium.samples());
        if let Some(device) = self.gpu {
            let simulator = on_gpu(device, &medium)?;
            let progress = |done| self.run.notify(&EngineEvent::Simulating { done, total: 2 * samples });
            return simulator.differentiate(stride, residuals, progress).await.map_err(failed);
        }
        let horizon = Horizon::new(&medium);
        let mut differentiated = Vec::with_capacity(shots);
        for shot in 0..shots {
            differentiated.extend(horizon.differentiate(shot, stride, |gather| residuals(shot, gather)));
            let (done, total) = ((shot + 1) * samples, shots * samples);
            if self.run.report(&EngineEvent::Simulating { done, total }).await.is_break() {
                return Err(GenerateError::Cancelled);
            }
        }
        Ok(medium.together(&differentiated))
    }
}

impl BrowserSimulator<'_> {
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

fn on_gpu(device: &Device, medium: &Medium<f32>) -> Result<GpuSimulator, GenerateError> {
    gpu::client(device).and_then(|client| GpuSimulator::new(client, medium)).map_err(failed)
}

fn failed(error: GpuError) -> GenerateError {
    match error {
        GpuError::Cancelled => GenerateError::Cancelled,
        other => GenerateError::Simulator(other.to_string()),
    }
}
