// Writing: files as a whole, members of archives in place; and what is wrong with a file.
#pragma once
#include "callbacks.hpp"
#include "fold.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// Saves one array as `.npy`: the bytes of np.save. The old file is there until the new one is.
NPSTOW_COLD inline void save(const std::string& path, const array& array,
                             on_error err NPSTOW_OR_THROW)
{
    detail::call(err, npstow_save, detail::word(path), array.get());
}
/// The same of a vector: numbers, records, rows.
template <class T>
NPSTOW_COLD void save(const std::string& path, const std::vector<T>& values,
                      on_error err NPSTOW_OR_THROW)
{
    if constexpr (std::is_same_v<T, bool>) {
        save(path, array::from(values, err), err);
    } else {
        const array borrowed = array::borrow(span<const T>(values), err);
        if (borrowed) save(path, borrowed, err);
    }
}

/// Hands the bytes of a `.npy` to `int write(const void*, std::size_t)`, which returns 0 or an
/// errno.
template <class Write>
void save_to(Write write, const array& array, on_error err NPSTOW_OR_THROW)
{
    detail::with_sink(write, err, [&](const NpstowWriteCallback* sink, NpstowError** e) {
        npstow_save_array_to(sink, array.get(), nullptr, e);
    });
}

/// Writes metadata beside what lies on the disk already: "run/A000", "run.npz:A000/hit".
inline void set_meta(const std::string& place, const meta& meta, on_error err NPSTOW_OR_THROW)
{
    detail::call(err, npstow_set_meta, detail::word(place), meta.get());
}

/// Changes the members of an NPZ archive; the others are not written again.
class editor {
public:
    explicit editor(const std::string& path, on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, npstow_editor_open, detail::word(path), nullptr))
    {}
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    editor& add(const std::string& name, const array& array, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_add, raw_.get(), detail::word(name), array.get());
        return *this;
    }
    editor& replace(const std::string& name, const array& array, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_replace, raw_.get(), detail::word(name), array.get());
        return *this;
    }
    editor& remove(const std::string& name, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_remove, raw_.get(), detail::word(name));
        return *this;
    }
    editor& rename(const std::string& from, const std::string& to, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_rename, raw_.get(), detail::word(from), detail::word(to));
        return *this;
    }
    /// Adds all of a fold.
    editor& add(const fold& from, on_error err NPSTOW_OR_THROW)
    {
        const fold apart = from.deepcopy(err);
        detail::call(err, npstow_editor_add_tree, raw_.get(), apart.tree());
        return *this;
    }
    editor& set_meta(const std::string& name, const meta& meta, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_set_meta, raw_.get(), detail::word(name), meta.get());
        return *this;
    }
    /// Makes all changes at once. The editor is spent then.
    void commit(on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_editor_commit, raw_.get());
    }

private:
    detail::owned<NpstowEditor, npstow_editor_free> raw_;
};

/// Takes out of an archive what nobody refers to any more.
inline void compact(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    detail::call(err, npstow_npz_compact, detail::word(path));
}

/// Mends what a crash has left of a file, and says what that was.
inline std::string repair(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    return detail::take_text(detail::call(err, npstow_repair, detail::word(path)));
}

/// What is wrong with a file, or remarkable about it.
struct fault {
    bool is_error;
    std::string message;
};

/// Reads everything of a file, and tells what is wrong.
NPSTOW_COLD inline std::vector<fault> verify(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    const detail::owned<NpstowFaults, npstow_faults_free> raw(
        detail::call(err, npstow_verify, detail::word(path)));
    std::vector<fault> faults;
    for (std::size_t at = 0; at < npstow_faults_len(raw.get()); at++)
        faults.push_back(
            {npstow_faults_is_error(raw.get(), at), npstow_faults_message(raw.get(), at)});
    return faults;
}

} // namespace NPSTOW_ROAD
} // namespace npstow
