//! Layered maps cut by faults (families FlatFault and CurveFault).
//!
//! A fault is a line; everything on one side of it has slipped along the line. Faults are applied one after the other,
//! so a later one also moves the earlier ones.

use std::f64::consts::PI;

use super::layers::{Stack, Undulation, independent, interfaces, rising};
use super::random::Random;
use super::{VELOCITIES, raster};

/// Whether the layers were flat before they broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bedding {
    /// Flat.
    Flat,
    /// Undulating together.
    Curved,
}

/// Largest amplitude of the undulation's longest term, in cells.
const AMPLITUDE: f64 = 8.0;
/// Dip of a fault from the horizontal, in degrees.
const DIP: (f64, f64) = (50.0, 85.0);
/// Where a fault crosses the map: its anchor's row and column, in cells.
const ANCHOR: (f64, f64) = (15.0, 55.0);

/// Few layers, mostly two, velocities rising with depth, mostly one fault.
pub(super) fn simple(random: &mut Random, bedding: Bedding) -> (usize, Vec<f32>) {
    let layers = if random.chance(0.6) { 2 } else { random.whole(3, 4) };
    let slowest = VELOCITIES.0 + random.uniform((0.0, 200.0));
    let velocities = rising(random, layers, (slowest, VELOCITIES.1), 1.0);
    let tops = interfaces(random, layers, (5.0, 60.0), 8.0);
    let faults = if random.chance(0.8) { 1 } else { 2 };
    broken(random, Stack::from_parts(velocities, tops), layers, bedding, faults, (8.0, 20.0))
}

/// Six layers or more, velocities independent of each other, several faults.
pub(super) fn complex(random: &mut Random, bedding: Bedding) -> (usize, Vec<f32>) {
    let layers = random.whole(6, 9);
    let velocities = independent(random, layers, 300.0);
    let tops = interfaces(random, layers, (0.0, 74.0), 4.0);
    let faults = random.whole(2, 3);
    broken(random, Stack::from_parts(velocities, tops), layers, bedding, faults, (5.0, 14.0))
}

fn broken(
    random: &mut Random,
    stack: Stack,
    layers: usize,
    bedding: Bedding,
    faults: usize,
    slip: (f64, f64),
) -> (usize, Vec<f32>) {
    let fold = match bedding {
        Bedding::Flat => None,
        Bedding::Curved => Some(Undulation::new(random, AMPLITUDE)),
    };
    let faults: Vec<Fault> = (0..faults).map(|_| Fault::new(random, slip)).collect();
    let values = raster(|z, x| {
        let before = faults.iter().rev().fold((z as f64, x as f64), |place, fault| fault.undo(place));
        stack.at(before.0 - fold.as_ref().map_or(0.0, |fold| fold.at(before.1)))
    });
    (layers, values)
}

/// A line through (`z`, `x`) and the slip of the side that its normal points to, in cells.
struct Fault {
    z: f64,
    x: f64,
    /// Direction of the line, downward.
    along: (f64, f64),
    slip: f64,
}

impl Fault {
    fn new(random: &mut Random, slip: (f64, f64)) -> Self {
        let (z, x) = (random.uniform(ANCHOR), random.uniform(ANCHOR));
        let dip = random.uniform(DIP) * PI / 180.0;
        let lean = if random.chance(0.5) { 1.0 } else { -1.0 };
        let throw = if random.chance(0.5) { 1.0 } else { -1.0 };
        Self { z, x, along: (libm::sin(dip), lean * libm::cos(dip)), slip: throw * random.uniform(slip) }
    }

    /// Where the rock that is now at (`z`, `x`) was before this fault.
    fn undo(&self, (z, x): (f64, f64)) -> (f64, f64) {
        let (dz, dx) = self.along;
        let moved = (x - self.x) * dz - (z - self.z) * dx > 0.0;
        if moved { (z - self.slip * dz, x - self.slip * dx) } else { (z, x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::family::Family;

    #[test]
    fn one_side_of_a_fault_slips_along_it_and_the_other_stays() {
        let fault = Fault::new(&mut Random::new(Family::FlatFaultA, 1, 0), (8.0, 20.0));
        let (dz, dx) = fault.along;
        let far_left = (fault.z, fault.x - 40.0);
        assert_eq!(fault.undo(far_left), far_left);
        let far_right = (fault.z, fault.x + 40.0);
        let (z, x) = fault.undo(far_right);
        let (slip_z, slip_x) = (far_right.0 - z, far_right.1 - x);
        assert!((slip_z * dx - slip_x * dz).abs() < 1e-12);
        assert!((8.0..20.0).contains(&libm::hypot(slip_z, slip_x)));
    }

    #[test]
    fn simple_maps_have_few_layers_and_complex_maps_six_or_more() {
        for index in 0..100 {
            let (few, _) = simple(&mut Random::new(Family::CurveFaultA, 1, index), Bedding::Curved);
            let (many, _) = complex(&mut Random::new(Family::CurveFaultB, 1, index), Bedding::Curved);
            assert!((2..=4).contains(&few) && many >= 6);
        }
    }
}
