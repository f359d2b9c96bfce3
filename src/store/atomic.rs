//! Files that are either wholly there or as they were.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::StoreError;

/// Writes a file through a temporary one beside it.
///
/// # Errors
/// A folder that cannot be written, a full disk.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |source| io_error("write", path, source);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| io_error("make the folder", folder, e))?;
    let mut file = NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    share(file.as_file()).map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

/// Temporary files are private; a report is not.
#[cfg(unix)]
fn share(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Writes the files of a report folder: all of them are written beside it first, then each takes its
/// place, so that a full disk or a crash while writing leaves the old report whole. Files that the
/// report does not name are left alone.
///
/// # Errors
/// A folder that cannot be written, a full disk.
pub fn replace_directory(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<Vec<PathBuf>, StoreError> {
    fs::create_dir_all(folder).map_err(|e| io_error("make the folder", folder, e))?;
    // A folder in a file's place would stop the renames half way.
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).is_dir()) {
        return Err(io_error("write", &folder.join(name), std::io::ErrorKind::IsADirectory.into()));
    }
    let mut written = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = folder.join(name);
        let fail = |source| io_error("write", &path, source);
        let mut file = NamedTempFile::new_in(folder).map_err(fail)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
        share(file.as_file()).map_err(fail)?;
        written.push((file, path));
    }
    written
        .into_iter()
        .map(|(file, path)| match file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(io_error("write", &path, error.error)),
        })
        .collect()
}

pub(super) fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            StoreError::DiskFull { path: path.to_owned() }
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly { path: path.to_owned() }
        }
        _ => StoreError::Io { action, path: path.to_owned(), source },
    }
}
