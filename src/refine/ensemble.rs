//! Steps of latents, and what they do to the evidence: finite differences from which the best mix of steps follows.

use std::collections::VecDeque;

use super::evidence::Block;

/// Most steps that are kept: those of the last three rounds. Older ones were taken elsewhere.
const MEMORY: usize = 64;

/// A change of the latent and the change of the evidence that comes of it.
#[derive(Debug)]
struct Step {
    latent: Vec<f32>,
    evidence: Vec<f32>,
}

/// The latest steps.
#[derive(Debug, Default)]
pub(super) struct Ensemble {
    steps: VecDeque<Step>,
}

impl Ensemble {
    /// Adds a step.
    pub(super) fn push(&mut self, latent: Vec<f32>, evidence: Vec<f32>) {
        if self.steps.len() == MEMORY {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { latent, evidence });
    }

    /// What every block says about the mix of steps that removes `residual`.
    pub(super) fn equations(&self, blocks: &[Block], residual: &[f32]) -> Equations {
        let products = |block: &Block| {
            let rows: Vec<&[f32]> = self.steps.iter().map(|step| &step.evidence[block.values.clone()]).collect();
            let residual = &residual[block.values.clone()];
            let row = |i: usize| {
                let wanted = std::iter::once(dot(rows[i], residual));
                wanted.chain(rows[..=i].iter().map(|other| dot(rows[i], other))).collect::<Vec<_>>()
            };
            (0..rows.len()).flat_map(row).collect()
        };
        Equations { steps: self.steps.len(), blocks: blocks.iter().map(products).collect() }
    }

    /// Adds `mix` of the steps to the numbers of a latent in `range`.
    pub(super) fn apply(&self, mix: &[f64], latent: &mut [f32], range: std::ops::Range<usize>) {
        for (step, &share) in self.steps.iter().zip(mix) {
            let changes = &step.latent[range.clone()];
            latent[range.clone()].iter_mut().zip(changes).for_each(|(value, change)| *value += share as f32 * change);
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The normal equations of a least-squares mix of steps, block by block.
#[derive(Debug)]
pub(super) struct Equations {
    steps: usize,
    /// For each block and step: its product with the residual, then with every step up to itself.
    blocks: Vec<Vec<f32>>,
}

impl Equations {
    /// The equations of all blocks together, each counted as often as the square of its weight.
    pub(super) fn weighted(&self, weights: &[f64]) -> Normal {
        let mut sums = vec![0.0; self.steps * (self.steps + 3) / 2];
        for (products, weight) in self.blocks.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
            let weight = weight * weight;
            sums.iter_mut().zip(products).for_each(|(sum, &product)| *sum += weight * f64::from(product));
        }
        let row = |i: usize| i * (i + 3) / 2;
        let wanted = (0..self.steps).map(|i| sums[row(i)]).collect();
        let matrix = (0..self.steps).map(|i| sums[row(i) + 1..row(i + 1)].to_vec()).collect();
        Normal { matrix, wanted }
    }
}

/// Normal equations.
#[derive(Debug)]
pub(super) struct Normal {
    /// The lower triangle, row by row.
    matrix: Vec<Vec<f64>>,
    wanted: Vec<f64>,
}

impl Normal {
    /// The mix that leaves the least, with a penalty on the squares of the shares: `ridge` times what a step changes in the
    /// mean. No steps at all where none of them changes anything.
    pub(super) fn mix(&self, ridge: f64) -> Vec<f64> {
        let steps = self.wanted.len();
        let trace: f64 = self.matrix.iter().enumerate().map(|(i, row)| row[i]).sum();
        if trace == 0.0 {
            return vec![0.0; steps];
        }
        let penalty = ridge * trace / steps as f64;
        // Cholesky's factorisation (Golub and Van Loan, Matrix Computations, 4.2), then both triangles.
        let mut factor = self.matrix.clone();
        for i in 0..steps {
            factor[i][i] += penalty;
            for j in 0..=i {
                let rest = factor[i][j] - (0..j).map(|k| factor[i][k] * factor[j][k]).sum::<f64>();
                factor[i][j] = if i == j { rest.max(f64::MIN_POSITIVE).sqrt() } else { rest / factor[j][j] };
            }
        }
        let mut mix = self.wanted.clone();
        for i in 0..steps {
            mix[i] = (mix[i] - (0..i).map(|k| factor[i][k] * mix[k]).sum::<f64>()) / factor[i][i];
        }
        for i in (0..steps).rev() {
            mix[i] = (mix[i] - (i + 1..steps).map(|k| factor[k][i] * mix[k]).sum::<f64>()) / factor[i][i];
        }
        mix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Block> {
        [0..2, 2..4].map(|values| Block { shot: 0, receivers: 0..1, samples: 0..2, values }).to_vec()
    }

    #[test]
    fn a_residual_that_is_a_mix_of_steps_is_removed_by_it() {
        let mut ensemble = Ensemble::default();
        ensemble.push(vec![1.0, 0.0, 5.0], vec![1.0, 2.0, 0.0, 1.0]);
        ensemble.push(vec![0.0, 1.0, 5.0], vec![0.0, 1.0, -1.0, 3.0]);
        let residual = [2.0, 3.0, 1.0, -1.0];
        let equations = ensemble.equations(&blocks(), &residual);
        let mix = equations.weighted(&[1.0, 1.0]).mix(1e-9);
        assert!((mix[0] - 2.0).abs() < 1e-6 && (mix[1] + 1.0).abs() < 1e-6, "{mix:?}");
        let mut latent = vec![10.0; 3];
        ensemble.apply(&mix, &mut latent, 0..2);
        assert!((latent[0] - 12.0).abs() < 1e-4 && (latent[1] - 9.0).abs() < 1e-4 && latent[2] == 10.0, "{latent:?}");
    }

    #[test]
    fn blocks_without_weight_say_nothing_and_steps_without_effect_are_not_taken() {
        let mut ensemble = Ensemble::default();
        ensemble.push(vec![1.0], vec![1.0, 1.0, 0.0, 0.0]);
        let equations = ensemble.equations(&blocks(), &[3.0, 3.0, 7.0, 7.0]);
        assert!((equations.weighted(&[1.0, 0.0]).mix(1e-9)[0] - 3.0).abs() < 1e-6);
        assert_eq!(equations.weighted(&[0.0, 1.0]).mix(0.1), [0.0]);
    }

    #[test]
    fn the_oldest_steps_are_forgotten() {
        let mut ensemble = Ensemble::default();
        for i in 0..=MEMORY {
            ensemble.push(vec![i as f32], vec![0.0; 4]);
        }
        assert_eq!((ensemble.steps.len(), ensemble.steps[0].latent[0]), (MEMORY, 1.0));
    }
}
