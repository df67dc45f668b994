// cnpy (github.com/rogersce/cnpy), which is not part of this project: build with -I of a checkout. With
// -DNPSTOW the same program on npstow's header for programs of cnpy.
//
// cnpy p1 FILE | p4|p6 NAME FILE | p4 save FILE NEW | p5 load FILE | p7 save NEW
#include "measure.hpp"
#ifdef NPSTOW
#include <npstow/cnpy.h>
#else
#include <cnpy.h>
#endif

static double look(cnpy::NpyArray& array)
{
    return sample(array.data<float>(), array.num_vals);
}

static int save(const char* path)
{
    std::vector<std::vector<float>> arrays;
    for (std::size_t at = 0; at < MANY; at++) arrays.push_back(one_of_many(at));
    return measure([&] {
        for (std::size_t at = 0; at < MANY; at++)
            cnpy::npz_save(path, name(at), arrays[at].data(), {ROWS, COLUMNS}, at ? "a" : "w");
    });
}

static int save_one(const char* file, const char* path)
{
    cnpy::NpyArray array = cnpy::npy_load(file);
    return measure([&] { cnpy::npz_save(path, "array", array.data<float>(), array.shape, "w"); });
}

static int load(const char* path)
{
    return measure([&] { return cnpy::npz_load(path); }, [](cnpy::npz_t& arrays) {
        return sample_many(arrays.size(), [&](std::string name) { return arrays.at(name).data<float>(); });
    });
}

int main(int argc, char** argv)
{
    const std::string what = argv[1], how = argv[2];
    if (what == "p1") return measure([&] { return cnpy::npy_load(how); }, look);
    if (what == "p4" && how == "save") return save_one(argv[3], argv[4]);
    if (what == "p4" || what == "p6")
        return measure([&] { return cnpy::npz_load(argv[3], how); }, look);
    if (what == "p5") return load(argv[3]);
    if (what == "p7") return save(argv[3]);
    return 2;
}
