//! The GPU kernels: the scheme of [`super`] on all shots at once, and its transpose.
//!
//! One source for WebGPU, Vulkan and CUDA. Their CPU twins are in `field.rs` and `adjoint.rs`.

use cubecl::prelude::*;

use super::{CENTRE, FAR, NEAR};

/// Size of the padded grid and of what is recorded.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
pub(super) struct Grid {
    rows: usize,
    columns: usize,
    sponge: usize,
    shots: usize,
    samples: usize,
    receivers: usize,
}

/// One time step of every shot; units are (column, row, shot).
///
/// `before` holds the fields before `now`, `next` receives those after it, (shots, rows, columns); `alpha` is (rows,
/// columns); `carry` holds `1 - k` of the columns, then of the rows; `positions` the cells of the sources, then of the
/// receivers; `signature` what each source adds at each step, (shots, samples). `gathers`, (shots, samples, receivers),
/// receives what `now` holds at the receivers, that is the sample before `step`: no unit then depends on another. Below a
/// `free_surface` the field mirrors with its sign changed, and the grid is not periodic in depth.
#[cube(launch)]
pub(super) fn advance(
    alpha: &[f32],
    carry: &[f32],
    positions: &[u32],
    signature: &[f32],
    now: &[f32],
    before: &[f32],
    next: &mut [f32],
    gathers: &mut [f32],
    grid: Grid,
    step: usize,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    let shot = ABSOLUTE_POS_Z as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let cells = grid.rows * grid.columns;
    let cell = z * grid.columns + x;
    let field = shot * cells;

    if step > 0 {
        let mut receiver = cell;
        while receiver < grid.receivers {
            let trace = (shot * grid.samples + step - 1) * grid.receivers + receiver;
            gathers[trace] = now[field + positions[grid.shots + receiver] as usize];
            receiver += cells;
        }
    }

    let mut new = after(alpha, carry, now, before, field, x, z, &grid, free_surface);
    if step < grid.samples && cell == positions[shot] as usize {
        new += signature[shot * grid.samples + step];
    }
    next[field + cell] = new;
}

/// One time step of every shot's adjoint field, the receivers' residuals aside; units are (column, row, shot).
#[cube(launch)]
pub(super) fn advance_adjoint(
    alpha: &[f32],
    carry: &[f32],
    now: &[f32],
    before: &[f32],
    next: &mut [f32],
    grid: Grid,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let field = ABSOLUTE_POS_Z as usize * grid.rows * grid.columns;
    next[field + z * grid.columns + x] = after(alpha, carry, now, before, field, x, z, &grid, free_surface);
}

/// Adds the residuals of time step `step`, (shots, samples, receivers), times `alpha` to the adjoint fields; a unit is a
/// shot, since receivers may share a cell.
#[cube(launch)]
pub(super) fn inject(
    alpha: &[f32],
    positions: &[u32],
    residuals: &[f32],
    adjoint: &mut [f32],
    grid: Grid,
    step: usize,
) {
    let shot = ABSOLUTE_POS_X as usize;
    if shot >= grid.shots {
        terminate!();
    }
    let field = shot * grid.rows * grid.columns;
    let traces = (shot * grid.samples + step) * grid.receivers;
    let mut receiver = 0usize;
    while receiver < grid.receivers {
        let cell = positions[grid.shots + receiver] as usize;
        adjoint[field + cell] += alpha[cell] * residuals[traces + receiver];
        receiver += 1usize;
    }
}

/// Adds to the gradient with respect to `alpha`, times `alpha` and a shot apart, (shots, rows, columns), what time step
/// `step` contributes: the adjoint field after it times the Laplacian of the field `now` before it, and in the source's
/// cell the signature. Units are (column, row, shot).
#[cube(launch)]
pub(super) fn correlate(
    positions: &[u32],
    signature: &[f32],
    alpha: &[f32],
    adjoint: &[f32],
    now: &[f32],
    gradient: &mut [f32],
    grid: Grid,
    step: usize,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    let shot = ABSOLUTE_POS_Z as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let cell = z * grid.columns + x;
    let field = shot * grid.rows * grid.columns;
    let mut force = laplacian(now, field, x, z, &grid, free_surface);
    if cell == positions[shot] as usize {
        force += signature[shot * grid.samples + step] / alpha[cell];
    }
    gradient[field + cell] += adjoint[field + cell] * force;
}

/// What the scheme makes of a cell's past, sources aside. `field` is where the shot's field begins.
#[cube]
fn after(
    alpha: &[f32],
    carry: &[f32],
    now: &[f32],
    before: &[f32],
    field: usize,
    x: usize,
    z: usize,
    grid: &Grid,
    #[comptime] free_surface: bool,
) -> f32 {
    let cell = z * grid.columns + x;
    let u = now[field + cell];
    let beside = x < grid.sponge || x >= grid.columns - grid.sponge;
    let carried = carry[select(beside, x, grid.columns + z)];
    u + carried * (u - before[field + cell]) + alpha[cell] * laplacian(now, field, x, z, grid, free_surface)
}

/// The Laplacian of a field times the square of the grid spacing.
#[cube]
fn laplacian(now: &[f32], field: usize, x: usize, z: usize, grid: &Grid, #[comptime] free_surface: bool) -> f32 {
    let row = field + z * grid.columns;
    let left = row + back(x, 1usize, grid.columns);
    let left_far = row + back(x, 2usize, grid.columns);
    let right = row + forth(x, 1usize, grid.columns);
    let right_far = row + forth(x, 2usize, grid.columns);
    let column = field + x;
    let up = column + back(z, 1usize, grid.rows) * grid.columns;
    let up_far = column + back(z, 2usize, grid.rows) * grid.columns;
    let down = column + forth(z, 1usize, grid.rows) * grid.columns;
    let down_far = column + forth(z, 2usize, grid.rows) * grid.columns;

    let u = now[row + x];
    let mut over_far = now[up_far];
    let mut under = now[down];
    let mut under_far = now[down_far];
    if comptime!(free_surface) {
        // The surface itself never moves, so that only the row below it looks beyond.
        over_far = select(z == 1, -u, over_far);
        under = select(z + 1 >= grid.rows, 0.0f32, under);
        under_far = select(z + 2 >= grid.rows, 0.0f32, under_far);
    }
    let near = (now[left] + now[right]) + (now[up] + under);
    let far = (now[left_far] + now[right_far]) + (over_far + under_far);
    near * comptime!(NEAR as f32) + far * comptime!(FAR as f32) + u * comptime!(CENTRE as f32)
}

/// The cell `by` before `i` on a periodic axis.
#[cube]
fn back(i: usize, by: usize, cells: usize) -> usize {
    select(i < by, i + cells - by, i - by)
}

/// The cell `by` after `i` on a periodic axis.
#[cube]
fn forth(i: usize, by: usize, cells: usize) -> usize {
    select(i + by >= cells, i + by - cells, i + by)
}
