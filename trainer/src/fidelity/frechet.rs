//! Frechet distance between two sets of features, each taken for a Gaussian (Dowson and Landau 1982; FID, arXiv 1706.08500).

use super::symmetric::Matrix;

/// `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))` of the means and covariances of two sets of vectors; NaN of fewer than two.
///
/// A finite sample's covariance is not its distribution's: two sets of one distribution are some way apart, the further, the
/// fewer they are. Compare with the distance of two true sets of the same size.
pub fn frechet_distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    if a.len() < 2 || b.len() < 2 {
        return f64::NAN;
    }
    let [(mean_a, spread_a), (mean_b, spread_b)] = [a, b].map(|set| {
        let mean = mean(set);
        let spread = covariance(set, &mean);
        (mean, spread)
    });
    let apart: f64 = mean_a.iter().zip(&mean_b).map(|(a, b)| (a - b).powi(2)).sum();
    // tr (S1 S2)^(1/2) = tr (S1^(1/2) S2 S1^(1/2))^(1/2), whose matrix is symmetric.
    let root = spread_a.sqrt();
    let (values, _) = root.times(&spread_b).times(&root).eigen();
    let overlap: f64 = values.iter().map(|v| v.max(0.0).sqrt()).sum();
    (apart + spread_a.trace() + spread_b.trace() - 2.0 * overlap).max(0.0)
}

fn mean(set: &[Vec<f64>]) -> Vec<f64> {
    (0..set[0].len()).map(|i| set.iter().map(|v| v[i]).sum::<f64>() / set.len() as f64).collect()
}

/// Unbiased covariance.
fn covariance(set: &[Vec<f64>], mean: &[f64]) -> Matrix {
    Matrix::from_fn(mean.len(), |i, j| {
        set.iter().map(|v| (v[i] - mean[i]) * (v[j] - mean[j])).sum::<f64>() / (set.len() - 1) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Vec<Vec<f64>> {
        values.iter().map(|&v| vec![v]).collect()
    }

    #[test]
    fn in_one_dimension_it_is_the_difference_of_means_and_of_deviations() {
        // Means 0 and 5, variances 2 and 8: 25 + (sqrt 2 - sqrt 8)^2 = 27.
        let distance = frechet_distance(&column(&[-1.0, 1.0]), &column(&[3.0, 7.0]));
        assert!((distance - 27.0).abs() < 1e-9, "{distance}");
    }

    #[test]
    fn correlated_features_follow_the_closed_form_of_two_dimensions() {
        // Four points each around zero: covariances [[8/3, 0], [0, 2/3]] and, turned by 45 degrees, [[5/3, 1], [1, 5/3]].
        // tr (AB)^(1/2) = (tr AB + 2 (det AB)^(1/2))^(1/2) = (50/9 + 2 * 16/9)^(1/2) = (82/9)^(1/2).
        let straight = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]].map(Vec::from);
        let half = 0.5f64.sqrt();
        let turned = straight.clone().map(|v| vec![half * (v[0] - v[1]), half * (v[0] + v[1])]);
        let expected = 2.0 * (10.0 / 3.0) - 2.0 * (82.0f64 / 9.0).sqrt();
        let distance = frechet_distance(&straight, &turned);
        assert!((distance - expected).abs() < 1e-9, "{distance} {expected}");
    }

    #[test]
    fn a_set_has_no_distance_from_itself_and_too_few_have_none() {
        let set: Vec<Vec<f64>> = (0..9).map(|i| vec![f64::from(i), f64::from(i * i % 5), 1.0]).collect();
        assert!(frechet_distance(&set, &set) < 1e-9);
        assert!(frechet_distance(&set[..1], &set).is_nan());
    }
}
