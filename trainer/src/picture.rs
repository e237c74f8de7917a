//! Pictures of maps and gathers, side by side.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::Result;
use image::{ImageFormat, Rgb, RgbImage};
use serde::Deserialize;

use crate::files;
use crate::synth::VELOCITIES;

/// White pixels between panels.
const GAP: u32 = 4;

/// Log amplitude that is drawn black or white.
const CLIP: f32 = 1.0;

/// A colour map's file, shared with the page.
#[derive(Deserialize)]
struct ColourFile {
    colors: Vec<[u8; 3]>,
}

/// batlow, Fabio Crameri's perceptually uniform colour map.
static BATLOW: LazyLock<Vec<[u8; 3]>> = LazyLock::new(|| {
    let text = include_str!("../../www/src/colormaps/batlow.json");
    match serde_json::from_str::<ColourFile>(text) {
        Ok(file) => file.colors,
        Err(error) => unreachable!("the colour map is part of the program: {error}"),
    }
});

/// Colour of a velocity in m/s: slow is dark, fast is bright.
fn velocity_colour(velocity: f32) -> Rgb<u8> {
    let (low, high) = VELOCITIES;
    let place = (f64::from(velocity) - low) / (high - low) * BATLOW.len() as f64;
    Rgb(BATLOW[(place.max(0.0) as usize).min(BATLOW.len() - 1)])
}

/// A colour between two others: `share` of the way from the first to the second.
pub(crate) fn mix(from: [u8; 3], to: [u8; 3], share: f32) -> [u8; 3] {
    std::array::from_fn(|i| (f32::from(from[i]) + (f32::from(to[i]) - f32::from(from[i])) * share).round() as u8)
}

/// A picture of one array.
pub struct Panel {
    columns: u32,
    pixels: Vec<Rgb<u8>>,
}

impl Panel {
    /// A velocity map in m/s, row by row.
    pub fn map(values: &[f32], columns: usize) -> Self {
        Self { columns: columns as u32, pixels: values.iter().map(|&v| velocity_colour(v)).collect() }
    }

    /// A gather in log amplitudes, sample by sample, in greys.
    pub fn gather(values: &[f32], columns: usize) -> Self {
        let grey = |v: f32| Rgb([((v / CLIP).clamp(-1.0, 1.0) * 127.0 + 128.0) as u8; 3]);
        Self { columns: columns as u32, pixels: values.iter().map(|&v| grey(v)).collect() }
    }

    fn rows(&self) -> u32 {
        self.pixels.len() as u32 / self.columns
    }
}

/// Writes panels as a PNG on white, `across` a row, `scale` pixels to a cell.
///
/// # Errors
/// When the file cannot be written.
pub fn save(panels: &[Panel], across: u32, scale: u32, path: &Path) -> Result<()> {
    let size = |cells: fn(&Panel) -> u32| panels.iter().map(cells).max().unwrap_or(1) * scale + GAP;
    let (width, height) = (size(|panel| panel.columns), size(Panel::rows));
    let down = (panels.len() as u32).div_ceil(across);
    let mut picture = RgbImage::from_pixel(across * width + GAP, down * height + GAP, Rgb([255; 3]));
    for (index, panel) in (0..).zip(panels) {
        let (left, top) = (index % across * width + GAP, index / across * height + GAP);
        for (z, x) in (0..panel.rows() * scale).flat_map(|z| (0..panel.columns * scale).map(move |x| (z, x))) {
            let cell = z / scale * panel.columns + x / scale;
            picture.put_pixel(left + x, top + z, panel.pixels[cell as usize]);
        }
    }
    write(&picture, path)
}

/// Writes a picture as a PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn write(picture: &RgbImage, path: &Path) -> Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    files::replace(path, bytes.get_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_reach_both_ends_of_the_map_and_clamp_beyond() {
        assert_eq!(velocity_colour(1500.0).0, BATLOW[0]);
        assert_eq!(velocity_colour(4500.0).0, BATLOW[255]);
        assert_eq!(velocity_colour(9000.0).0, BATLOW[255]);
        assert_eq!(velocity_colour(0.0).0, BATLOW[0]);
    }

    #[test]
    fn panels_stand_side_by_side_at_their_scale() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        let panels = [Panel::map(&[1500.0; 6], 3), Panel::gather(&[1.0; 6], 3)];
        save(&panels, 2, 2, &path).unwrap();
        let picture = image::open(&path).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (2 * (6 + GAP) + GAP, 4 + 2 * GAP));
        assert_eq!(picture.get_pixel(GAP, GAP).0, BATLOW[0]);
        assert_eq!(picture.get_pixel(GAP + 6, GAP).0, [255; 3]);
        assert_eq!(picture.get_pixel(2 * GAP + 6, GAP).0, [255; 3]);
    }
}
