//! Images to tokens and back: one patch of every channel to a token.

use burn::prelude::*;

use super::config::ImageConfig;

/// Cuts images (batch, channels, rows, columns) into (batch, tokens, patch values). Rows and columns beyond the image
/// repeat its last ones.
pub(super) fn patchify(image: Tensor<4>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<3> {
    cut(pad(image, config, tokens, |edge| edge), config, tokens)
}

/// The transpose of [`unpatchify`]: cuts images as [`patchify`] does, but with zeros beyond them.
pub(super) fn unpatchify_transposed(image: Tensor<4>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<3> {
    cut(pad(image, config, tokens, |edge| edge.zeros_like()), config, tokens)
}

/// Cuts images of whole patches.
fn cut(image: Tensor<4>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<3> {
    let [batch, channels, ..] = image.dims();
    let [height, width] = config.patch;
    image.reshape([batch, channels, tokens[0], height, tokens[1], width]).permute([0, 2, 4, 1, 3, 5]).reshape([
        batch,
        tokens[0] * tokens[1],
        config.patch_values(),
    ])
}

/// Puts (batch, tokens, patch values) together to images (batch, channels, rows, columns), cropping the padding.
pub(super) fn unpatchify(patches: Tensor<3>, config: &ImageConfig, tokens: [usize; 2]) -> Tensor<4> {
    let [batch, ..] = patches.dims();
    let [height, width] = config.patch;
    patches
        .reshape([batch, tokens[0], tokens[1], config.channels, height, width])
        .permute([0, 3, 1, 4, 2, 5])
        .reshape([batch, config.channels, tokens[0] * height, tokens[1] * width])
        .slice([0..batch, 0..config.channels, 0..config.rows, 0..config.columns])
}

/// Fills up to whole patches with what is `beyond` the last row and column.
fn pad(
    image: Tensor<4>,
    config: &ImageConfig,
    tokens: [usize; 2],
    beyond: impl Fn(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let mut image = image;
    for (dim, axis) in [(2, 0), (3, 1)] {
        let (have, size) = (image.dims()[dim], tokens[axis] * config.patch[axis]);
        if have < size {
            let edge = beyond(image.clone().narrow(dim, have - 1, 1)).repeat_dim(dim, size - have);
            image = Tensor::cat(vec![image, edge], dim);
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_put_together_give_the_image_back() {
        let config = ImageConfig { channels: 2, rows: 5, columns: 7, patch: [3, 4] };
        let device = Device::flex();
        let image = Tensor::<1, Int>::arange(0..70, &device).float().reshape([1, 2, 5, 7]);
        let patches = patchify(image.clone(), &config, [2, 2]);
        assert_eq!(patches.dims(), [1, 4, 24]);
        let back = unpatchify(patches, &config, [2, 2]);
        assert_eq!(back.to_data(), image.to_data());
    }

    #[test]
    fn what_is_cut_with_zeros_is_the_transpose_of_putting_together() {
        let config = ImageConfig { channels: 2, rows: 5, columns: 7, patch: [3, 4] };
        let device = Device::flex();
        let patches = Tensor::<1, Int>::arange(0..96, &device).float().reshape([1, 4, 24]);
        let image = Tensor::<1, Int>::arange(5..75, &device).float().reshape([1, 2, 5, 7]);
        let forth = (unpatchify(patches.clone(), &config, [2, 2]) * image.clone()).sum();
        let back = (patches * unpatchify_transposed(image, &config, [2, 2])).sum();
        assert_eq!(forth.into_scalar::<f32>(), back.into_scalar::<f32>());
    }
}
