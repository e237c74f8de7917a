//! Times that a sampler visits.

/// How far the times lean towards the noise, where the flow decides on the map's structure: `t' = s t / (1 + (s - 1) t)`
/// (arXiv 2403.03206).
const SHIFT: f64 = 1.5;

/// `steps + 1` times from 1 (noise) down to 0 (latent).
pub fn times(steps: usize) -> Vec<f32> {
    (0..=steps)
        .map(|step| {
            let t = 1.0 - step as f64 / steps as f64;
            (SHIFT * t / (1.0 + (SHIFT - 1.0) * t)) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_from_noise_to_latent() {
        for steps in [1, 2, 20] {
            let times = times(steps);
            assert_eq!((times.len(), times[0], times[steps]), (steps + 1, 1.0, 0.0));
            assert!(times.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
