//! What bounds the workloads whose goals are missed, and what was tried.
#![forbid(unsafe_code)]

use super::measured::Measured;
use std::fmt::Write as _;

/// By the key of a workload: what was found in profiles and probes.
const WHY: [(&str, &str); 17] = [
    (
        "p1",
        "Page faults of the new memory. npstow takes less time than one core needs to read into huge \
        pages; ndarray-npy is near the limit for pages of 4 KiB. Kept: huge pages, and two cores \
        for large reads. Of the memory beyond the array some 0.2 MiB are made; the rest is the \
        program's own file, as far as it was touched. Kept: the program is optimised as a whole \
        (LTO), which brings what is called together and takes 1.4 MiB of that away.",
    ),
    (
        "p2",
        "The first view of a process pays for code that is touched for the first time, page faults \
        of the program's file of a few µs each; again, it is some ten µs in all. Kept: headers in the \
        words of `np.save` are read without the parser of literals, which took 10 faults more; the \
        program is optimised as a whole (LTO): 31 instead of 39 µs in a test of that alone, with \
        nothing between the calls. In Python half of the first time is the import of Python's own `mmap`, by npstow as \
        by NumPy; a third is the map and the header, and the rest makes NumPy's `memmap`. Kept: \
        nothing else is imported for it, which took twice as long as the map.",
    ),
    (
        "p3",
        "Everyone's time is that of the write(2) into the page cache, and on the disk that of the \
        disk. Tried: asking for the room first, faster in some runs on the disk and slower in \
        others, always slower in memory.",
    ),
    (
        "p4",
        "Reading: page faults of the new memory, and the read; the checksum is fused with it. Two \
        cores take half of what one core needs at least (the limit). Saving: write(2), which nobody \
        does faster; the checksum is taken of each piece while it is in the cache (kept), so npstow \
        is faster than the limit.",
    ),
    (
        "p5",
        "A checksum, a comparison of headers and memory for each of 4,000 arrays; the limit has one \
        piece of memory for all. In Python the 4,000 array objects are about a third of the time. \
        Kept: one read for neighbours, equal headers parsed once, small arrays in memory that was \
        touched before.",
    ),
    (
        "p6",
        "In a new process about half is page faults for the directory of 4,000 names, and a tenth \
        the question what the processor can do (CPUID, which traps in a virtual machine); in a \
        warm one it takes half as long. The limit compares the name and keeps nothing. Kept: what \
        errors say is put together out of the way, and of an entry only what is asked for is taken \
        apart, 1.7 instead of 2.6 million instructions.",
    ),
    (
        "p7",
        "4,000 checksums and headers, and page faults of the new file in memory. Tried: checksums on \
        two cores, slower in a new process, since memory that was never touched costs more than \
        the second core gains; kept from 64 MiB on. safetensors has no checksums and one header. \
        Kept: headers are written where they are to be, and compared before one is made, 24.0 \
        instead of 29.7 million instructions; two fifths of the time are in write(2).",
    ),
    (
        "p8",
        "Three system calls for each file, which the limit makes, too: it is half of the time of a \
        load and about four fifths of that of a save. The rest is names, headers and memory of 4,000 \
        arrays; a sixth of a load is the listing of the folder, which one core does, and much of \
        that the kernel's. In Python, the objects besides. Kept: files are read straight into memory \
        that is asked for once, and arrays made by who has read them (1,487 instead of 3,412 page \
        faults).",
    ),
    (
        "p10",
        "NumPy's archive has one stream, which cannot be taken apart: the limit is libdeflate on one \
        core. npstow's own is unpacked on all cores, as by its limit. Kept: the others fetch the memory of the result meanwhile and share the checksum. In \
        memory that the host of a virtual machine has to find first, page faults are more than \
        half of everyone's time.",
    ),
    (
        "p11",
        "1,000 calls of pread, which are the limit; in Python the list of rows is taken apart \
        first, and the file is opened as a tree.",
    ),
    (
        "p13",
        "10,000 arrays of 16 numbers, some 4,100 instructions each (callgrind): opcodes, checks of \
        what NumPy's `_reconstruct` and `__setstate__` are given, nodes of the graph; a third of the time is \
        page faults of that. Kept: the search for shared objects no longer hashes. Not tried: \
        to know the opcodes of an array as a whole, which would be a second way through the same rules.",
    ),
    (
        "p14",
        "The dump is read twice, once for the opcodes and once for the arrays; before \
        elements were left in the file, half of the instructions were the pickle's, a fifth each \
        the paths and the arrays. A packed dump is one stream of zlib, which one core unpacks. \
        Kept: the array of a packed dump stays where it was unpacked, in memory that all cores \
        fetched; the names of attributes are known by where they came from (11 % fewer \
        instructions).",
    ),
    (
        "p15",
        "Each dataset has a header of its own, somewhere in the file, which is read three times: to \
        know what it is, to describe it, and for its attributes; those of the latest form have a \
        checksum besides. Kept: each time with one read instead of two.",
    ),
    (
        "p16",
        "A contiguous dataset is one write(2) of the array, by npstow as by h5py. Tried: two threads \
        with pwrite or through a map, not faster in memory. (Where it is the reading of \
        packed chunks that is missed: two thirds of it are the kernel's, most of that clearing new \
        memory, which h5py pays for as well; a fifth is the decoder and a tenth the unshuffling.)",
    ),
    (
        "p17",
        "Of a small listing two thirds are the start of a process. 4,000 members: a quarter is \
        reading 4,000 headers, the rest a flat profile of descriptions and their text. Tried: all \
        headers with 30 reads, no faster in memory. Kept: two cores, 8 % faster for an archive, \
        whose calls of pread take more time in all, and 20 % for a folder; of the 21 commands only \
        the one that is asked for is defined, and a listing is one text, 54.4 instead of 95.6 \
        million instructions.",
    ),
    ("small", "Both pay for the calls of the system and for an array of NumPy's."),
    (
        "import",
        "NumPy's own import is most of it; some 5 ms are npstow's library and its modules. What is \
        rarely used is imported when it is asked for, and no `dataclasses` or `typing` besides.",
    ),
];

/// A line for each workload that missed a goal.
pub(super) fn text(results: &[Measured]) -> String {
    let missed = |key: &str| {
        let mut of_key = results.iter().filter(|result| result.key == key);
        of_key.any(|result| result.verdicts.iter().any(|verdict| verdict.missed > 1.0))
    };
    let mut text = String::new();
    for (key, why) in WHY.iter().filter(|(key, _)| missed(key)) {
        let _ = writeln!(text, "* **{}**: {why}", key.to_uppercase());
    }
    match text.is_empty() {
        true => text,
        false => format!(
            "\nWhat bounds the goals that are missed, what was tried, and what of that was *kept*:\n\n{text}"
        ),
    }
}
