//! What a refinement makes small: the distance of simulated gathers from those given.

use crate::gathers::Gathers;
use crate::signal::log_amplitude;
use crate::survey::Survey;

/// Amplitudes are compared by the logarithms of this many times theirs. The direct wave is a hundred times as loud as what
/// comes back from below, and alone would decide otherwise.
const LOUDER: f32 = 3.0;

/// Power of time by which samples count: what comes late is quiet, and tells of the deep.
const GAIN: f64 = 1.5;

/// The relative squared distance from given gathers of `time^GAIN` times log amplitudes.
#[derive(Debug)]
pub(super) struct Objective {
    /// What is compared of the gathers given.
    given: Gathers,
    /// What each sample is amplified by.
    gain: Vec<f32>,
    /// The sum of its squares.
    energy: f64,
}

impl Objective {
    /// The distance from gathers of a survey.
    pub(super) fn new(survey: &Survey, given: &Gathers) -> Self {
        let time = |sample: usize| sample as f64 * survey.config().dt;
        let gain: Vec<f32> = (0..given.samples()).map(|sample| time(sample).powf(GAIN) as f32).collect();
        let mut compared = given.clone();
        for shot in compared.values_mut().chunks_exact_mut(given.samples() * given.receivers()) {
            for (traces, gain) in shot.chunks_exact_mut(given.receivers()).zip(&gain) {
                traces.iter_mut().for_each(|value| *value = gain * compressed(*value));
            }
        }
        let energy = energy(compared.values().iter().copied());
        // Nothing is relative to silence.
        Self { given: compared, gain, energy: if energy > 0.0 { energy } else { 1.0 } }
    }

    /// The distance of gathers, 0 to about 1.
    pub(super) fn value(&self, gathers: &Gathers) -> f64 {
        let shots = (0..gathers.shots()).map(|shot| energy(self.errors(shot, gathers.shot(shot)).map(|(_, _, e)| e)));
        shots.sum::<f64>() / self.energy
    }

    /// Its derivative with respect to the gather (samples, receivers) of a shot.
    pub(super) fn derivative(&self, shot: usize, gather: &[f32]) -> Vec<f32> {
        let scale = (2.0 / self.energy) as f32;
        self.errors(shot, gather).map(|(value, gain, error)| scale * error * gain * slope(value)).collect()
    }

    /// Amplitude, gain and error of each sample of a shot's gather.
    fn errors<'a>(&'a self, shot: usize, gather: &'a [f32]) -> impl Iterator<Item = (f32, f32, f32)> + 'a {
        let receivers = self.given.receivers();
        let gain = self.gain.iter().flat_map(move |&gain| std::iter::repeat_n(gain, receivers));
        let samples = gather.iter().zip(gain).zip(self.given.shot(shot));
        samples.map(|((&value, gain), given)| (value, gain, gain * compressed(value) - given))
    }
}

fn compressed(amplitude: f32) -> f32 {
    log_amplitude(LOUDER * amplitude)
}

/// The derivative of [`compressed`].
fn slope(amplitude: f32) -> f32 {
    LOUDER / (1.0 + LOUDER * amplitude.abs())
}

fn energy(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|value| f64::from(value).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::SurveyConfig;

    fn survey() -> Survey {
        Survey::new(SurveyConfig { samples: 20, ..Survey::openfwi().config().clone() }).unwrap()
    }

    fn gathers(scale: f32) -> Gathers {
        let [shots, samples, receivers] = survey().shape();
        let value = |i: usize| ((i * 37 % 101) as f32 - 50.0) * 0.1 * scale;
        Gathers::new(shots, samples, receivers, (0..shots * samples * receivers).map(value).collect()).unwrap()
    }

    #[test]
    fn the_distance_is_none_from_the_gathers_themselves_and_all_from_silence() {
        let objective = Objective::new(&survey(), &gathers(1.0));
        assert_eq!(objective.value(&gathers(1.0)), 0.0);
        assert!((objective.value(&gathers(0.0)) - 1.0).abs() < 1e-6);
        assert_eq!(Objective::new(&survey(), &gathers(0.0)).value(&gathers(0.0)), 0.0);
    }

    #[test]
    fn it_changes_as_its_derivative_says() {
        let objective = Objective::new(&survey(), &gathers(1.0));
        let here = gathers(0.7);
        let change = |i: usize| (i % 7) as f32 - 3.0;
        let moved = |scale: f32| {
            let mut there = here.clone();
            there.values_mut().iter_mut().enumerate().for_each(|(i, value)| *value += scale * change(i));
            objective.value(&there)
        };
        let slopes = (0..here.shots()).flat_map(|shot| objective.derivative(shot, here.shot(shot)));
        let expected: f64 = slopes.enumerate().map(|(i, slope)| f64::from(slope * change(i))).sum();
        let found = (moved(1e-4) - moved(-1e-4)) / 2e-4;
        assert!((found - expected).abs() < 1e-2 * expected.abs(), "{found} for {expected}");
    }

    #[test]
    fn late_samples_count_for_more() {
        let objective = Objective::new(&survey(), &gathers(1.0));
        let without = |sample: usize| {
            let mut gathers = gathers(1.0);
            let receivers = gathers.receivers();
            gathers.values_mut()[sample * receivers..][..receivers].fill(0.0);
            objective.value(&gathers)
        };
        assert!(without(18) > 2.0 * without(6));
    }
}
