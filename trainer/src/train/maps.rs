//! Synthetic velocity maps that are made as they are needed and never repeat.

use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::family::Family;
use wavediffusion::model::ImageConfig;
use wavediffusion::signal::Normalisation;
use wavediffusion::velocity_map::VelocityMap;

use crate::synth;

/// Sequence of maps that training draws from; `synth`'s `--seed` picks another.
const SEED: u64 = 500_000;

/// The endless sequence of every family.
#[derive(Clone, Copy, Debug)]
pub struct EndlessMaps {
    /// Scaling of the maps.
    pub normalisation: Normalisation,
    /// The maps' image.
    pub image: ImageConfig,
}

impl EndlessMaps {
    /// Families and indices of `size` random maps, ten families alike.
    pub fn draw(size: usize, random: &mut ChaCha8Rng) -> Vec<(Family, u64)> {
        (0..size)
            .map(|_| (Family::ALL[random.next_u32() as usize % Family::ALL.len()], random.next_u64() >> 1))
            .collect()
    }

    /// A map of the sequence.
    pub fn map(family: Family, index: u64) -> VelocityMap {
        synth::generate(family, SEED, index)
    }

    /// Normalised velocity (maps, 1, nz, nx) of these maps.
    pub fn velocity(&self, maps: &[(Family, u64)], device: &Device) -> Tensor<4> {
        let (nz, nx) = (self.image.rows, self.image.columns);
        let mut values = Vec::with_capacity(maps.len() * nz * nx);
        for &(family, index) in maps {
            let map = Self::map(family, index);
            values.extend(map.values().iter().map(|&v| self.normalisation.normalise_velocity(v)));
        }
        Tensor::from_data(TensorData::new(values, [maps.len(), 1, nz, nx]), device)
    }
}
