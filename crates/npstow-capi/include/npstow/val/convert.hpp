// Values as types of C++, and what is asked of the C interface.
#pragma once
#include "write.hpp"
#include <cmath>
#include <cstdlib>
#include <limits>

namespace npstow {
inline namespace NPSTOW_ROAD {
inline val val::big(const std::string& digits, on_error err)
{
    const detail::owned<NpstowBuilder, npstow_builder_free> builder(npstow_builder_new());
    const NpstowPart part =
        detail::call(err, npstow_builder_digits, builder.get(), detail::word(digits));
    if (!part) return val();
    return val(detail::call(err, npstow_builder_finish, builder.get(), part));
}

inline std::string_view val::text(on_error err) const&
{
    if (!is_texty()) {
        wrong("a text or bytes", err);
        return {};
    }
    return node()->open(err) ? std::string_view(as<detail::text_node>()->text) : std::string_view();
}
inline std::string val::text(on_error err) &&
{
    return std::string(static_cast<const val&>(*this).text(err));
}

inline std::string val::digits(on_error err) const
{
    if (!is_int() && !is_bool()) {
        wrong("an integer", err);
        return {};
    }
    if (!is_big_) return std::to_string(word_.integer);
    return node()->open(err) ? as<detail::text_node>()->text : std::string();
}

inline npstow::array val::array(on_error err) const
{
    if (kind_ != val_kind::array && kind_ != val_kind::scalar) {
        wrong("an array", err);
        return {};
    }
    return node()->open(err) ? as<detail::array_node>()->array : npstow::array();
}

template <class T>
span<const T> val::view(on_error err) const&
{
    const npstow::array own = array(err);
    return own ? own.view<T>(err) : span<const T>();
}

inline std::int64_t val::whole(const on_error& err) const
{
    if ((is_int() || is_bool()) && !is_big_) return word_.integer;
    const detail::value_handle value = handle(err);
    std::int64_t result = 0;
    if (value) detail::call(err, npstow_value_int64, value.get(), &result);
    return result;
}
inline std::uint64_t val::natural(const on_error& err) const
{
    const detail::value_handle value = handle(err);
    std::uint64_t result = 0;
    if (value) detail::call(err, npstow_value_uint64, value.get(), &result);
    return result;
}
inline double val::real(const on_error& err) const
{
    if (is_float()) return word_.real;
    if ((is_int() || is_bool()) && !is_big_) return static_cast<double>(word_.integer);
    const detail::value_handle value = handle(err);
    double result = 0;
    if (value) detail::call(err, npstow_value_double, value.get(), &result);
    return result;
}

template <class T>
T val::get(on_error err) const
{
    if constexpr (std::is_same_v<T, val>) {
        return *this;
    } else if constexpr (std::is_same_v<T, bool>) {
        if (is_bool()) return word_.integer != 0;
        bool result = false;
        const detail::value_handle value = handle(err);
        if (value) detail::call(err, npstow_value_bool, value.get(), &result);
        return result;
    } else if constexpr (detail::is_arithmetic<T> && std::is_integral_v<T>) {
        if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
            return static_cast<T>(natural(err));
        } else {
            const std::int64_t own = whole(err);
            if (!err.failed() && (own < std::int64_t{std::numeric_limits<T>::min()} ||
                                  own > std::int64_t{std::numeric_limits<T>::max()})) {
                err.fail(status::mismatch, "expected an integer of " +
                                               std::to_string(8 * sizeof(T)) + " bits, found " +
                                               std::to_string(own));
                return T();
            }
            return static_cast<T>(own);
        }
    } else if constexpr (std::is_floating_point_v<T>) {
        const double own = real(err);
        if (std::isfinite(own) &&
            std::fabs(own) > static_cast<double>(std::numeric_limits<T>::max())) {
            err.fail(status::mismatch, "expected a smaller float, found " + std::to_string(own));
            return T();
        }
        return static_cast<T>(own);
    } else if constexpr (detail::is_complex<T>::value) {
        using part = typename T::value_type;
        if (kind_ == val_kind::complex) {
            const auto* own = as<detail::complex_node>();
            return T(val(own->real).get<part>(err), val(own->imaginary).get<part>(err));
        }
        double real = 0, imaginary = 0;
        const detail::value_handle value = handle(err);
        if (value) detail::call(err, npstow_value_complex, value.get(), &real, &imaginary);
        if (err.failed()) return T();
        return T(val(real).get<part>(err), val(imaginary).get<part>(err));
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (is_str()) return std::string(text(err));
        wrong("a text", err);
        return {};
    } else if constexpr (std::is_same_v<T, npstow::array>) {
        return array(err);
    } else if constexpr (detail::is_growing<T>::value) {
        return collected<T>(err);
    } else {
        static_assert(detail::always_false<T>::value, "no type that a val can be got as");
    }
}

/// The items of this value in a collection of C++.
template <class T>
T val::collected(const on_error& err) const
{
    if constexpr (detail::is_map<T>::value) {
        T result;
        for (const item& each : items(err)) {
            auto key = each.first.get<typename T::key_type>(err);
            if (err.failed()) return T();
            auto value = each.second.get<typename T::mapped_type>(err);
            if (err.failed()) return T();
            result.insert_or_assign(std::move(key), std::move(value));
        }
        return result;
    } else {
        using element = typename T::value_type;
        T result;
        if constexpr (detail::is_arithmetic<element>) {
            if (is_array()) {
                const npstow::array own = array(err);
                if (own && own.ndim() != 1)
                    err.fail(status::mismatch, "expected one axis, found " + own.desc());
                const npstow::array numbers =
                    err.failed() || !own ? npstow::array() : own.cast<element>(err);
                if (!numbers) return T();
                for (const element number : numbers.to_vector<element>(err))
                    result.insert(result.end(), number);
                return result;
            }
        }
        for (const val& each : values(err)) {
            auto own = each.get<element>(err);
            if (err.failed()) return T();
            result.insert(result.end(), std::move(own));
        }
        return result;
    }
}

inline shape_type val::shape() const
{
    if (kind_ != val_kind::array) return {};
    if (!node()->origin) return as<detail::array_node>()->array.shape();
    error none;
    const detail::value_handle value = node()->origin.open(none);
    const std::size_t* shape = npstow_value_shape(value.get());
    return shape_type(shape, shape + (shape ? npstow_value_ndim(value.get()) : 0));
}

namespace detail {
inline std::string or_nothing(const char* text)
{
    return text ? text : "";
}
} // namespace detail

inline std::string val::descr() const
{
    const detail::val_node* own = node();
    if (!own) return {};
    if (!own->origin) return is_array() ? as<detail::array_node>()->array.descr() : std::string();
    error none;
    return detail::or_nothing(npstow_value_descr(own->origin.open(none).get()));
}
inline std::string val::module() const
{
    if (!node() || !node()->origin) return {};
    error none;
    return detail::or_nothing(npstow_value_module(node()->origin.open(none).get()));
}
inline std::string val::name() const
{
    if (!node() || !node()->origin) return {};
    error none;
    return detail::or_nothing(npstow_value_name(node()->origin.open(none).get()));
}

/// What a function of the C interface found in this value. Of the same file, what is shared shows.
inline val val::found(NpstowValue* raw) const
{
    if (!raw || !is_of_file()) return val(raw);
    const detail::value_handle freed(raw);
    NpstowGlance glance{};
    npstow_value_glance(raw, &glance, nullptr);
    return of_glance(glance, node()->origin.root);
}

inline val val::part(NpstowValue* (*function)(const NpstowValue*, NpstowError**),
                     const on_error& err) const
{
    const detail::value_handle own = handle(err);
    return own ? found(detail::call(err, function, own.get())) : val();
}
inline val val::args(on_error err) const
{
    return part(npstow_value_args, err);
}
inline val val::state(on_error err) const
{
    return part(npstow_value_state, err);
}

inline val val::find_path(const std::string& path, on_error err) const
{
    const detail::value_handle own = handle(err);
    return own ? found(detail::call(err, npstow_value_find, own.get(), detail::word(path))) : val();
}

inline val val::appended(on_error err) const
{
    if (!is_object()) {
        wrong("an object", err);
        return val();
    }
    const detail::value_handle own = handle(err);
    if (!own) return val();
    return of_items(val_kind::list, detail::items_node::take(own.get(), node()->origin.root, err));
}
inline val val::objects(on_error err) const
{
    if (!is_array() || !node()->origin) {
        wrong("an array of objects", err);
        return val();
    }
    const detail::value_handle own = handle(err);
    if (!own) return val();
    return of_items(val_kind::list, detail::items_node::take(own.get(), node()->origin.root, err));
}
inline val val::pairs(on_error err) const
{
    if (!is_object()) {
        wrong("an object", err);
        return val();
    }
    std::vector<val> pairs;
    const detail::value_handle own = handle(err);
    if (!own) return val();
    for (item& each : detail::pairs_node::take(own.get(), node()->origin.root, err))
        pairs.push_back(tuple({each.first, std::move(each.second)}));
    return of_items(val_kind::list, std::move(pairs));
}

inline std::string val::repr(on_error err) const
{
    const detail::value_handle own = handle(err);
    return own ? detail::take_text(npstow_value_repr(own.get())) : std::string();
}
inline std::string val::json(on_error err) const
{
    const detail::value_handle own = handle(err);
    return own ? detail::take_text(detail::call(err, npstow_value_json, own.get())) : std::string();
}

inline bool val::equals(const val& other, on_error err) const
{
    if (is(other)) return true;
    if (kind_ == other.kind_ && !is_big_ && !other.is_big_) {
        if (is_bool() || is_int()) return word_.integer == other.word_.integer;
        if (is_str() || is_bytes()) return text(err) == other.text(err);
    }
    const detail::value_handle one = handle(err);
    const detail::value_handle two = one ? other.handle(err) : nullptr;
    bool result = false;
    if (two) detail::call(err, npstow_value_equal, one.get(), two.get(), &result);
    return result;
}

#if NPSTOW_EXCEPTIONS
inline bool operator==(const val& a, const val& b)
{
    return a.equals(b);
}
inline bool operator!=(const val& a, const val& b)
{
    return !a.equals(b);
}
/// With a number or a text, so that neither is taken for the other's type.
template <class T, std::enable_if_t<detail::is_arithmetic<T> || detail::is_text<T>::value, int> = 0>
bool operator==(const val& a, const T& b)
{
    return a.equals(val(b));
}
template <class T, std::enable_if_t<detail::is_arithmetic<T> || detail::is_text<T>::value, int> = 0>
bool operator!=(const val& a, const T& b)
{
    return !a.equals(val(b));
}
template <class T, std::enable_if_t<detail::is_arithmetic<T> || detail::is_text<T>::value, int> = 0>
bool operator==(const T& a, const val& b)
{
    return b.equals(val(a));
}
template <class T, std::enable_if_t<detail::is_arithmetic<T> || detail::is_text<T>::value, int> = 0>
bool operator!=(const T& a, const val& b)
{
    return !b.equals(val(a));
}
/// Prints as Python does.
template <class C, class Traits>
std::basic_ostream<C, Traits>& operator<<(std::basic_ostream<C, Traits>& out, const val& value)
{
    return out << value.repr().c_str();
}
#endif

} // namespace NPSTOW_ROAD
} // namespace npstow
