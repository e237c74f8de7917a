//! Pairs in memory, as the networks see them.

use std::path::Path;

use anyhow::{Context, Result};
use burn::prelude::*;
use indicatif::ParallelProgressIterator;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use rayon::prelude::*;
use wavediffusion::family::Family;
use wavediffusion::model::ImageConfig;
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;
use wavediffusion::wave::first_reflected_sample;

use crate::dataset::Dataset;
use crate::progress::progress_bar;

/// All pairs of a data set, normalised and on the model's time axis.
pub struct TrainingSet {
    pairs: Vec<Pair>,
    mirror: Vec<Mirror>,
    /// (shots, samples, receivers) and (nz, nx).
    seismic_shape: [usize; 3],
    velocity_shape: [usize; 2],
}

/// A pair's normalised velocity and log amplitudes.
struct Pair {
    velocity: Vec<f32>,
    seismic: Vec<f32>,
    /// First sample without the direct wave, (shots, receivers).
    reflected_from: Vec<f32>,
    family: Option<Family>,
}

/// The shot that a shot becomes when the map is mirrored left to right.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mirror {
    shot: usize,
    /// Whether its source is exactly at the mirrored place.
    exact: bool,
}

/// Some pairs on a device.
pub struct Batch {
    /// Normalised velocity, (batch, 1, nz, nx).
    pub velocity: Tensor<4>,
    /// Log amplitudes, (batch, shots, samples, receivers).
    pub seismic: Tensor<4>,
    /// 1 where a shot is true to its map, 0 where mirroring has moved its source, (batch, shots, 1, 1).
    pub valid: Tensor<4>,
    /// First sample from which the direct wave is gone, (batch, shots, 1, receivers).
    pub reflected_from: Tensor<4>,
    /// Family of each pair, where the data tell.
    pub families: Vec<Option<Family>>,
}

impl TrainingSet {
    /// Reads a directory of pairs into memory.
    ///
    /// # Errors
    /// When there are none, one cannot be read, or they are not of the survey and the shapes of `velocity` and `seismic`.
    pub fn load(
        directory: &Path,
        survey: &Survey,
        normalisation: &Normalisation,
        velocity: ImageConfig,
        seismic: ImageConfig,
    ) -> Result<Self> {
        let data = Dataset::open(directory)?;
        let traces = [seismic.channels, survey.config().samples, seismic.columns];
        data.check([velocity.rows, velocity.columns], traces)
            .with_context(|| format!("cannot use the data in {}", directory.display()))?;
        let bar = progress_bar("reading pairs", data.len());
        let pairs = (0..data.len())
            .into_par_iter()
            .progress_with(bar)
            .map(|index| {
                let (map, gathers) = (data.velocity(index)?, data.gathers(index)?);
                let values = map.values().iter().map(|&v| normalisation.normalise_velocity(v)).collect();
                let interval = survey.config().dt * normalisation.time_stride as f64;
                let reflected_from = first_reflected_sample(survey, &map, interval)?;
                Ok(Pair {
                    velocity: values,
                    seismic: normalisation.to_model(&gathers),
                    reflected_from: reflected_from.into_iter().map(|sample| sample as f32).collect(),
                    family: data.family(index),
                })
            })
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("cannot use the data in {}", directory.display()))?;
        Ok(Self {
            pairs,
            mirror: mirrored_shots(survey, velocity.columns),
            seismic_shape: [seismic.channels, seismic.rows, seismic.columns],
            velocity_shape: [velocity.rows, velocity.columns],
        })
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether the data tell the family of every pair.
    pub fn is_labelled(&self) -> bool {
        self.pairs.iter().all(|pair| pair.family.is_some())
    }

    /// `size` random pairs, half of them mirrored left to right.
    pub fn batch(&self, size: usize, random: &mut ChaCha8Rng, device: &Device) -> Batch {
        let [shots, samples, receivers] = self.seismic_shape;
        let [nz, nx] = self.velocity_shape;
        let drawn: Vec<(&Pair, bool)> = (0..size)
            .map(|_| {
                let pair = &self.pairs[(random.next_u64() % self.pairs.len() as u64) as usize];
                (pair, random.next_u32() & 1 == 1)
            })
            .collect();
        let mut velocity = vec![0.0f32; size * nz * nx];
        let mut seismic = vec![0.0f32; size * shots * samples * receivers];
        let mut valid = vec![1.0f32; size * shots];
        let mut reflected_from = vec![0.0f32; size * shots * receivers];
        // On all cores, since a GPU waits for it.
        drawn
            .par_iter()
            .zip(velocity.par_chunks_exact_mut(nz * nx))
            .zip(seismic.par_chunks_exact_mut(shots * samples * receivers))
            .zip(valid.par_chunks_exact_mut(shots))
            .zip(reflected_from.par_chunks_exact_mut(shots * receivers))
            .for_each(|(((((pair, mirrored), velocity), seismic), valid), reflected_from)| {
                if !mirrored {
                    velocity.copy_from_slice(&pair.velocity);
                    seismic.copy_from_slice(&pair.seismic);
                    reflected_from.copy_from_slice(&pair.reflected_from);
                    return;
                }
                reverse_rows(velocity, &pair.velocity, nx);
                for (shot, mirror) in self.mirror.iter().enumerate() {
                    let gather = samples * receivers;
                    let [from, to] = [mirror.shot, shot].map(|shot| shot * gather..(shot + 1) * gather);
                    reverse_rows(&mut seismic[to], &pair.seismic[from], receivers);
                    let [from, to] = [mirror.shot, shot].map(|shot| shot * receivers..(shot + 1) * receivers);
                    reverse_rows(&mut reflected_from[to], &pair.reflected_from[from], receivers);
                    valid[shot] = if mirror.exact { 1.0 } else { 0.0 };
                }
            });
        Batch {
            velocity: Tensor::from_data(TensorData::new(velocity, [size, 1, nz, nx]), device),
            seismic: Tensor::from_data(TensorData::new(seismic, [size, shots, samples, receivers]), device),
            valid: Tensor::from_data(TensorData::new(valid, [size, shots, 1, 1]), device),
            reflected_from: Tensor::from_data(TensorData::new(reflected_from, [size, shots, 1, receivers]), device),
            families: drawn.iter().map(|(pair, _)| pair.family).collect(),
        }
    }
}

/// Copies rows of `width` values, each from its end to its start.
fn reverse_rows(to: &mut [f32], from: &[f32], width: usize) {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(width)) {
        to.iter_mut().zip(from.iter().rev()).for_each(|(to, from)| *to = *from);
    }
}

/// For each shot, the one whose source is nearest to its mirror image. OpenFWI's third source is one cell off the
/// centre, so that its mirror image is no shot of the survey.
fn mirrored_shots(survey: &Survey, columns: usize) -> Vec<Mirror> {
    let sources = &survey.config().sources;
    sources
        .iter()
        .map(|source| {
            let image = columns - 1 - source.x.min(columns - 1);
            let distance = |shot: usize| sources[shot].x.abs_diff(image) + sources[shot].z.abs_diff(source.z);
            let shot = (0..sources.len()).min_by_key(|&shot| distance(shot)).unwrap_or(0);
            Mirror { shot, exact: distance(shot) == 0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn openfwis_mirror_image_has_every_shot_but_the_third() {
        let mirror = mirrored_shots(&Survey::openfwi(), 70);
        let shots: Vec<usize> = mirror.iter().map(|m| m.shot).collect();
        let exact: Vec<bool> = mirror.iter().map(|m| m.exact).collect();
        assert_eq!(shots, [4, 3, 2, 1, 0]);
        assert_eq!(exact, [true, true, false, true, true]);
    }

    #[test]
    fn a_pair_comes_as_it_is_or_mirrored_with_its_shots_changed_over() {
        // Two shots of two samples at three receivers, over a map of two rows; only the first has an exact mirror image.
        let pair = Pair {
            velocity: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            seismic: (0u8..12).map(f32::from).collect(),
            reflected_from: vec![7.0, 8.0, 9.0, 10.0, 11.0, 12.0],
            family: None,
        };
        let mirror = vec![Mirror { shot: 1, exact: true }, Mirror { shot: 0, exact: false }];
        let set = TrainingSet { pairs: vec![pair], mirror, seismic_shape: [2, 2, 3], velocity_shape: [2, 3] };
        let batch = set.batch(8, &mut ChaCha8Rng::seed_from_u64(1), &Device::flex());
        let [velocity, seismic, valid, reflected_from] =
            [batch.velocity, batch.seismic, batch.valid, batch.reflected_from]
                .map(|tensor| tensor.try_into_vec_as::<f32>().unwrap());
        let mut seen = [false; 2];
        for sample in 0..8 {
            let mirrored = velocity[sample * 6] == 3.0;
            seen[usize::from(mirrored)] = true;
            let expected: [&[f32]; 4] = if mirrored {
                [
                    &[3.0, 2.0, 1.0, 6.0, 5.0, 4.0],
                    &[8.0, 7.0, 6.0, 11.0, 10.0, 9.0, 2.0, 1.0, 0.0, 5.0, 4.0, 3.0],
                    &[1.0, 0.0],
                    &[12.0, 11.0, 10.0, 9.0, 8.0, 7.0],
                ]
            } else {
                [
                    &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                    &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0],
                    &[1.0, 1.0],
                    &[7.0, 8.0, 9.0, 10.0, 11.0, 12.0],
                ]
            };
            let found = [&velocity, &seismic, &valid, &reflected_from];
            for (found, expected) in found.into_iter().zip(expected) {
                assert_eq!(&found[sample * expected.len()..][..expected.len()], expected, "mirrored: {mirrored}");
            }
        }
        assert_eq!(seen, [true; 2]);
    }
}
