// Functions and lambdas as the C interface's callbacks. What they throw never passes through it:
// that of a writer waits here, and goes on behind the call; that of a reader is an error of reading.
#pragma once
#include "error.hpp"
#include <cerrno>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// A function of the caller's that is called back while one call of ours runs.
template <class Function>
struct called_back {
    Function& function;
    std::exception_ptr thrown;

    /// What `function` returns: 0, or an errno.
    template <class... Arguments>
    int run(Arguments... arguments) noexcept
    {
#if NPSTOW_EXCEPTIONS
        try {
            return function(arguments...);
        } catch (...) {
            thrown = std::current_exception();
            return EIO;
        }
#else
        return function(arguments...);
#endif
    }
    /// Goes on with what was thrown.
    void rethrow()
    {
#if NPSTOW_EXCEPTIONS
        if (thrown) std::rethrow_exception(thrown);
#endif
    }
};

/// Calls `save` with a sink that hands every piece to `write(const void*, std::size_t)`.
template <class Write, class Save>
void with_sink(Write& write, const on_error& err, Save save)
{
    using context = called_back<Write>;
    context target{write, {}};
    NpstowWriteCallback sink{};
    sink.context = &target;
    sink.write = [](void* to, const void* bytes, std::size_t len) -> std::int32_t {
        return static_cast<context*>(to)->run(bytes, len);
    };
    NpstowError* raw = nullptr;
    save(&sink, &raw);
    if (target.thrown) npstow_error_free(raw);
    target.rethrow();
    if (raw) err.fail(error(raw));
}

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
