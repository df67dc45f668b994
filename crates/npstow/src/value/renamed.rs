//! Names that are others in Python 3: CPython's `_compat_pickle`.
//!
//! Pickles up to protocol 2 have the names of Python 2, whoever writes them; CPython puts the new
//! ones in their place when it loads them. A name that goes from such a pickle into one of protocol
//! 3, or back, has to be the one that is meant there.
#![forbid(unsafe_code)]

/// The last protocol that has the names of Python 2.
pub(crate) const LAST_OLD: u8 = 2;

/// Modules, each beside what it is in Python 3.
const MODULES: &[(&str, &str)] = &[
    ("__builtin__", "builtins"),
    ("copy_reg", "copyreg"),
    ("Queue", "queue"),
    ("SocketServer", "socketserver"),
    ("ConfigParser", "configparser"),
    ("repr", "reprlib"),
    ("tkFileDialog", "tkinter.filedialog"),
    ("tkSimpleDialog", "tkinter.simpledialog"),
    ("tkColorChooser", "tkinter.colorchooser"),
    ("tkCommonDialog", "tkinter.commondialog"),
    ("Dialog", "tkinter.dialog"),
    ("Tkdnd", "tkinter.dnd"),
    ("tkFont", "tkinter.font"),
    ("tkMessageBox", "tkinter.messagebox"),
    ("ScrolledText", "tkinter.scrolledtext"),
    ("Tkconstants", "tkinter.constants"),
    ("Tix", "tkinter.tix"),
    ("ttk", "tkinter.ttk"),
    ("Tkinter", "tkinter"),
    ("markupbase", "_markupbase"),
    ("_winreg", "winreg"),
    ("thread", "_thread"),
    ("dummy_thread", "_dummy_thread"),
    ("dbhash", "dbm.bsd"),
    ("dumbdbm", "dbm.dumb"),
    ("dbm", "dbm.ndbm"),
    ("gdbm", "dbm.gnu"),
    ("xmlrpclib", "xmlrpc.client"),
    ("SimpleXMLRPCServer", "xmlrpc.server"),
    ("httplib", "http.client"),
    ("htmlentitydefs", "html.entities"),
    ("HTMLParser", "html.parser"),
    ("Cookie", "http.cookies"),
    ("cookielib", "http.cookiejar"),
    ("BaseHTTPServer", "http.server"),
    ("test.test_support", "test.support"),
    ("commands", "subprocess"),
    ("urlparse", "urllib.parse"),
    ("robotparser", "urllib.robotparser"),
    ("urllib2", "urllib.request"),
    ("anydbm", "dbm"),
    ("_abcoll", "collections.abc"),
];

/// Modules that became part of others: there is no way back.
const MERGED: &[(&str, &str)] = &[
    ("cPickle", "pickle"),
    ("_elementtree", "xml.etree.ElementTree"),
    ("FileDialog", "tkinter.filedialog"),
    ("SimpleDialog", "tkinter.simpledialog"),
    ("DocXMLRPCServer", "xmlrpc.server"),
    ("SimpleHTTPServer", "http.server"),
    ("CGIHTTPServer", "http.server"),
    ("UserDict", "collections"),
    ("UserList", "collections"),
    ("UserString", "collections"),
    ("whichdb", "dbm"),
    ("StringIO", "io"),
    ("cStringIO", "io"),
];

/// A module and a name in it.
type Name = (&'static str, &'static str);

/// Single names that went elsewhere.
const NAMES: &[(Name, Name)] = &[
    (("__builtin__", "xrange"), ("builtins", "range")),
    (("__builtin__", "reduce"), ("functools", "reduce")),
    (("__builtin__", "intern"), ("sys", "intern")),
    (("__builtin__", "unichr"), ("builtins", "chr")),
    (("__builtin__", "unicode"), ("builtins", "str")),
    (("__builtin__", "long"), ("builtins", "int")),
    (("itertools", "izip"), ("builtins", "zip")),
    (("itertools", "imap"), ("builtins", "map")),
    (("itertools", "ifilter"), ("builtins", "filter")),
    (("itertools", "ifilterfalse"), ("itertools", "filterfalse")),
    (("itertools", "izip_longest"), ("itertools", "zip_longest")),
    (("UserDict", "IterableUserDict"), ("collections", "UserDict")),
    (("_socket", "fromfd"), ("socket", "fromfd")),
    (("_multiprocessing", "Connection"), ("multiprocessing.connection", "Connection")),
    (("multiprocessing.process", "Process"), ("multiprocessing.context", "Process")),
    (("multiprocessing.forking", "Popen"), ("multiprocessing.popen_fork", "Popen")),
    (("urllib", "ContentTooShortError"), ("urllib.error", "ContentTooShortError")),
    (("urllib", "getproxies"), ("urllib.request", "getproxies")),
    (("urllib", "pathname2url"), ("urllib.request", "pathname2url")),
    (("urllib", "quote_plus"), ("urllib.parse", "quote_plus")),
    (("urllib", "quote"), ("urllib.parse", "quote")),
    (("urllib", "unquote_plus"), ("urllib.parse", "unquote_plus")),
    (("urllib", "unquote"), ("urllib.parse", "unquote")),
    (("urllib", "url2pathname"), ("urllib.request", "url2pathname")),
    (("urllib", "urlcleanup"), ("urllib.request", "urlcleanup")),
    (("urllib", "urlencode"), ("urllib.parse", "urlencode")),
    (("urllib", "urlopen"), ("urllib.request", "urlopen")),
    (("urllib", "urlretrieve"), ("urllib.request", "urlretrieve")),
    (("urllib2", "HTTPError"), ("urllib.error", "HTTPError")),
    (("urllib2", "URLError"), ("urllib.error", "URLError")),
    (
        ("multiprocessing", "AuthenticationError"),
        ("multiprocessing.context", "AuthenticationError"),
    ),
    (("multiprocessing", "BufferTooShort"), ("multiprocessing.context", "BufferTooShort")),
    (("multiprocessing", "ProcessError"), ("multiprocessing.context", "ProcessError")),
    (("multiprocessing", "TimeoutError"), ("multiprocessing.context", "TimeoutError")),
];

/// The same, without a way back.
const MERGED_NAMES: &[(Name, Name)] = &[
    (("__builtin__", "basestring"), ("builtins", "str")),
    (("socket", "_socketobject"), ("socket", "SocketType")),
];

/// What a name of Python 2 is in Python 3.
pub(crate) fn to_new<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    match module {
        "exceptions" if name == "StandardError" => return ("builtins", "Exception"),
        // All others are there under their names.
        "exceptions" => return ("builtins", name),
        _ => {}
    }
    let mut names = NAMES.iter().chain(MERGED_NAMES);
    if let Some((_, new)) = names.find(|(old, _)| *old == (module, name)) {
        return *new;
    }
    match MODULES.iter().chain(MERGED).find(|(old, _)| *old == module) {
        Some((_, new)) => (new, name),
        None => (module, name),
    }
}

/// What a name of Python 3 is in Python 2.
pub(crate) fn to_old<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    if let Some((old, _)) = NAMES.iter().find(|(_, new)| *new == (module, name)) {
        return *old;
    }
    match MODULES.iter().find(|(_, new)| *new == module) {
        Some((old, _)) => (old, name),
        None => (module, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_forth_and_back() {
        for (old, new) in [
            (("__builtin__", "set"), ("builtins", "set")),
            (("__builtin__", "xrange"), ("builtins", "range")),
            (("__builtin__", "unicode"), ("builtins", "str")),
            (("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")),
            (("itertools", "izip"), ("builtins", "zip")),
            (("mine", "Model"), ("mine", "Model")),
            (("collections", "OrderedDict"), ("collections", "OrderedDict")),
        ] {
            assert_eq!(to_new(old.0, old.1), new);
            assert_eq!(to_old(new.0, new.1), old);
        }
        assert_eq!(to_new("exceptions", "IOError"), ("builtins", "IOError"));
        assert_eq!(to_new("exceptions", "StandardError"), ("builtins", "Exception"));
        assert_eq!(to_new("StringIO", "StringIO"), ("io", "StringIO"));
        assert_eq!(to_old("io", "StringIO"), ("io", "StringIO"));
        // Each that goes back comes forth again.
        for (old, new) in NAMES {
            assert_eq!((to_old(new.0, new.1), to_new(old.0, old.1)), (*old, *new));
        }
        for (old, new) in MODULES {
            assert_eq!((to_old(new, "x"), to_new(old, "x")), ((*old, "x"), (*new, "x")));
        }
    }
}
