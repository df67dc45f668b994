// Every function of cnpy, used as programs use it, on files that NumPy wrote.
//
//   cnpy_surface FOLDER
//
// FOLDER holds what rows.py puts there: cube.npy, arange(24.0) of shape (2, 3, 4); fortran.npy, arange(6) of
// '<i4' and shape (2, 3) in Fortran order; stored.npz and packed.npz, with "cube", "fortran" and "small",
// arange(3.0); many.npz, a0000 to a0999, each of ten times its number, '<u2'.
// Nothing in here is npstow's own: with -DWITH_CNPY it is a program of cnpy, which comes as far as loading().
#ifdef WITH_CNPY
#include <cnpy.h>
#else
#include <npstow/cnpy.h>
#endif

#include <complex>
#include <cstdlib>

static std::string folder;
static int passed = 0, failed = 0;

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (condition) passed++;                                                 \
        else failed++, std::printf("line %d: %s does not hold\n", __LINE__, #condition); \
    } while (0)

static std::string at(const std::string& name)
{
    return folder + "/" + name;
}

static bool is_cube(const cnpy::NpyArray& array)
{
    bool same = array.shape == std::vector<size_t>{2, 3, 4} && array.word_size == 8 && !array.fortran_order;
    same = same && array.num_vals == 24 && array.num_bytes() == 192 && array.data_holder->size() == 192;
    for (size_t i = 0; same && i < 24; i++) same = array.data<double>()[i] == double(i);
    return same;
}

static bool is_fortran(const cnpy::NpyArray& array)
{
    // Row by row 0 to 5, so column by column as it lies.
    return array.fortran_order && array.shape == std::vector<size_t>{2, 3} && array.as_vec<int>() == std::vector<int>{0, 3, 1, 4, 2, 5};
}

static void arrays()
{
    cnpy::NpyArray made(std::vector<size_t>{2, 5}, sizeof(float), false), nothing, copy;
    CHECK(made.num_vals == 10 && made.num_bytes() == 40 && made.word_size == 4 && !made.fortran_order);
    CHECK(made.as_vec<float>() == std::vector<float>(10, 0.0f));
    made.data<float>()[3] = 2.5f;
    copy = made;
    CHECK(copy.data<float>()[3] == 2.5f && copy.data_holder == made.data_holder);
    CHECK(nothing.shape.empty() && nothing.word_size == 0 && nothing.num_vals == 0 && !nothing.data_holder);
    std::shared_ptr<std::vector<char>> holder = made.data_holder;
    CHECK(&(*holder)[0] == made.data<char>());
}

static void loading()
{
    CHECK(is_cube(cnpy::npy_load(at("cube.npy"))));
    CHECK(is_fortran(cnpy::npy_load(at("fortran.npy"))));
    for (const char* name : {"stored.npz", "packed.npz"}) {
        cnpy::npz_t all = cnpy::npz_load(at(name));
        CHECK(all.size() == 3 && is_cube(all["cube"]) && is_fortran(all["fortran"]));
        CHECK(is_cube(cnpy::npz_load(at(name), "cube")) && is_fortran(cnpy::npz_load(at(name), "fortran")));
        CHECK(cnpy::npz_load(at(name), "small").as_vec<double>() == (std::vector<double>{0, 1, 2}));
    }
    const cnpy::npz_t many = cnpy::npz_load(at("many.npz"));
    bool same = many.size() == 1000;
    for (const auto& item : many)
        same = same && item.second.data<unsigned short>()[0] == 10 * std::atoi(item.first.c_str() + 1);
    CHECK(same);
    CHECK(cnpy::npz_load(at("many.npz"), "a0777").data<unsigned short>()[0] == 7770);
}

template <class Error = std::runtime_error, class Work>
static bool throws(Work work)
{
    try {
        work();
    } catch (const Error&) {
        return true;
    }
    return false;
}

static void failures()
{
    CHECK(throws([] { cnpy::npy_load(at("no such file")); }));
    CHECK(throws([] { cnpy::npz_load(at("no such file")); }));
    CHECK(throws([] { cnpy::npz_load(at("no such file"), "x"); }));
    CHECK(throws([] { cnpy::npz_load(at("stored.npz"), "no such name"); }));
}

static void saving()
{
    const std::vector<double> row = {1, 2, 3, 4};
    const float block[6] = {0, 1, 2, 3, 4, 5};
    cnpy::npy_save(at("row.npy"), row);
    cnpy::npy_save(at("row.npy"), row, "a");
    CHECK(cnpy::npy_load(at("row.npy")).as_vec<double>() == (std::vector<double>{1, 2, 3, 4, 1, 2, 3, 4}));
    cnpy::npy_save(at("block.npy"), block, {2, 3}, "w");
    cnpy::npy_save(at("block.npy"), &block[3], {1, 3}, "a");
    const cnpy::NpyArray grown = cnpy::npy_load(at("block.npy"));
    CHECK(grown.shape == (std::vector<size_t>{3, 3}) && grown.as_vec<float>()[8] == 5.0f);
    cnpy::npz_save(at("made.npz"), "row", row);
    cnpy::npz_save(at("made.npz"), "block", block, {2, 3}, "a");
    cnpy::npz_save(at("made.npz"), "flags", std::vector<char>{1, 0, 1}, "a");
    cnpy::npz_t made = cnpy::npz_load(at("made.npz"));
    CHECK(made.size() == 3 && made["row"].as_vec<double>() == row && made["block"].shape == (std::vector<size_t>{2, 3}));
    CHECK(made["flags"].word_size == 1 && made["flags"].data<char>()[2] == 1);
    cnpy::npz_save(at("made.npz"), "row", row, "w");
    CHECK(cnpy::npz_load(at("made.npz")).size() == 1);
}

static void parts()
{
    CHECK(cnpy::BigEndianTest() == '<');
    CHECK(cnpy::map_type(typeid(float)) == 'f' && cnpy::map_type(typeid(long double)) == 'f');
    CHECK(cnpy::map_type(typeid(char)) == 'i' && cnpy::map_type(typeid(long long)) == 'i' && cnpy::map_type(typeid(short)) == 'i');
    CHECK(cnpy::map_type(typeid(unsigned char)) == 'u' && cnpy::map_type(typeid(size_t)) == 'u');
    CHECK(cnpy::map_type(typeid(bool)) == 'b' && cnpy::map_type(typeid(std::complex<double>)) == 'c');
    CHECK(cnpy::map_type(typeid(std::string)) == '?');
    std::vector<char> bytes;
    {
        using cnpy::operator+=;
        bytes += std::string("ab");
        bytes += "cd";
        bytes += uint16_t(0x0102);
        bytes += uint32_t(3);
        bytes += 'e';
    }
    CHECK(bytes == (std::vector<char>{'a', 'b', 'c', 'd', 2, 1, 3, 0, 0, 0, 'e'}));

    std::vector<char> header = cnpy::create_npy_header<std::complex<float>>({7, 5});
    size_t word_size = 0;
    std::vector<size_t> shape;
    bool fortran_order = true;
    cnpy::parse_npy_header(reinterpret_cast<unsigned char*>(&header[0]), word_size, shape, fortran_order);
    CHECK(header.size() % 16 == 0 && word_size == 8 && shape == (std::vector<size_t>{7, 5}) && !fortran_order);

    std::FILE* file = std::fopen(at("fortran.npy").c_str(), "rb");
    cnpy::parse_npy_header(file, word_size, shape, fortran_order);
    int first[2] = {-1, -1};
    const size_t count = std::fread(first, sizeof(int), 2, file);
    std::fclose(file);
    CHECK(word_size == 4 && shape == (std::vector<size_t>{2, 3}) && fortran_order && count == 2 && first[1] == 3);

    file = std::fopen(at("stored.npz").c_str(), "rb");
    uint16_t nrecs = 0;
    size_t global_header_size = 0, global_header_offset = 0;
    cnpy::parse_zip_footer(file, nrecs, global_header_size, global_header_offset);
    std::fseek(file, long(global_header_offset), SEEK_SET);
    char signature[4] = {};
    const size_t read = std::fread(signature, 1, 4, file);
    std::fclose(file);
    CHECK(nrecs == 3 && global_header_size > 0 && read == 4 && std::string(signature, 4) == "PK\x01\x02");
}

#ifndef WITH_CNPY
struct point {
    double x, y, z;
};

// What cnpy lets pass: elements taken for what they are not.
static void stricter()
{
    const cnpy::NpyArray cube = cnpy::npy_load(at("cube.npy"));
    CHECK(throws<cnpy::error>([&] { cube.data<float>(); }));
    CHECK(throws<cnpy::error>([&] { cube.data<int64_t>(); }));
    CHECK(throws<cnpy::error>([&] { cube.as_vec<char>(); }));
    CHECK(throws<cnpy::error>([&] { cube.data<bool>(); }));
    CHECK(cube.data<unsigned char>() == static_cast<const void*>(cube.data<double>()) && cube.data<void>());
    CHECK(cube.data<point>()[7].z == 23.0 && cube.data<std::complex<double>>()[11].imag() == 23.0);
    CHECK(throws<cnpy::error>([] { cnpy::NpyArray({~size_t(0), 2}, 8, false); }));
    CHECK(throws<cnpy::error>([] { cnpy::npy_save(at("x.npy"), std::vector<point>(2)); }));
    CHECK(throws<cnpy::error>([] { cnpy::create_npy_header<point>({2}); }));
    CHECK(throws<cnpy::error>([] { cnpy::npy_save(at("x.npy"), static_cast<double*>(nullptr), {2}); }));
    CHECK(throws<cnpy::error>([] { cnpy::npy_save(at("x.npy"), std::vector<int>(2), "append"); }));
    CHECK(throws<cnpy::error>([] { cnpy::npy_load(at("stored.npz")); }));
    CHECK(throws<cnpy::error>([] { cnpy::npz_load(at("cube.npy")); }));
    CHECK(throws<cnpy::error>([] { cnpy::npy_load(at("cube.npy") + std::string(1, '\0')); }));
    cnpy::npz_save(at("names.npz"), "x", std::vector<int>(1));
    cnpy::npz_save(at("names.npz"), "x/y", std::vector<int>(2), "a");
    cnpy::npz_t both = cnpy::npz_load(at("names.npz"));
    CHECK(both.size() == 2 && both.count("x") == 1 && both["x"].num_vals == 1 && both["x/y"].num_vals == 2);
    CHECK(cnpy::npz_load(at("names.npz"), "x").num_vals == 1);
    cnpy::NpyArray to = std::move(both["x"]);
    CHECK(to.as_vec<int>().size() == 1);
    CHECK(throws<cnpy::error>([&] { both["x"].as_vec<int>(); }));
    try {
        cnpy::npz_load(at("stored.npz"), "no such name");
        failed++;
    } catch (const cnpy::error& why) {
        CHECK(why.status() == NPSTOW_NOT_FOUND && why.path() == at("stored.npz"));
    }
}
#endif

int main(int argc, char** argv)
{
    folder = argc > 1 ? argv[1] : ".";
    arrays();
    saving();
    parts();
    failures();
#ifndef WITH_CNPY
    stricter();
#endif
    loading();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
