// What went wrong, and the two roads on which the caller is told: an exception, or a variable.
#pragma once
#include "../npstow.h"
#include "detail/config.hpp"
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// Who has to act. The numbers are those of the C interface and never change.
enum class status : std::int32_t {
    ok = 0,
    io = 10,
    corrupt = 20,
    unsupported = 30,
    limit = 40,
    mismatch = 50,
    not_found = 60,
    exists = 70,
    invalid = 80,
    panic = 90,
};

/// Everything that can go wrong, and where: the exception that is thrown, and the variable that is
/// filled on the road without exceptions. A new one says that nothing went wrong.
class error : public std::exception {
public:
    error() noexcept = default;
    /// One of your own making.
    NPSTOW_COLD error(npstow::status status, std::string message)
        : what_(std::make_shared<what_went_wrong>())
    {
        what_->status = status;
        what_->message = std::move(message);
    }
    /// Takes over what the C interface made.
    NPSTOW_COLD explicit error(NpstowError* raw)
        : what_(raw ? std::make_shared<what_went_wrong>() : nullptr)
    {
        if (!raw) return;
        what_->status = static_cast<npstow::status>(npstow_error_status(raw));
        what_->message = text(npstow_error_message(raw));
        what_->path = text(npstow_error_path(raw));
        what_->member = text(npstow_error_member(raw));
        std::uint64_t offset = 0;
        if (npstow_error_offset(raw, &offset)) what_->offset = offset;
        what_->system = npstow_error_errno(raw);
        npstow_error_free(raw);
    }

    /// Whether something went wrong.
    explicit operator bool() const noexcept { return what_ != nullptr; }
    npstow::status status() const noexcept { return what_ ? what_->status : npstow::status::ok; }
    /// The whole text: what was expected, what was found, where.
    const char* what() const noexcept override { return what_ ? what_->message.c_str() : "ok"; }
    /// The file or folder; empty where there is none.
    std::string path() const { return what_ ? what_->path : std::string(); }
    /// The member of an archive, the array of a tree; empty where there is none.
    std::string member() const { return what_ ? what_->member : std::string(); }
    /// The place in the file.
    std::optional<std::uint64_t> offset() const noexcept
    {
        return what_ ? what_->offset : std::nullopt;
    }
    /// The system's errno; 0 where the system had no part in it.
    int system_error() const noexcept { return what_ ? what_->system : 0; }

private:
    struct what_went_wrong {
        npstow::status status = npstow::status::ok;
        std::string message, path, member;
        std::optional<std::uint64_t> offset;
        int system = 0;
    };
    static std::string text(const char* raw) { return raw ? raw : ""; }
    std::shared_ptr<what_went_wrong> what_;
};

/// The last parameter of every function that can fail. Left out, it makes failures exceptions
/// (without exceptions it cannot be left out); given an npstow::error, it makes them values: the
/// error is filled or emptied, and what is returned after a failure is empty. Each call empties it
/// first, so of a chain of calls with one error only the last one's failure is told: with errors as
/// values, look at it behind each call.
class on_error {
public:
#if NPSTOW_EXCEPTIONS
    on_error() noexcept = default;
#endif
    NPSTOW_COLD on_error(error& to) : to_(&to) { to = error(); }

    /// Ends a function that failed. Returns only where errors are values.
    NPSTOW_COLD void fail(error failure) const
    {
#if NPSTOW_EXCEPTIONS
        if (!to_) throw failure;
#endif
        *to_ = std::move(failure);
    }
    NPSTOW_COLD void fail(npstow::status status, std::string message) const
    {
        fail(error(status, std::move(message)));
    }
    NPSTOW_COLD void fail(NpstowError* raw) const { fail(error(raw)); }
    /// Whether an earlier step of the same function failed.
    bool failed() const noexcept { return to_ && *to_; }

private:
    error* to_ = nullptr;
};

namespace detail {

template <class T, void (*Free)(T*)>
struct freed {
    void operator()(T* raw) const noexcept { Free(raw); }
};
/// A handle of the C interface with one owner.
template <class T, void (*Free)(T*)>
using owned = std::unique_ptr<T, freed<T, Free>>;

/// A handle of the C interface that can be copied.
template <class T, T* (*Clone)(const T*), void (*Free)(T*)>
class copied {
public:
    copied() noexcept = default;
    explicit copied(T* raw) noexcept : raw_(raw) {}
    copied(const copied& other) noexcept : raw_(Clone(other.raw_)) {}
    copied(copied&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    copied& operator=(copied other) noexcept
    {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~copied() { Free(raw_); }
    T* get() const noexcept { return raw_; }

private:
    T* raw_ = nullptr;
};

/// A text as C has it: nothing behind a NUL would be seen there, so there must be none.
class word {
public:
    explicit word(const std::string& text) noexcept
        : text_(text.c_str()), is_whole_(text.find('\0') == std::string::npos)
    {}
    const char* text() const noexcept { return text_; }
    bool is_whole() const noexcept { return is_whole_; }

private:
    const char* text_;
    bool is_whole_;
};

template <class T>
T plain(T argument) noexcept
{
    return argument;
}
inline const char* plain(word argument) noexcept { return argument.text(); }
template <class T>
bool is_whole(const T&) noexcept
{
    return true;
}
inline bool is_whole(word argument) noexcept { return argument.is_whole(); }

NPSTOW_COLD inline void not_whole(const on_error& err)
{
    err.fail(status::invalid, "a NUL in a name, a path or another text");
}

/// What a function of the C interface returns; a failure where it leaves an error.
template <class Function, class... Arguments>
auto call(const on_error& err, Function function, Arguments... arguments)
{
    NpstowError* raw = nullptr;
    using result_type = decltype(function(plain(arguments)..., &raw));
    if (!(is_whole(arguments) && ... && true)) {
        not_whole(err);
        if constexpr (std::is_same_v<result_type, NpstowStatus>)
            return result_type{NPSTOW_INVALID};
        else
            return result_type{};
    }
    const auto result = function(plain(arguments)..., &raw);
    if (raw) err.fail(raw);
    return result;
}

/// A handle that many may own.
template <auto Free, class... Rest>
auto shared(const on_error& err, Rest... rest)
{
    auto* raw = call(err, rest...);
    using T = std::remove_pointer_t<decltype(raw)>;
    return raw ? std::shared_ptr<T>(raw, Free) : std::shared_ptr<T>();
}

/// A text that the C interface gave away.
inline std::string take_text(char* raw)
{
    std::string text = raw ? raw : "";
    npstow_string_free(raw);
    return text;
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
