// The bytes of structs, one by one: room that no field takes, and bools.
//
// What happens to lie in the room is no part of the data: it is cleared before it gets into a file.
#pragma once
#include "../dtype.hpp"
#include <cfloat>
#include <cstring>
#include <utility>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// Calls `use(place, type)` for every item in a type that is no record, `place` bytes from its
/// beginning.
template <class Use>
void each_item(const type_description& type, std::size_t base, Use& use)
{
    for (std::size_t at = base; at < base + type.size; at += type.itemsize) {
        if (type.fields.empty()) use(at, type);
        for (const field_description& field : type.fields)
            each_item(field.type(), at + field.offset, use);
    }
}

/// Where there is room, and how much.
using holes = std::vector<std::pair<std::size_t, std::size_t>>;

NPSTOW_COLD inline holes holes_in(const type_description& type)
{
    std::vector<char> mask(type.size);
    auto mark = [&](std::size_t at, const type_description& item) {
        const std::string kind = item.descr.substr(1);
        // An extended float is ten bytes, and six that are nothing.
        const bool extended = LDBL_MANT_DIG == 64 && (kind == "f16" || kind == "c32");
        const std::size_t part = extended ? 16 : item.itemsize;
        for (std::size_t end = at + item.itemsize; at < end; at += part)
            std::memset(&mask[at], 1, extended ? 10 : part);
    };
    each_item(type, 0, mark);
    holes found;
    for (std::size_t at = 0; at < mask.size(); at++) {
        if (mask[at]) continue;
        const bool goes_on = at > 0 && !mask[at - 1];
        if (!goes_on) found.push_back({at, 0});
        found.back().second++;
    }
    return found;
}

NPSTOW_COLD inline void clear(void* first, std::size_t count, std::size_t step, const holes& found)
{
    auto* bytes = static_cast<unsigned char*>(first);
    for (std::size_t at = 0; !found.empty() && at < count; at++)
        for (const auto& hole : found) std::memset(bytes + at * step + hole.first, 0, hole.second);
}

template <class T>
void clear_holes(std::vector<T>& values)
{
    clear(static_cast<void*>(values.data()), values.size(), sizeof(T), holes_in(type_of<T>()));
}

/// Whether every byte that C++ will take for a bool is one; any other value of it is undefined.
NPSTOW_COLD inline bool are_bools(const type_description& type, const void* first,
                                  std::size_t count)
{
    const auto* bytes = static_cast<const unsigned char*>(first);
    unsigned char all = 0;
    auto look = [&](std::size_t place, const type_description& item) {
        if (item.descr != "|b1") return;
        for (std::size_t at = 0; at < count; at++) all |= bytes[at * type.size + place];
    };
    each_item(type, 0, look);
    return all < 2;
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
