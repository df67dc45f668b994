// Rows behind rows: into a file that is there, and into a new one of unknown length.
#pragma once
#include "array.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// Adds the rows of an array to a `.npy` that is there, or to a dataset of HDF5 that may grow, as
/// `run.h5:event/hit`. A crash leaves the old rows or all of them.
inline void append(const std::string& path, const array& rows, on_error err NPSTOW_OR_THROW)
{
    detail::call(err, npstow_append, detail::word(path), rows.get());
}
template <class T>
void append(const std::string& path, const std::vector<T>& rows, on_error err NPSTOW_OR_THROW)
{
    const array borrowed = array::borrow(rows, err);
    if (borrowed) append(path, borrowed, err);
}

/// Adds rows to a `.npy` that is there, or to a dataset of HDF5, many times. Nobody else may append meanwhile.
class appender {
public:
    explicit appender(const std::string& path, on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, npstow_appender_open, detail::word(path), NPSTOW_DURABILITY_REPLACE))
    {}
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    /// How many rows the file will have.
    std::size_t rows() const noexcept { return npstow_appender_rows(raw_.get()); }
    void push(const array& rows, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_appender_push, raw_.get(), rows.get());
    }
    template <class T>
    void push(const std::vector<T>& rows, on_error err NPSTOW_OR_THROW)
    {
        const array borrowed = array::borrow(rows, err);
        if (borrowed) push(borrowed, err);
    }
    /// Makes the rows that were pushed part of the file. What is not committed is not there.
    void commit(on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_appender_commit, raw_.get());
    }
    /// Commits, closes the file, and says how many rows it has.
    std::size_t finish(on_error err NPSTOW_OR_THROW)
    {
        std::size_t rows = 0;
        detail::call(err, npstow_appender_finish, raw_.get(), &rows);
        return rows;
    }

private:
    detail::owned<NpstowAppender, npstow_appender_free> raw_;
};

/// Writes a new `.npy` of rows whose number is not known before. It takes its place when it is
/// finished; what was not finished is not there, and an old file stays.
class row_writer {
public:
    row_writer(const std::string& path, const std::string& descr, const shape_type& row_shape,
               on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, npstow_row_writer_create, detail::word(path), detail::word(descr),
                            row_shape.data(), row_shape.size()))
    {}
    /// Of rows of a C++ type: numbers, records, row structs.
    template <class T>
    static row_writer of(const std::string& path, on_error err NPSTOW_OR_THROW)
    {
        return row_writer(path, descr_of<T>(), row_shape_of<T>(), err);
    }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    void push(const array& rows, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_row_writer_push, raw_.get(), rows.get());
    }
    template <class T>
    void push(const std::vector<T>& rows, on_error err NPSTOW_OR_THROW)
    {
        const array borrowed = array::borrow(rows, err);
        if (borrowed) push(borrowed, err);
    }
    /// Puts the file in its place, and says how many rows it has.
    std::size_t finish(on_error err NPSTOW_OR_THROW)
    {
        std::size_t rows = 0;
        detail::call(err, npstow_row_writer_finish, raw_.get(), &rows);
        return rows;
    }

private:
    detail::owned<NpstowRowWriter, npstow_row_writer_free> raw_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow
