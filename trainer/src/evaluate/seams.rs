//! Whether a map shows where its tokens meet.

use serde::{Deserialize, Serialize};
use wavediffusion::velocity_map::VelocityMap;

/// Mean absolute differences between neighbouring cells of a map, m/s.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seams {
    /// Of cells that two tokens' patches part.
    parted: f64,
    /// Of all others.
    together: f64,
}

impl Seams {
    /// The seams of a map that is cut into patches of `patch` rows and columns.
    pub fn new(map: &VelocityMap, patch: [usize; 2]) -> Self {
        let (nz, nx, values) = (map.nz(), map.nx(), map.values());
        let down = (1..nz).flat_map(|z| (0..nx).map(move |x| (z % patch[0] == 0, z * nx + x, (z - 1) * nx + x)));
        let across = (0..nz).flat_map(|z| (1..nx).map(move |x| (x % patch[1] == 0, z * nx + x, z * nx + x - 1)));
        let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
        for (parted, a, b) in down.chain(across) {
            sums[usize::from(parted)] += f64::from((values[a] - values[b]).abs());
            counts[usize::from(parted)] += 1.0;
        }
        Self { parted: sums[1] / counts[1], together: sums[0] / counts[0] }
    }

    /// How many times more cells differ where tokens meet than elsewhere, over some maps: 1 where tokens do not show.
    pub fn ratio(seams: &[Self]) -> f64 {
        let sum = |which: fn(&Self) -> f64| seams.iter().map(which).sum::<f64>();
        sum(|seams| seams.parted) / sum(|seams| seams.together)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(velocity: impl Fn(usize, usize) -> f32) -> f64 {
        let values = (0..64).map(|i| velocity(i / 8, i % 8)).collect();
        Seams::ratio(&[Seams::new(&VelocityMap::new(8, 8, values).unwrap(), [4, 4])])
    }

    #[test]
    fn a_slope_has_no_seams() {
        assert!((ratio(|z, x| 2000.0 + 10.0 * (z + x) as f32) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn blocks_as_large_as_tokens_are_all_seams() {
        assert_eq!(ratio(|z, x| 2000.0 + 100.0 * (z / 4 + x / 4) as f32), f64::INFINITY);
        assert!(ratio(|z, x| 2000.0 + 100.0 * (z / 4) as f32 + 10.0 * x as f32) > 2.0);
    }
}
