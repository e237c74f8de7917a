//! Refining an inversion by the wave equation: the latent that was read in gathers is moved until the simulation of its map
//! explains them.
//!
//! This is full waveform inversion whose unknown is the latent (deep image priors and generators in inversion: arXiv
//! 1806.03720, 2002.01632). The adjoint wave field tells what the gathers ask of the velocity map
//! ([`Medium::differentiate`](crate::wave::Medium::differentiate)), the decoder's transposed derivative what that asks of
//! the latent, and limited-memory BFGS which step to take. The latent starts at codes of the codebook, and leaves them; from
//! time to time the denoiser brings it back to what is plausible.

mod memory;
mod objective;

use burn::prelude::*;

use self::memory::{Memory, add, dot};
use self::objective::Objective;
use crate::diffusion::SamplerConfig;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, PairModel, Simulator, read};
use crate::velocity_map::VelocityMap;

/// Steps of a round.
pub(crate) const STEPS: usize = 10;

/// Rounds after which the latent goes some way to noise and back, to what the denoiser takes for plausible, and how far: by
/// then it explains much of the gathers, partly by what no ground looks like, and the steps that follow lead elsewhere. The
/// more is explained, the less of it may be lost.
const DENOISED_AFTER: [(usize, f32); 3] = [(2, 0.2), (4, 0.13), (6, 0.08)];

/// The way back.
const BACK: SamplerConfig = SamplerConfig::unguided(20);

/// Root mean square of the first step's change of the latent, whose numbers are about one.
const FIRST_STEP: f64 = 0.03;

/// Share of the promised gain that a step must bring (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// What a step that did not bring it is shortened to, and how often.
const SHORTER: f64 = 0.4;
const TRIES: usize = 6;

/// Relative distance from the gathers given that is as good as none.
const ENOUGH: f64 = 0.005;

/// A latent on its way to explaining gathers.
pub(crate) struct Refinement<'a, S> {
    model: &'a PairModel,
    simulator: &'a S,
    objective: Objective,
    memory: Memory,
    here: Point,
    /// Rounds so far.
    rounds: usize,
    /// Of the noise.
    seed: u64,
    /// Whether no step leads further.
    stuck: bool,
}

/// A latent, its map, what the wave equation makes of that, and how far it is from the gathers given.
struct Point {
    latent: Vec<f64>,
    velocity: VelocityMap,
    simulated: Gathers,
    value: f64,
    /// Its derivative with respect to the latent.
    gradient: Vec<f64>,
}

impl<'a, S: Simulator> Refinement<'a, S> {
    /// Starts at the codes nearest to a latent (1, tokens, latent width); `seed` is that of the noise.
    pub(crate) async fn new(
        model: &'a PairModel,
        simulator: &'a S,
        gathers: &Gathers,
        latent: Tensor<3>,
        seed: u64,
    ) -> Result<Self, GenerateError> {
        let objective = Objective::new(&model.manifest.survey, gathers);
        let start = read(model.autoencoder.codebook.quantise(latent).latent).await?;
        let start = start.into_iter().map(f64::from).collect();
        let here = Point::at(model, simulator, &objective, start).await?;
        Ok(Self { model, simulator, objective, memory: Memory::default(), here, rounds: 0, seed, stuck: false })
    }

    /// The latent so far, (1, tokens, latent width).
    pub(crate) fn latent(&self) -> Tensor<3> {
        tensor(self.model, &self.here.latent)
    }

    /// Its map and the simulation of that.
    pub(crate) fn map(&self) -> (&VelocityMap, &Gathers) {
        (&self.here.velocity, &self.here.simulated)
    }

    /// Whether the gathers are explained, or no step explains more of them.
    pub(crate) fn is_done(&self) -> bool {
        self.stuck || self.here.value.sqrt() <= ENOUGH
    }

    /// Takes up to [`STEPS`] steps; tells `stepped` after each how many there have been.
    pub(crate) async fn round(
        &mut self,
        stepped: &mut impl AsyncFnMut(usize) -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        let denoised = DENOISED_AFTER.iter().find(|(rounds, _)| *rounds == self.rounds);
        if let Some(&(_, spread)) = denoised
            && !self.is_done()
        {
            self.denoise(spread).await?;
        }
        for step in 1..=STEPS {
            if self.is_done() {
                break;
            }
            self.step().await?;
            stepped(step).await?;
        }
        self.rounds += 1;
        Ok(())
    }

    /// Moves to what the denoiser takes for plausible nearby. What is remembered of the steps before still tells which lead
    /// far.
    async fn denoise(&mut self, spread: f32) -> Result<(), GenerateError> {
        let seed = self.seed.wrapping_add(self.rounds as u64);
        let sampler = self.model.sampler_from(BACK, &[seed], self.latent(), spread);
        let latent = read(sampler.finish().ok_or(GenerateError::Cancelled)?).await?;
        let latent = latent.into_iter().map(f64::from).collect();
        self.here = Point::at(self.model, self.simulator, &self.objective, latent).await?;
        Ok(())
    }

    /// Moves to where more of the gathers is explained.
    async fn step(&mut self) -> Result<(), GenerateError> {
        let gradient = &self.here.gradient;
        let direction = self.memory.direction(gradient).unwrap_or_else(|| {
            let scale = FIRST_STEP * (gradient.len() as f64 / dot(gradient, gradient).max(f64::MIN_POSITIVE)).sqrt();
            gradient.iter().map(|slope| -scale * slope).collect()
        });
        let promised = dot(&direction, gradient);
        let mut length = 1.0;
        for _ in 0..TRIES {
            let mut latent = self.here.latent.clone();
            add(&mut latent, length, &direction);
            let there = Point::at(self.model, self.simulator, &self.objective, latent).await?;
            if there.value <= self.here.value + SUFFICIENT * length * promised {
                let difference = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(a, b)| a - b).collect();
                let moved = difference(&there.latent, &self.here.latent);
                self.memory.push(moved, difference(&there.gradient, gradient));
                self.here = there;
                return Ok(());
            }
            length *= SHORTER;
        }
        // What is remembered may mislead; without it, the gradient is followed once more.
        self.stuck = !self.memory.clear();
        Ok(())
    }
}

impl Point {
    async fn at(
        model: &PairModel,
        simulator: &impl Simulator,
        objective: &Objective,
        latent: Vec<f64>,
    ) -> Result<Self, GenerateError> {
        let normalisation = &model.manifest.normalisation;
        let (image, pullback) = model.autoencoder.velocity_decoder.pullback(tensor(model, &latent));
        let shape = image.dims();
        let image = read(image).await?;
        let velocity = model.velocity_map(&image)?;
        let (simulated, asked) = simulator
            .differentiate(&model.manifest.survey, &velocity, normalisation.time_stride, |shot, gather| {
                objective.derivative(shot, gather)
            })
            .await?;
        let asked = asked.iter().zip(image).map(|(asked, value)| asked * normalisation.velocity_slope(value)).collect();
        let asked = Tensor::from_data(TensorData::new::<f32, _>(asked, shape), &model.device);
        let gradient = read(pullback(asked)).await?.into_iter().map(f64::from).collect();
        Ok(Self { latent, velocity, value: objective.value(&simulated), simulated, gradient })
    }
}

/// A latent as a tensor (1, tokens, latent width).
fn tensor(model: &PairModel, latent: &[f64]) -> Tensor<3> {
    let config = &model.manifest.model;
    let values: Vec<f32> = latent.iter().map(|&value| value as f32).collect();
    let shape = [1, config.token_count(), config.latent.width()];
    Tensor::from_data(TensorData::new(values, shape), &model.device)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::consistency::deviation;
    use crate::manifest::Manifest;
    use crate::model::{Autoencoder, Denoiser};
    use crate::survey::Survey;

    /// Records the map itself: the deeper a cell, the later it is heard, in every shot.
    struct Sounding;

    /// The cell of the map that is recorded in each sample.
    fn sounded(survey: &Survey, velocity: &VelocityMap, sample: usize) -> usize {
        let [_, samples, receivers] = survey.shape();
        let (time, receiver) = (sample / receivers % samples, sample % receivers);
        time * velocity.nz() / samples * velocity.nx() + receiver * velocity.nx() / receivers
    }

    impl Simulator for Sounding {
        async fn simulate(&self, survey: &Survey, velocity: &VelocityMap) -> Result<Gathers, GenerateError> {
            let [shots, samples, receivers] = survey.shape();
            let sample = |i: usize| velocity.values()[sounded(survey, velocity, i)] * 1e-3 - 3.0;
            Ok(Gathers::new(shots, samples, receivers, (0..shots * samples * receivers).map(sample).collect()).unwrap())
        }

        async fn differentiate(
            &self,
            survey: &Survey,
            velocity: &VelocityMap,
            _: usize,
            residuals: impl Fn(usize, &[f32]) -> Vec<f32> + Sync,
        ) -> Result<(Gathers, Vec<f32>), GenerateError> {
            let gathers = self.simulate(survey, velocity).await?;
            let mut gradient = vec![0.0; velocity.values().len()];
            for shot in 0..gathers.shots() {
                for (i, residual) in residuals(shot, gathers.shot(shot)).into_iter().enumerate() {
                    gradient[sounded(survey, velocity, i)] += residual * 1e-3;
                }
            }
            Ok((gathers, gradient))
        }
    }

    fn model() -> PairModel {
        let (manifest, device) = (Manifest::tiny(), Device::flex());
        let autoencoder = Autoencoder::new(&manifest.model, &device);
        let denoiser = Denoiser::new(&manifest.model, &device);
        PairModel { manifest, autoencoder, denoiser, device }
    }

    fn latent(model: &PairModel) -> Tensor<3> {
        let config = &model.manifest.model;
        let shape = [1, config.token_count(), config.latent.width()];
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), &model.device)
    }

    fn gathers(model: &PairModel, latent: Tensor<3>) -> Gathers {
        let map = pollster::block_on(model.decode_velocity(latent)).unwrap().remove(0);
        pollster::block_on(Sounding.simulate(&model.manifest.survey, &map)).unwrap()
    }

    fn refinement<'a>(model: &'a PairModel, given: &Gathers, from: Tensor<3>) -> Refinement<'a, Sounding> {
        pollster::block_on(Refinement::new(model, &Sounding, given, from, 1)).unwrap()
    }

    #[test]
    fn rounds_explain_more_and_never_less_of_the_gathers() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let start = latent(&model);
        let mut refinement = refinement(&model, &given, start.clone());
        assert!(deviation(refinement.map().1, &gathers(&model, start)) < 1e-5);
        let before = refinement.here.value;
        for _ in 0..2 {
            let (last, mut counted) = (refinement.here.value, Vec::new());
            let mut count = async |done| {
                counted.push(done);
                Ok(())
            };
            pollster::block_on(refinement.round(&mut count)).unwrap();
            assert!(refinement.here.value <= last);
            assert_eq!(counted, (1..=STEPS).collect::<Vec<_>>());
        }
        let after = refinement.here.value;
        assert!(after < 0.1 * before, "{before} to {after}");
    }

    #[test]
    fn the_value_changes_as_its_gradient_says() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let here = refinement(&model, &given, latent(&model)).here;
        let objective = Objective::new(&model.manifest.survey, &given);
        let moved = |scale: f64| {
            let mut latent = here.latent.clone();
            add(&mut latent, scale / dot(&here.gradient, &here.gradient).sqrt(), &here.gradient);
            pollster::block_on(Point::at(&model, &Sounding, &objective, latent)).unwrap().value
        };
        let (found, expected) = ((moved(0.05) - moved(-0.05)) / 0.1, dot(&here.gradient, &here.gradient).sqrt());
        assert!((found - expected).abs() < 0.02 * expected, "{found} for {expected}");
    }

    #[test]
    fn the_denoiser_has_a_say_after_two_rounds() {
        let model = model();
        let (given, start) = (gathers(&model, latent(&model)), latent(&model));
        let latents = |seed: u64| -> Vec<Vec<f64>> {
            let refinement = Refinement::new(&model, &Sounding, &given, start.clone(), seed);
            let mut refinement = pollster::block_on(refinement).unwrap();
            let mut after = |_: usize| {
                pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
                refinement.here.latent.clone()
            };
            (0..3).map(&mut after).collect()
        };
        // Nothing but the denoiser's noise has a seed.
        let (one, other) = (latents(1), latents(2));
        assert_eq!(one[..2], other[..2]);
        assert_ne!(one[2], other[2]);
    }

    #[test]
    fn gathers_that_are_explained_ask_for_no_round() {
        let model = model();
        let true_latent = latent(&model);
        let given = gathers(&model, true_latent.clone());
        let mut refinement = refinement(&model, &given, true_latent);
        assert!(refinement.is_done());
        pollster::block_on(refinement.round(&mut async |_| panic!("there is nothing to do"))).unwrap();
    }

    #[test]
    fn a_round_can_be_called_off() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let mut refinement = refinement(&model, &given, latent(&model));
        let mut stop = async |done| if done < 2 { Ok(()) } else { Err(GenerateError::Cancelled) };
        let stopped = pollster::block_on(refinement.round(&mut stop));
        assert!(matches!(stopped, Err(GenerateError::Cancelled)));
    }
}
