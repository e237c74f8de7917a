//! Pictures with axes: shot gathers in metres and seconds, a wavefield that runs over its velocity map, curves.

mod curves;
mod paths;
mod unseen;

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Result, anyhow, bail};
use image::{ImageFormat, RgbImage};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::Wavefield;

use crate::files;
use crate::picture::mix;

pub use curves::save_curves;
pub use paths::save_paths;
pub use unseen::save_unseen;

/// Name under which the font is known to the plots.
const FONT: &str = "sans-serif";

/// Width and height of a gather's panel, pixels.
const GATHER: (u32, u32) = (300, 420);
/// Shots side by side.
const ACROSS: usize = 5;
/// Share of the amplitudes that are drawn as they are; louder ones are black or white.
const SHOWN: f64 = 0.98;

/// Pixels of a frame's longer axis.
const FRAME: u32 = 480;
/// Room for axes and title around a frame, pixels.
const AROUND: (u32, u32) = (76, 84);
/// Greys of a velocity map's slowest and fastest cells: light, for the wave to stand out.
const GROUND: ([u8; 3], [u8; 3]) = ([245; 3], [145; 3]);
/// Frames a second.
const RATE: u16 = 20;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// What a picture shows along an axis.
struct Axis {
    name: &'static str,
    range: Range<f64>,
}

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

/// Writes a picture as a PNG.
fn write(picture: &RgbImage, path: &Path) -> Result<()> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    files::replace(path, bytes.get_ref())
}

/// Draws a wavefield, red above zero and blue below, over its velocity map in greys, darker where faster, and writes the frames as an animated PNG.
///
/// `interval` is the time between two snapshots in seconds, `spacing` the cell size in metres.
///
/// # Errors
/// When there is no frame or the file cannot be written.
pub fn save_wavefield(
    wavefield: &Wavefield,
    map: &VelocityMap,
    interval: f64,
    spacing: f64,
    path: &Path,
) -> Result<()> {
    let &Wavefield { frames, nz, nx, ref values } = wavefield;
    if frames == 0 {
        bail!("there is no snapshot to show: the survey ends before the first");
    }
    let scale = f64::from(FRAME) / nz.max(nx) as f64;
    let pixels = |cells: usize, around: u32| ((cells as f64 * scale).round() as u32).max(1) + around;
    let size = (pixels(nx, AROUND.0), pixels(nz, AROUND.1));
    let clip = loudness(values);
    let (slowest, fastest) = map.range();
    let ground: Vec<_> = map
        .values()
        .iter()
        .map(|velocity| mix(GROUND.0, GROUND.1, (velocity - slowest) / (fastest - slowest).max(1.0)))
        .collect();
    let across = Axis { name: "distance (m)", range: 0.0..nx as f64 * spacing };
    let down = Axis { name: "depth (m)", range: 0.0..nz as f64 * spacing };

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(u32::try_from(frames)?, 0)?;
    encoder.set_frame_delay(1, RATE)?;
    let mut writer = encoder.write_header()?;
    for (index, frame) in values.chunks_exact(nz * nx).enumerate() {
        let title = format!("t = {:.3} s", (index + 1) as f64 * interval);
        let picture = draw(size, |root| {
            plot(root, &title, &across, &down, |x, z| {
                let (x, z) = (((x / spacing) as usize).min(nx - 1), ((z / spacing) as usize).min(nz - 1));
                let wave = (frame[z * nx + x] / clip).clamp(-1.0, 1.0);
                let over = if wave > 0.0 { [200, 20, 20] } else { [20, 40, 220] };
                let [red, green, blue] = mix(ground[z * nx + x], over, wave.abs());
                RGBColor(red, green, blue)
            })
        })?;
        writer.write_image_data(picture.as_raw())?;
    }
    writer.finish()?;
    files::replace(path, &bytes)
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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::BufReader;

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

    #[test]
    fn a_wavefield_becomes_a_frame_a_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("waves.png");
        let map = VelocityMap::new(4, 6, vec![2000.0; 24]).unwrap();
        let mut wavefield = Wavefield { frames: 3, nz: 4, nx: 6, values: vec![0.0; 72] };
        wavefield.values[24..48].fill(1.0);
        save_wavefield(&wavefield, &map, 0.01, 10.0, &path).unwrap();
        let mut reader = png::Decoder::new(BufReader::new(File::open(&path).unwrap())).read_info().unwrap();
        assert_eq!(reader.info().animation_control.map(|control| control.num_frames), Some(3));
        assert_eq!(reader.info().size(), (FRAME + AROUND.0, 320 + AROUND.1));
        let mut middle = || {
            let mut frame = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut frame).unwrap();
            let at = (info.height / 2 * info.width + info.width / 2) as usize * 3;
            [frame[at], frame[at + 1], frame[at + 2]]
        };
        assert_eq!([middle(), middle()], [GROUND.0, [200, 20, 20]]);
        let nothing = Wavefield { frames: 0, values: vec![], ..wavefield };
        assert!(save_wavefield(&nothing, &map, 0.01, 10.0, &path).is_err());
    }
}
