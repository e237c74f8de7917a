//! Tells the family of a pair by its map and, apart from that, by its gathers: what fidelity is measured with.
//!
//! Two small networks, one for each half of a pair. What is next to last in them, the features, is where true and generated
//! pairs are compared; it has the width of a handful of numbers, so that a thousand samples fill it. The weights in
//! `trainer/classifier` are built into the program, and no part of what the page loads.

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::prelude::*;
use burn::tensor::activation::{log_softmax, relu};
use serde::{Deserialize, Serialize};
use wavediffusion::family::Family;
use wavediffusion::model::{
    ImageConfig, ModelConfig, PatchEncoder, TransformerConfig, Weights, collect_weights, load_weights, read_weights,
    write_weights,
};

use crate::train::ClassifierConfig;

/// Prefix of the classifier's tensors in its file.
const PREFIX: &str = "classifier";

/// The configuration that the weights in the program were trained with.
const CONFIG: &str = include_str!("../../configs/classifier.toml");

/// The weights in the program, in half precision.
const WEIGHTS: &[u8] = include_bytes!("../../classifier/classifier.safetensors");

/// Sizes of a classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierSizes {
    /// Rows and columns of tokens.
    pub tokens: [usize; 2],
    /// Numbers that a half of a pair is compared by.
    pub features: usize,
    /// Blocks that look at the map.
    pub map_blocks: TransformerConfig,
    /// Blocks that look at the gathers.
    pub gather_blocks: TransformerConfig,
    /// Velocity maps.
    pub velocity: ImageConfig,
    /// Gathers on the model's time axis.
    pub seismic: ImageConfig,
}

impl ClassifierSizes {
    /// Whether a model makes what the classifier looks at.
    pub fn fit(&self, model: &ModelConfig) -> bool {
        let size = |image: &ImageConfig| (image.channels, image.rows, image.columns);
        size(&self.velocity) == size(&model.velocity) && size(&self.seismic) == size(&model.seismic)
    }
}

/// Tells the family of images of one kind.
#[derive(Module, Debug)]
pub struct FamilyClassifier {
    encoder: PatchEncoder,
    output: Linear,
}

impl FamilyClassifier {
    fn new(sizes: &ClassifierSizes, stack: TransformerConfig, image: ImageConfig, device: &Device) -> Self {
        Self {
            encoder: PatchEncoder::new(stack, image, sizes.tokens, sizes.features, device),
            output: LinearConfig::new(sizes.features, Family::ALL.len()).init(device),
        }
    }

    /// Features (batch, features) of images (batch, channels, rows, columns): the mean over the tokens.
    fn features(&self, images: Tensor<4>) -> Tensor<2> {
        self.encoder.forward(images).mean_dim(1).squeeze_dim(1)
    }

    /// Logarithms of the families' probabilities, (batch, families), from features.
    fn families(&self, features: Tensor<2>) -> Tensor<2> {
        log_softmax(self.output.forward(relu(features)), 1)
    }

    /// Logarithms of the families' probabilities, (batch, families), of images.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.families(self.features(images))
    }
}

/// Tells the family of either half of a pair.
#[derive(Module, Debug)]
pub struct PairClassifier {
    /// By normalised velocity maps.
    pub map: FamilyClassifier,
    /// By log amplitudes on the model's time axis.
    pub gathers: FamilyClassifier,
}

/// What a classifier makes of a half of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HalfLook {
    /// What it is compared by.
    pub features: Vec<f64>,
    /// Logarithm of each family's probability.
    pub families: Vec<f64>,
}

/// What a classifier makes of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The velocity map.
    pub map: HalfLook,
    /// The gathers.
    pub gathers: HalfLook,
}

impl PairClassifier {
    /// A classifier with random weights.
    pub fn new(sizes: &ClassifierSizes, device: &Device) -> Self {
        Self {
            map: FamilyClassifier::new(sizes, sizes.map_blocks, sizes.velocity, device),
            gathers: FamilyClassifier::new(sizes, sizes.gather_blocks, sizes.seismic, device),
        }
    }

    /// Looks at pairs: normalised velocity (batch, 1, nz, nx) and log amplitudes (batch, shots, samples, receivers).
    ///
    /// # Errors
    /// When the device fails.
    pub fn look(&self, velocity: Tensor<4>, seismic: Tensor<4>) -> Result<Vec<Look>> {
        let half = |network: &FamilyClassifier, images: Tensor<4>| -> Result<Vec<HalfLook>> {
            let features = network.features(images);
            let [_, width] = features.dims();
            let families = network.families(features.clone()).try_into_vec_as::<f64>()?;
            let features = features.try_into_vec_as::<f64>()?;
            let each = features.chunks_exact(width).zip(families.chunks_exact(Family::ALL.len()));
            Ok(each.map(|(f, p)| HalfLook { features: f.to_vec(), families: p.to_vec() }).collect())
        };
        let (maps, gathers) = (half(&self.map, velocity)?, half(&self.gathers, seismic)?);
        Ok(maps.into_iter().zip(gathers).map(|(map, gathers)| Look { map, gathers }).collect())
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.map.output.weight.val().device()
    }

    /// The classifier as a file.
    ///
    /// # Errors
    /// When a weight does not fit half precision.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        Ok(write_weights(&collect_weights(self, PREFIX)?)?)
    }

    fn with_weights(self, weights: &Weights) -> Result<Self> {
        Ok(load_weights(self, PREFIX, weights)?)
    }
}

/// The most likely family, from logarithms of probabilities that may be summed over halves.
pub fn likeliest(families: impl Iterator<Item = f64>) -> Option<Family> {
    let best = families.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.and_then(|(index, _)| Family::ALL.get(index).copied())
}

/// The classifier that is built into the program, and its sizes.
///
/// # Errors
/// When its file and its configuration do not fit together.
pub fn built_in(device: &Device) -> Result<(PairClassifier, ClassifierSizes)> {
    let read = || -> Result<(PairClassifier, ClassifierSizes)> {
        let sizes = toml::from_str::<ClassifierConfig>(CONFIG)?.classifier;
        ensure!(!WEIGHTS.is_empty(), "its file is empty");
        Ok((PairClassifier::new(&sizes, device).with_weights(&read_weights(WEIGHTS)?)?, sizes))
    };
    read().context("the program's classifier cannot be used; trainer/classifier/README.md says how it is made")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::signal::Normalisation;

    use crate::synth;

    #[test]
    fn the_committed_classifier_knows_held_out_maps() {
        let (classifier, sizes) = built_in(&Device::flex()).unwrap();
        assert!(sizes.fit(&ModelConfig::standard()));
        let maps: Vec<_> = (0..3u64)
            .flat_map(|index| Family::ALL.map(|family| (family, synth::generate(family, synth::HELD_OUT_SEEDS, index))))
            .collect();
        let normalise = |&v: &f32| Normalisation::OPENFWI.normalise_velocity(v);
        let values: Vec<f32> = maps.iter().flat_map(|(_, map)| map.values().iter().map(normalise)).collect();
        let (rows, columns) = (sizes.velocity.rows, sizes.velocity.columns);
        let images = Tensor::from_data(TensorData::new(values, [maps.len(), 1, rows, columns]), &Device::flex());
        let families = classifier.map.forward(images).try_into_vec_as::<f64>().unwrap();
        let right = families
            .chunks_exact(Family::ALL.len())
            .zip(&maps)
            .filter(|(each, (family, _))| likeliest(each.iter().copied()) == Some(*family))
            .count();
        // One in ten would be chance; how many it really knows is measured on a thousand by `evaluate`.
        assert!(right >= 25, "{right} of {}", maps.len());
    }

    #[test]
    fn a_classifier_survives_its_file() {
        let (classifier, _) = built_in(&Device::flex()).unwrap();
        assert_eq!(classifier.to_bytes().unwrap(), WEIGHTS);
        assert!(WEIGHTS.len() < 2_000_000);
    }

    #[test]
    fn the_likeliest_family_is_the_one_of_the_greatest_logarithm() {
        let families = (0..10).map(|i| if i == 7 { -0.1 } else { -3.0 });
        assert_eq!(likeliest(families), Some(Family::CurveFaultB));
        assert_eq!(likeliest(std::iter::empty()), None);
    }
}
