//! How nearly a pair satisfies the wave equation.

use crate::gathers::Gathers;
use crate::signal::Normalisation;

/// How the gathers of a pair compare with the simulation of its velocity map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Relative L2 difference of the raw amplitudes, see [`deviation`].
    pub deviation: f64,
    /// Structural similarity of the normalised gathers mapped to 0..1, see [`ssim`].
    pub ssim: f64,
    /// Mean squared difference of the normalised gathers.
    pub mse: f64,
}

/// Compares generated gathers with those that the simulator computes from the pair's velocity map.
///
/// # Panics
/// When the shapes differ.
pub fn compare(generated: &Gathers, simulated: &Gathers, normalisation: &Normalisation) -> Comparison {
    assert_eq!(generated.shape(), simulated.shape(), "gathers of one survey");
    let [a, b] = [generated, simulated]
        .map(|gathers| gathers.values().iter().map(|&v| normalisation.normalise_amplitude(v)).collect::<Vec<f32>>());
    let (samples, receivers) = (generated.samples(), generated.receivers());
    let compared = compared_samples(samples) * receivers;
    let shots = generated.shots();
    let (mut mse, mut similarity) = (0.0, 0.0);
    for (a, b) in a.chunks_exact(samples * receivers).zip(b.chunks_exact(samples * receivers)) {
        let (a, b) = (&a[..compared], &b[..compared]);
        mse += a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / (compared * shots) as f64;
        let unit = |v: &[f32]| v.iter().map(|v| (v + 1.0) * 0.5).collect::<Vec<f32>>();
        similarity += ssim(&unit(a), &unit(b), receivers) / shots as f64;
    }
    Comparison { deviation: deviation(generated, simulated), ssim: similarity, mse }
}

/// `|| d - F ||_2 / || F ||_2` over all shots and all samples but the last, which OpenFWI's files leave empty.
///
/// # Panics
/// When the shapes differ.
pub fn deviation(generated: &Gathers, simulated: &Gathers) -> f64 {
    deviation_where(generated, simulated, |_, _| true)
}

/// The same over the samples from which the direct wave is gone: what comes back from below. It is 1 where the generated
/// gathers are silent. `from` holds the first of these samples for each receiver, (shots, receivers).
///
/// # Panics
/// When the shapes differ.
pub fn reflected_deviation(generated: &Gathers, simulated: &Gathers, from: &[usize]) -> f64 {
    let [shots, _, receivers] = simulated.shape();
    assert_eq!(from.len(), shots * receivers, "a first sample for every receiver of every shot");
    deviation_where(generated, simulated, |trace, sample| sample >= from[trace])
}

/// The relative L2 difference of the samples of which `counts`(trace, sample) is true.
fn deviation_where(generated: &Gathers, simulated: &Gathers, counts: impl Fn(usize, usize) -> bool) -> f64 {
    assert_eq!(generated.shape(), simulated.shape(), "gathers of one survey");
    let [shots, samples, receivers] = simulated.shape();
    let compared = compared_samples(samples) * receivers;
    let (mut difference, mut energy) = (0.0, 0.0);
    for shot in 0..shots {
        let pairs = generated.shot(shot)[..compared].iter().zip(simulated.shot(shot));
        for (place, (&d, &f)) in pairs.enumerate() {
            if counts(shot * receivers + place % receivers, place / receivers) {
                difference += f64::from(d - f).powi(2);
                energy += f64::from(f).powi(2);
            }
        }
    }
    (difference / energy).sqrt()
}

/// Samples that comparisons use: all but the last of a survey of several.
fn compared_samples(samples: usize) -> usize {
    samples.saturating_sub(1).max(1)
}

/// Side of the window of [`ssim`], in cells.
pub const SSIM_WINDOW: usize = 11;

/// Standard deviation of the window's weights, in cells.
const SSIM_SIGMA: f64 = 1.5;

/// What [`ssim`] adds to means, then to variances, for the sake of stability.
pub const SSIM_CONSTANTS: [f32; 2] = [0.01 * 0.01, 0.03 * 0.03];

/// Weights of the cells of a row of the window of [`ssim`]; their sum is 1.
pub fn ssim_weights() -> [f32; SSIM_WINDOW] {
    let half = (SSIM_WINDOW / 2) as f64;
    let weights: [f64; SSIM_WINDOW] =
        std::array::from_fn(|i| (-(i as f64 - half).powi(2) / (2.0 * SSIM_SIGMA * SSIM_SIGMA)).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| (weight / sum) as f32)
}

/// Structural similarity (Wang et al. 2004) of two images of values in 0..1, `columns` wide, averaged over the image:
/// Gaussian window of 11 cells, data range 1, constants 0.01 and 0.03, zero padding, as OpenFWI's `pytorch_ssim`.
pub fn ssim(a: &[f32], b: &[f32], columns: usize) -> f64 {
    let [c1, c2] = SSIM_CONSTANTS;
    let blur = |values: &mut dyn Iterator<Item = f32>| gaussian_blur(&values.collect::<Vec<_>>(), columns);
    let mean_a = blur(&mut a.iter().copied());
    let mean_b = blur(&mut b.iter().copied());
    let square_a = blur(&mut a.iter().map(|v| v * v));
    let square_b = blur(&mut b.iter().map(|v| v * v));
    let product = blur(&mut a.iter().zip(b).map(|(a, b)| a * b));
    let total: f64 = (0..a.len())
        .map(|i| {
            let (ma, mb) = (mean_a[i], mean_b[i]);
            let (va, vb, cov) = (square_a[i] - ma * ma, square_b[i] - mb * mb, product[i] - ma * mb);
            f64::from((2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2)))
        })
        .sum();
    total / a.len() as f64
}

/// Separable Gaussian blur with zeros outside of the image.
fn gaussian_blur(image: &[f32], columns: usize) -> Vec<f32> {
    let half = SSIM_WINDOW / 2;
    let weights = ssim_weights();

    let mut across = vec![0.0; image.len()];
    for (out, row) in across.chunks_exact_mut(columns).zip(image.chunks_exact(columns)) {
        for (tap, &weight) in weights.iter().enumerate() {
            let (from, to) = (tap.saturating_sub(half), half.saturating_sub(tap));
            let count = columns.saturating_sub(from.max(to));
            for i in 0..count {
                out[to + i] += weight * row[from + i];
            }
        }
    }
    let rows = image.len() / columns;
    let mut down = vec![0.0; image.len()];
    for (row, out) in down.chunks_exact_mut(columns).enumerate() {
        for (tap, &weight) in weights.iter().enumerate() {
            let source = (row + tap).checked_sub(half).filter(|&s| s < rows);
            if let Some(source) = source {
                let input = &across[source * columns..(source + 1) * columns];
                out.iter_mut().zip(input).for_each(|(o, &i)| *o += weight * i);
            }
        }
    }
    down
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32, len: usize) -> Vec<f32> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32
            })
            .collect()
    }

    #[test]
    fn equal_gathers_do_not_deviate() {
        let gathers = Gathers::new(2, 20, 15, noise(1, 600)).unwrap();
        let comparison = compare(&gathers, &gathers, &Normalisation::OPENFWI);
        assert_eq!(comparison.deviation, 0.0);
        assert_eq!(comparison.mse, 0.0);
        assert!((comparison.ssim - 1.0).abs() < 1e-6);
    }

    #[test]
    fn doubled_amplitudes_deviate_by_one() {
        let simulated = noise(1, 600);
        let doubled = simulated.iter().map(|v| 2.0 * v).collect();
        let [a, b] = [doubled, simulated].map(|values| Gathers::new(2, 20, 15, values).unwrap());
        assert!((deviation(&a, &b) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_last_sample_is_left_out() {
        let simulated = noise(1, 300);
        let mut other = simulated.clone();
        other[285..].fill(9.0);
        let [a, b] = [other, simulated].map(|values| Gathers::new(1, 20, 15, values).unwrap());
        assert_eq!(deviation(&a, &b), 0.0);
    }

    #[test]
    fn what_comes_before_the_direct_wave_is_gone_counts_for_nothing_in_the_reflected_deviation() {
        let simulated = noise(1, 300);
        let mut other = simulated.clone();
        // 20 samples of 15 receivers: wrong until the tenth sample, silent from the fifteenth.
        other[..150].fill(9.0);
        other[225..].fill(0.0);
        let [a, b] = [other, simulated].map(|values| Gathers::new(1, 20, 15, values).unwrap());
        assert_eq!(reflected_deviation(&a, &b, &[15; 15]), 1.0);
        let reflected = reflected_deviation(&a, &b, &[10; 15]);
        assert!(reflected > 0.3 && reflected < 1.0, "{reflected}");
        assert!(reflected_deviation(&a, &b, &[5; 15]) > 1.0);
    }

    #[test]
    fn unrelated_noise_is_dissimilar() {
        let similarity = ssim(&noise(1, 2500), &noise(2, 2500), 50);
        assert!(similarity.abs() < 0.1, "{similarity}");
    }

    #[test]
    fn ssim_of_constants_follows_its_luminance_term() {
        let similarity = ssim(&[0.5; 2500], &[0.5; 2500], 50);
        assert!((similarity - 1.0).abs() < 1e-6);
    }
}
