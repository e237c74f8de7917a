//! Writes synthetic pairs as OpenFWI's files, shard by shard, so that an interruption at any point costs at most the
//! shard being written.
//!
//! A family's shard `k` (from 1) is `<family>/model<k>.npy`, (pairs, 1, 70, 70), and `<family>/data<k>.npy`,
//! (pairs, shots, samples, receivers), both `f32`. Files take their final names when complete and the manifest lists
//! them after that. Families take turns, so that an early stop leaves a balanced set.
//!
//! Machines can share the work: each makes one part of the files, into one directory that all of them see or into its own,
//! and keeps a manifest of its own, `manifest-2-of-4.json`. A run of the whole, wherever the files have come together, takes
//! what the parts have made for finished, makes what is missing, and leaves what one machine alone would have left.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use rayon::prelude::*;
use wavediffusion::family::Family;
use wavediffusion::npy::NpyWriter;
use wavediffusion::output::TEMPORARY_SUFFIX;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;

use super::manifest::{self, FileEntry, Manifest, Shard};
use super::{CELLS, Part, Sketch, VELOCITIES, sketch};
use crate::simulation::{BATCH, simulate};

/// Name of the file that a run holds locked.
const LOCK_NAME: &str = ".lock";
/// What is to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Families, in turn.
    pub families: Vec<Family>,
    /// Pairs of each family.
    pub count: usize,
    /// Seed of every family's sequence.
    pub seed: u64,
    /// Pairs in a file.
    pub shard_size: usize,
    /// The survey to simulate.
    pub survey: Survey,
    /// The part of the files to make; all of them without it.
    pub part: Option<Part>,
}

impl Plan {
    /// Family, number (from 0) and number of pairs of each shard of the part, in the order of making.
    fn shards(&self) -> impl Iterator<Item = (Family, usize, usize)> + '_ {
        let all = (0..self.count.div_ceil(self.shard_size)).flat_map(move |number| {
            let pairs = self.shard_size.min(self.count - number * self.shard_size);
            self.families.iter().map(move |&family| (family, number, pairs))
        });
        all.enumerate().filter(|(file, _)| self.part.is_none_or(|part| part.makes(*file))).map(|(_, shard)| shard)
    }

    /// Number of pairs of the part.
    pub fn pairs(&self) -> usize {
        self.shards().map(|(_, _, pairs)| pairs).sum()
    }
}

/// What the names of files of velocity maps and of gathers begin with.
const KINDS: [&str; 2] = ["model", "data"];

/// Names of a shard's velocity maps and gathers in the directory of the data.
fn names(family: Family, number: usize) -> [String; 2] {
    KINDS.map(|kind| format!("{family}/{kind}{}.npy", number + 1))
}

/// How far [`write()`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is there.
    Complete,
    /// Told to stop; running it again goes on from the last finished shard.
    Interrupted,
}

/// What [`write()`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A shard of so many pairs was there already.
    Kept(usize),
    /// So many more pairs are made.
    Made(usize),
}

/// Makes what the plan asks for and `dir` lacks, simulating on `device`. Reports every step, and looks at `stop` between
/// them.
///
/// # Errors
/// When the survey cannot be run on every map, `dir` holds data made otherwise, or a file cannot be written.
pub fn write(dir: &Path, plan: &Plan, device: &Device, stop: &AtomicBool, report: impl Fn(Step)) -> Result<Outcome> {
    check_survey(&plan.survey)?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let _locks = lock(dir, plan.part)?;
    let mut manifest = Manifest::resume(dir, plan)?;
    remove_unfinished(dir, plan)?;
    if plan.part.is_some() {
        // Now rather than after the first file, so that a run of another number of parts is refused.
        manifest.save(dir, plan.part)?;
    }
    for (family, number, pairs) in plan.shards() {
        let finished = manifest.families.entry(family).or_default();
        if finished.get(&number).is_some_and(|shard| shard.pairs >= pairs) {
            report(Step::Kept(pairs));
            continue;
        }
        let Some(shard) = write_shard(dir, plan, device, (family, number, pairs), stop, &report)? else {
            return Ok(Outcome::Interrupted);
        };
        finished.insert(number, shard);
        manifest.save(dir, plan.part)?;
    }
    manifest.save(dir, plan.part)?;
    if plan.part.is_none() {
        manifest::remove_parts(dir)?;
    }
    Ok(Outcome::Complete)
}

/// Refuses a survey that some map of the families cannot be simulated with: none is less stable than ground of their
/// fastest velocity everywhere, whose damping is the strongest too.
fn check_survey(survey: &Survey) -> Result<()> {
    let fastest = VelocityMap::new(CELLS, CELLS, vec![VELOCITIES.1 as f32; CELLS * CELLS])?;
    survey.check(&fastest).context("cannot simulate the families' maps")
}

/// Keeps a second run of the same part out of `dir`, and a run of the whole out of one of a part, for as long as the files
/// live; the system lets go of the locks of a run that died.
fn lock(dir: &Path, part: Option<Part>) -> Result<Vec<File>> {
    let whole = lock_file(dir, LOCK_NAME, if part.is_some() { File::try_lock_shared } else { File::try_lock })?;
    let own = part.map(|part| lock_file(dir, &format!("{LOCK_NAME}-{}", part.label()), File::try_lock)).transpose()?;
    Ok(std::iter::once(whole).chain(own).collect())
}

fn lock_file(dir: &Path, name: &str, take: fn(&File) -> Result<(), TryLockError>) -> Result<File> {
    let path = dir.join(name);
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    match take(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another run is writing to {}; wait for it or stop it", dir.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Removes what an interrupted run left half-written in `dir` and its folders of families; a part leaves the files of
/// others alone, who may be writing them.
fn remove_unfinished(dir: &Path, plan: &Plan) -> Result<()> {
    if plan.part.is_some() {
        for name in plan.shards().flat_map(|(family, number, _)| names(family, number)) {
            let path = dir.join(name + TEMPORARY_SUFFIX);
            if path.exists() {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        return Ok(());
    }
    let ours = |kinds: &'static [&str], kind: &'static str| {
        move |name: &str| {
            let name = name.strip_suffix(TEMPORARY_SUFFIX).and_then(|name| name.strip_suffix(kind));
            name.is_some_and(|name| kinds.iter().any(|kind| name.starts_with(kind)))
        }
    };
    remove_files(dir, ours(&["manifest"], ".json"))?;
    Family::ALL.iter().try_for_each(|family| remove_files(&dir.join(family.name()), ours(&KINDS, ".npy")))
}

/// Removes the files of a folder, if it is there, whose names are `unwanted`.
fn remove_files(folder: &Path, unwanted: impl Fn(&str) -> bool) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_file() && path.file_name().and_then(|name| name.to_str()).is_some_and(&unwanted) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Writes one shard; nothing when told to stop before its end.
fn write_shard(
    dir: &Path,
    plan: &Plan,
    device: &Device,
    (family, number, pairs): (Family, usize, usize),
    stop: &AtomicBool,
    report: &impl Fn(Step),
) -> Result<Option<Shard>> {
    let [velocity_name, seismic_name] = names(family, number);
    let failed = || format!("cannot write {velocity_name} and {seismic_name} in {}", dir.display());
    fs::create_dir_all(dir.join(family.name())).with_context(failed)?;
    let [shots, samples, receivers] = plan.survey.shape();
    let mut velocities =
        NpyWriter::create(&dir.join(&velocity_name), &[pairs, 1, CELLS, CELLS]).with_context(failed)?;
    let seismic_shape = [pairs, shots, samples, receivers];
    let mut seismic = NpyWriter::create(&dir.join(&seismic_name), &seismic_shape).with_context(failed)?;
    let mut layers = BTreeMap::new();
    let first = (number * plan.shard_size) as u64;
    let indices: Vec<u64> = (first..first + pairs as u64).collect();
    for batch in indices.chunks(BATCH) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let sketches = batch.par_iter().map(|&index| sketch(family, plan.seed, index));
        let (maps, counts): (Vec<VelocityMap>, Vec<usize>) =
            sketches.map(|Sketch { velocity, layers }| (velocity, layers)).unzip();
        let gathers = simulate(device, &plan.survey, &maps, |_| ())?;
        for ((velocity, count), gathers) in maps.iter().zip(counts).zip(gathers) {
            velocities.write(velocity.values()).with_context(failed)?;
            seismic.write(gathers.values()).with_context(failed)?;
            *layers.entry(count).or_default() += 1;
        }
        report(Step::Made(batch.len()));
    }
    // A reader looks for velocity maps first: gathers are there before they are.
    seismic.finish().with_context(failed)?;
    velocities.finish().with_context(failed)?;
    let velocity = FileEntry::of(dir, velocity_name.clone())?;
    let seismic = FileEntry::of(dir, seismic_name.clone())?;
    Ok(Some(Shard { first, pairs, velocity, seismic, layers }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::path::PathBuf;
    use std::time::SystemTime;
    use wavediffusion::survey::SurveyConfig;

    /// Two families, five pairs each in shards of two, ten time steps.
    fn plan() -> Plan {
        let config = SurveyConfig { samples: 10, ..Survey::openfwi().config().clone() };
        let families = vec![Family::FlatVelA, Family::CurveFaultB];
        Plan { families, count: 5, seed: 3, shard_size: 2, survey: Survey::new(config).unwrap(), part: None }
    }

    fn part(text: &str) -> Plan {
        Plan { part: Some(text.parse().unwrap()), ..plan() }
    }

    fn complete(dir: &Path, plan: &Plan) -> Result<Outcome> {
        write(dir, plan, &Device::flex(), &AtomicBool::new(false), |_| ())
    }

    /// Contents of every file but the locks, by path.
    fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let folder = PathBuf::from(path.file_name().unwrap());
                files.extend(contents(&path).into_iter().map(|(name, bytes)| (folder.join(name), bytes)));
            } else if !path.file_name().unwrap().to_string_lossy().starts_with(LOCK_NAME) {
                files.insert(path.file_name().unwrap().into(), fs::read(&path).unwrap());
            }
        }
        files
    }

    fn modified(path: &Path) -> SystemTime {
        fs::metadata(path).unwrap().modified().unwrap()
    }

    #[test]
    fn a_run_interrupted_anywhere_ends_in_the_same_files() {
        let whole = tempfile::tempdir().unwrap();
        assert_eq!(complete(whole.path(), &plan()).unwrap(), Outcome::Complete);
        let expected = contents(whole.path());
        assert_eq!(expected.len(), 2 * 3 * 2 + 1);
        for steps in 0..6 {
            let dir = tempfile::tempdir().unwrap();
            let (stop, left) = (AtomicBool::new(steps == 0), Cell::new(steps));
            let count = |_| {
                left.set(left.get() - 1);
                stop.store(left.get() == 0, Ordering::Relaxed);
            };
            assert_eq!(write(dir.path(), &plan(), &Device::flex(), &stop, count).unwrap(), Outcome::Interrupted);
            assert!(contents(dir.path()).keys().all(|name| !name.to_string_lossy().ends_with(".part")));
            complete(dir.path(), &plan()).unwrap();
            assert_eq!(contents(dir.path()), expected, "after {steps} steps");
        }
    }

    #[test]
    fn what_a_killed_run_left_is_replaced_and_finished_shards_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        complete(dir.path(), &plan()).unwrap();
        let expected = contents(dir.path());
        let file = |name: &str| dir.path().join("FlatVel-A").join(name);
        let kept = modified(&file("data1.npy"));
        fs::write(file("data2.npy"), b"cut short").unwrap();
        fs::remove_file(file("model3.npy")).unwrap();
        fs::write(file("data3.npy.part"), b"half").unwrap();
        complete(dir.path(), &plan()).unwrap();
        assert_eq!(contents(dir.path()), expected);
        assert_eq!(modified(&file("data1.npy")), kept);
    }

    #[test]
    fn more_pairs_extend_the_same_sequence() {
        let (grown, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        complete(grown.path(), &Plan { count: 3, ..plan() }).unwrap();
        complete(grown.path(), &plan()).unwrap();
        complete(whole.path(), &plan()).unwrap();
        assert_eq!(contents(grown.path()), contents(whole.path()));
    }

    #[test]
    fn data_made_otherwise_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let small = Plan { families: vec![Family::FlatVelA], count: 1, ..plan() };
        complete(dir.path(), &small).unwrap();
        let refusal = |plan: Plan| complete(dir.path(), &plan).unwrap_err().to_string();
        assert!(refusal(Plan { seed: 4, ..small.clone() }).contains("holds data of seed 3, not 4"));
        assert!(refusal(Plan { shard_size: 7, ..small.clone() }).contains("shard size 2, not 7"));
        assert!(refusal(Plan { survey: Survey::openfwi(), ..small.clone() }).contains("another survey"));
        let _held = lock(dir.path(), None).unwrap();
        assert!(refusal(small).contains("another run is writing"));
    }

    #[test]
    fn a_survey_that_is_not_stable_on_every_map_is_refused_before_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let survey = Survey::new(SurveyConfig { dt: 1.4e-3, ..plan().survey.config().clone() }).unwrap();
        let refusal = complete(dir.path(), &Plan { survey, ..plan() }).unwrap_err();
        assert!(format!("{refusal:#}").contains("a velocity of 4500 m/s moves 0.630 cells"), "{refusal:#}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn parts_made_apart_come_together_to_what_one_machine_makes() {
        let (whole, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        complete(whole.path(), &plan()).unwrap();
        let expected = contents(whole.path());

        // Into one directory, at the same time.
        std::thread::scope(|scope| {
            for text in ["1/3", "2/3", "3/3"] {
                scope.spawn(|| complete(shared.path(), &part(text)).unwrap());
            }
        });
        let made = contents(shared.path());
        assert!(expected.keys().filter(|name| name.extension().unwrap() == "npy").all(|name| made.contains_key(name)));
        let data = modified(&shared.path().join("FlatVel-A/data1.npy"));
        complete(shared.path(), &plan()).unwrap();
        assert_eq!(contents(shared.path()), expected);
        assert_eq!(modified(&shared.path().join("FlatVel-A/data1.npy")), data);

        // Into directories of their own, copied together; the third machine never ran.
        let gathered = tempfile::tempdir().unwrap();
        for text in ["1/3", "2/3"] {
            let own = tempfile::tempdir().unwrap();
            complete(own.path(), &part(text)).unwrap();
            for (name, bytes) in contents(own.path()) {
                let path = gathered.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
        assert!(contents(gathered.path()).len() < expected.len());
        complete(gathered.path(), &plan()).unwrap();
        assert_eq!(contents(gathered.path()), expected);
    }

    #[test]
    fn a_part_leaves_the_unfinished_files_of_others_alone_and_keeps_out_the_whole() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("FlatVel-A")).unwrap();
        // Files take turns: the first one is part 1's, the second, of the other family, part 2's.
        let others = dir.path().join("FlatVel-A/data1.npy.part");
        fs::write(&others, b"half").unwrap();
        complete(dir.path(), &part("2/2")).unwrap();
        assert!(others.exists());
        let _running = lock(dir.path(), part("1/2").part).unwrap();
        let refusal = |plan: Plan| complete(dir.path(), &plan).unwrap_err().to_string();
        assert!(refusal(plan()).contains("another run is writing"));
        assert!(refusal(part("1/2")).contains("another run is writing"));
        assert!(refusal(part("1/3")).contains("parts of 2, not of 3"));
        assert!(others.exists());
    }

    #[test]
    fn data_do_not_depend_on_the_number_of_threads() {
        let made = |threads: usize| {
            let dir = tempfile::tempdir().unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| complete(dir.path(), &plan())).unwrap();
            contents(dir.path())
        };
        assert_eq!(made(1), made(3));
    }
}
