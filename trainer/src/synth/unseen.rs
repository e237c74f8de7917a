//! Two maps of ground that none of the families is like, for a look at what lies beyond the training data.

use wavediffusion::velocity_map::VelocityMap;

use super::{CELLS, raster};

/// Name and map of each.
pub fn maps() -> Vec<(&'static str, VelocityMap)> {
    let map = |velocity: fn(f64, f64) -> f64| {
        let values = raster(|row, column| velocity(unit(row), unit(column)).round());
        match VelocityMap::new(CELLS, CELLS, values) {
            Ok(map) => map,
            Err(error) => unreachable!("velocities are finite and positive: {error}"),
        }
    };
    vec![("salt body", map(salt)), ("folded and faulted section", map(section))]
}

/// A cell's place along its axis, 0..1.
fn unit(cell: usize) -> f64 {
    cell as f64 / (CELLS - 1) as f64
}

/// Salt: fast all through, a stem that widens into an overhanging top, in sediments that get faster with depth and bend up
/// along its flanks.
fn salt(z: f64, x: f64) -> f64 {
    const SPEED: f64 = 4450.0;
    let top = ((x - 0.52) / 0.26).powi(2) + ((z - 0.40) / 0.15).powi(2) < 1.0 + 0.15 * libm::sin(17.0 * x);
    let stem = z > 0.40 && (x - 0.55 + 0.06 * libm::sin(5.0 * z)).abs() < 0.09 + 0.10 * (z - 0.55).max(0.0);
    if top || stem {
        return SPEED;
    }
    let dragged = z + 0.12 * libm::exp(-((x - 0.53) / 0.22).powi(2)) * z;
    let bed = (dragged * 11.0).floor();
    1600.0 + 1500.0 * dragged + if bed % 2.0 == 0.0 { 90.0 } else { -90.0 }
}

/// In the manner of the Marmousi model: thin beds over a fold, cut by three faults that flatten with depth, under
/// undisturbed beds that lie on the worn-down rest, with a slow lens (gas) in the fold's top.
fn section(z: f64, x: f64) -> f64 {
    let lens = ((x - 0.62) / 0.09).powi(2) + ((z - 0.36) / 0.025).powi(2) < 1.0;
    if lens {
        return 1750.0;
    }
    let surface = 0.20 + 0.05 * libm::sin(4.0 * x);
    if z < surface {
        return 1520.0 + 420.0 * (z / surface * 3.0).floor() / 3.0;
    }
    // A fault that starts at `at` slopes ever less; what lies beyond it has slipped down along it.
    let slipped: f64 = [(0.08, 0.07), (0.24, 0.06), (0.40, 0.09)]
        .into_iter()
        .map(|(at, slip)| if x < at + 0.35 * z * z + 0.1 * z { slip } else { 0.0 })
        .sum();
    let fold = 0.14 * libm::exp(-((x - 0.64) / 0.24).powi(2));
    let bed = z - slipped + fold;
    let thin = libm::sin(23.0 * (bed * 19.0).floor());
    (1750.0 + 2500.0 * bed + 260.0 * thin).clamp(1550.0, 4450.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::VELOCITIES;

    #[test]
    fn the_maps_keep_to_the_velocities_that_models_know() {
        for (name, map) in maps() {
            let (slowest, fastest) = map.range();
            assert!(f64::from(slowest) >= VELOCITIES.0 && f64::from(fastest) <= VELOCITIES.1, "{name}");
        }
    }

    #[test]
    fn salt_is_one_body_with_an_overhang() {
        let (_, map) = &maps()[0];
        let is_salt = |z: usize, x: usize| map.at(z, x) == 4450.0;
        let across = |z: usize| (0..CELLS).filter(|&x| is_salt(z, x)).count();
        assert_eq!(across(5), 0);
        assert!(across(28) > 2 * across(45) && across(45) > 5, "{} {}", across(28), across(45));
        assert!((30..69).all(|z| across(z) > 0));
    }
}
