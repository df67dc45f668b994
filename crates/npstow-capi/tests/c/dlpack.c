/* DLPack: there and back, and tensors of others. The structs are those of dlpack.h, 1.1. */
#include "check.h"

typedef struct {
    int32_t type, id;
} Device;

typedef struct {
    uint8_t code, bits;
    uint16_t lanes;
} Type;

typedef struct {
    void *data;
    Device device;
    int32_t ndim;
    Type dtype;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} Tensor;

typedef struct Old {
    Tensor tensor;
    void *context;
    void (*deleter)(struct Old *);
} Old;

typedef struct New {
    uint32_t major, minor;
    void *context;
    void (*deleter)(struct New *);
    uint64_t flags;
    Tensor tensor;
} New;

static const double values[] = {1, 2, 3, 4, 5, 6};

static NpstowArray *grid(void) {
    const size_t shape[] = {2, 3};
    return npstow_array_from_copy(values, "<f8", shape, 2, NPSTOW_ORDER_C, NULL);
}

static void there_and_back(void) {
    NpstowError *error = NULL;
    NpstowArray *array = grid();
    const void *data = npstow_array_data(array);
    New *tensor = npstow_array_to_dlpack(array, &error);
    npstow_array_free(array);
    CHECK(tensor && tensor->major == 1 && tensor->flags == 1);
    CHECK(tensor->tensor.data == data && tensor->tensor.byte_offset == 0);
    CHECK(tensor->tensor.device.type == 1 && tensor->tensor.device.id == 0 && tensor->tensor.ndim == 2);
    CHECK(tensor->tensor.dtype.code == 2 && tensor->tensor.dtype.bits == 64 && tensor->tensor.dtype.lanes == 1);
    CHECK(tensor->tensor.shape[1] == 3 && tensor->tensor.strides[0] == 3 && tensor->tensor.strides[1] == 1);
    array = npstow_array_from_dlpack(tensor, &error);
    CHECK(npstow_array_data(array) == data);
    CHECK_OWNED(npstow_array_desc(array), "(2, 3) <f8");
    NpstowArray *turned = npstow_array_select(array, "::-1, ::2", &error);
    npstow_array_free(array);
    tensor = npstow_array_to_dlpack(turned, &error);
    CHECK(tensor && tensor->tensor.strides[0] == -3 && *(double *)tensor->tensor.data == 4);
    array = npstow_array_from_dlpack(tensor, &error);
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[4. 6.]\n [1. 3.]]");
    Old *old = npstow_array_to_dlpack_unversioned(array, &error);
    npstow_array_free(array);
    CHECK(old && old->tensor.strides[0] == 2 && ((double *)old->tensor.data)[3] == 3);
    ((double *)old->tensor.data)[3] = 9;
    array = npstow_array_from_dlpack_unversioned(old, &error);
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[4. 6.]\n [1. 9.]]");
    npstow_array_free(array);
    CHECK_OWNED(npstow_array_preview(turned, 1000, 75, &error), "[[4. 6.]\n [1. 3.]]");
    /* Nobody takes these: their deleters free them. */
    tensor = npstow_array_to_dlpack(turned, &error);
    old = npstow_array_to_dlpack_unversioned(turned, &error);
    tensor->deleter(tensor);
    old->deleter(old);
    npstow_array_free(turned);
    CHECK_OK(error);
}

static void types(void) {
    NpstowError *error = NULL;
    const char *descrs[] = {"<f2", "<f4", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<c8", "<c16", "|b1"};
    const size_t two[] = {2};
    unsigned char zeros[32] = {0};
    for (size_t i = 0; i < sizeof descrs / sizeof *descrs; i++) {
        NpstowArray *array = npstow_array_from_copy(zeros, descrs[i], two, 1, NPSTOW_ORDER_C, &error);
        void *tensor = npstow_array_to_dlpack(array, &error);
        NpstowArray *back = npstow_array_from_dlpack(tensor, &error);
        CHECK_TEXT(npstow_array_descr(back), descrs[i]);
        npstow_array_free(back);
        npstow_array_free(array);
    }
    const char *refused[] = {">f4", "<U2", "S3", "<M8[s]", "[('x', '<f4')]"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        NpstowArray *array = npstow_array_from_copy(zeros, refused[i], two, 1, NPSTOW_ORDER_C, &error);
        CHECK(array && !npstow_array_to_dlpack(array, &error));
        CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "DLPack");
        npstow_array_free(array);
    }
    const size_t none[] = {0, 3};
    NpstowArray *array = npstow_array_from_copy(NULL, "<f4", none, 2, NPSTOW_ORDER_C, &error);
    NpstowArray *back = npstow_array_from_dlpack(npstow_array_to_dlpack(array, &error), &error);
    CHECK_OWNED(npstow_array_desc(back), "(0, 3) <f4");
    npstow_array_free(back);
    npstow_array_free(array);
    const NpstowArray *record = NULL;
    CHECK(!npstow_array_to_dlpack(record, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "'array' is NULL");
}

static int deleted;

static void delete_new(New *tensor) {
    (void)tensor;
    deleted++;
}

static void of_others(void) {
    NpstowError *error = NULL;
    static double own[] = {0, 1, 2, 3, 4, 5, 6};
    int64_t shape[] = {2, 3}, strides[] = {1, 2};
    New tensor = {1, 3, NULL, delete_new, 0, {own, {1, 0}, 2, {2, 64, 1}, shape, NULL, 8}};
    NpstowArray *array = npstow_array_from_dlpack(&tensor, &error);
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[1. 2. 3.]\n [4. 5. 6.]]");
    CHECK(deleted == 0);
    npstow_array_free(array);
    CHECK(deleted == 1);
    tensor.tensor.strides = strides;
    array = npstow_array_from_dlpack(&tensor, &error);
    CHECK_OWNED(npstow_array_preview(array, 1000, 75, &error), "[[1. 3. 5.]\n [2. 4. 6.]]");
    npstow_array_free(array);
    tensor.deleter = NULL;
    array = npstow_array_from_dlpack(&tensor, &error);
    CHECK(array != NULL);
    npstow_array_free(array);
    tensor.deleter = delete_new;
    deleted = 0;
    tensor.tensor.device.type = 2;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "device of type 2");
    tensor.tensor.device.type = 1;
    tensor.tensor.dtype.code = 4;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "the DLPack type 4 of 64 bits");
    tensor.tensor.dtype.code = 2;
    tensor.tensor.dtype.lanes = 4;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "4 lanes");
    tensor.tensor.dtype.lanes = 1;
    shape[0] = -2;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "negative length");
    shape[0] = 2;
    tensor.tensor.ndim = -1;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "number of axes");
    tensor.tensor.ndim = 2;
    tensor.tensor.data = NULL;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "'data' is NULL");
    tensor.tensor.data = own;
    tensor.major = 2;
    CHECK(!npstow_array_from_dlpack(&tensor, &error));
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "version 2.3");
    CHECK(deleted == 0);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    there_and_back();
    types();
    of_others();
    return end();
}
