//! Structural similarity of gathers, as something to descend on.

use burn::prelude::*;
use wavediffusion::consistency::{SSIM_CONSTANTS, SSIM_WINDOW, ssim_weights};
use wavediffusion::signal::Normalisation;

/// What log amplitudes (batch, shots, samples, receivers) lack of a structural similarity of 1 to the true ones, each by
/// itself: the same shape.
///
/// It is that of [`wavediffusion::consistency::ssim`] but for the window, which is a row of receivers: down the survey's
/// time axis the window is not much longer than one of the model's samples.
pub fn dissimilarity(decoded: Tensor<4>, truth: Tensor<4>, normalisation: &Normalisation) -> Tensor<4> {
    let shape = decoded.dims();
    let receivers = shape[3];
    let rows = shape[0] * shape[1] * shape[2];
    let [low, high] = normalisation.log_bounds();
    let image = |logs: Tensor<4>| (logs.reshape([rows, receivers]) - low) / (high - low);
    let window = window(receivers, &decoded.device());
    let blur = |image: Tensor<2>| image.matmul(window.clone());
    let (a, b) = (image(decoded), image(truth));
    let (mean_a, mean_b) = (blur(a.clone()), blur(b.clone()));
    let products = mean_a.clone() * mean_b.clone();
    let squares = mean_a.square() + mean_b.square();
    let covariance = blur(a.clone() * b.clone()) - products.clone();
    let variances = blur(a.square() + b.square()) - squares.clone();
    let [of_means, of_variances] = SSIM_CONSTANTS;
    let alike = (products * 2.0 + of_means) * (covariance * 2.0 + of_variances);
    let similarity = alike / ((squares + of_means) * (variances + of_variances));
    (-similarity + 1.0).reshape(shape)
}

/// The window as a matrix (receivers, receivers) to multiply rows by; outside of the row there are zeros.
fn window(receivers: usize, device: &Device) -> Tensor<2> {
    let weights = ssim_weights();
    let weight =
        |from: usize, to: usize| weights.get((from + SSIM_WINDOW / 2).wrapping_sub(to)).copied().unwrap_or(0.0);
    let values: Vec<f32> = (0..receivers * receivers).map(|cell| weight(cell / receivers, cell % receivers)).collect();
    Tensor::from_data(TensorData::new(values, [receivers, receivers]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    use wavediffusion::consistency::ssim;
    use wavediffusion::signal::raw_amplitude;

    #[test]
    fn it_is_what_the_metric_says_where_nothing_changes_with_time() {
        // So many samples that what the metric's window sees beyond the first and the last hardly counts.
        let (samples, receivers) = (800, 30);
        let logs = |phase: f32| {
            let log = |cell: usize| 2.0 * (0.7 * (cell % receivers) as f32 + phase).sin();
            (0..samples * receivers).map(log).collect::<Vec<f32>>()
        };
        let normalisation = Normalisation::OPENFWI;
        let tensor = |logs: &[f32]| {
            let data = TensorData::new(logs.to_vec(), [1, 1, samples, receivers]);
            Tensor::<4>::from_data(data, &Device::flex())
        };
        let image = |logs: &[f32]| {
            logs.iter().map(|&l| (normalisation.normalise_amplitude(raw_amplitude(l)) + 1.0) / 2.0).collect::<Vec<_>>()
        };
        let (decoded, truth) = (logs(0.0), logs(0.4));
        let found = dissimilarity(tensor(&decoded), tensor(&truth), &normalisation).mean().into_scalar::<f64>();
        let expected = 1.0 - ssim(&image(&decoded), &image(&truth), receivers);
        assert!(found > 0.02 && (found / expected - 1.0).abs() < 0.02, "{found}, not {expected}");
    }

    #[test]
    fn gathers_lack_nothing_of_themselves() {
        let device = Device::flex();
        let logs = Tensor::<4>::random([2, 3, 4, 20], burn::tensor::Distribution::Normal(0.0, 1.0), &device);
        let lacks = dissimilarity(logs.clone(), logs, &Normalisation::OPENFWI).abs().max().into_scalar::<f32>();
        assert!(lacks < 1e-3, "{lacks}");
    }
}
