//! What the wave equation keeps when source and receiver change places, and when sources are scaled and added.

use anyhow::Result;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig};
use wavediffusion::wave::Medium;

use super::{Check, relative_error, ricker, trace};
use crate::synth;

/// f64 rounding over a thousand time steps.
const ROUNDING: f64 = 1e-12;

pub(super) fn checks() -> Result<Vec<Check>> {
    let map = synth::generate(Family::CurveFaultB, synth::HELD_OUT_SEEDS, 0);
    let base = Survey::openfwi().config().clone();
    let run = |signature: &[f64], source: Cell, receiver: Cell| -> Result<Gathers<f64>> {
        let signature = Signature::Samples(signature.to_vec());
        let config = SurveyConfig { signature, sources: vec![source], receivers: vec![receiver], ..base.clone() };
        Ok(Medium::new(&Survey::new(config)?, &map)?.simulate())
    };
    let (one, other) = (Cell { z: 5, x: 12 }, Cell { z: 50, x: 61 });
    let low = ricker(10.0, 0.11, base.dt);
    let high = ricker(25.0, 0.11, base.dt);
    let (forth, back) = (run(&low, one, other)?, run(&low, other, one)?);
    let mixed: Vec<f64> = low.iter().zip(&high).map(|(low, high)| 3.0 * low - 0.5 * high).collect();
    let (together, apart) = (run(&mixed, one, other)?, run(&high, one, other)?);
    let sum = trace(&forth, 0).zip(trace(&apart, 0)).map(|(low, high)| 3.0 * low - 0.5 * high);
    Ok(vec![
        Check::at_most(
            "reciprocity in a faulted map: source and receiver swapped",
            relative_error(trace(&forth, 0), trace(&back, 0)),
            ROUNDING,
        ),
        Check::at_most(
            "linearity and superposition: 3 a - b/2 of two signatures at once and apart",
            relative_error(trace(&together, 0), sum),
            ROUNDING,
        ),
    ])
}
