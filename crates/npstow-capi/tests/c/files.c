/* Files read: lists, descriptions, elements, parts, rows, metadata; sources of all kinds; bounds. */
#include "check.h"

static NpstowArray *counted(size_t rows) {
    const size_t shape[] = {rows, 4};
    int32_t *values = malloc(rows * 4 * sizeof *values + 1);
    for (size_t i = 0; i < rows * 4; i++)
        values[i] = (int32_t)i;
    NpstowArray *array = npstow_array_from_copy(values, "<i4", shape, 2, NPSTOW_ORDER_C, NULL);
    free(values);
    return array;
}

/* A tree with groups, metadata and several dtypes. */
static NpstowTree *an_event(void) {
    NpstowError *error = NULL;
    NpstowTree *tree = npstow_tree_new();
    NpstowArray *photon = counted(100), *turned = npstow_array_transpose(photon, &error);
    NpstowArray *column = npstow_array_to_contiguous(turned, NPSTOW_ORDER_F, &error);
    const double scale = 0.125;
    NpstowArray *scalar = npstow_array_from_copy(&scale, "<f8", NULL, 0, NPSTOW_ORDER_C, &error);
    CHECK(npstow_tree_insert(tree, "event/photon", photon, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert(tree, "event/column", column, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert(tree, "scale", scalar, &error) == NPSTOW_OK);
    NpstowMeta *meta = npstow_meta_new();
    CHECK(npstow_meta_set_text(meta, "creator:simulation\nrun:7\n", &error) == NPSTOW_OK);
    CHECK(npstow_tree_set_meta(tree, "event/photon", meta, &error) == NPSTOW_OK);
    npstow_meta_free(meta);
    npstow_array_free(photon);
    npstow_array_free(turned);
    npstow_array_free(column);
    npstow_array_free(scalar);
    CHECK_OK(error);
    return tree;
}

static void described(const NpstowNode *node, bool packed) {
    NpstowError *error = NULL;
    size_t ndim = 0, itemsize = 0, shape[2] = {0, 0};
    ptrdiff_t strides[2] = {0, 0};
    uint64_t nbytes = 0, stored = 0, offset = 0;
    NpstowOrder order = -1;
    CHECK(npstow_node_kind(node) == NPSTOW_NODE_ARRAY);
    CHECK_TEXT(npstow_node_descr(node, &error), "<i4");
    CHECK(npstow_node_ndim(node, &ndim, &error) == NPSTOW_OK && ndim == 2);
    CHECK(npstow_node_shape(node, shape, 2, &error) == NPSTOW_OK && shape[0] == 100 && shape[1] == 4);
    CHECK(npstow_node_shape(node, shape, 3, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "expected 3 axes, found 2 axes");
    CHECK(npstow_node_strides(node, strides, 2, &error) == NPSTOW_OK && strides[0] == 16 && strides[1] == 4);
    CHECK(npstow_node_strides(node, strides, 1, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "expected 1 axes");
    CHECK(npstow_node_itemsize(node, &itemsize, &error) == NPSTOW_OK && itemsize == 4);
    CHECK(npstow_node_nbytes(node, &nbytes, &error) == NPSTOW_OK && nbytes == 1600);
    CHECK(npstow_node_stored_nbytes(node, &stored, &error) == NPSTOW_OK);
    CHECK(packed ? stored < 1600 : stored == 1600);
    CHECK(npstow_node_order(node, &order, &error) == NPSTOW_OK && order == NPSTOW_ORDER_C);
    if (packed) {
        CHECK(npstow_node_offset(node, &offset, &error) == NPSTOW_UNSUPPORTED);
        CHECK_TEXT(npstow_error_member(error), "event/photon");
        CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "packed with deflate");
    } else {
        CHECK(npstow_node_offset(node, &offset, &error) == NPSTOW_OK && offset >= 128);
    }
    CHECK_OK(error);
}

static void read_all(const NpstowNode *node) {
    NpstowError *error = NULL;
    NpstowArray *array = npstow_node_read(node, &error);
    const int32_t *values = npstow_array_typed(array, "<i4", &error);
    CHECK(values && values[399] == 399);
    int32_t *own = calloc(401, sizeof *own);
    CHECK(npstow_node_read_into(node, own, 1600, &error) == NPSTOW_OK);
    CHECK(values && memcmp(own, values, 1600) == 0 && own[400] == 0);
    CHECK(npstow_node_read_into(node, own, 1604, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "1600");
    CHECK(npstow_node_read_into_as(node, own, 1600, NPSTOW_BYTES_BIG, NPSTOW_ORDER_F, &error) == NPSTOW_OK);
    const unsigned char four[] = {0, 0, 0, 4};
    CHECK(memcmp(&own[1], four, 4) == 0);
    CHECK(npstow_node_read_into_as(node, own, 1600, 9, NPSTOW_ORDER_F, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "byte order 9");
    NpstowArray *big = npstow_node_read_as(node, NPSTOW_BYTES_BIG, NPSTOW_ORDER_KEEP, &error);
    CHECK_TEXT(npstow_array_descr(big), ">i4");
    npstow_array_free(big);
    NpstowArray *part = npstow_node_slice(node, "-1, ::3", &error);
    values = npstow_array_typed(part, "<i4", &error);
    CHECK(values && npstow_array_len(part) == 2 && values[0] == 396 && values[1] == 399);
    npstow_array_free(part);
    CHECK(npstow_node_slice_into(node, "1:3", own, 32, &error) == NPSTOW_OK && own[0] == 4 && own[7] == 11);
    CHECK(npstow_node_slice_into(node, "1:3", own, 31, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "32");
    CHECK(!npstow_node_slice(node, "100", &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "100");
    CHECK(!npstow_node_slice(node, "1:2:0", &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "");
    free(own);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void walked(const NpstowNode *node) {
    NpstowError *error = NULL;
    NpstowRecords *records = npstow_node_records(node, 30, &error);
    NpstowArray *band = NULL;
    size_t rows = 0, bands = 0;
    int64_t sum = 0;
    while (npstow_records_next(records, &band, &error) == NPSTOW_OK && band) {
        const int32_t *values = npstow_array_typed(band, "<i4", &error);
        rows += npstow_array_shape(band)[0];
        for (size_t i = 0; values && i < npstow_array_len(band); i++)
            sum += values[i];
        npstow_array_free(band);
        bands++;
    }
    CHECK(rows == 100 && bands == 4 && sum == 399 * 400 / 2);
    CHECK(npstow_records_next(records, &band, &error) == NPSTOW_OK && !band);
    CHECK(npstow_records_next(records, NULL, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "'band' is NULL");
    npstow_records_free(records);
    /* Given up in the middle. */
    records = npstow_node_records(node, 1, &error);
    CHECK(npstow_records_next(records, &band, &error) == NPSTOW_OK && band);
    npstow_array_free(band);
    npstow_records_free(records);
    CHECK_OK(error);
}

static void named(const NpstowFile *file) {
    NpstowError *error = NULL;
    NpstowStrings *names = npstow_file_arrays(file, &error);
    CHECK(npstow_strings_len(names) == 3);
    CHECK_TEXT(npstow_strings_get(names, 0), npstow_strings_get(names, 0));
    npstow_strings_free(names);
    NpstowNode *root = npstow_file_root(file, &error);
    CHECK(npstow_node_kind(root) == NPSTOW_NODE_GROUP);
    CHECK_TEXT(npstow_node_name(root), "");
    CHECK(!npstow_node_read(root, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "");
    CHECK(!npstow_node_descr(root, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "");
    names = npstow_node_names(root, &error);
    CHECK(npstow_strings_len(names) == 2);
    npstow_strings_free(names);
    NpstowNode *event = npstow_node_get(root, "event", &error);
    names = npstow_node_names(event, &error);
    CHECK_TEXT(npstow_strings_get(names, 0), "photon");
    CHECK_TEXT(npstow_strings_get(names, 1), "column");
    npstow_strings_free(names);
    names = npstow_node_find(root, "**/p*,scale", &error);
    CHECK(npstow_strings_len(names) == 2);
    npstow_strings_free(names);
    names = npstow_node_find(event, "*", &error);
    CHECK_TEXT(npstow_strings_get(names, 1), "column");
    npstow_strings_free(names);
    CHECK(!npstow_node_find(event, "[", &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "[");
    CHECK(npstow_node_has(root, "event/photon") && npstow_node_has(event, "photon"));
    CHECK(!npstow_node_has(event, "event") && npstow_node_has(event, ""));
    CHECK(!npstow_file_get(file, "event/none", &error));
    CHECK_TEXT(npstow_error_path(error), npstow_file_path(file));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'event/none'");
    NpstowFile *same_file = npstow_node_file(event, &error);
    CHECK_TEXT(npstow_file_path(same_file), npstow_file_path(file));
    npstow_file_free(same_file);
    NpstowTree *below = npstow_node_load(event, &error);
    CHECK(npstow_tree_len(below) == 2);
    npstow_tree_free(below);
    below = npstow_node_to_tree(event, &error);
    CHECK_OWNED(npstow_tree_desc(below, "photon", &error), "(100, 4) <i4");
    npstow_tree_free(below);
    npstow_node_free(event);
    npstow_node_free(root);
    CHECK_OK(error);
}

static void read_file(const NpstowFile *file, bool packed) {
    NpstowError *error = NULL;
    named(file);
    NpstowNode *node = npstow_file_get(file, "event/photon", &error);
    CHECK_TEXT(npstow_node_name(node), "event/photon");
    described(node, packed);
    read_all(node);
    walked(node);
    uint8_t digest[32] = {0}, zeros[32] = {0};
    CHECK(npstow_node_digest(node, digest, &error) == NPSTOW_OK && memcmp(digest, zeros, 32) != 0);
    NpstowMeta *meta = npstow_node_meta(node, &error);
    CHECK_TEXT(npstow_meta_get(meta, "creator"), "simulation");
    npstow_meta_free(meta);
    NpstowNode *other = npstow_node_clone(node);
    npstow_node_free(node);
    CHECK_TEXT(npstow_node_name(other), "event/photon");
    npstow_node_free(other);
    node = npstow_file_get(file, "event/column", &error);
    NpstowArray *column = npstow_node_read(node, &error);
    CHECK(npstow_array_shape(column)[0] == 4);
    NpstowArray *first = npstow_node_slice(node, "1", &error);
    const int32_t *values = npstow_array_typed(first, "<i4", &error);
    CHECK(values && values[2] == 9);
    npstow_array_free(first);
    npstow_array_free(column);
    npstow_node_free(node);
    NpstowTree *tree = npstow_file_load(file, &error);
    NpstowArray *scale = npstow_tree_array(tree, "scale", &error);
    const double *value = npstow_array_typed(scale, "f8", &error);
    CHECK(value && *value == 0.125 && npstow_array_ndim(scale) == 0);
    npstow_array_free(scale);
    npstow_tree_free(tree);
    CHECK_OK(error);
}

static void formats(void) {
    NpstowError *error = NULL;
    NpstowTree *tree = an_event();
    NpstowSaveOptions *packing = npstow_save_options_new();
    CHECK(npstow_save_options_set_level(packing, 6, &error) == NPSTOW_OK);
    const char *names[] = {"event.npz", "packed.npz", "event"};
    const char *formats[] = {"npz", "npz", "folder"};
    for (int i = 0; i < 3; i++) {
        const char *path = path_of(names[i]);
        CHECK(npstow_save_tree(path, tree, i == 1 ? packing : NULL, &error) == NPSTOW_OK);
        NpstowFile *file = npstow_open(path, &error);
        CHECK_TEXT(npstow_file_format(file), formats[i]);
        CHECK_TEXT(npstow_file_path(file), path);
        NpstowFile *other = npstow_file_clone(file);
        npstow_file_free(file);
        read_file(other, i == 1);
        npstow_file_free(other);
        NpstowFaults *faults = npstow_verify(path, &error);
        /* NP.hh reads no array without axes or in Fortran order: remarks on folders. */
        CHECK(faults && npstow_faults_len(faults) == (i == 2 ? 2 : 0) && !npstow_faults_is_error(faults, 0));
        npstow_faults_free(faults);
    }
    char place[4096];
    snprintf(place, sizeof place, "%s:event/photon", path_of("event.npz"));
    NpstowArray *array = npstow_load(place, &error);
    CHECK(npstow_array_len(array) == 400);
    npstow_array_free(array);
    CHECK(!npstow_load(path_of("event.npz"), &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "");
    npstow_save_options_free(packing);
    npstow_tree_free(tree);
    CHECK_OK(error);
}

static void viewed(void) {
    NpstowError *error = NULL;
    NpstowArray *array = counted(1000);
    CHECK(npstow_save(path_of("view.npy"), array, &error) == NPSTOW_OK);
    npstow_array_free(array);
    NpstowFile *file = npstow_open(path_of("view.npy"), &error);
    CHECK_TEXT(npstow_file_format(file), "npy");
    NpstowNode *root = npstow_file_root(file, &error);
    CHECK(npstow_node_kind(root) == NPSTOW_NODE_ARRAY);
    array = npstow_node_view(root, &error);
    npstow_node_free(root);
    npstow_file_free(file);
    const int32_t *values = npstow_array_typed(array, "<i4", &error);
    CHECK(values && values[3999] == 3999);
    npstow_array_free(array);
    CHECK_OK(error);
}

struct bytes {
    const char *start;
    size_t len;
    int reads, freed, error;
};

static int32_t read_at(void *context, uint64_t offset, void *dst, size_t len) {
    struct bytes *bytes = context;
    bytes->reads++;
    if (bytes->error)
        return bytes->error;
    memcpy(dst, bytes->start + offset, len);
    return 0;
}

static void freed(void *context) {
    ((struct bytes *)context)->freed++;
}

static char *slurp(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len);
    CHECK(fread(bytes, 1, *len, file) == *len);
    fclose(file);
    return bytes;
}

static void sources(void) {
    NpstowError *error = NULL;
    struct bytes bytes = {NULL, 0, 0, 0, 0};
    char *whole = slurp(path_of("event.npz"), &bytes.len);
    bytes.start = whole;
    NpstowReadCallbacks callbacks = {&bytes, bytes.len, read_at, freed};
    NpstowSource *all[4] = {
        npstow_source_from_path(path_of("event.npz"), &error),
        npstow_source_from_memory(whole, bytes.len, freed, &bytes, &error),
        npstow_source_from_copy(whole, bytes.len, &error),
        npstow_source_from_callbacks(&callbacks, &error),
    };
    for (int i = 0; i < 4; i++) {
        CHECK(npstow_source_len(all[i]) == bytes.len);
        NpstowFile *file = npstow_open_source(all[i], "somewhere", NULL, &error);
        CHECK_TEXT(npstow_file_path(file), "somewhere");
        npstow_source_free(all[i]);
        read_file(file, false);
        npstow_file_free(file);
    }
    CHECK(bytes.reads > 0 && bytes.freed == 2);
    /* A function that fails says why. */
    bytes.error = 5;
    NpstowSource *source = npstow_source_from_callbacks(&callbacks, &error);
    CHECK(!npstow_open_source(source, "broken", NULL, &error));
    CHECK(npstow_error_errno(error) == 5);
    CHECK_TEXT(npstow_error_path(error), "broken");
    CHECK_ERROR(error, NPSTOW_IO, "broken");
    npstow_source_free(source);
    callbacks.read_at = NULL;
    CHECK(!npstow_source_from_callbacks(&callbacks, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "'read_at' is NULL");
    CHECK(!npstow_source_from_path(path_of("none"), &error));
    CHECK_ERROR(error, NPSTOW_IO, "none");
    /* Every cut is an error, and none is a crash. */
    for (size_t len = 0; len < bytes.len; len += 7) {
        source = npstow_source_from_memory(whole, len, NULL, NULL, &error);
        NpstowFile *file = npstow_open_source(source, "cut.npz", NULL, &error);
        CHECK(!file && npstow_error_status(error) == NPSTOW_CORRUPT);
        npstow_error_free(error);
        error = NULL;
        npstow_source_free(source);
    }
    free(whole);
}

static void damaged(void) {
    NpstowError *error = NULL;
    size_t len = 0;
    uint64_t offset = 0;
    char *whole = slurp(path_of("view.npy"), &len);
    NpstowSource *source = npstow_source_from_memory(whole, len - 3, NULL, NULL, &error);
    NpstowFile *file = npstow_open_source(source, "cut.npy", NULL, &error);
    NpstowNode *root = npstow_file_root(file, &error);
    CHECK(!npstow_node_read(root, &error));
    CHECK(npstow_error_offset(error, &offset) && offset == 128);
    CHECK_TEXT(npstow_error_path(error), "cut.npy");
    CHECK_ERROR(error, NPSTOW_CORRUPT, "cut.npy: at byte 128: ");
    npstow_node_free(root);
    npstow_file_free(file);
    npstow_source_free(source);
    whole[len = 40] = '\1';
    source = npstow_source_from_memory(whole, 16128, NULL, NULL, &error);
    CHECK(!npstow_open_source(source, "bad.npy", NULL, &error));
    CHECK(npstow_error_offset(error, &offset) && offset > 6 && offset <= 40);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "bad.npy");
    npstow_source_free(source);
    free(whole);
    /* A byte of a member's data: the error names the member. */
    whole = slurp(path_of("event.npz"), &len);
    file = npstow_open(path_of("event.npz"), &error);
    NpstowNode *node = npstow_file_get(file, "event/photon", &error);
    CHECK(npstow_node_offset(node, &offset, &error) == NPSTOW_OK);
    npstow_node_free(node);
    npstow_file_free(file);
    whole[offset + 5] ^= 1;
    FILE *out = fopen(path_of("damaged.npz"), "wb");
    CHECK(fwrite(whole, 1, len, out) == len && fclose(out) == 0);
    free(whole);
    file = npstow_open(path_of("damaged.npz"), &error);
    node = npstow_file_get(file, "event/photon", &error);
    CHECK(!npstow_node_read(node, &error));
    CHECK_TEXT(npstow_error_member(error), "event/photon");
    CHECK_TEXT(npstow_error_path(error), path_of("damaged.npz"));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "event/photon");
    NpstowRecords *records = npstow_node_records(node, 50, &error);
    NpstowArray *band = NULL;
    CHECK(npstow_records_next(records, &band, &error) == NPSTOW_OK && band);
    npstow_array_free(band);
    CHECK(npstow_records_next(records, &band, &error) == NPSTOW_CORRUPT);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "event/photon");
    npstow_records_free(records);
    npstow_node_free(node);
    npstow_file_free(file);
    NpstowFaults *faults = npstow_verify(path_of("damaged.npz"), &error);
    CHECK(npstow_faults_len(faults) == 1 && npstow_faults_is_error(faults, 0));
    CHECK(strstr(npstow_faults_message(faults, 0), "event/photon") != NULL);
    CHECK(!npstow_faults_message(faults, 1) && !npstow_faults_is_error(faults, 1));
    npstow_faults_free(faults);
    CHECK(!npstow_verify(path_of("none"), &error));
    CHECK_ERROR(error, NPSTOW_IO, "none");
}

static void bounded(void) {
    NpstowError *error = NULL;
    const char *path = path_of("packed.npz");
    NpstowLimits *limits = npstow_limits_new();
    npstow_limits_set_array_nbytes(limits, 1000);
    NpstowFile *file = npstow_open_with(path, limits, &error);
    NpstowNode *node = npstow_file_get(file, "event/photon", &error);
    CHECK(!npstow_node_read(node, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "1000");
    npstow_node_free(node);
    npstow_file_free(file);
    npstow_limits_set_array_nbytes(limits, UINT64_MAX);
    npstow_limits_set_members(limits, 2);
    CHECK(!npstow_open_with(path, limits, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "members");
    npstow_limits_set_members(limits, 100);
    npstow_limits_set_header_len(limits, 20);
    CHECK(!npstow_open_with(path_of("view.npy"), limits, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "header");
    npstow_limits_set_header_len(limits, 10000);
    npstow_limits_set_depth(limits, 1);
    npstow_limits_set_ratio(limits, 1);
    npstow_limits_set_total(limits, 10);
    file = npstow_open_with(path, limits, &error);
    node = file ? npstow_file_get(file, "event/photon", &error) : NULL;
    NpstowArray *array = node ? npstow_node_read(node, &error) : NULL;
    CHECK(!array);
    CHECK_ERROR(error, NPSTOW_LIMIT, "");
    npstow_node_free(node);
    npstow_file_free(file);
    npstow_limits_free(limits);
    limits = npstow_limits_none();
    file = npstow_open_with(path, limits, &error);
    CHECK(file != NULL);
    npstow_file_free(file);
    npstow_limits_free(limits);
    CHECK_OK(error);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    formats();
    viewed();
    sources();
    damaged();
    bounded();
    return end();
}
