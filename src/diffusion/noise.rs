//! Gaussian noise that is the same on every machine and backend.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use thiserror::Error;

/// The noise that a sample starts from: a seed's, or a point on the way from it to another seed's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    seed: u64,
    toward: Option<(u64, f64)>,
}

/// A point that is not on the way.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("fraction {0} of the way; it lies between 0 and 1")]
pub struct FractionError(f64);

impl From<u64> for Noise {
    fn from(seed: u64) -> Self {
        Self { seed, toward: None }
    }
}

impl Noise {
    /// The noise at `fraction` (0..1) of the way from the noise of `seed` to that of `other`.
    ///
    /// # Errors
    /// [`FractionError`] when the fraction is no number or out of range.
    pub fn between(seed: u64, other: u64, fraction: f64) -> Result<Self, FractionError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(FractionError(fraction));
        }
        Ok(Self { seed, toward: Some((other, fraction)) })
    }

    /// `count` numbers, bit for bit the same everywhere.
    pub fn values(self, count: usize) -> Vec<f32> {
        let from = gaussian(self.seed, count);
        match self.toward {
            None => from,
            Some((other, fraction)) => slerp(from, gaussian(other, count), fraction),
        }
    }
}

/// Spherical interpolation (Shoemake 1985): the direction turns evenly from that of `a` to that of `b` and the length
/// goes evenly from one to the other, so that what lies between is as long as noise is.
fn slerp(a: Vec<f32>, b: Vec<f32>, fraction: f64) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let (length_a, length_b) = (libm::sqrt(dot(&a, &a)), libm::sqrt(dot(&b, &b)));
    let angle = libm::acos((dot(&a, &b) / (length_a * length_b)).clamp(-1.0, 1.0));
    if fraction == 0.0 || a == b {
        return a;
    }
    if fraction == 1.0 {
        return b;
    }
    let length = (1.0 - fraction) * length_a + fraction * length_b;
    let share_a = length * libm::sin((1.0 - fraction) * angle) / (libm::sin(angle) * length_a);
    let share_b = length * libm::sin(fraction * angle) / (libm::sin(angle) * length_b);
    a.iter().zip(&b).map(|(&a, &b)| (share_a * f64::from(a) + share_b * f64::from(b)) as f32).collect()
}

/// `count` standard normal numbers from `seed`, bit for bit the same everywhere (ChaCha8 and Box-Muller on `libm`).
pub fn gaussian(seed: u64, count: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut unit = || ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = libm::sqrt(-2.0 * libm::log(unit()));
        let angle = 2.0 * std::f64::consts::PI * unit();
        values.extend([(radius * libm::cos(angle)) as f32, (radius * libm::sin(angle)) as f32]);
    }
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_noise_however_much_of_it_is_asked_for() {
        assert_eq!(gaussian(7, 3), gaussian(7, 100)[..3]);
        assert_ne!(gaussian(8, 3), gaussian(7, 3));
    }

    #[test]
    fn the_ends_of_the_way_are_the_noise_of_the_two_seeds() {
        for (fraction, seed) in [(0.0, 3), (1.0, 4)] {
            assert_eq!(Noise::between(3, 4, fraction).unwrap().values(500), gaussian(seed, 500));
        }
        assert_eq!(Noise::between(3, 3, 0.5).unwrap().values(500), gaussian(3, 500));
        assert_eq!(Noise::from(3).values(500), gaussian(3, 500));
    }

    #[test]
    fn noise_on_the_way_is_as_long_as_noise_and_turns_evenly() {
        let length = |v: &[f32]| v.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let angle = |a: &[f32], b: &[f32]| {
            let dot: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            (dot / (length(a) * length(b))).acos()
        };
        let [from, to] = [3, 4].map(|seed| gaussian(seed, 2000));
        for fraction in [0.25, 0.5, 0.9] {
            let between = Noise::between(3, 4, fraction).unwrap().values(2000);
            let expected = (1.0 - fraction) * length(&from) + fraction * length(&to);
            assert!((length(&between) / expected - 1.0).abs() < ROUNDING, "{fraction}");
            assert!((angle(&from, &between) / angle(&from, &to) - fraction).abs() < ROUNDING, "{fraction}");
        }
    }

    /// f32 values against f64 sums over them.
    const ROUNDING: f64 = 1e-6;

    #[test]
    fn fractions_beyond_the_ends_are_refused() {
        assert_eq!(Noise::between(3, 4, 1.5), Err(FractionError(1.5)));
        assert!(Noise::between(3, 4, -0.1).is_err() && Noise::between(3, 4, f64::NAN).is_err());
    }

    #[test]
    fn noise_is_standard_normal() {
        let values = gaussian(1, 100_000);
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
        let square = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 1e5;
        let fourth = values.iter().map(|&v| f64::from(v).powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02 && (fourth - 3.0).abs() < 0.1);
    }
}
