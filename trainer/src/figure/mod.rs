//! Pictures with axes, and what they share: font, axes, colours between them.

mod curves;
mod gathers;
mod paths;
mod unseen;
mod wavefield;

use std::ops::Range;
use std::sync::LazyLock;

use anyhow::{Result, anyhow, bail};
use image::RgbImage;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

pub use curves::save_curves;
pub use gathers::save_gathers;
pub use paths::save_paths;
pub use unseen::save_unseen;
pub use wavefield::save_wavefield;

/// Name under which the font is known to the plots.
const FONT: &str = "sans-serif";

/// Share of the amplitudes that are drawn as they are; louder ones are black or white.
const SHOWN: f64 = 0.98;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// What a picture shows along an axis.
struct Axis {
    name: &'static str,
    range: Range<f64>,
}

/// The amplitude that all but the loudest few stay below, counting those that are not silent.
fn loudness(values: &[f32]) -> f32 {
    let loudest = values.iter().fold(0.0f32, |loudest, v| loudest.max(v.abs()));
    let mut heard: Vec<f32> = values.iter().map(|v| v.abs()).filter(|&v| v > 1e-4 * loudest).collect();
    if heard.is_empty() {
        return 1.0;
    }
    let rank = ((heard.len() - 1) as f64 * SHOWN) as usize;
    *heard.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// A white picture that `paint` draws on.
fn draw(size: (u32, u32), paint: impl FnOnce(&Area) -> Result<()>) -> Result<RgbImage> {
    static FONT_IS_KNOWN: LazyLock<bool> =
        LazyLock::new(|| register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    if !*FONT_IS_KNOWN {
        bail!("the font of the figures is damaged");
    }
    let mut picture = RgbImage::new(size.0, size.1);
    let root = BitMapBackend::with_buffer(&mut picture, size).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    paint(&root)?;
    root.present().map_err(failed)?;
    drop(root);
    Ok(picture)
}

/// Draws a title, two axes, the second downward, and the colour of each place between them.
fn plot(area: &Area, title: &str, across: &Axis, down: &Axis, colour: impl Fn(f64, f64) -> RGBColor) -> Result<()> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 15))
        .margin(8)
        .margin_right(16)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d(across.range.clone(), down.range.end..down.range.start)
        .map_err(failed)?;
    let plane = chart.plotting_area().strip_coord_spec();
    let (width, height) = plane.dim_in_pixel();
    let place = |range: &Range<f64>, pixel: u32, pixels: u32| {
        range.start + (range.end - range.start) * (f64::from(pixel) + 0.5) / f64::from(pixels)
    };
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let colour = colour(place(&across.range, column, width), place(&down.range, row, height));
        plane.draw_pixel((column as i32, row as i32), &colour).map_err(failed)?;
    }
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc(across.name)
        .y_desc(down.name)
        .x_labels(5)
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .draw()
        .map_err(failed)?;
    Ok(())
}

/// A number at a tick, without the digits that say nothing.
#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that plotters asks for
fn label(value: &f64) -> String {
    ((value * 1e6).round() / 1e6).to_string()
}

fn failed(error: impl std::error::Error) -> anyhow::Error {
    anyhow!("cannot draw the figure: {error}")
}
