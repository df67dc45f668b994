"""Writes ml_dtypes.tsv: every code of every type of ml_dtypes as the bits of a float32."""

import ml_dtypes
import numpy as np

NAMES = """float8_e3m4 float8_e4m3 float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
float6_e2m3fn float6_e3m2fn float4_e2m1fn int2 uint2 int4 uint4""".split()


def bits(values):
    return ["nan" if np.isnan(v) else f"{v.view('<u4'):x}" for v in values]


with open("ml_dtypes.tsv", "w", encoding="utf-8") as file:
    print(f"# ml_dtypes {ml_dtypes.__version__}, NumPy {np.__version__}, by gen_ml_dtypes.py", file=file)
    for name in NAMES:
        dtype = np.dtype(getattr(ml_dtypes, name))
        assert dtype.itemsize == 1
        values = np.arange(256, dtype="u1").view(dtype).astype("<f4")
        print(name, dtype.str, " ".join(bits(values)), sep="\t", file=file)
    dtype = np.dtype(ml_dtypes.bfloat16)
    values = np.arange(65536, dtype="<u2").view(dtype).astype("<f4")
    code = 0xCBF29CE484222325
    for byte in " ".join(bits(values)).encode():
        code = (code ^ byte) * 0x100000001B3 % 2**64
    print("bfloat16", dtype.str, f"fnv1a {code:x}", sep="\t", file=file)
