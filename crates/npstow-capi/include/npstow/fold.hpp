// Named arrays and groups of them, with metadata: NPFold's verbs on npstow's trees.
#pragma once
#include "file.hpp"
#include <algorithm>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// What a save does beyond its defaults.
struct save_options {
    /// "npz", "folder", "npy"; empty takes it from the path.
    std::string format;
    /// 1 to 9 compress; 0 stores.
    int level = 0;
    /// Writes a folder that NP.hh reads; refuses what it cannot.
    bool npfold = false;
    /// The form of an HDF5 file: "earliest" or "latest"; empty is the earliest.
    std::string libver = {};
    /// Lets the arrays of an HDF5 file grow along their first axis, so that rows can be appended.
    bool resizable = false;
};

/// How two folds differ.
struct comparison {
    struct difference {
        std::string path, message;
    };
    std::vector<difference> differences;
    /// How many arrays were looked at.
    std::size_t compared = 0;
    bool is_same() const noexcept { return differences.empty(); }
};

/// What `compare` calls the same.
struct tolerance {
    double relative = 0, absolute = 0;
    bool equal_nan = true, meta = true;
};

/// What becomes of metadata where folds are joined.
enum class notes_policy : int { first = 0, join = 1, drop = 2 };
/// What is done where one of them lacks an array.
enum class missing : int { refuse = 0, skip = 1 };

/// How many rows the arrays of each subfold have.
struct row_counts {
    std::vector<std::string> folds, names;
    /// A line for each fold; -1 where it has no such array.
    std::vector<std::int64_t> values;
    std::int64_t get(std::size_t fold, std::size_t name) const
    {
        return values[fold * names.size() + name];
    }
};

/// Named arrays and folds in a fold, in the order in which they were added. Copies share what is in
/// it, and a subfold is part of its fold: what is added to it is in both. `deepcopy` is apart. One
/// thread at a time may change it.
///
/// A name may be a slash path, and `.npy` at its end is left out, as NPFold has it.
class fold {
public:
    fold() : tree_(npstow_tree_new(), npstow_tree_free) {}
    /// Takes over a handle of the C interface.
    explicit fold(NpstowTree* raw) : tree_(raw, npstow_tree_free) {}
    explicit operator bool() const noexcept { return tree_ != nullptr; }
    NpstowTree* tree() const noexcept { return tree_.get(); }
    /// Where it stands in the fold that it is part of.
    const std::string& path() const noexcept { return path_; }

    /// Everything of a folder, an archive or a file.
    static fold load(const std::string& path, on_error err NPSTOW_OR_THROW)
    {
        const file opened = open(path, err);
        return opened ? opened.load(err) : none();
    }
    /// Names, dtypes, shapes and metadata; elements are read when an array is asked for.
    static fold load_nodata(const std::string& path, on_error err NPSTOW_OR_THROW);
    /// Saves it as a whole: the old files are there until the new ones are.
    void save(const std::string& path, on_error err NPSTOW_OR_THROW) const { save(path, {}, err); }
    void save(const std::string& path, const save_options& options,
              on_error err NPSTOW_OR_THROW) const;
    /// Hands every piece of the file to `int write(const void*, std::size_t)`, which returns 0 or
    /// an errno: "npz" or "npy" for a socket, a pipe, memory.
    template <class Write>
    void save_to(Write write, const save_options& options, on_error err NPSTOW_OR_THROW) const;

    /// Adds an array; `exists` where the name is taken.
    NPSTOW_COLD fold& add(const std::string& name, const array& array, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_tree_insert, tree(), detail::word(at(name)), array.get());
        return *this;
    }
    /// Adds the elements of a vector, which the fold owns from now on.
    template <class T>
    NPSTOW_COLD fold& add(const std::string& name, std::vector<T> values,
                          on_error err NPSTOW_OR_THROW)
    {
        const array made = array::from(std::move(values), err);
        return made ? add(name, made, err) : *this;
    }
    /// Adds an array by its number: `add(7, a, 'k')` is "k007".
    NPSTOW_COLD fold& add(int number, const array& array, char prefix, on_error err NPSTOW_OR_THROW)
    {
        return add(numbered(prefix, number), array, err);
    }
    /// Adds an array, in the place of the one of that name, whose metadata go with it.
    fold& set(const std::string& name, const array& array, on_error err NPSTOW_OR_THROW);
    /// An array; `not_found` where there is none.
    NPSTOW_COLD array get(const std::string& name, on_error err NPSTOW_OR_THROW) const
    {
        return array(detail::call(err, npstow_tree_array, tree(), detail::word(at(name))));
    }
    /// An array, or none where there is none.
    array get_optional(const std::string& name, on_error err NPSTOW_OR_THROW) const
    {
        return has(name) ? get(name, err) : array();
    }
    bool has(const std::string& name) const { return is(at(name), NPSTOW_NODE_ARRAY); }
    /// Whether all of a list of names are there: "photon,hit".
    bool has_all(const std::string& names) const;
    /// Takes an array or a subfold out; false where there is none.
    bool remove(const std::string& name)
    {
        return detail::word(name).is_whole() &&
               npstow_tree_remove(tree(), at(name).c_str(), nullptr) == NPSTOW_OK;
    }
    /// The names of arrays on this level.
    std::vector<std::string> names() const { return level(NPSTOW_NODE_ARRAY); }
    std::size_t size() const { return names().size(); }
    /// The full paths of all arrays, in order, those of its folds, too.
    std::vector<std::string> arrays(on_error err NPSTOW_OR_THROW) const;
    /// Dtype and shape of an array, which is not read for that.
    std::string descr(const std::string& name, on_error err NPSTOW_OR_THROW) const
    {
        return detail::take_text(detail::call(err, npstow_tree_descr, tree(), detail::word(at(name))));
    }
    shape_type shape(const std::string& name, on_error err NPSTOW_OR_THROW) const;

    /// Adds a fold, and returns it.
    fold add_subfold(const std::string& name, on_error err NPSTOW_OR_THROW)
    {
        return add_subfold(name, fold(), err);
    }
    /// Adds a copy of a fold, and returns the copy.
    fold add_subfold(const std::string& name, const fold& from, on_error err NPSTOW_OR_THROW);
    /// Adds a fold that is numbered: "f000", "f001".
    fold add_subfold(on_error err NPSTOW_OR_THROW)
    {
        return add_subfold(numbered('f', static_cast<int>(subfolds().size())), err);
    }
    /// A fold of this fold.
    fold get_subfold(const std::string& name, on_error err NPSTOW_OR_THROW) const;
    bool has_subfold(const std::string& name) const { return is(at(name), NPSTOW_NODE_GROUP); }
    /// The names of folds on this level.
    std::vector<std::string> subfolds() const { return level(NPSTOW_NODE_GROUP); }
    void clear_subfolds()
    {
        for (const std::string& name : subfolds()) remove(name);
    }
    void clear()
    {
        for (const std::string& name : names()) remove(name);
        clear_subfolds();
    }

    /// The full paths of arrays and folds that match one of the patterns: "*/hit,genstep".
    std::vector<std::string> find_all(const std::string& globs, on_error err NPSTOW_OR_THROW) const;
    /// A fold of the arrays that match; they are shared, names and metadata are not.
    fold select(const std::string& globs, on_error err NPSTOW_OR_THROW) const;
    /// A fold that is apart from this one.
    fold deepcopy(on_error err NPSTOW_OR_THROW) const;
    /// One fold of the rows of many, in their order.
    static fold concat(const std::vector<fold>& folds, notes_policy notes, missing missing,
                       on_error err NPSTOW_OR_THROW);
    static fold concat(const std::vector<fold>& folds, notes_policy notes,
                       on_error err NPSTOW_OR_THROW)
    {
        return concat(folds, notes, missing::refuse, err);
    }
    /// Adds to this fold the rows of its subfolds, in their order: "f000/hit" and "f001/hit" as
    /// "hit", and what their metadata say. An array that one of them lacks has no rows there.
    fold& concat(on_error err NPSTOW_OR_THROW);
    /// How two folds differ: in names, dtypes, shapes, elements, metadata.
    static comparison compare(const fold& a, const fold& b, const tolerance& tolerance,
                              on_error err NPSTOW_OR_THROW);
    static comparison compare(const fold& a, const fold& b, on_error err NPSTOW_OR_THROW)
    {
        return compare(a, b, {}, err);
    }
    /// How many rows the arrays of each subfold have whose name begins with `prefix`.
    row_counts subcount(const std::string& prefix, on_error err NPSTOW_OR_THROW) const;
    /// One line: "3 arrays, 2 folds: photon (10, 4, 4) <f4, hit (3, 4, 4) <f4, seed (10,) <i4".
    std::string desc() const;

    /// The metadata of this fold, and those of an array or a fold in it.
    npstow::meta meta(on_error err NPSTOW_OR_THROW) const { return meta("", err); }
    npstow::meta meta(const std::string& name, on_error err NPSTOW_OR_THROW) const;
    NPSTOW_COLD fold& set_meta(const npstow::meta& meta, on_error err NPSTOW_OR_THROW)
    {
        return set_meta("", meta, err);
    }
    fold& set_meta(const std::string& name, const npstow::meta& meta, on_error err NPSTOW_OR_THROW);
    /// One value of this fold's metadata.
    template <class T = std::string>
    NPSTOW_COLD T get_meta(const std::string& key, on_error err NPSTOW_OR_THROW) const
    {
        const npstow::meta all = meta(err);
        return err.failed() ? T() : all.get<T>(key, err);
    }
    template <class T>
    NPSTOW_COLD T get_meta_or(const std::string& key, T fallback,
                              on_error err NPSTOW_OR_THROW) const
    {
        const npstow::meta all = meta(err);
        return err.failed() ? T() : all.get_or<T>(key, std::move(fallback), err);
    }
    template <class T>
    NPSTOW_COLD fold& set_meta(const std::string& key, const T& value, on_error err NPSTOW_OR_THROW)
    {
        npstow::meta all = meta(err);
        if (!err.failed()) all.set(key, value, err);
        return err.failed() ? *this : set_meta(all, err);
    }

#if NPSTOW_EXCEPTIONS
    /// An array of a fold, with its name.
    struct item {
        std::string name;
        npstow::array array;
    };
    /// `for (const auto &[name, array] : fold)`: the arrays of this level.
    auto begin() const { return detail::list_iterator<item>(items()); }
    auto end() const { return detail::list_iterator<item>(); }
    array operator[](const std::string& name) const { return get(name); }
#endif

private:
    static fold none() { return fold(static_cast<NpstowTree*>(nullptr)); }
    fold(std::shared_ptr<NpstowTree> tree, std::string path)
        : tree_(std::move(tree)), path_(std::move(path))
    {}
    /// The path of a name in the tree that this fold is part of. NPFold's keys have `.npy` behind
    /// them, which is no part of the name unless something is called so.
    NPSTOW_COLD std::string at(const std::string& name) const
    {
        const auto full = [&](const std::string& key) {
            return path_.empty() || key.empty() ? path_ + key : path_ + '/' + key;
        };
        const bool npy = name.size() > 4 && name.compare(name.size() - 4, 4, ".npy") == 0;
        const std::string given = full(name);
        const bool known = npy && detail::word(given).is_whole() &&
                           npstow_tree_kind(tree(), given.c_str()) >= 0;
        return npy && !known ? full(name.substr(0, name.size() - 4)) : given;
    }
    NPSTOW_COLD bool is(const std::string& full, NpstowNodeKind kind) const
    {
        return detail::word(full).is_whole() && npstow_tree_kind(tree(), full.c_str()) == kind;
    }
    NPSTOW_COLD std::vector<std::string> level(NpstowNodeKind kind) const
    {
        std::vector<std::string> all =
            detail::take(npstow_tree_names(tree(), path_.c_str(), nullptr));
        const auto other = [&](const std::string& name) {
            return !is(path_.empty() ? name : path_ + '/' + name, kind);
        };
        all.erase(std::remove_if(all.begin(), all.end(), other), all.end());
        return all;
    }
    NPSTOW_COLD static std::string numbered(char prefix, int number)
    {
        const std::string digits = std::to_string(number);
        return prefix + (digits.size() < 3 ? std::string(3 - digits.size(), '0') : "") + digits;
    }
    /// The part of the tree that this fold is: itself at the root, else a copy that shares arrays.
    NPSTOW_COLD std::shared_ptr<NpstowTree> part(const on_error& err) const
    {
        if (path_.empty()) return tree_;
        return detail::shared<npstow_tree_free>(err, npstow_tree_subtree, tree(), detail::word(path_));
    }
#if NPSTOW_EXCEPTIONS
    std::vector<item> items() const
    {
        std::vector<item> all;
        for (const std::string& name : names()) all.push_back({name, get(name)});
        return all;
    }
#endif

    std::shared_ptr<NpstowTree> tree_;
    std::string path_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow

#include "fold_verbs.hpp"
