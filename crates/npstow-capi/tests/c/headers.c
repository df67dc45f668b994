/* Headers alone: made, read, cut off, and refused; and arrays that are not there. */
#include "check.h"

static void made(void) {
    const size_t shape[] = {3, 2};
    NpstowError *error = NULL;
    size_t len = 0, at;
    NpstowHeader *header = npstow_header_new(">f4", shape, 2, NPSTOW_ORDER_F, &error), *again;
    const char *bytes = npstow_header_bytes(header, &len);
    CHECK_OK(error);
    CHECK(len == 128 && memcmp(bytes, "\x93NUMPY\x01\x00", 8) == 0 && bytes[127] == '\n');
    CHECK(npstow_header_len(bytes, 12, NULL, &error) == 128);
    CHECK(npstow_header_len(bytes, 10, NULL, &error) == 128);
    CHECK_OK(error);
    again = npstow_header_parse(bytes, len, NULL, &error);
    CHECK_OK(error);
    CHECK_TEXT(npstow_header_descr(again), ">f4");
    CHECK(npstow_header_kind(again) == 'f' && !npstow_header_is_native(again));
    CHECK(npstow_header_ndim(again) == 2 && memcmp(npstow_header_shape(again), shape, sizeof shape) == 0);
    CHECK(npstow_header_order(again) == NPSTOW_ORDER_F && npstow_header_itemsize(again) == 4);
    CHECK(npstow_header_nbytes(again) == 24);
    for (at = 0; at < len; at++) {
        CHECK(!npstow_header_parse(bytes, at, NULL, &error));
        CHECK_ERROR(error, NPSTOW_CORRUPT, "at byte");
    }
    npstow_header_free(again);
    npstow_header_free(header);
}

/* What follows the header is not looked at, and is no part of it. */
static void read_in_a_file(void) {
    const char *descr = "[('x', '<f4'), ('y', '<i8')]";
    char file[256] = {0};
    NpstowError *error = NULL;
    size_t len = 0;
    NpstowHeader *header = npstow_header_new(descr, NULL, 0, NPSTOW_ORDER_C, &error);
    const void *bytes = npstow_header_bytes(header, &len);
    CHECK_OK(error);
    CHECK(len < sizeof file);
    memcpy(file, bytes, len < sizeof file ? len : 0);
    npstow_header_free(header);
    header = npstow_header_parse(file, sizeof file, NULL, &error);
    CHECK_OK(error);
    npstow_header_bytes(header, &len);
    CHECK(len == 128 && npstow_header_ndim(header) == 0 && npstow_header_nbytes(header) == 12);
    CHECK_TEXT(npstow_header_descr(header), descr);
    CHECK(npstow_header_kind(header) == 'V' && npstow_header_is_native(header));
    npstow_header_free(header);
}

static void refused(void) {
    const size_t large[] = {(size_t)1 << 40, (size_t)1 << 40};
    NpstowLimits *limits = npstow_limits_new();
    NpstowError *error = NULL;
    NpstowHeader *header = npstow_header_new("<f4", NULL, 0, NPSTOW_ORDER_C, &error);
    size_t len = 0;
    const void *bytes = npstow_header_bytes(header, &len);
    CHECK_OK(error);
    npstow_limits_set_header_len(limits, 20);
    CHECK(npstow_header_len(bytes, 12, limits, &error) == 0);
    CHECK_ERROR(error, NPSTOW_LIMIT, "header");
    CHECK(!npstow_header_parse(bytes, len, limits, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "header");
    CHECK(npstow_header_len("PK\x03\x04 and more", 12, NULL, &error) == 0);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "magic");
    CHECK(!npstow_header_new("<f3", NULL, 0, NPSTOW_ORDER_C, &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "f3");
    CHECK(!npstow_header_new("<f4", large, 2, NPSTOW_ORDER_C, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "1099511627776");
    CHECK(!npstow_header_new("<f4", NULL, 0, NPSTOW_ORDER_KEEP, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "KEEP");
    npstow_header_free(header);
    npstow_limits_free(limits);
}

static void without(void) {
    const size_t shape[] = {1};
    NpstowError *error = NULL;
    size_t len = 7;
    npstow_header_free(NULL);
    CHECK(!npstow_header_descr(NULL) && !npstow_header_kind(NULL) && !npstow_header_is_native(NULL));
    CHECK(!npstow_header_ndim(NULL) && !npstow_header_shape(NULL) && !npstow_header_order(NULL));
    CHECK(!npstow_header_itemsize(NULL) && !npstow_header_nbytes(NULL));
    CHECK(!npstow_header_bytes(NULL, &len) && len == 0);
    CHECK(npstow_header_len(NULL, 12, NULL, &error) == 0);
    CHECK_ERROR(error, NPSTOW_INVALID, "prefix");
    CHECK(!npstow_header_parse(NULL, 12, NULL, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "bytes");
    CHECK(!npstow_header_new(NULL, shape, 1, NPSTOW_ORDER_C, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "descr");
    CHECK(!npstow_header_new("<f4", NULL, 1, NPSTOW_ORDER_C, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "shape");
    CHECK(npstow_node_check(NULL, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "node");
}

/* A file that promises a TiB and holds nothing: described, but not to be allocated for. */
static void promised(void) {
    const size_t shape[] = {(size_t)1 << 40};
    NpstowError *error = NULL;
    size_t len = 0;
    NpstowHeader *header = npstow_header_new("|u1", shape, 1, NPSTOW_ORDER_C, &error);
    const void *bytes = npstow_header_bytes(header, &len);
    NpstowSource *source = npstow_source_from_memory(bytes, len, NULL, NULL, &error);
    NpstowFile *file = npstow_open_source(source, "promise.npy", NULL, &error);
    NpstowNode *node = npstow_file_root(file, &error);
    uint64_t nbytes = 0;
    CHECK(npstow_node_nbytes(node, &nbytes, &error) == NPSTOW_OK && nbytes == (uint64_t)1 << 40);
    CHECK_OK(error);
    CHECK(npstow_node_check(node, &error) == NPSTOW_CORRUPT);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "promise.npy");
    npstow_node_free(node);
    npstow_file_free(file);
    npstow_source_free(source);
    npstow_header_free(header);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    made();
    read_in_a_file();
    refused();
    without();
    promised();
    return end();
}
