//! Turns what the pipeline reports into events for JavaScript, with the time of each.

use std::ops::ControlFlow;

use js_sys::Float32Array;
use wasm_bindgen::JsCast;
use web_sys::{Performance, WorkerGlobalScope};

use super::control::Run;
use super::types::{EngineEvent, Preview, Stage, Timing};
use crate::generate::{self, DecodedPair, Event, Observer};
use crate::signal::raw_amplitude;

/// Hears the pipeline's events and passes them on.
pub(super) struct Reporter<'a> {
    run: &'a Run<'a>,
    clock: Clock,
    /// When the pipeline went on after the last event.
    since: f64,
    /// When the stage at hand began.
    stage_since: f64,
    /// Time of each stage so far.
    pub(super) timings: Vec<Timing>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(run: &'a Run<'a>) -> Self {
        let clock = Clock::new();
        let now = clock.milliseconds();
        Self { run, clock, since: now, stage_since: now, timings: Vec::new() }
    }

    fn translate(&mut self, event: Event<'_>) -> EngineEvent {
        let now = self.clock.milliseconds();
        match event {
            Event::Step { step, steps, preview, deviation } => {
                let milliseconds = now - self.since;
                EngineEvent::Step { step, steps, preview: preview.map(Preview::from), deviation, milliseconds }
            }
            Event::Done(stage) => {
                let timing = Timing { stage: stage.into(), milliseconds: now - self.stage_since };
                self.timings.push(timing);
                EngineEvent::Stage { stage: timing.stage, milliseconds: timing.milliseconds }
            }
        }
    }
}

impl Observer for Reporter<'_> {
    async fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        let ends_stage = matches!(event, Event::Done(_));
        let event = self.translate(event);
        let flow = self.run.report(&event).await;
        self.since = self.clock.milliseconds();
        if ends_stage {
            self.stage_since = self.since;
        }
        flow
    }
}

impl From<&DecodedPair> for Preview {
    fn from(pair: &DecodedPair) -> Self {
        let gathers: Vec<f32> = pair.log_amplitudes.iter().copied().map(raw_amplitude).collect();
        Self { velocity: Float32Array::from(pair.velocity.values()), gathers: Float32Array::from(&gathers[..]) }
    }
}

impl From<generate::Stage> for Stage {
    fn from(stage: generate::Stage) -> Self {
        match stage {
            generate::Stage::Sample => Self::Sample,
            generate::Stage::Decode => Self::Decode,
            generate::Stage::Simulate => Self::Simulate,
            generate::Stage::Compare => Self::Compare,
        }
    }
}

/// The worker's monotonic clock.
pub(super) struct Clock(Option<Performance>);

impl Clock {
    pub(super) fn new() -> Self {
        Self(js_sys::global().dyn_into::<WorkerGlobalScope>().ok().and_then(|worker| worker.performance()))
    }

    /// Milliseconds since some moment. Outside a worker, where the engine is not meant to run, the wall clock's.
    pub(super) fn milliseconds(&self) -> f64 {
        self.0.as_ref().map_or_else(js_sys::Date::now, Performance::now)
    }
}
