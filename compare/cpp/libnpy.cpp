// libnpy (github.com/llohse/libnpy), which is not part of this project: build with -I of a checkout.
//
// libnpy p1 FILE | p8 load|save FOLDER
#include "measure.hpp"
#include <filesystem>
#include <map>
#include <npy.hpp>

using Array = npy::npy_data<float>;

static int load(const std::string& folder)
{
    auto work = [&] {
        std::map<std::string, Array> arrays;
        for (const auto& file : std::filesystem::directory_iterator(folder))
            if (file.path().extension() == ".npy")
                arrays[file.path().stem()] = npy::read_npy<float>(file.path());
        return arrays;
    };
    return measure(work, [](std::map<std::string, Array>& arrays) {
        return sample_many(arrays.size(), [&](std::string name) { return arrays.at(name).data.data(); });
    });
}

static int save(const std::string& folder)
{
    std::vector<Array> arrays(MANY);
    for (std::size_t at = 0; at < MANY; at++) {
        arrays[at].data = one_of_many(at);
        arrays[at].shape = {ROWS, COLUMNS};
    }
    return measure([&] {
        std::filesystem::create_directory(folder);
        for (std::size_t at = 0; at < MANY; at++)
            npy::write_npy(folder + "/" + name(at) + ".npy", arrays[at]);
    });
}

int main(int argc, char** argv)
{
    const std::string what = argv[1], how = argv[2];
    if (what == "p1")
        return measure([&] { return npy::read_npy<float>(how); },
                       [](Array& a) { return sample(a.data.data(), a.data.size()); });
    if (what == "p8") return how == "load" ? load(argv[3]) : save(argv[3]);
    return 2;
}
