//! Gaussian noise that is the same on every machine and backend.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

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
    fn a_seed_fixes_the_noise_bit_for_bit() {
        let bits: Vec<u32> = gaussian(7, 3).into_iter().map(f32::to_bits).collect();
        assert_eq!(bits, GOLDEN);
        assert_eq!(gaussian(7, 3), gaussian(7, 100)[..3]);
        assert_ne!(gaussian(8, 3), gaussian(7, 3));
    }

    /// Bits of the first numbers of seed 7.
    const GOLDEN: [u32; 3] = [1_064_463_727, 1_070_991_724, 3_187_259_722];

    #[test]
    fn noise_is_standard_normal() {
        let values = gaussian(1, 100_000);
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
        let square = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 1e5;
        let fourth = values.iter().map(|&v| f64::from(v).powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02 && (fourth - 3.0).abs() < 0.1);
    }
}
