//! Pairs of velocity maps and shot gathers on disk: what `synth` writes and OpenFWI's own folders alike.
//!
//! A directory is searched, folders within folders, for files of velocity maps, (N, 1, nz, nx): `model<k>.npy`, whose
//! gathers, (N, shots, samples, receivers), are in `data<k>.npy`, and `vel<k>.npy` with `seis<k>.npy`. A file's partner
//! lies beside it or, where OpenFWI keeps them apart, in the folder `data` next to its folder `model`. Opening checks
//! shapes and lengths; values are read, and checked, pair by pair.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::npy::NpyLayout;
use wavediffusion::signal::Normalisation;
use wavediffusion::velocity_map::VelocityMap;

/// Names of files of velocity maps and of gathers, before their number.
const NAMES: [(&str, &str); 2] = [("model", "data"), ("vel", "seis")];
/// How deep folders within folders are searched.
const DEPTH: usize = 8;

/// The pairs of a directory, in the order of their files' names.
#[derive(Debug)]
pub struct Dataset {
    directory: PathBuf,
    shards: Vec<Shard>,
    /// Number of pairs in each shard and those before it.
    ends: Vec<usize>,
}

/// A file of velocity maps and its partner.
#[derive(Debug)]
struct Shard {
    velocity: (PathBuf, NpyLayout),
    seismic: (PathBuf, NpyLayout),
    family: Option<Family>,
}

impl Dataset {
    /// Finds the pairs in `dir`.
    ///
    /// # Errors
    /// When there are none, a file has no partner, is damaged or of a shape that the others do not have.
    pub fn open(dir: &Path) -> Result<Self> {
        let mut files = Vec::new();
        find_velocity_files(dir, DEPTH, &mut files).with_context(|| format!("cannot search {}", dir.display()))?;
        files.sort();
        let shards = files.iter().map(|file| Shard::open(dir, &file.path)).collect::<Result<Vec<_>>>()?;
        let Some(first) = shards.first() else {
            bail!("{} holds no pairs: no model<k>.npy with data<k>.npy, no vel<k>.npy with seis<k>.npy", dir.display());
        };
        for shard in &shards {
            for (found, expected) in [(&shard.velocity, &first.velocity), (&shard.seismic, &first.seismic)] {
                ensure!(
                    found.1.shape()[1..] == expected.1.shape()[1..],
                    "{} has records of shape {:?}, but {} has {:?}; all pairs must have one shape",
                    found.0.display(),
                    &found.1.shape()[1..],
                    expected.0.display(),
                    &expected.1.shape()[1..]
                );
            }
        }
        let ends = shards.iter().scan(0, |end, shard| {
            *end += shard.pairs();
            Some(*end)
        });
        Ok(Self { directory: dir.to_owned(), ends: ends.collect(), shards })
    }

    /// Where the pairs are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses pairs of other shapes than maps of `cells` (nz, nx) and gathers of `traces` (shots, samples, receivers).
    ///
    /// # Errors
    /// A sentence with both shapes.
    pub fn check(&self, cells: [usize; 2], traces: [usize; 3]) -> Result<()> {
        // All are alike: opening has checked that.
        let Some(shard) = self.shards.first() else { return Ok(()) };
        let (maps, gathers) = (&shard.velocity.1.shape()[2..], &shard.seismic.1.shape()[1..]);
        ensure!(
            maps == cells && gathers == traces,
            "the maps have {maps:?} cells (nz, nx) and the gathers {gathers:?} values (shots, samples, receivers); the model \
             needs {cells:?} and {traces:?}"
        );
        Ok(())
    }

    /// Family of a pair, where its folder's name tells.
    ///
    /// # Panics
    /// When there is no such pair.
    pub fn family(&self, index: usize) -> Option<Family> {
        self.locate(index).0.family
    }

    /// Velocity map of a pair.
    ///
    /// # Errors
    /// When the file cannot be read or holds a value outside OpenFWI's range of velocities.
    ///
    /// # Panics
    /// When there is no such pair.
    pub fn velocity(&self, index: usize) -> Result<VelocityMap> {
        let (shard, record) = self.locate(index);
        let (path, layout) = &shard.velocity;
        let read = || -> Result<VelocityMap> {
            let values = layout.read_record(File::open(path)?, record)?;
            let (nz, nx) = (layout.shape()[2], layout.shape()[3]);
            let map = VelocityMap::new(nz, nx, values)?;
            let [low, high] = Normalisation::OPENFWI.velocity;
            let (slowest, fastest) = map.range();
            ensure!(
                slowest >= low && fastest <= high,
                "velocities from {slowest} to {fastest} m/s; models are trained on {low}..{high} m/s"
            );
            Ok(map)
        };
        read().with_context(|| format!("map {record} of {}", path.display()))
    }

    /// Shot gathers of a pair.
    ///
    /// # Errors
    /// When the file cannot be read or holds a value that is not finite.
    ///
    /// # Panics
    /// When there is no such pair.
    pub fn gathers(&self, index: usize) -> Result<Gathers> {
        let (shard, record) = self.locate(index);
        let (path, layout) = &shard.seismic;
        let read = || -> Result<Gathers> {
            let values = layout.read_record(File::open(path)?, record)?;
            let shape = layout.shape();
            Ok(Gathers::new(shape[1], shape[2], shape[3], values)?)
        };
        read().with_context(|| format!("gathers {record} of {}", path.display()))
    }

    /// Shard and record of a pair.
    fn locate(&self, index: usize) -> (&Shard, usize) {
        assert!(index < self.len(), "pair {index} of {}", self.len());
        let shard = self.ends.partition_point(|&end| end <= index);
        let start = if shard == 0 { 0 } else { self.ends[shard - 1] };
        (&self.shards[shard], index - start)
    }
}

impl Shard {
    fn open(root: &Path, velocity: &Path) -> Result<Self> {
        let seismic = partner(velocity)?;
        let layout = |path: &Path, what: &str| -> Result<NpyLayout> {
            let layout = NpyLayout::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            let shape = layout.shape();
            ensure!(
                shape.len() == 4 && !shape.contains(&0) && !layout.is_fortran(),
                "{} holds an array of shape {shape:?}{}; {what} in C order is accepted",
                path.display(),
                if layout.is_fortran() { " in Fortran order" } else { "" }
            );
            Ok(layout)
        };
        let velocity_layout = layout(velocity, "(N, 1, nz, nx)")?;
        let seismic_layout = layout(&seismic, "(N, shots, samples, receivers)")?;
        ensure!(
            velocity_layout.shape()[1] == 1,
            "{} holds an array of shape {:?}; (N, 1, nz, nx) is accepted",
            velocity.display(),
            velocity_layout.shape()
        );
        ensure!(
            velocity_layout.shape()[0] == seismic_layout.shape()[0],
            "{} holds {} maps, but {} holds gathers of {}",
            velocity.display(),
            velocity_layout.shape()[0],
            seismic.display(),
            seismic_layout.shape()[0]
        );
        let family = family_of(velocity.strip_prefix(root).unwrap_or(velocity)).or_else(|| {
            // Its own name alone: folders above it may be called anything.
            root.canonicalize().ok().and_then(|root| family_in(&root.file_name()?.to_string_lossy()))
        });
        Ok(Self { velocity: (velocity.to_owned(), velocity_layout), seismic: (seismic, seismic_layout), family })
    }

    fn pairs(&self) -> usize {
        self.velocity.1.shape()[0]
    }
}

/// A file of velocity maps, in natural order: `model2` comes before `model10`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct VelocityFile {
    folder: PathBuf,
    numbers: Vec<u64>,
    path: PathBuf,
}

fn find_velocity_files(dir: &Path, depth: usize, found: &mut Vec<VelocityFile>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth > 0 {
                find_velocity_files(&path, depth - 1, found)?;
            }
        } else if let Some((_, number)) = split_name(&path) {
            let numbers = number.split('_').filter_map(|n| n.parse().ok()).collect();
            found.push(VelocityFile { folder: dir.to_owned(), numbers, path });
        }
    }
    Ok(())
}

/// Prefix of the gathers' name, and number, of a file of velocity maps.
fn split_name(path: &Path) -> Option<(&'static str, String)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".npy")?;
    NAMES.iter().find_map(|(velocity, seismic)| {
        let number = stem.strip_prefix(velocity)?;
        let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '_');
        is_number.then(|| (*seismic, number.to_owned()))
    })
}

/// The file of gathers that belongs to a file of velocity maps.
fn partner(velocity: &Path) -> Result<PathBuf> {
    let (prefix, number) = split_name(velocity).context("not a file of velocity maps")?;
    let name = format!("{prefix}{number}.npy");
    let beside = velocity.with_file_name(&name);
    let folder = velocity.parent().filter(|folder| folder.ends_with("model"));
    let apart = folder.map(|folder| folder.with_file_name("data").join(&name));
    match [Some(beside), apart].into_iter().flatten().find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!("{} has no {name} beside it, nor in a folder `data` next to its own", velocity.display()),
    }
}

/// Family that a path's components name, the last one first; `FlatVel_A`, `flatvel-a` and `FlatVelA_test` all do.
fn family_of(path: &Path) -> Option<Family> {
    path.components().rev().find_map(|component| family_in(&component.as_os_str().to_string_lossy()))
}

/// Family that a folder's name contains, not counting separators. No letter follows it: `FlatVel_all` names none.
fn family_in(name: &str) -> Option<Family> {
    let letters: Vec<(usize, char)> =
        name.char_indices().filter(|(_, c)| !"-_ ".contains(*c)).map(|(at, c)| (at, c.to_ascii_lowercase())).collect();
    Family::ALL.into_iter().find(|family| {
        let wanted: Vec<char> = family.name().to_ascii_lowercase().chars().filter(|c| *c != '-').collect();
        letters.windows(wanted.len()).any(|window| {
            let ends = window.last().and_then(|(at, c)| name[at + c.len_utf8()..].chars().next());
            window.iter().map(|(_, c)| c).eq(&wanted) && !ends.is_some_and(char::is_alphabetic)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavediffusion::npy;

    /// Writes `pairs` pairs, pair `k` of constant velocity and amplitude `first + k`.
    fn write(dir: &Path, (velocity, seismic): (&str, &str), first: f32, pairs: usize) {
        let constant = |cells: usize| -> Vec<f32> {
            (0..pairs).flat_map(|k| std::iter::repeat_n(first + k as f32, cells)).collect()
        };
        for (name, shape) in [(velocity, [pairs, 1, 3, 4]), (seismic, [pairs, 2, 5, 4])] {
            fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            let bytes = npy::to_bytes(&shape, &constant(shape[1..].iter().product())).unwrap();
            fs::write(dir.join(name), bytes).unwrap();
        }
    }

    fn refusal(dir: &Path) -> String {
        format!("{:#}", Dataset::open(dir).unwrap_err())
    }

    #[test]
    fn every_layout_of_openfwi_is_read_in_natural_order() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), ("FlatVel-A/model2.npy", "FlatVel-A/data2.npy"), 2000.0, 2);
        write(dir.path(), ("FlatVel-A/model10.npy", "FlatVel-A/data10.npy"), 3000.0, 1);
        write(dir.path(), ("CurveFault_B/vel2_1_0.npy", "CurveFault_B/seis2_1_0.npy"), 1600.0, 1);
        write(dir.path(), ("Style_A/model/model1.npy", "Style_A/data/data1.npy"), 4000.0, 1);
        write(dir.path(), ("mine/model1.npy", "mine/data1.npy"), 4100.0, 1);
        let data = Dataset::open(dir.path()).unwrap();
        let velocities: Vec<f32> = (0..data.len()).map(|i| data.velocity(i).unwrap().at(2, 3)).collect();
        assert_eq!(velocities, [1600.0, 2000.0, 2001.0, 3000.0, 4000.0, 4100.0]);
        let amplitudes: Vec<f32> = (0..data.len()).map(|i| data.gathers(i).unwrap().values()[39]).collect();
        assert_eq!(amplitudes, velocities);
        let families: Vec<_> = (0..data.len()).map(|i| data.family(i)).collect();
        use Family::{CurveFaultB, FlatVelA, StyleA};
        assert_eq!(families, [Some(CurveFaultB), Some(FlatVelA), Some(FlatVelA), Some(FlatVelA), Some(StyleA), None]);
        assert_eq!(data.gathers(0).unwrap().shape(), [2, 5, 4]);
    }

    #[test]
    fn the_opened_folder_itself_can_name_the_family() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("FlatFaultA_test");
        write(&folder, ("model1.npy", "data1.npy"), 2000.0, 1);
        assert_eq!(Dataset::open(&folder).unwrap().family(0), Some(Family::FlatFaultA));
    }

    #[test]
    fn a_family_is_only_named_where_no_letter_follows() {
        use Family::{CurveFaultB, FlatVelA, StyleB};
        for name in ["FlatVel_A", "flatvel-a", "FlatVelA_test", "my FlatVel A 2", "FlatVel-A"] {
            assert_eq!(family_in(name), Some(FlatVelA), "{name}");
        }
        assert_eq!([family_in("CurveFault_B"), family_in("style_b.1")], [Some(CurveFaultB), Some(StyleB)]);
        for name in ["FlatVel_all", "CurveFault_both", "FlatFault_archive", "style-based-gan", "Style", "é"] {
            assert_eq!(family_in(name), None, "{name}");
        }
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("Style_B/pairs");
        write(&folder, ("model1.npy", "data1.npy"), 2000.0, 1);
        assert_eq!(Dataset::open(&folder).unwrap().family(0), None, "only the opened folder's own name counts");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        assert!(refusal(dir.path()).contains("holds no pairs"));
        write(dir.path(), ("model1.npy", "data1.npy"), 2000.0, 2);
        write(dir.path(), ("other/model1.npy", "elsewhere/data1.npy"), 2000.0, 1);
        assert!(refusal(dir.path()).contains("has no data1.npy beside it"));
        write(dir.path(), ("other/model1.npy", "other/data1.npy"), 2000.0, 1);
        assert!(Dataset::open(dir.path()).is_ok());
        write(dir.path(), ("nowhere/model1.npy", "other/data1.npy"), 2000.0, 3);
        fs::remove_dir_all(dir.path().join("nowhere")).unwrap();
        assert!(refusal(dir.path()).contains("holds 1 maps, but"));
        let flat = npy::to_bytes(&[1, 3, 4], &[2000.0; 12]).unwrap();
        fs::write(dir.path().join("other/model1.npy"), flat).unwrap();
        assert!(refusal(dir.path()).contains("[1, 3, 4]; (N, 1, nz, nx)"));
        let narrow = npy::to_bytes(&[3, 1, 2, 4], &[2000.0; 24]).unwrap();
        fs::write(dir.path().join("other/model1.npy"), &narrow).unwrap();
        assert!(refusal(dir.path()).contains("all pairs must have one shape"));
        fs::write(dir.path().join("other/model1.npy"), &narrow[..100]).unwrap();
        assert!(refusal(dir.path()).contains("other/model1.npy"));
    }

    #[test]
    fn values_are_checked_when_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), ("model1.npy", "data1.npy"), 1499.0, 2);
        let data = Dataset::open(dir.path()).unwrap();
        assert!(format!("{:#}", data.velocity(0).unwrap_err()).contains("1499 to 1499 m/s; models are trained on"));
        assert!(data.velocity(1).is_ok());
    }
}
