//! Cells of a map as a user writes them.

use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;
use wavediffusion::survey::Cell;

/// Most cells in a description: many more than any survey has, few enough to write down.
const LIMIT: usize = 1_000_000;

/// Cells of a map: groups `ROWS:COLUMNS` separated by spaces. Rows and columns are lists of numbers and of ranges
/// `FIRST-LAST` or `FIRST-LAST/STEP`, separated by commas, counted from 0; a group is every row with every column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Positions(Vec<Cell>);

/// Why a text describes no cells.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{text}` describes no cells: {reason}; accepted are groups ROWS:COLUMNS such as `1:0,17,34` or `2-60:35`, with \
     ranges FIRST-LAST or FIRST-LAST/STEP"
)]
pub struct PositionsError {
    text: String,
    reason: String,
}

impl Positions {
    /// The cells, in the order of the text, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.0
    }
}

impl FromStr for Positions {
    type Err = PositionsError;

    fn from_str(text: &str) -> Result<Self, PositionsError> {
        let refused = |reason: String| PositionsError { text: text.to_owned(), reason };
        let mut cells = Vec::new();
        for group in text.split_whitespace() {
            let (rows, columns) = group.split_once(':').ok_or_else(|| refused(format!("`{group}` has no colon")))?;
            let (rows, columns) = (indices(rows).map_err(&refused)?, indices(columns).map_err(&refused)?);
            if rows.len().saturating_mul(columns.len()) + cells.len() > LIMIT {
                return Err(refused(format!("they are more than {LIMIT}")));
            }
            cells.extend(rows.iter().flat_map(|&z| columns.iter().map(move |&x| Cell { z, x })));
        }
        if cells.is_empty() {
            return Err(refused("it is empty".to_owned()));
        }
        Ok(Self(cells))
    }
}

impl TryFrom<String> for Positions {
    type Error = PositionsError;

    fn try_from(text: String) -> Result<Self, PositionsError> {
        text.parse()
    }
}

/// The numbers of a list, or why it is none.
fn indices(list: &str) -> Result<Vec<usize>, String> {
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is no whole number from 0 on"));
    let mut indices = Vec::new();
    for item in list.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, number(step)?),
            None => (item, 1),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(range)?, number(range)?),
        };
        if step == 0 || first > last || last - first >= LIMIT - indices.len() {
            return Err(format!("`{item}` is no range, or the list is longer than {LIMIT}"));
        }
        indices.extend((first..=last).step_by(step));
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, usize)]) {
        let cells: Vec<Cell> = expected.iter().map(|&(z, x)| Cell { z, x }).collect();
        assert_eq!(text.parse::<Positions>().unwrap().cells(), cells);
    }

    #[test]
    fn lists_ranges_and_groups_are_cells() {
        check("1:0", &[(1, 0)]);
        check("1:0,17,34", &[(1, 0), (1, 17), (1, 34)]);
        check("1:2-8/3", &[(1, 2), (1, 5), (1, 8)]);
        check("4-5:35 1:0", &[(4, 35), (5, 35), (1, 0)]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "1",
            "1:",
            ":1",
            "1:a",
            "1:5-2",
            "1:0-9/0",
            "1:-1",
            "1:0-999999999999",
            "0-9999:0-9999",
            "1:0-999999,0-999999",
        ] {
            assert!(text.parse::<Positions>().is_err(), "{text}");
        }
    }
}
