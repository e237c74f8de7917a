//! The family classifier that fidelity is measured with: maps that never repeat, and the gathers of a data set.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use wavediffusion::diffusion::gaussian;
use wavediffusion::family::Family;

use super::config::ClassifierConfig;
use super::maps::EndlessMaps;
use super::run::{Figures, Loss, Objective, figure};
use super::training_set::TrainingSet;
use super::validation::HeldOut;
use crate::classifier::PairClassifier;

/// Both halves learn to tell the family, each by itself.
pub struct ClassifierObjective<'a> {
    config: &'a ClassifierConfig,
    maps: EndlessMaps,
    data: &'a TrainingSet,
    held_out: &'a HeldOut,
}

impl<'a> ClassifierObjective<'a> {
    /// Minimises the cross entropy of the families of `maps` and of the gathers of `data`, which must tell theirs; validates
    /// on `held_out`.
    pub fn new(config: &'a ClassifierConfig, maps: EndlessMaps, data: &'a TrainingSet, held_out: &'a HeldOut) -> Self {
        Self { config, maps, data, held_out }
    }

    /// Images with Gaussian noise, so that nothing is told by what a decoder never gets quite right.
    fn noisy(&self, images: Tensor<4>, random: &mut ChaCha8Rng) -> Tensor<4> {
        let dims = images.dims();
        let noise = gaussian(random.next_u64(), dims.iter().product());
        let noise = Tensor::from_data(TensorData::new(noise, dims), &images.device());
        images + noise * self.config.input_noise
    }
}

impl Objective for ClassifierObjective<'_> {
    type Model = PairClassifier;
    type Statistics = ();

    fn loss(&self, model: &PairClassifier, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
        let drawn = EndlessMaps::draw(size, &mut random);
        let maps = self.noisy(self.maps.velocity(&drawn, device), &mut random);
        let map_families: Vec<Family> = drawn.iter().map(|&(family, _)| family).collect();
        let batch = self.data.batch(size, &mut random, device);
        let gathers = self.noisy(batch.seismic, &mut random);
        let gather_families: Vec<Family> = batch.families.into_iter().flatten().collect();

        let map = cross_entropy(model.map.forward(maps), &map_families);
        let gather = cross_entropy(model.gathers.forward(gathers), &gather_families);
        let figures = vec![figure("map_entropy", &map), figure("gather_entropy", &gather)];
        Loss { loss: map + gather, figures, statistics: () }
    }

    fn validate(&self, model: &PairClassifier, _: usize, _: &Path) -> Result<Figures> {
        self.held_out.classify(model)
    }
}

/// Mean negative logarithm of the probability, (batch, families), of each true family.
fn cross_entropy(logarithms: Tensor<2>, families: &[Family]) -> Tensor<1> {
    let count = Family::ALL.len();
    let truth: Vec<f32> = families
        .iter()
        .flat_map(|family| (0..count).map(move |index| f32::from(u8::from(index == family.index()))))
        .collect();
    let truth = Tensor::from_data(TensorData::new(truth, [families.len(), count]), &logarithms.device());
    (logarithms * truth).sum_dim(1).mean().neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_is_that_of_the_true_families() {
        let mut logarithms = vec![-9.0f32; 20];
        (logarithms[Family::StyleA.index()], logarithms[10 + Family::FlatVelB.index()]) = (-0.5, -1.5);
        let logarithms = Tensor::from_data(TensorData::new(logarithms, [2, 10]), &Device::flex());
        let entropy = cross_entropy(logarithms, &[Family::StyleA, Family::FlatVelB]).into_scalar::<f32>();
        assert_eq!(entropy, 1.0);
    }
}
