//! The least that packing and unpacking cost: libdeflate alone, on all cores, from memory to
//! memory, with no file, no checksum and nothing joined.
#![forbid(unsafe_code)]

use crate::measure::{Failure, Result, once};
use crate::{pattern, source::source};
use ::npstow::BufferMut;
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::thread;

/// How much is packed apart.
const BLOCK: usize = 1 << 20;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p9", level, file] => pack(file, level.parse()?),
        ["p10", "blocks", level, file] => unpack_blocks(file, level.parse()?),
        ["p10", "stream", file] => unpack_stream(file),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn pack(file: &str, level: i32) -> Result {
    let source = source(file)?;
    let bytes = source.bytes().ok_or("not in one piece")?;
    let (outcome, blocks) = once(|| packed(bytes, level))?;
    let len = blocks.iter().map(Vec::len).sum();
    let mut again = vec![0; bytes.len()];
    unpack(&blocks, &mut again)?;
    Ok(outcome.made(len).check(pattern::sample(&floats(&again))))
}

/// Each block of the bytes packed on its own, on all cores.
fn packed(bytes: &[u8], level: i32) -> Result<Vec<Vec<u8>>> {
    let mut blocks = vec![Vec::new(); bytes.len().div_ceil(BLOCK)];
    on_all_cores(bytes.chunks(BLOCK).zip(&mut blocks), |jobs| {
        let level = CompressionLvl::new(level).map_err(|_| "no such level")?;
        let mut compressor = Compressor::new(level);
        let mut room = vec![0; compressor.deflate_compress_bound(BLOCK)];
        while let Some((bytes, block)) = jobs() {
            let len = compressor.deflate_compress(bytes, &mut room)?;
            block.extend_from_slice(&room[..len]);
        }
        Ok(())
    })?;
    Ok(blocks)
}

fn unpack(blocks: &[Vec<u8>], into: &mut [u8]) -> Result<()> {
    on_all_cores(blocks.iter().zip(into.chunks_mut(BLOCK)), |jobs| {
        let mut decompressor = Decompressor::new();
        while let Some((block, into)) = jobs() {
            decompressor.deflate_decompress(block, into)?;
        }
        Ok(())
    })
}

/// Calls `work` once on each core, with a queue of the jobs.
fn on_all_cores<J: Send>(
    jobs: impl Iterator<Item = J> + Send,
    work: impl Fn(&mut dyn FnMut() -> Option<J>) -> Result<()> + Sync,
) -> Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = Mutex::new(jobs);
    let worker = || work(&mut || jobs.lock().ok()?.next());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker died")?)
    })
}

fn unpack_blocks(file: &str, level: i32) -> Result {
    let source = source(file)?;
    let bytes = source.bytes().ok_or("not in one piece")?;
    let blocks = packed(bytes, level)?;
    let len = bytes.len();
    drop(source);
    let work = || {
        let mut into = BufferMut::zeroed(len)?;
        unpack(&blocks, into.bytes_mut())?;
        Ok::<_, Failure>(into.freeze())
    };
    let (outcome, made) = once(work)?;
    Ok(outcome.check(pattern::sample(&floats(&made))))
}

/// The first member of an archive, one stream, on one core: the bytes after the header of 128.
fn unpack_stream(file: &str) -> Result {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(file)?))?;
    let member = archive.by_index_raw(0)?;
    let (start, len) = (member.data_start(), usize::try_from(member.size())?);
    let mut packed = vec![0; usize::try_from(member.compressed_size())?];
    drop(member);
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut packed)?;
    let work = || {
        let mut into = BufferMut::zeroed(len)?;
        Decompressor::new().deflate_decompress(&packed, into.bytes_mut())?;
        Ok::<_, Failure>(into.freeze())
    };
    let (outcome, made) = once(work)?;
    Ok(outcome.check(pattern::sample(&floats(made.get(128..).ok_or("no header")?))))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|value| f32::from_le_bytes(*value)).collect()
}
