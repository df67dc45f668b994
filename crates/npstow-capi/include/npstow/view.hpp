// The elements of an array as C++ sees them: what is checked before a pointer is given away.
#pragma once
#include "array.hpp"
#include <algorithm>
#include <iterator>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

NPSTOW_COLD inline void no_bools(const on_error& err)
{
    err.fail(status::mismatch, "expected only 0 and 1 in a bool, found another byte");
}

template <class T>
bool check_bools(const void* first, std::size_t count, const on_error& err)
{
    if (are_bools(type_of<T>(), first, count)) return true;
    no_bools(err);
    return false;
}

/// The dtype of the same elements in this machine's byte order. Behind a quote the letter is one of
/// byte order; a name that begins with it is none that a C++ struct has.
NPSTOW_COLD inline std::string native(std::string descr)
{
    const char own = is_little_endian() ? '<' : '>', other = own == '<' ? '>' : '<';
    for (std::size_t at = 0; at < descr.size(); at++)
        if (descr[at] == other && (at == 0 || descr[at - 1] == '\'')) descr[at] = own;
    return descr;
}

/// How many rows elements of this shape are: the last axes must be those of the row, or
/// one axis of as many numbers.
NPSTOW_COLD inline std::optional<std::size_t> count_rows(const shape_type& shape,
                                                         const shape_type& row, const on_error& err)
{
    std::size_t len = 1, rows = 1, at = shape.size();
    for (const std::size_t axis : row) len *= axis;
    if (at >= row.size() && std::equal(row.rbegin(), row.rend(), shape.rbegin()))
        at -= row.size();
    else if (at > 0 && shape[at - 1] == len)
        at -= 1;
    else
        at = shape.size() + 1;
    if (at <= shape.size()) {
        for (std::size_t axis = 0; axis < at; axis++) rows *= shape[axis];
        return rows;
    }
    std::string text = "expected rows of shape ";
    text.append(shape_text(row)).append(", found an array of shape ").append(shape_text(shape));
    err.fail(status::mismatch, std::move(text));
    return std::nullopt;
}

NPSTOW_COLD inline void wrong_field(const field_description& field, const array& found,
                                    const on_error& err)
{
    std::string text = "expected the field '";
    text.append(field.name).append("' as ").append(field.type().descr).append(" of ");
    text.append(shape_text(field.type().shape)).append(" each, found ").append(found.desc());
    err.fail(status::mismatch, std::move(text));
}

/// Copies one field of every record into structs, `step` bytes from each to the next.
NPSTOW_COLD inline bool copy_field(const array& from, const field_description& field,
                                   unsigned char* to, std::size_t step, const on_error& err)
{
    const type_description& type = field.type();
    array values = from.field(field.name, err);
    if (values && !err.failed()) values = values.to_native(err);
    if (values && !err.failed()) values = values.to_contiguous(order::c, err);
    if (!values || err.failed()) return false;
    const bool same = values.descr() == type.descr;
    // The records in a record may have their fields elsewhere, too.
    const bool records = !same && !type.fields.empty() && values.kind() == 'V';
    shape_type shape = from.shape();
    for (const std::size_t axis : type.shape) shape.push_back(axis);
    if ((!same && !records) || values.shape() != shape) {
        wrong_field(field, values, err);
        return false;
    }
    const std::size_t count = from.size();
    std::vector<unsigned char> moved(records ? count * type.size : 0);
    if (records)
        for (const field_description& inner : type.fields)
            if (!copy_field(values, inner, moved.data() + inner.offset, type.itemsize, err))
                return false;
    const auto* bytes = records ? moved.data() : static_cast<const unsigned char*>(values.data());
    for (std::size_t at = 0; at < count; at++)
        std::memcpy(to + at * step, bytes + at * type.size, type.size);
    return true;
}

} // namespace detail

NPSTOW_COLD inline bool array::fits(std::size_t nbytes, std::size_t itemsize,
                                    const shape_type& shape, const on_error& err)
{
    std::size_t wanted = itemsize;
    for (const std::size_t axis : shape) {
        // What is too large for a number of bytes is too large for the elements, too.
        if (axis != 0 && wanted > nbytes / axis)
            wanted = nbytes + 1;
        else
            wanted *= axis;
    }
    if (wanted == nbytes) return true;
    err.fail(status::mismatch, std::to_string(nbytes / itemsize) +
                                   " elements do not have the shape " + detail::shape_text(shape));
    return false;
}

template <class T>
NPSTOW_COLD span<const T> array::view(on_error err) const&
{
    const void* found = detail::call(err, npstow_array_typed, get(), descr_of<T>().c_str());
    if (!found) return {};
    std::optional<std::size_t> count = size();
    if constexpr (detail::has_axes<T>) count = detail::count_rows(shape(), row_shape_of<T>(), err);
    if (!count || *count == 0) return {};
    if (reinterpret_cast<std::uintptr_t>(found) % alignof(T)) {
        err.fail(status::mismatch, "the elements are not aligned as the type wants it");
        return {};
    }
    if (!detail::check_bools<T>(found, *count, err)) return {};
    return span<const T>(static_cast<const T*>(found), *count);
}

/// A view of an array that nobody else holds, together with it: `for (float x :
/// npstow::load(path).view<float>())`. It is no span, which would be left with nothing.
template <class View>
class held {
public:
    held(array owner, View view) : owner_(std::move(owner)), view_(view) {}
    auto begin() const noexcept { return twice(view_.begin()); }
    auto end() const noexcept { return twice(view_.end()); }
    std::size_t size() const noexcept { return view_.size(); }
    bool empty() const noexcept { return view_.empty(); }
    /// A view of its own would be left with nothing.
    operator View() const = delete;
    decltype(auto) operator[](std::size_t at) const { return view_[at]; }
    template <class... Index>
    decltype(auto) operator()(Index... index) const
    {
        return view_(index...);
    }
    /// The array.
    const array& owner() const noexcept { return owner_; }

private:
    /// The same places, by iterators that are not pointers: of those std::span would make a view of
    /// its own.
    template <class Iterator>
    static auto twice(Iterator at) noexcept
    {
        return std::make_reverse_iterator(std::make_reverse_iterator(at));
    }
    array owner_;
    View view_;
};

template <class T>
held<span<const T>> array::view(on_error err) &&
{
    const span<const T> all = static_cast<const array&>(*this).view<T>(err);
    return {std::move(*this), all};
}

template <class T>
bool array::is_grid(std::size_t axes, const on_error& err) const
{
    static_assert(!detail::has_axes<T>, "of a row struct take its numbers, or view()");
    auto bad = reinterpret_cast<std::uintptr_t>(data()) % alignof(T) != 0;
    for (const std::ptrdiff_t step : strides())
        bad = bad || step % static_cast<std::ptrdiff_t>(alignof(T)) != 0;
    std::string wrong;
    if (!get())
        wrong = "expected an array, found none";
    else if (descr() != descr_of<T>())
        wrong = "expected dtype " + descr_of<T>() + ", found " + descr();
    else if (ndim() != axes)
        wrong = "expected " + std::to_string(axes) + " axes, found " + std::to_string(ndim());
    else if (bad)
        wrong = "the elements are not aligned as the type wants it";
    if (!wrong.empty()) err.fail(get() ? status::mismatch : status::invalid, wrong);
    return wrong.empty();
}

template <class T, std::size_t N>
nd<const T, N> array::grid(on_error err) const&
{
    static_assert(!std::is_same_v<T, bool>, "of bools take view(), which looks at each");
    if (!is_grid<T>(N, err)) return {};
    return nd<const T, N>(data(), npstow_array_shape(get()), npstow_array_strides(get()));
}

template <class T, std::size_t N>
held<nd<const T, N>> array::grid(on_error err) &&
{
    const nd<const T, N> all = static_cast<const array&>(*this).grid<T, N>(err);
    return {std::move(*this), all};
}

#if defined(__cpp_lib_mdspan)
template <class T, std::size_t N>
auto array::mdspan(on_error err) const&
{
    static_assert(!std::is_same_v<T, bool>, "of bools take view(), which looks at each");
    using extents = std::dextents<std::size_t, N>;
    using mapping = std::layout_stride::mapping<extents>;
    using view = std::mdspan<const T, extents, std::layout_stride>;
    std::array<std::size_t, N> lens{}, steps{};
    steps.fill(1);
    if (!is_grid<T>(N, err)) return view(nullptr, mapping(extents(lens), steps));
    for (std::size_t axis = 0; axis < N; axis++) {
        lens[axis] = shape()[axis];
        const std::ptrdiff_t step = strides()[axis];
        const auto item = static_cast<std::ptrdiff_t>(sizeof(T));
        if (lens[axis] < 2) continue;
        if (step <= 0 || step % item != 0) {
            err.fail(status::mismatch, "the strides are none that a mdspan can have");
            return view(nullptr, mapping(extents(std::array<std::size_t, N>{}), steps));
        }
        steps[axis] = static_cast<std::size_t>(step / item);
    }
    return view(static_cast<const T*>(data()), mapping(extents(lens), steps));
}
#endif

template <class T>
NPSTOW_COLD std::vector<T> array::to_vector(on_error err) const
{
    array plain = to_native(err);
    if (plain && !err.failed()) plain = plain.to_contiguous(order::c, err);
    if (!plain || err.failed()) return {};
    std::optional<std::size_t> count = size();
    if constexpr (detail::has_axes<T>) count = detail::count_rows(shape(), row_shape_of<T>(), err);
    if (!count) return {};
    std::vector<T> all;
    if (plain.descr() == descr_of<T>()) {
        if constexpr (std::is_same_v<T, bool>) {
            // The one vector whose elements do not lie in memory one by one.
            if (!detail::check_bools<T>(plain.data(), *count, err)) return {};
            const auto* bytes = static_cast<const unsigned char*>(plain.data());
            all.assign(bytes, bytes + *count);
        } else {
            all.resize(*count);
            if (*count) std::memcpy(static_cast<void*>(all.data()), plain.data(), plain.nbytes());
        }
    } else if constexpr (detail::is_record<T>) {
        all.resize(*count);
        auto* to = reinterpret_cast<unsigned char*>(all.data());
        for (const auto& field : detail::type_of<T>().fields)
            if (!detail::copy_field(plain, field, to + field.offset, sizeof(T), err)) return {};
    } else {
        err.fail(status::mismatch, "expected dtype " + descr_of<T>() + ", found " + descr());
    }
    if constexpr (detail::is_record<T>)
        if (!all.empty() && !detail::check_bools<T>(all.data(), all.size(), err)) return {};
    return all;
}

} // namespace NPSTOW_ROAD
} // namespace npstow
