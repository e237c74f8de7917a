//! The deviation along the denoising path, family by family.

use anyhow::{Result, bail};
use plotters::prelude::*;

use super::{Area, FONT, draw, failed, label};
use crate::evaluate::{Metrics, Path, Report};
use crate::picture::write;

/// Width and height of a family's panel, pixels.
const PANEL: (u32, u32) = (300, 260);
/// Families side by side.
const ACROSS: usize = 5;
const CURVE: RGBColor = RGBColor(30, 90, 160);
const FLOOR: RGBColor = RGBColor(30, 130, 60);
const CEILING: RGBColor = RGBColor(190, 60, 40);

/// Draws median and quartiles of the deviation after each step, between floor (green) and ceiling (red), as a PNG.
///
/// # Errors
/// When no path was followed or the file cannot be written.
pub fn save_paths(report: &Report, file: &std::path::Path) -> Result<()> {
    let followed: Vec<(&str, &Metrics, &Path)> = report
        .families
        .iter()
        .filter_map(|(family, metrics)| Some((family.name(), metrics, metrics.path.as_ref()?)))
        .collect();
    if followed.is_empty() {
        bail!("no path was followed; `--paths` says of how many samples it is");
    }
    let across = followed.len().min(ACROSS);
    let rows = followed.len().div_ceil(across);
    let top = followed
        .iter()
        .flat_map(|(_, metrics, path)| path.upper_quartile.iter().chain([&metrics.deviation.ceiling_median]))
        .fold(0.0, |top: f64, &value| top.max(value));
    let picture = draw((PANEL.0 * across as u32, PANEL.1 * rows as u32), |root| {
        root.split_evenly((rows, across))
            .iter()
            .zip(&followed)
            .try_for_each(|(panel, (name, metrics, path))| plot(panel, name, metrics, path, top * 1.05))
    })?;
    write(&picture, file)
}

fn plot(panel: &Area, name: &str, metrics: &Metrics, path: &Path, top: f64) -> Result<()> {
    let steps = path.median.len() as f64;
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("{name}: rank correlation {:.2}", path.spearman_median), (FONT, 15))
        .margin(8)
        .margin_right(16)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(1.0..steps.max(2.0), 0.0..top)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(230, 230, 230))
        .x_desc("denoising step")
        .y_desc("deviation")
        .x_labels(5)
        .y_labels(5)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .draw()
        .map_err(failed)?;
    let along = |values: &[f64]| -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(step, &value)| (step as f64 + 1.0, value)).collect()
    };
    let level = |value: f64, colour: RGBColor| LineSeries::new([(1.0, value), (steps.max(2.0), value)], colour);
    let mut band = along(&path.upper_quartile);
    band.extend(along(&path.lower_quartile).into_iter().rev());
    chart.draw_series([Polygon::new(band, CURVE.mix(0.2))]).map_err(failed)?;
    chart.draw_series(level(metrics.deviation.floor_median, FLOOR)).map_err(failed)?;
    chart.draw_series(level(metrics.deviation.ceiling_median, CEILING)).map_err(failed)?;
    chart.draw_series(LineSeries::new(along(&path.median), CURVE.stroke_width(2))).map_err(failed)?;
    Ok(())
}
