// What a C++ type is in a file: numbers by their kind and size, structs by a line that names their
// fields or their rows.
//
//     struct photon { float pos[3]; float time; std::uint64_t id; };
//     NPSTOW_RECORD(photon, pos, time, id)          // one element: a record with these fields
//
//     struct step { float pos[3]; float time; float dir[3]; float weight; };
//     NPSTOW_ROW(step, float, 2, 4)                 // n of them: an array of shape (n, 2, 4)
//
// The line stands behind the struct, in its namespace.
#pragma once
#include "detail/config.hpp"
#include "detail/each.hpp"
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// Whether this machine keeps the low byte first.
inline bool is_little_endian() noexcept
{
    const std::uint16_t one = 1;
    return *reinterpret_cast<const unsigned char*>(&one) == 1;
}

/// A field of a record: its name, the dtype and shape of what it holds, where it lies.
struct field_description {
    const char* name;
    std::string descr;
    std::vector<std::size_t> shape;
    std::size_t offset, size;
    /// Where the bools in it are.
    std::vector<std::size_t> bools;
    /// Of records: how many bytes one has, and its fields.
    std::size_t itemsize;
    std::vector<field_description> fields;
};

/// The row that a struct is, as NPSTOW_ROW says.
template <class Scalar, std::size_t... Shape>
struct row_of {
    using scalar = Scalar;
    static constexpr std::size_t len = (Shape * ... * 1);
    static std::vector<std::size_t> shape() { return {Shape...}; }
};

namespace detail {

template <class T, class = void>
struct complex_part {
    static constexpr bool value = false;
};
// std::complex and everything made like it, without its header.
template <class T>
struct complex_part<T,
                    std::void_t<typename T::value_type, decltype(std::declval<const T&>().real()),
                                decltype(std::declval<const T&>().imag())>> {
    using part = typename T::value_type;
    static constexpr bool value = std::is_floating_point_v<part> && sizeof(T) == 2 * sizeof(part);
};

template <class T>
using fields_of = decltype(npstow_fields(static_cast<const T*>(nullptr)));
template <class T>
using row_type = decltype(npstow_row(static_cast<const T*>(nullptr)));

template <class T, template <class> class Op, class = void>
struct found : std::false_type {};
template <class T, template <class> class Op>
struct found<T, Op, std::void_t<Op<T>>> : std::true_type {};

template <class T>
constexpr bool is_char = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> ||
                         std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
constexpr bool is_number =
    (std::is_integral_v<T> && !is_char<T> && sizeof(T) <= 8) || std::is_same_v<T, float> ||
    std::is_same_v<T, double> || std::is_same_v<T, long double> || complex_part<T>::value ||
    std::is_enum_v<T>;
template <class T>
constexpr bool is_record = found<T, fields_of>::value;
template <class T>
constexpr bool is_row = found<T, row_type>::value;

template <class T>
constexpr char kind_of()
{
    if constexpr (std::is_same_v<T, bool>)
        return 'b';
    else if constexpr (std::is_enum_v<T>)
        return kind_of<std::underlying_type_t<T>>();
    else if constexpr (complex_part<T>::value)
        return 'c';
    else if constexpr (std::is_floating_point_v<T>)
        return 'f';
    else
        return std::is_signed_v<T> ? 'i' : 'u';
}

template <class T>
NPSTOW_COLD std::string number_descr()
{
    const char order = sizeof(T) == 1 ? '|' : is_little_endian() ? '<' : '>';
    return {order + (kind_of<T>() + std::to_string(sizeof(T)))};
}

NPSTOW_COLD inline std::string shape_text(const std::vector<std::size_t>& shape)
{
    std::string text = "(";
    for (std::size_t at = 0; at < shape.size(); at++)
        text.append(at ? ", " : "").append(std::to_string(shape[at]));
    return text.append(shape.size() == 1 ? ",)" : ")");
}

/// Room between fields is a field without a name, as NumPy writes it.
NPSTOW_COLD inline void pad(std::string& text, std::size_t len)
{
    if (!len) return;
    text.append(text.empty() ? "[('', '|V" : ", ('', '|V").append(std::to_string(len)).append("')");
}

/// The dtype of a record, as NumPy writes it.
NPSTOW_COLD inline std::string record_descr(std::vector<field_description> fields, std::size_t size)
{
    // Most are in order already; a sort of the library's would be most of what is compiled here.
    for (std::size_t at = 1; at < fields.size(); at++)
        for (std::size_t to = at; to > 0 && fields[to].offset < fields[to - 1].offset; to--)
            std::swap(fields[to], fields[to - 1]);
    std::string text;
    std::size_t end = 0;
    for (const field_description& field : fields) {
        // A union in the struct: no dtype, and so the error names what was wanted.
        if (field.offset < end) return text.append("overlapping field ").append(field.name);
        pad(text, field.offset - end);
        text.append(text.empty() ? "[('" : ", ('").append(field.name).append("', ");
        const bool list = field.descr[0] == '[';
        text.append(list ? "" : "'").append(field.descr).append(list ? "" : "'");
        if (!field.shape.empty()) text.append(", ").append(shape_text(field.shape));
        text += ')';
        end = field.offset + field.size;
    }
    pad(text, size - end);
    return text += ']';
}

template <class T>
struct always_false : std::false_type {};

} // namespace detail

/// The dtype of one element of type `T`, as it stands in the header of a file: "<f4", or the list
/// of a record's fields. Of a row struct it is that of its numbers.
template <class T>
const std::string& descr_of()
{
    static_assert(std::is_trivially_copyable_v<T> || detail::complex_part<T>::value,
                  "only what may be copied byte by byte can be kept in a file");
    if constexpr (detail::is_row<T>) {
        return descr_of<typename detail::row_type<T>::scalar>();
    } else {
        static const std::string descr = [] {
            if constexpr (detail::is_record<T>)
                return detail::record_descr(npstow_fields(static_cast<const T*>(nullptr)),
                                            sizeof(T));
            else if constexpr (detail::is_number<T>)
                return detail::number_descr<T>();
            else
                static_assert(detail::always_false<T>::value,
                              "no dtype is known for this type: say NPSTOW_RECORD or NPSTOW_ROW "
                              "behind the struct; for char take signed char or unsigned char");
        }();
        return descr;
    }
}

/// How many bytes a number or record of `T` has; of a row struct, one of its numbers.
template <class T>
constexpr std::size_t itemsize_of()
{
    if constexpr (detail::is_row<T>)
        return sizeof(typename detail::row_type<T>::scalar);
    else
        return sizeof(T);
}

/// The axes that an element of type `T` adds: those of a row struct, none of anything else.
template <class T>
std::vector<std::size_t> row_shape_of()
{
    if constexpr (detail::is_row<T>)
        return detail::row_type<T>::shape();
    else
        return {};
}

namespace detail {

template <class T>
struct is_std_array : std::false_type {};
template <class T, std::size_t N>
struct is_std_array<std::array<T, N>> : std::true_type {};

/// The bytes of a `T` that C++ takes for bools.
template <class T>
std::vector<std::size_t> bool_places_of()
{
    std::vector<std::size_t> places;
    if constexpr (std::is_array_v<T>) {
        using Item = std::remove_extent_t<T>;
        const std::vector<std::size_t> inner = bool_places_of<Item>();
        for (std::size_t at = 0; !inner.empty() && at < std::extent_v<T>; at++)
            for (const std::size_t place : inner) places.push_back(at * sizeof(Item) + place);
    } else if constexpr (is_std_array<T>::value) {
        return bool_places_of<typename T::value_type[std::tuple_size_v<T>]>();
    } else if constexpr (is_record<T>) {
        for (const auto& field : npstow_fields(static_cast<const T*>(nullptr)))
            for (const std::size_t place : field.bools) places.push_back(field.offset + place);
    } else if constexpr (is_row<T>) {
        static_assert(!std::is_same_v<typename row_type<T>::scalar, bool>, "make it a record");
    } else if constexpr (std::is_same_v<T, bool>) {
        places.push_back(0);
    }
    return places;
}

/// A field of a C++ type. Arrays of chars are strings of bytes, other arrays are sub-arrays.
template <class T>
struct field_type {
    static std::string descr() { return descr_of<T>(); }
    static std::vector<std::size_t> shape() { return row_shape_of<T>(); }
};
template <std::size_t N>
struct field_type<char[N]> {
    static std::string descr() { return "|S" + std::to_string(N); }
    static std::vector<std::size_t> shape() { return {}; }
};
template <class T, std::size_t N>
struct field_type<T[N]> {
    static std::string descr() { return field_type<T>::descr(); }
    static std::vector<std::size_t> shape()
    {
        auto inner = field_type<T>::shape();
        inner.insert(inner.begin(), N);
        return inner;
    }
};

template <class T, std::size_t N>
struct field_type<std::array<T, N>> : field_type<T[N]> {};

/// What an array, of however many axes, is made of.
template <class T>
struct item_of {
    using type = T;
};
template <class T, std::size_t N>
struct item_of<T[N]> : item_of<T> {};
template <class T, std::size_t N>
struct item_of<std::array<T, N>> : item_of<T> {};

template <class T>
NPSTOW_COLD field_description describe_field(const char* name, std::size_t offset)
{
    using Item = typename item_of<T>::type;
    field_description field{name,      field_type<T>::descr(), field_type<T>::shape(), offset,
                            sizeof(T), bool_places_of<T>(),    sizeof(Item),           {}};
    if constexpr (is_record<Item>) field.fields = npstow_fields(static_cast<const Item*>(nullptr));
    return field;
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow

#define NPSTOW_FIELD(type, name) \
    ::npstow::detail::describe_field<decltype(type::name)>(#name, offsetof(type, name))

/// Says which fields of a struct are kept: one element is a record. What is not named is room.
#define NPSTOW_RECORD(type, ...) \
    static_assert(std::is_standard_layout_v<type> && std::is_trivially_copyable_v<type>, \
                  "only plain structs can be records"); \
    inline std::vector<::npstow::field_description> npstow_fields(const type*) \
    { \
        return {NPSTOW_EACH(NPSTOW_FIELD, type, __VA_ARGS__)}; \
    }

/// Says that a struct is numbers of one type: n of them are an array of shape (n, ...).
#define NPSTOW_ROW(type, scalar, ...) \
    static_assert(std::is_standard_layout_v<type> && std::is_trivially_copyable_v<type> && \
                      sizeof(type) == ::npstow::row_of<scalar, __VA_ARGS__>::len * sizeof(scalar), \
                  "the struct is not that many numbers"); \
    inline ::npstow::row_of<scalar, __VA_ARGS__> npstow_row(const type*) \
    { \
        return {}; \
    }
