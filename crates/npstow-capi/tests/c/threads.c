/* Handles that several threads may use at once are used so. */
#include "check.h"
#include <pthread.h>

#define THREADS 8
#define ARRAYS 20

static const NpstowFile *file;
static const NpstowArray *array;
static const NpstowError *failure;

static void *work(void *context) {
    uintptr_t wrong = 0;
    for (int round = 0; round < 20; round++) {
        char name[32];
        snprintf(name, sizeof name, "g/a%d", (round + (int)(intptr_t)context) % ARRAYS);
        NpstowError *error = NULL;
        NpstowNode *node = npstow_file_get(file, name, &error);
        NpstowArray *read = npstow_node_read(node, &error), *own = npstow_array_clone(array);
        const int32_t *values = npstow_array_typed(read, "<i4", &error);
        wrong += !values || values[999] != 999 + atoi(name + 3);
        wrong += !same(npstow_array_descr(array), "<i4") || !same(npstow_node_descr(node, &error), "<i4");
        wrong += !strstr(npstow_error_message(failure), "none");
        wrong += npstow_node_get(node, "none", &error) != NULL;
        wrong += npstow_error_status(error) != NPSTOW_NOT_FOUND;
        npstow_error_free(error);
        npstow_array_free(own);
        npstow_array_free(read);
        npstow_node_free(node);
    }
    return (void *)wrong;
}

int main(int argc, char **argv) {
    begin(argc, argv);
    NpstowError *error = NULL;
    const char *names[] = {"threads.npz", "threads"};
    NpstowTree *tree = npstow_tree_new();
    for (int i = 0; i < ARRAYS; i++) {
        int32_t values[1000];
        const size_t len = 1000;
        char name[32];
        for (int k = 0; k < 1000; k++)
            values[k] = k + i;
        snprintf(name, sizeof name, "g/a%d", i);
        NpstowArray *made = npstow_array_from_copy(values, "<i4", &len, 1, NPSTOW_ORDER_C, &error);
        CHECK(npstow_tree_insert(tree, name, made, &error) == NPSTOW_OK);
        npstow_array_free(made);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(npstow_save_tree(path_of(names[i]), tree, NULL, &error) == NPSTOW_OK);
        NpstowFile *opened = npstow_open(path_of(names[i]), &error);
        NpstowArray *shared = npstow_tree_array(tree, "g/a0", &error);
        NpstowError *kept = NULL;
        CHECK(!npstow_file_get(opened, "none", &kept));
        file = opened;
        array = shared;
        failure = kept;
        pthread_t threads[THREADS];
        for (intptr_t n = 0; n < THREADS; n++)
            CHECK(pthread_create(&threads[n], NULL, work, (void *)n) == 0);
        for (int n = 0; n < THREADS; n++) {
            void *wrong = NULL;
            CHECK(pthread_join(threads[n], &wrong) == 0 && wrong == NULL);
        }
        npstow_error_free(kept);
        npstow_array_free(shared);
        npstow_file_free(opened);
    }
    npstow_tree_free(tree);
    CHECK_OK(error);
    return end();
}
