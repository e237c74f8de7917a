//! A wavefield that runs over its velocity map.

use std::path::Path;

use anyhow::{Result, bail};
use plotters::prelude::*;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::Wavefield;

use super::{Axis, draw, loudness, plot};
use crate::files;
use crate::picture::mix;

/// Pixels of a frame's longer axis.
const FRAME: u32 = 480;
/// Room for axes and title around a frame, pixels.
const AROUND: (u32, u32) = (76, 84);
/// Greys of a velocity map's slowest and fastest cells: light, for the wave to stand out.
const GROUND: ([u8; 3], [u8; 3]) = ([245; 3], [145; 3]);
/// Frames a second.
const RATE: u16 = 20;

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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::BufReader;

    use super::*;

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
