// Lists of texts, to and from the C interface.
#pragma once
#include "error.hpp"
#include <vector>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// The texts of a list that the C interface gave away.
NPSTOW_COLD inline std::vector<std::string> take(NpstowStrings* raw)
{
    const owned<NpstowStrings, npstow_strings_free> list(raw);
    std::vector<std::string> texts(raw ? npstow_strings_len(raw) : 0);
    for (std::size_t at = 0; at < texts.size(); at++)
        texts[at].assign(npstow_strings_get(raw, at), npstow_strings_len_of(raw, at));
    return texts;
}

/// The text as C has it: nothing behind a NUL would be seen there, so there must be none.
NPSTOW_COLD inline const char* c_text(const std::string& text, const on_error& err)
{
    if (text.find('\0') == std::string::npos) return text.c_str();
    err.fail(status::invalid, "a NUL in the text '" + std::string(text.c_str()) + "'");
    return nullptr;
}

using strings = owned<NpstowStrings, npstow_strings_free>;

/// The texts as a list for the C interface.
NPSTOW_COLD inline strings give(const std::vector<std::string>& texts, const on_error& err)
{
    strings list(npstow_strings_new());
    for (const std::string& text : texts) {
        const char* whole = c_text(text, err);
        if (whole) call(err, npstow_strings_push, list.get(), whole);
        if (!whole || err.failed()) return strings();
    }
    return list;
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
