"""What cnpy, libnpy, NP.hh and npyreader do, row by row: measured with g++ 12.2 and files of NumPy 2.4.6."""

NONE = ("–",) * 4

# cnpy, libnpy, NP.hh, npyreader
FILES = {
    "plain": ("ok", "ok", "ok", "ok"),
    "structured dtype": ("abort / silent: 0 bytes", "throws", "abort / silent: (0, 0)", "a field's name for the dtype; heap overflow"),
    "header 2.0": ("abort / throws", "ok", "abort / SIGSEGV", "SIGSEGV"),
    "header 3.0, UTF-8 field": ("abort / throws", "throws", "abort / SIGSEGV", "SIGSEGV"),
    "big-endian": ("abort / silent: swapped", "throws", "abort / silent: swapped", "no function"),
    "Fortran order": ("ok", "ok", "abort / silent: transposed", "silent: transposed"),
    "0-d": ("ok", "ok", "silent: the value is lost", "ok"),
    "empty (0,), (0,4)": ("ok", "ok", "ok", "ok"),
    "bool": ("ok", "throws", "abort / ok", "no function"),
    "complex128, f16": ("ok", "ok", "abort / silent: 2 of 32 bytes", "no function"),
    "unicode <U5": ("silent: 15 of 60 bytes", "throws", "abort / silent: 15 of 60", "no function"),
    "bytes S3, datetime64": ("ok, by luck", "throws", "abort / ok", "no function"),
    "object": ("silent: 0 bytes", "throws", "abort", "no function"),
    "8-D / 5-D f4": ("ok", "ok", "ok", "heap overflow"),
    "64-D (320-byte header)": ("abort / silent: wrong bytes", "ok", "ok", "heap overflow"),
    "truncated data": ("throws", "silent: zeros", "silent: zeros", "silent: reads past the end"),
    "truncated header / empty file / text file": ("abort or throws", "throws", "abort / SIGSEGV or silent", "SIGSEGV"),
    "> 2^31 elements (2 GiB u1)": ("throws", "ok", "ok", "no function"),
    "a length beyond 32 bits, no element": ("throws", "–", "–", "–"),
    "shape product overflow": ("throws", "silent: 0 bytes", "silent: 0 bytes", "silent"),
    "negative dim": ("silent: made positive", "throws", "abort", "silent"),
    "valid, other key order": ("ok", "ok", "abort / silent: 792 of 96 bytes", "ok"),
    "valid, double quotes": ("ok", "throws", "SIGSEGV", "SIGSEGV"),
    "valid, no spaces": ("abort / silent: 0 bytes", "ok", "abort / ok", "ok"),
    "valid, unpadded / no newline": ("ok / abort, throws", "ok / throws", "abort / silent: wrong", "ok"),
    "descr '=f8'": ("abort / ok", "throws", "abort / ok", "no function"),
    "Python-2 longs (3L, 4L)": ("ok", "ok", "ok", "silent: shape (3,)"),
}

# cnpy; the others have no archives
ARCHIVES = {
    "np.savez, all": ("ok",),
    "np.savez, the second by name": ("throws",),
    "np.savez_compressed": ("throws after asking for 8 GiB",),
    "streamed, stored": ("silent: the first member alone",),
    "streamed, deflated": ("SIGSEGV",),
    "a member that is no array": ("abort / throws",),
    "zip64 of 5 GiB, then a small one by name": ("throws: not found",),
    "np.savez of nothing": ("throws",),
    "no zip archive": ("silent: no arrays",),
    "a damaged byte": ("silent: other values",),
    "32-bit sizes, stored": ("ok",),
    "32-bit sizes, deflated": ("ok",),
    "a comment": ("ok",),
    "4000 members": ("ok",),
    "append to a zip64 archive of 5 GiB": ("silent: overwrites bytes of a member",),
}

APPENDS = {
    "append to a file of np.save": ("silent: blanks of the header become data",),
    "append int32 to float32": ("silent: old values reinterpreted",),
    "append where the header grows: (9999, 10, 1, 1)": ("silent: the file is destroyed",),
    "append (4,) to (1, 4)": ("prints an error and corrupts the file",),
    "append (1, 5) to (1, 4)": ("abort / prints an error and destroys the file",),
    "append to Fortran order": ("abort / silent: the file is destroyed",),
    "append to a file that is no array": ("throws",),
    "append to a file that is not there": ("a new file",),
    "npy_save of int8_t": ("silent: np.load fails",),
    "npy_save of shape {}": ("SIGSEGV",),
    "npy_save of complex, of no element": ("ok",),
    "npy_save to a full disk": ("returns as if it were written",),
    "npz_save to an archive with a comment": ("abort / throws",),
    "npz_save to a file that is no zip archive": ("abort / throws",),
    "npz_save to an archive of np.savez_compressed": ("ok",),
    "the same name twice": ("two members; the first by name, the last in the map",),
    "a name that is not ASCII": ("NumPy sees another name",),
    "an array of more than 4 GiB": ("silent: a corrupt archive",),
}
