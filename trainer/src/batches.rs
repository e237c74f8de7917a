//! Samples that go through networks together, a batch to a thread.

use anyhow::Result;
use rayon::prelude::*;

use crate::progress::progress_bar;

/// Samples of a batch.
const BATCH: usize = 5;

/// What `work` makes of each batch of `slots`, with networks of its own, under a progress bar that says `what`; one result a
/// slot, in their order.
///
/// # Errors
/// The first that `work` returns.
pub fn in_batches<N: Clone + Send, T: Send>(
    networks: &N,
    slots: impl IntoIterator<Item = usize>,
    what: &'static str,
    work: impl Fn(&N, &[usize]) -> Result<Vec<T>> + Sync,
) -> Result<Vec<T>> {
    let slots: Vec<usize> = slots.into_iter().collect();
    let bar = progress_bar(what, slots.len());
    let batches: Vec<_> = slots.chunks(BATCH).map(|batch| (batch, networks.clone())).collect();
    let results = batches
        .into_par_iter()
        .map(|(batch, networks)| {
            let result = work(&networks, batch);
            bar.inc(batch.len() as u64);
            result
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(results.into_iter().flatten().collect())
}
