//! Smooth maps (families Style-A and Style-B): a trend with depth plus two Gaussian random fields.
//!
//! A field is white noise filtered along each axis with weights `exp(-(d / l)^2)`, cut at `4 l` and scaled to unit sum of
//! squares. Its covariance at lag `d` along an axis is the filter's discrete autocorrelation, which equals
//! `sigma^2 exp(-d^2 / (2 l^2))`, the squared-exponential kernel, to better than 1e-6 of `sigma^2`.

use super::random::Random;
use super::{CELLS, VELOCITIES, raster};

/// What a smooth family's maps are made of.
pub(super) struct Style {
    /// Mean velocity at half depth, m/s.
    mean: f64,
    /// Rise of velocity with depth, m/s per row.
    trend: f64,
    /// Detail: the field whose length and deviation are known of OpenFWI's maps.
    fine: Field,
    /// Large structures: the deviation that trend and detail leave of the family's.
    broad: Field,
}

/// A stationary Gaussian random field.
struct Field {
    /// Correlation length down and across, in cells.
    length: (f64, f64),
    /// Standard deviation, m/s.
    sigma: f64,
}

/// Style-A: the smoother of the two.
pub(super) const A: Style = Style {
    mean: 2733.0,
    trend: 27.1,
    fine: Field { length: (3.5, 3.5), sigma: 183.0 },
    broad: Field { length: (12.0, 20.0), sigma: 340.0 },
};

/// Style-B: finer detail, steeper trend.
pub(super) const B: Style = Style {
    mean: 2828.0,
    trend: 28.8,
    fine: Field { length: (2.0, 2.0), sigma: 158.0 },
    broad: Field { length: (12.0, 20.0), sigma: 210.0 },
};

/// Values of a map.
pub(super) fn map(random: &mut Random, style: &Style) -> Vec<f32> {
    let fine = style.fine.draw(random);
    let broad = style.broad.draw(random);
    let middle = (CELLS - 1) as f64 / 2.0;
    raster(|z, x| {
        let trend = style.mean + style.trend * (z as f64 - middle);
        (trend + fine[z * CELLS + x] + broad[z * CELLS + x]).clamp(VELOCITIES.0, VELOCITIES.1)
    })
}

impl Field {
    /// A field on the grid of a map, row-major.
    fn draw(&self, random: &mut Random) -> Vec<f64> {
        let (down, across) = (filter(self.length.0), filter(self.length.1));
        let (rows, columns) = (CELLS + down.len() - 1, CELLS + across.len() - 1);
        let noise: Vec<f64> = (0..rows * columns).map(|_| self.sigma * random.normal()).collect();
        let narrow: Vec<f64> = (0..rows)
            .flat_map(|z| (0..CELLS).map(move |x| z * columns + x))
            .map(|start| dot(&across, noise[start..].iter()))
            .collect();
        (0..CELLS * CELLS).map(|start| dot(&down, narrow[start..].iter().step_by(CELLS))).collect()
    }
}

/// Weights along one axis of a field of this correlation length.
fn filter(length: f64) -> Vec<f64> {
    let reach = libm::ceil(4.0 * length) as i32;
    let weights: Vec<f64> =
        (-reach..=reach).map(|d| libm::exp(-(f64::from(d) / length) * (f64::from(d) / length))).collect();
    let norm = libm::sqrt(weights.iter().map(|w| w * w).sum());
    weights.into_iter().map(|w| w / norm).collect()
}

fn dot<'a>(weights: &[f64], values: impl Iterator<Item = &'a f64>) -> f64 {
    weights.iter().zip(values).map(|(w, v)| w * v).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_the_squared_exponential_covariance() {
        for length in [2.0, 3.5, 12.0] {
            let weights = filter(length);
            for lag in 0..weights.len() {
                let covariance = dot(&weights, weights[lag..].iter());
                let expected = libm::exp(-0.5 * (lag as f64 / length).powi(2));
                assert!((covariance - expected).abs() < 1e-6, "length {length} lag {lag}: {covariance} {expected}");
            }
        }
    }
}
