//! From one half of a pair to the other: gathers to velocity maps, each simulated again and held against the gathers, and a
//! velocity map to the gathers that the model expects.

use std::future::Future;
use std::ops::ControlFlow;

use burn::prelude::*;
use thiserror::Error;

use crate::consistency::deviation;
use crate::diffusion::SamplerConfig;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, PairModel, Simulator, Unobserved};
use crate::velocity_map::VelocityMap;

/// How gathers are inverted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InversionConfig {
    samples: usize,
    spread: f32,
    seed: u64,
    sampler: SamplerConfig,
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
}

impl InversionConfig {
    /// Most maps that an inversion makes.
    pub const MAX_SAMPLES: usize = 1000;

    /// `samples` maps. The first decodes the latent of the gathers as it is; each other sends it `spread` of the way to
    /// noise and back (SDEdit, arXiv 2108.01073), with noise of its own, and shows where the gathers leave the map open.
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
        Ok(Self { samples, spread, seed, sampler })
    }

    /// Number of maps.
    pub fn samples(&self) -> usize {
        self.samples
    }
}

/// A velocity map that may have given the gathers.
#[derive(Clone, Debug, PartialEq)]
pub struct InvertedMap {
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
}

impl InversionObserver for Unobserved {
    async fn map(&mut self, _: usize, _: &InvertedMap) -> ControlFlow<()> {
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

    /// Velocity maps that may have given `gathers`.
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
        let survey = &self.manifest.survey;
        let expected = survey.shape();
        if gathers.shape() != expected {
            return Err(GenerateError::Shape { found: gathers.shape(), expected });
        }
        let read = self.autoencoder.seismic_encoder.forward(self.seismic_tensor(std::iter::once(gathers)));
        let mut maps = Vec::with_capacity(config.samples);
        for index in 0..config.samples {
            let latent = if index == 0 {
                read.clone()
            } else {
                let seed = config.seed.wrapping_add(index as u64);
                let sampler = self.sampler_from(config.sampler, &[seed], read.clone(), config.spread);
                sampler.finish().ok_or(GenerateError::Cancelled)?
            };
            let velocity = self.decode(latent).await?.pop().ok_or(GenerateError::NotFinite)?.velocity;
            let simulated = simulator.simulate(survey, &velocity).await?;
            let misfit = deviation(&simulated, gathers);
            let map = InvertedMap { velocity, simulated, misfit };
            if observer.map(index, &map).await.is_break() {
                return Err(GenerateError::Cancelled);
            }
            maps.push(map);
        }
        Ok(maps)
    }
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
            velocity: VelocityMap::new(1, 2, vec![speed, 2000.0]).unwrap(),
            simulated: Gathers::zeros(1, 1, 1),
            misfit: 0.0,
        };
        let (mean, spread) = mean_and_spread(&[map(1900.0), map(2100.0)]);
        assert_eq!((mean, spread), (vec![2000.0, 2000.0], vec![100.0, 0.0]));
        assert_eq!(mean_and_spread(&[]), (vec![], vec![]));
    }
}
