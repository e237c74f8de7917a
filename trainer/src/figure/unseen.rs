//! Pairs that no family made, beside what the networks make of them.

use std::path::Path;

use anyhow::Result;
use wavediffusion::gathers::Gathers;
use wavediffusion::signal::Normalisation;

use crate::evaluate::UnseenPair;
use crate::picture::{Panel, save};

/// Panels of a pair.
const ACROSS: u32 = 5;
/// Pixels of a cell.
const SCALE: u32 = 2;

/// Draws each pair's map, the same decoded and inverted, the middle shot's gather, and the same decoded, as a PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn save_unseen(pairs: &[UnseenPair], normalisation: &Normalisation, path: &Path) -> Result<()> {
    let panels: Vec<Panel> = pairs
        .iter()
        .flat_map(|pair| {
            let maps = [&pair.velocity, &pair.reconstructed.velocity, &pair.inverted.velocity];
            let true_logs = normalisation.to_model(&pair.gathers);
            let gathers = [&true_logs, &pair.reconstructed.log_amplitudes];
            let maps = maps.map(|map| Panel::map(map.values(), map.nx()));
            maps.into_iter().chain(gathers.map(|logs| middle_shot(logs, &pair.gathers)))
        })
        .collect();
    save(&panels, ACROSS, SCALE, path)
}

/// The middle one of the shots whose log amplitudes these are.
fn middle_shot(logs: &[f32], shape: &Gathers) -> Panel {
    let each = logs.len() / shape.shots();
    Panel::gather(&logs[shape.shots() / 2 * each..][..each], shape.receivers())
}
