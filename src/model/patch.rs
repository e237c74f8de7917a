//! Images to tokens and back: one patch of every channel to a token.

use burn::prelude::*;

use super::config::ImageConfig;

/// Cuts images (batch, channels, rows, columns) into (batch, tokens, patch values), amplified where the image has a gain. Rows
/// and columns beyond the image repeat its last ones.
pub(super) fn patchify(image: Tensor<4>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<3> {
    let [batch, channels, ..] = image.dims();
    let [height, width] = config.patch;
    let image = match row_factors(config, 1.0, &image.device()) {
        Some(gain) => image * gain,
        None => image,
    };
    pad_edge(image, [tokens[0] * height, tokens[1] * width])
        .reshape([batch, channels, tokens[0], height, tokens[1], width])
        .permute([0, 2, 4, 1, 3, 5])
        .reshape([batch, tokens[0] * tokens[1], config.patch_values()])
}

/// Puts (batch, tokens, patch values) together to images (batch, channels, rows, columns), cropping the padding and undoing
/// the gain.
pub(super) fn unpatchify(patches: Tensor<3>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<4> {
    let [batch, ..] = patches.dims();
    let [height, width] = config.patch;
    let image = patches
        .reshape([batch, tokens[0], tokens[1], config.channels, height, width])
        .permute([0, 3, 1, 4, 2, 5])
        .reshape([batch, config.channels, tokens[0] * height, tokens[1] * width])
        .slice([0..batch, 0..config.channels, 0..config.rows, 0..config.columns]);
    match row_factors(config, -1.0, &image.device()) {
        Some(inverse) => image * inverse,
        None => image,
    }
}

/// The gain of each row to a `power`, (1, 1, rows, 1), where the image has one.
fn row_factors(config: &ImageConfig, power: f32, device: &Device) -> Option<Tensor<4>> {
    let gain = config.gain?;
    let factors: Vec<f32> = (0..config.rows).map(|row| gain.at(row).powf(power)).collect();
    Some(Tensor::from_data(TensorData::new(factors, [1, 1, config.rows, 1]), device))
}

/// Repeats the last row and column up to `size`.
fn pad_edge(image: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let mut image = image;
    for (dim, size) in [(2, size[0]), (3, size[1])] {
        let have = image.dims()[dim];
        if have < size {
            let edge = image.clone().narrow(dim, have - 1, 1).repeat_dim(dim, size - have);
            image = Tensor::cat(vec![image, edge], dim);
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GainConfig;

    /// Image values 0..70, (1, 2, 5, 7), the configuration with patches that reach beyond them, and a grid of tokens.
    fn image(gain: Option<GainConfig>) -> (Tensor<4>, ImageConfig, [usize; 2]) {
        let config = ImageConfig { channels: 2, rows: 5, columns: 7, patch: [3, 4], gain };
        (Tensor::<1, Int>::arange(0..70, &Device::flex()).float().reshape([1, 2, 5, 7]), config, [2, 2])
    }

    #[test]
    fn patches_put_together_give_the_image_back() {
        for gain in [None, Some(GainConfig { from: 2, doubling: 1 })] {
            let (image, config, tokens) = image(gain);
            let patches = patchify(image.clone(), &config, tokens);
            assert_eq!(patches.dims(), [1, 4, 24]);
            let back = unpatchify(patches, &config, tokens);
            assert_eq!(back.to_data(), image.to_data());
        }
    }

    #[test]
    fn patches_are_amplified_row_by_row() {
        let (image, config, tokens) = image(Some(GainConfig { from: 1, doubling: 1 }));
        let patches: Vec<f32> = patchify(image, &config, tokens).try_into_vec_as().unwrap();
        assert_eq!(patches[..12], [0.0, 1.0, 2.0, 3.0, 7.0, 8.0, 9.0, 10.0, 28.0, 30.0, 32.0, 34.0]);
    }
}
