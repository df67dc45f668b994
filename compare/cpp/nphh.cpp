// NP.hh and NPFold.h (github.com/simoncblyth/np), which are not part of this project: build with -I
// of a checkout.
//
// nphh p1 FILE | p8 load|save FOLDER
#include "measure.hpp"
#include "NPFold.h"
#include <cstring>

static int load(const char* folder)
{
    return measure([&] { return NPFold::Load(folder); }, [](NPFold* fold) {
        auto get = [&](std::string name) { return fold->get((name + ".npy").c_str())->cvalues<float>(); };
        return sample_many(std::size_t(fold->num_items()), get);
    });
}

static int save(const char* folder)
{
    NPFold* fold = new NPFold;
    for (std::size_t at = 0; at < MANY; at++) {
        NP* array = NP::Make<float>(ROWS, COLUMNS);
        std::memcpy(array->bytes(), one_of_many(at).data(), LEN * sizeof(float));
        fold->add(name(at).c_str(), array);
    }
    return measure([&] { fold->save(folder); });
}

int main(int argc, char** argv)
{
    const std::string what = argv[1], how = argv[2];
    if (what == "p1")
        return measure([&] { return NP::Load(argv[2]); },
                       [](NP* a) { return sample(a->cvalues<float>(), std::size_t(a->num_values())); });
    if (what == "p8") return how == "load" ? load(argv[3]) : save(argv[3]);
    return 2;
}
