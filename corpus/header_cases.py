"""The hand-made files of gen_headers.py: bytes and the reason for them, without any verdict."""
import io
import pickle
import re
import struct
import zipfile
from dataclasses import dataclass
from itertools import permutations

import numpy as np

MAGIC = b"\x93NUMPY"
PAYLOAD = np.arange(12, dtype="<f8").tobytes()
# No byte twice, so that a shifted or swapped reading shows.
PATTERN = bytes((i * 37 + 11) % 256 for i in range(256))
# 1/3 and -2 as x87 keeps them, with zeros for padding.
X87 = bytes.fromhex("abaaaaaaaaaaaaaafd3f000000000000" "0000000000000080" "00c0000000000000")


@dataclass
class Case:
    name: str
    why: str
    data: bytes
    row: str = ""
    trim: bool = False  # cut what follows the data, once NumPy told where it ends


def prefix(version, length):
    return MAGIC + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", length)


def file(header, data=PAYLOAD, version=(1, 0), align=64, end="\n", length=None, encoding=None):
    """A file with this header text; align 0: no padding; length: a lie about the header's length."""
    text = header if isinstance(header, bytes) else header.encode(encoding or ("utf-8" if version[0] == 3 else "latin-1"))
    tail = end.encode()
    if align:
        text += b" " * (-(len(prefix(version, 0)) + len(text) + len(tail)) % align)
    text += tail
    return prefix(version, len(text) if length is None else length) + text + data


def head(descr="'<f8'", fortran="False", shape="(3, 4)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def saved(array, **options):
    out = io.BytesIO()
    if "version" in options:
        np.lib.format.write_array(out, array, **options)
    else:
        np.save(out, array, **options)
    return out.getvalue()


def table_rows():
    """Each row of the table of what C and C++ readers do with NumPy's files."""
    f8 = np.arange(12.0).reshape(3, 4)
    record = np.zeros(4, [("a", "<i4"), ("b", "<f8"), ("a_name_of_more_than_16_bytes", "S3")])
    record["a"] = range(4)
    text = "valid but "
    yield Case("row_structured_dtype", "a record array", saved(record), "structured dtype")
    yield Case("row_header_2_0", "version 2.0", saved(f8, version=(2, 0)), "header 2.0")
    yield Case("row_header_3_0_utf8_field", "version 3.0, name in UTF-8", saved(np.ones(3, [("λ", "<f4")])), "header 3.0, UTF-8 field")
    yield Case("row_big_endian", "big-endian", saved(f8.astype(">f8")), "big-endian")
    yield Case("row_fortran_order", "Fortran order", saved(np.asfortranarray(f8)), "Fortran order")
    yield Case("row_0d", "no dimension", saved(np.array(42.0)), "0-d")
    yield Case("row_empty", "no element", saved(np.zeros(0)), "empty (0,), (0,4)")
    yield Case("row_empty_rows", "no row", saved(np.zeros((0, 4), "<f4")), "empty (0,), (0,4)")
    yield Case("row_bool", "booleans", saved(np.array([True, False, True])), "bool")
    yield Case("row_complex128", "complex", saved(np.array([1 + 2j, -0.0 + 1e300j])), "complex128, f16")
    yield Case("row_f16", "long double", saved(np.frombuffer(X87, "<f16")), "complex128, f16")
    yield Case("row_half", "half", saved(np.array([1, -2, 65504], "<f2")), "complex128, f16")
    yield Case("row_unicode", "strings", saved(np.array(["alpha", "β", ""], "<U5")), "unicode <U5")
    yield Case("row_bytes", "byte strings", saved(np.array([b"abc", b"d", b""], "S3")), "bytes S3, datetime64")
    yield Case("row_datetime64", "times", saved(np.array(["2024-02-29", "NaT"], "<M8[ns]")), "bytes S3, datetime64")
    yield Case("row_object", "Python objects", saved(np.array([1, None, "a"], object), allow_pickle=True), "object")
    yield Case("row_8d_f4", "8 dimensions", saved(np.arange(16, dtype="<f4").reshape(2, 2, 2, 2, 1, 1, 1, 1)), "8-D / 5-D f4")
    yield Case("row_5d_f4", "5 dimensions", saved(np.arange(16, dtype="<f4").reshape(1, 2, 2, 2, 2)), "8-D / 5-D f4")
    yield Case("row_64d", "64 dimensions", saved(np.full((1,) * 64, 7.0)), "64-D (320-byte header)")
    yield Case("row_truncated_data", "the last byte is missing", saved(f8)[:-1], "truncated data")
    yield Case("row_truncated_data_half", "half of the data is missing", saved(f8)[:-48], "truncated data")
    yield Case("row_truncated_data_all", "all data are missing", saved(f8)[:-96], "truncated data")
    yield Case("row_truncated_header", "ends within the header", saved(f8)[:60], "truncated header / empty file / text file")
    yield Case("row_empty_file", "no byte", b"", "truncated header / empty file / text file")
    yield Case("row_text_file", "plain text", b"x,y,z\n1,2,3\n4,5,6\n", "truncated header / empty file / text file")
    huge = "(8589934592, 8589934592)"
    yield Case("row_shape_product_overflow", "2^66 elements", file(head(shape=huge)), "shape product overflow")
    yield Case("row_negative_dim", "a negative length", file(head(shape="(-3, 4)")), "negative dim")
    parts = {"d": "'descr': '<f8'", "f": "'fortran_order': False", "s": "'shape': (3, 4)"}
    for order in permutations("dfs"):
        yield Case("row_key_order_" + "".join(order), text + "keys in another order", file("{" + ", ".join(parts[k] for k in order) + "}"), "valid, other key order")
    yield Case("row_double_quotes", text + "double quotes", file(head().replace("'", '"')), "valid, double quotes")
    yield Case("row_no_spaces", text + "no spaces", file(head().replace(" ", "").replace(",}", "}")), "valid, no spaces")
    yield Case("row_unpadded", text + "no padding", file(head(), align=0), "valid, unpadded / no newline")
    yield Case("row_no_newline", text + "no final newline", file(head(), end=""), "valid, unpadded / no newline")
    yield Case("row_bare", text + "neither padding nor newline", file(head(), align=0, end=""), "valid, unpadded / no newline")
    yield Case("row_equals_order", "native byte order", file(head("'=f8'")), "descr '=f8'")
    yield Case("row_python2_longs", "lengths as Python 2 wrote them", file(head(shape="(3L, 4L)")), "Python-2 longs (3L, 4L)")


def layouts():
    """Where the header ends and what follows the data."""
    plain = file(head())
    for align in (16, 32, 128):
        yield Case(f"layout_align{align}", f"header padded to {align}", file(head(), align=align))
    yield Case("layout_odd", "data at an odd offset", file(head() + " ", align=0, end="") if len(head()) % 2 == 0 else file(head(), align=0, end=""))
    yield Case("layout_trailing_1", "a byte after the data", plain + b"\0")
    yield Case("layout_trailing_1000", "many bytes after the data", plain + b"\xaa" * 1000)
    yield Case("layout_two_arrays", "two arrays, one after the other", plain + file(head(shape="(2,)"), PAYLOAD[:16]))
    yield Case("layout_trailing_after_empty", "bytes after no data", file(head(shape="(0,)")))
    yield Case("layout_v2_small", "version 2.0 with a short header", file(head(), version=(2, 0)))
    yield Case("layout_v3_small", "version 3.0 with an ASCII header", file(head(), version=(3, 0)))
    yield Case("layout_v3_fortran", "version 3.0, Fortran order", file(head(fortran="True"), version=(3, 0)))
    yield Case("layout_header_10000", "as long as NumPy allows by default", file(head().ljust(9999)[:9999], align=0))
    yield Case("layout_header_10001", "longer than NumPy allows by default", file(head().ljust(10000), align=0))
    yield Case("layout_header_65535", "as long as version 1.0 can say", file(head().ljust(65534), align=0))
    yield Case("layout_header_70000_v2", "longer than version 1.0 could say", file(head().ljust(70000), version=(2, 0)))
    for n in range(0, 10):
        yield Case(f"layout_cut_{n:02}", "ends within the first ten bytes", plain[:n])
    for n in range(10, 128, 13):
        yield Case(f"layout_cut_{n:03}", "ends within the header", plain[:n])
    for n in (8, 9, 10, 11, 12, 40):
        yield Case(f"layout_v2_cut_{n:02}", "ends within the header of version 2.0", file(head(), version=(2, 0))[:n])


def lengths():
    """Header lengths that do not tell the truth."""
    for name, length in {"0": 0, "1": 1, "short": 30, "cut_one": len(head()) - 1, "beyond": 300, "65535": 65535}.items():
        yield Case(f"length_{name}", f"header length says {length}", file(head(), length=length))
    for name, length in {"0": 0, "beyond": 300, "2gib": 2**31, "4gib": 2**32 - 1, "16mib": 1 << 24}.items():
        for major in (2, 3):
            yield Case(f"length_v{major}_{name}", f"header length says {length}", file(head(), version=(major, 0), length=length))
    yield Case("length_into_data", "the header swallows the data", file(head(), b" " * 96, length=118 + 96))
    yield Case("length_into_some_data", "the header swallows a part of the data", file(head(), b" " * 96, length=118 + 50))


def magics():
    for version in [(0, 0), (0, 1), (1, 1), (1, 255), (2, 1), (3, 1), (4, 0), (9, 3), (255, 255)]:
        data = MAGIC + bytes(version) + struct.pack("<H", 118) + file(head())[10:]
        yield Case(f"version_{version[0]}_{version[1]}", "a version that does not exist", data)
    for major in (1, 2, 3):
        yield Case(f"version_{major}_only", "nothing after the version", MAGIC + bytes([major, 0]))
    yield Case("version_2_as_1", "version says 1.0, the length field is that of 2.0", MAGIC + b"\x01\0" + file(head(), version=(2, 0))[8:])
    yield Case("version_1_as_2", "version says 2.0, the length field is that of 1.0", MAGIC + b"\x02\0" + file(head())[8:])
    plain = file(head())
    yield Case("magic_case", "lower case", plain.replace(b"NUMPY", b"numpy", 1))
    yield Case("magic_first", "first byte 0x92", b"\x92" + plain[1:])
    yield Case("magic_last", "NUMPZ", plain.replace(b"NUMPY", b"NUMPZ", 1))
    yield Case("magic_utf8", "the magic went through a text editor", b"\xc2" + plain)
    yield Case("magic_bom", "a byte order mark before the magic", b"\xef\xbb\xbf" + plain)
    yield Case("magic_shifted", "a byte before the magic", b"\0" + plain)
    yield Case("magic_crlf", "newlines became CRLF", plain.replace(b"\n", b"\r\n"))
    yield Case("file_zeros", "only zeros", b"\0" * 256)
    yield Case("file_newline", "one newline", b"\n")
    yield Case("file_html", "a web page", b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n")
    yield Case("file_pickle", "a pickle", pickle.dumps([1, 2, 3], protocol=4))
    yield Case("file_gzip", "gzip's magic", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + plain)
    yield Case("file_zip_magic", "zip's magic, no zip file", b"PK\x03\x04" + b"\0" * 40)
    yield Case("file_pointer", "a pointer of a large-file store", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n")


def grammar():
    """What Python's parser makes of the header text."""
    h = head()
    texts = {
        "leading_spaces": "   " + h, "leading_tab": "\t" + h, "leading_newline": "\n" + h, "leading_newline_indent": "\n  " + h,
        "leading_formfeed": "\f" + h, "leading_cr": "\r" + h, "trailing_tabs": h + "\t\t", "trailing_newlines": h + "\n\n\n", "trailing_formfeed": h + "\f",
        "trailing_vtab": h + "\v", "trailing_cr": h + "\r", "trailing_nul": h + "\0", "trailing_nbsp": h + "\xa0", "trailing_ctrl_z": h + "\x1a",
        "crlf": h.replace(", ", ",\r\n"), "newlines": h.replace(", ", ",\n"), "cr_only": h.replace(", ", ",\r"), "comment_end": h + " # written by hand",
        "comment_within": h.replace("'fortran", "# a comment, with 'quotes' and {\n'fortran"), "comment_first": "# first\n" + h, "comment_only": "# nothing else",
        "comment_hides_end": h.replace(", }", ", # }"), "coding_comment": "# -*- coding: utf-7 -*-\n" + h, "blank_line_comment": "\n\n# x\n\n" + h,
        "parenthesised": "(" + h + ")", "parenthesised_twice": "((" + h + "))", "tuple": h + ",", "list": "[" + h + "]", "two_dicts": h + h, "semicolon": h + ";",
        "two_lines": h + "\n" + h, "word_after": h + " garbage", "line_after": h + "\ngarbage", "word_before": "x = " + h, "backslash_line": h.replace(", ", ", \\\n"),
        "backslash_space": h.replace(", ", ", \\ "), "unclosed_dict": h[:-1], "unclosed_string": h.replace("'<f8'", "'<f8"), "unclosed_tuple": h.replace(")", ""),
        "wrong_bracket": h.replace(")", "]"), "extra_bracket": h + "}", "two_commas": h.replace(", }", ",, }"), "only_comma": "{,}", "empty": "", "spaces": " " * 20,
        "empty_dict": "{}", "none": "None", "string": "'descr'", "number": "3", "set": "{'descr'}", "set_call": "set()", "call": f"dict({h})",
        "expression": head(shape="(1+2, 4)"), "multiplication": head(shape="(3*1, 4)"), "comprehension": head(shape="tuple(3 for x in ())"), "import": "__import__('os').getcwd()",
        "lambda": head(shape="(lambda: 3,)"), "walrus": head(shape="((x:=3), 4)"), "conditional": head(shape="(3 if 1 else 2, 4)"), "star": head(shape="(*(3,), 4)"),
        "double_star": "{**" + h + "}", "name": head(fortran="false"), "name_null": head(fortran="null"), "fullwidth_name": head(fortran="Ｆalse"),
        "fullwidth_digit": head(shape="(３, 4)"), "ellipsis": head(shape="..."), "fstring": head("f'<f8'"), "tstring": head("t'<f8'"), "attribute": head("'<f8'.strip()"),
        "subscript": head("['<f8'][0]"), "colon_missing": h.replace("':", "'", 1), "equals": h.replace("':", "' =", 1), "json": '{"descr": "<f8", "fortran_order": false, "shape": [3, 4]}',
        "no_space_number_word": head(shape="(3and 4, 4)"), "comma_start": "{, 'descr': '<f8'}", "dict_in_dict": "{'descr': '<f8', 'fortran_order': False, 'shape': {3: 4}}",
        "unhashable_key": "{[]: 1, 'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)}", "tuple_key": "{(): 1}", "keyword": head(fortran="None"), "debug": head(fortran="__debug__"),
        "escape_colour": head().replace("'descr'", "'\x1b[31mdescr\x1b[0m'"), "control_01": "\x01" + h, "control_between": h.replace(": ", ":\x02 ", 1), "delete": h + "\x7f",
        "nul_first": "\0" + h, "nul_only": "\0" * 40, "nul_within": h.replace("<f8", "<f8\0"), "bel": "\a" * 30, "bom": "\ufeff" + h, "nbsp_between": h.replace(", ", ",\xa0"),
        "line_separator": h.replace(", ", ",\u2028"), "zero_width_space": h.replace(", ", ",\u200b"), "dedent": "    \n" + h, "if": "if 1: " + h, "dots": "....",
        "wide_indent": " " * 200 + h, "backtick": head("`'<f8'`"), "ne": head(shape="(3 <> 4)"), "dollar": h + "$", "question": h + "?", "exclamation": "!" + h,
    }
    for name, text in texts.items():
        wide = any(ord(c) > 255 for c in text)
        yield Case("grammar_" + name, f"header is {text[:60]!r}", file(text, version=(3, 0) if wide else (1, 0)))
    for name in ("bom", "nbsp_between", "trailing_nul", "comment_first", "crlf", "leading_newline_indent", "trailing_cr"):
        yield Case(f"grammar_v3_{name}", "the same in version 3.0", file(texts[name], version=(3, 0)))


def strings():
    """Spellings of string literals."""
    spelled = {
        "adjacent": "'<' 'f8'", "adjacent_mixed": "'<' \"f\" '''8'''", "adjacent_lines": "('<'\n'f8')", "triple": "'''<f8'''", "triple_double": '"""<f8"""', "u": "u'<f8'", "U": "U'<f8'",
        "r": "r'<f8'", "R": "R'<f8'", "b": "b'<f8'", "br": "br'<f8'", "ur": "ur'<f8'", "u_b_mix": "u'<' b'f8'", "hex_escape": r"'\x3cf8'", "octal_escape": r"'\74f8'", "octal_3": r"'<f\070'",
        "u_escape": r"'\u003cf8'", "U_escape": r"'\U0000003cf8'", "N_escape": r"'\N{LESS-THAN SIGN}f8'", "N_unknown": r"'\N{NO SUCH NAME}f8'", "U_too_large": r"'\U00110000'",
        "short_hex": r"'\x3'", "short_u": r"'\u003'", "unknown_escape": r"'\<f8'", "line_continued": "'<\\\nf8'", "newline_within": "'<\nf8'", "triple_newline": "'''<f8\n'''",
        "surrogate": r"[('\ud800', '<f8')]", "surrogate_pair": r"[('\ud83d\ude00', '<f8')]", "nul_escape": r"[('a\0b', '<f8')]", "raw_escape": r"[(r'\x41', '<f8')]",
        "octal_large": r"[('\777', '<f8')]", "quotes_within": "[('it\\'s', '<f8')]", "tab_within": "[('a\tb', '<f8')]", "control_within": "[('a\x01\x1b\x7f', '<f8')]",
        "high_control": "[('a\x80\x9f', '<f8')]", "nul_within": "[('a\0', '<f8')]", "crlf_triple": "[('''a\r\nb''', '<f8')]", "cr_within": "[('a\rb', '<f8')]", "ellipsis_adjacent": "'<f' '8' ''",
        "N_alias": r"[('\N{LATIN SMALL LETTER E WITH ACUTE}', '<f8')]", "bytes_name": "[(b'a', '<f8')]", "upper_x": r"'\X3cf8'", "empty_triple": "''''''",
    }
    for name, descr in spelled.items():
        stem = "string_" + (name if name not in ("U", "R", "U_escape") else name.lower() + "_upper")
        yield Case(stem, f"descr is spelled {descr[:60]!r}", file(head(descr)))
    keyed = {"hex_key": head().replace("'descr'", r"'\x64escr'"), "u_key": head().replace("'shape'", "u'shape'"), "b_key": head().replace("'shape'", "b'shape'"), "adjacent_key": head().replace("'shape'", "'sha' 'pe'")}
    for name, text in keyed.items():
        yield Case("string_" + name, "a key spelled in another way", file(text))


def encodings():
    name = "[('{}', '<f8')]".format
    for version in (1, 2):
        yield Case(f"encoding_latin1_v{version}", "name in Latin-1", file(head(name("é\xff")), version=(version, 0)))
        yield Case(f"encoding_utf8_in_v{version}", "UTF-8 in a version whose headers are Latin-1", file(head(name("é")), version=(version, 0), encoding="utf-8"))
    yield Case("encoding_utf8_v3", "name in UTF-8", file(head(name("λ日😀")), version=(3, 0)))
    yield Case("encoding_latin1_in_v3", "Latin-1 where UTF-8 must be", file(head(name("é")), version=(3, 0), encoding="latin-1"))
    bad = {"overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80", "too_large": b"\xf4\x90\x80\x80", "cut": b"\xe6\x97", "lone": b"\x80", "ff": b"\xff"}
    for kind, raw in bad.items():
        text = head(name("@")).encode().replace(b"@", raw)
        yield Case(f"encoding_v3_{kind}", "not UTF-8", file(text, version=(3, 0)))
    yield Case("encoding_v3_combining", "two names that differ only in normal form", file(head("[('\u00e9', '<f4'), ('e\u0301', '<f4')]"), version=(3, 0)))
    yield Case("encoding_v3_direction", "a name that turns the direction of text", file(head(name("\u202egnp.exe")), version=(3, 0)))


def keys():
    h = head()
    yield Case("keys_duplicate_shape", "the last of two counts", file(h.replace("{", "{'shape': (99,), ")))
    yield Case("keys_duplicate_descr", "the last of two counts", file(h.replace("}", "'descr': '>i4', }"), PATTERN[:48]))
    yield Case("keys_duplicate_same", "twice the same", file(h.replace("}", "'shape': (3, 4)}")))
    yield Case("keys_duplicate_bad_first", "the first of two is nonsense", file(h.replace("{", "{'descr': 7, ")))
    yield Case("keys_duplicate_bad_last", "the last of two is nonsense", file(h.replace("}", "'shape': 7}")))
    for key in ("descr", "fortran_order", "shape"):
        yield Case(f"keys_missing_{key}", "a key is missing", file(re.sub(rf"'{key}': (\([^)]*\)|[^,]*), ", "", h)))
        yield Case(f"keys_case_{key}", "upper case", file(h.replace(key, key.upper())))
        yield Case(f"keys_space_{key}", "a space in the key", file(h.replace(key, key + " ")))
    for name, extra in {"string": "'x': 1", "int": "1: 1", "none": "None: 1", "bytes": "b'shape': ()", "empty": "'': ()", "bool": "True: 0", "float": "1.5: 0", "tuple": "(1, 2): 0"}.items():
        yield Case(f"keys_extra_{name}", "a key too many", file(h.replace("}", extra + "}")))


def shapes():
    """Shape literals over 12 doubles."""
    texts = {
        "list": "[3, 4]", "int": "12", "int_parenthesised": "(12)", "none": "None", "string": "'(3, 4)'", "float": "(3.0, 4)", "float_whole": "12.0", "complex": "(3+0j, 4)", "nested": "((3, 4),)", "set": "{12}", "dict": "{}",
        "true": "(True, 12)", "false": "(False, 12)", "only_true": "(True,)", "hex": "(0x3, 0X4)", "octal": "(0o3, 0O4)", "binary": "(0b11, 0B100)", "underscore": "(1_2,)", "underscore_bad": "(1__2,)", "underscore_end": "(12_,)", "plus": "(+3, +4)", "plus_plus": "(++3, 4)",
        "minus_minus": "(--3, 4)", "not": "(not 3, 4)", "tilde": "(~3, 4)", "leading_zero": "(03, 04)", "zeros": "(00, 12)", "exponent": "(1e1,)", "trailing_comma": "(3, 4,)", "no_comma_space": "(3,4)", "newlines": "(3,\n 4)", "spaces": "( 3 , 4 )",
        "long": "(3L, 4L)", "long_space": "(3 L, 4L)", "long_lower": "(3l, 4l)", "long_hex": "(0x3L, 4)", "long_octal": "(03L, 4L)", "long_double": "(3LL, 4)", "long_unsigned": "(3U, 4)", "long_float": "(3.0L, 4)", "long_comment": "(3L, # 5L\n 4L)", "long_zero": "(0L, 4L)", "long_one": "(12L,)", "long_negative": "(-3L, 4L)",
        "negative": "(-12,)", "negative_both": "(-3, -4)", "negative_zero": "(-0, 4)", "minus_one": "(-1, 4)", "minus_one_only": "(-1,)", "negative_and_zero": "(-5, 0)", "zero_and_negative": "(0, -5)", "negative_huge": "(-9223372036854775808,)", "negative_huger": "(-9223372036854775809,)",
        "2_31": "(2147483648,)", "2_32": "(4294967296,)", "2_40": "(1099511627776,)", "2_60": "(1152921504606846976,)", "2_61": "(2305843009213693952,)", "2_62": "(4611686018427387904,)", "2_63": "(9223372036854775808,)", "2_63_less_1": "(9223372036854775807,)", "2_64": "(18446744073709551616,)", "2_64_plus_12": "(18446744073709551628,)",
        "2_32_squared": "(4294967296, 4294967296)", "2_33_squared": "(8589934592, 8589934592)", "2_32_2_32_12": "(4294967296, 4294967296, 12)", "wraps_to_12": "(3074457345618258604, 6)", "wraps_to_12_b": "(6148914691236517209, 12)", "bytes_wrap": "(2305843009213693964,)", "zero_first_overflow": "(0, 8589934592, 8589934592)", "zero_last_overflow": "(8589934592, 8589934592, 0)", "zero_2_63": "(0, 9223372036854775808)", "zero_2_62": "(0, 4611686018427387904)",
        "zero_2_63_less_1": "(0, 9223372036854775807)", "zero_2_64": "(0, 18446744073709551616)", "2_62_4_0": "(4611686018427387904, 4, 0)", "zeros_many": "(0, 0, 0)", "one_more": "(13,)", "one_less": "(11,)", "much_less": "(1,)", "zero_dim": "()", "empty_parenthesis_space": "( )", "digits_5000": "(" + "1" * 5000 + ",)", "digits_100": "(" + "9" * 100 + ",)", "zeros_padded": "(" + "0" * 5000 + ",)",
        "dims_32": "(" + "1, " * 31 + "12)", "dims_33": "(" + "1, " * 32 + "12)", "dims_64": "(" + "1, " * 63 + "12)", "dims_65": "(" + "1, " * 64 + "12)", "dims_65_ones": "(" + "1, " * 65 + ")", "dims_65_zero": "(" + "0, " * 65 + ")", "dims_1000": "(" + "1, " * 1000 + ")", "dims_3000_twos": "(" + "2, " * 3000 + ")", "comma": "(,)", "nul": "(3,\0 4)", "ellipsis": "(..., 4)", "none_within": "(None, 4)", "string_within": "('3', 4)", "bytes": "b'\\x03\\x04'",
    }
    for name, text in texts.items():
        yield Case("shape_" + name, f"shape is {text[:60]}", file(head(shape=text)))
    yield Case("shape_v3_long", "Python 2 longs in version 3.0", file(head(shape="(3L, 4L)"), version=(3, 0)))
    yield Case("shape_v2_long", "Python 2 longs in version 2.0", file(head(shape="(3L, 4L)"), version=(2, 0)))
    yield Case("shape_long_name", "a field name that looks like a long", file(head("[('3L', '<f8')]", shape="(3L, 4L)")))
    for name, descr, shape in [("s0", "'|S0'", "(3,)"), ("u0", "'<U0'", "(2, 2)"), ("v0", "'|V0'", "(5,)"), ("s0_0d", "'|S0'", "()"), ("v0_2_62", "'|V0'", "(4611686018427387904,)"), ("v0_2_63", "'|V0'", "(9223372036854775808,)"),
                               ("v0_overflow", "'|V0'", "(8589934592, 8589934592)"), ("v0_wraps_to_0", "'|V0'", "(4294967296, 4294967296)"), ("empty_record", "[]", "(3,)"), ("empty_record_huge", "[]", "(1099511627776,)"), ("subarray_zero", "[('a', '<f8', (0,))]", "(7,)"), ("s0_2_40", "'|S0'", "(1099511627776,)")]:
        yield Case("shape_itemsize0_" + name, f"{shape} elements of no size", file(head(descr, shape=shape), b""))


def orders():
    for name, text in {"true": "True", "0": "0", "1": "1", "none": "None", "string": "'False'", "lower": "false", "float": "0.0", "tuple": "(False,)", "long": "0L", "not": "not True", "empty": "''", "f": "'F'", "bytes": "b''"}.items():
        yield Case("order_" + name, f"fortran_order is {text}", file(head(fortran=text)))
    for name, shape in {"0d": "()", "1d": "(12,)", "3d": "(2, 3, 2)", "empty": "(0, 3)", "ones": "(1, 12, 1)", "too_many": "(5, 4)", "zero_last": "(3, 0)"}.items():
        yield Case("order_true_" + name, f"Fortran order, shape {shape}", file(head(fortran="True", shape=shape)))
    yield Case("order_true_big", "Fortran order and big-endian", file(head("'>f8'", "True"), PATTERN[:96]))
    yield Case("order_true_record", "a record array in Fortran order", file(head("[('a', '<f4'), ('b', '>i4')]", "True"), PATTERN[:96]))


STRINGS = """float64 f8 d <f8 =f8 >f8 |f8 <d >d =d float float_ double single half longdouble longfloat float16 float32 float96 float128 float80 f f4 f2 f16 f3 f0 f12 f5 <f e g <e >g
int int_ intc intp int8 int16 int32 int64 int128 uint uintp uint8 uint64 i4 i1 i2 i8 i3 i16 i0 i u4 u u1 <i1 >i1 |i1 =i1 |i4 !i4 ~i4 @i4 b B h H i I l L q Q p P n N long ulong longlong byte ubyte short
bool bool_ bool8 ? <? |? |? b1 |b1 <b1 >b1 =b1 b2 ?1 |?1 b0 complex complex64 complex128 complex256 c8 c16 c32 c4 c64 F D G <c8 >c16 =c8 c
str str_ unicode bytes bytes_ string S S0 S1 S5 |S5 <S5 >S5 =S5 a a5 A5 U U0 U5 <U5 >U5 =U5 |U5 c1 s5 void V V0 V6 |V6 <V6 >V6 V-1 S-1 U-1 S+5 S05 S5.0 S1e1 S99999999999 S2147483647 S2147483648 S4294967301 U536870911 U536870912 U1073741825 V2147483647 V9223372036854775808
object O |O O8 |O8 O4 |O4 <O >O O16 T StringDType <T |T16 bfloat16 float8_e4m3fn int4 f1 |f1 E
M8 <M8 >M8 =M8 |M8 M m m8 datetime64 timedelta64 datetime64[ns] timedelta64[D] <M8[us] >m8[as] =M8[s] |M8[s] M8[25s] M8[1Y] M8[Y] M8[B] M8[generic] M8[0s] M8[-1s] M8[+1s] M8[ns M8[zz] M8[] M8ns] M8[n s] M8[NS] M8[us] M8[μs] M8[2D/3] M8[6D/3] M8[s/1000] m8[D/24] M8[2147483647s] M8[2147483648s] M8[99999999999s] M8[1] M4[s] M8[s]x M[s] m[D] M8[ms]4 m8[W] M8[2W/7] M8[Y/12] M8[M/30] M8[h/0] M8[as/2] M16[s] datetime64[s]4 M8[s][s] timedelta64[] datetime64[3] <datetime64[s] datetime
i4,f4 i4,f8, ,i4 i4,,f4 <i4,>f4 2f4 1f4 0f4 (2,)f4 (2)f4 (2,3)f4 (2,3)f4,i4 ()f4 (1,)f4 (0,)f4 (-1,)f4 -1f4 (2,f4 f4(2,) (2,)(3,)f4 2i4,3f8 (2L,)f4 3S5 (2,)U3,M8[s] <2f4 2<f4 (2,)>f4 f4,O i4;f4 i4:f4 a:i4 {i4} [i4] (i4) f4,f4,f4,f4,f4,f4,f4,f4
< > | = <f8< <<f8 <>f8 f8f8 8f f8x <f8x xf8 f08 f+8 f-8 f8.0 f٨ ｆ8 <F8 Float64 FLOAT64 numpy.float64 np.float64 <float64 >float64 |int32 =float32 <int8 f4096 float64[2] _ 8 0 -1 f8\\0 f8\\n datetime64[D],i4 i8,datetime64[D] r""".split()


def dtype_strings():
    """What numpy.dtype makes of strings that no NumPy ever writes, two elements of each."""
    texts = [*STRINGS, "", " ", "<f8 ", " <f8", "< f8", "f8 ,i4", "int32, float64", "i4, f4", "i4 f4", "( 2 , 3 )f4", "2 f4", "M8[25 s]", "\t<f8"]
    for number, text in enumerate(dict.fromkeys(texts)):
        # the number keeps names apart where a file system does not know upper from lower case
        slug = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "signs"
        descr = repr(text).replace("\\\\", "\\")
        version = (3, 0) if any(ord(c) > 255 for c in text) else (1, 0)
        yield Case(f"descr_{number:03}_{slug}"[:60], f"descr is {descr}", file(head(descr, shape="(2,)"), PATTERN, version), trim=True)


def dtype_structures():
    """Lists, tuples and everything else as descr, two elements of each."""
    texts = {
        "empty_list": "[]", "one_field": "[('a', '<i4')]", "shape": "[('a', '<i4', (2,))]", "shape_int": "[('a', '<i4', 2)]", "shape_one": "[('a', '<i4', 1)]", "shape_one_tuple": "[('a', '<i4', (1,))]", "shape_empty": "[('a', '<i4', ())]", "shape_list": "[('a', '<i4', [2])]", "shape_zero": "[('a', '<i4', (0,)), ('b', 'u1')]", "shape_negative": "[('a', '<i4', (-1,))]",
        "shape_huge": "[('a', '<i4', (2147483648,))]", "shape_overflow": "[('a', '<i4', (4294967296, 4294967296))]", "shape_2_31_bytes": "[('a', 'u1', (2147483647,)), ('b', 'u1', (2147483647,))]", "shape_float": "[('a', '<i4', (2.0,))]", "shape_string": "[('a', '<i4', 'x')]", "shape_none": "[('a', '<i4', None)]", "shape_bool": "[('a', '<i4', True)]", "shape_bool_tuple": "[('a', '<i4', (True, 2))]", "shape_64": "[('a', 'u1', (" + "1, " * 64 + "))]", "shape_65": "[('a', 'u1', (" + "1, " * 65 + "))]",
        "shape_32": "[('a', 'u1', (" + "1, " * 32 + "))]", "shape_nested": "[('a', '<i4', ((2,),))]", "shape_long": "[('a', '<i4', (2L, 3L))]", "shape_dict": "[('a', '<i4', {})]", "shape_of_subarray": "[('a', ('<i2', (2,)), (3,))]", "string_subarray": "[('a', '(2,)i2', (3,))]", "string_record": "[('a', 'i2,f4')]",
        "list_field": "[['a', '<i4']]", "list_of_lists": "[['a', '<i4'], ['b', '<f4']]", "tuple_of_fields": "(('a', '<i4'), ('b', '<f4'))", "one_tuple": "('<i4',)", "field_one": "[('a',)]", "field_none": "[()]", "field_four": "[('a', '<i4', (2,), 3)]", "field_string": "['ab']", "field_string_long": "['abc']", "field_int": "[3]", "field_dict": "[{'a': 1, 'b': 2}]", "set": "{('a', '<i4')}", "field_set": "[{'a', 'a'}]",
        "name_empty": "[('', '<i4')]", "name_empty_two": "[('', '<i4'), ('', '<i4')]", "name_empty_then_f0": "[('', '<i4'), ('f0', '<i4')]", "name_int": "[(1, '<i4')]", "name_none": "[(None, '<i4')]", "name_bytes": "[(b'a', '<i4')]", "name_duplicate": "[('a', '<i4'), ('a', '<f4')]", "name_space": "[(' ', '<i4')]", "name_float": "[(1.5, '<i4')]", "name_list": "[(['t', 'a'], '<i4')]",
        "pad": "[('a', 'u1'), ('', '|V3'), ('b', '<i4')]", "pad_first": "[('', '|V3'), ('b', '<i4')]", "pad_last": "[('b', '<i4'), ('', '|V3')]", "pad_only": "[('', '|V8')]", "pad_zero": "[('a', 'u1'), ('', '|V0')]", "pad_two": "[('', '|V1'), ('', '|V2'), ('a', 'u1')]", "pad_shape": "[('', '|V2', (2,)), ('a', 'u1')]", "pad_record": "[('', [('x', 'u1')]), ('a', 'u1')]", "pad_empty_record": "[('', []), ('a', 'u1')]", "pad_plain": "[('', 'V4'), ('a', 'u1')]", "pad_string": "[('', 'S4'), ('a', 'u1')]", "pad_nested": "[('p', [('x', 'u1'), ('', '|V7'), ('y', '<i8')], (2,)), ('', '|V1')]", "pad_tuple_void": "[('', ('V2', (2,))), ('a', 'u1')]",
        "title": "[(('t', 'a'), '<i4')]", "title_same": "[(('a', 'a'), '<i4')]", "title_duplicate": "[(('t', 'a'), '<i4'), (('t', 'b'), '<i4')]", "title_is_name": "[(('b', 'a'), '<i4'), ('b', '<i4')]", "title_is_earlier_name": "[('b', '<i4'), (('b', 'a'), '<i4')]", "title_empty": "[(('', 'a'), '<i4')]", "title_none": "[((None, 'a'), '<i4')]", "title_int": "[((1, 'a'), '<i4')]", "title_bytes": "[((b't', 'a'), '<i4')]", "title_tuple": "[((('x', 'y'), 'a'), '<i4')]", "title_list": "[(([], 'a'), '<i4')]", "title_one": "[(('t',), '<i4')]", "title_three": "[(('t', 'u', 'a'), '<i4')]", "title_no_name": "[(('t', ''), '<i4')]", "title_no_name_void": "[(('t', ''), '|V4')]", "title_shape": "[(('t', 'a'), '<i4', (2,))]",
        "nested": "[('a', [('b', '<i2'), ('c', [('d', '>f4')])])]", "nested_shape": "[('a', [('b', '<i2', (2,))], (2, 2))]", "nested_empty": "[('a', [])]", "nested_tuple": "[('a', (('b', '<i2'), ('c', '<i2')))]", "object": "[('a', '|O')]", "object_nested": "[('a', [('b', '|O')]), ('c', '<i4')]", "object_shape": "[('a', '|O', (2,))]",
        "subarray": "('<i4', (2,))", "subarray_int": "('<i4', 2)", "subarray_one": "('<i4', 1)", "subarray_one_tuple": "('<i4', (1,))", "subarray_none": "('<i4', ())", "subarray_two": "('<i4', (2, 3))", "subarray_zero": "('<i4', (0,))", "subarray_nested": "(('<i2', (2,)), (3,))", "subarray_record": "([('a', '<i2'), ('b', 'u1')], (2,))", "subarray_list": "('<i4', [2])", "subarray_negative": "('<i4', (-2,))", "subarray_three": "('<i4', (2,), 5)", "subarray_unsized": "('V', 8)", "subarray_string_unsized": "('S', 5)", "subarray_unsized_tuple": "('S', (2,))", "subarray_time": "('<M8[s]', (2,))",
        "union": "('<i4', [('a', '<i2'), ('b', '<i2')])", "union_void": "('|V4', [('a', '<i2'), ('b', '<i2')])", "union_wrong": "('<i4', [('a', '<i8')])", "union_string": "('<i4', 'i2,i2')", "union_dict": "('<i4', {'a': ('<i2', 0), 'b': ('<i2', 2)})", "metadata": "('<i4', {'x': 1})", "view_dtype": "('<i4', '<f4')", "view_wrong": "('<i4', '<f8')", "subarray_none_value": "('<i4', None)",
        "dict": "{'names': ['a'], 'formats': ['<i4']}", "dict_two_chars": "{'ab': 1}", "dict_offsets": "{'names': ['a', 'b'], 'formats': ['<i4', '<i4'], 'offsets': [0, 2], 'itemsize': 6}", "dict_empty": "{}", "dict_fields": "{'a': ('<i4', 0)}", "none": "None", "int": "8", "float": "8.0", "true": "True", "bytes": "b'<f8'", "ellipsis": "...", "empty_tuple": "()", "empty_set": "set()", "nested_list": "[[('a', '<i4')]]",
        "field_dtype_none": "[('a', None)]", "field_dtype_int": "[('a', 4)]", "field_dtype_bytes": "[('a', b'<i4')]", "field_dtype_dict": "[('a', {'x': ('<i4', 0)})]", "field_dtype_unsized": "[('a', 'S'), ('b', 'V'), ('c', 'U')]", "field_dtype_tuple": "[('a', ('<i4', (2, 2)))]", "field_dtype_empty": "[('a', '')]", "field_dtype_true": "[('a', True)]",
        "many_fields": "[" + ", ".join(f"('f{i}', 'u1')" for i in range(120)) + "]", "itemsize_overflow": "[('a', 'V2147483647'), ('b', 'V2147483647')]", "keyword_names": "[('class', '<i4'), ('def', '<i4')]", "slash_names": "[('a/b', '<i4'), ('..', '<i4')]", "long_name": "[('" + "n" * 2000 + "', '<i4')]",
    }
    for name, descr in texts.items():
        yield Case("struct_" + name, f"descr is {descr[:80]}", file(head(descr, shape="(2,)"), PATTERN, version=(1, 0)), trim=True)
    yield Case("struct_subarray_0d", "a subarray as descr of a 0-d array", file(head("('<i4', (2,))", shape="()"), PATTERN), trim=True)
    yield Case("struct_subarray_empty", "a subarray as descr of an empty array", file(head("('<i4', (2,))", shape="(0,)"), b""))
    yield Case("struct_subarray_fits", "a subarray as descr, shape as the reader counts it", file(head("('<i4', (2,))", shape="(4,)"), PATTERN[:32]))
    yield Case("struct_string_subarray_empty", "a subarray string as descr of an empty array", file(head("'(2,)i4'", shape="(0,)"), b""))
    yield Case("struct_string_subarray_fortran", "a subarray string in Fortran order", file(head("'(1,)i4'", "True", "(2,)"), PATTERN[:8]))


def bombs():
    """Nesting and size without end: refused in linear time, with little memory."""
    def nest(depth):
        return "[('a', " * depth + "'<f8'" + ")]" * depth

    for depth in (5, 15, 25, 31, 45, 90, 110, 300):
        yield Case(f"bomb_records_{depth}", f"records {depth} deep", file(head(nest(depth), shape="(12,)")))
    for depth in (10, 40, 90, 150, 250, 1000, 5000):
        yield Case(f"bomb_parentheses_{depth}", f"{depth} pairs of parentheses about the header", file("(" * depth + head() + ")" * depth))
        yield Case(f"bomb_open_{depth}", f"{depth} brackets never closed", file("[" * depth))
    for depth in (15, 31, 60, 90, 400):
        yield Case(f"bomb_subarray_{depth}", f"subarrays {depth} deep", file(head("(" * depth + "'<f8'" + ", (1,))" * depth, shape="(12,)")))
    yield Case("bomb_dicts", "dictionaries in dictionaries", file("{0: " * 150 + "0" + "}" * 150))
    yield Case("bomb_open_20000", "brackets without end", file("(" * 20000))
    yield Case("bomb_minus", "signs without end", file(head(shape="(" + "-" * 5000 + "3, 4)")))
    yield Case("bomb_not", "operators without end", file(head(fortran="not " * 2000 + "True")))
    yield Case("bomb_plus", "sums without end", file(head(shape="(" + "1+" * 5000 + "1,)")))
    yield Case("bomb_digits", "a number of 20000 digits", file(head(shape="(" + "9" * 20000 + ",)")))
    yield Case("bomb_underscores", "a number of many parts", file(head(shape="(" + "0_" * 4000 + "0,)")))
    yield Case("bomb_subarray_product", "a field of 2^60 elements", file(head("[('a', 'u1', (" + "2, " * 60 + "))]", shape="(1,)")))
    yield Case("bomb_subarray_2_64", "a field of 2^64 elements", file(head("[('a', 'u1', (" + "4, " * 32 + "))]", shape="(1,)")))
    yield Case("bomb_field_sizes", "records that double their size 40 times", file(head("[('a', " * 40 + "'<f8'" + ", (2,))]" * 40, shape="(1,)")))
    yield Case("bomb_billion_elements", "a billion elements in a file of 200 bytes", file(head(shape="(1000000000,)")))
    yield Case("bomb_big_item", "two elements of 1 GiB each", file(head("'|V1073741824'", shape="(2,)")))
    yield Case("bomb_many_keys", "a thousand keys", file("{" + ", ".join(f"'{i}': 0" for i in range(1000)) + "}"))
    yield Case("bomb_duplicate_names", "a thousand fields of one name", file(head("[" + "('a', 'u1'), " * 1000 + "]", shape="(2,)")))
    yield Case("bomb_strings", "adjacent strings without end", file(head("'<' " + "'' " * 4000 + "'f8'")))
    yield Case("bomb_comments", "comments without end", file("#\n" * 3000 + head()))
    yield Case("bomb_quotes", "quotes without end", file("'" * 20000))
    yield Case("bomb_backslashes", "backslashes without end", file("'" + "\\" * 20001))
    yield Case("bomb_longs", "a file of nothing but Python 2 longs", file(head(shape="(" + "1L, " * 2000 + ")")))


def payloads():
    objects = saved(np.array([{"a": 1}], object), allow_pickle=True)
    yield Case("object_one", "a dictionary within", objects)
    yield Case("object_empty", "an object array of no element", saved(np.zeros(0, object), allow_pickle=True))
    yield Case("object_0d", "one object, no dimension", saved(np.array(None, object), allow_pickle=True))
    yield Case("object_record", "objects in a record", saved(np.zeros(2, [("a", "O"), ("b", "<i4")]), allow_pickle=True))
    yield Case("object_hostile", "a pickle that would run a command", file(head("'|O'", shape="(1,)"), b"cos\nsystem\n(S'echo pwned'\ntR."))
    yield Case("object_no_pickle", "object descr without a pickle", file(head("'|O'", shape="(1,)"), b""))
    yield Case("object_python2", "an object array of Python 2's protocol 0", file(head("'|O4'", shape="(1,)"), b"(lp0\nI1\na."))
    yield Case("payload_bool_2", "a boolean of value 2", file(head("'|b1'", shape="(3,)"), b"\0\1\2"))
    yield Case("payload_bool_ff", "a boolean of value 255", file(head("'|b1'", shape="(2,)"), b"\xff\0"))
    yield Case("payload_unicode_too_large", "no code point", file(head("'<U1'", shape="(2,)"), struct.pack("<II", 0x110000, 0xFFFFFFFF)))
    yield Case("payload_unicode_surrogate", "half of a surrogate pair", file(head("'<U1'", shape="(2,)"), struct.pack("<II", 0xD800, 65)))
    yield Case("payload_unicode_nul", "NUL within a string", file(head("'>U3'", shape="(1,)"), struct.pack(">III", 65, 0, 66)))
    yield Case("payload_nan", "NaNs of all kinds", file(head("'<f8'", shape="(4,)"), bytes.fromhex("010000000000f07f000000000000f8ffefbeadde0000f87fffffffffffffffff")))
    yield Case("payload_pseudo_denormal", "x87 bit patterns that mean nothing", file(head("'<f16'", shape="(3,)"), bytes.fromhex("00" * 7 + "01" + "ff7f" + "ab" * 6 + "ff" * 16 + "00" * 10 + "cd" * 6)))
    yield Case("payload_long_double_big", "a big-endian long double", file(head("'>f16'", shape="(2,)"), PATTERN[:32]))
    yield Case("payload_clongdouble_big", "a big-endian complex long double", file(head("'>c32'", shape="(2,)"), PATTERN[:64]))
    yield Case("payload_nat", "not a time", file(head("'>M8[ns]'", shape="(2,)"), bytes.fromhex("8000000000000000" "7fffffffffffffff")))
    yield Case("payload_utf8_in_s", "bytes above 127 and NULs in S", file(head("'|S4'", shape="(2,)"), b"\xc3\xa9\0x\0\0\0\0"))
    plain = file(head(shape="(2,)"), PATTERN[:16])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(zipfile.ZipInfo("broken.npy", (1980, 1, 1, 0, 0, 0)), plain[:100])
    yield Case("file_npz", "a zip file named .npy, its member cut", archive.getvalue())


def cases():
    for part in (table_rows, layouts, lengths, magics, grammar, strings, encodings, keys, shapes, orders, dtype_strings, dtype_structures, bombs, payloads):
        yield from part()
