// What the compiler offers: exceptions, spans, and the namespace that keeps the two roads apart.
#pragma once
#include <cstddef>
#include <type_traits>

#if !defined(__cplusplus) || \
    (__cplusplus < 201703L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L))
#error "npstow.hpp needs C++17"
#endif

#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif
#if defined(__cpp_lib_mdspan)
#include <array>
#include <mdspan>
#endif

// What runs only after a failure is no part of the code around it: smaller code, faster compiled.
#if defined(__GNUC__)
#define NPSTOW_COLD __attribute__((cold, noinline))
#else
#define NPSTOW_COLD
#endif

// Code with exceptions and code without may meet in one program. What differs between the two has
// different names for the linker, so neither gets the other's.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define NPSTOW_EXCEPTIONS 1
#define NPSTOW_ROAD v0
#define NPSTOW_OR_THROW = {}
#else
#define NPSTOW_EXCEPTIONS 0
#define NPSTOW_ROAD v0_noexcept
#define NPSTOW_OR_THROW
#endif

namespace npstow {
inline namespace NPSTOW_ROAD {

#if defined(__cpp_lib_span)
template <class T>
using span = std::span<T>;
#else
/// Elements that lie side by side and belong to somebody else; std::span where there is one.
template <class T>
class span {
public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using size_type = std::size_t;
    using iterator = T*;

    constexpr span() noexcept = default;
    constexpr span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// Of a vector, an array, another span.
    template <
        class Range, class Data = decltype(std::declval<Range&>().data()),
        class = std::enable_if_t<std::is_convertible_v<std::remove_pointer_t<Data> (*)[], T (*)[]>>,
        class = decltype(std::declval<Range&>().size())>
    constexpr span(Range&& range) noexcept : data_(range.data()), size_(range.size())
    {}

    constexpr T* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T* begin() const noexcept { return data_; }
    constexpr T* end() const noexcept { return data_ + size_; }
    constexpr T& operator[](std::size_t at) const { return data_[at]; }
    constexpr T& front() const { return data_[0]; }
    constexpr T& back() const { return data_[size_ - 1]; }
    constexpr span subspan(std::size_t from, std::size_t count) const
    {
        return span(data_ + from, count);
    }
    constexpr span first(std::size_t count) const { return span(data_, count); }
    constexpr span last(std::size_t count) const { return span(data_ + (size_ - count), count); }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

} // namespace NPSTOW_ROAD
} // namespace npstow
