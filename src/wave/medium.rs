//! The padded medium: what a velocity map and a survey make of the scheme's coefficients.

use num_traits::Float;

use crate::survey::{Cell, Survey, SurveyError};
use crate::velocity_map::VelocityMap;

/// Cells of padding around the padded grid that hold copies of its opposite rim: the stencil's reach.
pub(super) const GHOST: usize = 2;

/// Rows of a field begin at multiples of so many cells, a line of the cache in f32: what a processor reads at once then lies
/// across two lines less often.
pub(super) const LINE: usize = 16;

/// A floating-point type that the solver runs in. Coefficients are computed in f64 and rounded once.
pub trait Real: Float + Send + Sync + 'static {
    /// Cells that a field is followed for further than the receivers hear, so that what is not followed stays below what
    /// the type rounds to: in gathers of OpenFWI's survey, 3e-8 of them in f32 and 5e-16 in f64.
    const MARGIN: f64;

    /// The nearest value to an f64.
    fn from_f64(value: f64) -> Self;

    /// The nearest f32.
    fn to_f32_lossy(self) -> f32;

    /// The same number in f64.
    fn to_f64_lossless(self) -> f64;
}

impl Real for f32 {
    const MARGIN: f64 = 12.0;

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn to_f32_lossy(self) -> f32 {
        self
    }

    fn to_f64_lossless(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const MARGIN: f64 = 24.0;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f32_lossy(self) -> f32 {
        self as f32
    }

    fn to_f64_lossless(self) -> f64 {
        self
    }
}

/// A velocity map, padded with its sponge and ready to be stepped by a survey that is stable on it.
///
/// Fields of the padded grid are stored row-major, with `GHOST` more cells on every side and some that are never used
/// between rows; `index` gives positions.
#[derive(Clone, Debug)]
pub struct Medium<T> {
    /// Rows of the padded grid.
    pub(super) rows: usize,
    /// Columns of the padded grid.
    pub(super) columns: usize,
    /// Width of the sponge in cells.
    pub(super) sponge: usize,
    /// Width of the sponge above the map: none below a free surface.
    pub(super) top: usize,
    /// Whether the grid's first row is a free surface.
    pub(super) free_surface: bool,
    /// Cell size in metres.
    pub(super) spacing: f64,
    /// Time step in seconds.
    pub(super) dt: f64,
    /// `(v dt / dx)^2` of each cell; zero in ghost cells and on a free surface, where nothing moves.
    pub(super) alpha: Vec<T>,
    /// `1 - k` of each padded column, one between the sponges.
    pub(super) carry_x: Vec<T>,
    /// `1 - k` of each padded row, one beside a free surface, which holds in the columns of the map only.
    pub(super) carry_z: Vec<T>,
    /// Each shot's source.
    pub(super) sources: Vec<Source<T>>,
    /// Row and column of each receiver on the padded grid.
    pub(super) receivers: Vec<(usize, usize)>,
    /// The slowest cell of the velocity map, (nz, nx) row-major, and its velocity: the damping is in proportion.
    pub(super) slowest: (usize, f64),
    /// The source signature, one value a time step.
    pub(super) wavelet: Vec<T>,
}

/// One shot's source on the padded grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<T> {
    /// Row of the padded grid.
    pub(super) z: usize,
    /// Column of the padded grid.
    pub(super) x: usize,
    /// `(v dt)^2`: what a unit of the wavelet adds to the field.
    pub(super) gain: T,
}

impl<T: Real> Medium<T> {
    /// The medium that `survey` finds in `velocity`.
    ///
    /// # Errors
    /// [`SurveyError`] when the survey cannot be run on the map.
    pub fn new(survey: &Survey, velocity: &VelocityMap) -> Result<Self, SurveyError> {
        survey.check(velocity)?;
        let config = survey.config();
        let sponge = config.sponge;
        let top = if config.free_surface { 0 } else { sponge };
        let (rows, columns) = (top + velocity.nz() + sponge, velocity.nx() + 2 * sponge);
        let stride = stride(columns);
        let at = |z: usize, x: usize| {
            let inside = |i: usize, before: usize, n: usize| i.saturating_sub(before).min(n - 1);
            f64::from(velocity.at(inside(z, top, velocity.nz()), inside(x, sponge, velocity.nx())))
        };
        let mut alpha = vec![T::zero(); LINE + (rows + 2 * GHOST) * stride];
        for z in usize::from(config.free_surface)..rows {
            for x in 0..columns {
                let courant = at(z, x) * config.dt / config.spacing;
                alpha[position(stride, z, x)] = T::from_f64(courant * courant);
            }
        }
        let slowest = velocity.range().0;
        let strongest = survey.strongest_damping(slowest);
        let slowest_cell = velocity.values().iter().position(|&v| v == slowest).unwrap_or(0);
        let padded = |cell: &Cell| (cell.z + top, cell.x + sponge);
        let source = |cell: &Cell| {
            let (z, x) = padded(cell);
            Source { z, x, gain: T::from_f64((at(z, x) * config.dt).powi(2)) }
        };
        Ok(Self {
            rows,
            columns,
            sponge,
            top,
            free_surface: config.free_surface,
            spacing: config.spacing,
            dt: config.dt,
            alpha,
            carry_x: carry(columns, [sponge, sponge], strongest),
            carry_z: carry(rows, [top, sponge], strongest),
            sources: config.sources.iter().map(source).collect(),
            receivers: config.receivers.iter().map(padded).collect(),
            slowest: (slowest_cell, f64::from(slowest)),
            wavelet: survey.wavelet().iter().map(|&s| T::from_f64(s)).collect(),
        })
    }

    /// Number of shots.
    pub fn shots(&self) -> usize {
        self.sources.len()
    }

    /// Number of time steps, and of samples recorded.
    pub fn samples(&self) -> usize {
        self.wavelet.len()
    }

    /// Number of receivers.
    pub fn receivers(&self) -> usize {
        self.receivers.len()
    }

    /// Cells of the padded grid that are updated in each time step of each shot.
    pub fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// Rows of the velocity map.
    pub fn nz(&self) -> usize {
        self.rows - self.top - self.sponge
    }

    /// Columns of the velocity map.
    pub fn nx(&self) -> usize {
        self.columns - 2 * self.sponge
    }

    /// Cells from one row of a field to the next.
    pub(super) fn stride(&self) -> usize {
        stride(self.columns)
    }

    /// `1 - k` of a cell of the padded grid.
    pub(super) fn carry(&self, z: usize, x: usize) -> T {
        let beside = x < self.sponge || x >= self.columns - self.sponge;
        if beside { self.carry_x[x] } else { self.carry_z[z] }
    }

    /// Position in a field of row `z`, column `x` of the padded grid.
    pub(super) fn index(&self, z: usize, x: usize) -> usize {
        position(self.stride(), z, x)
    }
}

/// Cells from one row of a field to the next: the columns, and at least the ghosts behind them and before the next row's.
fn stride(columns: usize) -> usize {
    (columns + 2 * GHOST).next_multiple_of(LINE)
}

/// Position of row `z`, column `x` of the padded grid in a field of that stride.
fn position(stride: usize, z: usize, x: usize) -> usize {
    LINE + (z + GHOST) * stride + x
}

/// `1 - k` along one axis of `cells` padded cells, `k` growing to `strongest` at the rim through the sponges before and
/// after the map.
fn carry<T: Real>(cells: usize, [before, after]: [usize; 2], strongest: f64) -> Vec<T> {
    let damping = |i: usize| {
        let (depth, sponge) =
            if i < before { (before - 1 - i, before) } else { (i.saturating_sub(cells - after), after) };
        strongest * (depth as f64 / (sponge - 1) as f64).powi(2)
    };
    (0..cells).map(|i| T::from_f64(1.0 - damping(i))).collect()
}
