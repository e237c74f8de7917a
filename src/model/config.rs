//! Sizes of the networks, written once: saved with the weights and read back from the manifest.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Sizes of every network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The velocity map's image, before padding.
    pub velocity: ImageConfig,
    /// The gathers' image on the model's time axis, one channel a shot, before padding.
    pub seismic: ImageConfig,
    /// What the seismic encoder multiplies gathers by; absent, they are as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seismic_gain: Option<GainConfig>,
    /// Rows and columns of the token grid.
    pub tokens: [usize; 2],
    /// The latent shared by both modalities.
    pub latent: LatentConfig,
    /// Hidden width of the velocity encoder, which sees each token's neighbourhood only.
    pub velocity_encoder: usize,
    /// Velocity decoder.
    pub velocity_decoder: TransformerConfig,
    /// Seismic encoder.
    pub seismic_encoder: TransformerConfig,
    /// Seismic decoder.
    pub seismic_decoder: TransformerConfig,
    /// Denoiser of the latent.
    pub denoiser: TransformerConfig,
    /// Number of families that the denoiser tells apart.
    pub families: usize,
}

/// An image that is cut into one patch a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageConfig {
    /// Channels.
    pub channels: usize,
    /// Rows: depth or time.
    pub rows: usize,
    /// Columns: horizontal position.
    pub columns: usize,
    /// Rows and columns of a patch.
    pub patch: [usize; 2],
}

impl ImageConfig {
    /// Values in a patch, all channels.
    pub fn patch_values(&self) -> usize {
        self.channels * self.patch[0] * self.patch[1]
    }
}

/// A gain that grows down the rows of gathers: the exponential gain in time of seismic processing.
///
/// What comes from depth arrives late, and a hundred times weaker than the direct wave. Patches of all rows share one linear
/// layer, which would lose it beside the vectors that tell a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainConfig {
    /// Rows before this one are as they are.
    pub from: usize,
    /// Rows in which the gain doubles.
    pub doubling: usize,
}

impl GainConfig {
    /// The gain of a row.
    pub fn at(&self, row: usize) -> f32 {
        (row.saturating_sub(self.from) as f32 / self.doubling as f32).exp2()
    }
}

/// The latent shared by both modalities and its codebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatentConfig {
    /// Codes of the shared codebook.
    pub codes: usize,
    /// Numbers in a code.
    pub code_width: usize,
    /// Codes that make up a token.
    pub codes_per_token: usize,
}

impl LatentConfig {
    /// Numbers in a token of the latent.
    pub fn width(&self) -> usize {
        self.code_width * self.codes_per_token
    }
}

/// A stack of transformer blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerConfig {
    /// Width of a token.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
}

/// Largest of any size, and most tokens: many times those of the shipped networks, and few enough that no product of two
/// of them overflows and that what is made before any weight is read fits in memory.
const LARGEST: usize = 8192;

/// Most blocks of a stack.
const DEEPEST: usize = 128;

/// Largest gain of a row; that of the shipped networks stays below 256.
const LOUDEST: f32 = 1e6;

/// Sizes that no network can have.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("model configuration: {0}")]
pub struct ModelConfigError(String);

impl ModelConfig {
    /// The network that this project ships: 9 x 9 tokens, four codes of eight numbers to a token.
    pub fn standard() -> Self {
        Self {
            velocity: ImageConfig { channels: 1, rows: 70, columns: 70, patch: [8, 8] },
            seismic: ImageConfig { channels: 5, rows: 125, columns: 70, patch: [16, 8] },
            seismic_gain: Some(GainConfig { from: 40, doubling: 11 }),
            tokens: [9, 9],
            latent: LatentConfig { codes: 1024, code_width: 8, codes_per_token: 4 },
            velocity_encoder: 256,
            velocity_decoder: TransformerConfig { width: 192, depth: 2, heads: 3 },
            seismic_encoder: TransformerConfig { width: 192, depth: 3, heads: 3 },
            seismic_decoder: TransformerConfig { width: 256, depth: 6, heads: 4 },
            denoiser: TransformerConfig { width: 192, depth: 5, heads: 3 },
            families: crate::family::Family::ALL.len(),
        }
    }

    /// A network of the same kind that is small enough for tests.
    pub fn tiny() -> Self {
        let small = TransformerConfig { width: 16, depth: 1, heads: 2 };
        Self {
            latent: LatentConfig { codes: 16, code_width: 4, codes_per_token: 2 },
            velocity_encoder: 16,
            velocity_decoder: small,
            seismic_encoder: small,
            seismic_decoder: small,
            denoiser: small,
            ..Self::standard()
        }
    }

    /// Number of tokens.
    pub fn token_count(&self) -> usize {
        self.tokens[0] * self.tokens[1]
    }

    /// Tells whether the sizes fit together.
    ///
    /// # Errors
    /// [`ModelConfigError`] names the first size that does not.
    pub fn check(&self) -> Result<(), ModelConfigError> {
        let refuse = |message: String| Err(ModelConfigError(message));
        if let Some((name, size)) = self.sizes().into_iter().find(|&(_, size)| size > LARGEST) {
            return refuse(format!("the {name} is {size}; the limit is {LARGEST}"));
        }
        if self.token_count() > LARGEST {
            return refuse(format!("there are {} tokens; the limit is {LARGEST}", self.token_count()));
        }
        for (name, image) in [("velocity", &self.velocity), ("seismic", &self.seismic)] {
            let covered = [self.tokens[0] * image.patch[0], self.tokens[1] * image.patch[1]];
            if image.channels == 0 || image.rows == 0 || image.columns == 0 {
                return refuse(format!("the {name} image is empty"));
            }
            if covered[0] < image.rows || covered[1] < image.columns {
                return refuse(format!(
                    "the {name} patches cover {} x {} cells, fewer than the image's {} x {}",
                    covered[0], covered[1], image.rows, image.columns
                ));
            }
        }
        if let Some(gain) = self.seismic_gain {
            // No rows to double in make a gain that is infinite or no number at all.
            let largest = gain.at(self.seismic.rows);
            if !largest.is_finite() || largest > LOUDEST {
                return refuse(format!("the seismic gain grows to {largest}; the limit is {LOUDEST}"));
            }
        }
        for (name, stack) in [
            ("velocity decoder", self.velocity_decoder),
            ("seismic encoder", self.seismic_encoder),
            ("seismic decoder", self.seismic_decoder),
            ("denoiser", self.denoiser),
        ] {
            if stack.depth > DEEPEST {
                return refuse(format!("the {name} has {} blocks; the limit is {DEEPEST}", stack.depth));
            }
            if stack.width == 0 || stack.heads == 0 || stack.width % stack.heads != 0 {
                return refuse(format!(
                    "the {name}'s width {} is no multiple of its {} heads",
                    stack.width, stack.heads
                ));
            }
        }
        if self.latent.codes == 0 || self.latent.width() == 0 || self.velocity_encoder == 0 || self.families == 0 {
            return refuse("codes, code width, codes per token, encoder width and families must be above 0".to_owned());
        }
        Ok(())
    }

    /// Every size, with its name.
    fn sizes(&self) -> Vec<(&'static str, usize)> {
        let Self { velocity, seismic, tokens, latent, velocity_encoder, families, .. } = self;
        let mut sizes = vec![
            ("number of token rows", tokens[0]),
            ("number of token columns", tokens[1]),
            ("number of codes", latent.codes),
            ("width of a code", latent.code_width),
            ("number of codes of a token", latent.codes_per_token),
            ("width of the velocity encoder", *velocity_encoder),
            ("number of families", *families),
        ];
        for ImageConfig { channels, rows, columns, patch } in [velocity, seismic] {
            sizes.extend([
                ("number of channels", *channels),
                ("number of rows", *rows),
                ("number of columns", *columns),
            ]);
            sizes.extend(patch.map(|size| ("size of a patch", size)));
        }
        for stack in [self.velocity_decoder, self.seismic_encoder, self.seismic_decoder, self.denoiser] {
            sizes.push(("width of a transformer", stack.width));
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_and_tiny_sizes_fit_together() {
        assert_eq!(ModelConfig::standard().check(), Ok(()));
        assert_eq!(ModelConfig::tiny().check(), Ok(()));
    }

    #[test]
    fn misfits_are_named() {
        let mut config = ModelConfig::tiny();
        config.denoiser.heads = 3;
        assert!(config.check().unwrap_err().to_string().contains("denoiser"));
        let mut config = ModelConfig::tiny();
        config.seismic.rows = 1000;
        assert!(config.check().unwrap_err().to_string().contains("seismic patches"));
    }

    #[test]
    fn gain_doubles_from_its_first_row_on() {
        let gain = GainConfig { from: 40, doubling: 11 };
        assert_eq!([0, 40, 51, 62].map(|row| gain.at(row)), [1.0, 1.0, 2.0, 4.0]);
    }

    #[test]
    fn endless_gains_are_refused() {
        let refused = |from, doubling| {
            let config = ModelConfig { seismic_gain: Some(GainConfig { from, doubling }), ..ModelConfig::tiny() };
            config.check().unwrap_err().to_string().contains("seismic gain grows to")
        };
        assert!(refused(0, 0) && refused(125, 0) && refused(0, 3));
    }

    #[test]
    fn sizes_beyond_any_memory_are_refused() {
        let refused = |change: fn(&mut ModelConfig)| {
            let mut config = ModelConfig::tiny();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(refused(|c| c.denoiser.width = 1 << 30).contains("width of a transformer is 1073741824"));
        assert!(refused(|c| c.denoiser.depth = 1 << 30).contains("blocks"));
        assert!(refused(|c| c.tokens = [1000, 1000]).contains("1000000 tokens"));
        assert!(refused(|c| c.tokens = [usize::MAX, 2]).contains("token rows"));
        assert!(refused(|c| c.latent.codes = usize::MAX).contains("codes"));
    }
}
