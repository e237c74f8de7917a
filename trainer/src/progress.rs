//! The one progress bar of every command.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{prefix} {bar:24} {pos}/{len}  {elapsed} gone, {eta} to go  {msg}";

/// A bar over `total` things, after the word for what is done with them.
pub fn progress_bar(what: &'static str, total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total as u64).with_style(style).with_prefix(what)
}
