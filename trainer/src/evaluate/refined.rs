//! Inversions refined by the wave equation.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use wavediffusion::generate::{CpuSimulator, PairModel, Unobserved};
use wavediffusion::invert::InversionConfig;

use super::held_out::TruePair;
use super::summary::{mean, median};

/// What an inversion was and what its refinement made of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Refined {
    /// Mean absolute error of the refined map, m/s.
    error: f64,
    /// How far the simulated gathers of the encoder's map and of the refined one are from those given.
    misfits: [f64; 2],
}

impl Refined {
    /// Inverts a true pair's gathers and refines the map.
    ///
    /// # Errors
    /// When the networks fail.
    pub(super) fn measure(model: &PairModel, config: InversionConfig, truth: &TruePair) -> Result<Self> {
        let maps = pollster::block_on(model.invert(&truth.gathers, config, &CpuSimulator, &mut Unobserved))?;
        let (first, last) = maps.first().zip(maps.last()).context("an inversion makes at least one map")?;
        Ok(Self { error: truth.velocity.mean_error(&last.velocity), misfits: [first.misfit, last.misfit] })
    }
}

/// Refined inversions of a set of pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refinement {
    /// Mean absolute error of the refined maps, m/s.
    pub mae_mps: f64,
    /// Relative L2 distance of the gathers simulated on the encoder's maps from those given, median.
    pub misfit_before_median: f64,
    /// The same of the refined maps.
    pub misfit_median: f64,
}

impl Refinement {
    /// Nothing where none was refined.
    pub(super) fn new(set: &[Refined]) -> Option<Self> {
        if set.is_empty() {
            return None;
        }
        let misfit = |which: usize| median(&set.iter().map(|refined| refined.misfits[which]).collect::<Vec<_>>());
        Some(Self {
            mae_mps: mean(&set.iter().map(|refined| refined.error).collect::<Vec<_>>()),
            misfit_before_median: misfit(0),
            misfit_median: misfit(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_averaged_and_of_misfits_the_median_counts() {
        assert_eq!(Refinement::new(&[]), None);
        let set =
            [(10.0, 0.1), (20.0, 0.2), (60.0, 0.9)].map(|(error, misfit)| Refined { error, misfits: [1.0, misfit] });
        let expected = Refinement { mae_mps: 30.0, misfit_before_median: 1.0, misfit_median: 0.2 };
        assert_eq!(Refinement::new(&set), Some(expected));
    }
}
