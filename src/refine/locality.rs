//! Which evidence tells of which token. A few latents' steps cannot tell by themselves that what changed on the left has
//! nothing to do with a reflection on the right; that it lies there, and how deep, can (localisation of ensemble filters,
//! Houtekamer and Mitchell 2001, doi 10.1175/1520-0493(2001)129<0123:ASEKFF>2.0.CO;2).

use super::evidence::Block;
use crate::manifest::Manifest;
use crate::survey::Signature;
use crate::velocity_map::VelocityMap;

/// Metres between a token and the midpoint of source and receiver at which a reflection tells less of it by `exp(-1/2)`.
const ACROSS: f64 = 150.0;

/// Seconds between a reflection's time and the token's that do the same.
const APART: f64 = 0.2;

/// Weights below this are none.
const LEAST: f64 = 0.01;

/// How much each block tells of each token, on a map.
#[derive(Debug)]
pub(super) struct Locality {
    tokens: Vec<Token>,
    blocks: Vec<Reflection>,
}

/// Where a token is.
#[derive(Debug)]
struct Token {
    /// Metres from the left edge.
    x: f64,
    /// Seconds down to it and up again.
    time: f64,
    /// Mean speed on the way, m/s.
    speed: f64,
}

/// What a block would show, if it were reflections.
#[derive(Debug)]
struct Reflection {
    /// Midpoint of source and receivers, metres from the left edge.
    midpoint: f64,
    /// Their distance, in metres.
    offset: f64,
    /// Seconds since the source's peak.
    time: f64,
}

impl Locality {
    /// The tokens' reflections on a map of the manifest's size.
    pub(super) fn new(manifest: &Manifest, blocks: &[Block], velocity: &VelocityMap) -> Self {
        let config = manifest.survey.config();
        let [rows, columns] = manifest.model.tokens;
        let patch = manifest.model.velocity.patch;
        let middle = |token: usize, patch: usize, cells: usize| (token * patch + patch / 2).min(cells - 1);
        let slowness: Vec<f64> = velocity
            .values()
            .chunks_exact(velocity.nx())
            .map(|row| row.iter().map(|&speed| f64::from(speed).recip()).sum::<f64>() / row.len() as f64)
            .collect();
        let token = |row: usize, column: usize| {
            let depth = middle(row, patch[0], velocity.nz());
            let down: f64 = slowness[..=depth].iter().sum::<f64>() * config.spacing;
            Token {
                x: middle(column, patch[1], velocity.nx()) as f64 * config.spacing,
                time: 2.0 * down,
                speed: (depth + 1) as f64 * config.spacing / down,
            }
        };
        let peak = match config.signature {
            Signature::Ricker { peak_frequency } => peak_frequency.recip(),
            Signature::Samples(_) => 0.0,
        };
        let interval = config.dt * manifest.normalisation.time_stride as f64;
        let reflection = |block: &Block| {
            let receivers = &config.receivers[block.receivers.clone()];
            let receiver = receivers.iter().map(|cell| cell.x as f64).sum::<f64>() / receivers.len() as f64;
            let source = config.sources[block.shot].x as f64;
            let sample = (block.samples.start + block.samples.end) as f64 / 2.0;
            Reflection {
                midpoint: (source + receiver) / 2.0 * config.spacing,
                offset: (source - receiver) * config.spacing,
                time: sample * interval - peak,
            }
        };
        Self {
            tokens: (0..rows * columns).map(|index| token(index / columns, index % columns)).collect(),
            blocks: blocks.iter().map(reflection).collect(),
        }
    }

    /// What each block counts for a token, 0 to 1.
    pub(super) fn weights(&self, token: usize) -> Vec<f64> {
        let token = &self.tokens[token];
        let weight = |block: &Reflection| {
            // Normal moveout: the time of a reflection from the token's depth at this offset.
            let expected = token.time.hypot(block.offset / token.speed);
            let (x, y) = ((block.midpoint - token.x) / ACROSS, (block.time - expected) / APART);
            let weight = (-0.5 * (x * x + y * y)).exp();
            if weight < LEAST { 0.0 } else { weight }
        };
        self.blocks.iter().map(weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::Evidence;
    use super::*;

    #[test]
    fn a_deep_token_on_the_left_is_told_of_by_late_samples_on_the_left() {
        let manifest = Manifest::tiny();
        let blocks = Evidence::new(&manifest).blocks;
        let map = VelocityMap::new(70, 70, vec![2000.0; 4900]).unwrap();
        let locality = Locality::new(&manifest, &blocks, &map);
        let strongest = |token: usize| {
            let weights = locality.weights(token);
            let most = (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap();
            &locality.blocks[most]
        };
        let (shallow, deep) = (strongest(9 + 7), strongest(7 * 9 + 1));
        assert!((shallow.midpoint - 600.0).abs() < 60.0, "{shallow:?}");
        assert!((deep.midpoint - 120.0).abs() < 60.0, "{deep:?}");
        // 600 m down and up again at 2,000 m/s.
        assert!((deep.time - 0.61).abs() < 0.1 && shallow.time < 0.3, "{deep:?} {shallow:?}");
    }
}
