/* Checks that count themselves: a program ends with "N passed, N failed". */
#ifndef NPSTOW_TESTS_CHECK_H
#define NPSTOW_TESTS_CHECK_H

#include <npstow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned passed, failed;

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (condition) {                                                                            \
            passed++;                                                                               \
        } else {                                                                                    \
            failed++;                                                                               \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
        }                                                                                           \
    } while (0)

/* Strings, of which either may be NULL. */
static inline int same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

#define CHECK_TEXT(found, expected)                                                                 \
    do {                                                                                            \
        const char *found_ = (found);                                                               \
        if (same(found_, expected)) {                                                               \
            passed++;                                                                               \
        } else {                                                                                    \
            failed++;                                                                               \
            printf("%s:%d: %s is \"%s\"\n", __FILE__, __LINE__, #found, found_ ? found_ : "NULL");  \
        }                                                                                           \
    } while (0)

/* A `char *` that is freed. */
#define CHECK_OWNED(found, expected)                                                                \
    do {                                                                                            \
        char *owned_ = (found);                                                                     \
        CHECK_TEXT(owned_, expected);                                                               \
        npstow_string_free(owned_);                                                                 \
    } while (0)

/* An error of this status whose text holds this; it is freed, and the variable is NULL again. */
#define CHECK_ERROR(error, wanted, part)                                                            \
    do {                                                                                            \
        const char *message_ = npstow_error_message(error);                                         \
        if ((error) && npstow_error_status(error) == (wanted) && strstr(message_, part)) {          \
            passed++;                                                                               \
        } else {                                                                                    \
            failed++;                                                                               \
            printf("%s:%d: the error is %d \"%s\"\n", __FILE__, __LINE__,                           \
                   (int)npstow_error_status(error), message_);                                      \
        }                                                                                           \
        npstow_error_free(error);                                                                   \
        (error) = NULL;                                                                             \
    } while (0)

/* Nothing went wrong; says what did. */
#define CHECK_OK(error)                                                                             \
    do {                                                                                            \
        if (!(error)) {                                                                             \
            passed++;                                                                               \
        } else {                                                                                    \
            failed++;                                                                               \
            printf("%s:%d: %s\n", __FILE__, __LINE__, npstow_error_message(error));                 \
            npstow_error_free(error);                                                               \
            (error) = NULL;                                                                         \
        }                                                                                           \
    } while (0)

/* The folder to write into, and a path in it; the next call overwrites it. */
static const char *folder = ".";

static inline const char *path_of(const char *name) {
    static char paths[4][4096];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void begin(int argc, char **argv) {
    if (argc > 1)
        folder = argv[1];
}

static inline int end(void) {
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}

#endif
