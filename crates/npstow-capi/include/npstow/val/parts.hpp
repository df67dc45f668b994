// How values are made, and what is done with lists and dictionaries.
#pragma once
#include "containers.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {
inline val& val::nowhere()
{
    static thread_local val none;
    return none = val();
}

inline void val::wrong(const char* expected, const on_error& err) const
{
    err.fail(status::mismatch, std::string("expected ") + expected + ", found " + kind_name());
}

inline val val::of_text(val_kind kind, std::string text)
{
    auto node = std::make_unique<detail::text_node>();
    node->text = std::move(text);
    return val(kind, node.release());
}

inline val val::big_of(std::string digits)
{
    val made = of_text(val_kind::str, std::move(digits));
    made.kind_ = val_kind::integer;
    made.is_big_ = true;
    return made;
}

inline val val::of_items(val_kind kind, std::vector<val> items)
{
    auto node = std::make_unique<detail::items_node>();
    node->items = std::move(items);
    return val(kind, node.release());
}

inline val val::of_glance(const NpstowGlance& glance, const std::shared_ptr<NpstowValue>& root)
{
    const auto kind = static_cast<val_kind>(glance.kind);
    const auto far = [&](auto node) {
        node->origin = {root, glance.id};
        node->is_open = false;
        return val(kind, node.release());
    };
    switch (kind) {
    case val_kind::none:
        return val();
    case val_kind::boolean:
        return val(glance.integer != 0);
    case val_kind::integer: {
        if (glance.is_int64) return val(glance.integer);
        val made = far(std::make_unique<detail::text_node>());
        made.is_big_ = true;
        return made;
    }
    case val_kind::real:
        return val(glance.real);
    case val_kind::complex:
        return val(std::complex<double>(glance.real, glance.imaginary));
    case val_kind::str:
    case val_kind::bytes:
        if (glance.bytes) return of_text(kind, std::string(glance.bytes, glance.len));
        return far(std::make_unique<detail::text_node>());
    // It can be changed in Python, so it matters which one it is.
    case val_kind::bytearray:
        return far(std::make_unique<detail::text_node>());
    case val_kind::list:
    case val_kind::tuple:
    case val_kind::set:
    case val_kind::frozenset:
        return far(std::make_unique<detail::items_node>());
    case val_kind::dict:
        return far(std::make_unique<detail::pairs_node>());
    case val_kind::array:
    case val_kind::scalar:
        return far(std::make_unique<detail::array_node>());
    default:
        return far(std::make_unique<detail::val_node>());
    }
}

inline val::val(NpstowValue* raw)
{
    if (!raw) return;
    const std::shared_ptr<NpstowValue> root(raw, npstow_value_free);
    NpstowGlance glance{};
    npstow_value_glance(raw, &glance, nullptr);
    *this = of_glance(glance, root);
}

template <class T>
val::val(std::complex<T> value) : kind_(val_kind::complex)
{
    auto node = std::make_unique<detail::complex_node>();
    node->real = static_cast<double>(value.real());
    node->imaginary = static_cast<double>(value.imag());
    word_.node = node.release();
}

inline val::val(std::string text)
{
    *this = of_text(val_kind::str, std::move(text));
}

inline val::val(npstow::array array)
{
    if (!array) return;
    auto node = std::make_unique<detail::array_node>();
    node->array = std::move(array);
    *this = val(val_kind::array, node.release());
}

template <class T, std::enable_if_t<detail::is_collection<T>, int>>
val::val(const T& values)
{
    if constexpr (detail::is_map<T>::value) {
        auto node = std::make_unique<detail::pairs_node>();
        for (const auto& [key, value] : values) node->items.emplace_back(val(key), val(value));
        // The keys of a map are no two equal ones, nor files that fail.
        error none;
        node->make_index(on_error(none));
        *this = val(val_kind::dict, node.release());
    } else {
        std::vector<val> items;
        for (const auto& value : values)
            items.push_back(val(static_cast<typename T::value_type>(value)));
        *this =
            of_items(detail::is_set<T>::value ? val_kind::set : val_kind::list, std::move(items));
    }
}

inline val val::list(std::initializer_list<val> items)
{
    return of_items(val_kind::list, items);
}
inline val val::tuple(std::initializer_list<val> items)
{
    return of_items(val_kind::tuple, items);
}
inline val val::set(std::initializer_list<val> items)
{
    return of_items(val_kind::set, items);
}
inline val val::frozenset(std::initializer_list<val> items)
{
    return of_items(val_kind::frozenset, items);
}
inline val val::dict(std::initializer_list<item> items)
{
    error none;
    val made(val_kind::dict, std::make_unique<detail::pairs_node>().release());
    for (const item& each : items) made.set(each.first, each.second, on_error(none));
    return made;
}
inline val val::bytes(std::string bytes)
{
    return of_text(val_kind::bytes, std::move(bytes));
}
inline val val::bytearray(std::string bytes)
{
    return of_text(val_kind::bytearray, std::move(bytes));
}

/// Whether it is a value of a file as it is there.
inline bool val::is_of_file() const noexcept
{
    if (!node() || !node()->origin) return false;
    return !(is_sequence() && as<detail::items_node>()->is_touched) &&
           !(is_dict() && as<detail::pairs_node>()->is_touched);
}

inline bool val::is(const val& other) const noexcept
{
    if (kind_ != other.kind_ || is_big_ != other.is_big_) return false;
    if (!has_node()) return is_none() || word_.integer == other.word_.integer;
    if (word_.node == other.word_.node) return true;
    return is_of_file() && other.is_of_file() && word_.node->origin == other.word_.node->origin;
}

inline const std::vector<val>* val::sequence(const on_error& err) const
{
    if (!is_sequence()) {
        wrong("a list, a tuple or a set", err);
        return nullptr;
    }
    return node()->open(err) ? &as<detail::items_node>()->items : nullptr;
}

inline detail::pairs_node* val::mapping(const on_error& err) const
{
    if (!is_dict()) {
        wrong("a dictionary", err);
        return nullptr;
    }
    return node()->open(err) ? as<detail::pairs_node>() : nullptr;
}

inline std::vector<val>* val::own_sequence(const on_error& err)
{
    if (is_none()) *this = list();
    if (!sequence(err)) return nullptr;
    auto* own = as<detail::items_node>();
    if (own->count.load(std::memory_order_acquire) != 1) {
        auto copy = std::make_unique<detail::items_node>();
        copy->items = own->items;
        copy->origin = own->origin;
        *this = val(kind_, copy.release());
        own = as<detail::items_node>();
    }
    own->is_touched = true;
    return &own->items;
}

inline detail::pairs_node* val::own_mapping(const on_error& err)
{
    if (is_none()) *this = dict();
    auto* own = mapping(err);
    if (!own) return nullptr;
    if (own->count.load(std::memory_order_acquire) != 1) {
        auto copy = std::make_unique<detail::pairs_node>();
        copy->items.reserve(own->items.size());
        for (const item& each : own->items) copy->items.push_back(each);
        copy->index = own->index;
        copy->origin = own->origin;
        *this = val(kind_, copy.release());
        own = as<detail::pairs_node>();
    }
    own->is_touched = true;
    return own;
}

inline std::size_t val::size(on_error err) const
{
    if (is_sequence()) return node()->open(err) ? as<detail::items_node>()->items.size() : 0;
    if (is_dict()) return node()->open(err) ? as<detail::pairs_node>()->items.size() : 0;
    if (is_texty()) return node()->open(err) ? as<detail::text_node>()->text.size() : 0;
    return 0;
}

namespace detail {
/// A position counted from the end where it is negative.
NPSTOW_COLD inline void no_position(std::int64_t index, std::size_t size, const on_error& err)
{
    err.fail(status::not_found,
             "the item " + std::to_string(index) + " of " + std::to_string(size));
}
inline std::size_t position(std::int64_t index, std::size_t size, const on_error& err)
{
    const auto at = static_cast<std::size_t>(index) + (index < 0 ? size : 0);
    if (at >= size) no_position(index, size, err);
    return at;
}
} // namespace detail

inline const val& val::at_position(std::int64_t index, const on_error& err) const
{
    const std::vector<val>* own = sequence(err);
    if (!own) return nowhere();
    const std::size_t at = detail::position(index, own->size(), err);
    return at < own->size() ? (*own)[at] : nowhere();
}

inline val& val::own_position(std::int64_t index, const on_error& err)
{
    if (is_none()) wrong("a list, a tuple or a set", err);
    std::vector<val>* own = is_none() ? nullptr : own_sequence(err);
    if (!own) return nowhere();
    const std::size_t at = detail::position(index, own->size(), err);
    return at < own->size() ? (*own)[at] : nowhere();
}

inline const val& val::at_key(const val& key, const on_error& err) const
{
    const detail::pairs_node* own = mapping(err);
    if (!own) return nowhere();
    const std::size_t at = own->find(key, err);
    if (at != own->nowhere) return own->items[at].second;
    if (!err.failed()) err.fail(status::not_found, "the key " + key.repr(err));
    return nowhere();
}

inline val& val::own_key(const val& key, bool make, const on_error& err)
{
    if (!make) {
        // Nothing is changed where there is no such key.
        static_cast<const val&>(*this).at_key(key, err);
        if (err.failed()) return nowhere();
    }
    detail::pairs_node* own = own_mapping(err);
    if (!own) return nowhere();
    const std::size_t at = own->find(key, err);
    if (at != own->nowhere) return own->items[at].second;
    if (err.failed()) return nowhere();
    if (key.is_list() || key.is_dict() || key.kind_ == val_kind::set ||
        key.kind_ == val_kind::bytearray || key.is_array()) {
        key.wrong("a key that cannot change", err);
        return nowhere();
    }
    return own->add(key, err);
}

inline const val* val::find(const val& key, on_error err) const
{
    if (!is_dict()) return nullptr;
    const detail::pairs_node* own = mapping(err);
    if (!own) return nullptr;
    const std::size_t at = own->find(key, err);
    return at == own->nowhere ? nullptr : &own->items[at].second;
}

inline val& val::set(const val& key, val value, on_error err)
{
    val& place = own_key(key, true, err);
    if (!err.failed()) place = std::move(value);
    return *this;
}

inline val& val::push(val value, on_error err)
{
    if (std::vector<val>* own = own_sequence(err)) own->push_back(std::move(value));
    return *this;
}

inline bool val::erase(const val& key, on_error err)
{
    if (!find(key, err)) return false;
    detail::pairs_node* own = own_mapping(err);
    const std::size_t at = own->find(key, err);
    std::vector<item> kept;
    kept.reserve(own->items.size());
    for (std::size_t n = 0; n < own->items.size(); n++)
        if (n != at) kept.push_back(std::move(own->items[n]));
    own->items = std::move(kept);
    own->make_index(err);
    return true;
}

inline span<const val::item> val::items(on_error err) const
{
    const detail::pairs_node* own = mapping(err);
    return own ? span<const item>(own->items.data(), own->items.size()) : span<const item>();
}
inline span<val::item> val::items(on_error err)
{
    if (is_none()) wrong("a dictionary", err);
    detail::pairs_node* own = is_none() ? nullptr : own_mapping(err);
    return own ? span<item>(own->items.data(), own->items.size()) : span<item>();
}
inline span<const val> val::values(on_error err) const
{
    const std::vector<val>* own = sequence(err);
    return own ? span<const val>(own->data(), own->size()) : span<const val>();
}
inline span<val> val::values(on_error err)
{
    if (is_none()) wrong("a list, a tuple or a set", err);
    std::vector<val>* own = is_none() ? nullptr : own_sequence(err);
    return own ? span<val>(own->data(), own->size()) : span<val>();
}

inline std::size_t val::hash(const on_error& err) const
{
    const auto of_whole = [](std::int64_t value) { return std::hash<std::int64_t>()(value); };
    switch (kind_) {
    case val_kind::boolean:
    case val_kind::integer:
        // Long ones are compared one by one: floats may be equal to them.
        return is_big_ ? 1 : of_whole(word_.integer);
    case val_kind::real: {
        // Within these bounds the number fits.
        const double own = word_.real;
        if (!(own > -9.0e18 && own < 9.0e18)) return 1;
        const auto cut = static_cast<std::int64_t>(own);
        return static_cast<double>(cut) == own ? of_whole(cut) : std::hash<double>()(own);
    }
    case val_kind::str:
    case val_kind::bytes:
        return std::hash<std::string_view>()(text(err));
    case val_kind::tuple: {
        std::size_t sum = 3;
        for (const val& each : values(err))
            sum = sum * 31 + (each.is_tuple() ? each.size(err) : each.hash(err));
        return sum;
    }
    default:
        return 2;
    }
}

inline bool val::same_key(const val& a, const val& b, const on_error& err)
{
    const bool is_text = a.is_str() || b.is_str() || a.is_bytes() || b.is_bytes();
    if (is_text) return a.kind_ == b.kind_ && a.text(err) == b.text(err);
    return a.equals(b, err);
}

} // namespace NPSTOW_ROAD
} // namespace npstow
