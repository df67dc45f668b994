/* Every function of npstow/npyreader.h on one file, for rows.py, which knows what must come of it.
 *
 *   npyreader_tool FILE OUT
 *   npyreader_tool --each FILE...
 *
 * Prints the descr, the shape and the lengths; the elements go to OUT where a function is there for
 * them. Exit 0; 3 where a function fails, whose number and words are printed; 5 where two functions
 * do not agree. With --each a line for every file, whatever comes of it.
 */
#include <npstow/npyreader.h>

static int failed(const char *what)
{
    const int error = npyerrno();
    printf("%d\t%s\t%s\n", error, what, npyerrmessage());
    return error == 0 || npyerrno() != 0 ? 5 : 3;
}

static int wrong(const char *what)
{
    printf("wrong: %s\n", what);
    return 5;
}

static int keep(const char *out, const void *data, size_t len)
{
    FILE *file = out ? fopen(out, "wb") : NULL;
    const int ok = !out || (file && fwrite(data, 1, len, file) == len);
    if (file) fclose(file);
    return ok ? 0 : wrong("the output");
}

/* The rows of get_2D_matrix_f32 and the values of get_1D_array_f32 are those of retrieve_npy_float32. */
static int same(FILE *fp, const float32_t *data, uint32_t *sizes)
{
    const int ndim = get_number_of_sizes(sizes);
    uint32_t row;
    int differ = 0;
    if (ndim == 1) {
        float32_t *values = get_1D_array_f32(fp);
        if (!values) return failed("get_1D_array_f32");
        differ = memcmp(values, data, sizes[0] * sizeof *data) != 0;
        free(values);
    }
    if (ndim == 2) {
        float32_t **rows = get_2D_matrix_f32(fp);
        if (!rows) return failed("get_2D_matrix_f32");
        for (row = 0; row < sizes[0]; row++) {
            differ |= memcmp(rows[row], data + (size_t)row * sizes[1], sizes[1] * sizeof *data) != 0;
            free(rows[row]);
        }
        free(rows);
    }
    if (ndim != 1 && (get_1D_array_f32(fp) || npyerrno() != NPYERR_BADSIZENUMBER)) return wrong("get_1D_array_f32 of other axes");
    if (ndim != 2 && (get_2D_matrix_f32(fp) || npyerrno() != NPYERR_BADSIZENUMBER)) return wrong("get_2D_matrix_f32 of other axes");
    return differ ? wrong("two readings") : 0;
}

static int elements(FILE *fp, const char *out, const char *descr, uint32_t *sizes)
{
    size_t len = 1;
    int axis, code;
    void *data;
    for (axis = 0; axis < get_number_of_sizes(sizes); axis++) len *= sizes[axis];
    if (strcmp(descr + 1, "f4") == 0) {
        float32_t *values = retrieve_npy_float32(fp);
        if (!values) return failed("retrieve_npy_float32");
        code = same(fp, values, sizes);
        code = code ? code : keep(out, values, len * 4);
        free(values);
        return code;
    }
    if (retrieve_npy_float32(fp) || npyerrno() != NPYERR_READDATA) return wrong("retrieve_npy_float32 of another dtype");
    if (strcmp(descr + 1, "f8") != 0 && strcmp(descr + 1, "i4") != 0) return 0;
    data = descr[1] == 'f' ? (void *)retrieve_npy_float64(fp) : (void *)retrieve_npy_int32(fp);
    if (!data) return failed("retrieve_npy_…");
    code = keep(out, data, len * (size_t)(descr[2] - '0'));
    free(data);
    return code;
}

static int look(FILE *fp, const char *out)
{
    char *magic = retrieve_magic(fp), *dict, *descr = NULL, *shape = NULL;
    uint32_t *sizes = NULL, *others;
    int axis, code = 0;
    if (!magic) return failed("retrieve_magic");
    free(magic);
    /* 255 may be a version, if one that nobody reads. */
    npyerrno();
    if (retrieve_version_number_major(fp) == UINT8_MAX && npstow_npyerror) return failed("retrieve_version_number_major");
    if (retrieve_version_number_minor(fp) == UINT8_MAX && npstow_npyerror) return failed("retrieve_version_number_minor");
    dict = retrieve_python_dict(fp);
    if (!dict) return failed("retrieve_python_dict");
    if (strlen(dict) >= UINT16_MAX) code = retrieve_HEADER_LEN(fp) == UINT16_MAX && npyerrno() == NPYERR_SIZETOOLONG ? 0 : wrong("a long header");
    else if (retrieve_HEADER_LEN(fp) != strlen(dict)) code = wrong("the length of the header");
    if (!code && !(descr = get_descr(dict))) code = failed("get_descr");
    if (!code && !(shape = get_shapestr(dict))) code = failed("get_shapestr");
    if (!code && !(sizes = get_shape(dict))) code = failed("get_shape");
    others = get_shape_file(fp);
    if (!code && (!others || get_number_of_sizes(sizes) != get_number_of_sizes(others))) code = wrong("two shapes");
    if (!code) code = elements(fp, out, descr, sizes);
    if (!code) {
        printf("%s\t%s\t", descr, shape);
        for (axis = 0; axis < get_number_of_sizes(sizes); axis++) {
            if (sizes[axis] != others[axis]) code = wrong("two lengths");
            printf("%" PRIu32 ",", sizes[axis]);
        }
        printf("\n");
    }
    free(dict);
    free(descr);
    free(shape);
    free(sizes);
    free(others);
    return code;
}

/* What needs no file: bad arguments, and rows made by hand. */
static int without_file(void)
{
    float32_t values[6] = {0, 1, 2, 3, 4, 5}, **rows = allocate_matrix_f32(values, 3, 2);
    int row;
    if (!rows || rows[2][1] != 5) return wrong("allocate_matrix_f32");
    for (row = 0; row < 3; row++) free(rows[row]);
    free(rows);
    if (allocate_matrix_f32(values, -1, 2) || npyerrno() != NPYERR_ARGUMENT) return wrong("allocate_matrix_f32 of -1 rows");
    if (allocate_matrix_f32(NULL, 1, 1) || npyerrno() != NPYERR_ARGUMENT) return wrong("allocate_matrix_f32 of NULL");
    if (get_descr(NULL) || npyerrno() != NPYERR_ARGUMENT) return wrong("get_descr of NULL");
    if (get_shape(NULL) || get_shapestr(NULL)) return wrong("get_shape of NULL");
    if (retrieve_magic(NULL) || retrieve_python_dict(NULL) || retrieve_npy_int32(NULL)) return wrong("NULL for a file");
    if (npyerrno() != NPYERR_ARGUMENT || npyerrno() != 0) return wrong("npyerrno");
    return get_number_of_sizes(NULL) == 0 ? 0 : wrong("get_number_of_sizes of NULL");
}

/* Files that are made to hurt. */
static int each(char **paths)
{
    int code = 0;
    for (; *paths && code != 5; paths++) {
        FILE *fp = fopen(*paths, "rb");
        if (!fp) return wrong("no file");
        printf("%s\n", *paths);
        code = look(fp, NULL);
        fclose(fp);
    }
    return code == 5 ? 5 : 0;
}

int main(int argc, char **argv)
{
    FILE *fp = argc > 2 && strcmp(argv[1], "--each") != 0 ? fopen(argv[1], "rb") : NULL;
    int code;
    if (argc > 2 && !fp && strcmp(argv[1], "--each") == 0) return each(argv + 2);
    if (!fp) return wrong("no file");
    code = without_file();
    code = code ? code : look(fp, argv[2]);
    fclose(fp);
    return code;
}
