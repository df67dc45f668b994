/* Reads an event: a folder or an archive of arrays with metadata.
 *
 *     event EVENT          lists what is in it, and looks at its photons
 *     event FOLDER         an empty folder: makes an event there first
 *
 * cc event.c $(pkg-config --cflags --libs npstow)
 */
#include <npstow.h>
#include <stdio.h>
#include <stdlib.h>

/* One place for all that goes wrong: the text says the file, the array and the byte. */
static void stop(NpstowError *error) {
    fprintf(stderr, "event: %s\n", npstow_error_message(error));
    npstow_error_free(error);
    exit(1);
}

/* What a line of `photon.npy` is: the struct that wrote it. */
struct photon {
    float position[3], time;
    int32_t id;
};

static const char *photon = "[('position', '<f4', (3,)), ('time', '<f4'), ('id', '<i4')]";

static void make(const char *path) {
    NpstowError *error = NULL;
    struct photon photons[1000];
    const size_t count = 1000;
    for (size_t i = 0; i < count; i++)
        photons[i] = (struct photon){{(float)i, 0, -1}, 0.5f * (float)i, (int32_t)i};
    NpstowArray *array = npstow_array_from_copy(photons, photon, &count, 1, NPSTOW_ORDER_C, &error);
    NpstowTree *tree = npstow_tree_new();
    NpstowMeta *meta = npstow_meta_new();
    if (!array || npstow_tree_insert(tree, "photon", array, &error) != NPSTOW_OK ||
        npstow_meta_set(meta, "creator", "event.c", &error) != NPSTOW_OK ||
        npstow_tree_set_meta(tree, "photon", meta, &error) != NPSTOW_OK ||
        npstow_save_tree(path, tree, NULL, &error) != NPSTOW_OK)
        stop(error);
    npstow_meta_free(meta);
    npstow_tree_free(tree);
    npstow_array_free(array);
}

/* Names, dtypes and shapes, as the headers say them: no data are read. */
static void list(const NpstowFile *file) {
    NpstowError *error = NULL;
    NpstowNode *root = npstow_file_root(file, &error);
    NpstowTree *tree = root ? npstow_node_to_tree(root, &error) : NULL;
    NpstowStrings *names = tree ? npstow_tree_arrays(tree, &error) : NULL;
    if (!names)
        stop(error);
    for (size_t i = 0; i < npstow_strings_len(names); i++) {
        char *desc = npstow_tree_desc(tree, npstow_strings_get(names, i), NULL);
        printf("%-12s %s\n", npstow_strings_get(names, i), desc);
        npstow_string_free(desc);
    }
    npstow_strings_free(names);
    npstow_tree_free(tree);
    npstow_node_free(root);
}

/* The photons, a few at a time: the file may be larger than memory. */
static void average(const NpstowFile *file) {
    NpstowError *error = NULL;
    NpstowNode *node = npstow_file_get(file, "photon", &error);
    NpstowMeta *meta = node ? npstow_node_meta(node, &error) : NULL;
    NpstowRecords *records = meta ? npstow_node_records(node, 256, &error) : NULL;
    if (!records)
        stop(error);
    const char *creator = npstow_meta_get(meta, "creator");
    double sum = 0;
    size_t count = 0;
    NpstowArray *band = NULL;
    while (npstow_records_next(records, &band, &error) == NPSTOW_OK && band) {
        /* The pointer only comes if the file's records are our struct, byte for byte. */
        const struct photon *photons = npstow_array_typed(band, photon, &error);
        if (!photons)
            stop(error);
        for (size_t i = 0; i < npstow_array_len(band); i++)
            sum += photons[i].time;
        count += npstow_array_len(band);
        npstow_array_free(band);
    }
    if (error)
        stop(error);
    printf("%zu photons of %s, mean time %g\n", count, creator ? creator : "somebody", count ? sum / (double)count : 0);
    npstow_records_free(records);
    npstow_meta_free(meta);
    npstow_node_free(node);
}

int main(int argc, char **argv) {
    NpstowError *error = NULL;
    char path[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: event EVENT|FOLDER\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s", argv[1]);
    NpstowFile *file = npstow_open(path, &error);
    NpstowStrings *names = file ? npstow_file_arrays(file, &error) : NULL;
    if (!names || npstow_strings_len(names) == 0) {
        npstow_file_free(file);
        npstow_error_free(error);
        error = NULL;
        snprintf(path, sizeof path, "%s/event.npz", argv[1]);
        make(path);
        file = npstow_open(path, &error);
    }
    npstow_strings_free(names);
    if (!file)
        stop(error);
    list(file);
    average(file);
    npstow_file_free(file);
    return 0;
}
