//! The classes and functions that this library knows: the one table of names.
//!
//! A name is never looked up anywhere else, and nothing of that name is ever run. Knowing it means
//! that what it would make of its arguments is made here, or that its arguments can be read as what
//! they mean. All else stays an object with a name.
#![forbid(unsafe_code)]

/// What a name is to this library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    No,
    // Made here, when the call is met.
    Reconstructor,
    NewNamed,
    Encode,
    Getattr,
    Int,
    Float,
    Bool,
    Str,
    Bytes,
    ByteArray,
    Complex,
    List,
    Tuple,
    Dict,
    Set,
    FrozenSet,
    Object,
    Ndarray,
    Dtype,
    ReconstructArray,
    ReconstructMasked,
    MaskedArray,
    FromBuffer,
    Scalar,
    Record,
    // Kept as objects, whose arguments have a meaning.
    Datetime,
    Date,
    Time,
    Timedelta,
    Timezone,
    Decimal,
    Fraction,
    Uuid,
    Path,
    OrderedDict,
    DefaultDict,
    Deque,
    Counter,
    Slice,
    Range,
    ArrayArray,
    ReconstructArrayArray,
    // Classes of arrays; calling them is another matter than making them of their state.
    Subarray,
    /// Made of its state it is an array; called, it opens a file.
    Memmap,
    // Stand for arrays in what joblib writes.
    JoblibArray,
    JoblibFile,
    JoblibZfile,
    // Named beside those, and data as well.
    Data,
}

const TABLE: &[(&str, &str, Known)] = &[
    ("copyreg", "_reconstructor", Known::Reconstructor),
    ("copyreg", "__newobj_ex__", Known::NewNamed),
    ("_codecs", "encode", Known::Encode),
    ("builtins", "getattr", Known::Getattr),
    ("builtins", "int", Known::Int),
    ("builtins", "long", Known::Int),
    ("builtins", "float", Known::Float),
    ("builtins", "bool", Known::Bool),
    ("builtins", "str", Known::Str),
    ("builtins", "unicode", Known::Str),
    ("builtins", "bytes", Known::Bytes),
    ("builtins", "bytearray", Known::ByteArray),
    ("builtins", "complex", Known::Complex),
    ("builtins", "list", Known::List),
    ("builtins", "tuple", Known::Tuple),
    ("builtins", "dict", Known::Dict),
    ("builtins", "set", Known::Set),
    ("builtins", "frozenset", Known::FrozenSet),
    ("builtins", "object", Known::Object),
    ("builtins", "slice", Known::Slice),
    ("builtins", "range", Known::Range),
    ("builtins", "xrange", Known::Range),
    ("datetime", "datetime", Known::Datetime),
    ("datetime", "date", Known::Date),
    ("datetime", "time", Known::Time),
    ("datetime", "timedelta", Known::Timedelta),
    ("datetime", "timezone", Known::Timezone),
    ("decimal", "Decimal", Known::Decimal),
    ("_pydecimal", "Decimal", Known::Decimal),
    ("fractions", "Fraction", Known::Fraction),
    ("uuid", "UUID", Known::Uuid),
    ("uuid", "SafeUUID", Known::Data),
    ("pathlib", "PurePosixPath", Known::Path),
    ("pathlib", "PosixPath", Known::Path),
    ("pathlib", "PureWindowsPath", Known::Path),
    ("pathlib", "WindowsPath", Known::Path),
    ("pathlib._local", "PurePosixPath", Known::Path),
    ("pathlib._local", "PosixPath", Known::Path),
    ("pathlib._local", "PureWindowsPath", Known::Path),
    ("pathlib._local", "WindowsPath", Known::Path),
    ("collections", "OrderedDict", Known::OrderedDict),
    ("collections", "defaultdict", Known::DefaultDict),
    ("collections", "deque", Known::Deque),
    ("collections", "Counter", Known::Counter),
    ("array", "array", Known::ArrayArray),
    ("array", "_array_reconstructor", Known::ReconstructArrayArray),
    ("numpy", "ndarray", Known::Ndarray),
    ("numpy", "dtype", Known::Dtype),
    ("numpy", "record", Known::Record),
    ("numpy", "void", Known::Record),
    ("numpy.rec", "record", Known::Record),
    ("numpy", "matrix", Known::Subarray),
    ("numpy", "recarray", Known::Subarray),
    ("numpy", "chararray", Known::Subarray),
    ("numpy", "memmap", Known::Memmap),
    ("numpy.rec", "recarray", Known::Subarray),
    ("numpy.char", "chararray", Known::Subarray),
    ("numpy.ma", "MaskedArray", Known::MaskedArray),
];

/// Names below `numpy.core` and `numpy._core`, which are the same.
const CORE: &[(&str, &str, Known)] = &[
    ("multiarray", "_reconstruct", Known::ReconstructArray),
    // How NumPy called it before 1.0.
    ("_internal", "_reconstruct", Known::ReconstructArray),
    ("multiarray", "scalar", Known::Scalar),
    ("numeric", "_frombuffer", Known::FromBuffer),
    ("records", "record", Known::Record),
    ("records", "recarray", Known::Subarray),
    ("memmap", "memmap", Known::Memmap),
    ("defchararray", "chararray", Known::Subarray),
];

/// Modules of Python 2 under the names that Python 3 has for them, and others that moved.
fn renamed(module: &str) -> &str {
    match module {
        "__builtin__" | "builtin" => "builtins",
        "copy_reg" => "copyreg",
        "numpy.matrixlib.defmatrix" | "numpy.core.defmatrix" => "numpy",
        "numpy.ma.core" => "numpy.ma",
        "_decimal" => "decimal",
        other => other,
    }
}

impl Known {
    /// Whether it stands for an array whose elements are elsewhere.
    pub(crate) fn is_wrapper(self) -> bool {
        matches!(self, Self::JoblibArray | Self::JoblibFile | Self::JoblibZfile)
    }

    /// Whether an array of this class is one like all others when it was read.
    pub(crate) fn is_plain_array(self) -> bool {
        matches!(self, Self::Ndarray | Self::Memmap)
    }

    /// The classes of joblib's that stand for arrays; scikit-learn once brought a joblib along.
    fn of_joblib(module: &str, name: &str) -> Self {
        let known = match name {
            "NumpyArrayWrapper" => Self::JoblibArray,
            "NDArrayWrapper" => Self::JoblibFile,
            "ZNDArrayWrapper" => Self::JoblibZfile,
            _ => return Self::No,
        };
        let module = module.strip_prefix("sklearn.externals.").unwrap_or(module);
        match module {
            "joblib.numpy_pickle" | "joblib.numpy_pickle_compat" => known,
            _ => Self::No,
        }
    }

    pub(crate) fn of(module: &str, name: &str) -> Self {
        let module = renamed(module);
        if (module, name) == ("numpy.ma", "_mareconstruct") {
            return Self::ReconstructMasked;
        }
        let core = module.strip_prefix("numpy.core.").or(module.strip_prefix("numpy._core."));
        let (table, module) = match core {
            Some(module) => (CORE, module),
            None => (TABLE, module),
        };
        let found = table.iter().find(|(m, n, _)| *m == module && *n == name);
        found.map_or_else(|| Self::of_joblib(module, name), |(_, _, known)| *known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_times_are_one() {
        for (module, name, known) in [
            ("numpy.core.multiarray", "_reconstruct", Known::ReconstructArray),
            ("numpy._core.multiarray", "_reconstruct", Known::ReconstructArray),
            ("numpy.core._internal", "_reconstruct", Known::ReconstructArray),
            ("__builtin__", "complex", Known::Complex),
            ("copy_reg", "_reconstructor", Known::Reconstructor),
            ("numpy.ma.core", "_mareconstruct", Known::ReconstructMasked),
            ("numpy.ma.core", "MaskedArray", Known::MaskedArray),
            ("joblib.numpy_pickle", "NumpyArrayWrapper", Known::JoblibArray),
            ("sklearn.externals.joblib.numpy_pickle", "NDArrayWrapper", Known::JoblibFile),
            ("joblib.numpy_pickle_compat", "ZNDArrayWrapper", Known::JoblibZfile),
            ("my.joblib.numpy_pickle", "NDArrayWrapper", Known::No),
            ("builtins", "eval", Known::No),
            ("numpy.core.multiarray", "reconstruct", Known::No),
            ("builtins ", "int", Known::No),
        ] {
            assert_eq!(Known::of(module, name), known, "{module}.{name}");
        }
    }
}
