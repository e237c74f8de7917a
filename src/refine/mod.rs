//! Refining an inversion by the wave equation: the latent that was read in gathers is moved until the simulation of its map
//! explains them.
//!
//! An ensemble Gauss-Newton method whose prior is the denoiser. Each round sends the latent part of the way to noise and
//! back several times, simulates the maps that come out, and takes what they changed as finite differences: the mix of
//! these steps that removes most of the residual is the next step (Levenberg-Marquardt forms of the iterative ensemble
//! smoother, Chen and Oliver 2013, doi 10.1007/s10596-013-9351-5; ensemble Kalman inversion, arXiv 1209.2736). Nothing has
//! to be differentiated, neither networks nor simulator, and every step leads to what the denoiser takes for plausible.

mod ensemble;
mod evidence;
mod locality;

use burn::prelude::*;

use self::ensemble::{Ensemble, Equations};
use self::evidence::{Evidence, difference, energy};
use self::locality::Locality;
use crate::diffusion::SamplerConfig;
use crate::gathers::Gathers;
use crate::generate::{GenerateError, PairModel, Simulator, read};
use crate::velocity_map::VelocityMap;

/// Steps that each round tries.
const STEPS: usize = 20;

/// How far towards noise they are taken.
const SPREAD: f32 = 0.3;

/// The way back: about its share of the steps that a sample takes from pure noise.
const BACK: SamplerConfig = SamplerConfig::unguided(6);

/// Penalties on the mix of steps. Which is right depends on how nearly the simulator is linear here, so all are tried.
const RIDGES: [f64; 3] = [1.0, 0.1, 0.01];

/// Relative residual that is not worth a round: less than what most true maps leave that went through the codes.
const ENOUGH: f64 = 0.06;

/// Simulations of a round.
pub(crate) const SIMULATIONS: usize = STEPS + 2 * RIDGES.len();

/// A latent on its way to explaining gathers.
pub(crate) struct Refinement<'a, S> {
    model: &'a PairModel,
    simulator: &'a S,
    /// Of the next step.
    seed: u64,
    evidence: Evidence,
    /// The evidence in the gathers given.
    given: Vec<f32>,
    ensemble: Ensemble,
    /// The best so far.
    here: Trial,
}

/// A latent, its map, and what the wave equation makes of that.
struct Trial {
    latent: Vec<f32>,
    velocity: VelocityMap,
    simulated: Gathers,
    evidence: Vec<f32>,
    /// Energy of what of the given evidence is not explained.
    residual: f64,
}

impl<'a, S: Simulator> Refinement<'a, S> {
    /// Starts at a latent (1, tokens, latent width).
    pub(crate) async fn new(
        model: &'a PairModel,
        simulator: &'a S,
        gathers: &Gathers,
        latent: Tensor<3>,
        seed: u64,
    ) -> Result<Self, GenerateError> {
        let evidence = Evidence::new(&model.manifest);
        let given = evidence.of(gathers);
        let velocity = model.decode_velocity(latent.clone()).await?.pop().ok_or(GenerateError::NotFinite)?;
        let latent = read(latent).await?;
        let simulated = simulator.simulate(&model.manifest.survey, &velocity).await?;
        let here = Trial::new(&evidence, &given, latent, velocity, simulated);
        Ok(Self { model, simulator, seed, evidence, given, ensemble: Ensemble::default(), here })
    }

    /// The latent so far, (1, tokens, latent width).
    pub(crate) fn latent(&self) -> Tensor<3> {
        self.tensor(&self.here.latent, 1)
    }

    /// Its map and the simulation of that.
    pub(crate) fn map(&self) -> (&VelocityMap, &Gathers) {
        (&self.here.velocity, &self.here.simulated)
    }

    /// Whether the gathers are explained as well as the codes can.
    pub(crate) fn is_done(&self) -> bool {
        self.here.residual <= ENOUGH * ENOUGH * energy(&self.given)
    }

    /// Looks for a latent whose map explains the gathers better; tells `simulated` after each group of simulations how many
    /// of [`SIMULATIONS`] there have been.
    pub(crate) async fn round(
        &mut self,
        simulated: &mut impl AsyncFnMut(usize) -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        let seeds: Vec<u64> = (0..STEPS as u64).map(|step| self.seed.wrapping_add(step)).collect();
        self.seed = self.seed.wrapping_add(STEPS as u64);
        for (group, seeds) in seeds.chunks(self.together()).enumerate() {
            let sampler = self.model.sampler_from(BACK, seeds, self.latent(), SPREAD);
            let nearby = sampler.finish().ok_or(GenerateError::Cancelled)?;
            for trial in self.try_out(nearby, group * self.together(), simulated).await? {
                self.learn(&trial);
            }
        }
        let candidates = self.candidates();
        let candidates = self.tensor(&candidates.concat(), candidates.len());
        let trials = self.try_out(candidates, STEPS, simulated).await?;
        if let Some(best) = trials.into_iter().min_by(|a, b| a.residual.total_cmp(&b.residual))
            && best.residual < self.here.residual
        {
            self.learn(&best);
            self.here = best;
        }
        Ok(())
    }

    /// Remembers the step from here to a trial.
    fn learn(&mut self, trial: &Trial) {
        let latent = difference(&trial.latent, &self.here.latent);
        self.ensemble.push(latent, difference(&trial.evidence, &self.here.evidence));
    }

    /// Latents that the steps so far promise to be better, for each penalty two: one mix of steps for the whole latent, and
    /// one for each token, by the evidence that tells of it.
    fn candidates(&self) -> Vec<Vec<f32>> {
        let blocks = &self.evidence.blocks;
        let equations = self.ensemble.equations(blocks, &difference(&self.given, &self.here.evidence));
        let locality = Locality::new(&self.model.manifest, blocks, &self.here.velocity);
        let tokens = self.model.manifest.model.token_count();
        let everywhere = vec![1.0; blocks.len()];
        let mut candidates = self.moved(&equations, 1, |_| everywhere.clone());
        candidates.extend(self.moved(&equations, tokens, |token| locality.weights(token)));
        candidates
    }

    /// The latent moved in `parts` of equal size, each by its own mix, for each penalty.
    fn moved(&self, equations: &Equations, parts: usize, weights: impl Fn(usize) -> Vec<f64>) -> Vec<Vec<f32>> {
        let mut latents = vec![self.here.latent.clone(); RIDGES.len()];
        let width = self.here.latent.len() / parts;
        for part in 0..parts {
            let normal = equations.weighted(&weights(part));
            for (latent, ridge) in latents.iter_mut().zip(RIDGES) {
                self.ensemble.apply(&normal.mix(ridge), latent, part * width..(part + 1) * width);
            }
        }
        latents
    }

    /// Simulates the maps of latents (batch, tokens, latent width).
    async fn try_out(
        &self,
        latents: Tensor<3>,
        before: usize,
        simulated: &mut impl AsyncFnMut(usize) -> Result<(), GenerateError>,
    ) -> Result<Vec<Trial>, GenerateError> {
        let maps = self.model.decode_velocity(latents.clone()).await?;
        let latents = read(latents).await?;
        let mut trials: Vec<Trial> = Vec::with_capacity(maps.len());
        let mut latents = latents.chunks_exact(latents.len() / maps.len().max(1));
        for together in maps.chunks(self.together()) {
            let gathers = self.simulator.simulate_all(&self.model.manifest.survey, together).await?;
            for ((velocity, gathers), latent) in together.iter().zip(gathers).zip(&mut latents) {
                trials.push(Trial::new(&self.evidence, &self.given, latent.to_vec(), velocity.clone(), gathers));
            }
            simulated(before + trials.len()).await?;
        }
        Ok(trials)
    }

    /// Maps that are simulated together, and hence latents that are sampled together: cancelling waits for no more.
    fn together(&self) -> usize {
        self.simulator.together().max(1)
    }

    fn tensor(&self, latents: &[f32], batch: usize) -> Tensor<3> {
        let model = &self.model.manifest.model;
        let shape = [batch, model.token_count(), model.latent.width()];
        Tensor::from_data(TensorData::new(latents.to_vec(), shape), &self.model.device)
    }
}

impl Trial {
    fn new(evidence: &Evidence, given: &[f32], latent: Vec<f32>, velocity: VelocityMap, simulated: Gathers) -> Self {
        let evidence = evidence.of(&simulated);
        let residual = energy(&difference(given, &evidence));
        Self { latent, velocity, simulated, evidence, residual }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::manifest::Manifest;
    use crate::model::{Autoencoder, Denoiser};
    use crate::survey::Survey;

    /// Records the map itself: the deeper a cell, the later it is heard, in every shot.
    struct Sounding;

    impl Simulator for Sounding {
        async fn simulate(&self, survey: &Survey, velocity: &VelocityMap) -> Result<Gathers, GenerateError> {
            let [shots, samples, receivers] = survey.shape();
            let sample = |i: usize| {
                let (time, receiver) = (i / receivers % samples, i % receivers);
                velocity.at(time * velocity.nz() / samples, receiver * velocity.nx() / receivers) * 1e-3 - 3.0
            };
            Ok(Gathers::new(shots, samples, receivers, (0..shots * samples * receivers).map(sample).collect()).unwrap())
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
        let mut refinement = refinement(&model, &given, latent(&model));
        let before = refinement.here.residual;
        assert!(!refinement.is_done());
        for _ in 0..3 {
            let (last, mut counted) = (refinement.here.residual, Vec::new());
            let mut count = async |done| {
                counted.push(done);
                Ok(())
            };
            pollster::block_on(refinement.round(&mut count)).unwrap();
            assert!(refinement.here.residual <= last);
            assert_eq!(counted, (1..=SIMULATIONS).collect::<Vec<_>>());
        }
        let after = refinement.here.residual;
        assert!(after < 0.8 * before, "{before} to {after}");
        assert_eq!(&gathers(&model, refinement.latent()), refinement.map().1);
    }

    #[test]
    fn gathers_that_are_explained_ask_for_no_round() {
        let model = model();
        let true_latent = latent(&model);
        let given = gathers(&model, true_latent.clone());
        assert!(refinement(&model, &given, true_latent).is_done());
    }

    #[test]
    fn a_round_that_is_called_off_changes_nothing() {
        let model = model();
        let given = gathers(&model, latent(&model));
        let mut refinement = refinement(&model, &given, latent(&model));
        let before = refinement.here.latent.clone();
        let mut stop = async |done| if done < 22 { Ok(()) } else { Err(GenerateError::Cancelled) };
        let stopped = pollster::block_on(refinement.round(&mut stop));
        assert!(matches!(stopped, Err(GenerateError::Cancelled)));
        assert_eq!(refinement.here.latent, before);
    }
}
