//! Shot gathers in metres and seconds.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, SurveyConfig};

use super::{Axis, draw, loudness, plot};
use crate::picture::write;

/// Width and height of a gather's panel, pixels.
const GATHER: (u32, u32) = (300, 420);
/// Shots side by side.
const ACROSS: usize = 5;

/// Draws each shot's gather, (samples, receivers), on one scale, and writes them as a PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn save_gathers(gathers: &Gathers, survey: &SurveyConfig, path: &Path) -> Result<()> {
    let [shots, samples, receivers] = gathers.shape();
    let across = shots.min(ACROSS);
    let size = (GATHER.0 * across as u32, GATHER.1 * shots.div_ceil(across) as u32);
    let clip = loudness(gathers.values());
    let offsets = Offsets::new(survey);
    let picture = draw(size, |root| {
        let panels = root.split_evenly((shots.div_ceil(across), across));
        let each = gathers.values().chunks_exact(samples * receivers).zip(&survey.sources);
        for (panel, (index, (gather, source))) in panels.iter().zip(each.enumerate()) {
            let (x, z) = (source.x as f64 * survey.spacing, source.z as f64 * survey.spacing);
            let title = format!("shot {index}: x = {x} m, z = {z} m");
            let time = Axis { name: "time (s)", range: 0.0..samples as f64 * survey.dt };
            plot(panel, &title, offsets.axis(), &time, |offset, time| {
                let sample = ((time / survey.dt) as usize).min(samples - 1);
                let value = gather[sample * receivers + offsets.receiver(offset)];
                let grey = ((value / clip).clamp(-1.0, 1.0) * 127.0 + 128.0) as u8;
                RGBColor(grey, grey, grey)
            })?;
        }
        Ok(())
    })?;
    write(&picture, path)
}

/// Where the receivers are along the axis of a gather.
struct Offsets {
    axis: Axis,
    positions: Vec<f64>,
}

impl Offsets {
    /// Distances along a row of receivers, depths along a column, or the receivers' numbers.
    fn new(survey: &SurveyConfig) -> Self {
        let receivers = &survey.receivers;
        let line = |fixed: fn(&Cell) -> usize, along: fn(&Cell) -> usize| {
            let one_line = receivers
                .windows(2)
                .all(|pair| fixed(&pair[0]) == fixed(&pair[1]) && along(&pair[0]) < along(&pair[1]));
            let positions = receivers.iter().map(|cell| along(cell) as f64 * survey.spacing).collect();
            (one_line && receivers.len() > 1).then_some(positions)
        };
        let (name, positions): (_, Vec<f64>) = match (line(|c| c.z, |c| c.x), line(|c| c.x, |c| c.z)) {
            (Some(distances), _) => ("distance (m)", distances),
            (None, Some(depths)) => ("depth (m)", depths),
            (None, None) => ("receiver", (1..=receivers.len()).map(|number| number as f64).collect()),
        };
        let (first, last) = (positions[0], positions[positions.len() - 1]);
        let range = if first < last { first..last } else { first - 0.5..last + 0.5 };
        Self { axis: Axis { name, range }, positions }
    }

    fn axis(&self) -> &Axis {
        &self.axis
    }

    /// The receiver nearest to a place on the axis.
    fn receiver(&self, offset: f64) -> usize {
        let after = self.positions.partition_point(|&position| position < offset);
        let nearer_before = |i: usize| {
            i > 0 && (i == self.positions.len() || offset - self.positions[i - 1] < self.positions[i] - offset)
        };
        if nearer_before(after) { after - 1 } else { after }
    }
}

#[cfg(test)]
mod tests {
    use wavediffusion::survey::Survey;

    use super::*;

    fn survey(receivers: Vec<Cell>) -> SurveyConfig {
        SurveyConfig { receivers, samples: 50, ..Survey::openfwi().config().clone() }
    }

    #[test]
    fn receivers_lie_along_a_row_a_column_or_their_numbers() {
        let named = |receivers| {
            let offsets = Offsets::new(&survey(receivers));
            (offsets.axis.name, offsets.axis.range.clone(), offsets.receiver(offsets.axis.range.end))
        };
        let row = |columns: [usize; 3]| columns.map(|x| Cell { z: 1, x }).to_vec();
        assert_eq!(named(row([0, 1, 5])), ("distance (m)", 0.0..50.0, 2));
        assert_eq!(named((2..6).map(|z| Cell { z, x: 3 }).collect()), ("depth (m)", 20.0..50.0, 3));
        assert_eq!(named(row([5, 1, 3])), ("receiver", 1.0..3.0, 2));
        assert_eq!(named(vec![Cell { z: 1, x: 1 }]), ("receiver", 0.5..1.5, 0));
    }

    #[test]
    fn the_nearest_receiver_is_shown() {
        let offsets = Offsets::new(&survey([0, 1, 5].map(|x| Cell { z: 1, x }).to_vec()));
        assert_eq!([0.0, 4.0, 6.0, 29.0, 31.0, 50.0].map(|offset| offsets.receiver(offset)), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn gathers_are_drawn_between_axes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gathers.png");
        let survey = survey((0..70).map(|x| Cell { z: 1, x }).collect());
        let mut gathers = Gathers::zeros(5, 50, 70);
        gathers.values_mut().fill(1.0);
        save_gathers(&gathers, &survey, &path).unwrap();
        let picture = image::open(&path).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (1500, 420));
        assert_eq!(picture.get_pixel(0, 0).0, [255; 3]);
        let black = picture.pixels().filter(|pixel| pixel.0 == [0; 3]).count();
        assert!(black > 100, "axes and letters are black: {black} pixels");
    }
}
