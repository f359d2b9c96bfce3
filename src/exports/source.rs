//! The file as blocks of whole records, hashed as it is read; gzip or plain, told by content.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::error::{Fault, Located};
use super::records::{MAX_RECORD_BYTES, last_line_end};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Offsets in a block have 32 bits, and a block is to be small anyhow.
const MAX_BLOCK_BYTES: usize = 64 << 20;

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// How the file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
}

/// The raw file: counts and hashes every byte that passes.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.hash.update(into.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}

type RawFile = Hashing<Chain<Cursor<Vec<u8>>, File>>;

enum Input {
    Plain(RawFile),
    Gzip(Box<MultiGzDecoder<BufReader<RawFile>>>),
}

/// A block of whole records; all but the first begin with the line end of the record before.
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// Where its records begin.
    pub from: usize,
    /// The line of the first record's first byte.
    pub first_line: u64,
    /// Bytes of the file read up to the end of this block.
    pub bytes_read: u64,
    /// Whether it stops amid a record that is longer than [`MAX_RECORD_BYTES`].
    pub cut_short: bool,
}

/// Reads blocks of about `block_bytes`.
pub(super) struct Source {
    input: Input,
    block_bytes: usize,
    /// The beginning of a record whose end is not read yet.
    rest: Vec<u8>,
    line: u64,
    ended: bool,
}

impl Source {
    /// Opens the file and tells its packing from its first bytes.
    pub fn open(path: &Path, block_bytes: usize) -> Result<(Source, u64), Located> {
        let io = |error| Located::anywhere(Fault::Io(error));
        let mut file = File::open(path).map_err(io)?;
        let total = file.metadata().map_err(io)?.len();
        let mut head = Vec::new();
        file.by_ref().take(4).read_to_end(&mut head).map_err(io)?;
        if head == b"PAR1" {
            return Err(Located::anywhere(Fault::NotCsv("Parquet")));
        }
        if head == b"PK\x03\x04" {
            return Err(Located::anywhere(Fault::NotCsv("ZIP")));
        }
        let zipped = head.starts_with(&GZIP_MAGIC);
        let raw = Hashing { inner: Cursor::new(head).chain(file), hash: Sha256::new(), bytes: 0 };
        let input = if zipped {
            Input::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, raw))))
        } else {
            Input::Plain(raw)
        };
        let source = Source {
            input,
            block_bytes: block_bytes.clamp(1, MAX_BLOCK_BYTES),
            rest: Vec::new(),
            line: 1,
            ended: false,
        };
        Ok((source, total))
    }

    pub fn packing(&self) -> Packing {
        match self.input {
            Input::Plain(_) => Packing::Plain,
            Input::Gzip(_) => Packing::Gzip,
        }
    }

    fn raw(&self) -> &RawFile {
        match &self.input {
            Input::Plain(raw) => raw,
            Input::Gzip(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// The SHA-256 of the bytes read, in hexadecimal, and how many they were.
    pub fn digest(&self) -> (String, u64) {
        let raw = self.raw();
        let hex = raw.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (hex, raw.bytes)
    }

    /// Appends `count` bytes, or what is left of the file, and marks its end.
    fn read(&mut self, block: &mut Vec<u8>, count: usize) -> Result<(), Located> {
        let mut filled = block.len();
        block.resize(filled + count, 0);
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            let (read, zipped) = match &mut self.input {
                Input::Plain(raw) => (raw.read(room), false),
                Input::Gzip(decoder) => (decoder.read(room), true),
            };
            match read {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Located::anywhere(read_fault(error, zipped))),
            }
        }
        block.truncate(filled);
        Ok(())
    }

    /// The next block, `None` after the last. `spare` is the text of one that is done with: its memory is used again.
    pub fn next_block(&mut self, mut spare: Vec<u8>) -> Result<Option<Block>, Located> {
        spare.clear();
        spare.append(&mut self.rest);
        let mut bytes = spare;
        let mut count = self.block_bytes;
        let mut cut_short = false;
        while !self.ended {
            self.read(&mut bytes, count)?;
            if self.ended {
                break;
            }
            if let Some(end) = last_line_end(&bytes) {
                self.rest = bytes.split_off(end);
                break;
            }
            // One more byte than a record may have, and the line end before it.
            if bytes.len() > MAX_RECORD_BYTES + 2 {
                (cut_short, self.ended) = (true, true);
                break;
            }
            count = bytes.len().max(self.block_bytes);
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first_line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let from = if first_line == 1 && bytes.starts_with(&BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let bytes_read = self.raw().bytes;
        Ok(Some(Block { bytes, from, first_line, bytes_read, cut_short }))
    }
}

fn read_fault(error: io::Error, zipped: bool) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if zipped => Fault::TruncatedGzip,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if zipped => Fault::DamagedGzip(error),
        _ => Fault::Io(error),
    }
}

/// The first bytes of a file as text, unpacked if they are gzip: as much as they hold.
pub(super) fn unpacked_head(first_bytes: &[u8]) -> Vec<u8> {
    if !first_bytes.starts_with(&GZIP_MAGIC) {
        return first_bytes.to_vec();
    }
    let mut head = Vec::new();
    // The stream is cut wherever the caller stopped reading: what came out before that is what counts.
    let _ = MultiGzDecoder::new(first_bytes).take(1 << 16).read_to_end(&mut head);
    head
}
