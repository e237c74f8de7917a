//! Says what is being done and how long it took.

use std::io::Write;
use std::time::Instant;

use anyhow::Result;

/// Announces `what`, does it, and tells how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    println!("==> {what}");
    let _ = std::io::stdout().flush();
    let result = work();
    let verdict = if result.is_ok() { "done" } else { "FAILED" };
    println!("    {verdict}: {what}, {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// Tells that nothing has to be done.
pub(crate) fn ready(what: &str) {
    println!("==> {what}: ready");
}
