//! How fast the simulator is.

use std::time::Instant;

use anyhow::Result;
use burn::tensor::Device;
use rayon::prelude::*;
use serde::Serialize;
use wavediffusion::family::Family;
use wavediffusion::survey::{Cell, Survey, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::Medium;

use crate::evaluate::median;
use crate::synth::{self, CELLS};

/// A survey of OpenFWI's kind on a map of another size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Size {
    /// Rows and columns of the map.
    pub cells: usize,
    /// Shots, evenly over the width.
    pub shots: usize,
    /// Time steps.
    pub steps: usize,
}

impl Size {
    /// OpenFWI's own.
    pub const OPENFWI: Self = Self { cells: CELLS, shots: 5, steps: 1000 };

    /// The survey and a faulted map, stretched to the size.
    fn problem(self) -> Result<(Survey, VelocityMap)> {
        let Self { cells, shots, steps } = self;
        let base = Survey::openfwi().config().clone();
        let source =
            |shot: usize| Cell { z: 1, x: if shots == 1 { cells / 2 } else { shot * (cells - 1) / (shots - 1) } };
        let survey = Survey::new(SurveyConfig {
            samples: steps,
            sources: (0..shots).map(source).collect(),
            receivers: (0..cells).map(|x| Cell { z: 1, x }).collect(),
            ..base
        })?;
        let small = synth::generate(Family::CurveFaultA, synth::HELD_OUT_SEEDS, 0);
        let at = |i: usize| small.at(i / cells * CELLS / cells, i % cells * CELLS / cells);
        Ok((survey, VelocityMap::new(cells, cells, (0..cells * cells).map(at).collect())?))
    }
}

/// What a benchmark measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// The survey.
    #[serde(flatten)]
    pub size: Size,
    /// `cpu`, `vulkan` or `cuda`.
    pub device: String,
    /// Threads of the CPU that worked; one on a GPU.
    pub threads: usize,
    /// Runs, after one that is not counted.
    pub repeat: usize,
    /// Median time of a survey, in seconds.
    pub seconds: f64,
    /// Padded cells times shots times steps, those that a run may skip included, in 1e9 a second.
    pub gcell_per_s: f64,
    /// How many times as long a run takes that follows every field until the end, also where no receiver hears it (median
    /// of the ratios, in turns). A GPU always does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_horizon: Option<f64>,
}

/// Simulates a survey once, and then `repeat` times against the clock.
///
/// # Errors
/// When the size makes no survey, or the device fails.
pub fn simulate(size: Size, name: &str, device: &Device, repeat: usize) -> Result<Measurement> {
    let (survey, map) = size.problem()?;
    let medium = Medium::<f32>::new(&survey, &map)?;
    let Runs { mut once, mut without_horizon, threads } = runs(&medium, device)?;
    once()?;
    let (mut seconds, mut ratios) = (Vec::with_capacity(repeat), Vec::new());
    for _ in 0..repeat {
        let start = Instant::now();
        once()?;
        let elapsed = start.elapsed().as_secs_f64();
        seconds.push(elapsed);
        if let Some(without_horizon) = &mut without_horizon {
            let start = Instant::now();
            without_horizon()?;
            ratios.push(start.elapsed().as_secs_f64() / elapsed);
        }
    }
    let seconds = median(&seconds);
    let updates = medium.cells() as f64 * size.shots as f64 * size.steps as f64;
    Ok(Measurement {
        size,
        device: name.to_owned(),
        threads,
        repeat,
        seconds,
        gcell_per_s: updates / seconds / 1e9,
        without_horizon: without_horizon.is_some().then(|| median(&ratios)),
    })
}

/// Sizes that show how the cost grows: with the cells, then with the shots.
pub const SCALING: [Size; 6] = [
    Size { cells: 70, shots: 5, steps: 1000 },
    Size { cells: 140, shots: 5, steps: 1000 },
    Size { cells: 280, shots: 5, steps: 1000 },
    Size { cells: 560, shots: 5, steps: 1000 },
    Size { cells: 70, shots: 1, steps: 1000 },
    Size { cells: 70, shots: 20, steps: 1000 },
];

type Run<'a> = Box<dyn FnMut() -> Result<()> + 'a>;

/// What there is to measure.
struct Runs<'a> {
    /// Runs the medium once.
    once: Run<'a>,
    /// The same, following every field until the end; a GPU has no other way.
    without_horizon: Option<Run<'a>>,
    /// Threads of the CPU that work.
    threads: usize,
}

#[cfg_attr(not(any(feature = "vulkan", feature = "cuda")), expect(unused_variables, reason = "no GPU is built in"))]
fn runs<'a>(medium: &'a Medium<f32>, device: &Device) -> Result<Runs<'a>> {
    #[cfg(any(feature = "vulkan", feature = "cuda"))]
    if let Ok(client) = wavediffusion::wave::gpu::client(device) {
        let gpu = wavediffusion::wave::gpu::GpuSimulator::new(client, medium)?;
        return Ok(Runs {
            once: Box::new(move || Ok(drop(gpu.simulate_blocking()?))),
            without_horizon: None,
            threads: 1,
        });
    }
    let once = || {
        std::hint::black_box(medium.simulate());
        Ok(())
    };
    let without_horizon = || {
        (0..medium.shots()).into_par_iter().filter_map(|shot| medium.shot(shot)).for_each(|mut field| {
            (0..medium.samples()).for_each(|_| field.step());
            std::hint::black_box(field);
        });
        Ok(())
    };
    let threads = rayon::current_num_threads().min(medium.shots());
    Ok(Runs { once: Box::new(once), without_horizon: Some(Box::new(without_horizon)), threads })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_counts_every_cell_of_every_step() {
        let size = Size { cells: 20, shots: 2, steps: 3 };
        let found = simulate(size, "cpu", &Device::flex(), 3).unwrap();
        let updates = found.gcell_per_s * found.seconds * 1e9;
        assert!((updates - (260.0 * 260.0 * 2.0 * 3.0)).abs() < 1.0, "{updates}");
        assert!(found.without_horizon.is_some_and(|ratio| ratio > 0.0));
    }
}
