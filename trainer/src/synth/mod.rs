//! Synthetic velocity maps of OpenFWI's ten families (arXiv 2111.02926).
//!
//! The authors' generator is not public; these follow what is known of their maps: the numbers of layers, the ranges and
//! order of velocities, the shapes of interfaces and faults, and the mean and deviation of each family
//! ([`statistics`] puts both side by side). A family, a seed and an index fix a map bit for bit on every machine: the
//! random numbers are ChaCha8's, the arithmetic is `f64` and every transcendental function is `libm`'s.

pub mod contact_sheet;
mod faults;
mod layers;
mod manifest;
mod part;
mod random;
mod shards;
pub mod statistics;
mod style;
pub mod unseen;

pub use part::{NoPart, Part};
pub use shards::{Outcome, Plan, Step, write};

use wavediffusion::family::Family;
use wavediffusion::velocity_map::VelocityMap;

use random::Random;

/// Cells of a map in either direction.
pub const CELLS: usize = 70;
/// Slowest and fastest velocity of any map, m/s.
pub const VELOCITIES: (f64, f64) = (1500.0, 4500.0);
/// Seeds from here on are held out: evaluation uses them and training never does.
pub const HELD_OUT_SEEDS: u64 = 1_000_000;
/// Version of the generators: data of different versions are never mixed in one directory.
pub const GENERATOR_VERSION: u32 = 1;

/// A synthetic map and what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// The map.
    pub velocity: VelocityMap,
    /// Number of layers, 0 in the smooth families.
    pub layers: usize,
}

/// Map `index` of a family's sequence `seed`.
pub fn generate(family: Family, seed: u64, index: u64) -> VelocityMap {
    sketch(family, seed, index).velocity
}

/// Map `index` of a family's sequence `seed`, with its number of layers.
pub fn sketch(family: Family, seed: u64, index: u64) -> Sketch {
    let mut random = Random::new(family, seed, index);
    let (layers, values) = match family {
        Family::FlatVelA => layers::flat(&mut random, layers::Order::Rising),
        Family::FlatVelB => layers::flat(&mut random, layers::Order::Independent),
        Family::CurveVelA => layers::curved(&mut random, layers::Order::Rising),
        Family::CurveVelB => layers::curved(&mut random, layers::Order::Independent),
        Family::FlatFaultA => faults::simple(&mut random, faults::Bedding::Flat),
        Family::FlatFaultB => faults::complex(&mut random, faults::Bedding::Flat),
        Family::CurveFaultA => faults::simple(&mut random, faults::Bedding::Curved),
        Family::CurveFaultB => faults::complex(&mut random, faults::Bedding::Curved),
        Family::StyleA => (0, style::map(&mut random, &style::A)),
        Family::StyleB => (0, style::map(&mut random, &style::B)),
    };
    match VelocityMap::new(CELLS, CELLS, values) {
        Ok(velocity) => Sketch { velocity, layers },
        Err(error) => unreachable!("generators keep to their range: {error}"),
    }
}

/// Values of a map from a function of (row, column), whole m/s or not.
fn raster(velocity: impl Fn(usize, usize) -> f64) -> Vec<f32> {
    (0..CELLS * CELLS).map(|i| velocity(i / CELLS, i % CELLS) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// First eight bytes of the SHA-256 of a map's values.
    fn fingerprint(family: Family) -> String {
        let bytes: Vec<u8> = generate(family, 7, 3).values().iter().flat_map(|v| v.to_le_bytes()).collect();
        Sha256::digest(bytes).iter().take(8).map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn maps_of_a_seed_are_the_same_on_every_machine() {
        let expected = include_str!("fingerprints.txt");
        let found: String = Family::ALL.map(|f| format!("{f} {}\n", fingerprint(f))).concat();
        assert_eq!(found, expected);
    }

    #[test]
    fn maps_keep_to_the_velocity_range_and_layers_to_whole_metres_per_second() {
        for family in Family::ALL {
            for index in 0..50 {
                let Sketch { velocity, layers } = sketch(family, 1, index);
                let (low, high) = velocity.range();
                assert!(f64::from(low) >= VELOCITIES.0 && f64::from(high) <= VELOCITIES.1, "{family} {index}");
                let smooth = matches!(family, Family::StyleA | Family::StyleB);
                assert_eq!(layers == 0, smooth);
                assert!(smooth || velocity.values().iter().all(|v| v.fract() == 0.0), "{family} {index}");
            }
        }
    }

    #[test]
    fn seed_family_and_index_each_change_the_map() {
        let map = generate(Family::FlatVelA, 1, 0);
        assert_ne!(map, generate(Family::FlatVelA, 2, 0));
        assert_ne!(map, generate(Family::FlatVelA, 1, 1));
        assert_ne!(map, generate(Family::FlatVelB, 1, 0));
    }

    #[test]
    fn velocities_of_unfaulted_a_families_rise_with_depth() {
        for family in [Family::FlatVelA, Family::CurveVelA] {
            for index in 0..50 {
                let map = generate(family, 1, index);
                let rises = |x: usize| (1..CELLS).all(|z| map.at(z, x) >= map.at(z - 1, x));
                assert!((0..CELLS).all(rises), "{family} {index}");
            }
        }
    }
}
