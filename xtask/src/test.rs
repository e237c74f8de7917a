//! `cargo xtask test`: every check and test, with one count at the end.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::audit::{self, Verdict};
use crate::count::{Count, Runner};
use crate::engine::{self, PROFILE};
use crate::process::{cargo, command, target, tee};
use crate::step::step;
use crate::tools::{self, Browser, WASM};
use crate::{package, page, size};

/// Seconds that a browser test may take: a software GPU needs tens of milliseconds for one operation.
const BROWSER_TEST_SECONDS: &str = "900";

/// Tells whether the library could be published. Compiling it again, alone, would be another build of burn.
const PUBLISH: [&str; 6] = ["publish", "--dry-run", "--no-verify", "--allow-dirty", "--package", "wavediffusion"];

/// Runs the checks, prints the count as the last line and tells whether everything passed.
pub(crate) fn run(root: &Path, quick: bool) -> bool {
    let mut suite = Suite { root, total: Count::default(), failures: Vec::new(), unanswered: Vec::new() };
    native(&mut suite);
    let engine = quick && root.join("pkg/wavediffusion.d.ts").is_file()
        || suite.prepare("the engine", || engine::build(root)).is_some();
    let page = suite.prepare("the page's packages", || tools::node(root).and_then(|()| page::install(root))).is_some();
    if engine && page {
        self::page(&mut suite);
        suite.audit("vulnerabilities of the page's packages", || audit::packages(root));
    }
    if engine && !quick {
        browser(&mut suite, page);
    }
    suite.finish()
}

/// Formatting, lints, documentation and tests of the native programs.
fn native(suite: &mut Suite) {
    let root = suite.root;
    suite.check("cargo fmt", cargo(root).args(["fmt", "--all", "--check"]));
    let clippy = ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
    suite.check("clippy, native", cargo(root).args(clippy));
    let docs = ["doc", "--release", "--workspace", "--no-deps"];
    suite.check("documentation", cargo(root).args(docs).env("RUSTDOCFLAGS", "-D warnings"));
    let tests = ["test", "--release", "--workspace", "--no-fail-fast"];
    suite.test("native tests", Runner::Cargo, cargo(root).args(tests));
    suite.check("the library as a package", cargo(root).args(PUBLISH));
    suite.audit("licences and sources of the crates", || audit::licences(root));
    suite.audit("vulnerabilities of the crates", || audit::crates(root));
}

/// Types, lints and unit tests of the page.
fn page(suite: &mut Suite) {
    let root = suite.root;
    suite.check("tsc", &mut page::script(root, "check"));
    suite.check("biome", &mut page::script(root, "lint"));
    suite.test("the page's unit tests", Runner::Vitest, page::script(root, "test").env("NO_COLOR", "1"));
}

/// What needs the engine and a browser. The end-to-end tests also need the `page`'s packages.
fn browser(suite: &mut Suite, page: bool) {
    let root = suite.root;
    let clippy = ["clippy", "--profile", PROFILE, "--package", "wavediffusion", "--target", WASM, "--lib", "--tests"];
    suite.check("clippy, wasm32", cargo(root).args(clippy).args(["--", "-D", "warnings"]));
    let Some(Browser { chromium, chromedriver }) = suite.prepare("the browser", || tools::browser(root)) else {
        return;
    };
    let names = suite.prepare("the browser tests", || web_tests(root)).unwrap_or_default();
    let mut pack = command(root, "wasm-pack");
    pack.args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]);
    pack.arg(&chromedriver).args([".", "--profile", PROFILE]).args(names.iter().flat_map(|name| ["--test", name]));
    pack.env("WASM_BINDGEN_TEST_TIMEOUT", BROWSER_TEST_SECONDS);
    suite.test("engine tests in Chromium", Runner::Cargo, &mut pack);
    if page && suite.prepare("the page", || page::build(root)).is_some() {
        suite.check_step("size", || size::check(root));
        suite.prepare("the package", || package::pack(root));
        let files = suite.prepare("the end-to-end tests", || end_to_end_tests(root)).unwrap_or_default();
        let mut node = command(root, "node");
        node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files).env("CHROMIUM", chromium);
        // The native tests have built it; the page's files are read back by it.
        if let Some(target) = suite.prepare("the native program", target) {
            let name = format!("wavediffusion{}", env::consts::EXE_SUFFIX);
            node.env("WAVEDIFFUSION", target.join("release").join(name));
        }
        suite.test("end-to-end tests in Chromium", Runner::Node, &mut node);
    }
}

/// Names of the integration tests that run in a browser: `tests/web_*.rs`.
fn web_tests(root: &Path) -> Result<Vec<String>> {
    let is_web = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs");
    let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let names = files(&root.join("tests"))?.into_iter().filter(is_web).filter_map(stem);
    Ok(names.filter(|name| name.starts_with("web_")).collect())
}

/// The end-to-end tests: `tests/e2e/*.test.mjs`.
fn end_to_end_tests(root: &Path) -> Result<Vec<PathBuf>> {
    let is_test = |path: &PathBuf| path.to_string_lossy().ends_with(".test.mjs");
    Ok(files(&root.join("tests/e2e"))?.into_iter().filter(is_test).collect())
}

/// The entries of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The checks that have run.
struct Suite<'a> {
    root: &'a Path,
    total: Count,
    failures: Vec<String>,
    /// Checks that had no answer.
    unanswered: Vec<String>,
}

impl Suite<'_> {
    /// Runs a program that passes or fails as a whole.
    fn check(&mut self, what: &str, command: &mut Command) {
        self.test(what, Runner::Check, command);
    }

    /// Runs a program and counts its tests.
    fn test(&mut self, what: &str, runner: Runner, command: &mut Command) {
        let start = Instant::now();
        println!("==> {what}");
        let count = match tee(command) {
            Ok((succeeded, output)) => runner.count(succeeded, &output),
            Err(error) => {
                println!("    {error:#}");
                Count { passed: 0, failed: 1 }
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        println!("    {what}: {} passed, {} failed, {seconds:.1} s", count.passed, count.failed);
        self.total += count;
        if count.failed > 0 {
            self.failures.push(what.to_owned());
        }
    }

    /// Runs a check of this program's own.
    fn check_step(&mut self, what: &str, work: impl FnOnce() -> Result<()>) {
        if self.prepare(what, work).is_some() {
            self.total.passed += 1;
        }
    }

    /// Runs a check that may have no answer, which is then told at the end.
    fn audit(&mut self, what: &str, work: impl FnOnce() -> Result<Verdict>) {
        match self.prepare(what, || step(what, work)) {
            Some(Verdict::Passed) => self.total.passed += 1,
            Some(Verdict::Unknown(reason)) => self.unanswered.push(format!("{what} ({reason})")),
            None => {}
        }
    }

    /// Makes ready what later checks need; a failure counts as a failed check.
    fn prepare<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        work()
            .inspect_err(|error| {
                println!("    {what}: {error:#}");
                self.total.failed += 1;
                self.failures.push(what.to_owned());
            })
            .ok()
    }

    /// Prints the count and tells whether nothing failed.
    fn finish(self) -> bool {
        if !self.failures.is_empty() {
            println!("failed: {}", self.failures.join("; "));
        }
        for what in self.unanswered {
            println!("not checked: {what}");
        }
        println!("{} passed, {} failed", self.total.passed, self.total.failed);
        self.total.failed == 0
    }
}
