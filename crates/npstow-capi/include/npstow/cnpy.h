/* npstow/cnpy.h: the interface of cnpy (namespace cnpy) on npstow.
 *
 * A program that was written for cnpy includes this file instead of cnpy.h, links npstow instead of
 * cnpy and zlib, and is otherwise left as it is. C++11. What differs from cnpy, and why:
 *
 * - Whatever cannot be done throws cnpy::error, which is a std::runtime_error and says file, member
 *   and byte. Nothing is an assertion, so NDEBUG changes nothing.
 * - What NumPy writes is read: all header versions and dtypes but objects, archives that are stored,
 *   packed, streamed or zip64. Elements come in the byte order of the machine.
 * - NpyArray::data<T>() and as_vec<T>() throw where T is not what the elements are (double for float32,
 *   say). T of one byte, and structs whose size fits, are always let through.
 * - Files are replaced in one step: a reader sees the old one or the new one. Appending keeps the old
 *   rows or members until the new ones are complete.
 * - Appending rows throws where dtype or row shape differ; a member of the same name is replaced; an
 *   archive that is no archive is refused rather than found to be empty.
 * - An archive with two members of one name, as cnpy's own mode "a" makes it, is refused: one of the
 *   two arrays would be missed without a word. `npstow salvage OLD NEW` keeps the last one of each name.
 * - npy_save and npz_save take the modes "w" and "a"; cnpy took every other word for "w".
 */
#ifndef NPSTOW_CNPY_H
#define NPSTOW_CNPY_H

#ifdef LIBCNPY_H_
#error "npstow/cnpy.h takes the place of cnpy.h: include one of them"
#endif
#define LIBCNPY_H_

/* Programs use some of these without including them, because cnpy.h did. */
#include <cassert>
#include <complex>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <stdexcept>
#include <stdint.h>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "../npstow.h"

namespace cnpy {

/* What went wrong: what() is the whole text. */
class error : public std::runtime_error {
public:
    error(NpstowStatus status, const std::string& text)
        : std::runtime_error(text), status_(status), has_offset_(false), offset_(0) {}

    error(NpstowStatus status, const std::string& path, uint64_t offset, const std::string& text)
        : std::runtime_error((path.empty() ? "" : path + ": ") + "at byte " + std::to_string(offset) + ": " + text),
          status_(status), path_(std::make_shared<std::string>(path)), has_offset_(true), offset_(offset) {}

    error(const NpstowError* why)
        : std::runtime_error(text_of(npstow_error_message(why))), status_(npstow_error_status(why)),
          path_(std::make_shared<std::string>(text_of(npstow_error_path(why)))),
          member_(std::make_shared<std::string>(text_of(npstow_error_member(why)))), offset_(0)
    {
        has_offset_ = npstow_error_offset(why, &offset_);
    }

    /* Who has to act: NPSTOW_CORRUPT, NPSTOW_UNSUPPORTED, NPSTOW_IO … */
    NpstowStatus status() const noexcept { return status_; }
    /* The file and the member of an archive; empty where none is known. */
    std::string path() const { return path_ ? *path_ : std::string(); }
    std::string member() const { return member_ ? *member_ : std::string(); }
    /* Whether the byte is known at which the fault lies, and which it is. */
    bool has_offset() const noexcept { return has_offset_; }
    uint64_t offset() const noexcept { return offset_; }

private:
    static const char* text_of(const char* text) { return text ? text : ""; }

    NpstowStatus status_;
    /* Shared, so that copying an exception cannot throw. */
    std::shared_ptr<std::string> path_, member_;
    bool has_offset_;
    uint64_t offset_;
};

struct NpyArray;

namespace npstow_detail {

/* The last argument of a call, and the exception for what it brings back. */
class failure {
public:
    failure() : raw_(nullptr) {}
    ~failure() { npstow_error_free(raw_); }
    failure(const failure&) = delete;
    failure& operator=(const failure&) = delete;

    operator NpstowError**() { return &raw_; }
    NpstowStatus status() const { return raw_ ? npstow_error_status(raw_) : NPSTOW_OK; }
    int32_t code() const { return raw_ ? npstow_error_errno(raw_) : 0; }
    [[noreturn]] void raise() const { throw error(raw_); }
    /* For calls that say with their value whether they failed. */
    template <class T>
    T* made(T* handle) const
    {
        if (!handle) raise();
        return handle;
    }
    void done(NpstowStatus status) const
    {
        if (status != NPSTOW_OK) raise();
    }
    void clear()
    {
        npstow_error_free(raw_);
        raw_ = nullptr;
    }

private:
    NpstowError* raw_;
};

struct freed {
    void operator()(NpstowFile* it) const { npstow_file_free(it); }
    void operator()(NpstowNode* it) const { npstow_node_free(it); }
    void operator()(NpstowStrings* it) const { npstow_strings_free(it); }
    void operator()(NpstowArray* it) const { npstow_array_free(it); }
    void operator()(NpstowTree* it) const { npstow_tree_free(it); }
    void operator()(NpstowHeader* it) const { npstow_header_free(it); }
    void operator()(NpstowEditor* it) const { npstow_editor_free(it); }
    void operator()(NpstowSaveOptions* it) const { npstow_save_options_free(it); }
};

template <class T>
using handle = std::unique_ptr<T, freed>;

/* A name for a function of C; what a NUL would cut off is not dropped in silence. */
inline const char* plain(const std::string& name)
{
    if (name.find('\0') != std::string::npos) throw error(NPSTOW_INVALID, "a name with a NUL in it");
    return name.c_str();
}

/* How many elements, or bytes where `size` is that of one. */
inline size_t product(const std::vector<size_t>& shape, size_t size)
{
    const size_t most = (std::numeric_limits<size_t>::max)() / 2;
    size_t len = size;
    for (size_t axis : shape)
        if (axis == 0) return 0;
    for (size_t axis : shape) {
        if (len > most / axis) throw error(NPSTOW_LIMIT, "expected a size of at most 2^63 bytes");
        len *= axis;
    }
    return len;
}

/* Advises huge pages: faulting a GiB in pages of 4 KiB costs more than copying it. */
inline void advise(void* start, size_t len)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const uintptr_t page = 4096, from = (reinterpret_cast<uintptr_t>(start) + page - 1) / page * page;
    const uintptr_t to = (reinterpret_cast<uintptr_t>(start) + len) / page * page;
    if (len >= (size_t(4) << 20)) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
    (void)start, (void)len;
#endif
}

/* cnpy's type is a vector, which is filled with zeros before a file is read into it. For large arrays
 * that is half of the time, so with GCC's library, where the members are known, the length is set. */
struct bytes : std::vector<char> {
    explicit bytes(size_t len)
    {
        reserve(len);
        advise(std::vector<char>::data(), len);
#if defined(__GLIBCXX__) && !defined(_GLIBCXX_DEBUG) && !defined(_GLIBCXX_SANITIZE_VECTOR)
        this->_M_impl._M_finish = this->_M_impl._M_start + len;
#else
        resize(len);
#endif
    }
};

/* Zero where nothing but its size is known of an element, else the letter of NumPy's dtype.kind. */
inline char kind_of(const char* descr)
{
    return descr[0] == '[' || descr[0] == '(' ? 'V' : descr[0] ? descr[1] : '\0';
}

template <class T>
struct is_complex : std::false_type {};
template <class T>
struct is_complex<std::complex<T>> : std::true_type {};

/* What a program asks for: the letter of its kind, '\0' for structs, and its size. */
struct wanted {
    char kind;
    size_t size;
};

template <class T>
struct wanted_of {
    static wanted get()
    {
        return {std::is_same<T, bool>::value       ? 'b'
                : std::is_floating_point<T>::value ? 'f'
                : is_complex<T>::value             ? 'c'
                : std::is_integral<T>::value || std::is_enum<T>::value ? 'i'
                                                                       : '\0',
                sizeof(T)};
    }
};
template <>
struct wanted_of<void> {
    static wanted get() { return {'\0', 1}; }
};

template <typename T>
std::vector<T> values(const T* first, size_t count)
{
    return std::vector<T>(first, first + count);
}
/* Bytes of a bool in a file may be any. */
template <>
inline std::vector<bool> values(const bool* first, size_t count)
{
    const unsigned char* bytes = reinterpret_cast<const unsigned char*>(first);
    std::vector<bool> all(count);
    for (size_t at = 0; at < count; at++) all[at] = bytes[at] != 0;
    return all;
}

inline void check(const NpyArray& array, wanted want, bool all);
inline NpyArray read(const NpstowNode* node);

} // namespace npstow_detail

/* An array in memory, shared by its copies. */
struct NpyArray {
    NpyArray(const std::vector<size_t>& _shape, size_t _word_size, bool _fortran_order)
        : shape(_shape), word_size(_word_size), fortran_order(_fortran_order),
          num_vals(npstow_detail::product(_shape, 1)), kind('\0')
    {
        data_holder = std::make_shared<std::vector<char>>(npstow_detail::product(_shape, _word_size));
    }

    NpyArray() : shape(0), word_size(0), fortran_order(false), num_vals(0), kind('\0') {}

    template <typename T>
    T* data()
    {
        npstow_detail::check(*this, npstow_detail::wanted_of<typename std::remove_cv<T>::type>::get(), false);
        return data_holder ? reinterpret_cast<T*>(data_holder->data()) : nullptr;
    }

    template <typename T>
    const T* data() const
    {
        npstow_detail::check(*this, npstow_detail::wanted_of<typename std::remove_cv<T>::type>::get(), false);
        return data_holder ? reinterpret_cast<const T*>(data_holder->data()) : nullptr;
    }

    template <typename T>
    std::vector<T> as_vec() const
    {
        npstow_detail::check(*this, npstow_detail::wanted_of<T>::get(), true);
        return npstow_detail::values(data<T>(), num_vals);
    }

    size_t num_bytes() const { return data_holder ? data_holder->size() : 0; }

    std::shared_ptr<std::vector<char>> data_holder;
    std::vector<size_t> shape;
    size_t word_size;
    bool fortran_order;
    size_t num_vals;
    /* Not in cnpy: the letter of NumPy's dtype.kind; '\0' for arrays that were not read. */
    char kind;
};

using npz_t = std::map<std::string, NpyArray>;

namespace npstow_detail {

/* Whether elements of `size` bytes and this kind may be looked at as what is wanted. */
inline bool fits(char kind, size_t size, size_t len, wanted want)
{
    const bool exact = want.size == size;
    const bool part = want.size != 0 && size % want.size == 0;
    const bool whole = want.size != 0 && len % want.size == 0;
    if (want.kind == '\0' || kind == '\0') return part || whole;
    if (want.kind != 'b' && want.size == 1) return true;
    if (kind == 'V' || kind == 'S') return part;
    switch (want.kind) {
    case 'b': return kind == 'b';
    case 'f': return (kind == 'f' && exact) || (kind == 'c' && size == 2 * want.size);
    case 'c': return (kind == 'c' && exact) || (kind == 'f' && want.size == 2 * size && whole);
    // Halves have no type of their own; strings are code points of 4 bytes.
    default: return kind == 'f' ? exact && size == 2 : kind == 'U' ? want.size == 4 : kind != 'c' && exact;
    }
}

/* `all`: every element is to be one of what is wanted. */
inline void check(const NpyArray& array, wanted want, bool all)
{
    const size_t len = array.num_bytes();
    if (!array.data_holder && array.num_vals != 0) throw error(NPSTOW_INVALID, "the elements were moved to another array");
    const bool same = !all || want.size == array.word_size || len == 0;
    if (same && (len == 0 || fits(array.kind, array.word_size, len, want))) return;
    std::ostringstream text;
    text << "expected elements of " << want.size << " bytes";
    if (want.kind) text << " and kind '" << want.kind << "'";
    text << ", found " << array.word_size << " bytes";
    if (array.kind) text << " and kind '" << array.kind << "'";
    throw error(NPSTOW_MISMATCH, text.str());
}

inline NpyArray described(const NpstowNode* node)
{
    failure why;
    NpyArray array;
    array.kind = kind_of(why.made(npstow_node_descr(node, why)));
    size_t ndim = 0;
    why.done(npstow_node_ndim(node, &ndim, why));
    array.shape.resize(ndim);
    why.done(npstow_node_shape(node, array.shape.data(), ndim, why));
    array.num_vals = product(array.shape, 1);
    return array;
}

/* The one array that a file of this format is, or the named one in it. */
inline handle<NpstowFile> opened(const std::string& fname, const char* format)
{
    failure why;
    handle<NpstowFile> file(why.made(npstow_open(plain(fname), why)));
    const std::string found = npstow_file_format(file.get());
    if (found != format) throw error(NPSTOW_CORRUPT, fname, 0, std::string("expected ") + format + ", found " + found);
    return file;
}

/* Reads into memory of its own, in the machine's byte order and the order of the file. */
inline NpyArray read(const NpstowNode* node)
{
    failure why;
    NpyArray array = described(node);
    uint64_t len = 0;
    why.done(npstow_node_nbytes(node, &len, why));
    size_t size = 0;
    why.done(npstow_node_itemsize(node, &size, why));
    NpstowOrder order = NPSTOW_ORDER_C;
    why.done(npstow_node_order(node, &order, why));
    // Before memory is asked for: what is not there is not worth any.
    why.done(npstow_node_check(node, why));
    array.word_size = size;
    array.fortran_order = order == NPSTOW_ORDER_F;
    std::shared_ptr<bytes> holder = std::make_shared<bytes>(size_t(len));
    why.done(npstow_node_read_into_as(node, holder->data(), holder->size(), NPSTOW_BYTES_NATIVE,
                                      NPSTOW_ORDER_KEEP, why));
    array.data_holder = holder;
    return array;
}

/* As `read`, from an array that is in memory already. */
inline NpyArray copied(const NpstowArray* found)
{
    failure why;
    handle<NpstowArray> array(why.made(npstow_array_to_native(found, why)));
    const bool fortran = !npstow_array_is_contiguous(array.get(), NPSTOW_ORDER_C);
    if (fortran && !npstow_array_is_contiguous(array.get(), NPSTOW_ORDER_F))
        array.reset(why.made(npstow_array_to_contiguous(array.get(), NPSTOW_ORDER_C, why)));
    NpyArray copy;
    const size_t* shape = npstow_array_shape(array.get());
    copy.shape.assign(shape, shape + npstow_array_ndim(array.get()));
    copy.kind = npstow_array_kind(array.get());
    copy.word_size = npstow_array_itemsize(array.get());
    copy.fortran_order = fortran;
    copy.num_vals = npstow_array_len(array.get());
    const char* data = static_cast<const char*>(npstow_array_data(array.get()));
    copy.data_holder = std::make_shared<std::vector<char>>(data, data + npstow_array_nbytes(array.get()));
    return copy;
}

/* The elements of a caller, lent for one call. */
inline handle<NpstowArray> lent(const void* data, const std::string& descr, size_t size,
                                const std::vector<size_t>& shape)
{
    static const char nothing = 0;
    failure why;
    const size_t len = product(shape, size);
    if (!data && len) throw error(NPSTOW_INVALID, "expected elements, found a null pointer");
    return handle<NpstowArray>(why.made(npstow_array_from_memory(
        data ? data : &nothing, len, descr.c_str(), shape.data(), nullptr, shape.size(), NPSTOW_ORDER_C,
        nullptr, nullptr, why)));
}

/* Whether what is there is to be added to. */
inline bool appends(const std::string& mode)
{
    if (mode == "a") return true;
    if (mode == "w" || mode == "wb") return false;
    throw error(NPSTOW_INVALID, "expected the mode 'w' or 'a', found '" + mode + "'");
}

inline bool exists(const std::string& name)
{
    // Asked for reading alone: a file that may not be written is there, and refused later.
    std::FILE* file = std::fopen(plain(name), "rb");
    if (file) std::fclose(file);
    return file != nullptr;
}

inline void save_rows(const std::string& fname, const NpstowArray* array, const std::string& mode)
{
    failure why;
    if (!appends(mode) || !exists(fname)) return why.done(npstow_save(plain(fname), array, why));
    handle<NpstowFile> file = opened(fname, "npy");
    handle<NpstowNode> node(why.made(npstow_file_root(file.get(), why)));
    size_t axes = 0;
    why.done(npstow_node_ndim(node.get(), &axes, why));
    // npstow_append takes a single row as well, which has an axis less; cnpy does not.
    if (axes != npstow_array_ndim(array)) {
        std::ostringstream text;
        text << "expected rows of " << axes << " axes, found " << npstow_array_ndim(array);
        throw error(NPSTOW_MISMATCH, fname, 0, text.str());
    }
    why.done(npstow_append(plain(fname), array, why));
}

inline void save_member(const std::string& zipname, const std::string& fname, const NpstowArray* array,
                     const std::string& mode)
{
    failure why;
    if (appends(mode) && exists(zipname)) {
        handle<NpstowEditor> editor(why.made(npstow_editor_open(plain(zipname), nullptr, why)));
        NpstowStatus status = npstow_editor_add(editor.get(), plain(fname), array, why);
        if (status == NPSTOW_EXISTS) {
            why.clear();
            status = npstow_editor_replace(editor.get(), plain(fname), array, why);
        }
        why.done(status);
        return why.done(npstow_editor_commit(editor.get(), why));
    }
    handle<NpstowTree> tree(npstow_tree_new());
    why.done(npstow_tree_insert(tree.get(), plain(fname), array, why));
    handle<NpstowSaveOptions> options(npstow_save_options_new());
    why.done(npstow_save_options_set_format(options.get(), "npz", why));
    why.done(npstow_save_tree(plain(zipname), tree.get(), options.get(), why));
}

/* A header that has been read, for those who read what follows it on their own. */
inline void tell(const NpstowHeader* header, size_t& word_size, std::vector<size_t>& shape, bool& fortran_order)
{
    const char kind = npstow_header_kind(header);
    if (kind == 'O') throw error(NPSTOW_UNSUPPORTED, "not supported: object arrays");
    if (!npstow_header_is_native(header)) {
        const std::string descr = npstow_header_descr(header);
        throw error(NPSTOW_UNSUPPORTED, "not supported: another byte order than the machine's (" + descr + ")");
    }
    word_size = npstow_header_itemsize(header);
    const size_t* axes = npstow_header_shape(header);
    shape.assign(axes, axes + npstow_header_ndim(header));
    fortran_order = npstow_header_order(header) == NPSTOW_ORDER_F;
}

/* The first bytes of every header, and those after which versions 2 and 3 tell its length. */
const size_t prefix_len = 10, long_prefix_len = 12;

inline void more(std::FILE* fp, std::vector<unsigned char>& bytes, size_t len)
{
    const size_t before = bytes.size();
    bytes.resize(len);
    if (len > before && std::fread(&bytes[before], 1, len - before, fp) != len - before)
        throw error(std::ferror(fp) ? NPSTOW_IO : NPSTOW_CORRUPT, "", before, "expected more of an NPY header, found the end");
}

} // namespace npstow_detail

/* '<' on machines whose least significant byte comes first. */
inline char BigEndianTest()
{
    const int x = 1;
    return *reinterpret_cast<const char*>(&x) ? '<' : '>';
}

/* The letter of a type in a dtype, or '?' for what has none. */
inline char map_type(const std::type_info& t)
{
    if (t == typeid(float) || t == typeid(double) || t == typeid(long double)) return 'f';
    if (t == typeid(char) || t == typeid(signed char) || t == typeid(short)) return 'i';
    if (t == typeid(int) || t == typeid(long) || t == typeid(long long)) return 'i';
    if (t == typeid(unsigned char) || t == typeid(unsigned short)) return 'u';
    if (t == typeid(unsigned) || t == typeid(unsigned long) || t == typeid(unsigned long long)) return 'u';
    if (t == typeid(bool)) return 'b';
    if (t == typeid(std::complex<float>) || t == typeid(std::complex<double>)) return 'c';
    if (t == typeid(std::complex<long double>)) return 'c';
    return '?';
}

namespace npstow_detail {

template <typename T>
std::string descr_of()
{
    const char kind = map_type(typeid(T));
    if (kind == '?') throw error(NPSTOW_UNSUPPORTED, std::string("not supported: elements of the C++ type ") + typeid(T).name());
    return std::string(1, sizeof(T) == 1 ? '|' : BigEndianTest()) + kind + std::to_string(sizeof(T));
}

} // namespace npstow_detail

/* Adds the bytes of a number, the least significant first. */
template <typename T>
std::vector<char>& operator+=(std::vector<char>& lhs, const T rhs)
{
    const char* bytes = reinterpret_cast<const char*>(&rhs);
    const bool little = BigEndianTest() == '<';
    for (size_t byte = 0; byte < sizeof(T); byte++) lhs.push_back(bytes[little ? byte : sizeof(T) - 1 - byte]);
    return lhs;
}

template <>
inline std::vector<char>& operator+=(std::vector<char>& lhs, const std::string rhs)
{
    lhs.insert(lhs.end(), rhs.begin(), rhs.end());
    return lhs;
}

template <>
inline std::vector<char>& operator+=(std::vector<char>& lhs, const char* rhs)
{
    lhs.insert(lhs.end(), rhs, rhs + std::strlen(rhs));
    return lhs;
}

/* The header that NumPy writes for such an array. */
template <typename T>
std::vector<char> create_npy_header(const std::vector<size_t>& shape)
{
    using namespace npstow_detail;
    failure why;
    const std::string descr = descr_of<T>();
    handle<NpstowHeader> header(
        why.made(npstow_header_new(descr.c_str(), shape.data(), shape.size(), NPSTOW_ORDER_C, why)));
    size_t len = 0;
    const char* bytes = static_cast<const char*>(npstow_header_bytes(header.get(), &len));
    return std::vector<char>(bytes, bytes + len);
}

/* Reads a header at the place where `fp` stands, and leaves it at the first element. */
inline void parse_npy_header(FILE* fp, size_t& word_size, std::vector<size_t>& shape, bool& fortran_order)
{
    using namespace npstow_detail;
    if (!fp) throw error(NPSTOW_INVALID, "parse_npy_header: no file");
    failure why;
    std::vector<unsigned char> bytes;
    more(fp, bytes, prefix_len);
    if (bytes[6] > 1) more(fp, bytes, long_prefix_len);
    const size_t len = npstow_header_len(bytes.data(), bytes.size(), nullptr, why);
    if (len == 0) why.raise();
    more(fp, bytes, len);
    handle<NpstowHeader> header(why.made(npstow_header_parse(bytes.data(), bytes.size(), nullptr, why)));
    tell(header.get(), word_size, shape, fortran_order);
}

/* Reads a header in memory, all of which must be there. */
inline void parse_npy_header(unsigned char* buffer, size_t& word_size, std::vector<size_t>& shape, bool& fortran_order)
{
    using namespace npstow_detail;
    if (!buffer) throw error(NPSTOW_INVALID, "parse_npy_header: no buffer");
    failure why;
    // Only what the part before tells of is touched.
    if (std::memcmp(buffer, "\x93NUMPY", 6) != 0) throw error(NPSTOW_CORRUPT, "expected the NPY magic '\\x93NUMPY'");
    const size_t len = npstow_header_len(buffer, buffer[6] > 1 ? long_prefix_len : prefix_len, nullptr, why);
    if (len == 0) why.raise();
    handle<NpstowHeader> header(why.made(npstow_header_parse(buffer, len, nullptr, why)));
    tell(header.get(), word_size, shape, fortran_order);
}

namespace npstow_detail {

/* A number of `size` bytes, the least significant first. */
inline uint64_t number(const std::vector<unsigned char>& bytes, size_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t byte = size; byte-- > 0;) value = value << 8 | bytes[at + byte];
    return value;
}

inline bool signed_with(const std::vector<unsigned char>& bytes, size_t at, const char* signature)
{
    return bytes.size() >= at + 4 && std::memcmp(&bytes[at], signature, 4) == 0;
}

/* The last `len` bytes before `end`, from the file. */
inline std::vector<unsigned char> bytes_at(FILE* fp, uint64_t offset, size_t len)
{
    std::vector<unsigned char> bytes(len);
    if (offset > uint64_t((std::numeric_limits<long>::max)()) || std::fseek(fp, long(offset), SEEK_SET) != 0)
        throw error(NPSTOW_IO, "parse_zip_footer: cannot seek");
    if (std::fread(bytes.data(), 1, len, fp) != len) throw error(NPSTOW_IO, "parse_zip_footer: cannot read");
    return bytes;
}

/* Where the directory of an archive lies. */
struct directory {
    uint64_t count, size, offset, end;
};

/* The directory of a zip64 archive, whose locator lies before the end record at `end`. */
inline directory large_directory(FILE* fp, uint64_t end)
{
    const char* lack = "parse_zip_footer: expected the records of zip64 before the end record, found none";
    if (end < 20 + 56) throw error(NPSTOW_CORRUPT, lack);
    std::vector<unsigned char> locator = bytes_at(fp, end - 20, 20);
    const uint64_t at = number(locator, 8, 8);
    if (!signed_with(locator, 0, "PK\x06\x07") || at > end - 20 - 56) throw error(NPSTOW_CORRUPT, lack);
    std::vector<unsigned char> record = bytes_at(fp, at, 56);
    if (!signed_with(record, 0, "PK\x06\x06")) throw error(NPSTOW_CORRUPT, lack);
    return {number(record, 32, 8), number(record, 40, 8), number(record, 48, 8), at};
}

/* Searches the end record: behind it stands a comment of up to 65535 bytes. */
inline directory find_directory(FILE* fp)
{
    const size_t record = 22;
    if (!fp || std::fseek(fp, 0, SEEK_END) != 0) throw error(NPSTOW_IO, "parse_zip_footer: cannot seek");
    const long told = std::ftell(fp);
    if (told < 0) throw error(NPSTOW_IO, "parse_zip_footer: cannot tell the length");
    const uint64_t len = uint64_t(told);
    const size_t part = size_t(len < record + 65535 ? len : record + 65535);
    const std::vector<unsigned char> tail = bytes_at(fp, len - part, part);
    for (size_t at = part < record ? 0 : part - record + 1; at-- > 0;) {
        if (!signed_with(tail, at, "PK\x05\x06") || at + record + number(tail, at + 20, 2) != part) continue;
        const uint64_t end = len - part + at;
        const bool one_disk = number(tail, at + 4, 4) == 0 && number(tail, at + 8, 2) == number(tail, at + 10, 2);
        if (!one_disk) throw error(NPSTOW_UNSUPPORTED, "not supported: archives on several disks");
        const directory found = {number(tail, at + 10, 2), number(tail, at + 12, 4), number(tail, at + 16, 4), end};
        const bool large = found.count == 0xFFFF || found.size == 0xFFFFFFFF || found.offset == 0xFFFFFFFF;
        return large ? large_directory(fp, end) : found;
    }
    throw error(NPSTOW_CORRUPT, "parse_zip_footer: expected the end record of a zip archive, found none");
}

} // namespace npstow_detail

/* How many members an archive has, and where its directory lies, also in zip64 and with a comment. */
inline void parse_zip_footer(FILE* fp, uint16_t& nrecs, size_t& global_header_size, size_t& global_header_offset)
{
    using namespace npstow_detail;
    const directory found = find_directory(fp);
    if (found.offset > found.end || found.size > found.end - found.offset)
        throw error(NPSTOW_CORRUPT, "parse_zip_footer: expected a directory before the end record, found one beyond it");
    if (found.count > 0xFFFF)
        throw error(NPSTOW_UNSUPPORTED, "not supported: parse_zip_footer with more than 65535 members");
    nrecs = uint16_t(found.count);
    global_header_size = size_t(found.size);
    global_header_offset = size_t(found.offset);
}

/* The array of an .npy file. */
inline NpyArray npy_load(std::string fname)
{
    using namespace npstow_detail;
    handle<NpstowFile> file = opened(fname, "npy");
    failure why;
    handle<NpstowNode> node(why.made(npstow_file_root(file.get(), why)));
    return read(node.get());
}

/* The array of this name in an archive. */
inline NpyArray npz_load(std::string fname, std::string varname)
{
    using namespace npstow_detail;
    handle<NpstowFile> file = opened(fname, "npz");
    failure why;
    handle<NpstowNode> node(why.made(npstow_file_get(file.get(), plain(varname), why)));
    // Beside a group of its name, or without one, an array has the ending of its member.
    if (npstow_node_kind(node.get()) == NPSTOW_NODE_GROUP)
        node.reset(why.made(npstow_file_get(file.get(), plain(varname + ".npy"), why)));
    return read(node.get());
}

namespace npstow_detail {

/* The length of a file, or more than any where it cannot be told. */
inline uint64_t length_of(const std::string& fname)
{
    std::FILE* file = std::fopen(plain(fname), "rb");
    const long len = file && std::fseek(file, 0, SEEK_END) == 0 ? std::ftell(file) : -1;
    if (file) std::fclose(file);
    return len < 0 ? (std::numeric_limits<uint64_t>::max)() : uint64_t(len);
}

inline std::string name_at(const NpstowStrings* names, size_t at)
{
    return std::string(npstow_strings_get(names, at), npstow_strings_len_of(names, at));
}

/* Small archives come as a whole, with few reads and on all cores, and are copied; a large array is read
 * to where it stays. */
const uint64_t whole_len = uint64_t(64) << 20;

} // namespace npstow_detail

/* All arrays of an archive by their names; members that are no arrays are left out. */
inline npz_t npz_load(std::string fname)
{
    using namespace npstow_detail;
    handle<NpstowFile> file = opened(fname, "npz");
    failure why;
    handle<NpstowStrings> names(why.made(npstow_file_arrays(file.get(), why)));
    handle<NpstowTree> tree;
    if (length_of(fname) <= whole_len) tree.reset(why.made(npstow_file_load(file.get(), why)));
    npz_t arrays;
    std::set<std::string> all;
    for (size_t at = 0; at < npstow_strings_len(names.get()); at++) all.insert(name_at(names.get(), at));
    for (const std::string& name : all) {
        // An array beside a group of its name has its ending, which NumPy's names do not.
        const bool npy = name.size() >= 4 && name.compare(name.size() - 4, 4, ".npy") == 0;
        const std::string bare = npy ? name.substr(0, name.size() - 4) : name;
        const std::string key = all.count(bare) ? name : bare;
        // Names like "../x" are in no tree.
        handle<NpstowArray> array(tree ? npstow_tree_array(tree.get(), plain(name), nullptr) : nullptr);
        if (array) {
            arrays[key] = copied(array.get());
        } else {
            handle<NpstowNode> node(why.made(npstow_file_get(file.get(), plain(name), why)));
            arrays[key] = read(node.get());
        }
    }
    return arrays;
}

/* Writes elements in C order, or adds them to the first axis of what is there. */
template <typename T>
void npy_save(std::string fname, const T* data, const std::vector<size_t> shape, std::string mode = "w")
{
    using namespace npstow_detail;
    save_rows(fname, lent(data, descr_of<T>(), sizeof(T), shape).get(), mode);
}

/* Writes an archive of one array, or adds the array to the archive that is there. */
template <typename T>
void npz_save(std::string zipname, std::string fname, const T* data, const std::vector<size_t>& shape, std::string mode = "w")
{
    using namespace npstow_detail;
    save_member(zipname, fname, lent(data, descr_of<T>(), sizeof(T), shape).get(), mode);
}

template <typename T>
void npy_save(std::string fname, const std::vector<T> data, std::string mode = "w")
{
    npy_save(fname, data.data(), std::vector<size_t>(1, data.size()), mode);
}

template <typename T>
void npz_save(std::string zipname, std::string fname, const std::vector<T> data, std::string mode = "w")
{
    npz_save(zipname, fname, data.data(), std::vector<size_t>(1, data.size()), mode);
}

} // namespace cnpy
#endif
