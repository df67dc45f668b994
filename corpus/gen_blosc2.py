#!/usr/bin/env python3
"""Makes the small frames of Blosc 2 that the library's own tests unpack, cut and damage.

    python corpus/gen_blosc2.py corpus/blosc2/frames.bin

For each frame, one after another: the length of the frame and of what it unpacks to (u32, little-endian), then both. Python's blosc2
4.14.1 (c-blosc2) with NumPy 2.4.6 made those that are committed.
"""
import struct
import sys

import blosc2
import numpy as np
from blosc2 import Codec, Filter, SpecialValue, SplitMode

CODECS = [Codec.BLOSCLZ, Codec.LZ4, Codec.LZ4HC, Codec.ZLIB, Codec.ZSTD]
PIPELINES = [
    ([Filter.SHUFFLE], [0]), ([Filter.BITSHUFFLE], [0]), ([Filter.DELTA, Filter.SHUFFLE], [0, 0]), ([Filter.NOFILTER], [0]),
    ([Filter.SHUFFLE, Filter.BYTEDELTA], [0, 0]), ([Filter.TRUNC_PREC, Filter.BITSHUFFLE, Filter.BYTEDELTA], [20, 0, 4]),
    ([Filter.INT_TRUNC, Filter.SHUFFLE], [30, 2]),
]


def boxes(number, shape, chunks, blocks, dtype):
    filters, metas = PIPELINES[number % len(PIPELINES)]
    split = list(SplitMode)[number % len(SplitMode)]
    codec = CODECS[number % len(CODECS)]
    options = blosc2.CParams(codec=codec, clevel=1 + number % 9, filters=filters, filters_meta=metas, splitmode=split)
    values = (np.arange(np.prod(shape)) // 3 * 5).astype(dtype).reshape(shape)
    array = blosc2.asarray(values, chunks=chunks, blocks=blocks, cparams=options)
    return array.to_cframe(), array[:].tobytes()


def rows(chunksize, values, **options):
    frame = blosc2.SChunk(chunksize=chunksize, data=values, cparams=blosc2.CParams(typesize=values.itemsize, **options))
    return frame.to_cframe(), values.tobytes()


def special(kind, itemsize, value=None):
    frame = blosc2.SChunk(chunksize=120 * itemsize, cparams=blosc2.CParams(typesize=itemsize))
    frame.fill_special(500, kind, value)
    return frame.to_cframe(), bytes(frame[:])


def all_of_them():
    for number in range(14):
        shape, chunks, blocks = [((13, 11), (13, 11), (4, 8)), ((6, 7, 5), (4, 7, 3), (2, 3, 2)), ((90,), (90,), (32,))][number % 3]
        yield boxes(number, shape, chunks, blocks, ["<i4", "<f4"][number % len(PIPELINES) == 5])
    counted = (np.arange(600) // 5).astype("<i4")
    for codec, split in zip(CODECS, list(SplitMode) + [SplitMode.ALWAYS_SPLIT]):
        yield rows(2400, counted, codec=codec, splitmode=split)
    holes = counted.copy()
    holes[100:400] = 0
    yield rows(400, holes)
    yield rows(900, np.random.default_rng(1).integers(0, 256, 900, dtype="u1"))
    yield special(SpecialValue.ZERO, 4)
    yield special(SpecialValue.NAN, 8)
    yield special(SpecialValue.NAN, 4)
    yield special(SpecialValue.VALUE, 8, 2.5)
    yield blosc2.full((9, 8), 3.5, dtype="f8", chunks=(4, 8), blocks=(3, 3)).to_cframe(), np.full((9, 8), 3.5).tobytes()
    for codec in CODECS:
        yield blosc2.compress2(counted, typesize=4, codec=codec), counted.tobytes()
    # Planes of which each has one byte again and again.
    runs = np.full(3000, 0x00070001, "<u4")
    runs[-1] = 5
    yield blosc2.compress2(runs, typesize=4, blocksize=2000, splitmode=SplitMode.ALWAYS_SPLIT), runs.tobytes()
    records = np.frombuffer(bytes(range(7)) * 80, "V7")
    yield blosc2.compress2(records.tobytes(), typesize=7, filters=[Filter.BITSHUFFLE], filters_meta=[0]), records.tobytes()


def main():
    with open(sys.argv[1], "wb") as file:
        for packed, plain in all_of_them():
            file.write(struct.pack("<2I", len(packed), len(plain)) + packed + plain)


if __name__ == "__main__":
    main()
