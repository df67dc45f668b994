/* A child made by fork reads on its own, whatever its parent has read before. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

#define ARRAYS 400

/* Reads everything, swaps bytes of something large, walks over rows: all that is done side by side. */
static unsigned wrong(const char *path) {
    NpstowError *error = NULL;
    unsigned count = 0;
    NpstowFile *file = npstow_open(path, &error);
    NpstowTree *tree = npstow_file_load(file, &error);
    NpstowArray *large = npstow_tree_array(tree, "large", &error), *small = npstow_tree_array(tree, "g/a399", &error);
    NpstowArray *swapped = npstow_array_to_native(large, &error);
    const int32_t *values = npstow_array_typed(swapped, "<i4", &error);
    count += !values || values[1 << 21] != 1 << 24;
    values = npstow_array_typed(small, "<i4", &error);
    count += !values || values[99] != 399;
    NpstowNode *node = npstow_file_get(file, "large", &error);
    NpstowRecords *records = npstow_node_records(node, 1 << 20, &error);
    NpstowArray *band = NULL;
    unsigned bands = 0;
    while (npstow_records_next(records, &band, &error) == NPSTOW_OK && band) {
        npstow_array_free(band);
        bands++;
    }
    count += bands != 4 || error != NULL;
    npstow_records_free(records);
    npstow_node_free(node);
    npstow_array_free(swapped);
    npstow_array_free(small);
    npstow_array_free(large);
    npstow_tree_free(tree);
    npstow_file_free(file);
    return count;
}

static void make(const char *path) {
    NpstowError *error = NULL;
    NpstowTree *tree = npstow_tree_new();
    static int32_t values[1 << 22];
    const size_t all = 1 << 22, some = 100;
    for (size_t i = 0; i < all; i++)
        values[i] = 1; /* Swapped: 2 to the 24th. */
    NpstowArray *array = npstow_array_from_copy(values, ">i4", &all, 1, NPSTOW_ORDER_C, &error);
    CHECK(npstow_tree_insert(tree, "large", array, &error) == NPSTOW_OK);
    npstow_array_free(array);
    for (int i = 0; i < ARRAYS; i++) {
        char name[32];
        snprintf(name, sizeof name, "g/a%d", i);
        values[99] = i;
        array = npstow_array_from_copy(values, "<i4", &some, 1, NPSTOW_ORDER_C, &error);
        CHECK(npstow_tree_insert(tree, name, array, &error) == NPSTOW_OK);
        npstow_array_free(array);
    }
    CHECK(npstow_save_tree(path, tree, NULL, &error) == NPSTOW_OK);
    npstow_tree_free(tree);
    CHECK_OK(error);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    const char *path = path_of("fork.npz");
    make(path);
    CHECK(wrong(path) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        unsigned count = wrong(path);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(wrong(path) != 0);
        int status = 0;
        waitpid(grandchild, &status, 0);
        _exit(count != 0 || status != 0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(wrong(path) == 0);
    return end();
}
