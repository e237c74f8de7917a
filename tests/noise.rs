//! The noise that a pair is made of: bit for bit the same natively and in a browser, where `web_engine.rs` includes this.

use wavediffusion::diffusion::Noise;
use wavediffusion::manifest::FileEntry;

/// SHA-256 of the bits of the noise of seeds 0, 1 and the largest, and of the middle between seeds 1 and 2.
const GOLDEN: &str = "60e917e85accd46ce721cbbb60585d633e41ea9bb6979e08f79b6c99fa142d16";

/// Numbers of each: as many as the latent of a pair has.
const COUNT: usize = 81 * 32;

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn noise_is_the_same_everywhere_bit_for_bit() {
    let between = Noise::between(1, 2, 0.5).unwrap();
    let noises = [Noise::from(0), Noise::from(1), Noise::from(u64::MAX), between];
    let values = noises.iter().flat_map(|noise| noise.values(COUNT));
    let bytes: Vec<u8> = values.flat_map(|value| value.to_bits().to_le_bytes()).collect();
    assert_eq!(FileEntry::new("noise", &bytes).sha256, GOLDEN);
}
