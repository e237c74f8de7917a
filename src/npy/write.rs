//! Arrays on their way out: into bytes, or streamed into a file.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use npyz::WriterBuilder;

use super::NpyError;
use crate::output;

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
    /// Starts an array that is to be named `path`.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self, NpyError> {
        let temporary = output::temporary(path)?;
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

fn begin<W: Write>(writer: W, shape: &[usize]) -> Result<npyz::NpyWriter<f32, W>, NpyError> {
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    Ok(npyz::WriteOptions::new().default_dtype().shape(&shape).writer(writer).begin_nd()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::NpyArray;

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
        assert_eq!(NpyArray::read(&path).unwrap().values(), [1.0, 2.0, 3.0, 4.0]);
        fs::remove_file(&path).unwrap();
    }
}
