//! Leaving the high frequencies out of a gather.

/// Running means in a row; three come close to a Gaussian.
const MEANS: usize = 3;

/// A gather (samples, receivers) whose traces are smoothed in time by a Gaussian, nearly, with a standard deviation of
/// `reach` samples and a half; as it is when `reach` is 0.
///
/// There is silence before and after the recording, so that the smoothing is its own transpose.
pub(super) fn smoothed(gather: &[f32], receivers: usize, reach: usize) -> Vec<f32> {
    let means = if reach == 0 { 0 } else { MEANS };
    (0..means).fold(gather.to_vec(), |gather, _| running_mean(&gather, receivers, reach))
}

/// The mean of each sample of a trace and `reach` samples before and after it.
fn running_mean(gather: &[f32], receivers: usize, reach: usize) -> Vec<f32> {
    let samples = gather.len() / receivers;
    // Of each trace, the sum of all samples before one.
    let mut sums = vec![0.0; gather.len() + receivers];
    for (i, &value) in gather.iter().enumerate() {
        sums[i + receivers] = sums[i] + f64::from(value);
    }
    let before = |sample: usize| &sums[sample.min(samples) * receivers..][..receivers];
    let scale = 1.0 / (2 * reach + 1) as f64;
    let mut means = Vec::with_capacity(gather.len());
    for sample in 0..samples {
        let (from, to) = (before(sample.saturating_sub(reach)), before(sample + reach + 1));
        means.extend(from.iter().zip(to).map(|(from, to)| (scale * (to - from)) as f32));
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_becomes_a_bell() {
        // Two traces of 101 samples, a click in the middle of the second.
        let mut gather = vec![0.0; 202];
        gather[101] = 1.0;
        let smoothed = smoothed(&gather, 2, 8);
        let sample = |i: usize| f64::from(smoothed[2 * i + 1]);
        assert!(smoothed.iter().step_by(2).all(|&value| value == 0.0));
        let moment = |power: i32| (0..101).map(|i| sample(i) * (i as f64 - 50.0).powi(power)).sum::<f64>();
        assert!((moment(0) - 1.0).abs() < 1e-5);
        assert!(moment(1).abs() < 1e-4);
        assert!((moment(2).sqrt() - 8.5).abs() < 0.05);
    }

    #[test]
    fn smoothing_is_its_own_transpose() {
        let gather = |step: usize| (0..90).map(|i| (i * step % 23) as f32 - 11.0).collect::<Vec<_>>();
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let (a, b) = (gather(7), gather(5));
        let (there, back) = (product(&smoothed(&a, 3, 6), &b), product(&a, &smoothed(&b, 3, 6)));
        assert!((there - back).abs() < 1e-5 * there.abs(), "{there} and {back}");
    }

    #[test]
    fn without_reach_nothing_is_smoothed() {
        assert_eq!(smoothed(&[1.0, -2.0, 3.0], 1, 0), [1.0, -2.0, 3.0]);
    }
}
