//! Self-attention on one thread.

use super::gemm::{self, COLUMNS, Line};
use super::lanes;

/// Room for the work of one head, kept from one to the next.
#[derive(Default)]
pub(super) struct Workspace {
    panel: Vec<Line>,
    /// Attention of each token to each other one.
    weights: Vec<f32>,
    /// One over the sum of a token's weights.
    shares: Vec<f32>,
}

/// What each of `tokens` tokens gathers from the others: `qkv` holds a row of queries, keys and values for each, `mixed`
/// receives a row a token, its heads side by side.
pub(super) fn attend(qkv: &[f32], mixed: &mut [f32], tokens: usize, heads: usize, work: &mut Workspace) {
    let width = mixed.len() / tokens;
    let head_width = width / heads;
    let scale = 1.0 / (head_width as f32).sqrt();
    let Workspace { panel, weights, shares } = work;
    weights.resize(tokens * tokens, 0.0);
    for head in 0..heads {
        let part = |token: usize, part: usize| &qkv[(3 * token + part) * width + head * head_width..][..head_width];

        for first in (0..tokens).step_by(COLUMNS) {
            let keys: [&[f32]; COLUMNS] = std::array::from_fn(|i| part((first + i).min(tokens - 1), 1));
            panel.clear();
            panel.extend((0..head_width).map(|k| std::array::from_fn::<f32, COLUMNS, _>(|i| keys[i][k])));
            gemm::multiply(
                tokens,
                |token| part(token, 0),
                panel,
                |token, sums| {
                    let row = &mut weights[token * tokens..][..tokens][first..];
                    let count = row.len().min(COLUMNS);
                    row.iter_mut().zip(&sums[..count]).for_each(|(weight, sum)| *weight = scale * sum);
                },
            );
        }
        shares.clear();
        shares.extend(weights.chunks_exact_mut(tokens).map(exponentials));

        for first in (0..head_width).step_by(COLUMNS) {
            gemm::pack(panel, (0..tokens).map(|token| part(token, 2)), first);
            gemm::multiply(
                tokens,
                |token| &weights[token * tokens..][..tokens],
                panel,
                |token, sums| {
                    let out = &mut mixed[token * width + head * head_width..][..head_width][first..];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = shares[token] * sum);
                },
            );
        }
    }
}

/// Replaces each score by its exponential, that of the highest being one, and returns one over their sum.
fn exponentials(scores: &mut [f32]) -> f32 {
    let higher = |a, b| if a > b { a } else { b };
    let highest = lanes::fold(scores, f32::MIN, higher, higher);
    scores.iter_mut().for_each(|score| *score = exp(*score - highest));
    let sum = |a, b| a + b;
    1.0 / lanes::fold(scores, 0.0, sum, sum)
}

/// `exp(x)` for `x <= 0`, to a relative error of 2e-7; zero where that is next to what f32 cannot hold.
///
/// Without branches, so that the compiler does several at once: two to the whole number next to `x / ln 2`, which an
/// addition leaves in the last bits of a sum, times a polynomial for what is left over (Cephes' `expf`).
fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.0;
    /// 1.5 * 2^23: added to a small number, it leaves no bits for what is behind the point.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first of few bits.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const POLYNOMIAL: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    const EXPONENT_BIAS: u32 = 127;
    const MANTISSA_BITS: u32 = 23;
    let clamped = if x < LOWEST { LOWEST } else { x };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = clamped - whole * LN_2[0] - whole * LN_2[1];
    let series = POLYNOMIAL.iter().fold(0.0, |sum, term| sum * rest + term);
    let power = f32::from_bits(shifted.to_bits().wrapping_add(EXPONENT_BIAS) << MANTISSA_BITS);
    if x < LOWEST { 0.0 } else { (series * rest * rest + rest + 1.0) * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        for i in 0..=8700 {
            let x = -(i as f32) / 100.0;
            let expected = f64::from(x).exp();
            assert!((f64::from(exp(x)) - expected).abs() <= 2e-7 * expected, "{x}");
        }
        assert_eq!([exp(-100.0), exp(f32::NEG_INFINITY)], [0.0, 0.0]);
        assert!(exponentials(&mut [f32::NAN, 0.0]).is_nan());
    }
}
