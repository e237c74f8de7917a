//! Whether generated pairs are of the kind they should be, and as many kinds as there are: Frechet distance, density and
//! coverage on a family classifier's features, recognised families, and the distance to the training maps.
//!
//! Each figure stands beside the same one of true held-out pairs, as many as the generated ones: what a perfect generator
//! would get.

mod frechet;
mod manifold;
mod neighbours;
mod symmetric;

use serde::{Deserialize, Serialize};
use wavediffusion::family::Family;

pub use frechet::frechet_distance;
pub use manifold::{Manifold, manifold};
pub use neighbours::TrainingMaps;

use crate::classifier::{HalfLook, Look, likeliest};
use crate::evaluate::median;

/// A generated pair and two true ones of its family, as the classifier sees them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// The family of all three.
    pub family: Family,
    /// The generated pair.
    pub generated: Look,
    /// A held-out pair.
    pub truth: Look,
    /// Another held-out pair.
    pub other: Look,
    /// Distance of the generated map from the nearest training map of the family, m/s, if there is any.
    pub nearest_generated: Option<f64>,
    /// That of the held-out map.
    pub nearest_held_out: Option<f64>,
}

/// Fidelity and diversity of generated pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fidelity {
    /// By their maps.
    pub maps: Aspect,
    /// By their gathers.
    pub gathers: Aspect,
    /// By both: features side by side, probabilities multiplied.
    pub pairs: Aspect,
    /// Distance from the training maps.
    pub nearest: Nearest,
}

/// Generated samples among true ones, seen from one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aspect {
    /// Share of held-out samples whose family the classifier tells.
    pub classifier_accuracy: f64,
    /// Share of generated samples that it takes for the family that was asked for.
    pub recognised_fraction: f64,
    /// Frechet distance of generated and held-out samples.
    pub frechet: f64,
    /// That of two held-out sets.
    pub frechet_held_out: f64,
    /// Density and coverage of generated among held-out samples.
    pub manifold: Manifold,
    /// Those of a second held-out set.
    pub manifold_held_out: Manifold,
}

/// Distances from the nearest training map of the family, medians, m/s; infinite where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// Generated maps.
    pub generated_mps: f64,
    /// Held-out maps.
    pub held_out_mps: f64,
}

/// What is told of one family: too few samples for distributions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FamilyFidelity {
    /// Share of held-out pairs whose family the classifier tells by the map.
    pub classifier_accuracy: f64,
    /// Share of generated pairs that it takes for this family, by the map.
    pub recognised_fraction: f64,
    /// Distance from the training maps.
    pub nearest: Nearest,
}

/// What of a pair is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The map.
    Map,
    /// The gathers.
    Gathers,
    /// Both: features side by side, probabilities multiplied.
    Both,
}

impl Side {
    fn halves(self, look: &Look) -> impl Iterator<Item = &HalfLook> {
        let (map, gathers) = match self {
            Self::Map => (Some(&look.map), None),
            Self::Gathers => (None, Some(&look.gathers)),
            Self::Both => (Some(&look.map), Some(&look.gathers)),
        };
        map.into_iter().chain(gathers)
    }

    /// The features of this side.
    pub fn features(self, look: &Look) -> Vec<f64> {
        self.halves(look).flat_map(|half| half.features.iter().copied()).collect()
    }

    /// Whether this side is taken for one of `family`.
    pub fn is_recognised(self, look: &Look, family: Family) -> bool {
        let sums = (0..Family::ALL.len()).map(|index| self.halves(look).map(|half| half.families[index]).sum());
        likeliest(sums) == Some(family)
    }

    fn recognised(self, samples: &[&Sample], which: fn(&Sample) -> &Look) -> f64 {
        let count = samples.iter().filter(|sample| self.is_recognised(which(sample), sample.family)).count();
        count as f64 / samples.len() as f64
    }
}

impl Fidelity {
    /// Fidelity of some samples.
    pub fn new(samples: &[&Sample]) -> Self {
        Self {
            maps: Aspect::new(samples, Side::Map),
            gathers: Aspect::new(samples, Side::Gathers),
            pairs: Aspect::new(samples, Side::Both),
            nearest: Nearest::new(samples),
        }
    }

    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let row = |name: &str, a: &Aspect| {
            format!(
                "| {name} | {:.1} % | {:.1} % | {:.3} ({:.3}) | {:.2} ({:.2}) | {:.2} ({:.2}) |\n",
                100.0 * a.classifier_accuracy,
                100.0 * a.recognised_fraction,
                a.frechet,
                a.frechet_held_out,
                a.manifold.density,
                a.manifold_held_out.density,
                a.manifold.coverage,
                a.manifold_held_out.coverage
            )
        };
        format!(
            "| by | classifier's accuracy on held-out pairs | generated, recognised | Frechet distance | density | coverage |\n\
             |---|---|---|---|---|---|\n{}{}{}\n\
             In brackets, a second set of held-out pairs in place of the generated ones. Nearest training map of the family: \
             {:.0} m/s from generated, {:.0} m/s from held-out maps (median).\n",
            row("map", &self.maps),
            row("gathers", &self.gathers),
            row("both", &self.pairs),
            self.nearest.generated_mps,
            self.nearest.held_out_mps
        )
    }
}

impl FamilyFidelity {
    /// Fidelity of samples of one family, or of all.
    pub fn new(samples: &[&Sample]) -> Self {
        Self {
            classifier_accuracy: Side::Map.recognised(samples, |sample| &sample.truth),
            recognised_fraction: Side::Map.recognised(samples, |sample| &sample.generated),
            nearest: Nearest::new(samples),
        }
    }
}

impl Nearest {
    fn new(samples: &[&Sample]) -> Self {
        let middle = |which: fn(&Sample) -> Option<f64>| {
            median(&samples.iter().map(|sample| which(sample).unwrap_or(f64::INFINITY)).collect::<Vec<_>>())
        };
        Self { generated_mps: middle(|s| s.nearest_generated), held_out_mps: middle(|s| s.nearest_held_out) }
    }
}

impl Aspect {
    fn new(samples: &[&Sample], side: Side) -> Self {
        let features = |which: fn(&Sample) -> &Look| -> Vec<Vec<f64>> {
            samples.iter().map(|sample| side.features(which(sample))).collect()
        };
        let (generated, truth, other) = (features(|s| &s.generated), features(|s| &s.truth), features(|s| &s.other));
        Self {
            classifier_accuracy: side.recognised(samples, |s| &s.truth),
            recognised_fraction: side.recognised(samples, |s| &s.generated),
            frechet: frechet_distance(&generated, &truth),
            frechet_held_out: frechet_distance(&other, &truth),
            manifold: manifold(&truth, &generated),
            manifold_held_out: manifold(&truth, &other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look at a pair that is taken for `map` and, by its gathers, for `gathers`, with these features.
    fn look(map: (Family, f64), gathers: (Family, f64), feature: f64) -> Look {
        let half = |(family, certainty): (Family, f64)| HalfLook {
            features: vec![feature, -feature],
            families: (0..10).map(|i| if i == family.index() { 0.0 } else { -certainty }).collect(),
        };
        Look { map: half(map), gathers: half(gathers) }
    }

    fn samples() -> Vec<Sample> {
        use Family::{StyleA, StyleB};
        let sure = |feature| look((StyleA, 5.0), (StyleA, 5.0), feature);
        (0..8u32)
            .map(|i| Sample {
                family: StyleA,
                // Half of the maps are taken for another family, less surely than the gathers for the right one.
                generated: look((if i % 2 == 0 { StyleA } else { StyleB }, 1.0), (StyleA, 2.0), f64::from(i)),
                truth: sure(f64::from(i)),
                other: sure(f64::from(i) + 100.0),
                nearest_generated: Some(f64::from(i)),
                nearest_held_out: Some(10.0),
            })
            .collect()
    }

    #[test]
    fn a_pair_is_recognised_by_what_both_halves_say() {
        let samples = samples();
        let fidelity = Fidelity::new(&samples.iter().collect::<Vec<_>>());
        let recognised = [&fidelity.maps, &fidelity.gathers, &fidelity.pairs].map(|a| a.recognised_fraction);
        assert_eq!(recognised, [0.5, 1.0, 1.0]);
        assert_eq!(fidelity.pairs.classifier_accuracy, 1.0);
        assert_eq!(fidelity.nearest, Nearest { generated_mps: 3.5, held_out_mps: 10.0 });
    }

    #[test]
    fn equal_features_have_no_distance_and_others_have() {
        let samples = samples();
        let fidelity = Fidelity::new(&samples.iter().collect::<Vec<_>>());
        // The held-out set lies 100 apart in each of two features.
        assert!(fidelity.maps.frechet < 1e-6 && (fidelity.maps.frechet_held_out - 20_000.0).abs() < 1e-6);
        assert!((fidelity.pairs.frechet_held_out - 40_000.0).abs() < 1e-6);
        assert_eq!((fidelity.maps.manifold.coverage, fidelity.maps.manifold_held_out.coverage), (1.0, 0.0));
        assert!(fidelity.markdown().contains("| map | 100.0 % | 50.0 % | 0.000 (20000.000) |"));
    }
}
