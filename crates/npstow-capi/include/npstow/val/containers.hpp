// The items of lists and the pairs of dictionaries, taken from the file when they are looked at.
#pragma once
#include "../val.hpp"
#include <algorithm>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

/// So many items are looked at with one call.
inline constexpr std::size_t glanced = 1024;

struct items_node : val_node {
    std::vector<val> items;
    /// Whether somebody may have changed them.
    bool is_touched = false;

    void give(val_node*& list) noexcept override
    {
        for (val& each : items) give_one(each, list);
    }
    static void give_one(val& each, val_node*& list) noexcept
    {
        val_node* node = each.node();
        each.forget();
        if (node && node->count.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            node->next = list;
            list = node;
        }
    }
    void read(const on_error& err) override
    {
        const value_handle value = origin.open(err);
        if (value) items = take(value.get(), origin.root, err);
    }
    static std::vector<val> take(const NpstowValue* value, const std::shared_ptr<NpstowValue>& root,
                                 const on_error& err)
    {
        std::vector<val> items(npstow_value_len(value));
        std::vector<NpstowGlance> glances(std::min(items.size(), glanced));
        for (std::size_t at = 0; at < items.size() && !err.failed(); at += glances.size()) {
            const std::size_t count = std::min(glances.size(), items.size() - at);
            call(err, npstow_value_glances, value, at, glances.data(), count);
            for (std::size_t n = 0; n < count && !err.failed(); n++)
                items[at + n] = val::of_glance(glances[n], root);
        }
        return items;
    }
};

struct pairs_node : val_node {
    std::vector<val::item> items;
    /// Where the keys of a hash are; there is none for few pairs.
    std::unordered_multimap<std::size_t, std::size_t> index;
    bool is_touched = false;

    static constexpr std::size_t few = 8, nowhere = static_cast<std::size_t>(-1);

    void give(val_node*& list) noexcept override
    {
        for (val::item& each : items) {
            // Nobody looks at the key any more.
            items_node::give_one(const_cast<val&>(each.first), list);
            items_node::give_one(each.second, list);
        }
    }
    void read(const on_error& err) override
    {
        const value_handle value = origin.open(err);
        if (value) items = take(value.get(), origin.root, err);
        make_index(err);
    }
    static std::vector<val::item>
    take(const NpstowValue* value, const std::shared_ptr<NpstowValue>& root, const on_error& err)
    {
        const std::size_t len = npstow_value_pairs(value);
        std::vector<val::item> items;
        items.reserve(len);
        std::vector<NpstowGlance> keys(std::min(len, glanced)), values(keys.size());
        for (std::size_t at = 0; at < len && !err.failed(); at += keys.size()) {
            const std::size_t count = std::min(keys.size(), len - at);
            call(err, npstow_value_pair_glances, value, at, keys.data(), values.data(), count);
            for (std::size_t n = 0; n < count && !err.failed(); n++)
                items.emplace_back(val::of_glance(keys[n], root), val::of_glance(values[n], root));
        }
        return items;
    }
    void make_index(const on_error& err)
    {
        index.clear();
        if (items.size() <= few) return;
        index.reserve(items.size());
        for (std::size_t at = 0; at < items.size(); at++)
            index.emplace(items[at].first.hash(err), at);
    }
    std::size_t find(const val& key, const on_error& err) const
    {
        if (items.size() <= few) {
            for (std::size_t at = 0; at < items.size(); at++)
                if (val::same_key(items[at].first, key, err)) return at;
            return nowhere;
        }
        const auto found = index.equal_range(key.hash(err));
        for (auto at = found.first; at != found.second; ++at)
            if (val::same_key(items[at->second].first, key, err)) return at->second;
        return nowhere;
    }
    val& add(const val& key, const on_error& err)
    {
        items.emplace_back(key, val());
        if (items.size() == few + 1)
            make_index(err);
        else if (items.size() > few)
            index.emplace(key.hash(err), items.size() - 1);
        return items.back().second;
    }
};

} // namespace detail

} // namespace NPSTOW_ROAD
} // namespace npstow
