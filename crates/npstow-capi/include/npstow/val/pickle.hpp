// Pickles: read as values, written from them, looked through and laundered.
#pragma once
#include "../callbacks.hpp"
#include "convert.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// What a `str` of Python 2 is taken for: text where it is ASCII and else bytes, or one of these.
enum class strings_of_2 : int { automatic = 0, bytes = 1, latin1 = 2, ascii = 3, utf8 = 4 };

/// How pickles are read.
struct pickle_options {
    strings_of_2 strings = strings_of_2::automatic;
    npstow::limits limits = {};
    /// Buffers that were pickled out of band (PEP 574), in their order. They stay yours, and stay as
    /// they are while anything that was read with them is there.
    std::vector<span<const unsigned char>> buffers = {};
};

namespace detail {
using raw_pickle_options = owned<NpstowPickleOptions, npstow_pickle_options_free>;
NPSTOW_COLD inline raw_pickle_options give(const pickle_options& from, const on_error& err)
{
    raw_pickle_options to(npstow_pickle_options_new());
    call(err, npstow_pickle_options_set_strings, to.get(),
         static_cast<NpstowStringsOf2>(from.strings));
    call(err, npstow_pickle_options_set_limits, to.get(), raw_limits(from.limits).get());
    for (const span<const unsigned char>& buffer : from.buffers)
        call(err, npstow_pickle_options_add_buffer, to.get(), buffer.data(), buffer.size(), nullptr,
             nullptr);
    return err.failed() ? nullptr : std::move(to);
}

using raw_save_options = owned<NpstowSaveOptions, npstow_save_options_free>;
NPSTOW_COLD inline raw_save_options pickling(int protocol, const on_error& err)
{
    raw_save_options to(npstow_save_options_new());
    call(err, npstow_save_options_set_format, to.get(), "pickle");
    if (!err.failed()) call(err, npstow_save_options_set_protocol, to.get(), protocol);
    return err.failed() ? nullptr : std::move(to);
}
} // namespace detail

/// Reads the pickle in a file as data: nothing that it names is ever run. Arrays and long texts are
/// read when they are looked at, so the file has to stay as it is.
NPSTOW_COLD inline val load_pickle(const std::string& path, const pickle_options& options,
                                   on_error err NPSTOW_OR_THROW)
{
    const auto raw = detail::give(options, err);
    if (!raw) return val();
    return val(detail::call(err, npstow_pickle_open, detail::word(path), raw.get()));
}
NPSTOW_COLD inline val load_pickle(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    return load_pickle(path, pickle_options(), err);
}
/// Reads the pickle that some bytes begin with; they are copied.
NPSTOW_COLD inline val read_pickle(std::string_view bytes, const pickle_options& options,
                                   on_error err NPSTOW_OR_THROW)
{
    const auto raw = detail::give(options, err);
    if (!raw) return val();
    return val(detail::call(err, npstow_pickle_read, bytes.data(), bytes.size(), raw.get()));
}
NPSTOW_COLD inline val read_pickle(std::string_view bytes, on_error err NPSTOW_OR_THROW)
{
    return read_pickle(bytes, pickle_options(), err);
}
/// Reads the pickle that a source begins with.
NPSTOW_COLD inline val load_pickle(const source& from, const pickle_options& options,
                                   on_error err NPSTOW_OR_THROW)
{
    const auto raw = detail::give(options, err);
    if (!raw) return val();
    return val(detail::call(err, npstow_pickle_open_source, from.get(), raw.get()));
}
/// The value that a node of an open file is, of any format that has values.
NPSTOW_COLD inline val to_val(const node& from, on_error err NPSTOW_OR_THROW)
{
    return val(detail::call(err, npstow_node_value, from.get()));
}

/// The value in a file of any format that has values, or what stands behind a colon in it:
/// "run.pkl:weights/0".
NPSTOW_COLD inline val load_val(const std::string& place, on_error err NPSTOW_OR_THROW)
{
    return val(detail::call(err, npstow_value_load, detail::word(place)));
}
/// Saves a value in the format that the path names: an array in any, another value where the format
/// holds such.
NPSTOW_COLD inline void save_val(const val& value, const std::string& path,
                                 on_error err NPSTOW_OR_THROW)
{
    const auto raw = value.handle(err);
    if (raw) detail::call(err, npstow_value_save, detail::word(path), raw.get(), nullptr);
}

/// Saves a value as a pickle, of protocol 2 to 5. The old file is there until the new one is.
NPSTOW_COLD inline void save_pickle(const val& value, const std::string& path, int protocol,
                                    on_error err NPSTOW_OR_THROW)
{
    const auto options = detail::pickling(protocol, err);
    const auto raw = options ? value.handle(err) : nullptr;
    if (raw) detail::call(err, npstow_value_save, detail::word(path), raw.get(), options.get());
}
/// Of protocol 4, which Python reads from 3.4 on.
NPSTOW_COLD inline void save_pickle(const val& value, const std::string& path,
                                    on_error err NPSTOW_OR_THROW)
{
    save_pickle(value, path, 4, err);
}
/// Hands the pickle of a value to `int write(const void*, std::size_t)`, which returns 0 or an
/// errno.
template <class Write>
void save_pickle_to(Write write, const val& value, int protocol, on_error err NPSTOW_OR_THROW)
{
    const auto options = detail::pickling(protocol, err);
    const auto raw = options ? value.handle(err) : nullptr;
    if (!raw) return;
    detail::with_sink(write, err, [&](const NpstowWriteCallback* sink, NpstowError** e) {
        npstow_value_save_to(sink, raw.get(), options.get(), e);
    });
}
/// The pickle of a value.
NPSTOW_COLD inline std::string to_pickle(const val& value, int protocol,
                                         on_error err NPSTOW_OR_THROW)
{
    std::string bytes;
    const auto write = [&](const void* piece, std::size_t len) {
        bytes.append(static_cast<const char*>(piece), len);
        return 0;
    };
    save_pickle_to(write, value, protocol, err);
    return bytes;
}

/// What is known of a name that a pickle uses: it tells people, and decides nothing.
enum class verdict : int { data = 0, harmless = 1, unknown = 2, code = 3 };

/// A name that a pickle uses.
struct mention {
    std::uint64_t offset = 0;
    std::string module, name;
    npstow::verdict verdict = npstow::verdict::unknown;
    /// How many pickles it is within, beside the one that the file is.
    std::size_t depth = 0;
};

/// All that the pickles of a file name.
struct pickle_scan {
    std::vector<mention> mentions;
    npstow::verdict worst = npstow::verdict::data;
    std::size_t pickles = 0;
    std::uint64_t end = 0;
    /// What is wrong with it; empty where nothing is.
    std::string fault;
};

/// Lists what a pickle names, before anybody loads it.
NPSTOW_COLD inline pickle_scan scan_pickle(const std::string& path, on_error err NPSTOW_OR_THROW)
{
    const detail::owned<NpstowScan, npstow_scan_free> raw(
        detail::call(err, npstow_scan, detail::word(path), nullptr));
    pickle_scan found;
    if (!raw) return found;
    const auto text = [](const char* from) { return std::string(from ? from : ""); };
    for (std::size_t at = 0; at < npstow_scan_len(raw.get()); at++)
        found.mentions.push_back({npstow_scan_offset(raw.get(), at),
                                  text(npstow_scan_module(raw.get(), at)),
                                  text(npstow_scan_name(raw.get(), at)),
                                  static_cast<verdict>(npstow_scan_verdict(raw.get(), at)),
                                  npstow_scan_depth(raw.get(), at)});
    found.worst = static_cast<verdict>(npstow_scan_worst(raw.get()));
    found.pickles = npstow_scan_pickles(raw.get());
    found.end = npstow_scan_end(raw.get());
    found.fault = text(npstow_scan_fault(raw.get()));
    return found;
}

/// Writes a pickle anew with nothing in it but data: all other objects become dictionaries that say
/// what they were.
NPSTOW_COLD inline void launder_pickle(const std::string& from, const std::string& to,
                                       on_error err NPSTOW_OR_THROW)
{
    detail::call(err, npstow_pickle_launder, detail::word(from), detail::word(to), nullptr);
}

} // namespace NPSTOW_ROAD
} // namespace npstow
