//! Refining an inversion by the wave equation: the latent that was read in gathers is moved until the simulation of its map
//! explains them.
//!
//! This is full waveform inversion behind a generator (arXiv 1806.03720, 2002.01632). The adjoint wave field tells what the
//! gathers ask of the velocity map ([`Medium::differentiate`](crate::wave::Medium::differentiate)), the decoder's transposed
//! derivative what that asks of the latent, and limited-memory BFGS which step to take. What is moved is not the latent
//! itself but a noisy one in which the denoiser makes it out ([`Estimator`]): whatever the step, a plausible latent follows,
//! and its transposed derivative turns what one cell asks into a change that grounds undergo, a layer's as a whole, say. With
//! each round, noise is added anew, the less of it the more is explained (decoupled annealing, arXiv 2407.01521), and the
//! shots take turns, since every other one tells most of what all do.
//!
//! An echo that comes half a period late or more is taken for another. So a map that is far off hears the low frequencies
//! first (Bunks et al. 1995, doi 10.1190/1.1443880), and with each round higher ones.
//!
//! Some maps stop short of the gathers even so, and which do is much a matter of the noise. So after some rounds all begins
//! anew, and the map that explains most is kept.

mod low_pass;
mod memory;
mod objective;

use burn::prelude::*;

use self::memory::{Memory, add, dot};
use self::objective::Objective;
use crate::consistency::deviation;
use crate::diffusion::{Estimator, Noise};
use crate::gathers::Gathers;
use crate::generate::{GenerateError, PairModel, Simulator, read};
use crate::survey::Survey;
use crate::velocity_map::VelocityMap;

/// Steps of a round.
pub(crate) const STEPS: usize = 20;

/// Of so many shots that follow each other, a round compares one.
const TAKING_TURNS: usize = 2;

/// How far to noise the latent goes, in square roots of its distance from the gathers, so that little is lost of what was
/// gained; and at least and at most how far.
const NOISE: f64 = 0.4;
const LEAST_NOISE: f64 = 0.03;
const MOST_NOISE: f64 = 0.35;

/// Standard deviation of what smooths the gathers in the first round, in seconds, where what the latent explains at first is
/// as far from them as silence; and the share of it that is left with each round.
const SMOOTHING: f64 = 0.045;
const LESS_SMOOTHING: f64 = 0.8;

/// Root mean square of the first step's change of the noisy latent, whose numbers are about one.
const FIRST_STEP: f64 = 0.03;

/// Share of the promised gain that a step must bring (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// What a step that did not bring it is shortened to, and how often.
const SHORTER: f64 = 0.4;
const TRIES: usize = 10;

/// Relative distance from the gathers given that is as good as none.
const ENOUGH: f64 = 0.01;

/// Rounds after which a refinement that has not come that near begins anew.
const ROUNDS_OF_A_START: usize = 12;

/// A latent on its way to explaining gathers.
pub(crate) struct Refinement<'a, S> {
    model: &'a PairModel,
    simulator: &'a S,
    gathers: &'a Gathers,
    objective: Objective,
    memory: Memory,
    /// The latent that was read.
    start: Point,
    /// Where the next round begins.
    here: Point,
    /// What explains most so far.
    best: Point,
    /// Rounds so far.
    rounds: usize,
    /// Of the noise.
    seed: u64,
}

/// A latent (1, tokens, latent width), its map, and what the wave equation makes of that.
#[derive(Clone)]
struct Point {
    latent: Tensor<3>,
    velocity: VelocityMap,
    simulated: Gathers,
    /// How far that is from the gathers given, by the objective.
    distance: f64,
    /// The same as everyone else measures it: [`deviation`].
    misfit: f64,
}

/// What a round makes less: the distance from some shots' gathers, behind the denoiser at one time.
struct Round<'a> {
    survey: Survey,
    objective: Objective,
    estimator: Estimator<'a>,
}

/// A noisy latent, the latent that the denoiser makes out in it, the map of that, and how its value changes with the noisy
/// latent.
struct Estimate {
    noisy: Vec<f64>,
    latent: Tensor<3>,
    velocity: VelocityMap,
    value: f64,
    gradient: Vec<f64>,
}

impl<'a, S: Simulator> Refinement<'a, S> {
    /// Starts at the codes nearest to a latent (1, tokens, latent width); `seed` is that of the noise.
    pub(crate) async fn new(
        model: &'a PairModel,
        simulator: &'a S,
        gathers: &'a Gathers,
        latent: Tensor<3>,
        seed: u64,
    ) -> Result<Self, GenerateError> {
        let objective = Objective::new(&model.manifest.survey, gathers, 0.0);
        let latent = model.autoencoder.codebook.quantise(latent).latent;
        let (velocity, simulated) = model.decoded(latent.clone(), simulator).await?;
        let here = Point::new(latent, velocity, simulated, &objective, gathers);
        Ok(Self {
            model,
            simulator,
            gathers,
            objective,
            memory: Memory::default(),
            start: here.clone(),
            best: here.clone(),
            here,
            rounds: 0,
            seed,
        })
    }

    /// The latent that explains most so far, (1, tokens, latent width).
    pub(crate) fn latent(&self) -> Tensor<3> {
        self.best.latent.clone()
    }

    /// Its map and the simulation of that.
    pub(crate) fn map(&self) -> (&VelocityMap, &Gathers) {
        (&self.best.velocity, &self.best.simulated)
    }

    /// Whether the gathers are explained.
    pub(crate) fn is_done(&self) -> bool {
        self.here.distance <= ENOUGH
    }

    /// Takes up to [`STEPS`] steps from the latent with new noise; tells `stepped` after each how many there have been. What
    /// is remembered of the steps before still tells which lead far. Every [`ROUNDS_OF_A_START`] rounds it begins anew at the
    /// latent that was read, and nothing is remembered.
    pub(crate) async fn round(
        &mut self,
        stepped: &mut impl AsyncFnMut(usize) -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        if self.is_done() {
            return Ok(());
        }
        let Self { model, simulator, gathers, rounds, seed, .. } = *self;
        let since_start = rounds % ROUNDS_OF_A_START;
        if since_start == 0 {
            self.here = self.start.clone();
            self.memory.clear();
        }
        let shots = shots_of(since_start, gathers.shots());
        let survey = model.manifest.survey.of_shots(&shots)?;
        let smoothing = smoothing_at(since_start, self.start.distance);
        let objective = Objective::new(&survey, &gathers.of_shots(&shots), smoothing);
        let estimator = Estimator::new(&model.denoiser, noise_at(self.here.distance), &model.device);
        let noise = Noise::from(seed.wrapping_add(rounds as u64));
        let noisy = read(estimator.noisy(self.here.latent.clone(), noise)).await?.into_iter().map(f64::from).collect();
        let round = Round { survey, objective, estimator };
        self.rounds += 1;
        let mut here = self.at(&round, noisy).await?;
        for step in 1..=STEPS {
            if here.value.sqrt() <= ENOUGH {
                break;
            }
            match self.step(&round, &here).await? {
                Some(there) => here = there,
                // What is remembered may mislead; without it, the gradient is followed once more.
                None if self.memory.clear() => {}
                None => break,
            }
            stepped(step).await?;
        }
        let simulated = simulator.simulate(&model.manifest.survey, &here.velocity).await?;
        self.here = Point::new(here.latent, here.velocity, simulated, &self.objective, gathers);
        if self.here.misfit < self.best.misfit {
            self.best = self.here.clone();
        }
        Ok(())
    }

    /// Moves to where more of the round's gathers is explained, if the direction leads there.
    async fn step(&mut self, round: &Round<'_>, here: &Estimate) -> Result<Option<Estimate>, GenerateError> {
        let gradient = &here.gradient;
        let direction = self.memory.direction(gradient).unwrap_or_else(|| {
            let scale = FIRST_STEP * (gradient.len() as f64 / dot(gradient, gradient).max(f64::MIN_POSITIVE)).sqrt();
            gradient.iter().map(|slope| -scale * slope).collect()
        });
        let promised = dot(&direction, gradient);
        let mut length = 1.0;
        for _ in 0..TRIES {
            let mut noisy = here.noisy.clone();
            add(&mut noisy, length, &direction);
            let there = self.at(round, noisy).await?;
            if there.value <= here.value + SUFFICIENT * length * promised {
                let difference = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(a, b)| a - b).collect();
                let moved = difference(&there.noisy, &here.noisy);
                self.memory.push(moved, difference(&there.gradient, gradient));
                return Ok(Some(there));
            }
            length *= SHORTER;
        }
        Ok(None)
    }

    /// What follows from a noisy latent.
    async fn at(&self, round: &Round<'_>, noisy: Vec<f64>) -> Result<Estimate, GenerateError> {
        let Round { survey, objective, estimator } = round;
        let PairModel { manifest, autoencoder, device, .. } = self.model;
        let normalisation = &manifest.normalisation;
        let values: Vec<f32> = noisy.iter().map(|&value| value as f32).collect();
        let values = TensorData::new(values, self.here.latent.dims());
        let (latent, to_noisy) = estimator.pullback(Tensor::from_data(values, device));
        let (image, to_latent) = autoencoder.velocity_decoder.pullback(latent.clone());
        let shape = image.dims();
        let image = read(image).await?;
        let velocity = self.model.velocity_map(&image)?;
        let (simulated, asked) = self
            .simulator
            .differentiate(survey, &velocity, normalisation.time_stride, |shot, gather| {
                objective.derivative(shot, gather)
            })
            .await?;
        let asked = asked.iter().zip(image).map(|(asked, value)| asked * normalisation.velocity_slope(value)).collect();
        let asked = Tensor::from_data(TensorData::new::<f32, _>(asked, shape), device);
        let gradient = read(to_noisy(to_latent(asked))).await?.into_iter().map(f64::from).collect();
        Ok(Estimate { noisy, latent, velocity, value: objective.value(&simulated), gradient })
    }
}

impl Point {
    /// How far what was simulated is from the gathers given.
    fn new(
        latent: Tensor<3>,
        velocity: VelocityMap,
        simulated: Gathers,
        objective: &Objective,
        gathers: &Gathers,
    ) -> Self {
        let (distance, misfit) = (objective.value(&simulated).sqrt(), deviation(&simulated, gathers));
        Self { latent, velocity, simulated, distance, misfit }
    }
}

/// The shots of `shots` that a round compares.
fn shots_of(round: usize, shots: usize) -> Vec<usize> {
    // Of a single shot there is nothing to leave out.
    (round % TAKING_TURNS.min(shots)..shots).step_by(TAKING_TURNS).collect()
}

/// How far a round smooths the gathers, in seconds, when the first latent's are at that distance.
fn smoothing_at(round: usize, start: f64) -> f64 {
    SMOOTHING * start.min(1.0).powi(2) * LESS_SMOOTHING.powf(round as f64)
}

/// How far to noise a round starts, that distance from the gathers given.
fn noise_at(distance: f64) -> f32 {
    (NOISE * distance.sqrt()).clamp(LEAST_NOISE, MOST_NOISE) as f32
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::manifest::Manifest;
    use crate::model::{Autoencoder, Denoiser};

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
        device.seed(1);
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
        pollster::block_on(model.decoded(latent, &Sounding)).unwrap().1
    }

    fn refinement<'a>(model: &'a PairModel, given: &'a Gathers, from: Tensor<3>) -> Refinement<'a, Sounding> {
        seeded(model, given, from, 1)
    }

    fn seeded<'a>(model: &'a PairModel, given: &'a Gathers, from: Tensor<3>, seed: u64) -> Refinement<'a, Sounding> {
        pollster::block_on(Refinement::new(model, &Sounding, given, from, seed)).unwrap()
    }

    fn values(latent: Tensor<3>) -> Vec<f64> {
        latent.into_data().iter::<f64>().collect()
    }

    #[test]
    fn rounds_explain_the_gathers() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let start = latent(&model);
        let mut refinement = refinement(&model, &given, start.clone());
        assert!(deviation(refinement.map().1, &gathers(&model, start)) < 1e-5);
        let before = refinement.best.misfit;
        let mut last = before;
        for _ in 0..5 {
            let mut counted = Vec::new();
            let mut count = async |done| {
                counted.push(done);
                Ok(())
            };
            pollster::block_on(refinement.round(&mut count)).unwrap();
            assert_eq!(counted, (1..=STEPS).collect::<Vec<_>>());
            assert!(refinement.best.misfit <= last);
            last = refinement.best.misfit;
        }
        assert!(last < 0.3 * before, "{before} to {last}");
    }

    #[test]
    fn a_round_that_explains_no_more_leaves_the_map() {
        let model = model();
        let (given, start) = (gathers(&model, latent(&model)), latent(&model));
        let mut refinement = refinement(&model, &given, start);
        refinement.best.misfit = 0.0;
        let before = refinement.map().0.clone();
        pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
        assert_eq!(refinement.map().0, &before);
        assert_ne!(refinement.here.velocity, before);
    }

    #[test]
    fn the_map_and_its_simulation_are_those_of_the_latent() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let mut refinement = refinement(&model, &given, latent(&model));
        pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
        let image = model.autoencoder.velocity_decoder.forward(refinement.latent());
        let image: Vec<f32> = image.into_data().iter::<f32>().collect();
        let (map, simulated) = refinement.map();
        assert!(model.velocity_map(&image).unwrap().mean_error(map) < 0.1);
        assert_eq!(&pollster::block_on(Sounding.simulate(&model.manifest.survey, map)).unwrap(), simulated);
    }

    #[test]
    fn the_value_changes_as_its_gradient_says() {
        let mut model = model();
        model.denoiser = Denoiser::random(&model.manifest.model, &model.device);
        let given = gathers(&model, latent(&model));
        let refinement = refinement(&model, &given, latent(&model));
        let round = Round {
            survey: model.manifest.survey.clone(),
            objective: Objective::new(&model.manifest.survey, &given, 0.0),
            estimator: Estimator::new(&model.denoiser, 0.3, &model.device),
        };
        let here = pollster::block_on(refinement.at(&round, values(latent(&model)))).unwrap();
        let steepest = dot(&here.gradient, &here.gradient).sqrt();
        let moved = |length: f64| {
            let mut noisy = here.noisy.clone();
            add(&mut noisy, length / steepest, &here.gradient);
            pollster::block_on(refinement.at(&round, noisy)).unwrap().value
        };
        let found = (moved(0.05) - moved(-0.05)) / 0.1;
        assert!((found - steepest).abs() < 0.02 * steepest, "{found} for {steepest}");
    }

    #[test]
    fn the_seed_decides_the_noise() {
        let model = model();
        let (given, start) = (gathers(&model, latent(&model)), latent(&model));
        let refined = |seed: u64| {
            let mut refinement = seeded(&model, &given, start.clone(), seed);
            pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
            values(refinement.latent())
        };
        assert_eq!(refined(1), refined(1));
        assert_ne!(refined(1), refined(2));
    }

    #[test]
    fn after_some_rounds_all_begins_anew_and_the_best_is_kept() {
        let model = model();
        let (given, start) = (gathers(&model, latent(&model)), latent(&model));
        let mut refinement = refinement(&model, &given, start.clone());
        for _ in 0..3 {
            pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
        }
        let before = refinement.best.misfit;
        refinement.rounds = ROUNDS_OF_A_START;
        let mut anew = seeded(&model, &given, start, 1 + ROUNDS_OF_A_START as u64);
        for refinement in [&mut refinement, &mut anew] {
            pollster::block_on(refinement.round(&mut async |_| Ok(()))).unwrap();
        }
        assert_eq!(refinement.here.velocity, anew.here.velocity);
        assert!(before < anew.here.misfit);
        assert_eq!(refinement.best.misfit, before);
    }

    #[test]
    fn the_more_is_explained_the_less_noise_is_added() {
        assert_eq!([4.0, 0.25, 0.0].map(noise_at), [0.35, 0.2, 0.03]);
    }

    #[test]
    fn what_starts_far_off_is_smoothed_farther_and_each_round_less() {
        assert_eq!([0.0, 0.5, 1.0, 1.3].map(|start| smoothing_at(0, start)), [0.0, 0.01125, 0.045, 0.045]);
        assert!((smoothing_at(2, 1.0) - 0.0288).abs() < 1e-9);
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
    fn shots_take_turns() {
        assert_eq!([0, 1, 2].map(|round| shots_of(round, 5)), [vec![0, 2, 4], vec![1, 3], vec![0, 2, 4]]);
        assert_eq!([0, 1].map(|round| shots_of(round, 1)), [[0], [0]]);
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
