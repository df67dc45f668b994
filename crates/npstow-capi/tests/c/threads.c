/* Handles that several threads may use at once are used so. */
#include "check.h"
#include <pthread.h>

#define THREADS 8
#define ARRAYS 20

static const NpstowFile *file;
static const NpstowArray *array;
static const NpstowError *failure;

static const NpstowValue *value;

static void *look(void *context) {
    uintptr_t wrong = 0;
    for (int round = 0; round < 200; round++) {
        NpstowError *error = NULL;
        NpstowValue *item = npstow_value_find(value, "x/1", &error), *clone = npstow_value_clone(item);
        size_t len = 0;
        const char *text = npstow_value_str(clone, &len, &error);
        wrong += !text || len != 2 || memcmp(text, "hi", 2) != 0;
        NpstowValue *class = npstow_value_get(value, "y", &error);
        wrong += !same(npstow_value_module(class), "m") || !same(npstow_value_name(class), "C");
        wrong += !same(npstow_value_module(context), "m");
        bool equal = false;
        wrong += npstow_value_equal(value, value, &equal, &error) != NPSTOW_OK || !equal;
        npstow_value_free(class);
        npstow_value_free(clone);
        npstow_value_free(item);
        wrong += error != NULL;
    }
    return (void *)wrong;
}

/* One value, and one handle of another. */
static void values(void) {
    static const char pickle[] = "\x80\x02}(X\x01\0\0\0xK\x01X\x02\0\0\0hi\x86X\x01\0\0\0ycm\nC\nu.";
    NpstowError *error = NULL;
    NpstowValue *all = npstow_pickle_read(pickle, sizeof pickle - 1, NULL, &error);
    NpstowValue *class = npstow_value_get(all, "y", &error);
    value = all;
    pthread_t threads[THREADS];
    for (int n = 0; n < THREADS; n++)
        CHECK(pthread_create(&threads[n], NULL, look, class) == 0);
    for (int n = 0; n < THREADS; n++) {
        void *wrong = NULL;
        CHECK(pthread_join(threads[n], &wrong) == 0 && wrong == NULL);
    }
    npstow_value_free(class);
    npstow_value_free(all);
    CHECK_OK(error);
}

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
    values();
    return end();
}
