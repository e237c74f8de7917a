//! A first run of everything while the engine loads, so that the visitor's first pair takes no longer than those after it.
//!
//! A browser compiles a function of WebAssembly a second time, and well, once it has been at work for a while, and a
//! shader when it is first used.

use std::hint::black_box;
use std::ops::ControlFlow;

use super::engine::Engine;
use super::error::EngineError;
use super::gpu::Gpu;
use crate::consistency::compare;
use crate::diffusion::SamplerConfig;
use crate::generate::GenerateError;
use crate::survey::{Survey, SurveyConfig};
use crate::wave::Medium;
use crate::wave::gpu::{self, GpuError, GpuSimulator};

/// Steps of a sampler whose last one is not taken: it does nothing that the others do not.
const STEPS: usize = 3;

/// Both branches of the guidance.
const GUIDANCE: f32 = 2.0;

/// Time samples that are simulated.
const SAMPLES: usize = 50;

impl Engine {
    /// Runs the pipeline in short.
    ///
    /// # Errors
    /// What befalls the GPU meanwhile. Networks and surveys that make no pair say so when a pair is asked for.
    pub(super) async fn warm_up(&self) -> Result<(), EngineError> {
        let outcome = self.short_run().await;
        if let Some(fault) = self.gpu.as_ref().and_then(Gpu::fault) {
            return Err(fault);
        }
        match outcome {
            Err(error @ (GenerateError::Device(_) | GenerateError::Simulator(_))) => Err(self.fault(error)),
            _ => Ok(()),
        }
    }

    async fn short_run(&self) -> Result<(), GenerateError> {
        let manifest = &self.model.manifest;
        let Ok(config) = SamplerConfig::new(STEPS, GUIDANCE) else { return Ok(()) };
        let label = manifest.families.first().copied().into();
        let mut sampler = self.model.sampler(config, &[(0, label)]);
        let mut pair = None;
        for _ in 1..STEPS {
            let Some(step) = sampler.advance() else { break };
            pair = self.model.decode(step.latent).await?.pop();
        }
        let Some(pair) = pair else { return Ok(()) };
        let gathers = self.model.gathers(&pair);
        black_box(compare(&gathers, &gathers, &manifest.normalisation));

        let survey = manifest.survey.config();
        let survey = Survey::new(SurveyConfig { samples: SAMPLES.min(survey.samples), ..survey.clone() })?;
        let medium = Medium::<f32>::new(&survey, &pair.velocity)?;
        match &self.gpu {
            Some(gpu) => {
                let failed = |error: GpuError| GenerateError::Simulator(error.to_string());
                let client = gpu::client(&gpu.device).map_err(failed)?;
                let simulator = GpuSimulator::new(client, &medium).map_err(failed)?;
                simulator.simulate(|_| ControlFlow::Continue(())).await.map_err(failed)?;
            }
            None => drop(black_box(medium.simulate())),
        }
        Ok(())
    }
}
