// Metadata of an array or a group: lines of "key:value", names, labels.
#pragma once
#include "error.hpp"
#include "strings.hpp"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <type_traits>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// What stands beside an array or a group in text. A value: a copy is apart from its original.
class meta {
public:
    meta() : raw_(npstow_meta_new()) {}
    /// Of lines of "key:value".
    explicit meta(const std::string& text, on_error err NPSTOW_OR_THROW) : meta()
    {
        set_text(text, err);
    }
    /// Takes over a handle of the C interface.
    explicit meta(NpstowMeta* raw) noexcept : raw_(raw) {}
    NpstowMeta* get() const noexcept { return raw_.get(); }

    /// All lines as they stand in the file.
    std::string text() const { return or_empty(npstow_meta_text(get())); }
    meta& set_text(const std::string& text, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_meta_set_text, get(), detail::word(text));
        return *this;
    }
    /// How many lines there are that have a key.
    std::size_t size() const noexcept { return npstow_meta_len(get()); }
    bool empty() const noexcept { return size() == 0; }
    std::string key(std::size_t at) const { return or_empty(npstow_meta_key(get(), at)); }
    std::string value(std::size_t at) const { return or_empty(npstow_meta_value(get(), at)); }
    /// Whether a key has a value; one without text is none, as NPFold has it.
    bool has(const std::string& key) const noexcept
    {
        return find(key) != nullptr;
    }

    /// The value of a key: text, a number, true or false. `not_found` where there is none,
    /// `mismatch` where it is no `T`. Where a key stands on several lines the last one counts.
    template <class T = std::string>
    NPSTOW_COLD T get(const std::string& key, on_error err NPSTOW_OR_THROW) const
    {
        const char* found = find(key);
        if (found) return parse<T>(key, found, err);
        absent(key, err);
        return T();
    }
    /// The same, where there may be none.
    template <class T>
    NPSTOW_COLD T get_or(const std::string& key, T fallback, on_error err NPSTOW_OR_THROW) const
    {
        const char* found = find(key);
        return found ? parse<T>(key, found, err) : std::move(fallback);
    }
    std::string get_or(const std::string& key, const char* fallback,
                       on_error err NPSTOW_OR_THROW) const
    {
        return get_or(key, std::string(fallback), err);
    }

    /// Gives a key its value. Numbers keep all of their digits.
    template <class T>
    NPSTOW_COLD meta& set(const std::string& key, const T& value, on_error err NPSTOW_OR_THROW)
    {
        NpstowMeta* to = raw_.get();
        if constexpr (!std::is_arithmetic_v<T>)
            if (std::string(value).find('\0') != std::string::npos) {
                detail::not_whole(err);
                return *this;
            }
        const auto setting = [&](const char* name, NpstowError** e) {
            if constexpr (std::is_same_v<T, bool>)
                return npstow_meta_set(to, name, value ? "true" : "false", e);
            else if constexpr (std::is_integral_v<T> && (std::is_signed_v<T> || sizeof(T) < 8))
                return npstow_meta_set_i64(to, name, static_cast<std::int64_t>(value), e);
            else if constexpr (std::is_integral_v<T>)
                return npstow_meta_set(to, name, std::to_string(value).c_str(), e);
            else if constexpr (std::is_same_v<T, float>)
                return npstow_meta_set_f64(to, name, shortest(value), e);
            else if constexpr (std::is_floating_point_v<T>)
                return npstow_meta_set_f64(to, name, static_cast<double>(value), e);
            else
                return npstow_meta_set(to, name, std::string(value).c_str(), e);
        };
        detail::call(err, setting, detail::word(key));
        return *this;
    }
    /// Takes a key out, with all of its lines.
    meta& remove(const std::string& key)
    {
        if (detail::word(key).is_whole()) npstow_meta_remove(get(), key.c_str());
        return *this;
    }

    /// Names of rows, or a list of texts.
    std::vector<std::string> names() const
    {
        return detail::take(npstow_meta_names(get(), nullptr));
    }
    meta& set_names(const std::vector<std::string>& names, on_error err NPSTOW_OR_THROW)
    {
        const detail::strings list = detail::give(names, err);
        if (list) detail::call(err, npstow_meta_set_names, get(), list.get());
        return *this;
    }
    /// Labels of columns.
    std::vector<std::string> labels() const
    {
        return detail::take(npstow_meta_labels(get(), nullptr));
    }
    meta& set_labels(const std::vector<std::string>& labels, on_error err NPSTOW_OR_THROW)
    {
        const detail::strings list = detail::give(labels, err);
        if (list) detail::call(err, npstow_meta_set_labels, get(), list.get());
        return *this;
    }

private:
    const char* find(const std::string& key) const noexcept
    {
        const detail::word word(key);
        return word.is_whole() ? npstow_meta_get(raw_.get(), word.text()) : nullptr;
    }
    static std::string or_empty(const char* text) { return text ? text : ""; }

    /// The double of the fewest digits that is this float, so that 0.1f is written as 0.1.
    static double shortest(float value)
    {
        char text[32];
        for (int digits = 6; digits <= 9; digits++) {
            // Written and read in one locale, whatever it is.
            std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
            const double read = std::strtod(text, nullptr);
            if (static_cast<float>(read) == value) return read;
        }
        return static_cast<double>(value);
    }

    template <class T>
    NPSTOW_COLD T parse(const std::string& key, const char* text, const on_error& err) const
    {
        if constexpr (std::is_same_v<T, std::string>) {
            return text;
        } else if constexpr (std::is_same_v<T, bool>) {
            const std::string word = text;
            if (word == "true" || word == "1") return true;
            if (word != "false" && word != "0") wrong(key, text, "true or false", err);
            return false;
        } else if constexpr (std::is_integral_v<T>) {
            return parse_integer<T>(key, text, err);
        } else {
            static_assert(std::is_floating_point_v<T>, "text, bool, integers and floats are kept");
            double value = 0;
            detail::call(err, npstow_meta_get_f64, raw_.get(), detail::word(key), &value);
            if (std::isfinite(value) && !std::isfinite(static_cast<T>(value)))
                wrong(key, text, "a number within the type's range", err);
            return static_cast<T>(value);
        }
    }

    template <class T>
    NPSTOW_COLD T parse_integer(const std::string& key, const char* text, const on_error& err) const
    {
        if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
            // Half of these are beyond what the C interface's 64 bits with a sign can say.
            T value = 0;
            const char* at = text;
            for (; *at >= '0' && *at <= '9'; at++) {
                const T digit = static_cast<T>(*at - '0');
                if (value > ((std::numeric_limits<T>::max)() - digit) / 10) break;
                value = value * 10 + digit;
            }
            if (at != text && !*at) return value;
            wrong(key, text, "a whole number of 64 bits without a sign", err);
            return 0;
        } else {
            std::int64_t value = 0;
            const auto done =
                detail::call(err, npstow_meta_get_i64, raw_.get(), detail::word(key), &value);
            const bool fits = value >= static_cast<std::int64_t>((std::numeric_limits<T>::min)()) &&
                              value <= static_cast<std::int64_t>((std::numeric_limits<T>::max)());
            if (done == 0 && !fits) wrong(key, text, "a whole number that the type can hold", err);
            return done == 0 && fits ? static_cast<T>(value) : T();
        }
    }

    NPSTOW_COLD static void absent(const std::string& key, const on_error& err)
    {
        err.fail(status::not_found, "no value of the key '" + key + "'");
    }
    NPSTOW_COLD static void wrong(const std::string& key, const char* text, const char* wanted,
                                  const on_error& err)
    {
        std::string message = "expected ";
        message.append(wanted).append(" as the value of '").append(key).append("', found '");
        err.fail(status::mismatch, std::move(message.append(text).append("'")));
    }

    detail::copied<NpstowMeta, npstow_meta_clone, npstow_meta_free> raw_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow
