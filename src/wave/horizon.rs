//! What the receivers can still hear: how long each part of the field matters to what is recorded.
//!
//! A wave that is further from every receiver than the rest of the recording lasts is never recorded, and need not be
//! followed. By reciprocity that is a travel time from the receivers: the first-order solution of the eikonal equation
//! `|grad t| = 1 / v`, by fast sweeping (Zhao 2005, doi 10.1090/S0025-5718-04-01678-3), on blocks of cells.

use std::ops::Range;

use super::{Medium, Propagator, Real};

/// Cells along a block's side.
const BLOCK: usize = 4;

/// How much of a travel time is sure: on the grid, short waves run ahead of long ones by up to 3 %.
const SURE: f64 = 0.97;

/// How much shorter a travel time must become, in time steps, to go on sweeping.
const CONVERGED: f64 = 0.5;

/// The last time step of each block of a medium's padded grid that its receivers can hear.
#[derive(Clone, Debug)]
pub struct Horizon<'a, T> {
    medium: &'a Medium<T>,
    /// Columns of blocks.
    across: usize,
    /// Time steps, (rows, columns) of blocks.
    last: Vec<f64>,
}

/// The blocks of each row that can be heard, as time goes on.
#[derive(Clone, Debug)]
pub(super) struct Heard<'a> {
    /// Columns of cells.
    columns: usize,
    /// Columns of blocks.
    across: usize,
    /// Each block's last time step.
    last: &'a [f64],
    rows: Vec<Range<usize>>,
    /// Number of time steps taken.
    steps: usize,
}

impl<'a, T: Real> Horizon<'a, T> {
    /// The horizon of a survey's receivers in its medium.
    pub fn new(medium: &'a Medium<T>) -> Self {
        Self::of(medium, medium.receivers.iter().copied())
    }

    /// The horizon of cells, (row, column) each of the padded grid.
    pub(super) fn of(medium: &'a Medium<T>, cells: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let (down, across) = (medium.rows.div_ceil(BLOCK), medium.columns.div_ceil(BLOCK));
        // The square of a block's highest Courant number. Nothing moves on a free surface.
        let mut fastest = vec![0.0f64; down * across];
        for z in 0..medium.rows {
            for x in 0..medium.columns {
                let block = &mut fastest[z / BLOCK * across + x / BLOCK];
                *block = block.max(medium.alpha[medium.index(z, x)].to_f64_lossless());
            }
        }
        let slowness: Vec<f64> = fastest.into_iter().map(|alpha| BLOCK as f64 / alpha.sqrt()).collect();
        let blocks = cells.into_iter().map(|(z, x)| z / BLOCK * across + x / BLOCK);
        // What is left standing beside the cells that are followed disturbs them some cells ahead of the wave.
        let courant = medium.alpha.iter().map(|alpha| alpha.to_f64_lossless()).filter(|&alpha| alpha > 0.0);
        let margin = T::MARGIN / courant.fold(f64::INFINITY, f64::min).sqrt();
        let end = medium.samples() as f64 + margin;
        let last = travel_times(&slowness, across, blocks).into_iter().map(|steps| end - SURE * steps).collect();
        Self { medium, across, last }
    }

    /// The field of shot `shot` before its first time step, or `None` if there is no such shot: as [`Medium::shot`], but
    /// followed only where and as long as the receivers can hear it. What they record stays the same to
    /// [`Real::MARGIN`]; what they cannot hear is left as it was.
    pub fn shot(&self, shot: usize) -> Option<Propagator<'_, T>> {
        self.medium.shot(shot).map(|field| field.within(self.heard()))
    }

    /// What the horizon is in.
    pub(super) fn medium(&self) -> &'a Medium<T> {
        self.medium
    }

    /// What can be heard before the first time step: everything.
    pub(super) fn heard(&self) -> Heard<'_> {
        let rows = vec![0..self.across; self.last.len() / self.across];
        Heard { columns: self.medium.columns, across: self.across, last: &self.last, rows, steps: 0 }
    }
}

impl Heard<'_> {
    /// Goes on to the next time step, and leaves out what cannot be heard any more.
    pub(super) fn advance(&mut self) {
        let now = self.steps as f64;
        for (row, last) in self.rows.iter_mut().zip(self.last.chunks_exact(self.across)) {
            while row.start < row.end && last[row.start] < now {
                row.start += 1;
            }
            while row.start < row.end && last[row.end - 1] < now {
                row.end -= 1;
            }
        }
        self.steps += 1;
    }

    /// The columns of row `z` of the padded grid that can be heard.
    pub(super) fn columns(&self, z: usize) -> Range<usize> {
        let blocks = &self.rows[z / BLOCK];
        blocks.start * BLOCK..(blocks.end * BLOCK).min(self.columns)
    }
}

/// Travel times to each cell of a periodic grid from the nearest of `sources`, where crossing a cell takes its `slowness`.
fn travel_times(slowness: &[f64], columns: usize, sources: impl Iterator<Item = usize>) -> Vec<f64> {
    let rows = slowness.len() / columns;
    let mut times = vec![f64::INFINITY; slowness.len()];
    for source in sources {
        times[source] = 0.0;
    }
    let before = |i: usize, cells: usize| if i == 0 { cells - 1 } else { i - 1 };
    let after = |i: usize, cells: usize| if i + 1 == cells { 0 } else { i + 1 };
    loop {
        let mut changed = false;
        for (down, right) in [(true, true), (true, false), (false, true), (false, false)] {
            for z in 0..rows {
                let z = if down { z } else { rows - 1 - z };
                for x in 0..columns {
                    let x = if right { x } else { columns - 1 - x };
                    let at = |z: usize, x: usize| times[z * columns + x];
                    let along_z = at(before(z, rows), x).min(at(after(z, rows), x));
                    let along_x = at(z, before(x, columns)).min(at(z, after(x, columns)));
                    let cell = z * columns + x;
                    let time = arrival(along_z, along_x, slowness[cell]);
                    changed |= time < times[cell] - CONVERGED;
                    times[cell] = times[cell].min(time);
                }
            }
        }
        if !changed {
            return times;
        }
    }
}

/// The time `t` of `(t - a)^2 + (t - b)^2 = slowness^2`, each bracket counting only where it is positive: Godunov's upwind
/// difference.
fn arrival(a: f64, b: f64, slowness: f64) -> f64 {
    let apart = (a - b).abs();
    if apart < slowness {
        0.5 * (a + b + (2.0 * slowness * slowness - apart * apart).sqrt())
    } else {
        a.min(b) + slowness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn travel_times_follow_the_straight_way_also_around_the_rim() {
        let (rows, columns) = (30, 40);
        let times = travel_times(&vec![5.0; rows * columns], columns, [12 * columns + 2].into_iter());
        for z in 0..rows {
            for x in 0..columns {
                let around = |a: usize, b: usize, cells: usize| a.abs_diff(b).min(cells - a.abs_diff(b)) as f64;
                let straight = 5.0 * around(z, 12, rows).hypot(around(x, 2, columns));
                let time = times[z * columns + x];
                assert!(time >= straight - 1e-9 && time <= straight + 2.0 * 5.0, "({z}, {x}): {time} for {straight}");
            }
        }
    }

    #[test]
    fn a_wave_takes_the_fast_way_round() {
        // Two walls through which nothing goes: one at the periodic rim, and one that is open in the last row.
        let (rows, columns) = (8, 9);
        let slowness: Vec<f64> = (0..rows * columns)
            .map(|i| if i % columns == 4 && i / columns != 7 || i % columns == 0 { f64::INFINITY } else { 1.0 })
            .collect();
        let times = travel_times(&slowness, columns, [2 * columns + 2].into_iter());
        assert!(times[2 * columns + 6] > 8.0, "{}", times[2 * columns + 6]);
        assert!(times[2 * columns + 4].is_infinite());
    }
}
