//! NumPy's `.npy` arrays as OpenFWI uses them: velocity maps and shot gathers, in and out.
//!
//! Reads `f4` and `f8` values of either byte order, in C or Fortran order, from bytes (browser) or files, and hands them
//! out as `f32` in C order. A header is believed only as far as the file's real length bears it out: nothing is
//! allocated for values that are not there. [`NpyWriter`] streams an array of known shape into a temporary file, which
//! takes its final name only when it is complete.

mod layout;
mod write;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use thiserror::Error;

use crate::gathers::Gathers;
use crate::velocity_map::{VelocityMap, VelocityMapError};

pub use layout::NpyLayout;
pub use write::{NpyWriter, to_bytes};

/// Why an array cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The bytes are not those of a `.npy` file.
    #[error("not a readable .npy file: {reason}")]
    Format {
        /// What is wrong with the header.
        reason: String,
    },
    /// Values of another type.
    #[error("the array holds values of type {dtype}; 4-byte and 8-byte floating point (f4, f8) are accepted")]
    Type {
        /// The type, as NumPy writes it.
        dtype: String,
    },
    /// The file is longer or shorter than its header says.
    #[error(
        "the file holds {found} bytes of values, but an array of shape {shape:?} takes {expected}: is it truncated?"
    )]
    Length {
        /// Shape according to the header.
        shape: Vec<usize>,
        /// Bytes that this shape takes.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// An array of another shape.
    #[error("an array of shape {shape:?} is no {what}; accepted are {accepted}")]
    Shape {
        /// Shape of the array.
        shape: Vec<usize>,
        /// What was to be read.
        what: &'static str,
        /// The shapes that it may have.
        accepted: &'static str,
    },
    /// NaN or infinity, or a double that no `f32` can hold.
    #[error("the value at {index:?} of the array of shape {shape:?} is {value}; every value must be finite")]
    NotFinite {
        /// Position of the value.
        index: Vec<usize>,
        /// Shape of the array.
        shape: Vec<usize>,
        /// The value.
        value: f32,
    },
    /// Part of a Fortran-ordered array was asked for.
    #[error(
        "the array is in Fortran order, whose records cannot be read one by one; save it in C order (numpy.ascontiguousarray)"
    )]
    FortranRecords,
    /// A map with an impossible velocity.
    #[error("map {map}: {source}")]
    Velocity {
        /// Index of the map in the array.
        map: usize,
        /// What is wrong with it.
        source: VelocityMapError,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An array in memory, C order.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl NpyArray {
    /// Reads the bytes of a `.npy` file.
    ///
    /// # Errors
    /// [`NpyError`] when they are not an array of finite floating-point numbers.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NpyError> {
        Self::from_reader(Cursor::new(bytes), bytes.len() as u64)
    }

    /// Reads the first record alone of an array of records, (1, ...); an array of fewer than four axes, or in Fortran order, as
    /// a whole. A file of OpenFWI's holds 500 sets of gathers, for whose values a browser has no room.
    ///
    /// # Errors
    /// As [`NpyArray::from_bytes`], save for what is wrong with values of other records.
    pub fn first_record(bytes: &[u8]) -> Result<Self, NpyError> {
        let mut reader = Cursor::new(bytes);
        let layout = NpyLayout::parse(&mut reader, bytes.len() as u64)?;
        let mut shape = layout.shape().to_vec();
        if shape.len() < 4 || shape[0] == 0 || layout.is_fortran() {
            return Self::from_bytes(bytes);
        }
        shape[0] = 1;
        Ok(Self { values: layout.read_record(reader, 0)?, shape })
    }

    /// Reads a `.npy` file.
    ///
    /// # Errors
    /// As [`NpyArray::from_bytes`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, NpyError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Self::from_reader(BufReader::new(file), len)
    }

    fn from_reader(mut reader: impl Read + Seek, len: u64) -> Result<Self, NpyError> {
        let layout = NpyLayout::parse(&mut reader, len)?;
        let shape = layout.shape().to_vec();
        let stored = layout.read_values(reader, 0..shape.iter().product())?;
        let values = if layout.is_fortran() { from_fortran(&shape, &stored) } else { stored };
        Ok(Self { shape, values })
    }

    /// Shape of the array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, C order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The maps of an array of shape (nz, nx), (1, nz, nx) or (N, 1, nz, nx) in m/s.
    ///
    /// # Errors
    /// [`NpyError::Shape`] or, for a velocity that is not above 0, [`NpyError::Velocity`].
    pub fn velocity_maps(&self) -> Result<Vec<VelocityMap>, NpyError> {
        let &([nz, nx] | [1, nz, nx] | [_, 1, nz, nx]) = self.shape.as_slice() else {
            return Err(self.not("velocity map", "(nz, nx), (1, nz, nx) and (N, 1, nz, nx)"));
        };
        self.records(nz * nx, "velocity map")?
            .enumerate()
            .map(|(map, values)| {
                VelocityMap::new(nz, nx, values.to_vec()).map_err(|source| NpyError::Velocity { map, source })
            })
            .collect()
    }

    /// The gathers of an array of shape (shots, samples, receivers) or (N, shots, samples, receivers).
    ///
    /// # Errors
    /// [`NpyError::Shape`]
    pub fn gathers(&self) -> Result<Vec<Gathers>, NpyError> {
        let &([shots, samples, receivers] | [_, shots, samples, receivers]) = self.shape.as_slice() else {
            return Err(
                self.not("set of shot gathers", "(shots, samples, receivers) and (N, shots, samples, receivers)")
            );
        };
        self.records(shots * samples * receivers, "set of shot gathers")?
            .map(|values| {
                Gathers::new(shots, samples, receivers, values.to_vec())
                    .map_err(|_| self.not("set of shot gathers", "shapes that the values fill"))
            })
            .collect()
    }

    fn records(&self, len: usize, what: &'static str) -> Result<std::slice::ChunksExact<'_, f32>, NpyError> {
        if self.values.is_empty() {
            return Err(self.not(what, "arrays with at least one value"));
        }
        Ok(self.values.chunks_exact(len))
    }

    fn not(&self, what: &'static str, accepted: &'static str) -> NpyError {
        NpyError::Shape { shape: self.shape.clone(), what, accepted }
    }
}

/// Values in C order from values in Fortran order.
fn from_fortran(shape: &[usize], stored: &[f32]) -> Vec<f32> {
    let mut values = Vec::with_capacity(stored.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..stored.len() {
        let place = index.iter().zip(shape).rev().fold(0, |place, (i, n)| place * n + i);
        values.push(stored[place]);
        for (i, n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a version 1.0 file with this header and these values.
    fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        text.push_str(&" ".repeat(117 - text.len()));
        text.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(values);
        bytes
    }

    fn little(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn refusal(bytes: &[u8]) -> String {
        NpyArray::from_bytes(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_byte_order_width_and_axis_order_reads_the_same() {
        let values = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let expected = NpyArray { shape: vec![2, 3], values: values.to_vec() };
        let check = |bytes: Vec<u8>| assert_eq!(NpyArray::from_bytes(&bytes).unwrap(), expected);
        check(npy("<f4", false, "(2, 3)", &little(&values)));
        check(npy(">f4", false, "(2, 3)", &values.map(f32::to_be_bytes).concat()));
        check(npy("<f8", false, "(2, 3)", &values.map(|v| f64::from(v).to_le_bytes()).concat()));
        check(npy(">f8", false, "(2, 3)", &values.map(|v| f64::from(v).to_be_bytes()).concat()));
        check(npy("<f4", true, "(2, 3)", &little(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0])));
        check(to_bytes(&[2, 3], &values).unwrap());
    }

    #[test]
    fn the_first_record_is_read_alone() {
        let mut values = vec![0.5f32; 24];
        values[23] = f32::NAN;
        let many = npy("<f4", false, "(2, 1, 3, 4)", &little(&values));
        let first = NpyArray::first_record(&many).unwrap();
        assert_eq!((first.shape(), first.values()), (&[1, 1, 3, 4][..], &[0.5; 12][..]));
        assert!(NpyArray::first_record(&many[..many.len() - 1]).unwrap_err().to_string().contains("truncated"));
        let one = npy("<f4", false, "(2, 3)", &little(&[1.0; 6]));
        assert_eq!(NpyArray::first_record(&one).unwrap(), NpyArray::from_bytes(&one).unwrap());
    }

    #[test]
    fn velocity_maps_come_in_three_shapes() {
        for shape in [vec![2, 3], vec![1, 2, 3], vec![1, 1, 2, 3]] {
            let array = NpyArray { shape, values: vec![2000.0; 6] };
            assert_eq!(array.velocity_maps().unwrap()[0].nx(), 3);
        }
        let two = NpyArray { shape: vec![2, 1, 1, 3], values: vec![2000.0; 6] };
        assert_eq!(two.velocity_maps().unwrap().len(), 2);
        let wrong = NpyArray { shape: vec![2, 2, 3], values: vec![2000.0; 12] };
        assert!(wrong.velocity_maps().unwrap_err().to_string().contains("[2, 2, 3] is no velocity map"));
        let slow = NpyArray { shape: vec![2, 1, 1, 2], values: vec![1.0, 1.0, 1.0, -1.0] };
        assert!(slow.velocity_maps().unwrap_err().to_string().contains("map 1: velocity at (row 0, column 1) is -1"));
    }

    #[test]
    fn gathers_come_in_two_shapes() {
        let one = NpyArray { shape: vec![2, 3, 4], values: vec![0.5; 24] };
        assert_eq!(one.gathers().unwrap()[0].shape(), [2, 3, 4]);
        let many = NpyArray { shape: vec![2, 1, 3, 4], values: vec![0.5; 24] };
        assert_eq!(many.gathers().unwrap().len(), 2);
        let flat = NpyArray { shape: vec![3, 4], values: vec![0.5; 12] };
        assert!(flat.gathers().unwrap_err().to_string().contains("[3, 4] is no set of shot gathers"));
        let empty = NpyArray { shape: vec![0, 3, 4], values: vec![] };
        assert!(empty.gathers().unwrap_err().to_string().contains("at least one value"));
    }

    #[test]
    fn damaged_files_are_refused_by_name() {
        let good = npy("<f4", false, "(2, 3)", &little(&[1.0; 6]));
        assert!(refusal(&good[..good.len() - 1]).contains("23 bytes of values, but an array of shape [2, 3] takes 24"));
        assert!(refusal(&good[..40]).contains("ends within its header"));
        assert!(refusal(b"").contains("too short"));
        assert!(refusal(b"PK\x03\x04 something zipped").contains("does not start with"));
        assert!(refusal(&npy("<i4", false, "(6,)", &[0; 24])).contains("'<i4'"));
        assert!(
            refusal(&npy("<f4", false, "(2, 3)", &little(&[1.0, 1.0, 1.0, 1.0, 1.0, f32::NAN]))).contains("[1, 2]")
        );
        assert!(refusal(&npy("<f8", false, "(1,)", &1e300f64.to_le_bytes())).contains("inf"));
    }

    #[test]
    fn a_header_cannot_make_the_reader_allocate_or_recurse() {
        assert!(refusal(&npy("<f4", false, "(999999, 999999)", &[0; 24])).contains("takes 3999992000004"));
        assert!(refusal(&npy("<f4", false, "(9999999999, 9999999999)", &[0; 24])).contains("absurdly large"));
        let deep = format!("({})", "(".repeat(50));
        assert!(refusal(&npy("<f4", false, &deep, &[])).contains("structured"));
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend([255; 32]);
        assert!(refusal(&long).contains("longer than"));
    }
}
