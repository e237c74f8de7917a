//! A codebook where latents are: Lloyd's k-means.

use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use wavediffusion::model::Codebook;

/// Seed of the slices that become codes.
const SEED: u64 = 1;
/// Rounds of k-means.
const ROUNDS: usize = 15;

/// As many codes as `like` has, where `latents` (samples, tokens, latent width) are. They begin as random slices; a code that
/// nothing is near to is put at another.
pub fn fit(like: &Codebook, latents: &Tensor<3>) -> Codebook {
    let [count, width] = like.codes().dims();
    let slices = latents.clone().reshape([-1, width as i32]);
    let total = slices.dims()[0];
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut draw = |count: usize| {
        let indices: Vec<i64> = (0..count).map(|_| (random.next_u64() % total as u64) as i64).collect();
        slices.clone().select(0, Tensor::<1, Int>::from_data(indices.as_slice(), &slices.device()))
    };
    let mut codebook = like.clone().with_codes(draw(count));
    for _ in 0..ROUNDS {
        let indices = codebook.quantise(latents.clone()).indices;
        let (counts, sums) = sums(&slices, indices, count);
        let empty = counts.clone().equal_elem(0.0).unsqueeze_dim::<2>(1).expand([count, width]);
        let means = sums / counts.clamp_min(1.0).unsqueeze_dim(1);
        codebook = codebook.with_codes(means.mask_where(empty, draw(count)));
    }
    codebook
}

/// Number and sum of the slices that chose each code.
fn sums(slices: &Tensor<2>, indices: Tensor<1, Int>, codes: usize) -> (Tensor<1>, Tensor<2>) {
    use burn::tensor::IndexingUpdateOp::Add;
    let device = slices.device();
    let [total, width] = slices.dims();
    let counts =
        Tensor::<1>::zeros([codes], &device).select_assign(0, indices.clone(), Tensor::ones([total], &device), Add);
    (counts, Tensor::zeros([codes, width], &device).select_assign(0, indices, slices.clone(), Add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::model::{LatentConfig, Quantised};

    #[test]
    fn codes_settle_where_the_slices_are() {
        let config = LatentConfig { codes: 4, code_width: 1, codes_per_token: 1 };
        let device = Device::flex();
        let places = [-3.0f32, -1.0, 1.0, 3.0];
        let values: Vec<f32> = (0..400).map(|i| places[i % 4] + 0.01 * (i as f32 / 400.0)).collect();
        let latents = Tensor::<1>::from_data(values.as_slice(), &device).reshape([1, 400, 1]);
        let fitted = fit(&Codebook::new(config, &device), &latents);
        let Quantised { latent, .. } = fitted.quantise(latents.clone());
        let worst = (latent - latents).abs().max().into_scalar::<f32>();
        assert!(worst < 0.02, "{worst}");
    }
}
