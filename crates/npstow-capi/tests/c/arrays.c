/* Arrays in memory: what they are, what they are made of, what is made of them; dtypes by their text. */
#include "check.h"

static const float grid[6] = {1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f};
static const size_t two_three[] = {2, 3};

static NpstowArray *a_grid(void) {
    return npstow_array_from_copy(grid, "float32", two_three, 2, NPSTOW_ORDER_C, NULL);
}

static void described(void) {
    NpstowError *error = NULL;
    NpstowArray *array = a_grid();
    CHECK(array != NULL);
    CHECK_TEXT(npstow_array_descr(array), "<f4");
    CHECK(npstow_array_kind(array) == 'f');
    CHECK(npstow_array_ndim(array) == 2 && npstow_array_len(array) == 6);
    CHECK(npstow_array_itemsize(array) == 4 && npstow_array_nbytes(array) == 24);
    CHECK(npstow_array_shape(array)[0] == 2 && npstow_array_shape(array)[1] == 3);
    CHECK(npstow_array_strides(array)[0] == 12 && npstow_array_strides(array)[1] == 4);
    CHECK(npstow_array_is_contiguous(array, NPSTOW_ORDER_C));
    CHECK(!npstow_array_is_contiguous(array, NPSTOW_ORDER_F));
    CHECK(npstow_array_is_contiguous(array, NPSTOW_ORDER_KEEP));
    CHECK(!npstow_array_is_contiguous(array, 9));
    CHECK(npstow_array_is_native(array));
    CHECK(memcmp(npstow_array_data(array), grid, sizeof grid) == 0);
    CHECK(npstow_array_data(array) != grid);
    CHECK_OWNED(npstow_array_desc(array), "(2, 3) <f4");
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[1.5 2.5 3.5]\n [4.5 5.5 6.5]]");
    NpstowArray *other = npstow_array_clone(array);
    CHECK(npstow_array_data(other) == npstow_array_data(array));
    npstow_array_free(array);
    CHECK(memcmp(npstow_array_data(other), grid, sizeof grid) == 0);
    npstow_array_free(other);
    CHECK_OK(error);
}

static void derived(void) {
    NpstowError *error = NULL;
    NpstowArray *array = a_grid();
    NpstowArray *turned = npstow_array_transpose(array, &error);
    CHECK(npstow_array_shape(turned)[0] == 3 && npstow_array_strides(turned)[0] == 4);
    CHECK(npstow_array_data(turned) == npstow_array_data(array));
    CHECK(!npstow_array_typed(turned, "<f4", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "Fortran order");
    NpstowArray *packed = npstow_array_to_contiguous(turned, NPSTOW_ORDER_C, &error);
    const float *values = npstow_array_typed(packed, "float32", &error);
    CHECK(values && values[0] == 1.5f && values[1] == 4.5f && values[5] == 6.5f);
    CHECK(!npstow_array_to_contiguous(turned, NPSTOW_ORDER_KEEP, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "NPSTOW_ORDER_KEEP");
    CHECK(!npstow_array_typed(packed, "<f8", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "expected the dtype <f8, found <f4");
    NpstowArray *part = npstow_array_select(array, "1, ::-2", &error);
    CHECK(npstow_array_ndim(part) == 1 && npstow_array_shape(part)[0] == 2);
    CHECK(npstow_array_strides(part)[0] == -8 && *(const float *)npstow_array_data(part) == 6.5f);
    CHECK(!npstow_array_typed(part, "<f4", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "strides [-8]");
    NpstowArray *alone = npstow_array_copy(part, &error);
    values = npstow_array_typed(alone, "<f4", &error);
    CHECK(values && values[0] == 6.5f && values[1] == 4.5f);
    CHECK(!npstow_array_select(array, "5", &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "5");
    const size_t six[] = {6}, seven[] = {7};
    NpstowArray *flat = npstow_array_reshape(array, six, 1, &error);
    CHECK(npstow_array_ndim(flat) == 1 && npstow_array_len(flat) == 6);
    CHECK(!npstow_array_reshape(array, seven, 1, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "6 elements");
    npstow_array_free(flat);
    npstow_array_free(alone);
    npstow_array_free(part);
    npstow_array_free(packed);
    npstow_array_free(turned);
    npstow_array_free(array);
}

static void swapped(void) {
    NpstowError *error = NULL;
    const unsigned char bytes[] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe};
    const size_t two[] = {2};
    NpstowArray *big = npstow_array_from_copy(bytes, ">i4", two, 1, NPSTOW_ORDER_C, &error);
    CHECK(!npstow_array_is_native(big));
    CHECK(!npstow_array_typed(big, "<i4", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "npstow_array_to_native");
    CHECK(!npstow_array_typed(big, ">i4", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "byte order of this machine");
    NpstowArray *native = npstow_array_to_native(big, &error);
    const int32_t *values = npstow_array_typed(native, "int32", &error);
    CHECK(values && values[0] == 1 && values[1] == -2);
    NpstowArray *wide = npstow_array_cast(big, "f8", &error);
    const double *reals = npstow_array_typed(wide, "f8", &error);
    CHECK(reals && reals[1] == -2.0);
    CHECK(!npstow_array_cast(big, "u1", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "found -2 in element 1");
    CHECK(!npstow_array_cast(big, "no dtype", &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "no dtype");
    npstow_array_free(wide);
    npstow_array_free(native);
    npstow_array_free(big);
}

static int given_back;

static void give_back(void *context) {
    (*(int *)context)++;
}

static void borrowed(void) {
    NpstowError *error = NULL;
    const ptrdiff_t columns[] = {4, 8}, beyond[] = {4, 12}, backwards[] = {-4, 8};
    const size_t shape[] = {2, 3};
    NpstowArray *array = npstow_array_from_memory(grid, sizeof grid, "<f4", shape, NULL, 2, NPSTOW_ORDER_C, give_back,
                                                  &given_back, &error);
    CHECK(npstow_array_data(array) == grid);
    NpstowArray *other = npstow_array_select(array, "0", &error);
    npstow_array_free(array);
    CHECK(given_back == 0 && *(const float *)npstow_array_data(other) == 1.5f);
    npstow_array_free(other);
    CHECK(given_back == 1);
    array = npstow_array_from_memory(grid, sizeof grid, "<f4", shape, columns, 2, NPSTOW_ORDER_C, NULL, NULL, &error);
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[1.5 3.5 5.5]\n [2.5 4.5 6.5]]");
    npstow_array_free(array);
    CHECK(!npstow_array_from_memory(grid, sizeof grid, "<f4", shape, beyond, 2, NPSTOW_ORDER_C, give_back, &given_back,
                                    &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "does not lie within 24 bytes");
    CHECK(!npstow_array_from_memory(grid, sizeof grid, "<f4", shape, backwards, 2, NPSTOW_ORDER_C, give_back,
                                    &given_back, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "does not lie within 24 bytes");
    CHECK(!npstow_array_from_memory(grid, 23, "<f4", shape, NULL, 2, NPSTOW_ORDER_C, give_back, &given_back, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "23 bytes");
    CHECK(!npstow_array_from_memory(grid, sizeof grid, "<f4", shape, NULL, 2, 7, give_back, &given_back, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "memory order 7");
    CHECK(given_back == 1);
    const char *bytes = (const char *)grid;
    const size_t one[] = {1};
    array = npstow_array_from_memory(bytes + 1, 4, "<f4", one, NULL, 1, NPSTOW_ORDER_C, NULL, NULL, &error);
    CHECK(!npstow_array_typed(array, "<f4", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "aligned to 4 bytes");
    npstow_array_free(array);
    const size_t huge[] = {SIZE_MAX, 4};
    CHECK(!npstow_array_from_copy(grid, "<f4", huge, 2, NPSTOW_ORDER_C, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "memory");
}

struct hit {
    float x, y;
    int64_t id;
};

static const char *hit = "[('x', '<f4'), ('y', '<f4'), ('id', '<i8')]";

static void records(void) {
    NpstowError *error = NULL;
    const struct hit hits[3] = {{1, 2, 10}, {3, 4, 20}, {5, 6, 30}};
    const size_t three[] = {3}, four[] = {4};
    NpstowArray *array = npstow_array_from_copy(hits, hit, three, 1, NPSTOW_ORDER_C, &error);
    CHECK_TEXT(npstow_array_descr(array), hit);
    CHECK(npstow_array_kind(array) == 'V');
    const struct hit *back = npstow_array_typed(array, hit, &error);
    CHECK(back && back[2].id == 30);
    CHECK(!npstow_array_typed(array, "[('x', '<f4'), ('z', '<f4'), ('id', '<i8')]", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "'z'");
    NpstowArray *ids = npstow_array_field(array, "id", &error);
    CHECK(npstow_array_strides(ids)[0] == 16 && *(const int64_t *)npstow_array_data(ids) == 10);
    CHECK(!npstow_array_field(array, "no", &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "the field 'no'");
    NpstowArray *rows = npstow_array_view_as(array, "<f4", four, 1, &error);
    CHECK(npstow_array_ndim(rows) == 2 && npstow_array_shape(rows)[1] == 4);
    CHECK(npstow_array_data(rows) == npstow_array_data(array));
    NpstowArray *again = npstow_array_view_as(rows, hit, NULL, 0, &error);
    CHECK_OWNED(npstow_array_desc(again), "(3,) [('x', '<f4'), ('y', '<f4'), ('id', '<i8')]");
    CHECK(!npstow_array_view_as(array, "<f4", three, 1, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "rows of 16 bytes");
    npstow_array_free(again);
    npstow_array_free(rows);
    npstow_array_free(ids);
    npstow_array_free(array);
}

static void booleans(void) {
    NpstowError *error = NULL;
    const unsigned char bytes[] = {0, 1, 1, 2, 0, 1, 1, 1};
    const size_t four[] = {4}, two[] = {2};
    NpstowArray *array = npstow_array_from_copy(bytes, "?", four, 1, NPSTOW_ORDER_C, &error);
    CHECK(!npstow_array_typed(array, "bool", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "expected booleans of 0 or 1, found 2 in element 3");
    npstow_array_free(array);
    array = npstow_array_from_copy(bytes, "?", two, 1, NPSTOW_ORDER_C, &error);
    CHECK(npstow_array_typed(array, "bool", &error) != NULL);
    npstow_array_free(array);
    const char *odd = "[('n', 'u1'), ('b', '?', (3,))]", *fine = "[('b', '?', (3,)), ('n', 'u1')]";
    array = npstow_array_from_copy(bytes, odd, two, 1, NPSTOW_ORDER_C, &error);
    CHECK(!npstow_array_typed(array, odd, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "found 2 in element 0");
    npstow_array_free(array);
    array = npstow_array_from_copy(bytes, fine, two, 1, NPSTOW_ORDER_C, &error);
    CHECK(npstow_array_typed(array, fine, &error) != NULL);
    npstow_array_free(array);
    CHECK_OK(error);
}

static void dtypes(void) {
    NpstowError *error = NULL;
    size_t itemsize = 0;
    CHECK(npstow_descr_itemsize("[('p', '<f4', (4, 4)), ('', '|V4'), ('id', '<u8')]", &itemsize, &error) == NPSTOW_OK);
    CHECK(itemsize == 76);
    CHECK(npstow_descr_itemsize("float13", &itemsize, &error) == NPSTOW_CORRUPT);
    CHECK_ERROR(error, NPSTOW_CORRUPT, "float13");
    CHECK(npstow_descr_itemsize("f4", NULL, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "'itemsize' is NULL");
    CHECK_OWNED(npstow_descr_normal("float32", &error), "<f4");
    CHECK(!npstow_descr_normal("?!", &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "");
    NpstowFields *fields = npstow_descr_fields("[('p', '<f4', (4, 4)), ('', '|V4'), ('id', '<u8')]", &error);
    CHECK(npstow_fields_len(fields) == 2);
    CHECK_TEXT(npstow_fields_name(fields, 0), "p");
    CHECK_TEXT(npstow_fields_descr(fields, 0), "<f4");
    CHECK(npstow_fields_ndim(fields, 0) == 2 && npstow_fields_shape(fields, 0)[1] == 4);
    CHECK_TEXT(npstow_fields_name(fields, 1), "id");
    CHECK(npstow_fields_offset(fields, 1) == 68 && npstow_fields_ndim(fields, 1) == 0);
    CHECK(!npstow_fields_name(fields, 2) && !npstow_fields_descr(fields, 2) && !npstow_fields_shape(fields, 2));
    CHECK(npstow_fields_offset(fields, 2) == 0 && npstow_fields_ndim(fields, 2) == 0);
    npstow_fields_free(fields);
    fields = npstow_descr_fields("<f4", &error);
    CHECK(fields && npstow_fields_len(fields) == 0);
    npstow_fields_free(fields);
    CHECK_OK(error);
}

static void texts(void) {
    NpstowError *error = NULL;
    NpstowStrings *strings = npstow_strings_new();
    CHECK(npstow_strings_push(strings, "red", &error) == NPSTOW_OK);
    CHECK(npstow_strings_push(strings, "gr\xc3\xbcn", &error) == NPSTOW_OK);
    CHECK(npstow_strings_push(strings, "\xff", &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "not UTF-8");
    CHECK(npstow_strings_len(strings) == 2 && npstow_strings_len_of(strings, 1) == 5);
    CHECK_TEXT(npstow_strings_get(strings, 0), "red");
    CHECK(!npstow_strings_get(strings, 2) && npstow_strings_len_of(strings, 2) == 0);
    NpstowStrings *clone = npstow_strings_clone(strings, &error);
    npstow_strings_free(strings);
    NpstowArray *array = npstow_array_from_strings(clone, &error);
    CHECK_TEXT(npstow_array_descr(array), "<U4");
    CHECK(npstow_array_kind(array) == 'U');
    NpstowStrings *back = npstow_array_strings(array, &error);
    CHECK_TEXT(npstow_strings_get(back, 1), "gr\xc3\xbcn");
    npstow_strings_free(back);
    npstow_array_free(array);
    npstow_strings_free(clone);
    const size_t two[] = {2};
    array = npstow_array_from_copy("a\0c" "xyz", "S3", two, 1, NPSTOW_ORDER_C, &error);
    back = npstow_array_strings(array, &error);
    CHECK(npstow_strings_len_of(back, 0) == 3 && memcmp(npstow_strings_get(back, 0), "a\0c", 4) == 0);
    CHECK_TEXT(npstow_strings_get(back, 1), "xyz");
    npstow_strings_free(back);
    npstow_array_free(array);
    array = a_grid();
    CHECK(!npstow_array_strings(array, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "<f4");
    npstow_array_free(array);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    described();
    derived();
    swapped();
    borrowed();
    records();
    booleans();
    dtypes();
    texts();
    return end();
}
