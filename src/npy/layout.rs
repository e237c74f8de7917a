//! Where the values of a `.npy` file lie and how they are stored.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use npyz::{DType, NpyHeader, Order, TypeChar};

use super::NpyError;

/// Longest header text that is parsed, in bytes; NumPy writes 118.
const HEADER_LIMIT: usize = 4096;
/// Bytes that are converted at a time.
const CHUNK: usize = 1 << 16;

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
    pub(super) fn read_values(&self, mut reader: impl Read + Seek, range: Range<usize>) -> Result<Vec<f32>, NpyError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::to_bytes;
    use std::io::Cursor;

    #[test]
    fn records_are_read_by_seeking() {
        let bytes = to_bytes(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let layout = NpyLayout::parse(bytes.as_slice(), bytes.len() as u64).unwrap();
        assert_eq!(layout.read_record(Cursor::new(&bytes), 1).unwrap(), [3.0, 4.0]);
    }
}
