//! The solver on the CPU.

#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::field::Field;
use super::horizon::{Heard, Horizon};
use super::medium::Source;
use super::{Medium, Real};
use crate::gathers::Gathers;
use crate::survey::{Survey, SurveyError};
use crate::velocity_map::VelocityMap;

/// Shot gathers of a velocity map, in f32.
///
/// # Errors
/// [`SurveyError`] when the survey cannot be run on the map.
pub fn simulate(survey: &Survey, velocity: &VelocityMap) -> Result<Gathers, SurveyError> {
    Ok(Medium::<f32>::new(survey, velocity)?.simulate())
}

/// Snapshots of one shot's wavefield on the cells of the velocity map.
#[derive(Clone, Debug, PartialEq)]
pub struct Wavefield {
    /// Number of snapshots.
    pub frames: usize,
    /// Rows of the map.
    pub nz: usize,
    /// Columns of the map.
    pub nx: usize,
    /// Amplitudes, (`frames`, `nz`, `nx`) row-major.
    pub values: Vec<f32>,
}

impl<T: Real> Medium<T> {
    /// Shot gathers of the survey, shots in parallel with the feature `rayon`.
    pub fn simulate(&self) -> Gathers<T> {
        let (samples, receivers) = (self.samples(), self.receivers());
        let mut gathers = Gathers::zeros(self.shots(), samples, receivers);
        let horizon = Horizon::new(self);
        #[cfg(feature = "rayon")]
        let shots = gathers.values_mut().par_chunks_mut(samples * receivers);
        #[cfg(not(feature = "rayon"))]
        let shots = gathers.values_mut().chunks_mut(samples * receivers);
        shots.enumerate().for_each(|(shot, gather)| {
            let Some(mut field) = horizon.shot(shot) else { return };
            for traces in gather.chunks_exact_mut(receivers) {
                field.step();
                field.record(traces);
            }
        });
        gathers
    }

    /// The field of shot `shot` before its first time step, or `None` if there is no such shot.
    pub fn shot(&self, shot: usize) -> Option<Propagator<'_, T>> {
        self.sources.get(shot).map(|&source| Propagator::new(self, source))
    }

    /// The field on the map, (nz, nx) row-major, after `steps` time steps of a body force: `force` is given the time step,
    /// counted from 0, and writes what each cell gains at its end, (nz, nx), amplitudes of about `loudness`.
    pub fn driven(&self, steps: usize, loudness: T, mut force: impl FnMut(usize, &mut [T])) -> Vec<T> {
        let (nz, nx) = (self.nz(), self.nx());
        let corners = [(self.top, self.sponge), (self.top + nz - 1, self.sponge + nx - 1)];
        let mut field = Field::new(self, corners, loudness);
        let rows = |z: usize| self.index(z + self.top, self.sponge)..self.index(z + self.top, self.sponge) + nx;
        let mut map = vec![T::zero(); nz * nx];
        for step in 0..steps {
            map.fill(T::zero());
            force(step, &mut map);
            field.step(|now| {
                for (z, force) in map.chunks_exact(nx).enumerate() {
                    now[rows(z)].iter_mut().zip(force).for_each(|(u, &f)| *u = *u + f);
                }
            });
        }
        (0..nz).flat_map(|z| field.now()[rows(z)].iter().copied()).collect()
    }

    /// Snapshots of shot `shot` after every `every`-th time step (at least 1), or `None` if there is no such shot.
    pub fn wavefield(&self, shot: usize, every: usize) -> Option<Wavefield> {
        let mut field = self.shot(shot)?;
        let every = every.max(1);
        let frames = self.samples() / every;
        let mut values = Vec::with_capacity(frames * self.nz() * self.nx());
        for _ in 0..frames {
            for _ in 0..every {
                field.step();
            }
            for z in 0..self.nz() {
                values.extend(field.row(z).iter().map(|u| u.to_f32_lossy()));
            }
        }
        Some(Wavefield { frames, nz: self.nz(), nx: self.nx(), values })
    }
}

/// One shot's pressure field as it advances in time.
#[derive(Clone, Debug)]
pub struct Propagator<'a, T> {
    medium: &'a Medium<T>,
    source: Source<T>,
    field: Field<'a, T>,
    steps: usize,
}

impl<'a, T: Real> Propagator<'a, T> {
    pub(super) fn new(medium: &'a Medium<T>, source: Source<T>) -> Self {
        Self { medium, source, field: Field::new(medium, [(source.z, source.x)], source.gain), steps: 0 }
    }

    /// The same shot, followed only where and as long as it is heard.
    pub(super) fn within(self, heard: Heard<'a>) -> Self {
        Self { field: self.field.within(heard), ..self }
    }

    /// Number of time steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Amplitudes on row `z` of the velocity map.
    ///
    /// # Panics
    /// When the map has no such row.
    pub fn row(&self, z: usize) -> &[T] {
        let start = self.medium.index(z + self.medium.top, self.medium.sponge);
        &self.field.now()[start..start + self.medium.nx()]
    }

    /// Copies the amplitudes at the receivers into `traces`, one value a receiver.
    pub fn record(&self, traces: &mut [T]) {
        for (trace, &(z, x)) in traces.iter_mut().zip(&self.medium.receivers) {
            *trace = self.field.now()[self.medium.index(z, x)];
        }
    }

    /// Advances the field by one time step.
    pub fn step(&mut self) {
        let cell = self.medium.index(self.source.z, self.source.x);
        let signature = self.medium.wavelet.get(self.steps).copied().unwrap_or_else(T::zero);
        let gain = self.source.gain;
        self.field.step(|now| now[cell] = now[cell] + gain * signature);
        self.steps += 1;
    }

    /// The field on the padded grid, with ghost cells.
    pub(super) fn now(&self) -> &[T] {
        self.field.now()
    }

    /// The field one time step ago.
    pub(super) fn before(&self) -> &[T] {
        self.field.before()
    }
}
