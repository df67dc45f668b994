/* Lists what is in a pickle, and what it would run if Python loaded it. Nothing is run here.
 *
 *     pickles FILE         what it names, and its values by their paths
 *     pickles FOLDER       makes a pickle there first
 *
 * cc pickles.c $(pkg-config --cflags --libs npstow)
 */
#include <npstow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(NpstowError *error) {
    fprintf(stderr, "pickles: %s\n", npstow_error_message(error));
    npstow_error_free(error);
    exit(1);
}

/* {'run': 7, 'cuts': [0.5, 2.5], 'hits': <array>, 'again': the same list} */
static void make(const char *path) {
    NpstowError *error = NULL;
    NpstowBuilder *builder = npstow_builder_new();
    const float elements[] = {1, 2, 3, 4, 5, 6};
    const size_t shape[] = {2, 3};
    NpstowArray *array = npstow_array_from_copy(elements, "<f4", shape, 2, NPSTOW_ORDER_C, &error);
    NpstowPart cuts = npstow_builder_list(builder, &error);
    for (int at = 0; at < 2 && !error; at++)
        npstow_builder_push(builder, cuts, npstow_builder_double(builder, 0.5 + 2 * at, &error), &error);
    const char *names[] = {"run", "cuts", "hits", "again"};
    NpstowPart values[] = {npstow_builder_int64(builder, 7, NULL), cuts,
                           npstow_builder_array(builder, array, NULL), cuts};
    NpstowPart dict = npstow_builder_dict(builder, NULL);
    for (size_t at = 0; at < 4 && !error; at++) {
        NpstowPart name = npstow_builder_str(builder, names[at], strlen(names[at]), &error);
        if (name)
            npstow_builder_put(builder, dict, name, values[at], &error);
    }
    if (error)
        stop(error);
    NpstowValue *value = npstow_builder_finish(builder, dict, &error);
    if (!value || npstow_value_save(path, value, NULL, &error) != NPSTOW_OK)
        stop(error);
    npstow_value_free(value);
    npstow_builder_free(builder);
    npstow_array_free(array);
}

/* What stands in the file, before anything of it is used. */
static void names(const char *path) {
    NpstowError *error = NULL;
    static const char *verdicts[] = {"data", "harmless", "unknown", "code"};
    NpstowScan *scan = npstow_scan(path, NULL, &error);
    if (!scan)
        stop(error);
    for (size_t at = 0; at < npstow_scan_len(scan); at++) {
        const char *module = npstow_scan_module(scan, at);
        printf("%8llu  %-8s  %s%s%s\n", (unsigned long long)npstow_scan_offset(scan, at),
               verdicts[npstow_scan_verdict(scan, at)], module ? module : "", module ? "." : "",
               npstow_scan_name(scan, at));
    }
    if (npstow_scan_fault(scan))
        printf("broken: %s\n", npstow_scan_fault(scan));
    npstow_scan_free(scan);
}

/* A dictionary or a list, level by level; deeper ones in one line. */
static void list(const NpstowValue *value, const char *path, int depth) {
    NpstowError *error = NULL;
    const bool is_dict = npstow_value_kind(value) == NPSTOW_VALUE_DICT;
    const size_t len = npstow_value_len(value);
    if (depth == 4 || len == 0 || (!is_dict && npstow_value_kind(value) != NPSTOW_VALUE_LIST)) {
        char *text = npstow_value_repr(value);
        printf("%-24s %s\n", *path ? path : ".", text);
        npstow_string_free(text);
        return;
    }
    for (size_t at = 0; at < len; at++) {
        char below[512];
        NpstowValue *item = npstow_value_item(value, at, &error);
        if (!item)
            stop(error);
        const char *slash = *path ? "/" : "";
        if (is_dict) {
            NpstowValue *key = npstow_value_pair_key(value, at, &error);
            char *name = npstow_value_repr(key);
            snprintf(below, sizeof below, "%s%s%s", path, slash, name);
            npstow_string_free(name);
            npstow_value_free(key);
        } else {
            snprintf(below, sizeof below, "%s%s%zu", path, slash, at);
        }
        list(item, below, depth + 1);
        npstow_value_free(item);
    }
}

int main(int argc, char **argv) {
    NpstowError *error = NULL;
    char path[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: pickles FILE|FOLDER\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s", argv[1]);
    NpstowValue *value = npstow_pickle_open(path, NULL, &error);
    /* A folder is no file that can be read. */
    if (!value && npstow_error_status(error) == NPSTOW_UNSUPPORTED) {
        npstow_error_free(error);
        error = NULL;
        snprintf(path, sizeof path, "%s/run.pkl", argv[1]);
        make(path);
        value = npstow_pickle_open(path, NULL, &error);
    }
    if (!value)
        stop(error);
    names(path);
    list(value, "", 0);

    /* A list of numbers at once; the same list under two names is one object. */
    NpstowValue *cuts = npstow_value_find(value, "cuts", NULL), *again = npstow_value_find(value, "again", NULL);
    double numbers[2];
    if (cuts && again && npstow_value_is(cuts, again) &&
        npstow_value_doubles(cuts, numbers, 2, NULL) == NPSTOW_OK)
        printf("cuts and again are one list of %g and %g\n", numbers[0], numbers[1]);
    npstow_value_free(again);
    npstow_value_free(cuts);
    npstow_value_free(value);
    return 0;
}
