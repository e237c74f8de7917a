//! What an evaluation says, as JSON and as a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use wavediffusion::family::Family;

use super::path::Path;
use super::refined::Refinement;
use super::summary::{mean, median, quantile};
use super::{Measurement, Plan, Seams, Unseen};
use crate::fidelity::{FamilyFidelity, Fidelity, Sample};

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Generated pairs, and held-out pairs.
    pub samples: usize,
    /// Seed of both.
    pub seed: u64,
    /// Denoising steps.
    pub steps: usize,
    /// Guidance.
    pub guidance: f32,
    /// All families.
    pub overall: Metrics,
    /// Each family that was measured.
    pub families: BTreeMap<Family, Metrics>,
    /// Use of the codebook by the held-out maps of all families.
    pub codebook: Codebook,
    /// Fidelity and diversity of the generated pairs of all families.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// Pairs that no family made.
    pub unseen: Vec<Unseen>,
}

/// What is measured on a set of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Samples in the set.
    pub samples: usize,
    /// Distance from the wave equation.
    pub deviation: Deviation,
    /// Mean structural similarity of generated and simulated gathers.
    pub waveform_ssim: f64,
    /// Mean squared difference of the same, normalised.
    pub waveform_mse: f64,
    /// Held-out pairs through the autoencoders.
    pub reconstruction: Reconstruction,
    /// How much the tokens of the maps show.
    pub seams: SeamRatios,
    /// Mean absolute error of velocity inverted from held-out gathers, m/s.
    pub inversion_mae_mps: f64,
    /// Its structural similarity with the truth.
    pub inversion_ssim: f64,
    /// The same refined by the wave equation, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refinement: Option<Refinement>,
    /// Use of the codebook by the held-out maps.
    pub codebook: Codebook,
    /// The deviation along the denoising path, where it was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Whether the generated pairs are of the family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<FamilyFidelity>,
}

/// Distance of pairs from the wave equation: relative L2, see `wavediffusion::consistency::deviation`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// Generated pairs, median.
    pub median: f64,
    /// Generated pairs, 90th percentile.
    pub p90: f64,
    /// Held-out pairs after encoding their velocity, quantising and decoding both sides, median.
    pub floor_median: f64,
    /// The same, 90th percentile.
    pub floor_p90: f64,
    /// Held-out gathers against those of another map of the family, median.
    pub ceiling_median: f64,
    /// Generated pairs, median, of what arrives when the direct wave is gone: 1 where that is silent.
    pub reflected_median: f64,
    /// The same of the floor.
    pub reflected_floor_median: f64,
    /// Generated pairs at most as far as 90 % of the floor over all families.
    pub consistent_fraction: f64,
}

/// Held-out pairs encoded from their velocity, quantised and decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconstruction {
    /// Mean absolute error of the velocity, m/s.
    pub velocity_mae_mps: f64,
    /// Relative L2 error of the gathers, median.
    pub gathers_error_median: f64,
}

/// How many times more neighbouring cells of maps differ where tokens meet than elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeamRatios {
    /// Generated maps.
    pub generated: f64,
    /// Held-out maps.
    pub held_out: f64,
    /// The same, encoded, quantised and decoded.
    pub reconstructed: f64,
}

/// How evenly codes are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Codebook {
    /// Fraction of the codes that were chosen at least once.
    pub used_fraction: f64,
    /// Exponential of the entropy of the codes: the number of codes that would be as even.
    pub perplexity: f64,
}

impl Report {
    pub(super) fn new(plan: &Plan, measurements: &[Measurement], codes: usize, unseen: Vec<Unseen>) -> Self {
        let floors: Vec<f64> = measurements.iter().map(|m| m.floor).collect();
        let threshold = quantile(&floors, 0.9);
        let metrics = |set: &[&Measurement]| Metrics::new(set, threshold, codes);
        let families = Family::ALL
            .into_iter()
            .filter_map(|family| {
                let set: Vec<_> = measurements.iter().filter(|m| m.family == family).collect();
                (!set.is_empty()).then(|| (family, metrics(&set)))
            })
            .collect();
        let overall = metrics(&measurements.iter().collect::<Vec<_>>());
        Self {
            samples: measurements.len(),
            seed: plan.seed,
            steps: plan.sampler.steps(),
            guidance: plan.sampler.guidance(),
            codebook: overall.codebook.clone(),
            fidelity: classified(&measurements.iter().collect::<Vec<_>>()).map(|samples| Fidelity::new(&samples)),
            overall,
            families,
            unseen,
        }
    }

    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{} generated and {} held-out pairs, seed {}, {} steps, guidance {}.\n\n\
             | family | samples | deviation, median (p90) | floor, median (p90) | ceiling | consistent | waveform SSIM | path | \
             recognised | reconstruction: velocity, gathers | inversion MAE, SSIM |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
            self.samples, self.samples, self.seed, self.steps, self.guidance
        );
        for (name, m) in self.rows() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {name} | {} | {:.3} ({:.3}) | {:.3} ({:.3}) | {:.2} | {:.0} % | {:.3} | {} | {} | {:.0} m/s, {:.3} | {:.0} m/s, {:.3} |",
                m.samples,
                m.deviation.median,
                m.deviation.p90,
                m.deviation.floor_median,
                m.deviation.floor_p90,
                m.deviation.ceiling_median,
                100.0 * m.deviation.consistent_fraction,
                m.waveform_ssim,
                m.path.as_ref().map_or_else(String::new, |path| format!("{:.2}", path.spearman_median)),
                m.fidelity.as_ref().map_or_else(String::new, |f| format!("{:.0} %", 100.0 * f.recognised_fraction)),
                m.reconstruction.velocity_mae_mps,
                m.reconstruction.gathers_error_median,
                m.inversion_mae_mps,
                m.inversion_ssim,
            );
        }
        let _ = writeln!(
            text,
            "\nThe path is the rank correlation of denoising step and deviation. Once the direct wave is gone, generated pairs deviate by {:.3}, and the floor is {:.3} \
             (medians; silence would be 1). Neighbouring cells differ {:.1} times as much where tokens meet as elsewhere in generated maps, {:.1} in reconstructed and {:.1} in \
             held-out ones. Codebook: {:.1} % of the codes used, perplexity {:.0}.",
            self.overall.deviation.reflected_median,
            self.overall.deviation.reflected_floor_median,
            self.overall.seams.generated,
            self.overall.seams.reconstructed,
            self.overall.seams.held_out,
            100.0 * self.codebook.used_fraction,
            self.codebook.perplexity
        );
        if let Some(fidelity) = &self.fidelity {
            let _ = write!(text, "\n{}", fidelity.markdown());
        }
        text + &self.refinement_markdown() + &self.unseen_markdown()
    }

    /// The metrics of each family, then those of all, with their names.
    fn rows(&self) -> impl Iterator<Item = (&str, &Metrics)> {
        let families = self.families.iter().map(|(family, metrics)| (family.name(), metrics));
        families.chain([("**all**", &self.overall)])
    }

    /// A table of the refined inversions; nothing where there are none.
    fn refinement_markdown(&self) -> String {
        if self.overall.refinement.is_none() {
            return String::new();
        }
        let mut text =
            "\n| family | inversion MAE | refined | misfit of the gathers, median | refined |\n|---|---|---|---|---|\n"
                .to_owned();
        for (name, m) in self.rows() {
            let Some(refined) = &m.refinement else { continue };
            let _ = writeln!(
                text,
                "| {name} | {:.0} m/s | {:.0} m/s | {:.3} | {:.3} |",
                m.inversion_mae_mps, refined.mae_mps, refined.misfit_before_median, refined.misfit_median
            );
        }
        text
    }

    fn unseen_markdown(&self) -> String {
        let mut text = "\n| no family's | reconstruction: velocity, gathers | floor | inversion MAE, SSIM | its gathers against those given |\n\
             |---|---|---|---|---|\n"
            .to_owned();
        for u in &self.unseen {
            let _ = writeln!(
                text,
                "| {} | {:.0} m/s, {:.3} | {:.3} | {:.0} m/s, {:.3} | {:.3} |",
                u.name,
                u.velocity_mae_mps,
                u.gathers_error,
                u.floor,
                u.inversion_mae_mps,
                u.inversion_ssim,
                u.inversion_misfit
            );
        }
        text
    }
}

impl Metrics {
    fn new(set: &[&Measurement], threshold: f64, codes: usize) -> Self {
        let all = |value: fn(&Measurement) -> f64| -> Vec<f64> { set.iter().map(|m| value(m)).collect() };
        let (deviations, floors) = (all(|m| m.deviation), all(|m| m.floor));
        let consistent = deviations.iter().filter(|&&deviation| deviation <= threshold).count();
        Self {
            samples: set.len(),
            deviation: Deviation {
                median: median(&deviations),
                p90: quantile(&deviations, 0.9),
                floor_median: median(&floors),
                floor_p90: quantile(&floors, 0.9),
                ceiling_median: median(&all(|m| m.ceiling)),
                reflected_median: median(&all(|m| m.reflected_deviation)),
                reflected_floor_median: median(&all(|m| m.reflected_floor)),
                consistent_fraction: consistent as f64 / set.len() as f64,
            },
            waveform_ssim: mean(&all(|m| m.waveform_ssim)),
            waveform_mse: mean(&all(|m| m.waveform_mse)),
            reconstruction: Reconstruction {
                velocity_mae_mps: mean(&all(|m| m.velocity_error)),
                gathers_error_median: median(&all(|m| m.gathers_error)),
            },
            seams: SeamRatios::new(set),
            inversion_mae_mps: mean(&all(|m| m.inversion_error)),
            inversion_ssim: mean(&all(|m| m.inversion_ssim)),
            refinement: Refinement::new(&set.iter().filter_map(|m| m.refined).collect::<Vec<_>>()),
            codebook: Codebook::new(set.iter().flat_map(|m| m.codes.iter().copied()), codes),
            path: Path::new(&set.iter().filter_map(|m| m.path.as_deref()).collect::<Vec<_>>()),
            fidelity: classified(set).map(|samples| FamilyFidelity::new(&samples)),
        }
    }
}

impl SeamRatios {
    fn new(set: &[&Measurement]) -> Self {
        let [generated, held_out, reconstructed] =
            [0, 1, 2].map(|which| Seams::ratio(&set.iter().map(|m| m.seams[which]).collect::<Vec<_>>()));
        Self { generated, held_out, reconstructed }
    }
}

/// What the classifier made of the pairs; nothing where it looked at none.
fn classified<'a>(set: &[&'a Measurement]) -> Option<Vec<&'a Sample>> {
    let samples: Vec<&Sample> = set.iter().filter_map(|m| m.sample.as_ref()).collect();
    (!samples.is_empty()).then_some(samples)
}

impl Codebook {
    fn new(chosen: impl Iterator<Item = usize>, codes: usize) -> Self {
        let mut counts = vec![0usize; codes];
        chosen.for_each(|code| counts[code] += 1);
        let total = counts.iter().sum::<usize>().max(1) as f64;
        let entropy: f64 = counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| {
                let p = count as f64 / total;
                -p * p.ln()
            })
            .sum();
        let used = counts.iter().filter(|&&count| count > 0).count();
        Self { used_fraction: used as f64 / codes as f64, perplexity: entropy.exp() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::diffusion::SamplerConfig;
    use wavediffusion::velocity_map::VelocityMap;

    fn measurement(family: Family, deviation: f64, floor: f64) -> Measurement {
        let slope = VelocityMap::new(3, 3, (0..9).map(|cell| 2000.0 + cell as f32).collect()).unwrap();
        Measurement {
            family,
            deviation,
            reflected_deviation: 0.95,
            waveform_ssim: 0.9,
            waveform_mse: 0.01,
            floor,
            reflected_floor: 0.9,
            velocity_error: 50.0,
            gathers_error: 0.2,
            seams: [Seams::new(&slope, [2, 2]); 3],
            codes: vec![0, 1],
            inversion_error: 100.0,
            inversion_ssim: 0.8,
            refined: None,
            ceiling: 0.9,
            path: Some(vec![0.9, 0.5, 0.2]),
            sample: None,
        }
    }

    fn plan(samples: usize, paths: usize) -> Plan {
        let sampler = SamplerConfig::new(5, 1.0).unwrap();
        Plan { samples, families: Family::ALL.to_vec(), paths, refinement: None, seed: 1, sampler }
    }

    #[test]
    fn consistency_is_judged_by_the_floor_of_all_families() {
        let measurements: Vec<_> = (1..=10)
            .map(|i| measurement(Family::ALL[i % 2], f64::from(i as u32) * 0.1, f64::from(i as u32) * 0.05))
            .collect();
        let report = Report::new(&plan(10, 0), &measurements, 4, Vec::new());
        // The floor's 90th percentile is 0.455: four of the ten deviations are below.
        assert_eq!(report.overall.deviation.consistent_fraction, 0.4);
        assert_eq!(report.families.len(), 2);
        assert_eq!(report.codebook, Codebook { used_fraction: 0.5, perplexity: report.codebook.perplexity });
        assert!((report.codebook.perplexity - 2.0).abs() < 1e-9);
    }

    #[test]
    fn promised_keys_are_in_the_json() {
        let json =
            serde_json::to_value(Report::new(&plan(1, 1), &[measurement(Family::StyleA, 0.2, 0.1)], 4, Vec::new()))
                .unwrap();
        assert!(json["samples"].is_u64() && json["seed"].is_u64());
        for metrics in [&json["overall"], &json["families"]["Style-A"]] {
            for key in ["median", "p90", "floor_median", "floor_p90", "ceiling_median", "consistent_fraction"] {
                assert!(metrics["deviation"][key].is_f64(), "{key}");
            }
            for key in ["waveform_ssim", "inversion_mae_mps", "inversion_ssim"] {
                assert!(metrics[key].is_f64(), "{key}");
            }
            assert_eq!(metrics["path"]["spearman_median"].as_f64(), Some(-1.0));
            assert!(metrics["codebook"]["used_fraction"].is_f64() && metrics["codebook"]["perplexity"].is_f64());
        }
    }
}
