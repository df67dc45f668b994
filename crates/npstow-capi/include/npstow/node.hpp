// What stands in an open file: groups and arrays, described, and read where that is asked for.
#pragma once
#include "detail/list.hpp"
#include "file.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

enum class node_kind : int { group = 0, array = 1, value = 2 };

/// Runs of rows of an array, one after another: `for (const npstow::array &band : records)`.
class records {
public:
    records() = default;
    /// Takes over a handle of the C interface.
    explicit records(NpstowRecords* raw) noexcept : raw_(raw) {}
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// The next rows; none at the end.
    array next(on_error err NPSTOW_OR_THROW)
    {
        NpstowArray* band = nullptr;
        detail::call(err, npstow_records_next, raw_.get(), &band);
        return band ? array(band) : array();
    }

#if NPSTOW_EXCEPTIONS
    class iterator {
    public:
        using value_type = array;
        using difference_type = std::ptrdiff_t;
        using reference = const array&;
        using pointer = const array*;
        using iterator_category = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(records* of) : of_(of) { ++*this; }
        const array& operator*() const noexcept { return band_; }
        const array* operator->() const noexcept { return &band_; }
        iterator& operator++()
        {
            band_ = of_->next();
            if (!band_) of_ = nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(const iterator& other) const noexcept { return of_ == other.of_; }
        bool operator!=(const iterator& other) const noexcept { return of_ != other.of_; }

    private:
        records* of_ = nullptr;
        array band_;
    };
    iterator begin() { return iterator(this); }
    iterator end() { return iterator(); }
#endif

private:
    detail::owned<NpstowRecords, npstow_records_free> raw_;
};

/// A group or an array of an open file. Nothing of an array is read before that is asked for.
class node {
public:
    node() = default;
    /// Takes over a handle of the C interface.
    explicit node(NpstowNode* raw) noexcept : raw_(raw) {}
    explicit operator bool() const noexcept { return get() != nullptr; }
    NpstowNode* get() const noexcept { return raw_.get(); }

    /// The full path in the file; empty for what the file itself is.
    std::string path() const { return get() ? npstow_node_name(get()) : ""; }
    /// The last step of the path.
    std::string name() const
    {
        const std::string full = path();
        return full.substr(full.rfind('/') + 1);
    }
    node_kind kind() const noexcept { return static_cast<node_kind>(npstow_node_kind(get())); }
    bool is_group() const noexcept { return get() && kind() == node_kind::group; }
    bool is_array() const noexcept { return get() && kind() == node_kind::array; }

    /// The names in a group, in order.
    std::vector<std::string> names(on_error err NPSTOW_OR_THROW) const
    {
        return detail::take(detail::call(err, npstow_node_names, get()));
    }
    /// What stands under a slash path.
    node at(const std::string& path, on_error err NPSTOW_OR_THROW) const
    {
        return node(detail::call(err, npstow_node_get, get(), detail::word(path)));
    }
    bool has(const std::string& path) const noexcept
    {
        return detail::word(path).is_whole() && npstow_node_has(get(), path.c_str());
    }
    /// What stands in a group, in order.
    std::vector<node> children(on_error err NPSTOW_OR_THROW) const
    {
        std::vector<node> all;
        for (const std::string& name : names(err)) {
            all.push_back(at(name, err));
            if (err.failed()) return {};
        }
        return all;
    }
    /// The full paths that match one of the patterns: "*/photon,A00?/hit".
    std::vector<std::string> find_all(const std::string& globs, on_error err NPSTOW_OR_THROW) const
    {
        return detail::take(detail::call(err, npstow_node_find, get(), detail::word(globs)));
    }
    npstow::meta meta(on_error err NPSTOW_OR_THROW) const
    {
        NpstowMeta* raw = detail::call(err, npstow_node_meta, get());
        return raw ? npstow::meta(raw) : npstow::meta();
    }

    /// The dtype of an array, as it stands in its header.
    std::string descr(on_error err NPSTOW_OR_THROW) const
    {
        const char* text = detail::call(err, npstow_node_descr, get());
        return text ? text : "";
    }
    shape_type shape(on_error err NPSTOW_OR_THROW) const
    {
        shape_type shape(number(npstow_node_ndim, std::size_t(), err));
        detail::call(err, npstow_node_shape, get(), shape.data(), shape.size());
        return err.failed() ? shape_type() : shape;
    }
    /// How many bytes the elements have.
    std::uint64_t nbytes(on_error err NPSTOW_OR_THROW) const
    {
        return number(npstow_node_nbytes, std::uint64_t(), err);
    }
    /// How many bytes they take in the file; fewer where they are packed.
    std::uint64_t stored_nbytes(on_error err NPSTOW_OR_THROW) const
    {
        return number(npstow_node_stored_nbytes, std::uint64_t(), err);
    }
    /// Where they begin in the file, for reading of your own; `unsupported` where they are packed.
    std::uint64_t offset(on_error err NPSTOW_OR_THROW) const
    {
        return number(npstow_node_offset, std::uint64_t(), err);
    }
    npstow::order order(on_error err NPSTOW_OR_THROW) const
    {
        return static_cast<npstow::order>(number(npstow_node_order, NpstowOrder(), err));
    }
    /// One line: "photon (1000, 4, 4) <f4".
    std::string desc(on_error err NPSTOW_OR_THROW) const;

    /// All elements, in new memory that nobody else can change.
    array read(on_error err NPSTOW_OR_THROW) const { return made(err, npstow_node_read, get()); }
    /// The same, in the byte order and the order of axes that you want.
    array read(byte_order bytes, npstow::order order, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_node_read_as, get(), static_cast<NpstowByteOrder>(bytes),
                    static_cast<NpstowOrder>(order));
    }
    /// The mapped file, no copy. Who changes the file changes the elements, too.
    array view(on_error err NPSTOW_OR_THROW) const { return made(err, npstow_node_view, get()); }
    /// A part in NumPy's words, "10:20, ::2, -1"; only its bytes are read.
    array slice(const std::string& selection, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_node_slice, get(), detail::word(selection));
    }
    /// All elements into your memory, as numbers of this machine in C order. The dtype must be that
    /// of `T` but for the byte order, and `to` must be as long as the array.
    template <class T>
    void read_into(span<T> to, on_error err NPSTOW_OR_THROW) const;
    template <class T>
    void read_into(std::vector<T>& to, on_error err NPSTOW_OR_THROW) const
    {
        read_into(span<T>(to), err);
    }
    template <class T>
    std::vector<T> read_vector(on_error err NPSTOW_OR_THROW) const
    {
        const array all = read(byte_order::native, npstow::order::c, err);
        return all ? all.to_vector<T>(err) : std::vector<T>();
    }
    /// The node and all below it in memory; and described, with elements that are read when an
    /// array is asked for.
    fold load(on_error err NPSTOW_OR_THROW) const;
    fold load_nodata(on_error err NPSTOW_OR_THROW) const;
    /// Rows in runs of `rows_at_once`, for arrays that are larger than memory; 0 leaves the choice.
    npstow::records records(std::size_t rows_at_once, on_error err NPSTOW_OR_THROW) const
    {
        return npstow::records(detail::call(err, npstow_node_records, get(), rows_at_once));
    }
    /// SHA-256 of dtype, shape and elements, whatever the storage, as 64 hexadecimal digits.
    std::string digest(on_error err NPSTOW_OR_THROW) const;

#if NPSTOW_EXCEPTIONS
    /// `for (const npstow::node &child : node)`.
    auto begin() const { return detail::list_iterator<node>(children()); }
    auto end() const { return detail::list_iterator<node>(); }
#endif

private:
    template <class... Call>
    static array made(const on_error& err, Call... call)
    {
        return array(detail::call(err, call...));
    }
    template <class Of, class T>
    T number(Of of, T start, const on_error& err) const
    {
        detail::call(err, of, get(), &start);
        return start;
    }
    detail::copied<NpstowNode, npstow_node_clone, npstow_node_free> raw_;
};

NPSTOW_COLD inline node file::root(on_error err) const
{
    return node(detail::call(err, npstow_file_root, get()));
}

NPSTOW_COLD inline node file::at(const std::string& path, on_error err) const
{
    return node(detail::call(err, npstow_file_get, get(), detail::word(path)));
}

NPSTOW_COLD inline std::string node::desc(on_error err) const
{
    if (is_group()) {
        const std::size_t count = names(err).size();
        return name() + " group of " + std::to_string(count);
    }
    const std::string what = descr(err);
    const shape_type axes = shape(err);
    return name() + (name().empty() ? "" : " ") + detail::shape_text(axes) + ' ' + what;
}

NPSTOW_COLD inline std::string node::digest(on_error err) const
{
    std::uint8_t bytes[32] = {};
    detail::call(err, npstow_node_digest, get(), bytes);
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return err.failed() ? std::string() : text;
}

template <class T>
void node::read_into(span<T> to, on_error err) const
{
    const std::string stored = descr(err);
    if (err.failed()) return;
    if (detail::native(stored) != descr_of<T>()) {
        err.fail(status::mismatch, "expected dtype " + descr_of<T>() + ", found " + stored);
        return;
    }
    detail::call(err, npstow_node_read_into_as, get(), to.data(), to.size_bytes(),
                 NPSTOW_BYTES_NATIVE, NPSTOW_ORDER_C);
    if (err.failed() || detail::are_bools(detail::type_of<T>(), to.data(), to.size())) return;
    std::memset(static_cast<void*>(to.data()), 0, to.size_bytes());
    detail::no_bools(err);
}

} // namespace NPSTOW_ROAD
} // namespace npstow
