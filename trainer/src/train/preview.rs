//! Early looks at what a run has learnt.

use std::path::Path;

use anyhow::Result;

use crate::picture::{Panel, save};

/// Pairs to a row of [`save_pairs`].
const PAIRS: u32 = 2;

/// Draws velocity maps in m/s, `columns` cells wide and high, `across` a row.
///
/// # Errors
/// When the file cannot be written.
pub fn save_maps(maps: &[f32], columns: usize, across: u32, path: &Path) -> Result<()> {
    let panels: Vec<Panel> = maps.chunks_exact(columns * columns).map(|map| Panel::map(map, columns)).collect();
    save(&panels, across, 1, path)
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
    save(&panels, 4 * PAIRS, 1, path)
}
