// Lists of texts, to and from the C interface.
#pragma once
#include "error.hpp"
#include <vector>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// The texts of a list that the C interface gave away.
inline std::vector<std::string> take(NpstowStrings* raw)
{
    const owned<NpstowStrings, npstow_strings_free> list(raw);
    std::vector<std::string> texts(raw ? npstow_strings_len(raw) : 0);
    for (std::size_t at = 0; at < texts.size(); at++)
        texts[at].assign(npstow_strings_get(raw, at), npstow_strings_len_of(raw, at));
    return texts;
}

/// The text as C has it: nothing behind a NUL would be seen there, so there must be none.
inline const char* c_text(const std::string& text, const on_error& err)
{
    if (text.find('\0') == std::string::npos) return text.c_str();
    err.fail(status::invalid, "a NUL in the text '" + std::string(text.c_str()) + "'");
    return nullptr;
}

/// Calls `use` with the texts as a list.
template <class Use>
void with_strings(const std::vector<std::string>& texts, const on_error& err, Use use)
{
    const owned<NpstowStrings, npstow_strings_free> list(npstow_strings_new());
    call(err, [&](NpstowError** e) {
        for (const std::string& text : texts) {
            const char* whole = c_text(text, err);
            if (!whole) return static_cast<NpstowStatus>(status::invalid);
            if (const auto done = npstow_strings_push(list.get(), whole, e)) return done;
        }
        return use(static_cast<const NpstowStrings*>(list.get()), e);
    });
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
