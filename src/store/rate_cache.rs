//! Fetched rates on disk: a file a region and kind, wholly there or as it was, and the publication before the last.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, write_file};
use crate::catalog::{Published, SpotHistory};

/// Of the files: another one was written by another gpucost.
const FORMAT: u32 = 1;

const RATES: &str = "rates";
const BEFORE: &str = "rates-before";
const SPOT: &str = "spot";

/// The folder of the files, which need not be there.
#[derive(Clone, Debug)]
pub struct RateCache {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct File<T> {
    format: u32,
    content: T,
}

/// Read first, whatever the rest is.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl RateCache {
    pub fn new(folder: PathBuf) -> RateCache {
        RateCache { folder }
    }

    /// All regions' publications; none if there is no cache.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or of a newer gpucost.
    pub fn all(&self) -> Result<(Vec<Published>, Vec<SpotHistory>), StoreError> {
        let (mut published, mut spot) = (Vec::new(), Vec::new());
        for (region, kind) in self.files()? {
            match kind.as_str() {
                RATES => published.extend(self.rates(&region)?),
                SPOT => spot.extend(self.spot(&region)?),
                _ => {}
            }
        }
        Ok((published, spot))
    }

    /// Those that rates were fetched of, in order.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn regions(&self) -> Result<Vec<String>, StoreError> {
        let files = self.files()?.into_iter();
        Ok(files.filter(|(_, kind)| kind == RATES).map(|(region, _)| region).collect())
    }

    /// # Errors
    /// As [`RateCache::all`].
    pub fn rates(&self, region: &str) -> Result<Option<Published>, StoreError> {
        self.checked(region, RATES)
    }

    /// The publication before the last one that was kept.
    ///
    /// # Errors
    /// As [`RateCache::all`].
    pub fn rates_before(&self, region: &str) -> Result<Option<Published>, StoreError> {
        self.checked(region, BEFORE)
    }

    /// # Errors
    /// As [`RateCache::all`].
    pub fn spot(&self, region: &str) -> Result<Option<SpotHistory>, StoreError> {
        let path = self.path(region, SPOT)?;
        let history: Option<SpotHistory> = read(&path)?;
        match history {
            Some(history) if history.region != region => Err(damaged(&path, "it is of another region")),
            Some(history) if history.means.iter().any(|mean| crate::catalog::is_absurd(mean.mean)) => {
                Err(damaged(&path, "a spot price in it is absurd"))
            }
            history => Ok(history),
        }
    }

    /// Keeps a region's publication, and the one it takes the place of. Killed at any moment, it leaves the old one or
    /// the new one.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn keep(&self, published: &Published) -> Result<(), StoreError> {
        let region = &published.region;
        // One that cannot be read is no loss: its place is taken by one that can.
        let old = self.rates(region).ok().flatten();
        if let Some(old) = old.filter(|old| old.published_at != published.published_at) {
            write(&self.path(region, BEFORE)?, &old)?;
        }
        write(&self.path(region, RATES)?, published)
    }

    /// # Errors
    /// As [`RateCache::keep`].
    pub fn keep_spot(&self, history: &SpotHistory) -> Result<(), StoreError> {
        write(&self.path(&history.region, SPOT)?, history)
    }

    fn checked(&self, region: &str, kind: &str) -> Result<Option<Published>, StoreError> {
        let path = self.path(region, kind)?;
        let Some(published) = read::<Published>(&path)? else { return Ok(None) };
        if published.region != region {
            return Err(damaged(&path, "it is of another region"));
        }
        match published.fault() {
            Some(fault) => Err(damaged(&path, &fault)),
            None => Ok(Some(published)),
        }
    }

    fn path(&self, region: &str, kind: &str) -> Result<PathBuf, StoreError> {
        let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let path = self.folder.join(format!("{region}.{kind}.json"));
        if region.is_empty() || !region.bytes().all(is_code) {
            return Err(damaged(&path, "that is no code of a region"));
        }
        Ok(path)
    }

    /// (region, kind) of each file that is one of the cache's, in order.
    fn files(&self) -> Result<Vec<(String, String)>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            Err(source) => return Err(unreadable(&self.folder, source)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let name = entry.map_err(|source| unreadable(&self.folder, source))?.file_name();
            let name = name.to_string_lossy();
            let parts: Vec<&str> = name.split('.').collect();
            if let [region, kind @ (RATES | SPOT), "json"] = parts.as_slice() {
                files.push(((*region).to_owned(), (*kind).to_owned()));
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

/// A cache folder in a home that is no folder (`HOME=/dev/null`) holds nothing either.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(source) => return Err(unreadable(path, source)),
    };
    let Format { format } = serde_json::from_slice(&bytes).map_err(|error| damaged(path, &error.to_string()))?;
    if format > FORMAT {
        return Err(damaged(path, "a newer gpucost wrote it"));
    }
    let file: File<T> = serde_json::from_slice(&bytes).map_err(|error| damaged(path, &error.to_string()))?;
    Ok(Some(file.content))
}

fn write<T: Serialize>(path: &Path, content: &T) -> Result<(), StoreError> {
    let file = File { format: FORMAT, content };
    let bytes = serde_json::to_vec(&file).map_err(|error| damaged(path, &error.to_string()))?;
    write_file(path, &bytes)
}

fn damaged(path: &Path, why: &str) -> StoreError {
    StoreError::RateCache { path: path.to_owned(), why: why.to_owned() }
}

fn unreadable(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { action: "read", path: path.to_owned(), source }
}

#[cfg(test)]
#[path = "rate_cache_tests.rs"]
mod tests;
