// Arrays in memory: what they are, their elements as C++ sees them, and new ones from C++'s memory.
#pragma once
#include "detail/bytes.hpp"
#include "dtype.hpp"
#include "error.hpp"
#include "nd.hpp"
#include "strings.hpp"
#include <cstring>
#include <initializer_list>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// How elements lie in memory.
enum class order : int { c = 0, fortran = 1, as_stored = 2 };

/// Whether bytes of numbers lie as in the file, or as this machine has them.
enum class byte_order : int { as_stored = 0, native = 1, little = 2, big = 3 };

using shape_type = std::vector<std::size_t>;

template <class View>
class held;

/// An array in memory. Nobody can change it, so copies of an `array` share it, and threads may,
/// too. Views keep nothing alive: hold the array while you use them.
class array {
public:
    /// None: what is returned after a failure where errors are values.
    array() = default;
    /// Takes over a handle of the C interface.
    explicit array(NpstowArray* raw) noexcept : raw_(raw) {}
    array(const array&) = default;
    array(array&&) noexcept = default;
    /// Not to what a function returned: `fold["x"] = hits` would change nothing.
    array& operator=(const array&) & = default;
    array& operator=(array&&) & noexcept = default;
    ~array() = default;
    explicit operator bool() const noexcept { return get() != nullptr; }
    NpstowArray* get() const noexcept { return raw_.get(); }

    /// A copy of elements, one axis and those of a row struct.
    template <class T>
    NPSTOW_COLD static array copy(span<const T> values, on_error err NPSTOW_OR_THROW)
    {
        return copy(values, shape_type{values.size()}, err);
    }
    /// A copy of elements in C order. Row structs add their axes.
    template <class T>
    NPSTOW_COLD static array copy(span<const T> values, shape_type shape,
                                  on_error err NPSTOW_OR_THROW)
    {
        const shape_type full = full_shape<T>(shape);
        if (!fits(values.size_bytes(), detail::type_of<T>().itemsize, full, err)) return {};
        if (!detail::holes_in(detail::type_of<T>()).empty())
            return from(std::vector<T>(values.begin(), values.end()), std::move(shape), err);
        return made(err, npstow_array_from_copy, values.data(), detail::word(descr_of<T>()), full.data(),
                    full.size(), NPSTOW_ORDER_C);
    }
    /// The elements of a vector, which the array owns from now on; nothing is copied. Room in
    /// structs is cleared: what happens to lie there belongs into no file.
    template <class T>
    NPSTOW_COLD static array from(std::vector<T> values, on_error err NPSTOW_OR_THROW)
    {
        const shape_type shape{values.size()};
        return from(std::move(values), shape, err);
    }
    template <class T>
    NPSTOW_COLD static array from(std::vector<T> values, shape_type shape,
                                  on_error err NPSTOW_OR_THROW)
    {
        if constexpr (std::is_same_v<T, bool>) {
            // The one vector whose elements do not lie in memory one by one.
            return own(std::vector<unsigned char>(values.begin(), values.end()), "|b1",
                       std::move(shape), err);
        } else {
            detail::clear_holes(values);
            return own(std::move(values), descr_of<T>(), full_shape<T>(std::move(shape)), err);
        }
    }
    /// Elements that stay yours: they must not change or vanish while the array or a copy of it is
    /// there. For arrays that are only made to be saved. Structs with room between their fields
    /// are copied, for that is cleared.
    template <class T>
    NPSTOW_COLD static array borrow(span<const T> values, shape_type shape,
                                    on_error err NPSTOW_OR_THROW)
    {
        if (!detail::holes_in(detail::type_of<T>()).empty())
            return copy(values, std::move(shape), err);
        shape = full_shape<T>(std::move(shape));
        return made(err, npstow_array_from_memory, values.data(), values.size_bytes(),
                    detail::word(descr_of<T>()), shape.data(), nullptr, shape.size(), NPSTOW_ORDER_C,
                    nullptr, nullptr);
    }
    template <class T>
    NPSTOW_COLD static array borrow(span<const T> values, on_error err NPSTOW_OR_THROW)
    {
        return borrow(values, shape_type{values.size()}, err);
    }
    template <class T>
    NPSTOW_COLD static array borrow(const std::vector<T>& values, on_error err NPSTOW_OR_THROW)
    {
        return borrow(span<const T>(values), err);
    }
    /// A vector that is gone after the call lends nothing: `from` takes it over.
    template <class T>
    static array borrow(const std::vector<T>&& values, on_error err NPSTOW_OR_THROW) = delete;
    /// As many elements from `first` as the shape has; a row struct is one.
    template <class T>
    NPSTOW_COLD static array borrow(const T* first, const shape_type& shape,
                                    on_error err NPSTOW_OR_THROW)
    {
        std::size_t count = 1;
        for (const std::size_t axis : shape) count *= axis;
        return borrow(span<const T>(first, count), shape, err);
    }
    /// An array without axes.
    template <class T>
    static array scalar(const T& value, on_error err NPSTOW_OR_THROW)
    {
        return copy(span<const T>(&value, 1), shape_type{}, err);
    }
    /// Texts of one length each, as NumPy's `U` dtype keeps them.
    NPSTOW_COLD static array from_strings(const std::vector<std::string>& texts,
                                          on_error err NPSTOW_OR_THROW)
    {
        const detail::strings list = detail::give(texts, err);
        return list ? made(err, npstow_array_from_strings, list.get()) : array();
    }

    /// The dtype as in a file's header: "<f4", "[('x', '<f4'), ('y', '<f4')]".
    std::string descr() const { return get() ? npstow_array_descr(get()) : ""; }
    std::size_t ndim() const noexcept { return npstow_array_ndim(get()); }
    shape_type shape() const
    {
        const std::size_t* shape = npstow_array_shape(get());
        return shape_type(shape, shape + (shape ? ndim() : 0));
    }
    std::vector<std::ptrdiff_t> strides() const
    {
        const std::ptrdiff_t* strides = npstow_array_strides(get());
        return std::vector<std::ptrdiff_t>(strides, strides + (strides ? ndim() : 0));
    }
    /// How many elements there are.
    std::size_t size() const noexcept { return npstow_array_len(get()); }
    std::size_t itemsize() const noexcept { return npstow_array_itemsize(get()); }
    std::size_t nbytes() const noexcept { return npstow_array_nbytes(get()); }
    /// NumPy's letter: b i u f c S U M m V.
    char kind() const noexcept { return static_cast<char>(npstow_array_kind(get())); }
    bool is_contiguous(order order = order::c) const noexcept
    {
        return npstow_array_is_contiguous(get(), static_cast<NpstowOrder>(order));
    }
    bool is_native() const noexcept { return npstow_array_is_native(get()); }
    /// The first element, whatever it is. The strides say where the others are.
    const void* data() const noexcept { return npstow_array_data(get()); }
    /// One line: "(1000, 4, 4) <f4".
    std::string desc() const { return detail::take_text(npstow_array_desc(get())); }
    /// What NumPy would print, at most `threshold` elements in full.
    std::string preview(std::size_t threshold = 100, std::size_t linewidth = 75) const
    {
        return detail::take_text(npstow_array_preview(get(), threshold, linewidth, nullptr));
    }

    /// The elements, without a copy, if they are of type `T`, in this machine's byte order, side by
    /// side in C order and aligned; `mismatch` says which of these they are not. Of a row struct,
    /// the rows. `to_native`, `to_contiguous` and `cast` make an array that passes. Of an array
    /// that nobody else holds, the view does.
    template <class T>
    span<const T> view(on_error err NPSTOW_OR_THROW) const&;
    template <class T>
    held<span<const T>> view(on_error err NPSTOW_OR_THROW) &&;
    /// The elements with all of their axes, whatever their layout: `grid<float, 3>()(i, j, k)`.
    template <class T, std::size_t N>
    nd<const T, N> grid(on_error err NPSTOW_OR_THROW) const&;
    template <class T, std::size_t N>
    held<nd<const T, N>> grid(on_error err NPSTOW_OR_THROW) &&;
#if defined(__cpp_lib_mdspan)
    /// The elements with all of their axes as the standard library's view.
    template <class T, std::size_t N>
    auto mdspan(on_error err NPSTOW_OR_THROW) const&;
    template <class T, std::size_t N>
    auto mdspan(on_error err NPSTOW_OR_THROW) && = delete;
#endif
    /// The only element.
    template <class T>
    T item(on_error err NPSTOW_OR_THROW) const
    {
        const std::vector<T> all = to_vector<T>(err);
        if (all.size() == 1) return all[0];
        if (!err.failed()) err.fail(status::mismatch, "expected one element, found " + desc());
        return T();
    }
    /// A copy of the elements in C order, from any byte order and layout. The dtype must be that of
    /// `T`; of a record, the fields that `T` has are found by their names, wherever they lie.
    template <class T>
    std::vector<T> to_vector(on_error err NPSTOW_OR_THROW) const;
    /// Texts of an array of `U` or `S`.
    std::vector<std::string> to_strings(on_error err NPSTOW_OR_THROW) const
    {
        return detail::take(detail::call(err, npstow_array_strings, get()));
    }

    /// The elements as numbers of type `T`, as NumPy's astype has them; a copy.
    template <class T>
    array cast(on_error err NPSTOW_OR_THROW) const
    {
        return cast(descr_of<T>(), err);
    }
    array cast(const std::string& descr, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_cast, get(), detail::word(descr));
    }
    /// The same elements in this machine's byte order; itself where they are.
    array to_native(on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_to_native, get());
    }
    /// The same elements side by side; itself where they are.
    array to_contiguous(order order, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_to_contiguous, get(), static_cast<NpstowOrder>(order));
    }
    /// The axes the other way round, without a copy.
    array transpose(on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_transpose, get());
    }
    /// The elements in C order with other axes.
    array reshape(const shape_type& shape, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_reshape, get(), shape.data(), shape.size());
    }
    /// A field of records, without a copy.
    array field(const std::string& name, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_field, get(), detail::word(name));
    }
    /// A part in NumPy's words, "10:20, ::2, -1", without a copy.
    array select(const std::string& selection, on_error err NPSTOW_OR_THROW) const
    {
        return made(err, npstow_array_select, get(), detail::word(selection));
    }

    /// A `DLManagedTensorVersioned` of DLPack 1.x, which shares the elements and is read-only; its
    /// deleter frees it.
    void* to_dlpack(on_error err NPSTOW_OR_THROW) const
    {
        return detail::call(err, npstow_array_to_dlpack, get());
    }
    /// Takes over a `DLManagedTensorVersioned` of memory that the processor reaches.
    static array from_dlpack(void* tensor, on_error err NPSTOW_OR_THROW)
    {
        return made(err, npstow_array_from_dlpack, tensor);
    }

private:
    template <class... Call>
    NPSTOW_COLD static array made(const on_error& err, Call... call)
    {
        return array(detail::call(err, call...));
    }
    template <class T>
    NPSTOW_COLD static shape_type full_shape(shape_type shape)
    {
        for (const std::size_t axis : row_shape_of<T>()) shape.push_back(axis);
        return shape;
    }
    /// Hands a vector over to an array, which deletes it in the end.
    template <class T>
    NPSTOW_COLD static array own(std::vector<T> values, const std::string& descr,
                                 const shape_type& shape, const on_error& err)
    {
        auto owner = std::make_unique<std::vector<T>>(std::move(values));
        const auto free = [](void* context) { delete static_cast<std::vector<T>*>(context); };
        array made = array::made(err, npstow_array_from_memory, owner->data(),
                                 owner->size() * sizeof(T), detail::word(descr), shape.data(), nullptr,
                                 shape.size(), NPSTOW_ORDER_C, free, owner.get());
        // It is the array's only where there is one.
        if (made) owner.release();
        return made;
    }
    static bool fits(std::size_t nbytes, std::size_t itemsize, const shape_type& shape,
                     const on_error& err);
    template <class T>
    bool is_grid(std::size_t axes, const on_error& err) const;

    detail::copied<NpstowArray, npstow_array_clone, npstow_array_free> raw_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow

#include "view.hpp"
