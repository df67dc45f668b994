// Elements with several axes at any strides, for compilers without std::mdspan.
#pragma once
#include "detail/config.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// A view of elements with `N` axes that belong to somebody else: `grid(i, j, k)`.
template <class T, std::size_t N>
class nd {
    static_assert(N > 0, "an array without axes is an item()");

public:
    nd() = default;
    nd(const void* first, const std::size_t* shape, const std::ptrdiff_t* strides)
        : first_(static_cast<const unsigned char*>(first))
    {
        for (std::size_t axis = 0; axis < N; axis++) {
            shape_[axis] = shape[axis];
            strides_[axis] = strides[axis];
        }
    }

    /// How long an axis is.
    std::size_t extent(std::size_t axis) const noexcept { return shape_[axis]; }
    bool empty() const noexcept
    {
        for (const std::size_t axis : shape_)
            if (!axis) return true;
        return false;
    }
    /// One element. The indexes are not checked, as with a vector's `[]`.
    template <class... At>
    const T& operator()(At... at) const noexcept
    {
        static_assert(sizeof...(At) == N, "one index for each axis");
        const std::ptrdiff_t all[] = {static_cast<std::ptrdiff_t>(at)...};
        std::ptrdiff_t offset = 0;
        for (std::size_t axis = 0; axis < N; axis++) offset += all[axis] * strides_[axis];
        return *reinterpret_cast<const T*>(first_ + offset);
    }
    /// One element, or a null pointer where there is none at these indexes.
    template <class... At>
    const T* at(At... at) const noexcept
    {
        static_assert(sizeof...(At) == N, "one index for each axis");
        const std::size_t all[] = {static_cast<std::size_t>(at)...};
        for (std::size_t axis = 0; axis < N; axis++)
            if (all[axis] >= shape_[axis]) return nullptr;
        return &(*this)(at...);
    }

private:
    const unsigned char* first_ = nullptr;
    std::size_t shape_[N] = {};
    std::ptrdiff_t strides_[N] = {};
};

} // namespace NPSTOW_ROAD
} // namespace npstow
