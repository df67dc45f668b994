"""Says what is in an .npy file, as short as one would write it: the rival of `npstow ls`."""

import sys

import numpy

array = numpy.load(sys.argv[1], mmap_mode="r")
print(array.dtype, array.shape)
