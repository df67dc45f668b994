/* Trees in memory and metadata. */
#include "check.h"

static NpstowArray *numbers(size_t n, float first) {
    float *values = malloc(n * sizeof *values + 1);
    for (size_t i = 0; i < n; i++)
        values[i] = first + (float)i;
    NpstowArray *array = npstow_array_from_copy(values, "<f4", &n, 1, NPSTOW_ORDER_C, NULL);
    free(values);
    return array;
}

static void insert(NpstowTree *tree, const char *path, size_t n, float first) {
    NpstowError *error = NULL;
    NpstowArray *array = numbers(n, first);
    CHECK(npstow_tree_insert(tree, path, array, &error) == NPSTOW_OK);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void built(void) {
    NpstowError *error = NULL;
    NpstowTree *tree = npstow_tree_new();
    insert(tree, "event/photon", 10, 0);
    insert(tree, "event/hit", 3, 100);
    insert(tree, "scale", 1, 7);
    CHECK(npstow_tree_insert_bytes(tree, "notes.txt", "hello", 5, &error) == NPSTOW_OK);
    CHECK(npstow_tree_len(tree) == 3);
    NpstowArray *array = numbers(1, 0);
    CHECK(npstow_tree_insert(tree, "scale", array, &error) == NPSTOW_EXISTS);
    CHECK_ERROR(error, NPSTOW_EXISTS, "'scale'");
    CHECK(npstow_tree_insert(tree, "scale/x", array, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "an array, not a group");
    CHECK(npstow_tree_insert(tree, "", array, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "without a name");
    npstow_array_free(array);
    NpstowStrings *names = npstow_tree_names(tree, NULL, &error);
    CHECK_TEXT(npstow_strings_get(names, 0), "event");
    CHECK_TEXT(npstow_strings_get(names, 2), "notes.txt");
    npstow_strings_free(names);
    names = npstow_tree_names(tree, "event", &error);
    CHECK(npstow_strings_len(names) == 2);
    npstow_strings_free(names);
    CHECK(!npstow_tree_names(tree, "scale", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "'scale'");
    names = npstow_tree_arrays(tree, &error);
    CHECK(npstow_strings_len(names) == 3);
    CHECK_TEXT(npstow_strings_get(names, 1), "event/hit");
    npstow_strings_free(names);
    CHECK(npstow_tree_kind(tree, "event") == NPSTOW_NODE_GROUP && npstow_tree_kind(tree, "") == NPSTOW_NODE_GROUP);
    CHECK(npstow_tree_kind(tree, "event/hit") == NPSTOW_NODE_ARRAY);
    CHECK(npstow_tree_kind(tree, "notes.txt") == NPSTOW_NODE_VALUE && npstow_tree_kind(tree, "none") == -1);
    array = npstow_tree_array(tree, "notes.txt", &error);
    CHECK(npstow_array_len(array) == 5 && memcmp(npstow_array_data(array), "hello", 5) == 0);
    npstow_array_free(array);
    CHECK(!npstow_tree_array(tree, "event", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "the group 'event'");
    CHECK(!npstow_tree_array(tree, "none", &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'none'");
    size_t ndim = 0, shape[1] = {0};
    CHECK(npstow_tree_ndim(tree, "event/hit", &ndim, &error) == NPSTOW_OK && ndim == 1);
    CHECK(npstow_tree_shape(tree, "event/hit", shape, 1, &error) == NPSTOW_OK && shape[0] == 3);
    CHECK(npstow_tree_shape(tree, "event/hit", shape, 2, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "2 axes");
    CHECK(npstow_tree_ndim(tree, "event", &ndim, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "the group 'event'");
    CHECK_OWNED(npstow_tree_descr(tree, "event/hit", &error), "<f4");
    CHECK_OWNED(npstow_tree_desc(tree, "event/hit", &error), "(3,) <f4");
    CHECK_OWNED(npstow_tree_desc(tree, "event", &error), "2 names");
    NpstowTree *event = npstow_tree_subtree(tree, "event", &error);
    CHECK(npstow_tree_len(event) == 2);
    CHECK(npstow_tree_insert_tree(tree, "again", event, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert_tree(event, "self", event, &error) == NPSTOW_OK);
    CHECK(npstow_tree_kind(event, "self/hit") == NPSTOW_NODE_ARRAY && npstow_tree_kind(event, "self/self") == -1);
    npstow_tree_free(event);
    NpstowTree *clone = npstow_tree_clone(tree);
    CHECK(npstow_tree_remove(tree, "again/hit", &error) == NPSTOW_OK);
    CHECK(npstow_tree_kind(tree, "again/hit") == -1 && npstow_tree_kind(clone, "again/hit") == NPSTOW_NODE_ARRAY);
    CHECK(npstow_tree_remove(tree, "again/hit", &error) == NPSTOW_NOT_FOUND);
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'again/hit'");
    npstow_tree_free(clone);
    npstow_tree_free(tree);
    CHECK_OK(error);
}

static void noted(void) {
    NpstowError *error = NULL;
    NpstowMeta *meta = npstow_meta_new();
    int64_t whole = 0;
    double real = 0;
    CHECK_TEXT(npstow_meta_text(meta), "");
    CHECK(npstow_meta_set_text(meta, "run:7\na free line\nurl:http://host:80/x\nempty:\nrun:9\n", &error) == NPSTOW_OK);
    CHECK(npstow_meta_len(meta) == 4);
    CHECK_TEXT(npstow_meta_key(meta, 1), "url");
    CHECK_TEXT(npstow_meta_value(meta, 1), "http://host:80/x");
    CHECK(!npstow_meta_key(meta, 4) && !npstow_meta_value(meta, 4));
    CHECK_TEXT(npstow_meta_get(meta, "run"), "9");
    CHECK_TEXT(npstow_meta_get(meta, "none|url"), "http://host:80/x");
    CHECK_TEXT(npstow_meta_get(meta, "empty"), NULL);
    CHECK(npstow_meta_get_i64(meta, "run", &whole, &error) == NPSTOW_OK && whole == 9);
    CHECK(npstow_meta_get_i64(meta, "url", &whole, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "'url'");
    CHECK(npstow_meta_get_f64(meta, "none", &real, &error) == NPSTOW_NOT_FOUND);
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'none'");
    CHECK(npstow_meta_set(meta, "a:b", "1", &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "'a:b'");
    CHECK(npstow_meta_set(meta, "a", "1\n2", &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "line end");
    CHECK(npstow_meta_set(meta, "name", "value", &error) == NPSTOW_OK);
    CHECK(npstow_meta_set_i64(meta, "big", INT64_MIN, &error) == NPSTOW_OK);
    CHECK(npstow_meta_set_f64(meta, "third", 1.0 / 3, &error) == NPSTOW_OK);
    CHECK(npstow_meta_get_i64(meta, "big", &whole, &error) == NPSTOW_OK && whole == INT64_MIN);
    CHECK(npstow_meta_get_f64(meta, "third", &real, &error) == NPSTOW_OK && real == 1.0 / 3);
    CHECK(npstow_meta_remove(meta, "run") == 2 && npstow_meta_remove(meta, "run") == 0);
    NpstowStrings *names = npstow_strings_new();
    CHECK(npstow_strings_push(names, "x", &error) == NPSTOW_OK);
    CHECK(npstow_meta_set_names(meta, names, &error) == NPSTOW_OK);
    CHECK(npstow_strings_push(names, "y", &error) == NPSTOW_OK);
    CHECK(npstow_meta_set_labels(meta, names, &error) == NPSTOW_OK);
    npstow_strings_free(names);
    NpstowMeta *clone = npstow_meta_clone(meta);
    npstow_meta_free(meta);
    names = npstow_meta_names(clone, &error);
    CHECK(npstow_strings_len(names) == 1);
    npstow_strings_free(names);
    names = npstow_meta_labels(clone, &error);
    CHECK_TEXT(npstow_strings_get(names, 1), "y");
    npstow_strings_free(names);
    NpstowTree *tree = npstow_tree_new();
    insert(tree, "a/x", 2, 0);
    CHECK(npstow_tree_set_meta(tree, "a/x", clone, &error) == NPSTOW_OK);
    CHECK(npstow_tree_set_meta(tree, "", clone, &error) == NPSTOW_OK);
    CHECK(npstow_tree_set_meta(tree, "b", clone, &error) == NPSTOW_NOT_FOUND);
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'b'");
    npstow_meta_free(clone);
    meta = npstow_tree_meta(tree, "a/x", &error);
    CHECK_TEXT(npstow_meta_get(meta, "name"), "value");
    npstow_meta_free(meta);
    meta = npstow_tree_meta(tree, "a", &error);
    CHECK(npstow_meta_len(meta) == 0);
    npstow_meta_free(meta);
    CHECK(!npstow_tree_meta(tree, "b", &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'b'");
    CHECK_OWNED(npstow_tree_metadata(tree, "name", &error), "name\tname\n.\tvalue\na/x\tvalue\n");
    npstow_tree_free(tree);
    CHECK_OK(error);
}

static void joined(void) {
    NpstowError *error = NULL;
    NpstowTree *run = npstow_tree_new();
    insert(run, "A000/hit", 3, 0);
    insert(run, "A000/genstep", 1, 0);
    insert(run, "A001/hit", 2, 10);
    insert(run, "A001/genstep", 1, 0);
    insert(run, "A001/extra", 1, 0);
    CHECK_OWNED(npstow_tree_counts(run, "hit,extra", &error), "name\thit\textra\nA000\t3\t-\nA001\t2\t1\n");
    NpstowStrings *found = npstow_tree_find(run, "*/hit", &error);
    CHECK(npstow_strings_len(found) == 2);
    CHECK_TEXT(npstow_strings_get(found, 1), "A001/hit");
    npstow_strings_free(found);
    NpstowTree *hits = npstow_tree_select(run, "*/hit", &error);
    CHECK(npstow_tree_kind(hits, "A001/hit") == NPSTOW_NODE_ARRAY && npstow_tree_kind(hits, "A001/extra") == -1);
    npstow_tree_free(hits);
    NpstowTree *a = npstow_tree_subtree(run, "A000", &error), *b = npstow_tree_subtree(run, "A001", &error);
    const char *names[] = {"A000", "A001"};
    const NpstowTree *trees[] = {a, b};
    CHECK(!npstow_tree_concat(names, trees, 2, NPSTOW_NOTES_DROP, NPSTOW_MISSING_REFUSE, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "extra");
    CHECK(!npstow_tree_concat(names, trees, 2, 9, NPSTOW_MISSING_SKIP, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "policy 9");
    CHECK(!npstow_tree_concat(names, trees, 2, NPSTOW_NOTES_JOIN, 9, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "policy 9");
    NpstowTree *all = npstow_tree_concat(names, trees, 2, NPSTOW_NOTES_FIRST, NPSTOW_MISSING_SKIP, &error);
    NpstowArray *hit = npstow_tree_array(all, "hit", &error);
    const float *values = npstow_array_typed(hit, "<f4", &error);
    CHECK(values && npstow_array_len(hit) == 5 && values[2] == 2 && values[4] == 11);
    npstow_array_free(hit);
    NpstowReport *report = npstow_tree_compare(all, all, 0, 0, false, true, &error);
    CHECK(npstow_report_is_same(report) && npstow_report_compared(report) == 3 && npstow_report_len(report) == 0);
    npstow_report_free(report);
    report = npstow_tree_compare(a, b, 0, 0, false, true, &error);
    CHECK(!npstow_report_is_same(report) && npstow_report_compared(report) == 2 && npstow_report_len(report) == 2);
    CHECK_TEXT(npstow_report_path(report, 0), "hit");
    CHECK(strstr(npstow_report_message(report, 0), "shape") != NULL);
    CHECK(!npstow_report_path(report, 2) && !npstow_report_message(report, 2));
    npstow_report_free(report);
    CHECK(!npstow_tree_compare(a, b, -1, 0, false, true, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "rtol");
    npstow_tree_free(all);
    npstow_tree_free(a);
    npstow_tree_free(b);
    npstow_tree_free(run);
    CHECK_OK(error);
}

/* A tree of what is on the disk: nothing is read before it is asked for. */
static void lazy(void) {
    NpstowError *error = NULL;
    NpstowTree *tree = npstow_tree_new();
    insert(tree, "event/hit", 5, 0);
    NpstowMeta *meta = npstow_meta_new();
    CHECK(npstow_meta_set(meta, "k", "v", &error) == NPSTOW_OK);
    CHECK(npstow_tree_set_meta(tree, "event/hit", meta, &error) == NPSTOW_OK);
    npstow_meta_free(meta);
    CHECK(npstow_save_tree(path_of("lazy.npz"), tree, NULL, &error) == NPSTOW_OK);
    npstow_tree_free(tree);
    NpstowFile *file = npstow_open(path_of("lazy.npz"), &error);
    NpstowNode *hit = npstow_file_get(file, "event/hit", &error), *root = npstow_file_root(file, &error);
    tree = npstow_tree_new();
    CHECK(npstow_tree_insert_node(tree, "hit", hit, &error) == NPSTOW_OK);
    CHECK(npstow_tree_insert_node(tree, "all", root, &error) == NPSTOW_OK);
    npstow_node_free(hit);
    npstow_node_free(root);
    npstow_file_free(file);
    CHECK_OWNED(npstow_tree_desc(tree, "all/event/hit", &error), "(5,) <f4");
    NpstowArray *array = npstow_tree_array(tree, "all/event/hit", &error);
    CHECK(npstow_array_len(array) == 5);
    npstow_array_free(array);
    meta = npstow_tree_meta(tree, "hit", &error);
    CHECK_TEXT(npstow_meta_get(meta, "k"), "v");
    npstow_meta_free(meta);
    CHECK(npstow_save_tree(path_of("lazy"), tree, NULL, &error) == NPSTOW_OK);
    npstow_tree_free(tree);
    CHECK_OK(error);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    built();
    noted();
    joined();
    lazy();
    return end();
}
