//! The GPU kernels: the scheme of [`super`] on all shots at once, of several media too, and its transpose on those of one.
//!
//! One source for WebGPU, Vulkan and CUDA. Their CPU twins are in `field.rs` and `adjoint.rs`. Every position is within its
//! buffer by construction, so that no kernel checks it; browsers do so again on their own.

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

/// One time step of every shot in every medium; a unit is a (column, row, medium) and does all shots, for which it works
/// out the neighbours once.
///
/// `past` holds the fields before `now` and receives those after it, (media, shots, rows, columns): a cell's past is read
/// by its own unit only. `alpha` is (media, rows, columns); `carry` holds `1 - k` of the columns, then of the rows, of each
/// medium; `positions` the cells of the sources, then of the receivers; `signature` what each source adds at each step,
/// (media, shots, samples). `gathers`, (media, shots, samples, receivers), receives what `now` holds at the receivers, that
/// is the sample before `step`: no unit then depends on another. Below a `free_surface` the field mirrors with its sign
/// changed, and the grid is not periodic in depth.
#[cube(launch_unchecked)]
pub(super) fn advance(
    alpha: &[f32],
    carry: &[f32],
    positions: &[u32],
    signature: &[f32],
    now: &[f32],
    past: &mut [f32],
    gathers: &mut [f32],
    grid: Grid,
    step: usize,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let medium = ABSOLUTE_POS_Z as usize;
    let cells = grid.rows * grid.columns;
    let around = neighbours(x, z, &grid);
    let carried = carried(carry, medium * (grid.columns + grid.rows), x, z, &grid);
    let speed = alpha[medium * cells + around.cell];
    for number in 0..grid.shots {
        let shot = medium * grid.shots + number;
        let field = shot * cells;
        if step > 0 {
            let mut receiver = around.cell;
            while receiver < grid.receivers {
                let trace = (shot * grid.samples + step - 1) * grid.receivers + receiver;
                gathers[trace] = now[field + positions[grid.shots + receiver] as usize];
                receiver += cells;
            }
        }
        let u = now[field + around.cell];
        let mut new =
            u + carried * (u - past[field + around.cell]) + speed * laplacian(now, u, field, &around, free_surface);
        if step < grid.samples && around.cell == positions[number] as usize {
            new += signature[shot * grid.samples + step];
        }
        past[field + around.cell] = new;
    }
}

/// One time step of every shot's adjoint field, the receivers' residuals aside; units and `past` as in [`advance`].
#[cube(launch_unchecked)]
pub(super) fn advance_adjoint(
    alpha: &[f32],
    carry: &[f32],
    now: &[f32],
    past: &mut [f32],
    grid: Grid,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let cells = grid.rows * grid.columns;
    let around = neighbours(x, z, &grid);
    let carried = carried(carry, 0usize, x, z, &grid);
    let speed = alpha[around.cell];
    for shot in 0..grid.shots {
        let field = shot * cells;
        let u = now[field + around.cell];
        past[field + around.cell] =
            u + carried * (u - past[field + around.cell]) + speed * laplacian(now, u, field, &around, free_surface);
    }
}

/// Copies the fields of every shot; a unit is a (column, row).
#[cube(launch_unchecked)]
pub(super) fn copy(from: &[f32], to: &mut [f32], grid: Grid) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    for shot in 0..grid.shots {
        let cell = (shot * grid.rows + z) * grid.columns + x;
        to[cell] = from[cell];
    }
}

/// Adds the residuals of time step `step`, (shots, samples, receivers), times `alpha` to the adjoint fields; a unit is a
/// shot, since receivers may share a cell.
#[cube(launch_unchecked)]
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

/// Adds to sums over time, (rows, columns), what time step `step` of all shots contributes. To `laplacians`, the adjoint
/// field after it times the Laplacian of the field `now` before it, and in the source's cell the signature; to `changes`,
/// what that adjoint field differs from the one `after` it in time, times the field. A unit is a (column, row).
#[cube(launch_unchecked)]
pub(super) fn correlate(
    positions: &[u32],
    signature: &[f32],
    alpha: &[f32],
    adjoint: &[f32],
    after: &[f32],
    now: &[f32],
    laplacians: &mut [f32],
    changes: &mut [f32],
    grid: Grid,
    step: usize,
    #[comptime] free_surface: bool,
) {
    let x = ABSOLUTE_POS_X as usize;
    let z = ABSOLUTE_POS_Y as usize;
    if x >= grid.columns || z >= grid.rows {
        terminate!();
    }
    let cells = grid.rows * grid.columns;
    let around = neighbours(x, z, &grid);
    let mut sum = laplacians[around.cell];
    let mut change = changes[around.cell];
    for shot in 0..grid.shots {
        let field = shot * cells;
        let u = now[field + around.cell];
        let mut force = laplacian(now, u, field, &around, free_surface);
        if around.cell == positions[shot] as usize {
            force += signature[shot * grid.samples + step] / alpha[around.cell];
        }
        sum += adjoint[field + around.cell] * force;
        change += (adjoint[field + around.cell] - after[field + around.cell]) * u;
    }
    laplacians[around.cell] = sum;
    changes[around.cell] = change;
}

/// A cell and those that its Laplacian looks at, as places in a shot's field.
#[derive(CubeType, Clone, Copy)]
struct Neighbours {
    cell: usize,
    left: usize,
    left_far: usize,
    right: usize,
    right_far: usize,
    up: usize,
    up_far: usize,
    down: usize,
    down_far: usize,
    /// Whether the cell is in the row below the first.
    second_row: bool,
    /// Whether it is in the last row.
    last_row: bool,
    /// Whether it is in one of the last two.
    last_rows: bool,
}

#[cube]
fn neighbours(x: usize, z: usize, grid: &Grid) -> Neighbours {
    let row = z * grid.columns;
    Neighbours {
        cell: row + x,
        left: row + back(x, 1usize, grid.columns),
        left_far: row + back(x, 2usize, grid.columns),
        right: row + forth(x, 1usize, grid.columns),
        right_far: row + forth(x, 2usize, grid.columns),
        up: x + back(z, 1usize, grid.rows) * grid.columns,
        up_far: x + back(z, 2usize, grid.rows) * grid.columns,
        down: x + forth(z, 1usize, grid.rows) * grid.columns,
        down_far: x + forth(z, 2usize, grid.rows) * grid.columns,
        second_row: z == 1,
        last_row: z + 1 >= grid.rows,
        last_rows: z + 2 >= grid.rows,
    }
}

/// `1 - k` of a cell: that of its column in the left and right sponges, else that of its row. `first` is where those of its
/// medium begin.
#[cube]
fn carried(carry: &[f32], first: usize, x: usize, z: usize, grid: &Grid) -> f32 {
    let beside = x < grid.sponge || x >= grid.columns - grid.sponge;
    carry[first + select(beside, x, grid.columns + z)]
}

/// The Laplacian of a field times the square of the grid spacing, in a cell that holds `u`. `field` is where the shot's
/// field begins.
#[cube]
fn laplacian(now: &[f32], u: f32, field: usize, around: &Neighbours, #[comptime] free_surface: bool) -> f32 {
    let mut over_far = now[field + around.up_far];
    let mut under = now[field + around.down];
    let mut under_far = now[field + around.down_far];
    if comptime!(free_surface) {
        // The surface itself never moves, so that only the row below it looks beyond.
        over_far = select(around.second_row, -u, over_far);
        under = select(around.last_row, 0.0f32, under);
        under_far = select(around.last_rows, 0.0f32, under_far);
    }
    let near = (now[field + around.left] + now[field + around.right]) + (now[field + around.up] + under);
    let far = (now[field + around.left_far] + now[field + around.right_far]) + (over_far + under_far);
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
