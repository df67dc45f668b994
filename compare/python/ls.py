"""Says what is in an .npy, .npz or HDF5 file, as short as one would write it: the rival of `npstow ls`."""

import sys

file = sys.argv[1]
if file.endswith(".h5"):
    import h5py

    with h5py.File(file, "r") as source:
        for name, dataset in source.items():
            print(name, dataset.dtype, dataset.shape)
elif file.endswith(".npz"):
    import numpy

    with numpy.load(file) as archive:
        for name, array in archive.items():
            print(name, array.dtype, array.shape)
else:
    import numpy

    array = numpy.load(file, mmap_mode="r")
    print(array.dtype, array.shape)
