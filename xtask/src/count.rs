//! Counts of passed and failed tests, read from what test runners print.

use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// A program whose output tells how many tests it ran.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {
    /// A check with no tests of its own: it counts as one.
    Check,
    /// `cargo test`, and `wasm-bindgen-test-runner`, which prints the same lines.
    Cargo,
    /// `vitest run`
    Vitest,
    /// `node --test --test-reporter=spec`
    Node,
}

impl Runner {
    /// The tests that a run counted. A run that failed without a failing test, or that ran no test, is a failure.
    pub(crate) fn count(self, succeeded: bool, output: &str) -> Count {
        let mut count = match self {
            Self::Check => Count { passed: usize::from(succeeded), failed: 0 },
            Self::Cargo => cargo(output),
            Self::Vitest => vitest(output),
            Self::Node => node(output),
        };
        if (!succeeded || count.passed == 0) && count.failed == 0 {
            count.failed = 1;
        }
        count
    }
}

/// `test result: ok. 12 passed; 0 failed; 0 ignored; ...`, once for every test program.
fn cargo(output: &str) -> Count {
    let mut count = Count::default();
    for line in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        count += Count { passed: number_before(line, "passed"), failed: number_before(line, "failed") };
    }
    count
}

/// `      Tests  1 failed | 11 passed (12)`
fn vitest(output: &str) -> Count {
    let line = output.lines().rev().find_map(|line| line.trim_start().strip_prefix("Tests ")).unwrap_or_default();
    Count { passed: number_before(line, "passed"), failed: number_before(line, "failed") }
}

/// `ℹ pass 11` and `ℹ fail 1`
fn node(output: &str) -> Count {
    let total = |what: &str| {
        let value = |line: &str| line.trim_start_matches(['ℹ', '#', ' ']).strip_prefix(what)?.trim().parse().ok();
        output.lines().rev().find_map(value).unwrap_or(0)
    };
    Count { passed: total("pass "), failed: total("fail ") + total("cancelled ") }
}

/// The number that stands before `word` in `text`, or 0.
fn number_before(text: &str, word: &str) -> usize {
    let words: Vec<&str> = text.split([' ', ';', '|', '.']).filter(|part| !part.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runner: Runner, succeeded: bool, output: &str, passed: usize, failed: usize) {
        assert_eq!(runner.count(succeeded, output), Count { passed, failed }, "{runner:?}: {output}");
    }

    #[test]
    fn cargo_test_programs_are_summed() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\n\
                      test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured\n";
        check(Runner::Cargo, false, output, 5, 1);
    }

    #[test]
    fn vitest_summary_is_read() {
        check(Runner::Vitest, true, " Test Files  2 passed (2)\n      Tests  12 passed (12)\n", 12, 0);
        check(Runner::Vitest, false, "      Tests  1 failed | 11 passed (12)\n", 11, 1);
    }

    #[test]
    fn node_summary_is_read() {
        check(Runner::Node, true, "ℹ tests 4\nℹ pass 4\nℹ fail 0\nℹ cancelled 0\n", 4, 0);
        check(Runner::Node, false, "ℹ tests 4\nℹ pass 2\nℹ fail 1\nℹ cancelled 1\n", 2, 2);
    }

    #[test]
    fn a_run_without_tests_fails() {
        check(Runner::Cargo, true, "test result: ok. 0 passed; 0 failed;\n", 0, 1);
        check(Runner::Vitest, true, "", 0, 1);
    }

    #[test]
    fn a_run_that_broke_down_fails_even_if_its_tests_passed() {
        check(Runner::Cargo, false, "test result: ok. 2 passed; 0 failed;\n", 2, 1);
        check(Runner::Check, false, "", 0, 1);
        check(Runner::Check, true, "", 1, 0);
    }
}
