//! NumPy's `.npy` arrays as OpenFWI uses them: velocity maps and shot gathers, in and out.
//!
//! Reads `f4` and `f8` values of either byte order, in C or Fortran order, from bytes (browser) or files, and hands them
//! out as `f32` in C order. A header is believed only as far as the file's real length bears it out: nothing is
//! allocated for values that are not there. [`NpyWriter`] streams an array of known shape into a temporary file, which
//! takes its final name only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use npyz::{DType, NpyHeader, Order, TypeChar, WriterBuilder};
use thiserror::Error;

use crate::gathers::Gathers;
use crate::velocity_map::{VelocityMap, VelocityMapError};

/// Longest header text that is parsed, in bytes; NumPy writes 118.
const HEADER_LIMIT: usize = 4096;
/// Bytes that are converted at a time.
const CHUNK: usize = 1 << 16;

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
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Layout of an array in a `.npy` file: what its header says, checked against the length of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyLayout {
    shape: Vec<usize>,
    wide: bool,
    big_endian: bool,
    fortran: bool,
    /// Position of the first value in the file, in bytes.
    offset: u64,
}

impl NpyLayout {
    /// Reads the header of a file that is `file_len` bytes long.
    ///
    /// # Errors
    /// [`NpyError`] when it is no header, the values are not floating point, or the file is not as long as it says.
    pub fn parse(mut reader: impl Read, file_len: u64) -> Result<Self, NpyError> {
        let (text_start, header) = read_header(&mut reader, file_len)?;
        let offset = header.len() as u64;
        check_header_text(&header[text_start..])?;
        let header =
            NpyHeader::from_reader(header.as_slice()).map_err(|e| NpyError::Format { reason: e.to_string() })?;
        let DType::Plain(scalar) = header.dtype() else {
            return Err(NpyError::Type { dtype: header.dtype().descr() });
        };
        let wide = match (scalar.type_char(), scalar.size_field()) {
            (TypeChar::Float, 4) => false,
            (TypeChar::Float, 8) => true,
            _ => return Err(NpyError::Type { dtype: header.dtype().descr() }),
        };
        let shape: Vec<usize> = header
            .shape()
            .iter()
            .map(|&n| usize::try_from(n).map_err(|_| NpyError::Format { reason: format!("a dimension of {n}") }))
            .collect::<Result<_, _>>()?;
        let layout = Self {
            wide,
            big_endian: scalar.to_string().starts_with('>'),
            fortran: header.order() == Order::Fortran,
            offset,
            shape,
        };
        let expected = header.len().saturating_mul(layout.value_bytes());
        let found = file_len.saturating_sub(offset);
        if expected == found { Ok(layout) } else { Err(NpyError::Length { shape: layout.shape, expected, found }) }
    }

    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    /// As [`NpyLayout::parse`], and when the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, NpyError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Self::parse(BufReader::new(file), len)
    }

    /// Shape of the array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether the values are in Fortran order.
    pub fn is_fortran(&self) -> bool {
        self.fortran
    }

    /// Reads the values of record `index` along the first axis.
    ///
    /// # Errors
    /// [`NpyError`] when the array is in Fortran order, a value is not finite or reading fails.
    ///
    /// # Panics
    /// When there is no such record.
    pub fn read_record(&self, reader: impl Read + Seek, index: usize) -> Result<Vec<f32>, NpyError> {
        if self.fortran {
            return Err(NpyError::FortranRecords);
        }
        let len = self.shape.iter().skip(1).product::<usize>();
        self.read_values(reader, index * len..(index + 1) * len)
    }

    /// Reads values in the order in which they are stored.
    fn read_values(&self, mut reader: impl Read + Seek, range: Range<usize>) -> Result<Vec<f32>, NpyError> {
        let size = self.value_bytes() as usize;
        reader.seek(SeekFrom::Start(self.offset + (range.start * size) as u64))?;
        let mut values = Vec::with_capacity(range.len());
        let mut chunk = vec![0; CHUNK.min(range.len() * size)];
        while values.len() < range.len() {
            let bytes = &mut chunk[..CHUNK.min((range.len() - values.len()) * size)];
            reader.read_exact(bytes)?;
            values.extend(bytes.chunks_exact(size).map(|bytes| self.value(bytes)));
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(NpyError::NotFinite {
                index: self.position(range.start + i),
                shape: self.shape.clone(),
                value: values[i],
            }),
            None => Ok(values),
        }
    }

    fn value_bytes(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    fn value(&self, bytes: &[u8]) -> f32 {
        let mut buffer = [0; 8];
        let buffer = &mut buffer[..bytes.len()];
        buffer.copy_from_slice(bytes);
        if self.big_endian {
            buffer.reverse();
        }
        match *buffer {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => f32::NAN,
        }
    }

    /// Indices of the value that is stored at `place`.
    fn position(&self, mut place: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        let split = |(i, n): (&mut usize, &usize)| {
            *i = place % n;
            place /= n;
        };
        if self.fortran {
            index.iter_mut().zip(&self.shape).for_each(split);
        } else {
            index.iter_mut().zip(&self.shape).rev().for_each(split);
        }
        index
    }
}

/// Reads everything before the values; returns where the header's text starts, and the bytes.
fn read_header(reader: &mut impl Read, file_len: u64) -> Result<(usize, Vec<u8>), NpyError> {
    let format = |reason: &str| NpyError::Format { reason: reason.to_owned() };
    let mut header = vec![0; 10];
    if file_len < 10 {
        return Err(format("it is too short"));
    }
    reader.read_exact(&mut header)?;
    if !header.starts_with(b"\x93NUMPY") {
        return Err(format("it does not start with \\x93NUMPY"));
    }
    let mut text_len = usize::from(u16::from_le_bytes([header[8], header[9]]));
    if header[6] > 1 {
        let mut high = [0; 2];
        reader.read_exact(&mut high)?;
        header.extend(high);
        text_len |= usize::from(u16::from_le_bytes(high)) << 16;
    }
    let text_start = header.len();
    if text_len > HEADER_LIMIT {
        return Err(format("its header is longer than any array of numbers needs"));
    }
    if (text_start + text_len) as u64 > file_len {
        return Err(format("it ends within its header"));
    }
    header.resize(text_start + text_len, 0);
    reader.read_exact(&mut header[text_start..])?;
    Ok((text_start, header))
}

/// Refuses headers that the parser would recurse into or whose shape overflows: a plain array has one pair of braces,
/// one of parentheses and fewer than 20 digits.
fn check_header_text(text: &[u8]) -> Result<(), NpyError> {
    let count = |set: &[u8]| text.iter().filter(|c| set.contains(c)).count();
    if count(b"{([") > 2 {
        return Err(NpyError::Format { reason: "it is a structured array".to_owned() });
    }
    if count(b"0123456789") > 19 {
        return Err(NpyError::Format { reason: "its shape is absurdly large".to_owned() });
    }
    Ok(())
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
        let stored = layout.read_values(reader, 0..layout.shape.iter().product())?;
        let values = if layout.fortran { from_fortran(&layout.shape, &stored) } else { stored };
        Ok(Self { shape: layout.shape, values })
    }

    /// Shape of the array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
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

/// Bytes of a `.npy` file (`f4`, C order) that holds `values`.
///
/// # Errors
/// [`NpyError`] when the values do not fill the shape.
pub fn to_bytes(shape: &[usize], values: &[f32]) -> Result<Vec<u8>, NpyError> {
    let mut bytes = Vec::with_capacity(values.len() * 4 + 128);
    let mut writer = begin(&mut bytes, shape)?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

/// Streams an array of known shape (`f4`, C order) into a temporary file beside `path`; [`NpyWriter::finish`] renames it.
/// Dropped before that, it removes the temporary file.
pub struct NpyWriter {
    writer: Option<npyz::NpyWriter<f32, BufWriter<File>>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl NpyWriter {
    /// Suffix of the temporary file's name.
    pub const TEMPORARY_SUFFIX: &str = ".part";

    /// Starts an array that is to be named `path`.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self, NpyError> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(Self::TEMPORARY_SUFFIX);
        let temporary = PathBuf::from(temporary);
        let file = BufWriter::with_capacity(1 << 20, File::create(&temporary)?);
        Ok(Self { writer: Some(begin(file, shape)?), temporary, path: path.to_owned() })
    }

    /// Appends values.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, values: &[f32]) -> Result<(), NpyError> {
        match &mut self.writer {
            Some(writer) => Ok(writer.extend(values.iter().copied())?),
            None => Ok(()),
        }
    }

    /// Completes the file and gives it its final name.
    ///
    /// # Errors
    /// When the values do not fill the shape or cannot be written.
    pub fn finish(mut self) -> Result<(), NpyError> {
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        File::open(&self.temporary)?.sync_all()?;
        Ok(fs::rename(&self.temporary, &self.path)?)
    }
}

impl Drop for NpyWriter {
    fn drop(&mut self) {
        self.writer = None;
        // After `finish` there is nothing left to remove.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn begin<W: io::Write>(writer: W, shape: &[usize]) -> Result<npyz::NpyWriter<f32, W>, NpyError> {
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    Ok(npyz::WriteOptions::new().default_dtype().shape(&shape).writer(writer).begin_nd()?)
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

    #[test]
    fn records_are_read_by_seeking() {
        let bytes = to_bytes(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let layout = NpyLayout::parse(bytes.as_slice(), bytes.len() as u64).unwrap();
        assert_eq!(layout.read_record(Cursor::new(&bytes), 1).unwrap(), [3.0, 4.0]);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_behind() {
        let path = std::env::temp_dir().join(format!("wavediffusion-npy-{}.npy", std::process::id()));
        let mut writer = NpyWriter::create(&path, &[2, 2]).unwrap();
        writer.write(&[1.0, 2.0]).unwrap();
        assert!(writer.finish().is_err());
        assert!(!path.exists());
        let mut writer = NpyWriter::create(&path, &[2, 2]).unwrap();
        writer.write(&[1.0, 2.0]).unwrap();
        let temporary = writer.temporary.clone();
        writer.write(&[3.0, 4.0]).unwrap();
        writer.finish().unwrap();
        assert!(!temporary.exists());
        assert_eq!(NpyArray::read(&path).unwrap().values, [1.0, 2.0, 3.0, 4.0]);
        fs::remove_file(&path).unwrap();
    }
}
