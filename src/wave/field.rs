//! A pressure field on the padded grid, advanced in time on the CPU.
//!
//! Products and sums are rounded one by one, never fused, so that the browser and every processor compute the same bits.

use std::ops::Range;

use super::horizon::Heard;
use super::medium::{GHOST, LINE};
use super::{CENTRE, FAR, Medium, NEAR, Real};

/// Amplitudes below this fraction of what is added to a field are set to zero: less than f64 rounds it to. It keeps the
/// first ripples ahead of the wave from becoming denormal numbers, which take more than three times as long in all, and
/// bounds the window of cells to update.
const SILENCE: f64 = 1e-16;

/// A field as it advances in time.
#[derive(Clone, Debug)]
pub(super) struct Field<'a, T> {
    medium: &'a Medium<T>,
    /// The field one time step ago; each step overwrites it with the next field.
    before: Vec<T>,
    now: Vec<T>,
    /// `1 - k` of the row at hand.
    carry: Vec<T>,
    silence: T,
    window: Window,
    /// What of the window is still followed, where that is not all of it.
    heard: Option<Heard<'a>>,
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

impl<'a, T: Real> Field<'a, T> {
    /// A field of silence to which values of the magnitude `loudness` will be added at `cells`, (row, column) each.
    pub(super) fn new(medium: &'a Medium<T>, cells: impl IntoIterator<Item = (usize, usize)>, loudness: T) -> Self {
        let silent = vec![T::zero(); medium.alpha.len()];
        let (mut z, mut x) = (medium.rows..0, medium.columns..0);
        for (row, column) in cells {
            z = z.start.min(row)..z.end.max(row + 1);
            x = x.start.min(column)..x.end.max(column + 1);
        }
        Self {
            medium,
            before: silent.clone(),
            now: silent,
            carry: medium.carry_x.clone(),
            silence: T::from_f64(SILENCE) * loudness,
            window: Window { z: widen(&z, GHOST, medium.rows), x: widen(&x, GHOST, medium.columns) },
            heard: None,
        }
    }

    /// The same field, followed only where and as long as it is heard.
    pub(super) fn within(self, heard: Heard<'a>) -> Self {
        Self { heard: Some(heard), ..self }
    }

    /// The field, with ghost cells; [`Medium::index`] gives positions.
    pub(super) fn now(&self) -> &[T] {
        &self.now
    }

    /// The field one time step ago.
    pub(super) fn before(&self) -> &[T] {
        &self.before
    }

    /// The columns of row `z` of the padded grid in which the field is followed: elsewhere it is zero, or not heard.
    pub(super) fn columns(&self, z: usize) -> Range<usize> {
        if !self.window.z.contains(&z) {
            return 0..0;
        }
        followed(&self.window, self.heard.as_ref(), z)
    }

    /// Advances the field by one time step, at the end of which `add` adds to it: it is given the field, and may change
    /// the cells that it was made for.
    pub(super) fn step(&mut self, add: impl FnOnce(&mut [T])) {
        if let Some(heard) = &mut self.heard {
            heard.advance();
        }
        let rim = self.advance();
        std::mem::swap(&mut self.before, &mut self.now);
        add(&mut self.now);
        if rim.rows {
            self.window.z = widen(&self.window.z, GHOST, self.medium.rows);
        }
        if rim.columns {
            self.window.x = widen(&self.window.x, GHOST, self.medium.columns);
        }
        self.wrap();
    }

    /// Replaces `before` by the field that follows `now`, inside the window.
    fn advance(&mut self) -> Rim {
        let Self { medium, before, now, carry, silence, window, heard } = self;
        let map = medium.sponge..medium.columns - medium.sponge;
        let inner = window.x.start + GHOST..window.x.end - GHOST;
        let mut rim = Rim::default();
        for z in window.z.clone() {
            let x = followed(window, heard.as_ref(), z);
            if x.is_empty() {
                continue;
            }
            let len = x.len();
            carry[map.clone()].fill(medium.carry_z[z]);
            let start = medium.index(z, x.start);
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
                &carry[x.clone()],
                *silence,
            );
            let loud = |u: &T| !u.is_zero();
            let (left, right) = (inner.start.saturating_sub(x.start), x.end.saturating_sub(inner.end));
            rim.columns |= new[..left.min(len)].iter().any(loud) || new[len - right.min(len)..].iter().any(loud);
            if z < window.z.start + GHOST || z + GHOST >= window.z.end {
                rim.rows |= new.iter().any(loud);
            }
        }
        rim
    }

    /// Copies the rim of the grid to the ghost cells on the opposite side. Above a free surface they mirror the field with
    /// its sign changed, and below the grid they stay silent then.
    fn wrap(&mut self) {
        let Self { medium, now, window, .. } = self;
        let (rows, columns, stride) = (medium.rows, medium.columns, medium.stride());
        if window.x.len() == columns {
            for z in 0..rows {
                let (start, end) = (medium.index(z, 0), medium.index(z, columns));
                now.copy_within(end - GHOST..end, start - GHOST);
                now.copy_within(start..start + GHOST, end);
            }
        }
        // With the ghosts before and behind.
        let (first, ghosts) = (medium.index(0, 0) - GHOST, GHOST * stride);
        if medium.free_surface {
            let (above, field) = now.split_at_mut(first);
            for (z, ghost) in above.rchunks_exact_mut(stride).take(GHOST).enumerate() {
                let mirrored = &field[(z + 1) * stride..][..stride];
                ghost.iter_mut().zip(mirrored).for_each(|(ghost, &u)| *ghost = -u);
            }
        } else if window.z.len() == rows {
            let last = first + rows * stride;
            now.copy_within(last - ghosts..last, first - ghosts);
            now.copy_within(first..first + ghosts, last);
        }
    }
}

/// The Laplacian of a field times the square of the grid spacing, in the `columns` of each row: `each` is given the position
/// where they start and their values.
pub(super) fn laplacian<T: Real>(
    medium: &Medium<T>,
    field: &[T],
    columns: impl Fn(usize) -> Range<usize>,
    mut each: impl FnMut(usize, &[T]),
) {
    let stride = medium.stride();
    let (near_weight, far_weight, centre_weight) = (T::from_f64(NEAR), T::from_f64(FAR), T::from_f64(CENTRE));
    let mut values = vec![T::zero(); medium.columns];
    for z in 0..medium.rows {
        let x = columns(z);
        if x.is_empty() {
            continue;
        }
        let (start, values) = (medium.index(z, x.start), &mut values[..x.len()]);
        let row = |offset: usize| &field[start + offset - GHOST * stride - GHOST..][..x.len()];
        let (beside, above) = (|x: usize| row(GHOST * stride + x), |z: usize| row(z * stride + GHOST));
        let (near, far) = ([beside(1), beside(3), above(1), above(3)], [beside(0), beside(4), above(0), above(4)]);
        let here = beside(2);
        for (i, value) in values.iter_mut().enumerate() {
            let sum = |rows: [&[T]; 4]| (rows[0][i] + rows[1][i]) + (rows[2][i] + rows[3][i]);
            *value = near_weight * sum(near) + far_weight * sum(far) + centre_weight * here[i];
        }
        each(start, values);
    }
}

/// The columns of a row in the window that are still followed, and silent ones before them to where a line begins.
fn followed(window: &Window, heard: Option<&Heard<'_>>, z: usize) -> Range<usize> {
    let x = window.x.start / LINE * LINE..window.x.end;
    heard.map_or(x.clone(), |heard| overlap(&x, &heard.columns(z)))
}

/// The range with `by` more cells on both sides, or all cells once it would reach the grid's rim.
fn widen(range: &Range<usize>, by: usize, cells: usize) -> Range<usize> {
    if range.start < by || range.end + by > cells { 0..cells } else { range.start - by..range.end + by }
}

/// The cells that are in both ranges.
fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
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
