"""Says what is in an .npy or .npz file, as short as one would write it: the rival of `npstow ls`."""

import sys

import numpy

file = sys.argv[1]
if file.endswith(".npz"):
    with numpy.load(file) as archive:
        for name, array in archive.items():
            print(name, array.dtype, array.shape)
else:
    array = numpy.load(file, mmap_mode="r")
    print(array.dtype, array.shape)
