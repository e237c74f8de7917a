//! Products of matrices on one thread, by tiles of sums that stay in registers.
//!
//! A tile multiplies [`ROWS`] rows of the left matrix by [`COLUMNS`] columns of the right one, a *panel*, which lie side by
//! side in the order that the tile reads them. Its size is for the sixteen registers of four numbers that browsers make of
//! WebAssembly's SIMD on x86-64 (ARM has more): eight hold sums, and what is read for them is used at once.

/// Rows of a tile.
const ROWS: usize = 2;

/// Columns of a panel. The widths of the shipped networks are multiples of it.
pub(super) const COLUMNS: usize = 16;

/// A line of a panel: one row of the right matrix, or of sums.
pub(super) type Line = [f32; COLUMNS];

/// The values from `first` on as a line; zero beyond their end.
pub(super) fn line(values: &[f32], first: usize) -> Line {
    let values = &values[first..];
    match values.first_chunk() {
        Some(line) => *line,
        None => std::array::from_fn(|i| values.get(i).copied().unwrap_or(0.0)),
    }
}

/// Copies the columns from `first` on of a matrix of rows into a panel, one line a row.
pub(super) fn pack<'a>(panel: &mut Vec<Line>, rows: impl Iterator<Item = &'a [f32]>, first: usize) {
    panel.clear();
    panel.extend(rows.map(|row| line(row, first)));
}

/// Multiplies `count` rows, each as long as the panel has lines, by the panel; `each` is given a row's number and its sums.
pub(super) fn multiply<'a>(
    count: usize,
    row: impl Fn(usize) -> &'a [f32],
    panel: &[Line],
    mut each: impl FnMut(usize, &Line),
) {
    let whole = count - count % ROWS;
    for first in (0..whole).step_by(ROWS) {
        let sums = tile::<ROWS>(std::array::from_fn(|r| row(first + r)), panel);
        sums.iter().enumerate().for_each(|(r, sums)| each(first + r, sums));
    }
    for last in whole..count {
        each(last, &tile::<1>([row(last)], panel)[0]);
    }
}

/// The sums of a tile.
#[inline(never)]
fn tile<const R: usize>(rows: [&[f32]; R], panel: &[Line]) -> [Line; R] {
    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [[0.0; COLUMNS]; R];
    for (k, line) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(rows) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += row[k] * value;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_and_edges_agree_with_the_sum_over_rows_and_columns() {
        let (rows, inner) = (2 * ROWS + 2, 7);
        let columns = COLUMNS + 5;
        let left: Vec<f32> = (0..rows * inner).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
        let right: Vec<f32> = (0..inner * columns).map(|i| ((i * 5) % 13) as f32 - 6.0).collect();
        let mut product = vec![f32::NAN; rows * columns];
        let mut panel = Vec::new();
        for first in (0..columns).step_by(COLUMNS) {
            pack(&mut panel, right.chunks_exact(columns), first);
            multiply(
                rows,
                |r| &left[r * inner..][..inner],
                &panel,
                |r, sums| {
                    let out = &mut product[r * columns..][..columns][first..];
                    let width = out.len().min(COLUMNS);
                    out[..width].copy_from_slice(&sums[..width]);
                },
            );
        }
        for (i, value) in product.iter().enumerate() {
            let (row, column) = (i / columns, i % columns);
            let sum: f32 = (0..inner).map(|k| left[row * inner + k] * right[k * columns + column]).sum();
            assert_eq!(*value, sum, "row {row}, column {column}");
        }
    }
}
