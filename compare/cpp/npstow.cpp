// npstow from C++, with npstow.hpp.
//
// npstow p1 FILE | p4|p6 NAME FILE | p4 save FILE NEW | p5|p8 load PATH | p7|p8 save NEW
#include "measure.hpp"
#include <npstow.hpp>

static double look(npstow::array& array)
{
    const auto values = array.view<float>();
    return sample(values.data(), values.size());
}

static int load(const std::string& path)
{
    return measure([&] { return npstow::fold::load(path); }, [](npstow::fold& fold) {
        return sample_many(fold.size(), [&](std::string name) {
            // The fold holds the elements, too.
            const npstow::array one = fold.get(name);
            return one.view<float>().data();
        });
    });
}

static int save(const std::string& path)
{
    npstow::fold fold;
    for (std::size_t at = 0; at < MANY; at++)
        fold.add(name(at), npstow::array::from(one_of_many(at), {ROWS, COLUMNS}));
    return measure([&] { fold.save(path); });
}

static int save_one(const std::string& file, const std::string& path)
{
    npstow::fold fold;
    fold.add("array", npstow::load(file));
    return measure([&] { fold.save(path); });
}

int main(int argc, char** argv)
{
    const std::string what = argv[1], how = argv[2];
    if (what == "p1") return measure([&] { return npstow::load(how); }, look);
    if (what == "p4" && how == "save") return save_one(argv[3], argv[4]);
    if (what == "p4" || what == "p6")
        return measure([&] { return npstow::open(argv[3]).at(how).read(); }, look);
    if (what == "p5" || (what == "p8" && how == "load")) return load(argv[3]);
    if (what == "p7" || what == "p8") return save(argv[3]);
    return 2;
}
