//! The solver's derivative and its transpose: how the gathers change with the velocity map, and what a change of the
//! gathers asks of it.
//!
//! Write the scheme of [`super`] as `u[n+1] = u[n] + (1 - k) (u[n] - u[n-1]) + alpha L u[n]` plus `alpha dx^2 s[n]` in the
//! source's cell. Its transpose, run backwards in time on `m = alpha lambda`, is the same scheme with the residuals times
//! `alpha` added in the receivers' cells, so that the solver itself computes it. The gradient with respect to `alpha` is
//! the sum over time of `m[n+1] L u[n] / alpha` (Plessix 2006, doi 10.1111/j.1365-246X.2006.02978.x), that with respect to
//! the damping `k` of `-m[n+1] (u[n] - u[n-1]) / alpha`, or, summed by parts, of `-(m[n+1] - m[n+2]) u[n] / alpha`. The
//! damping is in proportion to the map's slowest velocity, and all of it is asked of the slowest cell.
//!
//! Fields are needed from the last to the first, and kept. What is summed has no frequencies above the sum of both fields'
//! highest, so that every `stride`-th time step gives the same sum: with 8 ms between two, all below 125 Hz.

#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::cpu::Propagator;
use super::field::{Field, laplacian};
use super::medium::Source;
use super::{Horizon, Medium, Real};
use crate::gathers::Gathers;

/// A misfit and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit<T> {
    /// Half the sum of squared differences of the gathers.
    pub value: f64,
    /// Its derivative with respect to each cell of the velocity map, (nz, nx) row-major.
    pub gradient: Vec<T>,
}

/// A shot's gather and a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Differentiated<T> {
    /// What the receivers recorded, (samples, receivers).
    pub recorded: Vec<T>,
    /// What each cell of the velocity map, (nz, nx) row-major, would change in its inner product with the residuals.
    pub gradient: Vec<T>,
}

/// Sums over time, a cell each, of the adjoint field times what it is the adjoint of, with ghost cells.
pub(super) struct Correlated<T> {
    /// Of the adjoint field and the Laplacian of the field a time step before, sources included.
    pub(super) laplacian: Vec<T>,
    /// Of the adjoint field's change from the time step after, and the field a time step before.
    pub(super) change: Vec<T>,
}

impl<T: Real> Horizon<'_, T> {
    /// The gather of shot `shot`, and the transposed derivative applied to the residuals, (samples, receivers), that are
    /// answered to it; none if there is no such shot. Every `stride`-th time step counts, and its field is kept until the
    /// end: with 1 the gradient is that of the scheme to rounding.
    ///
    /// # Panics
    /// When the residuals are not of the gather's shape, or `stride` is 0.
    pub fn differentiate(
        &self,
        shot: usize,
        stride: usize,
        residuals: impl FnOnce(&[T]) -> Vec<T>,
    ) -> Option<Differentiated<T>> {
        let (medium, source) = (self.medium(), *self.medium().sources.get(shot)?);
        let (samples, receivers) = (medium.samples(), medium.receivers());
        let mut recorded = vec![T::zero(); samples * receivers];
        let mut fields = Vec::with_capacity(samples.div_ceil(stride));
        let mut field = self.shot(shot)?;
        for (n, traces) in recorded.chunks_exact_mut(receivers).enumerate() {
            if n.is_multiple_of(stride) {
                fields.push(field.now().to_vec());
            }
            field.step();
            field.record(traces);
        }
        let residuals = residuals(&recorded);
        assert_eq!(residuals.len(), recorded.len(), "residuals of {samples} samples and {receivers} receivers");
        let gradient = medium.fold(&medium.backwards(source, &fields, stride, &residuals), stride);
        Some(Differentiated { recorded, gradient })
    }
}

impl<T: Real> Medium<T> {
    /// The survey's gathers, and what each cell of the velocity map, (nz, nx) row-major, would change in their inner product
    /// with the residuals that `residuals` answers to each shot's number and gather; `stride` as for
    /// [`Horizon::differentiate`].
    ///
    /// # Panics
    /// As [`Horizon::differentiate`].
    pub fn differentiate(
        &self,
        stride: usize,
        residuals: impl Fn(usize, &[T]) -> Vec<T> + Sync,
    ) -> (Gathers<T>, Vec<T>) {
        let horizon = Horizon::new(self);
        let shot = |shot| horizon.differentiate(shot, stride, |recorded| residuals(shot, recorded));
        #[cfg(feature = "rayon")]
        let shots: Vec<_> = (0..self.shots()).into_par_iter().filter_map(shot).collect();
        #[cfg(not(feature = "rayon"))]
        let shots: Vec<_> = (0..self.shots()).filter_map(shot).collect();
        self.together(&shots)
    }

    /// The gathers of all shots, and the sum of their gradients.
    pub fn together(&self, shots: &[Differentiated<T>]) -> (Gathers<T>, Vec<T>) {
        let mut gathers = Gathers::zeros(self.shots(), self.samples(), self.receivers());
        let mut gradient = vec![T::zero(); self.nz() * self.nx()];
        let rooms = gathers.values_mut().chunks_exact_mut(self.samples() * self.receivers());
        for (room, shot) in rooms.zip(shots) {
            room.copy_from_slice(&shot.recorded);
            gradient.iter_mut().zip(&shot.gradient).for_each(|(sum, &value)| *sum = *sum + value);
        }
        (gathers, gradient)
    }

    /// Half the squared distance of the map's gathers from `observed`, and its gradient with respect to the velocity.
    ///
    /// # Panics
    /// When `observed` is not of the survey's shape.
    pub fn misfit(&self, observed: &Gathers<T>) -> Misfit<T> {
        self.check(observed);
        let difference = |recorded: &[T], observed: &[T]| -> Vec<T> {
            recorded.iter().zip(observed).map(|(&recorded, &observed)| recorded - observed).collect()
        };
        let (gathers, gradient) = self.differentiate(1, |shot, recorded| difference(recorded, observed.shot(shot)));
        let residuals = difference(gathers.values(), observed.values());
        Misfit { value: 0.5 * residuals.iter().map(|r| r.to_f64_lossless().powi(2)).sum::<f64>(), gradient }
    }

    /// The transposed derivative applied to `residuals`: what each cell of the velocity map, (nz, nx) row-major, would
    /// change in their inner product with the gathers.
    ///
    /// # Panics
    /// When `residuals` are not of the survey's shape.
    pub fn adjoint(&self, residuals: &Gathers<T>) -> Vec<T> {
        self.check(residuals);
        self.differentiate(1, |shot, _| residuals.shot(shot).to_vec()).1
    }

    fn check(&self, gathers: &Gathers<T>) {
        let expected = [self.shots(), self.samples(), self.receivers()];
        assert_eq!(gathers.shape(), expected, "gathers of (shots, samples, receivers)");
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
        let (slowest, velocity) = self.slowest;
        let faster = change[slowest] / T::from_f64(velocity);
        let (samples, receivers) = (self.samples(), self.receivers());
        let mut gathers = Gathers::zeros(self.shots(), samples, receivers);
        #[cfg(feature = "rayon")]
        let shots = gathers.values_mut().par_chunks_mut(samples * receivers);
        #[cfg(not(feature = "rayon"))]
        let shots = gathers.values_mut().chunks_mut(samples * receivers);
        shots.zip(&self.sources).for_each(|(gather, &source)| self.born_shot(source, &alpha, faster, gather));
        gathers
    }

    /// Writes one shot's change for a change of `alpha`, with ghost cells, and a damping that grows by its `stronger`-fold.
    fn born_shot(&self, source: Source<T>, alpha: &[T], stronger: T, gather: &mut [T]) {
        let mut field = Propagator::new(self, source);
        let cell = self.index(source.z, source.x);
        let injected = alpha[cell] * T::from_f64(self.spacing * self.spacing);
        let loudest = alpha.iter().fold(T::zero(), |most, &a| most.max(a.abs()));
        let corners = [(0, 0), (self.rows - 1, self.columns - 1)];
        let mut scattered = Field::new(self, corners, loudest * source.gain);
        for (n, traces) in gather.chunks_exact_mut(self.receivers()).enumerate() {
            let signature = self.wavelet[n];
            scattered.step(|now| {
                laplacian(
                    self,
                    field.now(),
                    |_| 0..self.columns,
                    |start, row| {
                        for ((now, &alpha), &l) in now[start..].iter_mut().zip(&alpha[start..]).zip(row) {
                            *now = *now + alpha * l;
                        }
                    },
                );
                for (z, x, i) in self.padded() {
                    let damping = T::one() - self.carry(z, x);
                    now[i] = now[i] - stronger * damping * (field.now()[i] - field.before()[i]);
                }
                now[cell] = now[cell] + injected * signature;
            });
            field.step();
            for (trace, &(z, x)) in traces.iter_mut().zip(&self.receivers) {
                *trace = scattered.now()[self.index(z, x)];
            }
        }
    }

    /// What the inner product of a shot's gather with `residuals` depends on, from every `stride`-th of its fields.
    fn backwards(&self, source: Source<T>, fields: &[Vec<T>], stride: usize, residuals: &[T]) -> Correlated<T> {
        let cells: Vec<usize> = self.receivers.iter().map(|&(z, x)| self.index(z, x)).collect();
        let loudest = residuals.iter().fold(T::zero(), |most, &r| most.max(r.abs()));
        let strongest = cells.iter().fold(T::zero(), |most, &cell| most.max(self.alpha[cell]));
        // Backwards in time, where the source's wave has not come yet is where nothing more is asked.
        let horizon = Horizon::of(self, [(source.z, source.x)]);
        let adjoint = Field::new(self, self.receivers.iter().copied(), loudest * strongest);
        let mut adjoint = adjoint.within(horizon.heard());
        let silent = vec![T::zero(); self.alpha.len()];
        let mut sums = Correlated { laplacian: silent.clone(), change: silent };
        let source = self.index(source.z, source.x);
        let per_alpha = T::from_f64(self.spacing * self.spacing);
        for (n, traces) in residuals.chunks_exact(self.receivers()).enumerate().rev() {
            adjoint.step(|now| {
                for (&cell, &r) in cells.iter().zip(traces) {
                    now[cell] = now[cell] + self.alpha[cell] * r;
                }
            });
            if !n.is_multiple_of(stride) {
                continue;
            }
            let (now, before, field) = (adjoint.now(), adjoint.before(), &fields[n / stride]);
            laplacian(
                self,
                field,
                |z| adjoint.columns(z),
                |start, row| {
                    let cells = start..start + row.len();
                    for ((sum, &m), &l) in sums.laplacian[cells.clone()].iter_mut().zip(&now[cells.clone()]).zip(row) {
                        *sum = *sum + m * l;
                    }
                    let fields = now[cells.clone()].iter().zip(&before[cells.clone()]).zip(&field[cells.clone()]);
                    for (sum, ((&m, &after), &u)) in sums.change[cells].iter_mut().zip(fields) {
                        *sum = *sum + (m - after) * u;
                    }
                },
            );
            sums.laplacian[source] = sums.laplacian[source] + now[source] * per_alpha * self.wavelet[n];
        }
        sums
    }

    /// The gradient with respect to the velocity map, whose edge cells the sponge copies and whose slowest decides the
    /// damping, from sums over every `stride`-th time step.
    pub(super) fn fold(&self, sums: &Correlated<T>, stride: usize) -> Vec<T> {
        let mut map = vec![0.0f64; self.nz() * self.nx()];
        let (slowest, velocity) = self.slowest;
        for (z, x, i) in self.padded() {
            // Nothing depends on the velocity of a free surface.
            if self.alpha[i].is_zero() {
                continue;
            }
            let per_step = stride as f64 / self.alpha[i].to_f64_lossless();
            let damping = (T::one() - self.carry(z, x)).to_f64_lossless();
            map[self.map_cell(z, x)] += per_step * sums.laplacian[i].to_f64_lossless() * self.alpha_per_velocity(i);
            map[slowest] -= per_step * sums.change[i].to_f64_lossless() * damping / velocity;
        }
        map.into_iter().map(T::from_f64).collect()
    }

    /// Row and column of every cell of the padded grid, and its position in a field.
    fn padded(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        (0..self.rows).flat_map(move |z| (0..self.columns).map(move |x| (z, x, self.index(z, x))))
    }

    /// The change of `alpha`, with ghost cells, that follows from a change of the velocity map.
    fn unfold(&self, change: &[T]) -> Vec<T> {
        let mut alpha = vec![T::zero(); self.alpha.len()];
        for (z, x, i) in self.padded() {
            alpha[i] = change[self.map_cell(z, x)] * T::from_f64(self.alpha_per_velocity(i));
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
