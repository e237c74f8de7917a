//! The solver on the CPU.
//!
//! Products and sums are rounded one by one, never fused, so that the browser and every processor compute the same bits.

use std::ops::Range;

#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::medium::{GHOST, Source};
use super::{CENTRE, FAR, Medium, NEAR, Real};
use crate::gathers::Gathers;
use crate::survey::{Survey, SurveyError};
use crate::velocity_map::VelocityMap;

/// Amplitudes below this fraction of the source's are set to zero: less than f64 rounds the source to. It keeps the first
/// ripples ahead of the wave from becoming denormal numbers, which take more than three times as long in all, and bounds
/// the window of cells to update.
const SILENCE: f64 = 1e-16;

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
        #[cfg(feature = "rayon")]
        let shots = gathers.values_mut().par_chunks_mut(samples * receivers);
        #[cfg(not(feature = "rayon"))]
        let shots = gathers.values_mut().chunks_mut(samples * receivers);
        shots.zip(&self.sources).for_each(|(gather, &source)| {
            let mut field = Propagator::new(self, source);
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
    /// The field one time step ago; each step overwrites it with the next field.
    before: Vec<T>,
    now: Vec<T>,
    /// `1 - k` of the row at hand.
    carry: Vec<T>,
    silence: T,
    window: Window,
    steps: usize,
}

/// The cells to update. Both fields are zero outside it and on its two outermost lines, save where it spans the grid.
#[derive(Clone, Debug)]
struct Window {
    z: Range<usize>,
    x: Range<usize>,
}

/// What one time step left on the window's outermost lines.
#[derive(Default)]
struct Rim {
    rows: bool,
    columns: bool,
}

impl<'a, T: Real> Propagator<'a, T> {
    fn new(medium: &'a Medium<T>, source: Source<T>) -> Self {
        let silent = vec![T::zero(); medium.alpha.len()];
        let around = |i: usize, cells| widen(&(i..i + 1), GHOST, cells);
        Self {
            medium,
            source,
            before: silent.clone(),
            now: silent,
            carry: medium.carry_x.clone(),
            silence: T::from_f64(SILENCE) * source.gain,
            window: Window { z: around(source.z, medium.rows), x: around(source.x, medium.columns) },
            steps: 0,
        }
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
        let start = self.medium.index(z + self.medium.sponge, self.medium.sponge);
        &self.now[start..start + self.medium.nx()]
    }

    /// Copies the amplitudes at the receivers into `traces`, one value a receiver.
    pub fn record(&self, traces: &mut [T]) {
        for (trace, &(z, x)) in traces.iter_mut().zip(&self.medium.receivers) {
            *trace = self.now[self.medium.index(z, x)];
        }
    }

    /// Advances the field by one time step.
    pub fn step(&mut self) {
        let rim = self.advance();
        std::mem::swap(&mut self.before, &mut self.now);
        let source = self.medium.index(self.source.z, self.source.x);
        let signature = self.medium.wavelet.get(self.steps).copied().unwrap_or_else(T::zero);
        self.now[source] = self.now[source] + self.source.gain * signature;
        self.steps += 1;
        if rim.rows {
            self.window.z = widen(&self.window.z, GHOST, self.medium.rows);
        }
        if rim.columns {
            self.window.x = widen(&self.window.x, GHOST, self.medium.columns);
        }
        self.wrap();
    }

    /// Replaces `before` by the field that follows `now`, source aside, inside the window.
    fn advance(&mut self) -> Rim {
        let Self { medium, before, now, carry, silence, window, .. } = self;
        let map = medium.sponge..medium.columns - medium.sponge;
        let len = window.x.len();
        let mut rim = Rim::default();
        for z in window.z.clone() {
            carry[map.clone()].fill(medium.carry_z[z]);
            let start = medium.index(z, window.x.start);
            let stride = medium.stride();
            let row = |offset: usize| &now[start + offset - GHOST * stride - GHOST..][..len];
            let beside = |x: usize| row(GHOST * stride + x);
            let above = |z: usize| row(z * stride + GHOST);
            let new = &mut before[start..start + len];
            advance_row(
                new,
                beside(2),
                [beside(1), beside(3), above(1), above(3)],
                [beside(0), beside(4), above(0), above(4)],
                &medium.alpha[start..start + len],
                &carry[window.x.clone()],
                *silence,
            );
            let loud = |u: &T| !u.is_zero();
            rim.columns |= new[..GHOST].iter().any(loud) || new[len - GHOST..].iter().any(loud);
            if z < window.z.start + GHOST || z + GHOST >= window.z.end {
                rim.rows |= new.iter().any(loud);
            }
        }
        rim
    }

    /// Copies the rim of the grid to the ghost cells on the opposite side.
    fn wrap(&mut self) {
        let Self { medium, now, window, .. } = self;
        let (rows, columns, stride) = (medium.rows, medium.columns, medium.stride());
        if window.x.len() == columns {
            for row in now[GHOST * stride..(GHOST + rows) * stride].chunks_exact_mut(stride) {
                row.copy_within(columns..columns + GHOST, 0);
                row.copy_within(GHOST..2 * GHOST, columns + GHOST);
            }
        }
        if window.z.len() == rows {
            now.copy_within(rows * stride..(rows + GHOST) * stride, 0);
            now.copy_within(GHOST * stride..2 * GHOST * stride, (rows + GHOST) * stride);
        }
    }
}

/// The range with `by` more cells on both sides, or all cells once it would reach the grid's rim.
fn widen(range: &Range<usize>, by: usize, cells: usize) -> Range<usize> {
    if range.start < by || range.end + by > cells { 0..cells } else { range.start - by..range.end + by }
}

/// The scheme on one row; `new` holds the field before `now` at first. All slices are equally long.
///
/// As a function of its own, the compiler knows that `new` overlaps nothing and vectorises without asking.
#[inline(never)]
fn advance_row<T: Real>(
    new: &mut [T],
    now: &[T],
    near: [&[T]; 4],
    far: [&[T]; 4],
    alpha: &[T],
    carry: &[T],
    silence: T,
) {
    let len = new.len();
    let (now, alpha, carry) = (&now[..len], &alpha[..len], &carry[..len]);
    let (near, far) = (near.map(|row| &row[..len]), far.map(|row| &row[..len]));
    let (near_weight, far_weight, centre_weight) = (T::from_f64(NEAR), T::from_f64(FAR), T::from_f64(CENTRE));
    let sum = |rows: [&[T]; 4], i: usize| (rows[0][i] + rows[1][i]) + (rows[2][i] + rows[3][i]);
    for i in 0..len {
        let u = now[i];
        let laplacian = near_weight * sum(near, i) + far_weight * sum(far, i) + centre_weight * u;
        let next = u + carry[i] * (u - new[i]) + alpha[i] * laplacian;
        new[i] = if next.abs() < silence { T::zero() } else { next };
    }
}
