//! The codebook follows moving averages of the latents that each code stands for (arXiv 1711.00937, appendix A), and
//! codes that nothing chooses are moved to where latents are.

use burn::prelude::*;
use burn::tensor::IndexingUpdateOp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use wavediffusion::model::{Codebook, LatentConfig};

/// A code counts as dead below this fraction of the mean use.
const DEAD: f32 = 0.05;

/// Steps between revivals.
const REVIVE_EVERY: usize = 20;

/// What a batch says about the codes.
pub struct CodeUse {
    /// Slices of the latent that chose each code, (codes).
    counts: Tensor<1>,
    /// Their sums, (codes, code width).
    sums: Tensor<2>,
    /// The slices themselves, (slices, code width).
    slices: Tensor<2>,
    /// The code that each chose, (slices).
    indices: Tensor<1, Int>,
}

impl CodeUse {
    /// Counts the codes that `latent` (batch, tokens, latent width) chose.
    pub fn new(latent: Tensor<3>, indices: Tensor<1, Int>, config: LatentConfig) -> Self {
        let device = indices.device();
        let slices = latent.reshape([indices.dims()[0], config.code_width]);
        let ones = Tensor::ones([indices.dims()[0]], &device);
        Self {
            counts: Tensor::zeros([config.codes], &device).select_assign(
                0,
                indices.clone(),
                ones,
                IndexingUpdateOp::Add,
            ),
            sums: Tensor::zeros([config.codes, config.code_width], &device).select_assign(
                0,
                indices.clone(),
                slices.clone(),
                IndexingUpdateOp::Add,
            ),
            slices,
            indices,
        }
    }
}

/// The moving averages.
pub struct CodebookAverages {
    decay: f32,
    averages: Option<(Tensor<1>, Tensor<2>)>,
}

impl CodebookAverages {
    /// No averages yet.
    pub fn new(decay: f32) -> Self {
        Self { decay, averages: None }
    }

    /// A codebook whose codes are random slices of a first batch.
    pub fn start(&self, codebook: Codebook, batches: &[CodeUse], seed: u64) -> Codebook {
        let [codes, width] = codebook.codes().dims();
        let Some(batch) = batches.first() else { return codebook };
        let alike = vec![1.0; batch.slices.dims()[0]];
        codebook.with_codes(draw(&batch.slices, &alike, codes, seed).reshape([codes, width]))
    }

    /// The codebook after a step of the averages.
    pub fn update(&mut self, codebook: Codebook, batches: &[CodeUse], step: usize) -> Codebook {
        let codes = codebook.codes();
        let [code_count, _] = codes.dims();
        for batch in batches {
            // A resumed run starts from the codes as they are, as if each stood for one slice.
            let (counts, sums) =
                self.averages.take().unwrap_or_else(|| (Tensor::ones([code_count], &codes.device()), codes.clone()));
            let (keep, take) = (self.decay, 1.0 - self.decay);
            self.averages =
                Some((counts * keep + batch.counts.clone() * take, sums * keep + batch.sums.clone() * take));
        }
        let Some((counts, sums)) = self.averages.take() else { return codebook };
        let (counts, sums) = match batches.first() {
            Some(batch) if step.is_multiple_of(REVIVE_EVERY) => revive(counts, sums, batch, step as u64),
            _ => (counts, sums),
        };
        self.averages = Some((counts.clone(), sums.clone()));
        codebook.with_codes(sums / counts.clamp_min(1e-5).unsqueeze_dim(1))
    }
}

/// Puts dead codes at slices that are far from their codes, drawn by the square of the distance as k-means++ does, as if
/// each stood for as many as other codes.
fn revive(counts: Tensor<1>, sums: Tensor<2>, batch: &CodeUse, seed: u64) -> (Tensor<1>, Tensor<2>) {
    let [codes, width] = sums.dims();
    let mean = counts.clone().mean();
    let dead = counts.clone().lower(mean.clone() * DEAD);
    let chosen = (sums.clone() / counts.clone().clamp_min(1e-5).unsqueeze_dim(1)).select(0, batch.indices.clone());
    let distances = (batch.slices.clone() - chosen).square().sum_dim(1);
    let distances: Vec<f32> = distances.try_into_vec_as().unwrap_or_default();
    let slices = draw(&batch.slices, &distances, codes, seed);
    let alive = mean.expand([codes]);
    let sums = sums
        .mask_where(dead.clone().unsqueeze_dim::<2>(1).expand([codes, width]), slices * alive.clone().unsqueeze_dim(1));
    (counts.mask_where(dead, alive), sums)
}

/// `count` random slices, each as likely as its weight says.
fn draw(slices: &Tensor<2>, weights: &[f32], count: usize, seed: u64) -> Tensor<2> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut total = 0.0;
    let ends: Vec<f64> = weights
        .iter()
        .map(|&weight| {
            total += f64::from(weight);
            total
        })
        .collect();
    let indices: Vec<i64> = (0..count)
        .map(|_| {
            let at = total * f64::from(random.next_u32()) / f64::from(u32::MAX);
            ends.partition_point(|&end| end < at).min(weights.len().saturating_sub(1)) as i64
        })
        .collect();
    slices.clone().select(0, Tensor::<1, Int>::from_data(indices.as_slice(), &slices.device()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::model::{Codebook, LatentConfig};

    #[test]
    fn slices_are_drawn_by_their_weight() {
        let slices = Tensor::<1>::from_data([0.0, 1.0, 2.0], &Device::flex()).reshape([3, 1]);
        let drawn: Vec<f32> = draw(&slices, &[1.0, 0.0, 3.0], 400, 1).into_data().try_to_vec().unwrap();
        let share = |value: f32| drawn.iter().filter(|&&v| v == value).count();
        assert_eq!(share(1.0), 0);
        assert!((60..140).contains(&share(0.0)), "{}", share(0.0));
    }

    #[test]
    fn a_dead_code_moves_to_what_the_others_represent_badly() {
        let config = LatentConfig { codes: 2, code_width: 1, codes_per_token: 1 };
        let device = Device::flex();
        let latent: Vec<f32> = (0..400).map(|i| if i % 40 == 0 { 5.0 } else { 0.0 }).collect();
        let latent = Tensor::<1>::from_data(latent.as_slice(), &device).reshape([1, 400, 1]);
        let mut codebook = Codebook::new(config, &device).with_codes(Tensor::from_data([[0.0], [90.0]], &device));
        let mut averages = CodebookAverages::new(0.8);
        for step in 1..=3 * REVIVE_EVERY {
            let indices = codebook.quantise(latent.clone()).indices;
            codebook = averages.update(codebook, &[CodeUse::new(latent.clone(), indices, config)], step);
        }
        let mut codes: Vec<f32> = codebook.codes().into_data().try_to_vec().unwrap();
        codes.sort_by(f32::total_cmp);
        assert!(codes[0].abs() < 0.2 && (codes[1] - 5.0).abs() < 0.2, "{codes:?}");
    }

    #[test]
    fn codes_settle_on_the_clusters_of_the_latent() {
        let config = LatentConfig { codes: 4, code_width: 1, codes_per_token: 1 };
        let device = Device::flex();
        let latent: Vec<f32> =
            (0..400).map(|i| [-3.0, -1.0, 1.0, 3.0][i % 4] + (i as f32 / 400.0 - 0.5) * 0.1).collect();
        let latent = Tensor::<1>::from_data(latent.as_slice(), &device).reshape([1, 400, 1]);
        let codes = Tensor::from_data([[-2.0], [-0.5], [0.5], [2.0]], &device);
        let mut codebook = Codebook::new(config, &device).with_codes(codes);
        let mut averages = CodebookAverages::new(0.8);
        for step in 1..200 {
            let indices = codebook.quantise(latent.clone()).indices;
            codebook = averages.update(codebook, &[CodeUse::new(latent.clone(), indices, config)], step);
        }
        let mut codes: Vec<f32> = codebook.codes().into_data().try_to_vec().unwrap();
        codes.sort_by(f32::total_cmp);
        for (code, centre) in codes.iter().zip([-3.0, -1.0, 1.0, 3.0]) {
            assert!((code - centre).abs() < 0.1, "{codes:?}");
        }
    }
}
