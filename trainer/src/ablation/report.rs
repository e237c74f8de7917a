//! What the ablations say, as JSON and as tables.

use std::fmt::Write;

use serde::Serialize;

use super::{Coding, Encoded, Outcome, Source};

/// The outcomes of all variants.
#[derive(Clone, Debug, Serialize)]
pub struct Ablation {
    /// Generated pairs of each variant, and held-out pairs.
    pub samples: usize,
    /// Seed of the noise and of the held-out maps.
    pub seed: u64,
    /// Ways to generate.
    pub outcomes: Vec<Outcome>,
    /// Ways to encode.
    pub encodings: Vec<Encoded>,
}

impl Coding {
    fn says(self) -> &'static str {
        match self {
            Self::Shared => "one latent, one codebook",
            Self::Separate => "a latent for each half",
            Self::Unquantised => "one latent, not quantised",
            Self::TwoCodebooks => "one latent, a codebook for each half",
        }
    }
}

impl Source {
    fn says(self) -> &'static str {
        match self {
            Self::Velocity => "velocity",
            Self::Seismic => "seismic",
            Self::Both => "mean of both",
        }
    }
}

impl Ablation {
    /// The tables as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{} pairs of each variant, seed {}.\n\n\
             | latent to pair | steps | guidance | deviation, median (p90) | consistent | waveform SSIM | recognised | \
             Frechet distance | density | coverage |\n|---|---|---|---|---|---|---|---|---|---|\n",
            self.samples, self.seed
        );
        for o in &self.outcomes {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.3} ({:.3}) | {:.0} % | {:.3} | {:.0} % | {:.2} | {:.2} | {:.2} |",
                o.variant.coding.says(),
                o.variant.steps,
                o.variant.guidance,
                o.deviation_median,
                o.deviation_p90,
                100.0 * o.consistent_fraction,
                o.waveform_ssim,
                100.0 * o.recognised_fraction,
                o.frechet,
                o.density,
                o.coverage
            );
        }
        text += "\n| encoded from | quantised | velocity | gathers, median | deviation of the decoded pair, median |\n\
                 |---|---|---|---|---|\n";
        for e in &self.encodings {
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} m/s | {:.3} | {:.3} |",
                e.source.says(),
                if e.quantised { "yes" } else { "no" },
                e.velocity_mae_mps,
                e.gathers_error_median,
                e.floor_median
            );
        }
        text
    }
}
