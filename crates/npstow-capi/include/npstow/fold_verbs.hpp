// The verbs of a fold that take more than a line.
#pragma once
#include "fold.hpp"
#include <algorithm>

namespace npstow {
inline namespace NPSTOW_ROAD {
namespace detail {

inline owned<NpstowSaveOptions, npstow_save_options_free> raw_options(const save_options& from,
                                                                      const on_error& err)
{
    owned<NpstowSaveOptions, npstow_save_options_free> to(npstow_save_options_new());
    call(err, [&](NpstowError** e) {
        NpstowStatus done = 0;
        if (!from.format.empty())
            done = npstow_save_options_set_format(to.get(), from.format.c_str(), e);
        if (done == 0 && from.level) done = npstow_save_options_set_level(to.get(), from.level, e);
        if (done == 0 && from.npfold) done = npstow_save_options_set_npfold(to.get(), true, e);
        if (done == 0 && !from.libver.empty())
            done = npstow_save_options_set_libver(to.get(), from.libver.c_str(), e);
        if (done == 0 && from.resizable)
            done = npstow_save_options_set_resizable(to.get(), true, e);
        return done;
    });
    return to;
}

} // namespace detail

NPSTOW_COLD inline fold file::load(on_error err) const
{
    return fold(detail::call(err, npstow_file_load, get()));
}

NPSTOW_COLD inline fold node::load(on_error err) const
{
    return fold(detail::call(err, npstow_node_load, get()));
}

NPSTOW_COLD inline fold node::load_nodata(on_error err) const
{
    return fold(detail::call(err, npstow_node_to_tree, get()));
}

NPSTOW_COLD inline fold fold::load_nodata(const std::string& path, on_error err)
{
    const file opened = open(path, err);
    if (!opened) return none();
    const node root = opened.root(err);
    return root ? root.load_nodata(err) : none();
}

NPSTOW_COLD inline void fold::save(const std::string& path, const save_options& options,
                                   on_error err) const
{
    const auto raw = detail::raw_options(options, err);
    const auto tree = err.failed() ? nullptr : part(err);
    if (err.failed()) return;
    detail::call(err, npstow_save_tree, detail::word(path), tree.get(), raw.get());
}

template <class Write>
void fold::save_to(Write write, const save_options& options, on_error err) const
{
    const auto raw = detail::raw_options(options, err);
    const auto tree = err.failed() ? nullptr : part(err);
    if (err.failed()) return;
    detail::with_sink(write, err, [&](const NpstowWriteCallback* sink, NpstowError** e) {
        npstow_save_to(sink, tree.get(), raw.get(), e);
    });
}

NPSTOW_COLD inline fold& fold::set(const std::string& name, const array& array, on_error err)
{
    if (!array) return add(name, array, err);
    if (has(name)) remove(name);
    return add(name, array, err);
}

NPSTOW_COLD inline std::vector<std::string> fold::arrays(on_error err) const
{
    const auto tree = part(err);
    if (!tree) return {};
    return detail::take(detail::call(err, npstow_tree_arrays, tree.get()));
}

NPSTOW_COLD inline bool fold::has_all(const std::string& names) const
{
    for (std::size_t from = 0; from <= names.size();) {
        const std::size_t end = (std::min)(names.find(',', from), names.size());
        if (!has(names.substr(from, end - from))) return false;
        from = end + 1;
    }
    return true;
}

NPSTOW_COLD inline shape_type fold::shape(const std::string& name, on_error err) const
{
    const std::string full = at(name);
    std::size_t axes = 0;
    detail::call(err, npstow_tree_ndim, tree(), detail::word(full), &axes);
    if (err.failed()) return {};
    shape_type shape(axes);
    detail::call(err, npstow_tree_shape, tree(), detail::word(full), shape.data(), shape.size());
    return shape;
}

NPSTOW_COLD inline fold fold::add_subfold(const std::string& name, const fold& from, on_error err)
{
    const std::string full = at(name);
    const auto added = from.part(err);
    if (!added) return none();
    detail::call(err, npstow_tree_insert_tree, tree(), detail::word(full), added.get());
    return err.failed() ? none() : fold(tree_, full);
}

NPSTOW_COLD inline fold fold::get_subfold(const std::string& name, on_error err) const
{
    if (has_subfold(name)) return fold(tree_, at(name));
    err.fail(status::not_found,
             "no fold '" + name + "' in " + (path_.empty() ? "this fold" : path_));
    return none();
}

NPSTOW_COLD inline std::vector<std::string> fold::find_all(const std::string& globs,
                                                           on_error err) const
{
    const auto tree = part(err);
    if (!tree) return {};
    return detail::take(detail::call(err, npstow_tree_find, tree.get(), detail::word(globs)));
}

NPSTOW_COLD inline fold fold::select(const std::string& globs, on_error err) const
{
    const auto tree = part(err);
    if (!tree) return none();
    return fold(detail::call(err, npstow_tree_select, tree.get(), detail::word(globs)));
}

NPSTOW_COLD inline fold fold::deepcopy(on_error err) const
{
    if (path_.empty()) return fold(npstow_tree_clone(tree()));
    return fold(part(err), "");
}

NPSTOW_COLD inline fold fold::concat(const std::vector<fold>& folds, notes_policy notes,
                                     missing missing, on_error err)
{
    std::vector<std::shared_ptr<NpstowTree>> parts;
    std::vector<std::string> paths;
    for (std::size_t at = 0; at < folds.size(); at++) {
        parts.push_back(folds[at].part(err));
        if (err.failed()) return none();
        paths.push_back(folds[at].path().empty() ? std::to_string(at) : folds[at].path());
    }
    std::vector<const NpstowTree*> trees;
    std::vector<const char*> names;
    for (std::size_t at = 0; at < folds.size(); at++) {
        trees.push_back(parts[at].get());
        names.push_back(paths[at].c_str());
    }
    return fold(detail::call(err, npstow_tree_concat, names.data(), trees.data(), trees.size(),
                             static_cast<NpstowNotesPolicy>(notes),
                             static_cast<NpstowMissing>(missing)));
}

NPSTOW_COLD inline fold& fold::concat(on_error err)
{
    std::vector<fold> parts;
    for (const std::string& name : subfolds()) {
        parts.push_back(get_subfold(name, err));
        if (err.failed()) return *this;
    }
    const fold joined = concat(parts, notes_policy::join, missing::skip, err);
    if (err.failed()) return *this;
    // All are read before one is added: a failure changes nothing.
    const std::vector<std::string> arrays = joined.names(), folds = joined.subfolds();
    for (const auto* names : {&arrays, &folds})
        for (const std::string& name : *names)
            if (has(name) || has_subfold(name)) {
                err.fail(status::exists, "the name '" + name + "'");
                return *this;
            }
    std::vector<array> read;
    for (const std::string& name : arrays) {
        read.push_back(joined.get(name, err));
        if (err.failed()) return *this;
    }
    for (std::size_t at = 0; at < arrays.size() && !err.failed(); at++) {
        add(arrays[at], read[at], err);
        if (!err.failed()) set_meta(arrays[at], joined.meta(arrays[at], err), err);
    }
    for (const std::string& name : folds)
        if (!err.failed()) add_subfold(name, joined.get_subfold(name, err), err);
    return *this;
}

NPSTOW_COLD inline comparison fold::compare(const fold& a, const fold& b,
                                            const tolerance& tolerance, on_error err)
{
    const auto left = a.part(err);
    const auto right = err.failed() ? nullptr : b.part(err);
    if (err.failed()) return {};
    const detail::owned<NpstowReport, npstow_report_free> report(
        detail::call(err, npstow_tree_compare, left.get(), right.get(), tolerance.relative,
                     tolerance.absolute, tolerance.equal_nan, tolerance.meta));
    comparison found;
    if (!report) return found;
    found.compared = npstow_report_compared(report.get());
    for (std::size_t at = 0; at < npstow_report_len(report.get()); at++)
        found.differences.push_back(
            {npstow_report_path(report.get(), at), npstow_report_message(report.get(), at)});
    return found;
}

NPSTOW_COLD inline row_counts fold::subcount(const std::string& prefix, on_error err) const
{
    row_counts counts;
    std::vector<fold> parts;
    for (const std::string& name : subfolds()) {
        if (name.compare(0, prefix.size(), prefix) != 0) continue;
        counts.folds.push_back(name);
        parts.push_back(get_subfold(name, err));
        if (err.failed()) return {};
        for (const std::string& key : parts.back().names())
            if (std::find(counts.names.begin(), counts.names.end(), key) == counts.names.end())
                counts.names.push_back(key);
    }
    for (const fold& part : parts)
        for (const std::string& key : counts.names) {
            const shape_type shape = part.has(key) ? part.shape(key, err) : shape_type();
            if (err.failed()) return {};
            counts.values.push_back(shape.empty() ? -1 : static_cast<std::int64_t>(shape[0]));
        }
    return counts;
}

NPSTOW_COLD inline std::string fold::desc() const
{
    const std::vector<std::string> all = names();
    const std::size_t folds = subfolds().size();
    std::string text = std::to_string(all.size());
    text.append(all.size() == 1 ? " array, " : " arrays, ").append(std::to_string(folds));
    text.append(folds == 1 ? " fold" : " folds");
    for (std::size_t at = 0; at < all.size(); at++) {
        error none;
        text.append(at ? ", " : ": ").append(all[at]).append(" ");
        text.append(detail::shape_text(shape(all[at], none))).append(" ");
        text.append(descr(all[at], none));
    }
    return text;
}

NPSTOW_COLD inline npstow::meta fold::meta(const std::string& name, on_error err) const
{
    const std::string full = at(name);
    NpstowMeta* raw = detail::call(err, npstow_tree_meta, tree(), detail::word(full));
    return raw ? npstow::meta(raw) : npstow::meta();
}

NPSTOW_COLD inline fold& fold::set_meta(const std::string& name, const npstow::meta& meta,
                                        on_error err)
{
    const std::string full = at(name);
    detail::call(err, npstow_tree_set_meta, tree(), detail::word(full), meta.get());
    return *this;
}

} // namespace NPSTOW_ROAD
} // namespace npstow
