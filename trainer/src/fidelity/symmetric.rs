//! Symmetric matrices: their eigenvalues, and what the Frechet distance needs of them.

/// A square matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Rows and columns.
    pub size: usize,
    /// Row-major values.
    pub values: Vec<f64>,
}

impl Matrix {
    /// The matrix whose element (row, column) is `at(row, column)`.
    pub fn from_fn(size: usize, at: impl Fn(usize, usize) -> f64) -> Self {
        Self { size, values: (0..size * size).map(|i| at(i / size, i % size)).collect() }
    }

    /// Element of a row and column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    /// The matrix product.
    pub fn times(&self, other: &Self) -> Self {
        Self::from_fn(self.size, |row, column| (0..self.size).map(|k| self.at(row, k) * other.at(k, column)).sum())
    }

    /// Sum of the diagonal.
    pub fn trace(&self) -> f64 {
        (0..self.size).map(|i| self.at(i, i)).sum()
    }

    /// The square root of a symmetric matrix without negative eigenvalues.
    pub fn sqrt(&self) -> Self {
        let (values, vectors) = self.eigen();
        let roots: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
        Self::from_fn(self.size, |row, column| {
            (0..self.size).map(|k| vectors.at(row, k) * roots[k] * vectors.at(column, k)).sum()
        })
    }

    /// Eigenvalues of a symmetric matrix, and its eigenvectors as columns in the same order.
    ///
    /// Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5): each makes one element zero, and all of them
    /// together shrink quadratically.
    pub fn eigen(&self) -> (Vec<f64>, Self) {
        let size = self.size;
        let mut matrix = self.clone();
        let mut vectors = Self::from_fn(size, |row, column| f64::from(u8::from(row == column)));
        let scale = self.values.iter().map(|v| v * v).sum::<f64>();
        for _ in 0..MOST_SWEEPS {
            let off: f64 = (0..size * size).filter(|i| i / size != i % size).map(|i| matrix.values[i].powi(2)).sum();
            if off <= scale * 1e-28 {
                break;
            }
            for p in 0..size {
                for q in p + 1..size {
                    rotate(&mut matrix, &mut vectors, p, q);
                }
            }
        }
        ((0..size).map(|i| matrix.at(i, i)).collect(), vectors)
    }
}

/// Sweeps after which a matrix is as diagonal as its numbers allow; ten are enough in practice.
const MOST_SWEEPS: usize = 50;

/// Rotates rows and columns `p` and `q` so that the element (p, q) becomes zero.
fn rotate(matrix: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let (size, element) = (matrix.size, matrix.at(p, q));
    if element == 0.0 {
        return;
    }
    let slope = (matrix.at(q, q) - matrix.at(p, p)) / (2.0 * element);
    let tangent = slope.signum() / (slope.abs() + slope.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for k in 0..size {
        turn(&mut matrix.values, k * size + p, k * size + q, cosine, sine);
    }
    for k in 0..size {
        turn(&mut matrix.values, p * size + k, q * size + k, cosine, sine);
        turn(&mut vectors.values, k * size + p, k * size + q, cosine, sine);
    }
}

fn turn(values: &mut [f64], p: usize, q: usize, cosine: f64, sine: f64) {
    let (a, b) = (values[p], values[q]);
    (values[p], values[q]) = (cosine * a - sine * b, sine * a + cosine * b);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_a_matrix_known_by_hand() {
        // [[2, 1], [1, 2]] has the eigenvalues 1 and 3.
        let matrix = Matrix { size: 2, values: vec![2.0, 1.0, 1.0, 2.0] };
        let (mut values, _) = matrix.eigen();
        values.sort_by(f64::total_cmp);
        assert!((values[0] - 1.0).abs() < 1e-12 && (values[1] - 3.0).abs() < 1e-12, "{values:?}");
    }

    #[test]
    fn eigenvectors_put_a_matrix_together_again() {
        let matrix = Matrix::from_fn(12, |i, j| ((i * j + i + j) % 7) as f64 + if i == j { 5.0 } else { 0.0 });
        let (values, vectors) = matrix.eigen();
        let again = Matrix::from_fn(12, |i, j| (0..12).map(|k| vectors.at(i, k) * values[k] * vectors.at(j, k)).sum());
        let worst = again.values.iter().zip(&matrix.values).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-10, "{worst}");
    }

    #[test]
    fn a_square_root_squares_to_its_matrix() {
        let matrix = Matrix { size: 2, values: vec![5.0, 4.0, 4.0, 5.0] };
        // By hand: eigenvalues 9 and 1 along the diagonals, so that the root is [[2, 1], [1, 2]].
        let root = matrix.sqrt();
        for (found, expected) in root.values.iter().zip([2.0, 1.0, 1.0, 2.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
