//! What a refinement makes small: the distance of simulated gathers from those given.

use super::low_pass::smoothed;
use crate::gathers::Gathers;
use crate::signal::log_amplitude;
use crate::survey::Survey;

/// Amplitudes are compared by the logarithms of this many times theirs. The direct wave is a hundred times as loud as what
/// comes back from below, and alone would decide otherwise.
const LOUDER: f32 = 3.0;

/// Power of time by which samples count: what comes late is quiet, and tells of the deep.
const GAIN: f64 = 1.5;

/// The relative squared distance from given gathers of `time^GAIN` times log amplitudes, all or only the low frequencies.
#[derive(Debug)]
pub(super) struct Objective {
    /// What is compared of the gathers given.
    given: Gathers,
    /// The sum of its squares.
    energy: f64,
    /// How far gathers are smoothed, in samples.
    reach: usize,
    /// What amplitudes are multiplied by before their logarithms are taken.
    louder: f32,
    /// What the logarithms of each sample are multiplied by.
    gain: Vec<f32>,
}

impl Objective {
    /// The distance from gathers of a survey. Both are smoothed in time before, by a Gaussian of a standard deviation of
    /// `smoothing` seconds.
    pub(super) fn new(survey: &Survey, given: &Gathers, smoothing: f64) -> Self {
        let dt = survey.config().dt;
        let reach = (smoothing / dt).round() as usize;
        let gain: Vec<f32> = (0..given.samples()).map(|sample| (sample as f64 * dt).powf(GAIN) as f32).collect();
        let (receivers, length) = (given.receivers(), given.samples() * given.receivers());
        let mut compared = given.clone();
        for shot in compared.values_mut().chunks_exact_mut(length) {
            shot.copy_from_slice(&smoothed(shot, receivers, reach));
        }
        // What is left is compared as loud as the whole was.
        let (whole, left) = (energy(given.values()), energy(compared.values()));
        let louder = if left > 0.0 { LOUDER * (whole / left).sqrt() as f32 } else { LOUDER };
        for shot in compared.values_mut().chunks_exact_mut(length) {
            for (traces, gain) in shot.chunks_exact_mut(receivers).zip(&gain) {
                traces.iter_mut().for_each(|value| *value = gain * log_amplitude(louder * *value));
            }
        }
        let energy = energy(compared.values());
        // Nothing is relative to silence.
        Self { given: compared, energy: if energy > 0.0 { energy } else { 1.0 }, reach, louder, gain }
    }

    /// The distance of gathers, 0 to about 1.
    pub(super) fn value(&self, gathers: &Gathers) -> f64 {
        let errors = |shot| self.errors(shot, gathers.shot(shot)).map(|(_, _, error)| f64::from(error).powi(2));
        (0..gathers.shots()).map(|shot| errors(shot).sum::<f64>()).sum::<f64>() / self.energy
    }

    /// Its derivative with respect to the gather (samples, receivers) of a shot.
    pub(super) fn derivative(&self, shot: usize, gather: &[f32]) -> Vec<f32> {
        let scale = (2.0 / self.energy) as f32 * self.louder;
        let slope = |value: f32| scale / (1.0 + self.louder * value.abs());
        let asked: Vec<f32> =
            self.errors(shot, gather).map(|(value, gain, error)| error * gain * slope(value)).collect();
        smoothed(&asked, self.given.receivers(), self.reach)
    }

    /// Smoothed amplitude, gain and error of each sample of a shot's gather.
    fn errors(&self, shot: usize, gather: &[f32]) -> impl Iterator<Item = (f32, f32, f32)> {
        let receivers = self.given.receivers();
        let gain = self.gain.iter().flat_map(move |&gain| std::iter::repeat_n(gain, receivers));
        let samples = smoothed(gather, receivers, self.reach).into_iter().zip(gain).zip(self.given.shot(shot));
        let louder = self.louder;
        samples.map(move |((value, gain), given)| (value, gain, gain * log_amplitude(louder * value) - given))
    }
}

fn energy(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::{SurveyConfig, ricker_at};

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
        let objective = Objective::new(&survey(), &gathers(1.0), 0.0);
        assert_eq!(objective.value(&gathers(1.0)), 0.0);
        assert!((objective.value(&gathers(0.0)) - 1.0).abs() < 1e-6);
        assert_eq!(Objective::new(&survey(), &gathers(0.0), 0.0).value(&gathers(0.0)), 0.0);
    }

    #[test]
    fn it_changes_as_its_derivative_says() {
        for smoothing in [0.0, 0.003] {
            let objective = Objective::new(&survey(), &gathers(1.0), smoothing);
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
            assert!((found - expected).abs() < 1e-2 * expected.abs(), "{smoothing}: {found} for {expected}");
        }
    }

    /// The distance of an arrival that comes late by a time in seconds; the period is 67 ms.
    fn distance_of_late(delay: f64, smoothing: f64) -> f64 {
        let survey = Survey::openfwi();
        let [shots, samples, receivers] = survey.shape();
        let arrival = |delay: f64| {
            let value =
                |i: usize| ricker_at(15.0, (i / receivers % samples) as f64 * survey.config().dt - 0.5 - delay) as f32;
            Gathers::new(shots, samples, receivers, (0..shots * samples * receivers).map(value).collect()).unwrap()
        };
        Objective::new(&survey, &arrival(0.0), smoothing).value(&arrival(delay))
    }

    #[test]
    fn smoothing_tells_which_of_two_late_arrivals_is_later() {
        assert!(distance_of_late(0.06, 0.0) < distance_of_late(0.03, 0.0));
        assert!(distance_of_late(0.06, 0.04) > 1.5 * distance_of_late(0.03, 0.04));
    }

    #[test]
    fn late_samples_count_for_more() {
        let objective = Objective::new(&survey(), &gathers(1.0), 0.0);
        let without = |sample: usize| {
            let mut gathers = gathers(1.0);
            let receivers = gathers.receivers();
            gathers.values_mut()[sample * receivers..][..receivers].fill(0.0);
            objective.value(&gathers)
        };
        assert!(without(18) > 2.0 * without(6));
    }
}
