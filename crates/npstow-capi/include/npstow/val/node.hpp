// What values that do not fit into a val are kept in: counted, shared, and read when they are looked
// at.
#pragma once
#include "../array.hpp"
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace npstow {
inline namespace NPSTOW_ROAD {

class val;

namespace detail {

using value_handle = owned<NpstowValue, npstow_value_free>;

/// A value of a file, by its number there.
struct val_origin {
    std::shared_ptr<NpstowValue> root;
    std::uint64_t id = 0;

    explicit operator bool() const noexcept { return root != nullptr; }
    bool operator==(const val_origin& other) const noexcept
    {
        return root == other.root && id == other.id;
    }
    value_handle open(const on_error& err) const
    {
        return value_handle(call(err, npstow_value_by_id, root.get(), id));
    }
};

/// Some threads may look at a value at the same time; who comes first reads it for all. What is read
/// may have keys that are to be read then.
inline std::recursive_mutex& opening()
{
    static std::recursive_mutex mutex;
    return mutex;
}

struct val_node {
    std::atomic<std::size_t> count{1};
    /// The next one of those that are to be freed.
    val_node* next = nullptr;
    val_origin origin;
    /// Whether what it holds is here, and not only in the file.
    std::atomic<bool> is_open{true};

    val_node() = default;
    val_node(const val_node&) = delete;
    val_node& operator=(const val_node&) = delete;
    virtual ~val_node() = default;
    /// Gives up the nodes below, where nobody else holds them, to the list.
    virtual void give(val_node*& list) noexcept { static_cast<void>(list); }
    /// Takes what it holds from the file.
    virtual void read(const on_error& err) { static_cast<void>(err); }

    virtual std::recursive_mutex& lock() noexcept { return opening(); }

    /// Whether what it holds is here now.
    bool open(const on_error& err)
    {
        if (is_open.load(std::memory_order_acquire)) return true;
        const std::lock_guard<std::recursive_mutex> own(lock());
        if (!is_open.load(std::memory_order_relaxed)) {
            read(err);
            if (err.failed()) return false;
            is_open.store(true, std::memory_order_release);
        }
        return true;
    }
};

/// Frees nodes one after another, not one within another: values may be deep.
inline void let_go(val_node* node) noexcept
{
    val_node* list = nullptr;
    if (node && node->count.fetch_sub(1, std::memory_order_acq_rel) == 1) list = node;
    while (list) {
        val_node* own = list;
        list = own->next;
        own->give(list);
        delete own;
    }
}

struct text_node : val_node {
    std::string text;
    void read(const on_error& err) override
    {
        const value_handle value = origin.open(err);
        if (!value) return;
        std::size_t len = 0;
        const char* found;
        const NpstowValueKind kind = npstow_value_kind(value.get());
        if (kind == NPSTOW_VALUE_INT) {
            text = take_text(call(err, npstow_value_digits, value.get()));
            return;
        }
        if (kind == NPSTOW_VALUE_STR)
            found = call(err, npstow_value_str, value.get(), &len);
        else
            found = static_cast<const char*>(call(err, npstow_value_bytes, value.get(), &len));
        if (found) text.assign(found, len);
    }
};

struct complex_node : val_node {
    double real = 0, imaginary = 0;
};

struct array_node : val_node {
    npstow::array array;
    /// Its own: several arrays may be read at the same time.
    std::recursive_mutex mutex;
    std::recursive_mutex& lock() noexcept override { return mutex; }
    void read(const on_error& err) override
    {
        const value_handle value = origin.open(err);
        if (value) array = npstow::array(call(err, npstow_value_array, value.get()));
    }
};

} // namespace detail
} // namespace NPSTOW_ROAD
} // namespace npstow
