//! The figures of a training run over its steps.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;

use super::{Area, FONT, draw, failed, label};
use crate::picture::write;
use crate::train::{Curve, curves};

/// Width and height of a figure's panel, pixels.
const PANEL: (u32, u32) = (380, 260);
/// Panels side by side.
const ACROSS: usize = 4;
const EACH: RGBColor = RGBColor(170, 190, 215);
const SMOOTH: RGBColor = RGBColor(30, 90, 160);
/// Share of a run that a smoothed value looks back on.
const LOOK_BACK: f64 = 0.02;
/// Greatest over least value from which an axis is logarithmic.
const WIDE: f64 = 8.0;
/// Most points that are drawn.
const POINTS: usize = 2000;

/// Draws every figure in a run's CSV files, those of steps with their running mean, as `curves.png` beside them.
///
/// # Errors
/// When the files cannot be read or the picture cannot be written.
pub fn save_curves(directory: &Path) -> Result<()> {
    let [steps, validation] = curves(directory)?;
    let panels: Vec<(&Curve, bool)> =
        steps.iter().map(|curve| (curve, false)).chain(validation.iter().map(|curve| (curve, true))).collect();
    let across = panels.len().clamp(1, ACROSS);
    let down = panels.len().div_ceil(across).max(1);
    let picture = draw((PANEL.0 * across as u32, PANEL.1 * down as u32), |root| {
        root.split_evenly((down, across))
            .iter()
            .zip(&panels)
            .try_for_each(|(panel, (curve, held_out))| plot(panel, curve, *held_out))
    })?;
    write(&picture, &directory.join("curves.png"))
}

fn plot(panel: &Area, curve: &Curve, held_out: bool) -> Result<()> {
    let values = || curve.points.iter().map(|&(_, value)| value);
    let (least, greatest) = values().fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
    let is_wide = least > 0.0 && greatest / least > WIDE;
    let place = |value: f64| if is_wide { value.log10() } else { value };
    let range = if is_wide { place(least)..place(greatest) } else { least.min(0.0)..greatest.max(least + 1e-9) };
    let last = curve.points.last().map_or(1.0, |&(step, _)| step.max(1.0));
    let title = if held_out { format!("{}, held out", curve.name) } else { curve.name.clone() };
    let mut chart = ChartBuilder::on(panel)
        .caption(title, (FONT, 15))
        .margin(8)
        .margin_right(20)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..last, range)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(230, 230, 230))
        .x_desc("step")
        .x_labels(5)
        .y_labels(5)
        .x_label_formatter(&label)
        .y_label_formatter(&|at: &f64| if is_wide { format!("{:.2e}", 10f64.powf(*at)) } else { label(at) })
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .draw()
        .map_err(failed)?;
    let every = curve.points.len().div_ceil(POINTS).max(1);
    let drawn = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().step_by(every).map(|&(step, value)| (step, place(value))).collect()
    };
    if held_out {
        chart.draw_series(LineSeries::new(drawn(&curve.points), SMOOTH.stroke_width(2))).map_err(failed)?;
        let dots = drawn(&curve.points).into_iter().map(|point| Circle::new(point, 3, SMOOTH.filled()));
        chart.draw_series(dots).map_err(failed)?;
    } else {
        chart.draw_series(LineSeries::new(drawn(&curve.points), EACH)).map_err(failed)?;
        chart.draw_series(LineSeries::new(drawn(&smoothed(&curve.points)), SMOOTH.stroke_width(2))).map_err(failed)?;
    }
    Ok(())
}

/// Running means: each point's share falls off exponentially over [`LOOK_BACK`] of the run.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let share = 1.0 / (LOOK_BACK * points.len() as f64).max(1.0);
    let mut mean = points.first().map_or(0.0, |&(_, value)| value);
    points
        .iter()
        .map(|&(step, value)| {
            mean += share * (value - mean);
            (step, mean)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runs_figures_become_panels() {
        let dir = tempfile::tempdir().unwrap();
        let lines: String = (1..=300).map(|i| format!("{i},{i},0.1,loss,{}\n", 10.0 / f64::from(i))).collect();
        let head = "step,samples,seconds,figure,value\n";
        std::fs::write(dir.path().join("steps.csv"), format!("{head}{lines}")).unwrap();
        std::fs::write(dir.path().join("validation.csv"), format!("{head}300,300,9.0,error,0.5\n")).unwrap();
        save_curves(dir.path()).unwrap();
        let picture = image::open(dir.path().join("curves.png")).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (2 * PANEL.0, PANEL.1));
        let blue = |panel: u32| {
            let across = panel * PANEL.0..(panel + 1) * PANEL.0;
            across
                .flat_map(|x| (0..PANEL.1).map(move |y| (x, y)))
                .filter(|&(x, y)| picture.get_pixel(x, y).0 == [30, 90, 160])
                .count()
        };
        assert!(blue(0) > 200 && blue(1) > 10, "{} {}", blue(0), blue(1));
    }

    #[test]
    fn smoothing_keeps_what_is_constant_and_calms_what_is_not() {
        let constant: Vec<_> = (0..100).map(|i| (f64::from(i), 3.0)).collect();
        assert_eq!(smoothed(&constant), constant);
        let noisy: Vec<_> = (0..1000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        assert!(smoothed(&noisy).iter().skip(300).all(|&(_, v)| (v - 0.5).abs() < 0.1));
    }
}
