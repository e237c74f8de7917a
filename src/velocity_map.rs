//! A map of the wave speed under the ground.

use thiserror::Error;

/// Wave speed in m/s on a regular grid, row by row from the surface down. Every value is finite and positive.
#[derive(Clone, Debug, PartialEq)]
pub struct VelocityMap {
    nz: usize,
    nx: usize,
    values: Vec<f32>,
}

/// Why an array is not a velocity map.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum VelocityMapError {
    /// The number of values does not fill the grid, or the grid is empty.
    #[error("a velocity map of {nz} x {nx} cells needs {} values and at least one cell, got {len} values", nz * nx)]
    Shape {
        /// Rows (depth).
        nz: usize,
        /// Columns (horizontal position).
        nx: usize,
        /// Number of values given.
        len: usize,
    },
    /// A value that is no speed.
    #[error("velocity at (row {z}, column {x}) is {value}; velocities are finite and above 0 m/s")]
    Value {
        /// Row of the value.
        z: usize,
        /// Column of the value.
        x: usize,
        /// The value.
        value: f32,
    },
}

impl VelocityMap {
    /// A map of `nz` rows and `nx` columns from row-major `values` in m/s.
    ///
    /// # Errors
    /// [`VelocityMapError`] when the shape does not fit or a value is not finite and positive.
    pub fn new(nz: usize, nx: usize, values: Vec<f32>) -> Result<Self, VelocityMapError> {
        if nz == 0 || nx == 0 || values.len() != nz * nx {
            return Err(VelocityMapError::Shape { nz, nx, len: values.len() });
        }
        match values.iter().position(|v| !(v.is_finite() && *v > 0.0)) {
            Some(i) => Err(VelocityMapError::Value { z: i / nx, x: i % nx, value: values[i] }),
            None => Ok(Self { nz, nx, values }),
        }
    }

    /// Number of rows (depth).
    pub fn nz(&self) -> usize {
        self.nz
    }

    /// Number of columns (horizontal position).
    pub fn nx(&self) -> usize {
        self.nx
    }

    /// The values, (`nz`, `nx`) row-major, in m/s.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values, (`nz`, `nx`) row-major, in m/s.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// Velocity at row `z`, column `x`, in m/s.
    pub fn at(&self, z: usize, x: usize) -> f32 {
        self.values[z * self.nx + x]
    }

    /// Mean absolute difference from a map of the same shape, in m/s.
    pub fn mean_error(&self, other: &Self) -> f64 {
        let errors = self.values.iter().zip(&other.values).map(|(a, b)| f64::from((a - b).abs()));
        errors.sum::<f64>() / self.values.len() as f64
    }

    /// Slowest and fastest velocity, in m/s.
    pub fn range(&self) -> (f32, f32) {
        self.values.iter().fold((f32::INFINITY, 0.0), |(low, high), &v| (low.min(v), high.max(v)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_is_refused_with_its_position() {
        let mut values = vec![2000.0; 12];
        values[7] = f32::NAN;
        let message = VelocityMap::new(3, 4, values).unwrap_err().to_string();
        assert!(message.contains("(row 1, column 3) is NaN"), "{message}");
    }

    #[test]
    fn zero_speed_and_wrong_shapes_are_refused() {
        assert!(matches!(VelocityMap::new(1, 1, vec![0.0]), Err(VelocityMapError::Value { .. })));
        assert!(matches!(VelocityMap::new(2, 2, vec![1.0; 3]), Err(VelocityMapError::Shape { .. })));
        assert!(matches!(VelocityMap::new(0, 2, vec![]), Err(VelocityMapError::Shape { .. })));
    }
}
