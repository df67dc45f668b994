// Files, folders and archives, open: what is in them, and reading it.
#pragma once
#include "array.hpp"
#include "callbacks.hpp"
#include "meta.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

class node;
class fold;

/// What a file may claim before it is believed. Zero leaves what is the default; see npstow.h.
struct limits {
    std::uint64_t header_len = 0, depth = 0, array_nbytes = 0, members = 0, ratio = 0, total = 0;
    std::uint64_t values = 0, missing_parts = 0;
};

namespace detail {
inline owned<NpstowLimits, npstow_limits_free> raw_limits(const limits& from)
{
    owned<NpstowLimits, npstow_limits_free> to(npstow_limits_new());
    if (from.header_len) npstow_limits_set_header_len(to.get(), from.header_len);
    if (from.depth) npstow_limits_set_depth(to.get(), from.depth);
    if (from.array_nbytes) npstow_limits_set_array_nbytes(to.get(), from.array_nbytes);
    if (from.members) npstow_limits_set_members(to.get(), from.members);
    if (from.ratio) npstow_limits_set_ratio(to.get(), from.ratio);
    if (from.total) npstow_limits_set_total(to.get(), from.total);
    if (from.missing_parts) npstow_limits_set_missing_parts(to.get(), from.missing_parts);
    if (from.values) npstow_limits_set_values(to.get(), from.values);
    return to;
}
} // namespace detail

/// Where bytes come from that are no file of the system.
class source {
public:
    source() = default;
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    NpstowSource* get() const noexcept { return raw_.get(); }

    /// A file of the system.
    static source from_path(const std::string& path, on_error err NPSTOW_OR_THROW)
    {
        return made(err, npstow_source_from_path, detail::word(path));
    }
    /// Memory that stays yours, and stays as it is while anything that was read from it is there.
    static source borrow(const void* bytes, std::size_t len, on_error err NPSTOW_OR_THROW)
    {
        return made(err, npstow_source_from_memory, bytes, len, nullptr, nullptr);
    }
    /// Memory that the source owns from now on.
    template <class Byte>
    static source from_memory(std::vector<Byte> bytes, on_error err NPSTOW_OR_THROW)
    {
        static_assert(sizeof(Byte) == 1, "a source is bytes");
        auto owner = std::make_unique<std::vector<Byte>>(std::move(bytes));
        const auto free = [](void* context) { delete static_cast<std::vector<Byte>*>(context); };
        source from =
            made(err, npstow_source_from_memory, owner->data(), owner->size(), free, owner.get());
        // It is the source's only where there is one.
        if (from) owner.release();
        return from;
    }
    /// Bytes from a function `int read_at(std::uint64_t offset, void *to, std::size_t len)` that
    /// fills all of `to` and returns 0, or returns an errno. It is called from several threads at
    /// once, and lives as long as the source and what was opened from it. What it throws is an error
    /// of reading (EIO): the threads that call it have nobody behind them who could catch it.
    template <class ReadAt>
    static source from_reader(std::uint64_t len, ReadAt read_at, on_error err NPSTOW_OR_THROW)
    {
        NpstowReadCallbacks callbacks{};
        auto owner = std::make_unique<ReadAt>(std::move(read_at));
        callbacks.context = owner.get();
        callbacks.len = len;
        callbacks.read_at = [](void* context, std::uint64_t offset, void* to,
                               std::size_t count) -> std::int32_t {
            detail::called_back<ReadAt> reader{*static_cast<ReadAt*>(context), {}};
            return reader.run(offset, to, count);
        };
        callbacks.free = [](void* context) { delete static_cast<ReadAt*>(context); };
        source from = made(err, npstow_source_from_callbacks, &callbacks);
        if (from) owner.release();
        return from;
    }

private:
    template <class... Call>
    static source made(const on_error& err, Call... call)
    {
        source from;
        from.raw_ = detail::shared<npstow_source_free>(err, call...);
        return from;
    }
    std::shared_ptr<NpstowSource> raw_;
};

/// An open file, folder or archive. Copies share it; threads may use it at once.
class file {
public:
    file() = default;
    /// Takes over a handle of the C interface.
    explicit file(NpstowFile* raw) noexcept : raw_(raw) {}
    explicit operator bool() const noexcept { return get() != nullptr; }
    NpstowFile* get() const noexcept { return raw_.get(); }

    /// "npy", "npz", "folder", "pickle", "joblib", "hdf5", "torch" or "shelve".
    std::string format() const { return get() ? npstow_file_format(get()) : ""; }
    std::string path() const { return get() ? npstow_file_path(get()) : ""; }
    node root(on_error err NPSTOW_OR_THROW) const;
    /// What stands under a slash path; `""` is the only array of a `.npy`.
    node at(const std::string& path, on_error err NPSTOW_OR_THROW) const;
    /// The full paths of all arrays, in order.
    std::vector<std::string> arrays(on_error err NPSTOW_OR_THROW) const
    {
        return detail::take(detail::call(err, npstow_file_arrays, raw_.get()));
    }
    /// What one should know though the file can be read: that an HDF5 file was never closed, and
    /// what was left out of what was looked at until now.
    std::vector<std::string> warnings(on_error err NPSTOW_OR_THROW) const
    {
        return detail::take(detail::call(err, npstow_file_warnings, raw_.get()));
    }
    /// Everything, with few large reads and on all cores.
    fold load(on_error err NPSTOW_OR_THROW) const;

private:
    detail::copied<NpstowFile, npstow_file_clone, npstow_file_free> raw_;
};

/// Opens a file, a folder or an archive of any format. Only headers are read.
NPSTOW_COLD inline file open(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    return file(detail::call(err, npstow_open, detail::word(path)));
}
NPSTOW_COLD inline file open(const std::string& path, const limits& limits,
                             on_error err NPSTOW_OR_THROW)
{
    const auto raw = detail::raw_limits(limits);
    return file(detail::call(err, npstow_open_with, detail::word(path), raw.get()));
}
/// The same of bytes from elsewhere; errors call them `name`.
NPSTOW_COLD inline file open(const source& source, const std::string& name,
                             on_error err NPSTOW_OR_THROW)
{
    return file(detail::call(err, npstow_open_source, source.get(), detail::word(name), nullptr));
}
NPSTOW_COLD inline file open(const source& source, const std::string& name, const limits& limits,
                             on_error err NPSTOW_OR_THROW)
{
    const auto raw = detail::raw_limits(limits);
    return file(detail::call(err, npstow_open_source, source.get(), detail::word(name), raw.get()));
}

/// One array: "a.npy", "a.npz:x", "run/A000:photon".
NPSTOW_COLD inline array load(const std::string& place, on_error err NPSTOW_OR_THROW)
{
    return array(detail::call(err, npstow_load, detail::word(place)));
}

} // namespace NPSTOW_ROAD
} // namespace npstow

#include "node.hpp"
