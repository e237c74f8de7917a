//! Runs a target on its corpus and on what is made of it, and watches time, memory and panics.

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use super::mutate::Mutator;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for all threads: one target at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Inputs of a short run; `FUZZ_SECONDS` asks for a longer one.
const INPUTS: u64 = 5_000;

/// An input that takes longer hangs: no other took a hundredth of it.
const SLOWEST: Duration = Duration::from_secs(10);

/// Something that reads what strangers write.
pub struct Target {
    /// Its name, and its folder in the corpus.
    pub name: &'static str,
    /// Files of the repository to begin with, beside the corpus.
    pub files: &'static [&'static str],
    /// Further inputs to begin with.
    pub seeds: Vec<Vec<u8>>,
    /// Makes the lengths within an input fit again, so that a change gets past the first check.
    pub repair: fn(&mut Vec<u8>),
    /// Reads an input; tells whether it was accepted.
    pub read: fn(&[u8]) -> bool,
    /// Bytes that may be allocated for an input whatever its length.
    pub base: usize,
    /// Bytes that may be allocated for each byte of the input.
    pub factor: usize,
}

/// What a run saw.
#[derive(Debug, Default)]
struct Totals {
    inputs: u64,
    accepted: u64,
    slowest: Duration,
    most: usize,
}

impl Target {
    /// Replays the corpus, then reads inputs made of it.
    ///
    /// # Panics
    /// When an input makes the target panic, hang or allocate too much; the input is kept.
    pub fn run(&self) {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = env::var("FUZZ_SECONDS").ok().map(|text| text.parse().expect("FUZZ_SECONDS is a number"));
        let seed = env::var("FUZZ_SEED").map_or(1, |text| text.parse().expect("FUZZ_SEED is a number"));
        let corpus = self.corpus();
        assert!(!corpus.is_empty(), "{} has no corpus", self.name);
        let mut totals = Totals::default();
        for input in &corpus {
            self.check(input, &mut totals);
        }
        assert!(totals.accepted > 0, "{} accepts nothing of its corpus", self.name);
        let (start, mut mutator) = (Instant::now(), Mutator::new(seed));
        let more = |done: u64| match seconds {
            None => done < INPUTS,
            Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
        };
        let mut done = 0;
        while more(done) {
            let mut input = mutator.input(&corpus);
            if mutator.flip() {
                (self.repair)(&mut input);
            }
            self.check(&input, &mut totals);
            done += 1;
        }
        let Totals { inputs, accepted, slowest, most } = totals;
        println!(
            "{}: {inputs} inputs, {accepted} accepted, slowest {slowest:.1?}, most allocated {most} bytes",
            self.name
        );
    }

    fn check(&self, input: &[u8], totals: &mut Totals) {
        let region = Region::new(ALLOCATOR);
        let start = Instant::now();
        let accepted = catch_unwind(AssertUnwindSafe(|| (self.read)(input)));
        let (time, change) = (start.elapsed(), region.change());
        let allocated = change.bytes_allocated + usize::try_from(change.bytes_reallocated).unwrap_or(0);
        let Ok(accepted) = accepted else { self.fail(input, "panics") };
        if time > SLOWEST {
            self.fail(input, &format!("takes {time:.1?}"));
        }
        if allocated > self.base + self.factor * input.len() {
            self.fail(input, &format!("allocates {allocated} bytes for {}", input.len()));
        }
        totals.inputs += 1;
        totals.accepted += u64::from(accepted);
        totals.slowest = totals.slowest.max(time);
        totals.most = totals.most.max(allocated);
    }

    fn fail(&self, input: &[u8], what: &str) -> ! {
        let file = env::temp_dir().join(format!("fuzz-{}-{}", self.name, std::process::id()));
        fs::write(&file, input).expect("the input is kept");
        panic!("{} {what}; the input is in {}: add it to the corpus", self.name, file.display());
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(self.name);
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
            .map(|entries| entries.map(|entry| entry.expect("readable").path()).collect())
            .unwrap_or_default();
        paths.sort();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        paths.extend(self.files.iter().map(|file| root.join(file)));
        let read = |path: &PathBuf| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        paths.iter().map(read).chain(self.seeds.iter().cloned()).collect()
    }
}
