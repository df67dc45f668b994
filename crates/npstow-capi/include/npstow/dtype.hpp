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

struct type_description;

/// A field of a struct.
struct field_description {
    const char* name;
    std::size_t offset;
    const type_description& (*type)();
};

/// The fields of a struct, in the order in which they were named.
struct field_list {
    const field_description* first;
    std::size_t count;
    const field_description* begin() const noexcept { return first; }
    const field_description* end() const noexcept { return first + count; }
    bool empty() const noexcept { return count == 0; }
};

/// What a C++ type is in a file.
struct type_description {
    /// The dtype of one item, and how many bytes it has.
    std::string descr;
    std::size_t itemsize;
    /// The axes of items that make one of the type, and how many bytes that has.
    std::vector<std::size_t> shape;
    std::size_t size;
    /// Of records.
    field_list fields;
};

/// The row that a struct is, as NPSTOW_ROW says.
template <class Scalar, std::size_t... Shape>
struct row_of {
    using scalar = Scalar;
    static constexpr std::size_t len = (Shape * ... * 1);
    static std::vector<std::size_t> shape() { return {Shape...}; }
};

namespace detail {

template <class T>
const type_description& type_of();

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
constexpr bool is_std_array = false;
template <class T, std::size_t N>
constexpr bool is_std_array<std::array<T, N>> = true;
/// Whether a `T` adds axes to the array of its numbers.
template <class T>
constexpr bool has_axes = is_row<T> || is_std_array<T>;

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
NPSTOW_COLD inline std::string record_descr(field_list list, std::size_t size)
{
    std::vector<field_description> fields(list.begin(), list.end());
    // Most are in order already; a sort of the library's would be most of what is compiled here.
    for (std::size_t at = 1; at < fields.size(); at++)
        for (std::size_t to = at; to > 0 && fields[to].offset < fields[to - 1].offset; to--)
            std::swap(fields[to], fields[to - 1]);
    std::string text;
    std::size_t end = 0;
    for (const field_description& field : fields) {
        const type_description& type = field.type();
        // A union in the struct: no dtype, and so the error names what was wanted.
        if (field.offset < end) return text.append("overlapping field ").append(field.name);
        pad(text, field.offset - end);
        text.append(text.empty() ? "[('" : ", ('").append(field.name).append("', ");
        const char* quote = type.fields.empty() ? "'" : "";
        text.append(quote).append(type.descr).append(quote);
        if (!type.shape.empty()) text.append(", ").append(shape_text(type.shape));
        text += ')';
        end = field.offset + type.size;
    }
    pad(text, size - end);
    return text += ']';
}

NPSTOW_COLD inline type_description number(char kind, std::size_t size)
{
    const char order = size == 1 ? '|' : is_little_endian() ? '<' : '>';
    return {std::string{order, kind}.append(std::to_string(size)), size, {}, size, {}};
}

NPSTOW_COLD inline type_description bytes(std::size_t len)
{
    return {"|S" + std::to_string(len), len, {}, len, {}};
}

NPSTOW_COLD inline type_description record(field_list fields, std::size_t size)
{
    return {record_descr(fields, size), size, {}, size, fields};
}

/// So many of a type, one behind another.
NPSTOW_COLD inline type_description several(std::size_t count, type_description type)
{
    type.shape.insert(type.shape.begin(), count);
    type.size *= count;
    return type;
}

NPSTOW_COLD inline type_description rows(type_description type, std::vector<std::size_t> shape,
                                         std::size_t size)
{
    type.shape = std::move(shape);
    type.size = size;
    return type;
}

template <class T>
struct always_false : std::false_type {};

template <class T>
struct describe {
    static type_description type()
    {
        static_assert(std::is_trivially_copyable_v<T> || complex_part<T>::value,
                      "only what may be copied byte by byte can be kept in a file");
        if constexpr (is_row<T>)
            return rows(type_of<typename row_type<T>::scalar>(), row_type<T>::shape(), sizeof(T));
        else if constexpr (is_record<T>)
            return record(npstow_fields(static_cast<const T*>(nullptr)), sizeof(T));
        else if constexpr (is_number<T>)
            return number(kind_of<T>(), sizeof(T));
        else
            static_assert(always_false<T>::value,
                          "no dtype is known for this type: say NPSTOW_RECORD or NPSTOW_ROW "
                          "behind the struct; for char take signed char or unsigned char");
    }
};
// Arrays of chars are strings of bytes, other arrays are sub-arrays.
template <std::size_t N>
struct describe<char[N]> {
    static type_description type() { return bytes(N); }
};
template <class T, std::size_t N>
struct describe<T[N]> {
    static type_description type() { return several(N, type_of<T>()); }
};
template <class T, std::size_t N>
struct describe<std::array<T, N>> : describe<T[N]> {};

template <class T>
const type_description& type_of()
{
    static const type_description type = describe<T>::type();
    return type;
}

} // namespace detail

/// The dtype of one element of type `T`, as it stands in the header of a file: "<f4", or the list
/// of a record's fields. Of a row struct it is that of its numbers.
template <class T>
const std::string& descr_of()
{
    return detail::type_of<T>().descr;
}

/// The axes that an element of type `T` adds: those of a row struct or a std::array.
template <class T>
const std::vector<std::size_t>& row_shape_of()
{
    return detail::type_of<T>().shape;
}

} // namespace NPSTOW_ROAD
} // namespace npstow

#define NPSTOW_FIELD(type, name) \
    {#name, offsetof(type, name), ::npstow::detail::type_of<decltype(type::name)>}

/// Says which fields of a struct are kept: one element is a record. What is not named is room.
#define NPSTOW_RECORD(type, ...) \
    static_assert(std::is_standard_layout_v<type> && std::is_trivially_copyable_v<type>, \
                  "only plain structs can be records"); \
    inline ::npstow::field_list npstow_fields(const type*) \
    { \
        static const ::npstow::field_description fields[] = { \
            NPSTOW_EACH(NPSTOW_FIELD, type, __VA_ARGS__)}; \
        return {fields, sizeof fields / sizeof *fields}; \
    }

/// Says that a struct is numbers of one type: n of them are an array of shape (n, ...). Its size is
/// checked; that its members are of this type is what you say.
#define NPSTOW_ROW(type, scalar, ...) \
    static_assert(std::is_standard_layout_v<type> && std::is_trivially_copyable_v<type> && \
                      sizeof(type) == ::npstow::row_of<scalar, __VA_ARGS__>::len * sizeof(scalar), \
                  "the struct is not that many numbers"); \
    inline ::npstow::row_of<scalar, __VA_ARGS__> npstow_row(const type*) \
    { \
        return {}; \
    }
