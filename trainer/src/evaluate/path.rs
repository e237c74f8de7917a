//! The deviation along the denoising path.

use serde::{Deserialize, Serialize};

use super::summary::{median, quantile, spearman};

/// How the deviation of the decoded pair changes from a denoising step to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Samples that were followed.
    pub samples: usize,
    /// Rank correlation of step and deviation (Spearman), median over the samples: -1 where every step lowers it.
    pub spearman_median: f64,
    /// Median deviation after each step.
    pub median: Vec<f64>,
    /// Lower quartile.
    pub lower_quartile: Vec<f64>,
    /// Upper quartile.
    pub upper_quartile: Vec<f64>,
}

impl Path {
    /// Summarises the deviations of each sample at each step; `None` without samples.
    pub(super) fn new(paths: &[&[f64]]) -> Option<Self> {
        let steps = paths.iter().map(|path| path.len()).min()?;
        let at = |fraction: f64| -> Vec<f64> {
            let step = |step: usize| paths.iter().map(|path| path[step]).collect::<Vec<_>>();
            (0..steps).map(|i| quantile(&step(i), fraction)).collect()
        };
        let order: Vec<f64> = (0..steps).map(|step| step as f64).collect();
        let correlations: Vec<f64> = paths.iter().map(|path| spearman(&order, &path[..steps])).collect();
        Some(Self {
            samples: paths.len(),
            spearman_median: median(&correlations),
            median: at(0.5),
            lower_quartile: at(0.25),
            upper_quartile: at(0.75),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_falls_at_every_step_has_rank_correlation_minus_one() {
        let falling = [0.9, 0.5, 0.2, 0.1];
        let rising = [0.1, 0.2, 0.3, 0.4];
        let path = Path::new(&[&falling, &falling, &rising]).unwrap();
        assert_eq!((path.samples, path.spearman_median), (3, -1.0));
        assert_eq!(path.median, [0.9, 0.5, 0.2, 0.1]);
        assert!(Path::new(&[]).is_none());
    }
}
