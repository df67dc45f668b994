// Writing: files and archives as a whole, rows behind rows, members in place, messages.
#pragma once
#include "callbacks.hpp"
#include "fold.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// Saves one array as `.npy`: the bytes of np.save. The old file is there until the new one is.
inline void save(const std::string &path, const array &array, on_error err NPSTOW_OR_THROW)
{
    detail::call(err, [&](auto e) { return npstow_save(path.c_str(), array.get(), e); });
}
/// The same of a vector: numbers, records, rows.
template <class T>
void save(const std::string &path, const std::vector<T> &values, on_error err NPSTOW_OR_THROW)
{
    if constexpr (std::is_same_v<T, bool>) {
        save(path, array::from(values, err), err);
    } else {
        const array borrowed = array::borrow(span<const T>(values), err);
        if (borrowed) save(path, borrowed, err);
    }
}

/// Adds the rows of an array to a `.npy` that is there. A crash leaves the old rows or all of them.
inline void append(const std::string &path, const array &rows, on_error err NPSTOW_OR_THROW)
{
    detail::call(err, [&](auto e) { return npstow_append(path.c_str(), rows.get(), e); });
}

/// Rows behind the rows of a `.npy`, many times.
class appender {
public:
    explicit appender(const std::string &path, on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, [&](auto e) { return npstow_appender_open(path.c_str(), NPSTOW_DURABILITY_REPLACE, e); }))
    {
    }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    void push(const array &rows, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) { return npstow_appender_push(raw_.get(), rows.get(), e); });
    }
    template <class T>
    void push(span<const T> rows, on_error err NPSTOW_OR_THROW)
    {
        const array borrowed = array::borrow(rows, err);
        if (borrowed) push(borrowed, err);
    }
    template <class T>
    void push(const std::vector<T> &rows, on_error err NPSTOW_OR_THROW)
    {
        push(span<const T>(rows), err);
    }
    std::size_t rows() const noexcept { return npstow_appender_rows(raw_.get()); }
    /// Makes what was pushed part of the file.
    void commit(on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) { return npstow_appender_commit(raw_.get(), e); });
    }

private:
    detail::owned<NpstowAppender, npstow_appender_free> raw_;
};

/// Changes the members of an NPZ archive; the others are not written again.
class editor {
public:
    explicit editor(const std::string &path, on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, [&](auto e) { return npstow_editor_open(path.c_str(), nullptr, e); }))
    {
    }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    editor &add(const std::string &name, const array &array, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) {
            return npstow_editor_add(raw_.get(), name.c_str(), array.get(), e);
        });
        return *this;
    }
    editor &replace(const std::string &name, const array &array, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) {
            return npstow_editor_replace(raw_.get(), name.c_str(), array.get(), e);
        });
        return *this;
    }
    editor &remove(const std::string &name, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) { return npstow_editor_remove(raw_.get(), name.c_str(), e); });
        return *this;
    }
    editor &rename(const std::string &from, const std::string &to, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) {
            return npstow_editor_rename(raw_.get(), from.c_str(), to.c_str(), e);
        });
        return *this;
    }
    /// Makes all changes at once. The editor is spent then.
    void commit(on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, [&](auto e) { return npstow_editor_commit(raw_.get(), e); });
    }

private:
    detail::owned<NpstowEditor, npstow_editor_free> raw_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow
