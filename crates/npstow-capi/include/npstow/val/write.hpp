// Values for the C interface: written part by part, where they are not a file's own.
#pragma once
#include "parts.hpp"

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
                if (!begin(below, item)) own.parts.push_back(std::move(item));
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
        if (value.is_of_file()) {
            result = of_file(node->origin);
            return false;
        }
        if (const auto found = done_.find(node); found != done_.end()) {
            // Only a reference that was kept too long makes one.
            if (!found->second.part) err_.fail(status::invalid, "a value that was put into itself");
            result = found->second;
            return false;
        }
        done_[node] = made();
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
        case val_kind::none:
            return {part(npstow_builder_none, to()), {}};
        case val_kind::boolean:
            return {part(npstow_builder_bool, to(), value.word_.integer != 0), {}};
        case val_kind::integer:
            if (value.is_big_)
                return {part(npstow_builder_digits, to(), word(value.as<text_node>()->text)), {}};
            return {part(npstow_builder_int64, to(), value.word_.integer), {}};
        case val_kind::real:
            return {part(npstow_builder_double, to(), value.word_.real), {}};
        case val_kind::complex: {
            const auto* own = value.as<complex_node>();
            return {part(npstow_builder_complex, to(), own->real, own->imaginary), {}};
        }
        case val_kind::array:
            return remembered(node, [&] {
                return part(npstow_builder_array, to(), value.as<array_node>()->array.get());
            });
        default:
            return of_text(value, value.as<text_node>()->text);
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
        return remembered(value.node(), [&] { return part(make, to(), text.data(), text.size()); });
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
            const NpstowGlance& glance =
                step == 2 && at % 2 == 0 ? keys[at / 2] : values[at / step];
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
        case val_kind::none:
            return true;
        case val_kind::boolean:
            return (value.word_.integer != 0) == (glance.integer != 0);
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
        default:
            return false;
        }
    }

    const on_error& err_;
    owned<NpstowBuilder, npstow_builder_free> builder_;
    std::vector<open_container> open_;
    std::unordered_map<const val_node*, made> done_;
    std::unordered_map<std::string, NpstowPart> texts_;
};

} // namespace detail

inline detail::value_handle val::handle(on_error err) const
{
    if (is_of_file()) return node()->origin.open(err);
    return detail::val_writer(err).write(*this);
}

} // namespace NPSTOW_ROAD
} // namespace npstow
