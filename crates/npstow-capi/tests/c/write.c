/* Files written: options, sinks, rows, changes of archives, metadata in place, repairs. */
#include "check.h"

static NpstowArray *bytes_of(const char *text) {
    const size_t len = strlen(text);
    return npstow_array_from_copy(text, "u1", &len, 1, NPSTOW_ORDER_C, NULL);
}

static bool holds(const char *place, const char *text) {
    NpstowArray *array = npstow_load(place, NULL);
    bool same_bytes = array && npstow_array_nbytes(array) == strlen(text) &&
                      memcmp(npstow_array_data(array), text, strlen(text)) == 0;
    npstow_array_free(array);
    return same_bytes;
}

static bool begins_with(const char *path, const char *bytes, size_t len) {
    char found[16];
    FILE *file = fopen(path, "rb");
    bool is_so = file && len <= sizeof found && fread(found, 1, len, file) == len &&
                 memcmp(found, bytes, len) == 0;
    if (file) fclose(file);
    return is_so;
}

static const char *place_of(const char *file, const char *name) {
    static char place[4096];
    snprintf(place, sizeof place, "%s:%s", path_of(file), name);
    return place;
}

static void optioned(void) {
    NpstowError *error = NULL;
    const int16_t values[] = {1, 2, 3, 4, 5, 6};
    const size_t shape[] = {2, 3};
    NpstowArray *array = npstow_array_from_copy(values, "<i2", shape, 2, NPSTOW_ORDER_C, &error);
    NpstowTree *tree = npstow_tree_new();
    CHECK(npstow_tree_insert(tree, "", array, &error) == NPSTOW_OK);
    NpstowSaveOptions *options = npstow_save_options_new();
    CHECK(npstow_save_options_set_byte_order(options, NPSTOW_BYTES_BIG, &error) == NPSTOW_OK);
    CHECK(npstow_save_options_set_memory_order(options, NPSTOW_ORDER_F, &error) == NPSTOW_OK);
    CHECK(npstow_save_options_set_version(options, 2, &error) == NPSTOW_OK);
    CHECK(npstow_save_options_set_durability(options, NPSTOW_DURABILITY_FULL, &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("x.npy"), tree, options, &error) == NPSTOW_OK);
    FILE *file = fopen(path_of("x.npy"), "rb");
    unsigned char start[140];
    CHECK(fread(start, 1, sizeof start, file) == sizeof start && start[6] == 2);
    CHECK(start[128] == 0 && start[129] == 1 && start[131] == 4);
    fclose(file);
    CHECK(npstow_save_options_set_version(options, 4, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "version 4");
    CHECK(npstow_save_options_set_byte_order(options, 9, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "byte order 9");
    CHECK(npstow_save_options_set_memory_order(options, 9, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "memory order 9");
    CHECK(npstow_save_options_set_durability(options, 9, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "durability 9");
    CHECK(npstow_save_options_set_level(options, 13, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "level 13");
    CHECK(npstow_save_options_set_format(options, "tiff", &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "'tiff'");
    CHECK(npstow_save_options_set_level(options, 6, &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("y.npy"), tree, options, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "compression in the format npy");
    CHECK(npstow_save_options_set_level(options, -1, &error) == NPSTOW_OK);
    CHECK(npstow_save_options_set_format(options, "npy", &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("strange.extension"), tree, options, &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("none/x.npy"), tree, NULL, &error) == NPSTOW_IO);
    CHECK(npstow_error_errno(error) == 2);
    CHECK_ERROR(error, NPSTOW_IO, "none/x.npy");
    npstow_save_options_free(options);
    options = npstow_save_options_new();
    CHECK(npstow_save_options_set_npfold(options, true, &error) == NPSTOW_OK);
    NpstowTree *fold = npstow_tree_new();
    CHECK(npstow_tree_insert(fold, "x", array, &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("fold"), fold, options, &error) == NPSTOW_OK);
    file = fopen(path_of("fold/NPFold_index.txt"), "rb");
    CHECK(file && fread(start, 1, sizeof start, file) == 6 && memcmp(start, "x.npy\n", 6) == 0);
    if (file)
        fclose(file);
    CHECK(npstow_save_tree(path_of("fold.npz"), fold, options, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "profile");
    CHECK(!npstow_editor_open(path_of("fold.npz"), options, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "another format");
    npstow_tree_free(fold);
    npstow_save_options_free(options);
    npstow_tree_free(tree);
    npstow_array_free(array);
    CHECK_OK(error);
}

struct sink {
    char *bytes;
    size_t len, most;
};

static int32_t take(void *context, const void *bytes, size_t len) {
    struct sink *sink = context;
    if (sink->len + len > sink->most)
        return 28; /* ENOSPC */
    sink->bytes = realloc(sink->bytes, sink->len + len + 1);
    memcpy(sink->bytes + sink->len, bytes, len);
    sink->len += len;
    return 0;
}

static void sinks(void) {
    NpstowError *error = NULL;
    struct sink sink = {NULL, 0, SIZE_MAX};
    NpstowWriteCallback callback = {&sink, take};
    NpstowArray *array = bytes_of("hello");
    NpstowTree *tree = npstow_tree_new();
    CHECK(npstow_tree_insert(tree, "a/b", array, &error) == NPSTOW_OK);
    CHECK(npstow_save_to(&callback, tree, NULL, &error) == NPSTOW_OK);
    NpstowSource *source = npstow_source_from_memory(sink.bytes, sink.len, NULL, NULL, &error);
    NpstowFile *file = npstow_open_source(source, "memory", NULL, &error);
    CHECK_TEXT(npstow_file_format(file), "npz");
    NpstowNode *node = npstow_file_get(file, "a/b", &error);
    NpstowArray *back = npstow_node_read(node, &error);
    CHECK(back && memcmp(npstow_array_data(back), "hello", 5) == 0);
    npstow_array_free(back);
    npstow_node_free(node);
    npstow_file_free(file);
    npstow_source_free(source);
    sink.len = 0;
    CHECK(npstow_save_array_to(&callback, array, NULL, &error) == NPSTOW_OK && sink.len == 128 + 5);
    NpstowSaveOptions *options = npstow_save_options_new();
    CHECK(npstow_save_options_set_format(options, "npz", &error) == NPSTOW_OK);
    CHECK(npstow_save_array_to(&callback, array, options, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "npz");
    CHECK(npstow_save_options_set_format(options, "folder", &error) == NPSTOW_OK);
    CHECK(npstow_save_to(&callback, tree, options, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "folder");
    npstow_save_options_free(options);
    sink.len = 0;
    sink.most = 130;
    CHECK(npstow_save_array_to(&callback, array, NULL, &error) == NPSTOW_IO);
    CHECK(npstow_error_errno(error) == 28);
    CHECK_ERROR(error, NPSTOW_IO, "");
    callback.write = NULL;
    CHECK(npstow_save_array_to(&callback, array, NULL, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "'write' is NULL");
    free(sink.bytes);
    npstow_tree_free(tree);
    npstow_array_free(array);
    CHECK_OK(error);
}

/* A tree in a format, by the path and by the options, and what it is when it is opened. */
static void formats(void) {
    static const char *const files[][2] = {
        {"any.npz", "npz"},       {"any", "folder"},     {"any.pkl", "pickle"},
        {"any.joblib", "joblib"}, {"any.h5", "hdf5"},    {"any.joblib.gz", "joblib"},
        {"any.joblib.lz4", "joblib"},
    };
    NpstowError *error = NULL;
    NpstowArray *array = bytes_of("hello");
    NpstowTree *tree = npstow_tree_new();
    CHECK(npstow_tree_insert(tree, "a/b", array, &error) == NPSTOW_OK);
    for (size_t at = 0; at < 2 * sizeof files / sizeof *files; at++) {
        const char *const *names = files[at / 2];
        const char *path = path_of(names[0]);
        NpstowSaveOptions *options = npstow_save_options_new();
        if (at % 2) {
            char unnamed[32];
            snprintf(unnamed, sizeof unnamed, "%zu.of-no-name", at);
            path = path_of(unnamed);
            CHECK(npstow_save_options_set_format(options, names[1], &error) == NPSTOW_OK);
        }
        CHECK(npstow_save_tree(path, tree, options, &error) == NPSTOW_OK);
        npstow_save_options_free(options);
        NpstowFile *file = npstow_open(path, &error);
        CHECK_OK(error);
        CHECK_TEXT(npstow_file_format(file), names[1]);
        NpstowNode *node = npstow_file_get(file, "a/b", &error);
        NpstowArray *back = npstow_node_read(node, &error);
        CHECK(back && npstow_array_nbytes(back) == 5);
        CHECK(back && memcmp(npstow_array_data(back), "hello", 5) == 0);
        npstow_array_free(back);
        npstow_node_free(node);
        npstow_file_free(file);
    }
    NpstowSaveOptions *options = npstow_save_options_new();
    CHECK(npstow_save_options_set_compressor(options, "zip", &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "'zip'");
    CHECK(npstow_save_options_set_compressor(options, "xz", &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("xz.joblib"), tree, options, &error) == NPSTOW_OK);
    CHECK(begins_with(path_of("xz.joblib"), "\xfd" "7zXZ", 5) && holds(place_of("xz.joblib", "a/b"), "hello"));
    CHECK(npstow_save_tree(path_of("xz.npz"), tree, options, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "a compressor of joblib's in the format npz");
    npstow_save_options_free(options);
    options = npstow_save_options_new();
    CHECK(npstow_save_options_set_libver(options, "v108", &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "'v108'");
    static const char *const forms[][2] = {{"earliest", "\x89HDF\r\n\x1a\n\0"},
                                           {"latest", "\x89HDF\r\n\x1a\n\3"}};
    for (size_t at = 0; at < 2; at++) {
        CHECK(npstow_save_options_set_libver(options, forms[at][0], &error) == NPSTOW_OK);
        CHECK(npstow_save_tree(path_of("form.h5"), tree, options, &error) == NPSTOW_OK);
        CHECK(begins_with(path_of("form.h5"), forms[at][1], 9) && holds(place_of("form.h5", "a/b"), "hello"));
        CHECK(npstow_append(place_of("form.h5", "a/b"), array, &error) == NPSTOW_UNSUPPORTED);
        CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "");
        CHECK(npstow_save_options_set_resizable(options, true, &error) == NPSTOW_OK);
        CHECK(npstow_save_tree(path_of("form.h5"), tree, options, &error) == NPSTOW_OK);
        CHECK(begins_with(path_of("form.h5"), forms[at][1], 9));
        CHECK(npstow_append(place_of("form.h5", "a/b"), array, &error) == NPSTOW_OK);
        CHECK(holds(place_of("form.h5", "a/b"), "hellohello"));
        CHECK(npstow_save_options_set_resizable(options, false, &error) == NPSTOW_OK);
    }
    npstow_save_options_free(options);
    npstow_tree_free(tree);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void rows(void) {
    NpstowError *error = NULL;
    const size_t two[] = {2};
    const int32_t more[] = {1, 2, 3, 4, 5, 6};
    size_t count = 0;
    NpstowRowWriter *writer = npstow_row_writer_create(path_of("rows.npy"), "i4", two, 1, &error);
    CHECK(npstow_row_writer_push_data(writer, more, 3, &error) == NPSTOW_OK);
    NpstowArray *row = npstow_array_from_copy(more, "i4", two, 1, NPSTOW_ORDER_C, &error);
    CHECK(npstow_row_writer_push(writer, row, &error) == NPSTOW_OK);
    NpstowArray *wrong = bytes_of("no");
    CHECK(npstow_row_writer_push(writer, wrong, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "|u1");
    CHECK(!npstow_open(path_of("rows.npy"), NULL));
    CHECK(npstow_row_writer_finish(writer, &count, &error) == NPSTOW_OK && count == 4);
    CHECK(npstow_row_writer_finish(writer, &count, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "finished");
    npstow_row_writer_free(writer);
    writer = npstow_row_writer_create(path_of("given-up.npy"), "i4", NULL, 0, &error);
    npstow_row_writer_free(writer);
    CHECK(!npstow_open(path_of("given-up.npy"), NULL));
    CHECK(npstow_append(path_of("rows.npy"), row, &error) == NPSTOW_OK);
    CHECK(npstow_append(path_of("rows.npy"), wrong, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "rows.npy");
    CHECK(npstow_append(path_of("rows.npy:x"), row, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "HDF5");
    NpstowAppender *appender = npstow_appender_open(path_of("rows.npy"), NPSTOW_DURABILITY_NONE, &error);
    CHECK(npstow_appender_rows(appender) == 5);
    CHECK(npstow_appender_push(appender, row, &error) == NPSTOW_OK);
    CHECK(npstow_appender_commit(appender, &error) == NPSTOW_OK);
    CHECK(npstow_appender_push_data(appender, more + 2, 2, &error) == NPSTOW_OK);
    CHECK(npstow_appender_rows(appender) == 8);
    CHECK(npstow_appender_push(appender, wrong, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "");
    CHECK(npstow_appender_finish(appender, &count, &error) == NPSTOW_OK && count == 8);
    CHECK(npstow_appender_commit(appender, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "finished");
    npstow_appender_free(appender);
    CHECK(!npstow_appender_open(path_of("rows.npy"), 9, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "durability 9");
    NpstowArray *all = npstow_load(path_of("rows.npy"), &error);
    const int32_t *values = npstow_array_typed(all, "i4", &error);
    const int32_t expected[] = {1, 2, 3, 4, 5, 6, 1, 2, 1, 2, 1, 2, 3, 4, 5, 6};
    CHECK(values && npstow_array_len(all) == 16 && memcmp(values, expected, sizeof expected) == 0);
    npstow_array_free(all);
    npstow_array_free(wrong);
    npstow_array_free(row);
    CHECK_OK(error);
}

static void edited(void) {
    NpstowError *error = NULL;
    NpstowArray *one = bytes_of("one"), *two = bytes_of("two!");
    NpstowTree *tree = npstow_tree_new();
    CHECK(npstow_tree_insert(tree, "a", one, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert(tree, "b", one, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert(tree, "c", two, &error) == NPSTOW_OK);
    CHECK(npstow_save_tree(path_of("edit.npz"), tree, NULL, &error) == NPSTOW_OK);
    NpstowEditor *editor = npstow_editor_open(path_of("edit.npz"), NULL, &error);
    CHECK(npstow_editor_add(editor, "new", two, &error) == NPSTOW_OK);
    CHECK(npstow_editor_add(editor, "a", two, &error) == NPSTOW_EXISTS);
    CHECK_ERROR(error, NPSTOW_EXISTS, "a");
    CHECK(npstow_editor_replace(editor, "a", two, &error) == NPSTOW_OK);
    CHECK(npstow_editor_remove(editor, "b", &error) == NPSTOW_OK);
    CHECK(npstow_editor_remove(editor, "none", &error) == NPSTOW_NOT_FOUND);
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "none");
    NpstowMeta *meta = npstow_meta_new();
    CHECK(npstow_meta_set(meta, "k", "v", &error) == NPSTOW_OK);
    CHECK(npstow_editor_set_meta(editor, "c", meta, &error) == NPSTOW_OK);
    CHECK(npstow_editor_rename(editor, "c", "a", &error) == NPSTOW_EXISTS);
    CHECK_ERROR(error, NPSTOW_EXISTS, "a");
    CHECK(holds(place_of("edit.npz", "a"), "one"));
    CHECK(npstow_editor_commit(editor, &error) == NPSTOW_OK);
    CHECK(npstow_editor_commit(editor, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "second commit");
    CHECK(npstow_editor_add(editor, "x", one, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "after its commit");
    npstow_editor_free(editor);
    CHECK(holds(place_of("edit.npz", "a"), "two!") && holds(place_of("edit.npz", "new"), "two!"));
    CHECK(!holds(place_of("edit.npz", "b"), "one"));
    NpstowTree *more = npstow_tree_new();
    CHECK(npstow_tree_insert(more, "f/g", one, &error) == NPSTOW_OK);
    editor = npstow_editor_open(path_of("edit.npz"), NULL, &error);
    CHECK(npstow_editor_add_tree(editor, more, &error) == NPSTOW_OK);
    CHECK(npstow_editor_rename(editor, "new", "d/e", &error) == NPSTOW_OK);
    CHECK(npstow_editor_commit(editor, &error) == NPSTOW_OK);
    npstow_editor_free(editor);
    CHECK(holds(place_of("edit.npz", "d/e"), "two!") && !holds(place_of("edit.npz", "new"), "two!"));
    editor = npstow_editor_open(path_of("edit.npz"), NULL, &error);
    CHECK(npstow_editor_remove(editor, "a", &error) == NPSTOW_OK);
    npstow_editor_free(editor);
    CHECK(npstow_npz_compact(path_of("edit.npz"), &error) == NPSTOW_OK);
    CHECK(holds(place_of("edit.npz", "a"), "two!") && holds(place_of("edit.npz", "f/g"), "one"));
    CHECK(npstow_meta_set(meta, "k", "w", &error) == NPSTOW_OK);
    CHECK(npstow_set_meta(place_of("edit.npz", "f/g"), meta, &error) == NPSTOW_OK);
    NpstowFile *file = npstow_open(path_of("edit.npz"), &error);
    NpstowNode *node = npstow_file_get(file, "f/g", &error);
    NpstowMeta *back = npstow_node_meta(node, &error);
    CHECK_TEXT(npstow_meta_get(back, "k"), "w");
    npstow_meta_free(back);
    npstow_node_free(node);
    npstow_file_free(file);
    CHECK(npstow_save_tree(path_of("meta"), tree, NULL, &error) == NPSTOW_OK);
    CHECK(npstow_set_meta(path_of("meta"), meta, &error) == NPSTOW_OK);
    file = npstow_open(path_of("meta"), &error);
    node = npstow_file_root(file, &error);
    back = npstow_node_meta(node, &error);
    CHECK_TEXT(npstow_meta_get(back, "k"), "w");
    npstow_meta_free(back);
    npstow_node_free(node);
    npstow_file_free(file);
    CHECK(npstow_set_meta(path_of("rows.npy"), meta, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "npy");
    CHECK(!npstow_editor_open(path_of("rows.npy"), NULL, &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "rows.npy");
    npstow_meta_free(meta);
    npstow_tree_free(more);
    npstow_tree_free(tree);
    npstow_array_free(one);
    npstow_array_free(two);
    CHECK_OK(error);
}

static void repaired(void) {
    NpstowError *error = NULL;
    NpstowArray *array = bytes_of("abcdef");
    CHECK(npstow_save(path_of("torn.npy"), array, &error) == NPSTOW_OK);
    npstow_array_free(array);
    FILE *file = fopen(path_of("torn.npy"), "ab");
    CHECK(file && fwrite("??", 1, 2, file) == 2 && fclose(file) == 0);
    CHECK_OWNED(npstow_repair(path_of("torn.npy"), &error), "6 rows of 6, 2 bytes cut off");
    CHECK_OWNED(npstow_repair(path_of("edit.npz"), &error), "0 bytes cut off");
    CHECK(!npstow_repair(path_of("none"), &error));
    CHECK_ERROR(error, NPSTOW_IO, "none");
    CHECK(!npstow_npz_compact(path_of("torn.npy"), &error) == false);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "torn.npy");
    CHECK_OK(error);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    optioned();
    sinks();
    formats();
    rows();
    edited();
    repaired();
    return end();
}
