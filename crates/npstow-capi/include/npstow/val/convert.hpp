// Values as types of C++, and as values of the C interface.
#pragma once
#include "parts.hpp"
#include <cmath>
#include <cstdlib>
#include <limits>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// Writes a value with a builder of the C interface, one part after another. What came from a file
/// and was not changed is taken from there, with what it shares.
class val_writer {
public:
    explicit val_writer(const on_error& err) : err_(err), builder_(npstow_builder_new()) {}

    value_handle write(const val& value)
    {
        const made top = all(value);
        if (err_.failed()) return nullptr;
        return value_handle(call(err_, npstow_builder_finish, builder_.get(), top.part));
    }

private:
    /// A part, and the value of a file that it is, unchanged.
    struct made {
        NpstowPart part = 0;
        val_origin origin;
    };
    /// A container, and what was made of its items so far.
    struct open_container {
        const val* value;
        const val_node* node;
        std::size_t size;
        std::vector<made> parts;
    };

    template <class... Arguments>
    NpstowPart part(Arguments... arguments)
    {
        return call(err_, std::forward<Arguments>(arguments)...);
    }
    NpstowBuilder* to() const noexcept { return builder_.get(); }

    made all(const val& top)
    {
        made last;
        if (!begin(top, last)) return last;
        while (!open_.empty() && !err_.failed()) {
            open_container& own = open_.back();
            const std::size_t at = own.parts.size();
            if (at < own.size) {
                made item;
                const val& below = child(*own.value, at);
                if (!begin(below, item))
                    own.parts.push_back(std::move(item));
                continue;
            }
            last = finished(own);
            done_[own.node] = last;
            open_.pop_back();
            if (!open_.empty()) open_.back().parts.push_back(last);
        }
        return last;
    }

    static const val& child(const val& value, std::size_t at)
    {
        if (value.is_sequence()) return value.as<items_node>()->items[at];
        const val::item& pair = value.as<pairs_node>()->items[at / 2];
        return at % 2 ? pair.second : pair.first;
    }

    /// Makes what has nothing below it that was changed; opens all else, and says so.
    bool begin(const val& value, made& result)
    {
        if (!value.is_sequence() && !value.is_dict()) {
            result = single(value);
            return false;
        }
        const val_node* node = value.node();
        const bool touched = value.is_dict() ? value.as<pairs_node>()->is_touched
                                             : value.as<items_node>()->is_touched;
        if (node->origin && !touched) {
            result = of_file(node->origin);
            return false;
        }
        if (const auto found = done_.find(node); found != done_.end()) {
            result = found->second;
            return false;
        }
        const std::size_t size = value.is_dict() ? 2 * value.as<pairs_node>()->items.size()
                                                 : value.as<items_node>()->items.size();
        open_.push_back({&value, node, size, {}});
        open_.back().parts.reserve(size);
        return true;
    }

    made of_file(const val_origin& origin)
    {
        const value_handle value = origin.open(err_);
        if (!value) return {};
        return {part(npstow_builder_value, to(), value.get()), origin};
    }

    made single(const val& value)
    {
        const val_node* node = value.node();
        if (node && node->origin) return of_file(node->origin);
        switch (value.kind_) {
        case val_kind::none: return {part(npstow_builder_none, to()), {}};
        case val_kind::boolean:
            return {part(npstow_builder_bool, to(), value.word_.integer != 0), {}};
        case val_kind::integer:
            if (value.is_big_)
                return {part(npstow_builder_digits, to(), word(value.as<text_node>()->text)), {}};
            return {part(npstow_builder_int64, to(), value.word_.integer), {}};
        case val_kind::real: return {part(npstow_builder_double, to(), value.word_.real), {}};
        case val_kind::complex: {
            const auto* own = value.as<complex_node>();
            return {part(npstow_builder_complex, to(), own->real, own->imaginary), {}};
        }
        case val_kind::array:
            return remembered(node, [&] {
                return part(npstow_builder_array, to(), value.as<array_node>()->array.get());
            });
        default: return of_text(value, value.as<text_node>()->text);
        }
    }

    template <class Make>
    made remembered(const val_node* node, Make make)
    {
        const auto found = done_.find(node);
        if (found != done_.end()) return found->second;
        return done_[node] = made{make(), {}};
    }

    made of_text(const val& value, const std::string& text)
    {
        if (value.is_str()) {
            // Keys come again and again.
            NpstowPart& known = texts_[text];
            if (!known) known = part(npstow_builder_str, to(), text.data(), text.size());
            return {known, {}};
        }
        const auto make = value.is_bytes() ? npstow_builder_bytes : npstow_builder_bytearray;
        return remembered(value.node(),
                          [&] { return part(make, to(), text.data(), text.size()); });
    }

    /// A container of all of its parts: the one of the file, where it is still the same.
    made finished(const open_container& own)
    {
        const val_origin& origin = own.node->origin;
        if (origin && is_as_it_was(own)) return of_file(origin);
        std::vector<NpstowPart> parts;
        parts.reserve(own.size);
        for (const made& each : own.parts) parts.push_back(each.part);
        const val_kind kind = own.value->kind_;
        if (kind == val_kind::tuple)
            return {part(npstow_builder_tuple, to(), parts.data(), parts.size()), {}};
        if (kind == val_kind::frozenset)
            return {part(npstow_builder_frozenset, to(), parts.data(), parts.size()), {}};
        if (kind == val_kind::dict) {
            const NpstowPart dict = part(npstow_builder_dict, to());
            for (std::size_t at = 0; at + 1 < parts.size() && !err_.failed(); at += 2)
                call(err_, npstow_builder_put, to(), dict, parts[at], parts[at + 1]);
            return {dict, {}};
        }
        const NpstowPart list = kind == val_kind::set ? part(npstow_builder_set, to())
                                                      : part(npstow_builder_list, to());
        for (std::size_t at = 0; at < parts.size() && !err_.failed(); at++)
            call(err_, npstow_builder_push, to(), list, parts[at]);
        return {list, {}};
    }

    bool is_as_it_was(const open_container& own)
    {
        const value_handle value = own.node->origin.open(err_);
        const std::size_t len = npstow_value_len(value.get());
        const std::size_t step = own.value->is_dict() ? 2 : 1;
        if (!value || own.size != len * step) return false;
        std::vector<NpstowGlance> keys(own.value->is_dict() ? len : 0), values(len);
        if (own.value->is_dict())
            call(err_, npstow_value_pair_glances, value.get(), std::size_t{0}, keys.data(),
                 values.data(), len);
        else
            call(err_, npstow_value_glances, value.get(), std::size_t{0}, values.data(), len);
        for (std::size_t at = 0; at < own.size; at++) {
            const NpstowGlance& glance = step == 2 && at % 2 == 0 ? keys[at / 2] : values[at / step];
            const val& item = child(*own.value, at);
            const made& part = own.parts[at];
            const bool is_same = part.origin
                                     ? part.origin == val_origin{own.node->origin.root, glance.id}
                                     : is_glance(item, glance);
            if (!is_same) return false;
        }
        return !err_.failed();
    }

    static bool is_glance(const val& value, const NpstowGlance& glance)
    {
        if (static_cast<NpstowValueKind>(value.kind_) != glance.kind) return false;
        switch (value.kind_) {
        case val_kind::none: return true;
        case val_kind::boolean: return (value.word_.integer != 0) == (glance.integer != 0);
        case val_kind::integer:
            return !value.is_big_ && glance.is_int64 && value.word_.integer == glance.integer;
        case val_kind::real:
            return std::memcmp(&value.word_.real, &glance.real, sizeof glance.real) == 0;
        case val_kind::complex: {
            const auto* own = value.as<complex_node>();
            return std::memcmp(&own->real, &glance.real, sizeof glance.real) == 0 &&
                   std::memcmp(&own->imaginary, &glance.imaginary, sizeof glance.real) == 0;
        }
        case val_kind::str:
        case val_kind::bytes:
            return glance.bytes &&
                   value.as<text_node>()->text == std::string_view(glance.bytes, glance.len);
        default: return false;
        }
    }

    const on_error& err_;
    owned<NpstowBuilder, npstow_builder_free> builder_;
    std::vector<open_container> open_;
    std::unordered_map<const val_node*, made> done_;
    std::unordered_map<std::string, NpstowPart> texts_;
};

} // namespace detail

inline detail::value_handle val::handle(on_error err) const { return detail::val_writer(err).write(*this); }

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
                err.fail(status::mismatch, "expected an integer of " + std::to_string(8 * sizeof(T)) +
                                               " bits, found " + std::to_string(own));
                return T();
            }
            return static_cast<T>(own);
        }
    } else if constexpr (std::is_floating_point_v<T>) {
        const double own = real(err);
        if (std::isfinite(own) && std::fabs(own) > static_cast<double>(std::numeric_limits<T>::max())) {
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
    } else if constexpr (detail::is_map<T>::value) {
        T result;
        for (const item& each : items(err)) {
            auto key = each.first.get<typename T::key_type>(err);
            if (err.failed()) return T();
            auto value = each.second.get<typename T::mapped_type>(err);
            if (err.failed()) return T();
            result.insert_or_assign(std::move(key), std::move(value));
        }
        return result;
    } else if constexpr (detail::is_collection<T>) {
        using element = typename T::value_type;
        T result;
        if constexpr (detail::is_arithmetic<element>) {
            if (is_array()) {
                const npstow::array own = array(err);
                if (own && own.ndim() != 1)
                    err.fail(status::mismatch, "expected one axis, found " + own.desc());
                const npstow::array numbers = err.failed() || !own ? npstow::array() : own.cast<element>(err);
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
    } else {
        static_assert(detail::always_false<T>::value, "no type that a val can be got as");
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
inline std::string or_nothing(const char* text) { return text ? text : ""; }
} // namespace detail

inline std::string val::descr() const
{
    const detail::val_node* own = node();
    if (!own) return {};
    if (!own->origin)
        return is_array() ? as<detail::array_node>()->array.descr() : std::string();
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

inline val val::part(NpstowValue* (*function)(const NpstowValue*, NpstowError**),
                     const on_error& err) const
{
    const detail::value_handle own = handle(err);
    if (!own) return val();
    NpstowValue* found = detail::call(err, function, own.get());
    if (!found || !node() || !node()->origin) return val(found);
    // Of the same file: what is shared shows.
    NpstowGlance glance{};
    npstow_value_glance(found, &glance, nullptr);
    const detail::value_handle freed(found);
    return of_glance(glance, node()->origin.root);
}
inline val val::args(on_error err) const { return part(npstow_value_args, err); }
inline val val::state(on_error err) const { return part(npstow_value_state, err); }

inline val val::find_path(const std::string& path, on_error err) const
{
    const detail::value_handle own = handle(err);
    if (!own) return val();
    return val(detail::call(err, npstow_value_find, own.get(), detail::word(path)));
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
inline bool operator==(const val& a, const val& b) { return a.equals(b); }
inline bool operator!=(const val& a, const val& b) { return !a.equals(b); }
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
