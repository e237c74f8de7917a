//! Sums and the like over a row, in as many strands as a compiler does at once.

const LANES: usize = 8;

/// Folds `values` with `step` in strands that each begin at `start`, and the strands with `join`.
pub(super) fn fold(values: &[f32], start: f32, step: impl Fn(f32, f32) -> f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for values in whole {
        lanes.iter_mut().zip(values).for_each(|(lane, &value)| *lane = step(*lane, value));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, &value)| *lane = step(*lane, value));
    lanes.into_iter().fold(start, join)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strands_miss_no_value() {
        let values: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        assert_eq!(fold(&values, 0.0, |sum, v| sum + v * v, |a, b| a + b), 2470.0);
        assert_eq!(fold(&values, f32::MIN, f32::max, f32::max), 19.0);
    }
}
