//! What is known of names that pickles use: to tell people, and to decide nothing.
//!
//! npstow runs none of them, so no list protects anybody here. A list of what is dangerous can
//! never be whole; what is on none of these lists is unknown, and that is what it is called.
#![forbid(unsafe_code)]

use crate::value::Known;
use std::fmt;

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// Data, which npstow rebuilds.
    Data,
    /// A class that is known to do nothing but hold what it is given.
    Harmless,
    /// Nothing is known of it.
    Unknown,
    /// It is known to run code, or to reach for something that does.
    Code,
}

impl Verdict {
    /// In a word: `data`, `harmless`, `unknown`, `code`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Harmless => "harmless",
            Self::Unknown => "unknown",
            Self::Code => "code",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Modules all of whose names stand for code that runs, or reach for such.
const CODE_MODULES: &[&str] = &[
    "os",
    "posix",
    "nt",
    "ntpath",
    "posixpath",
    "subprocess",
    "_posixsubprocess",
    "pty",
    "commands",
    "popen2",
    "sys",
    "importlib",
    "_frozen_importlib",
    "imp",
    "runpy",
    "pkgutil",
    "zipimport",
    "code",
    "codeop",
    "bdb",
    "pdb",
    "cProfile",
    "profile",
    "trace",
    "timeit",
    "doctest",
    "ctypes",
    "_ctypes",
    "cffi",
    "socket",
    "_socket",
    "http",
    "urllib",
    "urllib2",
    "requests",
    "ftplib",
    "smtplib",
    "telnetlib",
    "webbrowser",
    "antigravity",
    "shutil",
    "tempfile",
    "multiprocessing",
    "threading",
    "_thread",
    "concurrent",
    "asyncio",
    "signal",
    "marshal",
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "shelve",
    "pip",
    "setuptools",
    "distutils",
    "ensurepip",
    "venv",
    "idlelib",
    "lib2to3",
    "test",
    "unittest",
    "operator",
    "_operator",
    "functools",
    "inspect",
    "gc",
    "weakref",
    "atexit",
    "logging.config",
    "sqlite3",
    "platform",
    "numpy.testing",
    "numpy.f2py",
    "numpy.distutils",
    "joblib",
    "torch.hub",
    "torch.jit",
    "torch.utils.cpp_extension",
    "tensorflow",
    "keras",
];

/// Single names of that kind.
const CODE_NAMES: &[(&str, &str)] = &[
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "execfile"),
    ("builtins", "compile"),
    ("builtins", "open"),
    ("builtins", "file"),
    ("builtins", "input"),
    ("builtins", "__import__"),
    ("builtins", "getattr"),
    ("builtins", "setattr"),
    ("builtins", "delattr"),
    ("builtins", "globals"),
    ("builtins", "locals"),
    ("builtins", "vars"),
    ("builtins", "map"),
    ("builtins", "filter"),
    ("builtins", "reduce"),
    ("builtins", "apply"),
    ("builtins", "breakpoint"),
    ("builtins", "type"),
    ("io", "open"),
    ("io", "FileIO"),
    ("_io", "open"),
    ("_io", "FileIO"),
    ("types", "CodeType"),
    ("types", "FunctionType"),
    ("types", "LambdaType"),
    ("types", "MethodType"),
    ("torch", "load"),
    ("torch", "save"),
    ("numpy", "load"),
    ("numpy", "fromfile"),
];

/// Modules whose names hold data; each with what may follow its name.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "builtins",
        &[
            "Exception",
            "ValueError",
            "TypeError",
            "KeyError",
            "IndexError",
            "RuntimeError",
            "ArithmeticError",
            "ZeroDivisionError",
            "OverflowError",
            "AttributeError",
            "OSError",
            "IOError",
            "StopIteration",
            "NotImplementedError",
            "AssertionError",
            "LookupError",
            "UnicodeError",
            "UnicodeDecodeError",
            "UnicodeEncodeError",
            "FloatingPointError",
            "FileNotFoundError",
            "PermissionError",
            "TimeoutError",
            "Warning",
            "UserWarning",
            "DeprecationWarning",
            "Ellipsis",
            "NotImplemented",
            "NoneType",
            "ellipsis",
        ],
    ),
    ("numpy.random", &["__RandomState_ctor"]),
    ("numpy.random.mtrand", &["RandomState"]),
    ("numpy.random._pickle", &["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"]),
    ("numpy.random._mt19937", &["MT19937"]),
    ("numpy.random._pcg64", &["PCG64", "PCG64DXSM"]),
    ("numpy.random._philox", &["Philox"]),
    ("numpy.random._sfc64", &["SFC64"]),
    ("numpy.random.bit_generator", &["SeedSequence", "__pyx_unpickle_SeedSequence"]),
    ("zoneinfo", &["ZoneInfo", "ZoneInfo._unpickle"]),
    ("pytz", &["_UTC", "_p", "UTC"]),
    ("dateutil.tz.tz", &["tzutc", "tzlocal", "tzoffset"]),
    ("dateutil.relativedelta", &["relativedelta"]),
    ("ipaddress", &["IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network"]),
    ("types", &["SimpleNamespace"]),
    ("argparse", &["Namespace"]),
    ("collections", &["UserDict", "UserList", "UserString", "ChainMap"]),
    ("scipy.sparse._csr", &["csr_matrix", "csr_array"]),
    ("scipy.sparse._csc", &["csc_matrix", "csc_array"]),
    ("scipy.sparse._coo", &["coo_matrix", "coo_array"]),
    ("scipy.sparse.csr", &["csr_matrix"]),
    ("scipy.sparse.csc", &["csc_matrix"]),
    ("scipy.sparse.coo", &["coo_matrix"]),
    (
        "torch",
        &[
            "Size",
            "device",
            "FloatStorage",
            "DoubleStorage",
            "HalfStorage",
            "BFloat16Storage",
            "LongStorage",
            "IntStorage",
            "ShortStorage",
            "CharStorage",
            "ByteStorage",
            "BoolStorage",
            "ComplexFloatStorage",
            "ComplexDoubleStorage",
        ],
    ),
    ("torch.storage", &["UntypedStorage", "TypedStorage"]),
    ("torch.nn.parameter", &["Parameter"]),
    (
        "torch._utils",
        &["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter"],
    ),
];

/// What is known of a class or function.
pub(super) fn verdict(known: Known, module: &str, name: &str) -> Verdict {
    let old = match module {
        "__builtin__" | "exceptions" => "builtins",
        other => other,
    };
    let root = name.split('.').next().unwrap_or_default();
    let within = |top: &str| {
        old.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match known {
        Known::Getattr => Verdict::Code,
        Known::No if CODE_NAMES.contains(&(old, root)) => Verdict::Code,
        Known::No if CODE_MODULES.iter().any(|top| within(top)) => Verdict::Code,
        // A dunder within a name is a way to somewhere else.
        Known::No if name.contains(".__") => Verdict::Code,
        Known::No if HARMLESS.iter().any(|(m, names)| *m == old && names.contains(&name)) => {
            Verdict::Harmless
        }
        Known::No | Known::Memmap => Verdict::Unknown,
        _ => Verdict::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_verdicts() {
        for (module, name, expected) in [
            ("numpy.core.multiarray", "_reconstruct", Verdict::Data),
            ("builtins", "set", Verdict::Data),
            ("__builtin__", "eval", Verdict::Code),
            ("os.path", "join", Verdict::Code),
            ("ossaudiodev", "open", Verdict::Unknown),
            ("numpy.testing._private.utils", "runstring", Verdict::Code),
            ("builtins", "getattr", Verdict::Code),
            ("collections", "OrderedDict.__init__", Verdict::Code),
            ("numpy.random._pickle", "__generator_ctor", Verdict::Harmless),
            ("exceptions", "ValueError", Verdict::Harmless),
            ("mine", "Model", Verdict::Unknown),
        ] {
            let known = Known::of(module, name);
            assert_eq!(verdict(known, module, name), expected, "{module}.{name}");
        }
        assert!(Verdict::Code > Verdict::Unknown && Verdict::Unknown > Verdict::Harmless);
    }
}
