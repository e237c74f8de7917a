//! The nearest of the maps that a denoiser was trained on: a generated map that is nearer to it than held-out maps are would
//! be one learnt by heart.

use rayon::prelude::*;
use wavediffusion::family::Family;
use wavediffusion::manifest::TrainingRecord;
use wavediffusion::velocity_map::VelocityMap;

use crate::train::{EndlessMaps, random_of};

/// Maps of all families that are looked through, the last ones that the denoiser saw.
const MOST: usize = 12_000;

/// The last maps of a denoiser's training, made again from its seed.
pub struct TrainingMaps {
    /// Those of each family.
    made: [Vec<VelocityMap>; Family::ALL.len()],
}

impl TrainingMaps {
    /// The maps of a run of one replica; those of a run of several are others of the same sequence.
    pub fn new(record: &TrainingRecord) -> Self {
        let batch = record.samples.checked_div(record.steps).unwrap_or(0);
        let steps = MOST.checked_div(batch).unwrap_or(0).min(record.steps);
        let drawn: Vec<(Family, u64)> = (record.steps - steps..record.steps)
            .flat_map(|step| EndlessMaps::draw(batch, &mut random_of(record.seed, step, [0, 1])))
            .collect();
        let of = |family| -> Vec<VelocityMap> {
            let indices: Vec<u64> = drawn.iter().filter(|(f, _)| *f == family).map(|(_, index)| *index).collect();
            indices.into_par_iter().map(|index| EndlessMaps::map(family, index)).collect()
        };
        Self { made: Family::ALL.map(of) }
    }

    /// Mean absolute difference in m/s of `map` from the nearest map of its family, if there is any.
    pub fn nearest(&self, family: Family, map: &VelocityMap) -> Option<f64> {
        nearest(map, &self.made[family.index()])
    }
}

/// Mean absolute difference of `map` from the nearest of `maps`, which have its size, if there is any.
fn nearest(map: &VelocityMap, maps: &[VelocityMap]) -> Option<f64> {
    let cells = map.values().len();
    let least = maps.iter().fold(f32::INFINITY, |least, other| {
        // A row at a time, until it cannot be the nearest any more.
        let mut sum = 0.0;
        for (a, b) in map.values().chunks(map.nx()).zip(other.values().chunks(map.nx())) {
            sum += a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>();
            if sum >= least {
                return least;
            }
        }
        sum
    });
    least.is_finite().then_some(f64::from(least) / cells as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(velocity: f32) -> VelocityMap {
        VelocityMap::new(2, 3, vec![velocity; 6]).unwrap()
    }

    #[test]
    fn the_nearest_map_is_found() {
        let maps = [constant(1500.0), constant(2100.0), constant(4500.0)];
        assert_eq!(nearest(&constant(2000.0), &maps), Some(100.0));
        assert_eq!(nearest(&constant(2000.0), &[]), None);
    }

    #[test]
    fn a_map_of_the_run_is_its_own_neighbour() {
        let record = TrainingRecord { seed: 2, steps: 30, samples: 120, ..TrainingRecord::default() };
        let maps = TrainingMaps::new(&record);
        assert_eq!(maps.made.iter().map(Vec::len).sum::<usize>(), 120);
        let (family, index) = EndlessMaps::draw(4, &mut random_of(2, 29, [0, 1]))[3];
        assert_eq!(maps.nearest(family, &EndlessMaps::map(family, index)), Some(0.0));
        assert!(maps.nearest(family, &EndlessMaps::map(family, index + 1)).unwrap() > 0.0);
    }

    #[test]
    fn weights_without_a_record_have_no_neighbours() {
        let maps = TrainingMaps::new(&TrainingRecord::default());
        assert_eq!(maps.nearest(Family::StyleA, &constant(2000.0)), None);
    }
}
