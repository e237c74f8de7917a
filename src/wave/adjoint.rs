//! The solver's derivative and its transpose: how the gathers change with the velocity map, and what a change of the
//! gathers asks of it.
//!
//! Write the scheme of [`super`] as `u[n+1] = u[n] + (1 - k) (u[n] - u[n-1]) + alpha L u[n]` plus `alpha dx^2 s[n]` in the
//! source's cell. Its transpose, run backwards in time on `m = alpha lambda`, is the same scheme with the residuals times
//! `alpha` added in the receivers' cells, so that the solver itself computes it. The gradient with respect to `alpha` is
//! the sum over time of `m[n+1] L u[n] / alpha` (Plessix 2006, doi 10.1111/j.1365-246X.2006.02978.x).
//!
//! The damping depends on the map's slowest velocity; the derivative takes it as fixed.
//!
//! Fields are needed from the last to the first. Some are kept, the others computed again from those: with `n` time steps
//! a shot takes memory for about `2 sqrt(2 n)` fields, and one more forward run (Griewank and Walther 2000).

#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::cpu::Propagator;
use super::field::{Field, State, laplacian};
use super::medium::Source;
use super::{Medium, Real};
use crate::gathers::Gathers;

/// A misfit and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit<T> {
    /// Half the sum of squared differences of the gathers.
    pub value: f64,
    /// Its derivative with respect to each cell of the velocity map, (nz, nx) row-major.
    pub gradient: Vec<T>,
}

impl<T: Real> Medium<T> {
    /// Half the squared distance of the map's gathers from `observed`, and its gradient with respect to the velocity.
    ///
    /// # Panics
    /// When `observed` is not of the survey's shape.
    pub fn misfit(&self, observed: &Gathers<T>) -> Misfit<T> {
        let shots = self.each_shot(observed, |recorded, observed, residual| {
            let mut value = 0.0;
            for ((residual, &d), &o) in residual.iter_mut().zip(recorded).zip(observed) {
                *residual = d - o;
                value += 0.5 * residual.to_f64_lossless().powi(2);
            }
            value
        });
        let value = shots.iter().map(|(value, _)| value).sum();
        Misfit { value, gradient: self.fold(shots.into_iter().map(|(_, gradient)| gradient)) }
    }

    /// The transposed derivative applied to `residuals`: what each cell of the velocity map, (nz, nx) row-major, would
    /// change in their inner product with the gathers.
    ///
    /// # Panics
    /// When `residuals` are not of the survey's shape.
    pub fn adjoint(&self, residuals: &Gathers<T>) -> Vec<T> {
        let shots = self.each_shot(residuals, |_, residuals, residual| {
            residual.copy_from_slice(residuals);
            0.0
        });
        self.fold(shots.into_iter().map(|(_, gradient)| gradient))
    }

    /// The derivative applied to a change of the velocity map, (nz, nx) row-major: the gathers' change to first order
    /// (the Born approximation).
    ///
    /// # Panics
    /// When the change is not of the map's shape.
    pub fn born(&self, change: &[T]) -> Gathers<T> {
        assert_eq!(
            change.len(),
            self.nz() * self.nx(),
            "the change of a velocity map of {} x {}",
            self.nz(),
            self.nx()
        );
        let alpha = self.unfold(change);
        let (samples, receivers) = (self.samples(), self.receivers());
        let mut gathers = Gathers::zeros(self.shots(), samples, receivers);
        #[cfg(feature = "rayon")]
        let shots = gathers.values_mut().par_chunks_mut(samples * receivers);
        #[cfg(not(feature = "rayon"))]
        let shots = gathers.values_mut().chunks_mut(samples * receivers);
        shots.zip(&self.sources).for_each(|(gather, &source)| self.born_shot(source, &alpha, gather));
        gathers
    }

    fn born_shot(&self, source: Source<T>, alpha: &[T], gather: &mut [T]) {
        let mut field = Propagator::new(self, source);
        let cell = self.index(source.z, source.x);
        let injected = alpha[cell] * T::from_f64(self.spacing * self.spacing);
        let loudest = alpha.iter().fold(T::zero(), |most, &a| most.max(a.abs()));
        let corners = [(0, 0), (self.rows - 1, self.columns - 1)];
        let mut scattered = Field::new(self, corners, loudest * source.gain);
        for (n, traces) in gather.chunks_exact_mut(self.receivers()).enumerate() {
            let signature = self.wavelet[n];
            scattered.step(|now| {
                laplacian(self, field.now(), |start, row| {
                    for ((now, &alpha), &l) in now[start..].iter_mut().zip(&alpha[start..]).zip(row) {
                        *now = *now + alpha * l;
                    }
                });
                now[cell] = now[cell] + injected * signature;
            });
            field.step();
            for (trace, &(z, x)) in traces.iter_mut().zip(&self.receivers) {
                *trace = scattered.now()[self.index(z, x)];
            }
        }
    }

    /// For each shot, what `respond` answers to its gather and the corresponding one of `data`, and the gradient with
    /// respect to `alpha`, with ghost cells, of the inner product of the gather with the residual that it writes.
    fn each_shot(&self, data: &Gathers<T>, respond: impl Fn(&[T], &[T], &mut [T]) -> f64 + Sync) -> Vec<(f64, Vec<T>)> {
        let expected = [self.shots(), self.samples(), self.receivers()];
        assert_eq!(data.shape(), expected, "gathers of (shots, samples, receivers)");
        let shot = |(index, &source): (usize, &Source<T>)| {
            let mut residual = vec![T::zero(); self.samples() * self.receivers()];
            let mut forward = Checkpointed::run(self, source);
            let answer = respond(&forward.recorded, data.shot(index), &mut residual);
            (answer, self.shot_gradient(&mut forward, &residual))
        };
        #[cfg(feature = "rayon")]
        return self.sources.par_iter().enumerate().map(shot).collect();
        #[cfg(not(feature = "rayon"))]
        return self.sources.iter().enumerate().map(shot).collect();
    }

    fn shot_gradient(&self, forward: &mut Checkpointed<'_, T>, residual: &[T]) -> Vec<T> {
        let cells: Vec<usize> = self.receivers.iter().map(|&(z, x)| self.index(z, x)).collect();
        let loudest = residual.iter().fold(T::zero(), |most, &r| most.max(r.abs()));
        let strongest = cells.iter().fold(T::zero(), |most, &cell| most.max(self.alpha[cell]));
        let mut adjoint = Field::new(self, self.receivers.iter().copied(), loudest * strongest);
        let mut gradient = vec![T::zero(); self.alpha.len()];
        let source = self.index(forward.source.z, forward.source.x);
        let per_alpha = T::from_f64(self.spacing * self.spacing);
        for (first, fields) in forward.segments_from_the_end() {
            for (n, field) in fields.iter().enumerate().rev() {
                let n = first + n;
                let traces = &residual[n * self.receivers()..][..self.receivers()];
                adjoint.step(|now| {
                    for (&cell, &r) in cells.iter().zip(traces) {
                        now[cell] = now[cell] + self.alpha[cell] * r;
                    }
                });
                let now = adjoint.now();
                laplacian(self, field, |start, row| {
                    for ((sum, &m), &l) in gradient[start..].iter_mut().zip(&now[start..]).zip(row) {
                        *sum = *sum + m * l;
                    }
                });
                gradient[source] = gradient[source] + now[source] * per_alpha * self.wavelet[n];
            }
        }
        self.per_alpha(gradient)
    }

    /// Divides a gradient by `alpha`, both with ghost cells.
    pub(super) fn per_alpha(&self, mut gradient: Vec<T>) -> Vec<T> {
        for (sum, &alpha) in gradient.iter_mut().zip(&self.alpha) {
            // Ghost cells, and a free surface, on whose velocity nothing depends.
            *sum = if alpha.is_zero() { T::zero() } else { *sum / alpha };
        }
        gradient
    }

    /// Sums gradients with respect to `alpha` to one with respect to the velocity map, whose edge cells the sponge copies.
    pub(super) fn fold(&self, gradients: impl Iterator<Item = Vec<T>>) -> Vec<T> {
        let mut map = vec![0.0f64; self.nz() * self.nx()];
        for gradient in gradients {
            for z in 0..self.rows {
                for x in 0..self.columns {
                    let cell = self.index(z, x);
                    map[self.map_cell(z, x)] += gradient[cell].to_f64_lossless() * self.alpha_per_velocity(cell);
                }
            }
        }
        map.into_iter().map(T::from_f64).collect()
    }

    /// The change of `alpha`, with ghost cells, that follows from a change of the velocity map.
    fn unfold(&self, change: &[T]) -> Vec<T> {
        let mut alpha = vec![T::zero(); self.alpha.len()];
        for z in 0..self.rows {
            for x in 0..self.columns {
                let cell = self.index(z, x);
                alpha[cell] = change[self.map_cell(z, x)] * T::from_f64(self.alpha_per_velocity(cell));
            }
        }
        alpha
    }

    /// The cell of the velocity map that a cell of the padded grid copies.
    fn map_cell(&self, z: usize, x: usize) -> usize {
        let inside = |i: usize, before: usize, n: usize| i.saturating_sub(before).min(n - 1);
        inside(z, self.top, self.nz()) * self.nx() + inside(x, self.sponge, self.nx())
    }

    /// Derivative of `alpha = (v dt / dx)^2` with respect to `v`.
    fn alpha_per_velocity(&self, cell: usize) -> f64 {
        2.0 * self.alpha[cell].to_f64_lossless().sqrt() * self.dt / self.spacing
    }
}

/// Time steps between two states that a run of `samples` steps keeps: states of two fields and the fields between two of
/// them are fewest when both are as many.
pub(super) fn kept_every(samples: usize) -> usize {
    ((2 * samples) as f64).sqrt().ceil() as usize
}

/// A forward run of one shot that can be looked at from its end.
struct Checkpointed<'a, T> {
    source: Source<T>,
    medium: &'a Medium<T>,
    /// What the receivers recorded, (samples, receivers).
    recorded: Vec<T>,
    /// Time steps between two kept states.
    every: usize,
    states: Vec<State<T>>,
}

impl<'a, T: Real> Checkpointed<'a, T> {
    fn run(medium: &'a Medium<T>, source: Source<T>) -> Self {
        let every = kept_every(medium.samples());
        let mut recorded = vec![T::zero(); medium.samples() * medium.receivers()];
        let mut field = Propagator::new(medium, source);
        let mut states = Vec::with_capacity(medium.samples().div_ceil(every));
        for (n, traces) in recorded.chunks_exact_mut(medium.receivers()).enumerate() {
            if n % every == 0 {
                states.push(field.state());
            }
            field.step();
            field.record(traces);
        }
        Self { source, medium, recorded, every, states }
    }

    /// Stretches of the run from the last to the first: the time step that each begins with, and the fields before that
    /// and the following steps.
    fn segments_from_the_end(&mut self) -> impl Iterator<Item = (usize, Vec<Vec<T>>)> {
        std::iter::from_fn(|| {
            let state = self.states.pop()?;
            let first = self.states.len() * self.every;
            let mut field = Propagator::resume(self.medium, self.source, state, first);
            let last = self.medium.samples().min(first + self.every) - 1;
            let mut fields = vec![field.now().to_vec()];
            for _ in first..last {
                field.step();
                fields.push(field.now().to_vec());
            }
            Some((first, fields))
        })
    }
}
