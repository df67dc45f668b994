// Arrays that arrive piece by piece, and messages of arrays that leave.
#pragma once
#include "callbacks.hpp"
#include "file.hpp"

namespace npstow {
inline namespace NPSTOW_ROAD {

/// What a stream consists of: `.npy` after `.npy`, the messages of NP.hh one after another, or one
/// `.npy` with metadata behind it (the body of a request).
enum class stream_form : int { npy = 0, np = 1, body = 2 };

/// Makes arrays of a stream that comes in any pieces.
class decoder {
public:
    explicit decoder(stream_form form, on_error err NPSTOW_OR_THROW) : decoder(form, {}, err) {}
    decoder(stream_form form, const limits& limits, on_error err NPSTOW_OR_THROW)
        : raw_(detail::call(err, npstow_decoder_new, static_cast<NpstowForm>(form),
                            detail::raw_limits(limits).get()))
    {}
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// Takes bytes up to the end of an array, and returns how many it took. Take the array before
    /// you push the rest.
    std::size_t push(const void* bytes, std::size_t len, on_error err NPSTOW_OR_THROW)
    {
        std::size_t taken = 0;
        detail::call(err, npstow_decoder_push, raw_.get(), bytes, len, &taken);
        return taken;
    }
    /// The next array that is whole, or none. Its metadata come with it where the form has them.
    array take(on_error err NPSTOW_OR_THROW) { return take(nullptr, err); }
    array take(meta& beside, on_error err NPSTOW_OR_THROW) { return take(&beside, err); }
    /// `corrupt` where the stream ends in the middle of an array.
    void finish(on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_decoder_finish, raw_.get());
    }
    /// How many bytes are missing to the end of the part that is arriving.
    std::size_t wants() const noexcept { return npstow_decoder_wants(raw_.get()); }
    /// Memory for the next bytes, which need no copy then; `filled` says how many came.
    span<unsigned char> buffer(on_error err NPSTOW_OR_THROW)
    {
        std::size_t len = 0;
        void* memory = detail::call(err, npstow_decoder_buffer, raw_.get(), &len);
        return span<unsigned char>(static_cast<unsigned char*>(memory), memory ? len : 0);
    }
    void filled(std::size_t len, on_error err NPSTOW_OR_THROW)
    {
        detail::call(err, npstow_decoder_filled, raw_.get(), len);
    }

private:
    array take(meta* beside, const on_error& err)
    {
        NpstowMeta* raw = nullptr;
        const array taken(
            detail::call(err, npstow_decoder_take, raw_.get(), beside ? &raw : nullptr));
        if (beside) *beside = raw ? meta(raw) : meta();
        return taken;
    }
    detail::owned<NpstowDecoder, npstow_decoder_free> raw_;
};

/// Writes an array and its metadata in a form, with `int write(const void*, std::size_t)`.
template <class Write>
void write_message(Write write, const array& array, const meta& beside, stream_form form,
                   on_error err NPSTOW_OR_THROW)
{
    // A form that carries no metadata takes none, and refuses some.
    const bool none = form == stream_form::npy && beside.text().empty();
    detail::with_sink(write, err, [&](const NpstowWriteCallback* sink, NpstowError** e) {
        npstow_message_write(sink, array.get(), none ? nullptr : beside.get(),
                             static_cast<NpstowForm>(form), e);
    });
}

} // namespace NPSTOW_ROAD
} // namespace npstow
