//! What storing the weights in half precision does to the figures.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::report::{Metrics, Report};

/// Figures of one model in single and in half precision, on the same samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionChange {
    /// Generated pairs, and held-out pairs.
    pub samples: usize,
    /// Each figure.
    pub figures: Vec<FigureChange>,
    /// Largest relative change of a figure.
    pub largest: f64,
}

/// A figure in both precisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureChange {
    /// What it is.
    pub name: String,
    /// Of the weights as trained.
    pub single: f64,
    /// Of the weights as stored.
    pub half: f64,
}

impl FigureChange {
    /// Change in parts of the figure in single precision.
    pub fn relative(&self) -> f64 {
        (self.half - self.single) / self.single.abs()
    }
}

/// Name of a figure, and where it stands.
type Figure = (&'static str, fn(&Metrics) -> f64);

/// The figures over all families that are compared.
const FIGURES: [Figure; 7] = [
    ("deviation, median", |m| m.deviation.median),
    ("floor, median", |m| m.deviation.floor_median),
    ("waveform SSIM", |m| m.waveform_ssim),
    ("reconstruction of velocity, m/s", |m| m.reconstruction.velocity_mae_mps),
    ("reconstruction of gathers, median", |m| m.reconstruction.gathers_error_median),
    ("inversion MAE, m/s", |m| m.inversion_mae_mps),
    ("inversion SSIM", |m| m.inversion_ssim),
];

impl PrecisionChange {
    /// Compares two reports on the same samples.
    pub fn new(single: &Report, half: &Report) -> Self {
        let figures = FIGURES.map(|(name, of)| FigureChange {
            name: name.to_owned(),
            single: of(&single.overall),
            half: of(&half.overall),
        });
        let largest = figures.iter().map(|figure| figure.relative().abs()).fold(0.0, f64::max);
        Self { samples: half.samples, figures: figures.to_vec(), largest }
    }

    /// The comparison as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{} samples.\n\n| figure | single precision | half precision | change |\n|---|---|---|---|\n",
            self.samples
        );
        for figure in &self.figures {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | {:.4} | {:.4} | {:+.2} % |",
                figure.name,
                figure.single,
                figure.half,
                100.0 * figure.relative()
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_change_counts_whatever_its_sign() {
        let figure = |name: &str, single, half| FigureChange { name: name.to_owned(), single, half };
        let figures = vec![figure("a", 2.0, 1.5), figure("b", 100.0, 101.0)];
        assert_eq!([figures[0].relative(), figures[1].relative()], [-0.25, 0.01]);
        let text = PrecisionChange { samples: 3, figures, largest: 0.25 }.markdown();
        assert!(text.contains("| a | 2.0000 | 1.5000 | -25.00 % |"), "{text}");
    }
}
