//! `cargo xtask size`: the bytes that a visitor loads, what they are, and whether they are within the budget.

mod anatomy;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{command, read};
use crate::step::step;
use crate::tools;
use crate::{engine, page};

use anatomy::Anatomy;

/// Most bytes of code, compressed with brotli, that a visitor loads before the first pair.
const CODE_BUDGET: usize = 2_500_000;

/// Most bytes of the weights, which do not compress.
const WEIGHTS_BUDGET: usize = 20_000_000;

/// Crates of the table.
const CRATES: usize = 24;

/// Bytes of something as it is, and as servers send it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl std::iter::Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |a, b| Self {
            raw: a.raw + b.raw,
            gzip: a.gzip + b.gzip,
            brotli: a.brotli + b.brotli,
        })
    }
}

/// Builds the page and prints its size.
pub(crate) fn run(root: &Path) -> Result<()> {
    engine::build(root)?;
    tools::node(root)?;
    page::install(root)?;
    page::build(root)?;
    check(root)
}

/// Prints the size of the page that is built.
///
/// # Errors
/// When it is over the budget.
pub(crate) fn check(root: &Path) -> Result<()> {
    let dist = root.join("www/dist");
    let code = code_files(&dist.join("assets"))?;
    let sizes = step("Compressing the page's code", || compressed(root, &code))?;
    println!("\n| file | raw | gzip | brotli |\n|---|---|---|---|");
    for (file, size) in code.iter().zip(&sizes) {
        print_size(&file.file_name().unwrap_or_default().to_string_lossy(), *size);
    }
    let total: Size = sizes.into_iter().sum();
    print_size("**code**", total);
    let weights = fs::metadata(dist.join("weights/weights.safetensors")).context("the weights are missing")?.len();
    println!("| weights, which do not compress | {weights} | | |");
    print_anatomy(&engine::module()?)?;
    let over = over_budget(total, weights as usize);
    match over {
        None => Ok(()),
        Some(reason) => bail!("{reason}"),
    }
}

/// What is over the budget, as a sentence.
fn over_budget(code: Size, weights: usize) -> Option<String> {
    [("code, compressed with brotli,", code.brotli, CODE_BUDGET), ("weights", weights, WEIGHTS_BUDGET)]
        .into_iter()
        .find(|(_, found, budget)| found > budget)
        .map(|(what, found, budget)| format!("the {what} takes {found} bytes; the budget is {budget}"))
}

/// The page's scripts, styles and WebAssembly.
fn code_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|end| ["js", "css", "wasm"].iter().any(|known| end == *known)));
    files.sort();
    Ok(files)
}

/// The sizes of files, compressed by Node, whose zlib and brotli are those of servers.
fn compressed(root: &Path, files: &[PathBuf]) -> Result<Vec<Size>> {
    let text = read(command(root, "node").arg("xtask/src/size/compress.mjs").args(files))?;
    let sizes = text.lines().map(parse_size).collect::<Option<Vec<_>>>();
    sizes.filter(|sizes| sizes.len() == files.len()).with_context(|| format!("node answered `{text}`"))
}

/// `raw gzip brotli`
fn parse_size(line: &str) -> Option<Size> {
    let mut numbers = line.split(' ').map(|word| word.parse().ok());
    Some(Size { raw: numbers.next()??, gzip: numbers.next()??, brotli: numbers.next()?? })
}

fn print_size(what: &str, Size { raw, gzip, brotli }: Size) {
    println!("| {what} | {raw} | {gzip} | {brotli} |");
}

/// Prints what the module consists of as the compiler writes it, with the names of its functions.
fn print_anatomy(module: &Path) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("{} cannot be read", module.display()))?;
    let anatomy = Anatomy::of(&bytes)?;
    println!("\nThe module as compiled, before names are dropped:");
    println!("\n| section | bytes |\n|---|---|");
    for (section, bytes) in &anatomy.sections {
        println!("| {section} | {bytes} |");
    }
    println!("\n| crate | functions | bytes | of the code |\n|---|---|---|---|");
    for (name, share) in anatomy.largest(CRATES) {
        let percent = 100.0 * share.bytes as f64 / anatomy.code() as f64;
        println!("| {name} | {} | {} | {percent:.1} % |", share.functions, share.bytes);
    }
    println!();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_budget_is_named() {
        let code = |brotli| Size { raw: 9, gzip: 9, brotli };
        assert_eq!(over_budget(code(CODE_BUDGET), WEIGHTS_BUDGET), None);
        assert!(over_budget(code(CODE_BUDGET + 1), 0).is_some_and(|reason| reason.contains("code")));
        assert!(over_budget(code(0), WEIGHTS_BUDGET + 1).is_some_and(|reason| reason.contains("weights")));
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_size("3 2 1"), Some(Size { raw: 3, gzip: 2, brotli: 1 }));
        assert_eq!(parse_size("3 2"), None);
    }
}
