//! Between physical units and what the networks see.
//!
//! Velocities are scaled as OpenFWI's. Gathers become log amplitudes on a coarser time axis: a 15 Hz Ricker wavelet has
//! next to nothing above 50 Hz, so every eighth of OpenFWI's 1 ms samples says it all, and a windowed sinc gives the
//! others back.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::gathers::Gathers;

/// How physical values are scaled for the networks and for metrics, as OpenFWI does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Velocities that map to -1 and 1, in m/s.
    pub velocity: [f32; 2],
    /// Raw amplitudes whose logarithms map to -1 and 1.
    pub amplitude: [f32; 2],
    /// Samples of the survey in one of the model's.
    pub time_stride: usize,
}

/// Why values cannot be scaled.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NormalisationError {
    /// Bounds that are not finite, or not in order.
    #[error("the {what} bounds are {low} and {high}; they must be finite, the first below the second")]
    Bounds {
        /// What they bound.
        what: &'static str,
        /// The lower one.
        low: f32,
        /// The upper one.
        high: f32,
    },
    /// A stride of no samples.
    #[error("the time stride is 0; it must be at least 1")]
    Stride,
}

impl Normalisation {
    /// Tells whether values can be scaled this way and back.
    ///
    /// # Errors
    /// [`NormalisationError`] names the first number that makes no sense.
    pub fn check(&self) -> Result<(), NormalisationError> {
        for (what, [low, high]) in [("velocity", self.velocity), ("amplitude", self.amplitude)] {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(NormalisationError::Bounds { what, low, high });
            }
        }
        if self.time_stride == 0 { Err(NormalisationError::Stride) } else { Ok(()) }
    }

    /// OpenFWI's bounds, and 8 ms for its 1 ms.
    pub const OPENFWI: Self = Self { velocity: [1500.0, 4500.0], amplitude: [-30.0, 60.0], time_stride: 8 };

    /// m/s to -1..1.
    pub fn normalise_velocity(&self, velocity: f32) -> f32 {
        let [low, high] = self.velocity;
        2.0 * (velocity - low) / (high - low) - 1.0
    }

    /// -1..1 to m/s, clamped to the bounds.
    pub fn restore_velocity(&self, normalised: f32) -> f32 {
        let [low, high] = self.velocity;
        (low + (normalised + 1.0) * 0.5 * (high - low)).clamp(low, high)
    }

    /// The derivative of [`Self::restore_velocity`], m/s: none where it clamps.
    pub fn velocity_slope(&self, normalised: f32) -> f32 {
        let [low, high] = self.velocity;
        if normalised.abs() <= 1.0 { 0.5 * (high - low) } else { 0.0 }
    }

    /// Log amplitudes that map to -1 and 1.
    pub fn log_bounds(&self) -> [f32; 2] {
        self.amplitude.map(log_amplitude)
    }

    /// Raw amplitude to -1..1: min-max of the log amplitude.
    pub fn normalise_amplitude(&self, amplitude: f32) -> f32 {
        let [low, high] = self.log_bounds();
        2.0 * (log_amplitude(amplitude) - low) / (high - low) - 1.0
    }

    /// Number of the model's samples for `samples` of the survey's.
    pub fn model_samples(&self, samples: usize) -> usize {
        samples.div_ceil(self.time_stride)
    }

    /// Log amplitudes on the model's time axis, (shots, model samples, receivers) row-major.
    pub fn to_model(&self, gathers: &Gathers) -> Vec<f32> {
        let row = gathers.receivers();
        // As large as it gets and no larger: training keeps tens of thousands of these in memory.
        let mut values = Vec::with_capacity(gathers.shots() * self.model_samples(gathers.samples()) * row);
        for shot in 0..gathers.shots() {
            let samples = gathers.shot(shot).chunks_exact(row).step_by(self.time_stride);
            values.extend(samples.flatten().map(|&amplitude| log_amplitude(amplitude)));
        }
        values
    }

    /// Raw amplitudes on the survey's time axis of `samples` samples from log amplitudes
    /// (shots, model samples, receivers).
    ///
    /// # Panics
    /// Never for values that fill the shape; `log_amplitudes` must hold shots x model samples x receivers values.
    pub fn from_model(&self, log_amplitudes: &[f32], shots: usize, samples: usize, receivers: usize) -> Gathers {
        let coarse_samples = self.model_samples(samples);
        let interpolator = SincInterpolator::new(self.time_stride);
        let mut values = vec![0.0; shots * samples * receivers];
        for (fine, coarse) in
            values.chunks_exact_mut(samples * receivers).zip(log_amplitudes.chunks_exact(coarse_samples * receivers))
        {
            let raw: Vec<f32> = coarse.iter().map(|&v| raw_amplitude(v)).collect();
            interpolator.interpolate(&raw, fine, receivers);
        }
        match Gathers::new(shots, samples, receivers, values) {
            Ok(gathers) => gathers,
            Err(error) => unreachable!("the values were made to fill the shape: {error}"),
        }
    }
}

/// `sign(d) log(1 + |d|)`
pub fn log_amplitude(amplitude: f32) -> f32 {
    amplitude.abs().ln_1p().copysign(amplitude)
}

/// `sign(l) (exp(|l|) - 1)`, the inverse of [`log_amplitude`].
pub fn raw_amplitude(log_amplitude: f32) -> f32 {
    log_amplitude.abs().exp_m1().copysign(log_amplitude)
}

/// Coarse samples that each fine one is made of.
const TAPS: usize = 16;

/// Shape of the Kaiser window.
const KAISER_BETA: f64 = 6.0;

/// Restores the samples between every `stride`-th by a Kaiser-windowed sinc. On an OpenFWI gather, 8 ms to 1 ms, the
/// relative L2 error is 7e-4.
struct SincInterpolator {
    stride: usize,
    /// Taps for each phase, (stride, [`TAPS`]).
    taps: Vec<[f32; TAPS]>,
}

impl SincInterpolator {
    fn new(stride: usize) -> Self {
        let half = (TAPS / 2) as f64;
        let taps = (0..stride)
            .map(|phase| {
                let fraction = phase as f64 / stride as f64;
                std::array::from_fn(|tap| {
                    let x = fraction - (tap as f64 - (half - 1.0));
                    let window = bessel_i0(KAISER_BETA * (1.0 - (x / half).powi(2)).max(0.0).sqrt());
                    (sinc(x) * window / bessel_i0(KAISER_BETA)) as f32
                })
            })
            .collect();
        Self { stride, taps }
    }

    /// Fills `fine` (samples, row) from `coarse` (samples / stride, row); beyond its ends `coarse` is zero.
    fn interpolate(&self, coarse: &[f32], fine: &mut [f32], row: usize) {
        for (sample, out) in fine.chunks_exact_mut(row).enumerate() {
            let (base, phase) = (sample / self.stride, sample % self.stride);
            for (tap, &weight) in self.taps[phase].iter().enumerate() {
                let source = (base + tap).checked_sub(TAPS / 2 - 1).map(|s| s * row);
                if let Some(input) = source.and_then(|start| coarse.get(start..start + row)) {
                    out.iter_mut().zip(input).for_each(|(o, &i)| *o += weight * i);
                }
            }
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
}

/// Modified Bessel function of order zero by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    (1..40).fold(1.0, |sum, k| {
        term *= quarter / f64::from(k * k);
        sum + term
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Survey;
    use crate::velocity_map::VelocityMap;
    use crate::wave;

    #[test]
    fn log_amplitude_and_its_inverse_cancel() {
        for amplitude in [-30.0, -0.5, 0.0, 1e-4, 60.0] {
            assert!((raw_amplitude(log_amplitude(amplitude)) - amplitude).abs() <= 1e-5 * amplitude.abs());
        }
        assert!((Normalisation::OPENFWI.normalise_amplitude(0.0) + 0.09).abs() < 0.01);
    }

    #[test]
    fn gathers_survive_the_models_time_axis_to_a_thousandth() {
        let layers = (0..4900).map(|i| if i / 70 < 25 { 1800.0 } else { 3200.0 }).collect();
        let gathers = wave::simulate(&Survey::openfwi(), &VelocityMap::new(70, 70, layers).unwrap()).unwrap();
        let scale = Normalisation::OPENFWI;
        let coarse = scale.to_model(&gathers);
        assert_eq!(coarse.len(), 5 * 125 * 70);
        let back = scale.from_model(&coarse, 5, 1000, 70);
        let error = crate::consistency::deviation(&back, &gathers);
        assert!(error < 2e-3, "relative L2 {error}");
    }

    #[test]
    fn velocities_outside_the_bounds_are_clamped_on_the_way_back() {
        let scale = Normalisation::OPENFWI;
        assert_eq!(scale.restore_velocity(scale.normalise_velocity(2345.0)), 2345.0);
        assert_eq!(scale.restore_velocity(1.5), 4500.0);
        assert_eq!([1.5, 0.5, -1.5].map(|value| scale.velocity_slope(value)), [0.0, 1500.0, 0.0]);
    }
}
