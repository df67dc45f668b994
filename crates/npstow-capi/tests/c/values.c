/* Values of pickles: looked at, made, written; and what pickles name. */
#include "check.h"

#define READ(literal, options, error) \
    npstow_pickle_read(literal, sizeof(literal) - 1, options, error)

static void numbers(void) {
    NpstowError *error = NULL;
    /* (None, True, 5, -2**63, 2**64 - 1, 2**70, 2.5, 1+2j, numpy.float64(3.5), numpy.uint8(7),
     * numpy.bool_(True)) */
    static const char pickle[] =
        "\x80\x02(N\x88K\x05\x8a\x08\0\0\0\0\0\0\0\x80\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0"
        "\x8a\x09\0\0\0\0\0\0\0\0\x40"
        "G@\x04\0\0\0\0\0\0"
        "c__builtin__\ncomplex\nG?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86R"
        "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0f8\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ"
        "\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb" "C\x08\0\0\0\0\0\0\x0c@\x86R"
        "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0u1\x89\x88\x87R(K\x03X\x01\0\0\0|NNNJ"
        "\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb" "C\x01\x07\x86R"
        "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0b1\x89\x88\x87R(K\x03X\x01\0\0\0|NNNJ"
        "\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb" "C\x01\x01\x86R"
        "t.";
    NpstowValue *all = READ(pickle, NULL, &error);
    CHECK_OK(error);
    CHECK(npstow_value_kind(all) == NPSTOW_VALUE_TUPLE && npstow_value_len(all) == 11);
    static const NpstowValueKind kinds[] = {
        NPSTOW_VALUE_NONE,  NPSTOW_VALUE_BOOL,    NPSTOW_VALUE_INT,    NPSTOW_VALUE_INT,
        NPSTOW_VALUE_INT,   NPSTOW_VALUE_INT,     NPSTOW_VALUE_FLOAT,  NPSTOW_VALUE_COMPLEX,
        NPSTOW_VALUE_SCALAR, NPSTOW_VALUE_SCALAR, NPSTOW_VALUE_SCALAR,
    };
    /* Which of bool, int64, uint64, double, complex each can be got as. */
    static const char *as[] = {"00000", "11111", "01111", "01011", "00111", "00011",
                               "00011", "00001", "00011", "01111", "11111"};
    static const double values[] = {0, 1, 5, -9223372036854775808.0, 18446744073709551615.0,
                                    1180591620717411303424.0, 2.5, 0, 3.5, 7, 1};
    for (size_t at = 0; at < 11; at++) {
        NpstowValue *value = npstow_value_item(all, at, &error);
        CHECK_OK(error);
        CHECK(npstow_value_kind(value) == kinds[at]);
        bool truth = false;
        int64_t whole = 0;
        uint64_t natural = 0;
        double real = 0, imaginary = 0;
        char got[6] = "00000";
        got[0] += npstow_value_bool(value, &truth, NULL) == NPSTOW_OK;
        got[1] += npstow_value_int64(value, &whole, NULL) == NPSTOW_OK;
        got[2] += npstow_value_uint64(value, &natural, NULL) == NPSTOW_OK;
        got[3] += npstow_value_double(value, &real, NULL) == NPSTOW_OK;
        CHECK(real == values[at]);
        got[4] += npstow_value_complex(value, &real, &imaginary, NULL) == NPSTOW_OK;
        CHECK_TEXT(got, as[at]);
        CHECK(at != 7 || (real == 1 && imaginary == 2));
        CHECK(at != 3 || whole == INT64_MIN);
        CHECK(at != 4 || natural == UINT64_MAX);
        npstow_value_free(value);
    }
    NpstowValue *big = npstow_value_item(all, 5, &error);
    CHECK_OWNED(npstow_value_digits(big, &error), "1180591620717411303424");
    int64_t whole = 0;
    CHECK(npstow_value_int64(big, &whole, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "1180591620717411303424");
    npstow_value_free(big);
    big = npstow_value_item(all, 6, &error);
    CHECK(!npstow_value_digits(big, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "float");
    npstow_value_free(big);
    CHECK(!npstow_value_item(all, 11, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "item 11 of 11");
    npstow_value_free(all);
    CHECK_TEXT(npstow_value_kind_name(NPSTOW_VALUE_NONE), "NoneType");
    CHECK_TEXT(npstow_value_kind_name(NPSTOW_VALUE_EXTENSION), "extension");
    CHECK(!npstow_value_kind_name(20) && !npstow_value_kind_name(-1));
}

static void texts(void) {
    NpstowError *error = NULL;
    NpstowValue *all = READ("\x80\x05(X\x05\0\0\0a\0\xc3\xa9zC\x03x\0y\x96\x01\0\0\0\0\0\0\0qX\0\0\0\0C\0"
                            "X\x03\0\0\0\xed\xa0\x80t.",
                            NULL, &error);
    CHECK_OK(error);
    size_t len = 9;
    NpstowValue *value = npstow_value_item(all, 0, &error);
    const char *text = npstow_value_str(value, &len, &error);
    CHECK(len == 5 && memcmp(text, "a\0\xc3\xa9z", 5) == 0);
    CHECK(!npstow_value_bytes(value, &len, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "bytes");
    npstow_value_free(value);
    value = npstow_value_item(all, 1, &error);
    const char *bytes = npstow_value_bytes(value, &len, &error);
    CHECK(len == 3 && memcmp(bytes, "x\0y", 3) == 0);
    CHECK(!npstow_value_str(value, &len, &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "a string");
    npstow_value_free(value);
    value = npstow_value_item(all, 2, &error);
    bytes = npstow_value_bytes(value, &len, &error);
    CHECK(len == 1 && *bytes == 'q' && npstow_value_kind(value) == NPSTOW_VALUE_BYTEARRAY);
    npstow_value_free(value);
    value = npstow_value_item(all, 3, &error);
    CHECK(npstow_value_str(value, &len, &error) && len == 0);
    npstow_value_free(value);
    value = npstow_value_item(all, 4, &error);
    CHECK(npstow_value_bytes(value, &len, &error) && len == 0);
    npstow_value_free(value);
    CHECK_OK(error);
    value = npstow_value_item(all, 5, &error);
    CHECK(!npstow_value_str(value, &len, &error));
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "surrogate");
    NpstowGlance glance;
    CHECK(npstow_value_glance(value, &glance, &error) == NPSTOW_OK && !glance.bytes);
    npstow_value_free(value);
    npstow_value_free(all);

    /* Long ones stay in the file until they are asked for. */
    static char long_text[100000];
    memset(long_text, 'y', sizeof long_text);
    NpstowBuilder *builder = npstow_builder_new();
    NpstowPart parts[] = {npstow_builder_str(builder, long_text, sizeof long_text, &error),
                          npstow_builder_bytes(builder, long_text, sizeof long_text, &error)};
    NpstowValue *made =
        npstow_builder_finish(builder, npstow_builder_tuple(builder, parts, 2, &error), &error);
    CHECK(npstow_value_save(path_of("long.pkl"), made, NULL, &error) == NPSTOW_OK);
    npstow_value_free(made);
    npstow_builder_free(builder);
    all = npstow_pickle_open(path_of("long.pkl"), NULL, &error);
    for (size_t at = 0; at < 2; at++) {
        value = npstow_value_item(all, at, &error);
        const void *found = at ? npstow_value_bytes(value, &len, &error)
                               : (const void *)npstow_value_str(value, &len, &error);
        CHECK(len == sizeof long_text && memcmp(found, long_text, len) == 0);
        const void *again = at ? npstow_value_bytes(value, &len, &error)
                               : (const void *)npstow_value_str(value, &len, &error);
        CHECK(again == found && len == sizeof long_text);
        npstow_value_free(value);
    }
    npstow_value_free(all);
    CHECK_OK(error);
}

static void containers(void) {
    NpstowError *error = NULL;
    /* {'a': [1, 2.5], 3: {'x'}, 'b': the same list} */
    NpstowValue *dict = READ("\x80\x04}(\x8c\x01" "a](K\x01G@\x04\0\0\0\0\0\0eq\0K\x03\x8f(\x8c\x01x\x90\x8c\x01"
                             "bh\0u.",
                             NULL, &error);
    CHECK_OK(error);
    CHECK(npstow_value_len(dict) == 3 && npstow_value_pairs(dict) == 3);
    CHECK_OWNED(npstow_value_repr(dict), "{'a': [1, 2.5], 3: {'x'}, 'b': [1, 2.5]}");
    CHECK_OWNED(npstow_value_json(dict, &error),
                "{\"$dict\":[[\"a\",[1,2.5]],[3,{\"$set\":[\"x\"]}],[\"b\",[1,2.5]]]}");
    NpstowValue *a = npstow_value_get(dict, "a", &error), *b = npstow_value_get(dict, "b", &error);
    CHECK(npstow_value_is(a, b) && npstow_value_id(a) == npstow_value_id(b) && npstow_value_id(a));
    NpstowValue *same = npstow_value_clone(a), *by_id = npstow_value_by_id(dict, npstow_value_id(a), &error);
    CHECK(npstow_value_is(a, same) && npstow_value_is(a, by_id) && !npstow_value_is(a, dict));
    bool equal = false;
    CHECK(npstow_value_equal(a, b, &equal, &error) == NPSTOW_OK && equal);
    CHECK(npstow_value_equal(a, dict, &equal, &error) == NPSTOW_OK && !equal);
    CHECK(!npstow_value_by_id(dict, UINT64_MAX, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "number");
    CHECK(!npstow_value_get(dict, "c", &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'c'");
    CHECK(!npstow_value_get(a, "c", &error));
    CHECK_ERROR(error, NPSTOW_MISMATCH, "a dictionary");
    CHECK(npstow_value_count(dict) > 4);
    NpstowValue *key = npstow_value_pair_key(dict, 1, &error);
    NpstowValue *set = npstow_value_pair_value(dict, 1, &error), *item = npstow_value_item(dict, 1, &error);
    int64_t three = 0;
    CHECK(npstow_value_int64(key, &three, &error) == NPSTOW_OK && three == 3);
    CHECK(npstow_value_is(set, item) && npstow_value_len(set) == 1);
    CHECK(!npstow_value_pair_key(dict, 3, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "pair 3 of 3");
    CHECK(!npstow_value_pair_value(a, 0, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "pair 0 of 0");

    NpstowGlance keys[3], values[3];
    CHECK(npstow_value_pair_glances(dict, 0, keys, values, 3, &error) == NPSTOW_OK);
    CHECK(keys[0].kind == NPSTOW_VALUE_STR && keys[0].len == 1 && *keys[0].bytes == 'a');
    CHECK(keys[1].is_int64 && keys[1].integer == 3 && values[0].id == values[2].id);
    CHECK(npstow_value_pair_glances(dict, 2, NULL, values, 1, &error) == NPSTOW_OK);
    CHECK(values[0].kind == NPSTOW_VALUE_LIST);
    CHECK(npstow_value_pair_glances(dict, 2, keys, NULL, 2, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "2 items from 2 on, of 3");
    CHECK(npstow_value_glances(a, 0, values, 2, &error) == NPSTOW_OK);
    CHECK(values[0].integer == 1 && values[1].real == 2.5);
    CHECK(npstow_value_glances(a, 1, values, SIZE_MAX, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "items from 1 on, of 2");
    CHECK(npstow_value_glances(dict, 1, values, 1, &error) == NPSTOW_OK &&
          values[0].kind == NPSTOW_VALUE_SET);

    double doubles[2] = {0, 0};
    int64_t whole[2];
    CHECK(npstow_value_doubles(a, doubles, 2, &error) == NPSTOW_OK && doubles[0] == 1 && doubles[1] == 2.5);
    CHECK(npstow_value_int64s(a, whole, 2, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "1");
    CHECK(npstow_value_doubles(a, doubles, 1, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "2 items");
    CHECK(npstow_value_int64s(dict, whole, 3, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "a list or a tuple");

    NpstowValue *found = npstow_value_find(a, "1", &error);
    double real = 0;
    CHECK(npstow_value_double(found, &real, &error) == NPSTOW_OK && real == 2.5);
    CHECK(!npstow_value_find(a, "01", &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'01'");
    NpstowValue *all[] = {found, item, set, key, by_id, same, b, a, dict};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++)
        npstow_value_free(all[at]);
    CHECK_OK(error);
}

static void objects(void) {
    NpstowError *error = NULL;
    /* posix.system('rm -rf /'), with a state, items and pairs: never run, whatever they say. */
    NpstowValue *value = READ("\x80\x04" "cposix\nsystem\nX\x08\0\0\0rm -rf /\x85R}X\x01\0\0\0sK\x01s"
                              "b(K\x05" "e(K\x06K\x07u.",
                              NULL, &error);
    CHECK_OK(error);
    CHECK(npstow_value_kind(value) == NPSTOW_VALUE_OBJECT);
    CHECK_TEXT(npstow_value_module(value), "posix");
    CHECK_TEXT(npstow_value_name(value), "system");
    NpstowValue *class = npstow_value_class(value, &error), *args = npstow_value_args(value, &error);
    NpstowValue *state = npstow_value_state(value, &error), *path = npstow_value_find(value, "args/0", &error);
    CHECK(npstow_value_kind(class) == NPSTOW_VALUE_GLOBAL);
    CHECK_TEXT(npstow_value_name(class), "system");
    CHECK_OWNED(npstow_value_repr(args), "('rm -rf /',)");
    CHECK_OWNED(npstow_value_repr(state), "{'s': 1}");
    CHECK_OWNED(npstow_value_repr(path), "'rm -rf /'");
    CHECK(npstow_value_len(value) == 1 && npstow_value_pairs(value) == 1);
    CHECK(!npstow_value_class(args, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "the class of tuple");
    CHECK(!npstow_value_module(args) && !npstow_value_name(args) && !npstow_value_descr(args));
    CHECK(!npstow_value_persistent_id(value, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "the identifier of object");
    NpstowValue *all[] = {path, state, args, class, value};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++)
        npstow_value_free(all[at]);

    NpstowValue *pair = READ("\x80\x04X\x02\0\0\0idQ\x82\x07\x86.", NULL, &error);
    NpstowValue *persistent = npstow_value_item(pair, 0, &error);
    NpstowValue *extension = npstow_value_item(pair, 1, &error);
    NpstowValue *id = npstow_value_persistent_id(persistent, &error);
    uint32_t number = 0;
    CHECK_OWNED(npstow_value_repr(id), "'id'");
    CHECK(npstow_value_extension(extension, &number, &error) == NPSTOW_OK && number == 7);
    CHECK(npstow_value_extension(id, &number, &error) == NPSTOW_MISMATCH);
    CHECK_ERROR(error, NPSTOW_MISMATCH, "an extension");
    npstow_value_free(id);
    npstow_value_free(extension);
    npstow_value_free(persistent);
    npstow_value_free(pair);
}

static void free_flag(void *context) { ++*(int *)context; }

static void options(void) {
    NpstowError *error = NULL;
    NpstowPickleOptions *options = npstow_pickle_options_new();
    static const char old[] = "U\x02\xb5mq\0.";
    NpstowValue *value = READ(old, NULL, &error);
    CHECK(npstow_value_kind(value) == NPSTOW_VALUE_BYTES);
    npstow_value_free(value);
    CHECK(npstow_pickle_options_set_strings(options, NPSTOW_STRINGS_LATIN1, &error) == NPSTOW_OK);
    value = READ(old, options, &error);
    CHECK_OWNED(npstow_value_repr(value), "'\xc2\xb5m'");
    npstow_value_free(value);
    CHECK(npstow_pickle_options_set_strings(options, NPSTOW_STRINGS_ASCII, &error) == NPSTOW_OK);
    CHECK(!READ(old, options, &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "");
    CHECK(npstow_pickle_options_set_strings(options, 5, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "treatment 5");
    npstow_pickle_options_free(options);

    options = npstow_pickle_options_new();
    int freed = 0;
    static const char buffer[] = "xyz";
    CHECK(npstow_pickle_options_add_buffer(options, buffer, 3, free_flag, &freed, &error) == NPSTOW_OK);
    static const char outside[] = "\x80\x05\x97\x98.";
    value = READ(outside, options, &error);
    CHECK_OK(error);
    size_t len = 0;
    const char *bytes = npstow_value_bytes(value, &len, &error);
    CHECK(len == 3 && bytes && memcmp(bytes, "xyz", 3) == 0);
    npstow_pickle_options_free(options);
    CHECK(!freed);
    npstow_value_free(value);
    CHECK(freed == 1);
    CHECK(!READ(outside, NULL, &error));
    CHECK(error);
    npstow_error_free(error);
    error = NULL;

    options = npstow_pickle_options_new();
    NpstowLimits *limits = npstow_limits_new();
    npstow_limits_set_values(limits, 1);
    CHECK(npstow_pickle_options_set_limits(options, limits, &error) == NPSTOW_OK);
    CHECK(!READ("](]]]]e.", options, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "");
    CHECK(npstow_pickle_options_set_limits(options, NULL, &error) == NPSTOW_OK);
    value = READ("](]]]]e.", options, &error);
    CHECK(npstow_value_len(value) == 4);
    npstow_value_free(value);
    npstow_limits_free(limits);
    npstow_pickle_options_free(options);
    CHECK_OK(error);
}

static NpstowPart text(NpstowBuilder *builder, const char *text, NpstowError **error) {
    return npstow_builder_str(builder, text, strlen(text), error);
}

static void made(void) {
    NpstowError *error = NULL;
    NpstowBuilder *b = npstow_builder_new();
    const double elements[] = {1, 2, 3, 4};
    const size_t shape[] = {2, 2};
    NpstowArray *array = npstow_array_from_copy(elements, "<f8", shape, 2, NPSTOW_ORDER_C, &error);
    NpstowPart dict = npstow_builder_dict(b, &error), list = npstow_builder_list(b, &error);
    NpstowPart items[] = {
        npstow_builder_none(b, &error),        npstow_builder_bool(b, true, &error),
        npstow_builder_int64(b, -7, &error),   npstow_builder_uint64(b, UINT64_MAX, &error),
        npstow_builder_double(b, 2.5, &error), npstow_builder_complex(b, 1, -1, &error),
        npstow_builder_bytes(b, "b\0", 2, &error), npstow_builder_bytearray(b, "q", 1, &error),
        npstow_builder_digits(b, "-1000000000000000000000", &error), list,
    };
    const size_t count = sizeof items / sizeof *items;
    for (size_t at = 0; at < count; at++)
        CHECK(npstow_builder_push(b, list, items[at], &error) == NPSTOW_OK);
    NpstowPart set = npstow_builder_set(b, &error);
    CHECK(npstow_builder_push(b, set, items[2], &error) == NPSTOW_OK);
    CHECK(npstow_builder_push(b, set, npstow_builder_double(b, -7, &error), &error) == NPSTOW_OK);
    NpstowPart pair[] = {items[2], items[4]};
    NpstowPart tuple = npstow_builder_tuple(b, pair, 2, &error), none = npstow_builder_tuple(b, NULL, 0, &error);
    NpstowPart frozen = npstow_builder_frozenset(b, pair, 2, &error);
    CHECK(npstow_builder_put(b, dict, text(b, "list", &error), list, &error) == NPSTOW_OK);
    CHECK(npstow_builder_put(b, dict, text(b, "array", &error), npstow_builder_array(b, array, &error), &error) == NPSTOW_OK);
    CHECK(npstow_builder_put(b, dict, tuple, set, &error) == NPSTOW_OK);
    CHECK(npstow_builder_put(b, dict, frozen, none, &error) == NPSTOW_OK);
    CHECK(npstow_builder_put(b, dict, tuple, frozen, &error) == NPSTOW_OK);
    CHECK_OK(error);
    CHECK(npstow_builder_put(b, dict, list, set, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "a key or member that cannot change");
    CHECK(npstow_builder_put(b, list, tuple, set, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "a list where a dictionary is needed");
    CHECK(npstow_builder_push(b, dict, tuple, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "a list or a set");
    CHECK(npstow_builder_push(b, 0, tuple, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "part 0");
    CHECK(npstow_builder_push(b, list, (NpstowPart)1 << 40, &error) == NPSTOW_INVALID);
    CHECK_ERROR(error, NPSTOW_INVALID, "");
    CHECK(!npstow_builder_str(b, "\xff", 1, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "UTF-8");
    CHECK(!npstow_builder_digits(b, "12a", &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "'12a'");
    NpstowValue *value = npstow_builder_finish(b, dict, &error);
    CHECK_OK(error);
    const char *printed = "{'list': [None, True, -7, 18446744073709551615, 2.5, (1-1j), b'b\\x00', "
                          "bytearray(b'q'), -1000000000000000000000, [...]], 'array': <array <f8 (2, 2)>, "
                          "(-7, 2.5): frozenset({-7, 2.5}), frozenset({-7, 2.5}): ()}";
    CHECK_OWNED(npstow_value_repr(value), printed);
    CHECK(!npstow_builder_none(b, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "after its end");
    CHECK(!npstow_builder_finish(b, dict, &error));
    CHECK_ERROR(error, NPSTOW_INVALID, "after its end");
    npstow_builder_free(b);

    for (int protocol = 2; protocol <= 5; protocol++) {
        NpstowSaveOptions *saving = npstow_save_options_new();
        CHECK(npstow_save_options_set_protocol(saving, protocol, &error) == NPSTOW_OK);
        CHECK(npstow_value_save(path_of("made.pkl"), value, saving, &error) == NPSTOW_OK);
        npstow_save_options_free(saving);
        NpstowValue *read = npstow_pickle_open(path_of("made.pkl"), NULL, &error);
        CHECK_OK(error);
        bool equal = false;
        CHECK(npstow_value_equal(value, read, &equal, &error) == NPSTOW_OK && equal);
        NpstowValue *found = npstow_value_find(read, "pairs/1", &error);
        CHECK(npstow_value_ndim(found) == 2 && npstow_value_shape(found)[1] == 2);
        CHECK_TEXT(npstow_value_descr(found), "<f8");
        NpstowArray *in_memory = npstow_value_array(found, &error);
        const double *all = npstow_array_typed(in_memory, "<f8", &error);
        CHECK(all && all[3] == 4);
        npstow_array_free(in_memory);
        if (protocol >= 3) {
            NpstowArray *view = npstow_value_view(found, &error);
            CHECK(npstow_array_len(view) == 4);
            npstow_array_free(view);
        }
        CHECK(!npstow_value_view(read, &error));
        CHECK_ERROR(error, NPSTOW_MISMATCH, "an array");
        CHECK(!npstow_value_array(read, &error));
        CHECK_ERROR(error, NPSTOW_MISMATCH, "an array");
        npstow_value_free(found);

        /* What was read is put into something new: shared parts are one object there. */
        NpstowBuilder *second = npstow_builder_new();
        NpstowPart both[] = {npstow_builder_value(second, read, &error), npstow_builder_value(second, read, &error)};
        CHECK(both[0] && both[0] == both[1]);
        NpstowValue *twice = npstow_builder_finish(second, npstow_builder_tuple(second, both, 2, &error), &error);
        npstow_builder_free(second);
        npstow_value_free(read);
        NpstowValue *one = npstow_value_item(twice, 0, &error), *two = npstow_value_item(twice, 1, &error);
        CHECK(npstow_value_is(one, two));
        CHECK(npstow_value_equal(one, value, &equal, &error) == NPSTOW_OK && equal);
        npstow_value_free(one);
        npstow_value_free(two);
        npstow_value_free(twice);
    }
    npstow_value_free(value);
    npstow_array_free(array);
    CHECK_OK(error);
}

static int append(void *context, const void *bytes, size_t len) {
    char **to = context;
    memcpy(*to, bytes, len);
    *to += len;
    return 0;
}

static void files(void) {
    NpstowError *error = NULL;
    NpstowValue *bad = READ("\x80\x04" "cos\nsystem\nX\x01\0\0\0x\x85R.", NULL, &error);
    CHECK(npstow_value_save(path_of("bad.pkl"), bad, NULL, &error) == NPSTOW_OK);
    NpstowFile *file = npstow_open(path_of("bad.pkl"), &error);
    CHECK_TEXT(npstow_file_format(file), "pickle");
    NpstowNode *root = npstow_file_root(file, &error);
    NpstowValue *value = npstow_node_value(root, &error);
    CHECK_OWNED(npstow_value_repr(value), "os.system('x')");
    npstow_value_free(value);
    npstow_node_free(root);
    npstow_file_free(file);

    NpstowScan *scan = npstow_scan(path_of("bad.pkl"), NULL, &error);
    CHECK(npstow_scan_len(scan) == 1 && npstow_scan_worst(scan) == NPSTOW_VERDICT_CODE);
    CHECK_TEXT(npstow_scan_module(scan, 0), "os");
    CHECK_TEXT(npstow_scan_name(scan, 0), "system");
    CHECK(npstow_scan_offset(scan, 0) > 1 && npstow_scan_depth(scan, 0) == 0);
    CHECK(npstow_scan_verdict(scan, 0) == NPSTOW_VERDICT_CODE && npstow_scan_verdict(scan, 1) == -1);
    CHECK(npstow_scan_pickles(scan) == 1 && npstow_scan_end(scan) > 10 && !npstow_scan_fault(scan));
    CHECK(!npstow_scan_module(scan, 1) && !npstow_scan_name(scan, 1) && !npstow_scan_offset(scan, 1));
    npstow_scan_free(scan);
    static const char torn[] = "\x80\x04\x82\x07(cnumpy\nndarray\ncm\nC\n\xff";
    NpstowSource *source = npstow_source_from_copy(torn, sizeof torn - 1, &error);
    scan = npstow_scan_source(source, NULL, &error);
    CHECK(npstow_scan_len(scan) == 3 && npstow_scan_fault(scan));
    CHECK(!npstow_scan_module(scan, 0));
    CHECK_TEXT(npstow_scan_name(scan, 0), "extension 7");
    CHECK(npstow_scan_verdict(scan, 1) == NPSTOW_VERDICT_DATA);
    CHECK(npstow_scan_verdict(scan, 2) == NPSTOW_VERDICT_UNKNOWN);
    npstow_scan_free(scan);
    CHECK(!npstow_pickle_open_source(source, NULL, &error));
    CHECK_ERROR(error, NPSTOW_CORRUPT, "");
    npstow_source_free(source);

    CHECK(npstow_pickle_launder(path_of("bad.pkl"), path_of("clean.pkl"), NULL, &error) == NPSTOW_OK);
    value = npstow_pickle_open(path_of("clean.pkl"), NULL, &error);
    CHECK_OWNED(npstow_value_repr(value), "{'$object': {'class': 'os.system', 'args': ('x',)}}");
    npstow_value_free(value);
    NpstowSaveOptions *saving = npstow_save_options_new();
    CHECK(npstow_save_options_set_only_data(saving, true, &error) == NPSTOW_OK);
    char bytes[200], *end = bytes;
    NpstowWriteCallback sink = {&end, append};
    CHECK(npstow_value_save_to(&sink, bad, saving, &error) == NPSTOW_OK);
    value = npstow_pickle_read(bytes, (size_t)(end - bytes), NULL, &error);
    CHECK(npstow_value_kind(value) == NPSTOW_VALUE_DICT);
    npstow_value_free(value);
    CHECK(npstow_save_options_set_protocol(saving, 1, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "protocol 1");
    CHECK(npstow_save_options_set_format(saving, "npz", &error) == NPSTOW_OK);
    CHECK(npstow_pickle_launder(path_of("bad.pkl"), path_of("clean.npz"), saving, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "laundering");
    CHECK(npstow_value_save_to(&sink, bad, saving, &error) == NPSTOW_UNSUPPORTED);
    CHECK_ERROR(error, NPSTOW_UNSUPPORTED, "npz");
    npstow_save_options_free(saving);

    NpstowTree *tree = npstow_tree_new();
    CHECK(npstow_tree_insert_value(tree, "g/object", bad, &error) == NPSTOW_OK);
    CHECK(npstow_tree_kind(tree, "g/object") == NPSTOW_NODE_VALUE);
    CHECK(npstow_save_tree(path_of("tree.pkl"), tree, NULL, &error) == NPSTOW_OK);
    npstow_tree_free(tree);
    value = npstow_pickle_open(path_of("tree.pkl"), NULL, &error);
    CHECK_OWNED(npstow_value_repr(value), "{'g': {'object': os.system('x')}}");
    npstow_value_free(value);
    char place[4200];
    snprintf(place, sizeof place, "%s:g/object/args", path_of("tree.pkl"));
    value = npstow_value_load(place, &error);
    CHECK_OWNED(npstow_value_repr(value), "('x',)");
    npstow_value_free(value);
    snprintf(place, sizeof place, "%s:g/none", path_of("tree.pkl"));
    CHECK(!npstow_value_load(place, &error));
    CHECK_ERROR(error, NPSTOW_NOT_FOUND, "'g/none'");
    npstow_value_free(bad);
    CHECK_OK(error);
}

/* What does not end well, wherever it is cut, and however often things are shared. */
static void hostile(void) {
    static const char whole[] = "\x80\x04}(\x8c\x01" "a](K\x01G@\x04\0\0\0\0\0\0eq\0\x8c\x01"
                                "bh\0u.";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        NpstowError *error = NULL;
        CHECK(!npstow_pickle_read(whole, len, NULL, &error) && error);
        npstow_error_free(error);
    }
    NpstowError *error = NULL;
    /* x = [x, x] of 60 levels: 2**60 items, that are 60. */
    char laughs[1000];
    size_t at = 0;
    laughs[at++] = ']';
    for (int level = 0; level < 60; level++) {
        at += (size_t)snprintf(laughs + at, sizeof laughs - at, "q%c0](h%ch%ce", 'A' + level, 'A' + level, 'A' + level);
    }
    laughs[at++] = '.';
    NpstowValue *value = npstow_pickle_read(laughs, at, NULL, &error);
    CHECK_OK(error);
    char *repr = npstow_value_repr(value);
    CHECK(repr && strlen(repr) < 100u << 20);
    npstow_string_free(repr);
    CHECK(!npstow_value_json(value, &error));
    CHECK_ERROR(error, NPSTOW_LIMIT, "");
    NpstowValue *other = npstow_pickle_read(laughs, at, NULL, &error);
    bool equal = false;
    CHECK(npstow_value_equal(value, other, &equal, &error) == NPSTOW_OK && equal);
    npstow_value_free(other);
    npstow_value_free(value);

    /* [[[...]]] of 200000 levels, and a list in itself. */
    const size_t deep = 200000;
    char *bytes = malloc(2 * deep + 1);
    memset(bytes, ']', deep);
    memset(bytes + deep, 'a', deep - 1);
    bytes[2 * deep - 1] = '.';
    value = npstow_pickle_read(bytes, 2 * deep, NULL, &error);
    free(bytes);
    CHECK_OK(error);
    repr = npstow_value_repr(value);
    CHECK(repr && strlen(repr) == 2 * deep);
    npstow_string_free(repr);
    NpstowBuilder *builder = npstow_builder_new();
    NpstowPart part = npstow_builder_value(builder, value, &error);
    other = npstow_builder_finish(builder, part, &error);
    npstow_builder_free(builder);
    CHECK(npstow_value_equal(value, other, &equal, &error) == NPSTOW_OK && equal);
    npstow_value_free(value);
    npstow_value_free(other);
    value = READ("]q\0h\0a.", NULL, &error);
    CHECK_OWNED(npstow_value_repr(value), "[[...]]");
    NpstowValue *inner = npstow_value_item(value, 0, &error);
    CHECK(npstow_value_is(inner, value));
    npstow_value_free(inner);
    npstow_value_free(value);
    CHECK_OK(error);
}

int main(int argc, char **argv) {
    begin(argc, argv);
    numbers();
    texts();
    containers();
    objects();
    options();
    made();
    files();
    hostile();
    return end();
}
