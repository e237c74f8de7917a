//! Early looks at what a run has learnt.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use image::{ImageFormat, Rgb, RgbImage};

use crate::files;
use crate::synth::contact_sheet::colour;

/// White pixels between pictures.
const GAP: u32 = 3;

/// Log amplitude that is drawn black or white.
const CLIP: f32 = 1.0;

/// Draws velocity maps in m/s, `columns` cells wide and high, `across` a row.
///
/// # Errors
/// When the file cannot be written.
pub fn save_maps(maps: &[f32], columns: usize, across: usize, path: &Path) -> Result<()> {
    let panels: Vec<Panel> = maps.chunks_exact(columns * columns).map(|map| Panel::map(map, columns)).collect();
    save(&panels, across, path)
}

/// Draws, for each pair, its velocity map, the reconstruction, a gather and its reconstruction. Maps in m/s, gathers in
/// log amplitude; each (velocity, reconstruction, gather, reconstruction), `columns` wide.
///
/// # Errors
/// When the file cannot be written.
pub fn save_pairs(pairs: &[[&[f32]; 4]], columns: usize, path: &Path) -> Result<()> {
    let panels: Vec<Panel> = pairs
        .iter()
        .flat_map(|[map, decoded_map, gather, decoded_gather]| {
            [
                Panel::map(map, columns),
                Panel::map(decoded_map, columns),
                Panel::gather(gather, columns),
                Panel::gather(decoded_gather, columns),
            ]
        })
        .collect();
    save(&panels, 8, path)
}

/// A picture of one array.
struct Panel {
    columns: u32,
    pixels: Vec<Rgb<u8>>,
}

impl Panel {
    fn map(values: &[f32], columns: usize) -> Self {
        Self { columns: columns as u32, pixels: values.iter().map(|&v| colour(v)).collect() }
    }

    fn gather(values: &[f32], columns: usize) -> Self {
        let grey = |v: f32| Rgb([((v / CLIP).clamp(-1.0, 1.0) * 127.0 + 128.0) as u8; 3]);
        Self { columns: columns as u32, pixels: values.iter().map(|&v| grey(v)).collect() }
    }

    fn rows(&self) -> u32 {
        self.pixels.len() as u32 / self.columns
    }
}

fn save(panels: &[Panel], across: usize, path: &Path) -> Result<()> {
    let width = panels.iter().map(|panel| panel.columns).max().unwrap_or(1) + GAP;
    let height = panels.iter().map(Panel::rows).max().unwrap_or(1) + GAP;
    let down = panels.len().div_ceil(across) as u32;
    let mut picture = RgbImage::from_pixel(across as u32 * width + GAP, down * height + GAP, Rgb([255; 3]));
    for (index, panel) in panels.iter().enumerate() {
        let (left, top) = ((index % across) as u32 * width + GAP, (index / across) as u32 * height + GAP);
        for (cell, &pixel) in panel.pixels.iter().enumerate() {
            let (z, x) = (cell as u32 / panel.columns, cell as u32 % panel.columns);
            picture.put_pixel(left + x, top + z, pixel);
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    files::replace(path, bytes.get_ref()).with_context(|| format!("cannot write {}", path.display()))
}
