//! Contact sheets: a look at many maps of a family at once.

use std::path::Path;

use anyhow::Result;
use wavediffusion::family::Family;

use super::{CELLS, generate};
use crate::picture::{Panel, save};

/// Maps across and down a sheet.
const MAPS: (u32, u32) = (6, 4);

/// Pixels to a cell.
const SCALE: u32 = 2;

/// Draws the first maps of a family's sequence `seed`.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(family: Family, seed: u64, path: &Path) -> Result<()> {
    let panels: Vec<Panel> = (0..MAPS.0 * MAPS.1)
        .map(|index| Panel::map(generate(family, seed, u64::from(index)).values(), CELLS))
        .collect();
    save(&panels, MAPS.0, SCALE, path)
}
