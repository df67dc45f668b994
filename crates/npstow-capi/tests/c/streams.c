/* Arrays on their way: messages written, and taken out of pieces of any size. */
#include "check.h"

struct stream {
    unsigned char bytes[8192];
    size_t len;
};

static int32_t take(void *context, const void *bytes, size_t len) {
    struct stream *stream = context;
    if (len > sizeof stream->bytes - stream->len)
        return 28;
    memcpy(stream->bytes + stream->len, bytes, len);
    stream->len += len;
    return 0;
}

static const float values[] = {1, 2, 3, 4, 5, 6};

static void fill(struct stream *stream, NpstowForm form) {
    NpstowError *error = NULL;
    NpstowWriteCallback callback = {stream, take};
    stream->len = 0;
    NpstowMeta *meta = npstow_meta_new();
    CHECK(npstow_meta_set_i64(meta, "index", 3, &error) == NPSTOW_OK);
    for (size_t rows = 0; rows < 3; rows++) {
        const size_t shape[] = {rows, 3};
        NpstowArray *array = npstow_array_from_copy(values, "<f4", shape, 2, NPSTOW_ORDER_C, &error);
        const NpstowMeta *with = form == NPSTOW_FORM_NP && rows == 2 ? meta : NULL;
        CHECK(npstow_message_write(&callback, array, with, form, &error) == NPSTOW_OK);
        npstow_array_free(array);
    }
    npstow_meta_free(meta);
    CHECK_OK(error);
}

static void check_taken(NpstowDecoder *decoder, size_t rows, bool noted) {
    NpstowError *error = NULL;
    NpstowMeta *meta = NULL;
    NpstowArray *array = npstow_decoder_take(decoder, &meta, &error);
    const float *found = npstow_array_typed(array, "f4", &error);
    CHECK(found && npstow_array_shape(array)[0] == rows && memcmp(found, values, rows * 12) == 0);
    CHECK_TEXT(npstow_meta_get(meta, "index"), noted ? "3" : NULL);
    npstow_meta_free(meta);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void in_pieces(NpstowForm form) {
    NpstowError *error = NULL;
    static struct stream stream;
    fill(&stream, form);
    for (size_t size = 1; size < 300; size = size * 2 + 1) {
        NpstowDecoder *decoder = npstow_decoder_new(form, NULL, &error);
        for (size_t at = 0; at < stream.len; at += size) {
            size_t len = stream.len - at < size ? stream.len - at : size;
            CHECK(npstow_decoder_push(decoder, stream.bytes + at, len, NULL, &error) == NPSTOW_OK);
        }
        CHECK(npstow_decoder_finish(decoder, &error) == NPSTOW_OK);
        for (size_t rows = 0; rows < 3; rows++)
            check_taken(decoder, rows, form == NPSTOW_FORM_NP && rows == 2);
        NpstowMeta *none = (NpstowMeta *)&stream;
        CHECK(!npstow_decoder_take(decoder, &none, &error) && !none);
        npstow_decoder_free(decoder);
    }
    /* One array at a time. */
    NpstowDecoder *decoder = npstow_decoder_new(form, NULL, &error);
    size_t at = 0, rows = 0;
    while (at < stream.len) {
        size_t consumed = 0;
        CHECK(npstow_decoder_push(decoder, stream.bytes + at, stream.len - at, &consumed, &error) == NPSTOW_OK);
        at += consumed;
        check_taken(decoder, rows, form == NPSTOW_FORM_NP && rows == 2);
        CHECK(!npstow_decoder_take(decoder, NULL, &error));
        rows++;
    }
    CHECK(rows == 3);
    npstow_decoder_free(decoder);
    CHECK_OK(error);
}

/* As a program does that reads from a socket: straight into the decoder's memory. */
static void received(NpstowForm form) {
    NpstowError *error = NULL;
    static struct stream stream;
    fill(&stream, form);
    NpstowDecoder *decoder = npstow_decoder_new(form, NULL, &error);
    size_t at = 0;
    while (at < stream.len) {
        size_t room = 0;
        void *memory = npstow_decoder_buffer(decoder, &room, &error);
        CHECK(memory && room > 0 && room <= npstow_decoder_wants(decoder));
        if (!memory)
            break;
        size_t len = room < stream.len - at ? room : stream.len - at;
        memcpy(memory, stream.bytes + at, len);
        CHECK(npstow_decoder_filled(decoder, room + 1, &error) == NPSTOW_INVALID);
        CHECK_ERROR(error, NPSTOW_INVALID, "in a room of");
        CHECK(npstow_decoder_filled(decoder, len, &error) == NPSTOW_OK);
        at += len;
    }
    CHECK(npstow_decoder_finish(decoder, &error) == NPSTOW_OK);
    for (size_t rows = 0; rows < 3; rows++)
        check_taken(decoder, rows, form == NPSTOW_FORM_NP && rows == 2);
    npstow_decoder_free(decoder);
    CHECK_OK(error);
}

static void bodies(void) {
    NpstowError *error = NULL;
    static struct stream stream;
    NpstowWriteCallback callback = {&stream, take};
    const size_t three[] = {3};
    NpstowArray *array = npstow_array_from_copy(values, "<f4", three, 1, NPSTOW_ORDER_C, &error);
    NpstowMeta *meta = npstow_meta_new();
    CHECK(npstow_meta_set(meta, "index", "3", &error) == NPSTOW_OK);
    CHECK(npstow_message_write(&callback, array, meta, NPSTOW_FORM_BODY, &error) == NPSTOW_OK);
    NpstowDecoder *decoder = npstow_decoder_new(NPSTOW_FORM_BODY, NULL, &error);
    CHECK(npstow_decoder_push(decoder, stream.bytes, stream.len, NULL, &error) == NPSTOW_OK);
    CHECK(!npstow_decoder_take(decoder, NULL, &error) && npstow_decoder_wants(decoder) == SIZE_MAX);
    CHECK(npstow_decoder_finish(decoder, &error) == NPSTOW_OK);
    NpstowMeta *back = NULL;
    NpstowArray *taken = npstow_decoder_take(decoder, &back, &error);
    CHECK(npstow_array_len(taken) == 3);
    CHECK_TEXT(npstow_meta_text(back), "index:3\n");
    npstow_array_free(taken);
    npstow_meta_free(back);
    npstow_decoder_free(decoder);
    CHECK(npstow_message_write(&callback, array, meta, NPSTOW_FORM_NPY, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "metadata");
    CHECK(npstow_message_write(&callback, array, meta, 9, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "form 9");
    NpstowStrings *names = npstow_strings_new();
    CHECK(npstow_strings_push(names, "x", &error) == NPSTOW_OK);
    CHECK(npstow_meta_set_names(meta, names, &error) == NPSTOW_OK);
    CHECK(npstow_message_write(&callback, array, meta, NPSTOW_FORM_NP, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "names");
    npstow_strings_free(names);
    npstow_meta_free(meta);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void broken(NpstowForm form) {
    NpstowError *error = NULL;
    static struct stream stream;
    uint64_t offset = 0;
    fill(&stream, form);
    const size_t start = form == NPSTOW_FORM_NP ? 16 : 0;
    for (size_t end = 1; end < 128 + start; end++) {
        NpstowDecoder *decoder = npstow_decoder_new(form, NULL, &error);
        CHECK(npstow_decoder_push(decoder, stream.bytes, end, NULL, &error) == NPSTOW_OK);
        CHECK(npstow_decoder_finish(decoder, &error) == NPSTOW_CORRUPT);
        CHECK(npstow_error_offset(error, &offset) && offset == end);
        CHECK_ERROR(error, NPSTOW_CORRUPT, "the end");
        npstow_decoder_free(decoder);
    }
    stream.bytes[start + 1] = 'X';
    NpstowDecoder *decoder = npstow_decoder_new(form, NULL, &error);
    CHECK(npstow_decoder_push(decoder, stream.bytes, stream.len, NULL, &error) == NPSTOW_CORRUPT);
    CHECK(npstow_error_offset(error, &offset) && offset == start);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "magic");
    CHECK(npstow_decoder_push(decoder, stream.bytes, 1, NULL, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "failed before");
    npstow_decoder_free(decoder);
    NpstowLimits *limits = npstow_limits_new();
    npstow_limits_set_array_nbytes(limits, 20);
    fill(&stream, form);
    decoder = npstow_decoder_new(form, limits, &error);
    npstow_limits_free(limits);
    CHECK(npstow_decoder_push(decoder, stream.bytes, stream.len, NULL, &error) == NPSTOW_LIMIT);
    CHECK_ERROR(error, NPSTOW_LIMIT, "20");
    npstow_decoder_free(decoder);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    in_pieces(NPSTOW_FORM_NPY);
    in_pieces(NPSTOW_FORM_NP);
    received(NPSTOW_FORM_NPY);
    received(NPSTOW_FORM_NP);
    bodies();
    broken(NPSTOW_FORM_NPY);
    broken(NPSTOW_FORM_NP);
    return end();
}
