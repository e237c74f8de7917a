//! From one half of a pair to the other: gathers to velocity maps, each simulated again and held against the gathers, and a
//! velocity map to the gathers that the model expects.

use std::future::Future;
use std::ops::ControlFlow;

use burn::prelude::*;
use thiserror::Error;

use crate::consistency::deviation;
use crate::diffusion::SamplerConfig;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, PairModel, Simulator, Unobserved, proceed};
use crate::refine::{Refinement, STEPS};
use crate::velocity_map::VelocityMap;

/// How gathers are inverted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InversionConfig {
    samples: usize,
    spread: f32,
    seed: u64,
    sampler: SamplerConfig,
    rounds: usize,
}

/// Settings that no inversion accepts.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum InversionConfigError {
    /// Too few or too many maps.
    #[error("{0} maps; an inversion makes 1 to {max}", max = InversionConfig::MAX_SAMPLES)]
    Samples(usize),
    /// A spread that is no number or out of range.
    #[error("spread {0}; it lies above 0 and up to 1")]
    Spread(f32),
    /// Too many rounds.
    #[error("{0} rounds of refinement; an inversion makes 0 to {max}", max = InversionConfig::MAX_ROUNDS)]
    Rounds(usize),
}

impl InversionConfig {
    /// Most maps that an inversion makes.
    pub const MAX_SAMPLES: usize = 1000;
    /// Most rounds of refinement.
    pub const MAX_ROUNDS: usize = 100;

    /// `samples` maps. The first decodes the latent of the gathers; each other sends it `spread` of the way to noise and
    /// back (SDEdit, arXiv 2108.01073), with noise of its own, and shows where the gathers leave the map open.
    ///
    /// # Errors
    /// [`InversionConfigError`] when a setting is out of range.
    pub fn new(samples: usize, spread: f32, seed: u64, sampler: SamplerConfig) -> Result<Self, InversionConfigError> {
        if samples == 0 || samples > Self::MAX_SAMPLES {
            return Err(InversionConfigError::Samples(samples));
        }
        if !(spread > 0.0 && spread <= 1.0) {
            return Err(InversionConfigError::Spread(spread));
        }
        Ok(Self { samples, spread, seed, sampler, rounds: 0 })
    }

    /// The same with up to `rounds` rounds of twenty steps that move the latent until the wave equation makes the gathers of
    /// its map, before any others are drawn around it; fewer where they come near enough. After twelve they begin anew.
    ///
    /// # Errors
    /// [`InversionConfigError`] when there are too many.
    pub fn refined(self, rounds: usize) -> Result<Self, InversionConfigError> {
        if rounds > Self::MAX_ROUNDS {
            return Err(InversionConfigError::Rounds(rounds));
        }
        Ok(Self { rounds, ..self })
    }

    /// Number of maps, and of those on the way to the first of them.
    pub fn maps(&self) -> usize {
        self.samples + self.rounds
    }
}

/// Where a map comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapOrigin {
    /// It decodes the latent of the gathers as the encoder reads it.
    Encoded,
    /// It decodes that latent after so many rounds of refinement.
    Refined(usize),
    /// It came back from noise near the last of these.
    Sampled,
}

/// A velocity map that may have given the gathers.
#[derive(Clone, Debug, PartialEq)]
pub struct InvertedMap {
    /// Where it comes from.
    pub origin: MapOrigin,
    /// The map.
    pub velocity: VelocityMap,
    /// What the wave equation makes of it.
    pub simulated: Gathers,
    /// How far that is from the gathers that were inverted: relative L2, see [`deviation`].
    pub misfit: f64,
}

/// Hears of each map, and may call the inversion off.
pub trait InversionObserver {
    /// Called with each map and its number, from 0; answers [`ControlFlow::Break`] to call the inversion off.
    fn map(&mut self, index: usize, map: &InvertedMap) -> impl Future<Output = ControlFlow<()>>;

    /// Called after each step of a round of refinement, `done` of up to `total`; answers as [`InversionObserver::map`] does.
    fn stepped(&mut self, done: usize, total: usize) -> impl Future<Output = ControlFlow<()>>;
}

impl InversionObserver for Unobserved {
    async fn map(&mut self, _: usize, _: &InvertedMap) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    async fn stepped(&mut self, _: usize, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl PairModel {
    /// Log amplitudes of gathers, (batch, shots, model samples, receivers), on the networks' device.
    pub fn seismic_tensor<'a>(&self, gathers: impl ExactSizeIterator<Item = &'a Gathers>) -> Tensor<4> {
        let image = self.manifest.model.seismic;
        let shape = [gathers.len(), image.channels, image.rows, image.columns];
        let values: Vec<f32> = gathers.flat_map(|gathers| self.manifest.normalisation.to_model(gathers)).collect();
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Normalised velocity maps, (batch, 1, nz, nx), on the networks' device.
    pub fn velocity_tensor<'a>(&self, maps: impl ExactSizeIterator<Item = &'a VelocityMap>) -> Tensor<4> {
        let image = self.manifest.model.velocity;
        let shape = [maps.len(), 1, image.rows, image.columns];
        let normalise = |&v: &f32| self.manifest.normalisation.normalise_velocity(v);
        let values: Vec<f32> = maps.flat_map(|map| map.values().iter().map(normalise)).collect();
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// The gathers that the model expects of a velocity map: velocity, latent, seismic data, with no simulation.
    ///
    /// # Errors
    /// [`GenerateError`] when the device or the networks fail.
    pub async fn predict(&self, velocity: &VelocityMap) -> Result<Gathers, GenerateError> {
        let latent = self.autoencoder.velocity_encoder.forward(self.velocity_tensor(std::iter::once(velocity)));
        let pair = self.decode(latent).await?.pop().ok_or(GenerateError::NotFinite)?;
        Ok(self.gathers(&pair))
    }

    /// Velocity maps that may have given `gathers`: that of the encoder's latent, those of every round of refinement, and the
    /// samples around the last of these.
    ///
    /// # Errors
    /// [`GenerateError`] when the gathers are not of the weights' survey, the observer calls it off, or the device or the
    /// networks fail.
    pub async fn invert(
        &self,
        gathers: &Gathers,
        config: InversionConfig,
        simulator: &impl Simulator,
        observer: &mut impl InversionObserver,
    ) -> Result<Vec<InvertedMap>, GenerateError> {
        let expected = self.manifest.survey.shape();
        if gathers.shape() != expected {
            return Err(GenerateError::Shape { found: gathers.shape(), expected });
        }
        let latent = self.autoencoder.seismic_encoder.forward(self.seismic_tensor(std::iter::once(gathers)));
        let mut maps = Maps { given: gathers, observer, done: Vec::with_capacity(config.maps()) };

        let latent = if config.rounds == 0 {
            let map = self.decoded(latent.clone(), simulator).await?;
            maps.add(MapOrigin::Encoded, (&map.0, &map.1)).await?;
            latent
        } else {
            let seed = config.seed.wrapping_add(config.samples as u64);
            let mut refinement = Refinement::new(self, simulator, gathers, latent, seed).await?;
            maps.add(MapOrigin::Encoded, refinement.map()).await?;
            for round in 1..=config.rounds {
                if refinement.is_done() {
                    break;
                }
                refinement.round(&mut async |done| proceed(maps.observer.stepped(done, STEPS).await)).await?;
                maps.add(MapOrigin::Refined(round), refinement.map()).await?;
            }
            refinement.latent()
        };
        for sample in 1..config.samples {
            let seed = config.seed.wrapping_add(sample as u64);
            let sampler = self.sampler_from(config.sampler, &[seed], latent.clone(), config.spread);
            let sampled = sampler.finish().ok_or(GenerateError::Cancelled)?;
            let map = self.decoded(sampled, simulator).await?;
            maps.add(MapOrigin::Sampled, (&map.0, &map.1)).await?;
        }
        Ok(maps.done)
    }

    /// The map of a latent, and its simulation.
    pub(crate) async fn decoded(
        &self,
        latent: Tensor<3>,
        simulator: &impl Simulator,
    ) -> Result<(VelocityMap, Gathers), GenerateError> {
        let velocity = self.decode_velocity(latent).await?.pop().ok_or(GenerateError::NotFinite)?;
        let simulated = simulator.simulate(&self.manifest.survey, &velocity).await?;
        Ok((velocity, simulated))
    }
}

/// The maps of an inversion so far.
struct Maps<'a, O> {
    given: &'a Gathers,
    observer: &'a mut O,
    done: Vec<InvertedMap>,
}

impl<O: InversionObserver> Maps<'_, O> {
    /// Adds a map with its simulation, and tells the observer.
    async fn add(
        &mut self,
        origin: MapOrigin,
        (velocity, simulated): (&VelocityMap, &Gathers),
    ) -> Result<(), GenerateError> {
        let misfit = deviation(simulated, self.given);
        let map = InvertedMap { origin, velocity: velocity.clone(), simulated: simulated.clone(), misfit };
        proceed(self.observer.map(self.done.len(), &map).await)?;
        self.done.push(map);
        Ok(())
    }
}

/// The maps of an inversion that its samples are around, and these: all but those on the way.
pub fn outcome(maps: &[InvertedMap]) -> &[InvertedMap] {
    let last = maps.iter().rposition(|map| map.origin != MapOrigin::Sampled).unwrap_or(0);
    &maps[last..]
}

/// Mean and standard deviation of every cell over maps of one shape, (nz, nx) row-major, m/s; empty of none.
pub fn mean_and_spread(maps: &[InvertedMap]) -> (Vec<f32>, Vec<f32>) {
    let cells = maps.first().map_or(0, |map| map.velocity.values().len());
    let moments = |cell: usize| {
        let values = || maps.iter().map(|map| f64::from(map.velocity.values()[cell]));
        let mean = values().sum::<f64>() / maps.len() as f64;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / maps.len() as f64;
        (mean as f32, variance.sqrt() as f32)
    };
    (0..cells).map(moments).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused() {
        let sampler = SamplerConfig::new(5, 1.0).unwrap();
        let refused = |samples, spread| InversionConfig::new(samples, spread, 1, sampler).unwrap_err();
        assert_eq!(refused(0, 0.4), InversionConfigError::Samples(0));
        assert_eq!(refused(2, 1.5), InversionConfigError::Spread(1.5));
        assert!(matches!(refused(2, f32::NAN), InversionConfigError::Spread(_)));
    }

    #[test]
    fn spread_is_the_standard_deviation_of_a_cell() {
        let map = |speed: f32| InvertedMap {
            origin: MapOrigin::Sampled,
            velocity: VelocityMap::new(1, 2, vec![speed, 2000.0]).unwrap(),
            simulated: Gathers::zeros(1, 1, 1),
            misfit: 0.0,
        };
        let (mean, spread) = mean_and_spread(&[map(1900.0), map(2100.0)]);
        assert_eq!((mean, spread), (vec![2000.0, 2000.0], vec![100.0, 0.0]));
        assert_eq!(mean_and_spread(&[]), (vec![], vec![]));
    }
}
