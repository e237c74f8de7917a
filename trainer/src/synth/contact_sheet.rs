//! Contact sheets: a look at many maps of a family at once.

use image::{Rgb, RgbImage};
use wavediffusion::family::Family;

use super::{CELLS, VELOCITIES, generate};

/// Maps across and down a sheet.
const MAPS: (u32, u32) = (6, 4);
/// Pixels to a cell, and between maps.
const SCALE: u32 = 2;
const GAP: u32 = 8;

/// Ten equidistant colours of batlow, Fabio Crameri's perceptually uniform colour map.
const BATLOW: [[u8; 3]; 10] = [
    [1, 25, 89],
    [16, 63, 96],
    [28, 90, 98],
    [60, 109, 86],
    [104, 123, 62],
    [157, 137, 43],
    [210, 147, 67],
    [248, 161, 123],
    [253, 183, 188],
    [250, 204, 250],
];

/// Colour of a velocity in m/s: slow is dark, fast is bright.
pub fn colour(velocity: f32) -> Rgb<u8> {
    let (low, high) = VELOCITIES;
    let place = ((f64::from(velocity) - low) / (high - low)).clamp(0.0, 1.0) * (BATLOW.len() - 1) as f64;
    let index = (place as usize).min(BATLOW.len() - 2);
    let fraction = place - index as f64;
    let channel = |c: usize| {
        let (from, to) = (f64::from(BATLOW[index][c]), f64::from(BATLOW[index + 1][c]));
        (from + fraction * (to - from)).round() as u8
    };
    Rgb([channel(0), channel(1), channel(2)])
}

/// The first maps of a family's sequence `seed`, on white.
pub fn draw(family: Family, seed: u64) -> RgbImage {
    let step = CELLS as u32 * SCALE + GAP;
    let mut sheet = RgbImage::from_pixel(MAPS.0 * step + GAP, MAPS.1 * step + GAP, Rgb([255; 3]));
    for index in 0..MAPS.0 * MAPS.1 {
        let map = generate(family, seed, u64::from(index));
        let (left, top) = (index % MAPS.0 * step + GAP, index / MAPS.0 * step + GAP);
        for (z, x) in (0..CELLS as u32 * SCALE).flat_map(|z| (0..CELLS as u32 * SCALE).map(move |x| (z, x))) {
            let velocity = map.at((z / SCALE) as usize, (x / SCALE) as usize);
            sheet.put_pixel(left + x, top + z, colour(velocity));
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_reach_both_ends_of_the_map_and_clamp_beyond() {
        assert_eq!(colour(1500.0).0, BATLOW[0]);
        assert_eq!(colour(4500.0).0, BATLOW[9]);
        assert_eq!(colour(9000.0).0, BATLOW[9]);
        assert_eq!(colour(0.0).0, BATLOW[0]);
    }
}
