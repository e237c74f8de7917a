//! What of gathers a refinement compares: log amplitudes, the later the louder, in blocks of neighbouring receivers and times.

use std::ops::Range;

use crate::gathers::Gathers;
use crate::manifest::Manifest;
use crate::signal::Normalisation;

/// Receivers and samples of the model that make a block: less than what a token's reflection spreads over.
const BLOCK: (usize, usize) = (10, 5);

/// Most that late samples are amplified by. The encoder hears them louder still, but here their noise would count too.
const LOUDEST: f32 = 8.0;

/// Neighbouring receivers and times of a shot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The shot.
    pub(super) shot: usize,
    /// Receivers.
    pub(super) receivers: Range<usize>,
    /// Samples of the model.
    pub(super) samples: Range<usize>,
    /// Where its values are in the evidence.
    pub(super) values: Range<usize>,
}

/// How gathers become evidence: values in the order of the blocks.
#[derive(Debug)]
pub(super) struct Evidence {
    normalisation: Normalisation,
    /// Of each sample of the model.
    gain: Vec<f32>,
    receivers: usize,
    /// The blocks.
    pub(super) blocks: Vec<Block>,
}

impl Evidence {
    /// For gathers of a manifest's survey, with the gain in time that its seismic encoder has.
    pub(super) fn new(manifest: &Manifest) -> Self {
        let [shots, samples, receivers] = manifest.survey.shape();
        let rows = manifest.normalisation.model_samples(samples);
        let gain = |row| manifest.model.seismic_gain.map_or(1.0, |gain| gain.at(row).min(LOUDEST));
        let (across, down) = BLOCK;
        let mut blocks = Vec::new();
        let mut filled = 0;
        for shot in 0..shots {
            for row in (0..rows).step_by(down) {
                for receiver in (0..receivers).step_by(across) {
                    let samples = row..rows.min(row + down);
                    let receivers = receiver..receivers.min(receiver + across);
                    let values = filled..filled + samples.len() * receivers.len();
                    filled = values.end;
                    blocks.push(Block { shot, receivers, samples, values });
                }
            }
        }
        Self { normalisation: manifest.normalisation, gain: (0..rows).map(gain).collect(), receivers, blocks }
    }

    /// The evidence in gathers of the survey.
    pub(super) fn of(&self, gathers: &Gathers) -> Vec<f32> {
        let log_amplitudes = self.normalisation.to_model(gathers);
        let gather = self.gain.len() * self.receivers;
        self.blocks
            .iter()
            .flat_map(|block| {
                let shot = &log_amplitudes[block.shot * gather..][..gather];
                block.samples.clone().flat_map(|row| {
                    let traces = &shot[row * self.receivers..][block.receivers.clone()];
                    traces.iter().map(move |value| value * self.gain[row])
                })
            })
            .collect()
    }
}

/// The difference of two pieces of evidence, or of two latents.
pub(super) fn difference(to: &[f32], from: &[f32]) -> Vec<f32> {
    to.iter().zip(from).map(|(to, from)| to - from).collect()
}

/// Sum of squares.
pub(super) fn energy(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::log_amplitude;

    #[test]
    fn every_sample_of_the_model_is_in_one_block_amplified_as_late_as_it_is() {
        let manifest = Manifest::tiny();
        let evidence = Evidence::new(&manifest);
        let [shots, samples, receivers] = manifest.survey.shape();
        let values = (0..shots * samples * receivers).map(|i| i as f32 * 1e-3).collect();
        let gathers = Gathers::new(shots, samples, receivers, values).unwrap();
        let found = evidence.of(&gathers);
        assert_eq!(found.len(), manifest.normalisation.to_model(&gathers).len());
        assert_eq!(evidence.blocks.last().unwrap().values.end, found.len());

        let block = &evidence.blocks[evidence.blocks.len() - 2];
        let (row, receiver) = (block.samples.start, block.receivers.start);
        let sample = row * manifest.normalisation.time_stride;
        let raw = gathers.shot(block.shot)[sample * receivers + receiver];
        let gain = manifest.model.seismic_gain.unwrap().at(row).min(LOUDEST);
        assert_eq!(found[block.values.start], log_amplitude(raw) * gain);
    }
}
