//! Layered maps: velocities, interfaces and their undulation (families FlatVel and CurveVel).

use std::f64::consts::PI;

use super::random::Random;
use super::{CELLS, VELOCITIES, raster};

/// Thinnest layer of an unfaulted map, in cells, before undulation.
const THINNEST: f64 = 5.0;
/// Largest amplitude of an undulation's longest term, in cells.
const AMPLITUDE: f64 = 8.5;
/// Number of terms of an undulation: periods of `CELLS / 1` to `CELLS / TERMS` cells.
const TERMS: usize = 5;
/// Upper end of the range that a map of rising velocities spans from the slowest one, in m/s.
const TOP_SPEED: (f64, f64) = (3600.0, 4500.0);
/// Jitter of rising velocities, in steps from layer to layer.
const JITTER: f64 = 0.6;

/// How the velocities of a stack of layers relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Each layer is faster than the one above.
    Rising,
    /// Independent of each other, uniform in the whole range.
    Independent,
}

/// A map of flat layers: the number of layers and the values.
pub(super) fn flat(random: &mut Random, order: Order) -> (usize, Vec<f32>) {
    let stack = Stack::new(random, order);
    (stack.velocities.len(), raster(|z, _| stack.at(z as f64)))
}

/// A map of layers that undulate together: the number of layers and the values.
pub(super) fn curved(random: &mut Random, order: Order) -> (usize, Vec<f32>) {
    let stack = Stack::new(random, order);
    let fold = Undulation::new(random, AMPLITUDE);
    (stack.velocities.len(), raster(|z, x| stack.at(z as f64 - fold.at(x as f64))))
}

/// Layers over each other; the first and the last reach beyond the map.
pub(super) struct Stack {
    velocities: Vec<f64>,
    /// Depth of the top of every layer but the first, in cells, rising.
    tops: Vec<f64>,
}

impl Stack {
    /// A stack of 3 to 8 layers, 3 and 8 half as likely as the others.
    fn new(random: &mut Random, order: Order) -> Self {
        let layers = libm::round(random.uniform((3.0, 8.0))) as usize;
        let velocities = match order {
            Order::Rising => {
                let top_speed = random.uniform(TOP_SPEED);
                rising(random, layers, (VELOCITIES.0, top_speed), JITTER)
            }
            Order::Independent => independent(random, layers, 0.0),
        };
        let tops = interfaces(random, layers, (0.0, CELLS as f64), THINNEST);
        Self { velocities, tops }
    }

    /// A stack of these layers.
    pub(super) fn from_parts(velocities: Vec<f64>, tops: Vec<f64>) -> Self {
        debug_assert_eq!(velocities.len(), tops.len() + 1);
        Self { velocities, tops }
    }

    /// Velocity at a depth, in m/s.
    pub(super) fn at(&self, z: f64) -> f64 {
        self.velocities[self.tops.partition_point(|&top| top <= z)]
    }
}

/// Velocities that rise with depth from `low` to `high` in equal steps, each raised at random by up to `jitter` (at most
/// 1) of a step, whole m/s.
pub(super) fn rising(random: &mut Random, layers: usize, (low, high): (f64, f64), jitter: f64) -> Vec<f64> {
    let step = (high - low) / ((layers - 1) as f64 + jitter);
    (0..layers).map(|i| libm::round(low + step * (i as f64 + random.uniform((0.0, jitter))))).collect()
}

/// Velocities independent of each other but for neighbours that differ by at least `contrast`, whole m/s.
pub(super) fn independent(random: &mut Random, layers: usize, contrast: f64) -> Vec<f64> {
    let mut velocities: Vec<f64> = Vec::with_capacity(layers);
    while velocities.len() < layers {
        let velocity = libm::round(random.uniform(VELOCITIES));
        if velocities.last().is_none_or(|above| (velocity - above).abs() >= contrast) {
            velocities.push(velocity);
        }
    }
    velocities
}

/// Depths of the interfaces of `layers` layers that fill a range of depths, none thinner than `thinnest`; otherwise
/// uniform.
pub(super) fn interfaces(random: &mut Random, layers: usize, (top, bottom): (f64, f64), thinnest: f64) -> Vec<f64> {
    let slack = bottom - top - layers as f64 * thinnest;
    let mut depths: Vec<f64> = (1..layers).map(|_| random.uniform((0.0, slack))).collect();
    depths.sort_by(f64::total_cmp);
    depths.iter().zip(1..).map(|(depth, above)| libm::round(top + depth + f64::from(above) * thinnest)).collect()
}

/// A displacement of depth shared by all interfaces of a map: a sum of sines.
pub(super) struct Undulation {
    /// Amplitude in cells and phase of the terms of period `CELLS / 1`, `CELLS / 2`, ...
    terms: [(f64, f64); TERMS],
}

impl Undulation {
    /// Amplitudes uniform up to `amplitude / k^1.5` cells for the term of period `CELLS / k`, phases uniform.
    pub(super) fn new(random: &mut Random, amplitude: f64) -> Self {
        let mut terms = [(0.0, 0.0); TERMS];
        for (term, k) in terms.iter_mut().zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
            *term = (random.uniform((0.0, amplitude / (k * libm::sqrt(k)))), random.uniform((-PI, PI)));
        }
        Self { terms }
    }

    /// Displacement at a column, in cells, positive downward.
    pub(super) fn at(&self, x: f64) -> f64 {
        let wave = 2.0 * PI * x / CELLS as f64;
        self.terms.iter().zip(1..).map(|(&(a, phase), k)| a * libm::sin(f64::from(k) * wave + phase)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::family::Family;

    #[test]
    fn layers_are_never_thinner_than_asked() {
        for index in 0..200 {
            let random = &mut Random::new(Family::FlatVelB, 1, index);
            let mut depths = interfaces(random, 8, (0.0, 70.0), THINNEST);
            depths.insert(0, 0.0);
            depths.push(70.0);
            // Rounding to whole cells takes at most one.
            assert!(depths.windows(2).all(|pair| pair[1] - pair[0] >= THINNEST - 1.0), "{depths:?}");
        }
    }

    #[test]
    fn three_and_eight_layers_are_half_as_likely_as_the_others() {
        let mut counts = [0; 9];
        for index in 0..5000 {
            let (layers, _) = flat(&mut Random::new(Family::FlatVelA, 1, index), Order::Rising);
            counts[layers] += 1;
        }
        // Expected 500 and 1000; four standard deviations are 85 and 113.
        assert!(counts[..3].iter().all(|&n| n == 0));
        assert!([3, 8].iter().all(|&n| i32::abs(counts[n] - 500) < 85), "{counts:?}");
        assert!((4..8).all(|n| i32::abs(counts[n] - 1000) < 113), "{counts:?}");
    }
}
