// range-for over a list that is made when the loop begins.
#pragma once
#include "config.hpp"
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

template <class T>
class list_iterator {
public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::input_iterator_tag;

    /// The end of every list.
    list_iterator() = default;
    explicit list_iterator(std::vector<T> list)
    {
        if (!list.empty()) list_ = std::make_shared<const std::vector<T>>(std::move(list));
    }
    const T& operator*() const { return (*list_)[at_]; }
    const T* operator->() const { return &(*list_)[at_]; }
    list_iterator& operator++()
    {
        if (++at_ == list_->size()) *this = list_iterator();
        return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const list_iterator& other) const noexcept
    {
        return list_ == other.list_ && at_ == other.at_;
    }
    bool operator!=(const list_iterator& other) const noexcept { return !(*this == other); }

private:
    std::shared_ptr<const std::vector<T>> list_;
    std::size_t at_ = 0;
};

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
