//! Density and coverage of generated samples among true ones (Naeem et al. 2020, arXiv 2002.09797).

use serde::{Deserialize, Serialize};

/// Neighbours that make up the surroundings of a true sample, as in the paper.
const NEIGHBOURS: usize = 5;

/// How generated samples lie among true ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifold {
    /// Surroundings of true samples that a generated one lies in, over those expected: 1 for samples of the true
    /// distribution, less for unlikely ones.
    pub density: f64,
    /// Share of the true samples with a generated one in their surroundings: 1 - 2^-5 = 0.97 for as many samples of the
    /// true distribution, less where some kinds are never generated.
    pub coverage: f64,
}

/// Density and coverage of `generated` among `truth`. The surroundings of a true sample reach to its fifth neighbour, or
/// its last where it has fewer; NaN where nothing is to be compared.
pub fn manifold(truth: &[Vec<f64>], generated: &[Vec<f64>]) -> Manifold {
    manifold_of(truth, generated, NEIGHBOURS)
}

fn manifold_of(truth: &[Vec<f64>], generated: &[Vec<f64>], neighbours: usize) -> Manifold {
    let neighbours = neighbours.min(truth.len().saturating_sub(1));
    if neighbours == 0 || generated.is_empty() {
        return Manifold { density: f64::NAN, coverage: f64::NAN };
    }
    let (mut inside, mut covered) = (0usize, 0usize);
    for (index, centre) in truth.iter().enumerate() {
        let mut distances: Vec<f64> =
            truth.iter().enumerate().filter(|&(i, _)| i != index).map(|(_, other)| square(centre, other)).collect();
        let radius = *distances.select_nth_unstable_by(neighbours - 1, f64::total_cmp).1;
        let here = generated.iter().filter(|sample| square(centre, sample) <= radius).count();
        inside += here;
        covered += usize::from(here > 0);
    }
    Manifold {
        density: inside as f64 / (neighbours * generated.len()) as f64,
        coverage: covered as f64 / truth.len() as f64,
    }
}

/// Squared distance of two vectors.
fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Vec<f64>> {
        values.iter().map(|&v| vec![v]).collect()
    }

    #[test]
    fn points_on_a_line_are_counted_as_by_hand() {
        // Surroundings with one neighbour: 0 +- 1, 1 +- 1, 3 +- 2, 9 +- 6.
        let truth = points(&[0.0, 1.0, 3.0, 9.0]);
        // 0.5 lies in those of 0 and 1; 2.5 in that of 3 alone; 20 in none: density (2 + 1 + 0) / (1 x 3), coverage 3/4.
        let found = manifold_of(&truth, &points(&[0.5, 2.5, 20.0]), 1);
        assert_eq!(found, Manifold { density: 1.0, coverage: 0.75 });
    }

    #[test]
    fn samples_of_one_kind_cover_little_however_dense() {
        let truth: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i % 2) * 100.0, f64::from(i)]).collect();
        let generated = vec![vec![0.0, 8.0]; 20];
        let found = manifold(&truth, &generated);
        assert!(found.density > 1.0 && found.coverage <= 0.5, "{found:?}");
    }

    #[test]
    fn nothing_to_compare_is_not_a_number() {
        assert!(manifold(&points(&[1.0]), &points(&[1.0])).density.is_nan());
        assert!(manifold(&points(&[1.0, 2.0]), &[]).coverage.is_nan());
    }
}
