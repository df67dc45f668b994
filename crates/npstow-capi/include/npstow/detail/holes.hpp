// Room in structs that no field takes. What happens to lie there is no part of the data: it is
// cleared before it gets into a file.
#pragma once
#include "../dtype.hpp"
#include <cfloat>
#include <cstring>
#include <utility>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// Marks the bytes of a field that have a meaning.
NPSTOW_COLD inline void mark(std::vector<char>& mask, const field_description& field,
                             std::size_t base)
{
    // An extended float is ten bytes, and six that are nothing.
    const std::string kind = field.descr.substr(1);
    const bool extended = LDBL_MANT_DIG == 64 && (kind == "f16" || kind == "c32");
    const std::size_t item = extended ? 16 : field.itemsize;
    for (std::size_t at = base + field.offset; at < base + field.offset + field.size; at += item) {
        for (const field_description& inner : field.fields) mark(mask, inner, at);
        const std::size_t used = extended ? 10 : field.fields.empty() ? item : 0;
        for (std::size_t byte = at; byte < at + used; byte++) mask[byte] = 1;
    }
}

/// Where there is room, and how much.
using holes = std::vector<std::pair<std::size_t, std::size_t>>;

NPSTOW_COLD inline holes holes_in(const field_description& whole)
{
    holes found;
    std::vector<char> mask(whole.size);
    mark(mask, whole, 0);
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
holes holes_of()
{
    return holes_in(describe_field<T>("", 0));
}

template <class T>
void clear_holes(std::vector<T>& values)
{
    clear(static_cast<void*>(values.data()), values.size(), sizeof(T), holes_of<T>());
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
