//! A share of a data set that one of several machines makes.

use std::str::FromStr;

use thiserror::Error;

/// Part `index` (from 0) of `of`: every `of`-th file, starting with the `index`-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    index: usize,
    of: usize,
}

/// Text that names no part.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` names no part; parts are `1/4` to `4/4`, say")]
pub struct NoPart(String);

impl Part {
    /// Whether the part makes file number `file` (from 0) of the order of making.
    pub fn makes(self, file: usize) -> bool {
        file % self.of == self.index
    }

    /// Number of parts.
    pub fn of(self) -> usize {
        self.of
    }

    /// What tells its files from those of other parts: `2-of-4`.
    pub fn label(self) -> String {
        format!("{}-of-{}", self.index + 1, self.of)
    }
}

impl FromStr for Part {
    type Err = NoPart;

    /// Reads `i/n`, `i` from 1 to `n`.
    fn from_str(text: &str) -> Result<Self, NoPart> {
        let read = || -> Option<Self> {
            let (index, of) = text.split_once('/')?;
            let (index, of): (usize, usize) = (index.parse().ok()?, of.parse().ok()?);
            (1..=of).contains(&index).then(|| Self { index: index - 1, of })
        };
        read().ok_or_else(|| NoPart(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_files_and_leave_none() {
        let parts: Vec<Part> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).to_vec();
        assert!((0..20).all(|file| parts.iter().filter(|part| part.makes(file)).count() == 1));
        assert_eq!(parts[1].label(), "2-of-3");
    }

    #[test]
    fn what_names_no_part_is_refused() {
        for text in ["0/3", "4/3", "3", "a/b", "1/0", ""] {
            assert_eq!(text.parse::<Part>(), Err(NoPart(text.to_owned())));
        }
    }
}
